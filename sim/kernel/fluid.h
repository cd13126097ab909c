/* Max-min fair sharing of links by flows (progressive filling, weights, per-flow rate limits), re-solved incrementally:
 * a change touches only the flows whose rate it moves, and their neighbours. Deterministic: creation order, never
 * addresses.
 *
 * All changes of one instant are solved together, in the band BAND_END of that instant, or earlier when a rate is asked
 * for. A flow ends at the nearest nanosecond, so up to half a nanosecond of its rate off; its bytes then count as
 * carried in full. */
#ifndef SIM_KERNEL_FLUID_H
#define SIM_KERNEL_FLUID_H
#include "sim/kernel/engine.h"

struct fluid;
typedef uint32_t fluid_link;
typedef uint64_t fluid_flow; /* handle, never reused; 0 = none */
typedef void (*fluid_done_fn)(struct engine *e, void *subject, fluid_flow flow);

struct fluid *fluid_create(struct engine *e); /* e may be NULL: rates only, no completions */
void fluid_destroy(struct fluid *f);
fluid_link fluid_add_link(struct fluid *f, double capacity_Bps); /* finite, >= 0; 0 stalls its flows */
void fluid_set_capacity(struct fluid *f, fluid_link link, double capacity_Bps);
/* Starts a flow of `bytes` (>= 0; INFINITY = until stopped) over links[n], which are copied; a link named twice carries
 * it twice. rate_limit_Bps <= 0 = none; weight > 0: the share of a full link, relative to others'. done (may be NULL)
 * is called in BAND_STATE when the flow has ended: its handle is then void. Without links and limit it ends at once. */
fluid_flow fluid_start(struct fluid *f, const fluid_link *links, size_t n, double bytes, double weight,
                       double rate_limit_Bps, fluid_done_fn done, void *subject);
bool fluid_stop(struct fluid *f, fluid_flow flow);              /* without calling done; false when it has ended */
double fluid_rate_Bps(struct fluid *f, fluid_flow flow);        /* solves first if something changed */
double fluid_remaining_bytes(struct fluid *f, fluid_flow flow); /* 0 when it has ended, as is its rate */
double fluid_link_load_Bps(struct fluid *f, fluid_link link);
#endif
