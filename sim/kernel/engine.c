#include "sim/kernel/engine.h"
#include <assert.h>
#include "base/mem.h"
#include "sim/kernel/ladder.h"

struct engine {
  struct ladder queue; /* its `now` is the clock */
  struct slots slots;
  size_t live;
  uint64_t run, ties, at_instant, livelock_limit;
  uint32_t last_band;
  bool halted; /* stopped or in error */
  enum engine_status status;
};

static void fail(struct engine *e, enum engine_status status) {
  e->status = status;
  e->halted = true;
}

struct engine *engine_create(void) {
  struct engine *e = mem_alloc(sizeof *e);
  ladder_init(&e->queue, &e->slots);
  e->livelock_limit = 10 * 1000 * 1000;
  e->last_band = BAND_COUNT;
  return e;
}

void engine_destroy(struct engine *e) {
  if (e) {
    ladder_free(&e->queue);
    slots_free(&e->slots);
  }
  mem_free(e);
}

sim_time engine_now(const struct engine *e) {
  return e->queue.now;
}

double engine_now_s(const struct engine *e) {
  return sim_time_as_s(e->queue.now);
}

/* Gives the slot its next version, so that entries of earlier ones are stale, and enters it. */
static inline void enqueue(struct engine *e, uint32_t i, uint32_t band, sim_time t) {
  struct slot *s = &e->slots.at[i];
  uint32_t version = (s->tag + 1) & TAG_VERSION_MASK;
  s->tag = band << TAG_BAND_SHIFT | version;
  if (version == 0) /* begins anew: no entry of the last round may be left */
    ladder_purge(&e->queue);
  ladder_add(&e->queue, t, i, s->tag);
}

static inline event_id insert(struct engine *e, sim_time t, enum event_band band, event_fn fn, void *subject,
                              void *object) {
  assert((unsigned)band < BAND_COUNT);
  uint32_t i = slots_take(&e->slots);
  struct slot *s = &e->slots.at[i];
  s->fn = fn;
  s->subject = subject;
  s->object = object;
  event_id id = slots_id(&e->slots, i);
  e->live++;
  enqueue(e, i, band, t);
  return id;
}

event_id engine_at(struct engine *e, sim_time t, enum event_band band, event_fn fn, void *subject, void *object) {
  if (t < e->queue.now) {
    fail(e, ENGINE_PAST);
    return 0;
  }
  return insert(e, t, band, fn, subject, object);
}

event_id engine_after_s(struct engine *e, double delay_s, enum event_band band, event_fn fn, void *subject,
                        void *object) {
  sim_time d;
  if (!sim_time_from_s(delay_s, &d) || d > SIM_TIME_MAX - e->queue.now) {
    fail(e, delay_s < 0 ? ENGINE_PAST : ENGINE_OVERFLOW);
    return 0;
  }
  return insert(e, e->queue.now + d, band, fn, subject, object);
}

bool engine_cancel(struct engine *e, event_id id) {
  if (!slots_find(&e->slots, id))
    return false;
  slots_release(&e->slots, (uint32_t)id);
  e->live--;
  ladder_dropped(&e->queue, e->live);
  return true;
}

bool engine_reschedule(struct engine *e, event_id id, sim_time t) {
  struct slot *s = slots_find(&e->slots, id);
  if (!s)
    return false;
  if (t < e->queue.now) {
    fail(e, ENGINE_PAST);
    return false;
  }
  uint32_t band = s->tag >> TAG_BAND_SHIFT;
  s->tag |= TAG_FREE; /* no entry is like this */
  ladder_dropped(&e->queue, e->live);
  enqueue(e, (uint32_t)id, band, t);
  return true;
}

bool engine_pending(const struct engine *e, event_id id) {
  return slots_find(&e->slots, id) != NULL;
}

size_t engine_pending_count(const struct engine *e) {
  return e->live;
}

/* False when time stands still for too long. */
static inline bool count_instant(struct engine *e, sim_time before, sim_time t, uint32_t band) {
  if (t != before) {
    e->at_instant = 1;
  } else {
    e->ties += band == e->last_band;
    if (++e->at_instant > e->livelock_limit)
      fail(e, ENGINE_LIVELOCK);
  }
  e->last_band = band;
  return !e->halted;
}

/* Runs the next event up to limit. The event is no longer pending while it runs; its slot may be taken again by what it
 * schedules. */
static inline bool step(struct engine *e, sim_time limit) {
  struct entry x;
  sim_time before = e->queue.now;
  if (e->halted || !ladder_take(&e->queue, limit, &x))
    return false;
  uint32_t i = ENTRY_SLOT(x);
  const struct slot *s = &e->slots.at[i];
  event_fn fn = s->fn;
  void *subject = s->subject, *object = s->object;
  slots_release(&e->slots, i);
  e->live--;
  if (!count_instant(e, before, x.time, ENTRY_BAND(x)))
    return false;
  e->run++;
  fn(e, subject, object);
  return true;
}

bool engine_step(struct engine *e) {
  return step(e, SIM_TIME_MAX);
}

bool engine_step_until(struct engine *e, sim_time t) {
  return step(e, t);
}

void engine_run(struct engine *e) {
  while (step(e, SIM_TIME_MAX)) {
  }
}

void engine_run_until(struct engine *e, sim_time t) {
  while (t >= e->queue.now && step(e, t)) {
  }
  if (!e->halted && t > e->queue.now)
    e->queue.now = t;
}

void engine_stop(struct engine *e) {
  e->halted = true;
}

void engine_set_livelock_limit(struct engine *e, uint64_t events_at_one_instant) {
  e->livelock_limit = events_at_one_instant;
}

enum engine_status engine_status(const struct engine *e) {
  return e->status;
}

const char *engine_status_text(const struct engine *e) {
  static const char *const text[] = {"ok", "an event was scheduled in the past",
                                     "an event was scheduled at no time (NaN) or beyond the clock's 292 years",
                                     "too many events at one instant: time does not advance"};
  return text[e->status];
}

uint64_t engine_events_run(const struct engine *e) {
  return e->run;
}

uint64_t engine_ties(const struct engine *e) {
  return e->ties;
}
