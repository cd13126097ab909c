/* The discrete-event engine: a clock and a queue of events (function, subject, object). No global state: any number of
 * engines run side by side in threads. Order: time, then band, then insertion; never an address.
 *
 * Scheduling in the past, at NaN or beyond the clock is refused in every build: the id 0 (or false) comes back, the run
 * stops after the event in progress, and engine_status() tells. More than `livelock_limit` events at one instant stop
 * it too. Subjects and objects are the caller's and are only handed on. Cost: O(1) amortised per call (docs/kernel.md).
 */
#ifndef SIM_KERNEL_ENGINE_H
#define SIM_KERNEL_ENGINE_H
#include <stddef.h>
#include "sim/kernel/clock.h"

struct engine;
typedef uint64_t event_id; /* unique in an engine's life; 0 = none */
typedef void (*event_fn)(struct engine *e, void *subject, void *object);

/* What happens first at one instant: state changes, arrivals, decisions, statistics, the end. */
enum event_band { BAND_STATE, BAND_ARRIVAL, BAND_SCHEDULER, BAND_STATISTICS, BAND_END, BAND_COUNT };

enum engine_status { ENGINE_OK, ENGINE_PAST, ENGINE_OVERFLOW, ENGINE_LIVELOCK };

struct engine *engine_create(void);
void engine_destroy(struct engine *e); /* NULL is fine; pending events are dropped */
sim_time engine_now(const struct engine *e);
double engine_now_s(const struct engine *e);

event_id engine_at(struct engine *e, sim_time t, enum event_band band, event_fn fn, void *subject, void *object);
event_id engine_after_s(struct engine *e, double delay_s, enum event_band band, event_fn fn, void *subject,
                        void *object);
bool engine_cancel(struct engine *e, event_id id); /* false when it has run, was cancelled or never was */
/* Keeps id, function and band, and counts as inserted now. False when it is not pending, or t is in the past. */
bool engine_reschedule(struct engine *e, event_id id, sim_time t);
bool engine_pending(const struct engine *e, event_id id);
size_t engine_pending_count(const struct engine *e);

/* An event is no longer pending while it runs. */
bool engine_step(struct engine *e); /* run the next event; false when there is none or the run was stopped */
bool engine_step_until(struct engine *e, sim_time t); /* the same, if it is at or before t; else the clock stays */
void engine_run(struct engine *e);  /* until empty, engine_stop() or an error; the clock stays at the last event */
void engine_run_until(struct engine *e, sim_time t); /* runs events at times <= t, then sets the clock to t */
void engine_stop(struct engine *e);                  /* after the event in progress, for good */
void engine_set_livelock_limit(struct engine *e, uint64_t events_at_one_instant); /* default 10 million */
enum engine_status engine_status(const struct engine *e);
const char *engine_status_text(const struct engine *e);
uint64_t engine_events_run(const struct engine *e);
uint64_t engine_ties(const struct engine *e); /* events that ran at the same instant and band as the one before */
#endif
