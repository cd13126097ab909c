/* Max-min fair sharing of links by flows (progressive filling, weights, per-flow rate limits), re-solved incrementally: a
 * change touches only the links and flows connected with it. Deterministic: creation order, never addresses. */
#ifndef SIM_KERNEL_FLUID_H
#define SIM_KERNEL_FLUID_H
#include "sim/kernel/engine.h"

struct fluid;
typedef uint32_t fluid_link;
typedef uint64_t fluid_flow; /* handle, never reused; 0 = none */
typedef void (*fluid_done_fn)(struct engine *e, void *subject, fluid_flow flow);

struct fluid *fluid_create(struct engine *e); /* e may be NULL: rates only, no completions */
void fluid_destroy(struct fluid *f);
fluid_link fluid_add_link(struct fluid *f, double capacity_Bps);
void fluid_set_capacity(struct fluid *f, fluid_link link, double capacity_Bps);
/* Starts a flow of `bytes` over links[n]; rate_limit_Bps <= 0 = none; weight > 0. done is called when it ends. */
fluid_flow fluid_start(struct fluid *f, const fluid_link *links, size_t n, double bytes, double weight, double rate_limit_Bps,
                       fluid_done_fn done, void *subject);
bool fluid_stop(struct fluid *f, fluid_flow flow);
double fluid_rate_Bps(struct fluid *f, fluid_flow flow); /* solves first if something changed */
double fluid_remaining_bytes(struct fluid *f, fluid_flow flow);
double fluid_link_load_Bps(struct fluid *f, fluid_link link);
#endif
