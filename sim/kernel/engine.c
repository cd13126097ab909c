#include "sim/kernel/engine.h"
#include "base/mem.h"

/* Where an event's facts lie. Its id is generation << 32 | index, so that an id never comes back. */
struct slot {
  event_fn fn;
  void *subject, *object;
  uint64_t order; /* band << 61 | insertion number; 0 = free */
  uint32_t generation, next_free;
};

struct entry {
  sim_time time;
  uint64_t order;
  uint32_t slot;
};

struct engine {
  sim_time now;
  struct entry *heap; /* entries whose slot has another order are stale: cancelled or rescheduled */
  size_t heap_n, heap_cap, live;
  struct slot *slot;
  size_t slot_n, slot_cap;
  uint32_t free_head; /* index + 1 */
  uint64_t inserted, run, ties, at_instant, livelock_limit, last_band;
  enum engine_status status;
  bool stopped;
};

struct engine *engine_create(void) {
  struct engine *e = mem_alloc(sizeof *e);
  e->livelock_limit = 10 * 1000 * 1000;
  e->last_band = BAND_COUNT;
  return e;
}

void engine_destroy(struct engine *e) {
  if (e) {
    mem_free(e->heap);
    mem_free(e->slot);
  }
  mem_free(e);
}

sim_time engine_now(const struct engine *e) {
  return e->now;
}

double engine_now_s(const struct engine *e) {
  return sim_time_as_s(e->now);
}

static bool before(const struct entry *a, const struct entry *b) {
  if (a->time != b->time)
    return a->time < b->time;
  return a->order < b->order;
}

static void heap_push(struct engine *e, struct entry x) {
  e->heap = mem_grow(e->heap, &e->heap_cap, e->heap_n + 1, sizeof *e->heap);
  size_t i = e->heap_n++;
  while (i > 0 && before(&x, &e->heap[(i - 1) / 2])) {
    e->heap[i] = e->heap[(i - 1) / 2];
    i = (i - 1) / 2;
  }
  e->heap[i] = x;
}

static void heap_pop(struct engine *e) {
  struct entry x = e->heap[--e->heap_n];
  size_t i = 0, child;
  while ((child = 2 * i + 1) < e->heap_n) {
    if (child + 1 < e->heap_n && before(&e->heap[child + 1], &e->heap[child]))
      child++;
    if (!before(&e->heap[child], &x))
      break;
    e->heap[i] = e->heap[child];
    i = child;
  }
  e->heap[i] = x;
}

static uint32_t slot_take(struct engine *e) {
  if (e->free_head) {
    uint32_t i = e->free_head - 1;
    e->free_head = e->slot[i].next_free;
    return i;
  }
  e->slot = mem_grow(e->slot, &e->slot_cap, e->slot_n + 1, sizeof *e->slot);
  e->slot[e->slot_n].generation = 1;
  return (uint32_t)e->slot_n++;
}

static void slot_release(struct engine *e, uint32_t i) {
  e->slot[i].order = 0;
  if (++e->slot[i].generation == 0) /* used up: an id must not come back */
    return;
  e->slot[i].next_free = e->free_head;
  e->free_head = i + 1;
}

static struct slot *slot_find(const struct engine *e, event_id id) {
  uint32_t i = (uint32_t)id;
  if (i >= e->slot_n || e->slot[i].generation != id >> 32 || e->slot[i].order == 0)
    return NULL;
  return &e->slot[i];
}

static void enqueue(struct engine *e, uint32_t slot, uint64_t band, sim_time t) {
  e->slot[slot].order = band << 61 | ++e->inserted;
  heap_push(e, (struct entry){t, e->slot[slot].order, slot});
}

event_id engine_at(struct engine *e, sim_time t, enum event_band band, event_fn fn, void *subject, void *object) {
  if (t < e->now) {
    e->status = ENGINE_PAST;
    return 0;
  }
  uint32_t i = slot_take(e);
  struct slot *s = &e->slot[i];
  s->fn = fn;
  s->subject = subject;
  s->object = object;
  enqueue(e, i, band, t);
  e->live++;
  return (uint64_t)s->generation << 32 | i;
}

event_id engine_after_s(struct engine *e, double delay_s, enum event_band band, event_fn fn, void *subject, void *object) {
  sim_time d;
  if (!sim_time_from_s(delay_s, &d)) {
    e->status = delay_s < 0 ? ENGINE_PAST : ENGINE_OVERFLOW;
    return 0;
  }
  if (d > SIM_TIME_MAX - e->now) {
    e->status = ENGINE_OVERFLOW;
    return 0;
  }
  return engine_at(e, e->now + d, band, fn, subject, object);
}

bool engine_cancel(struct engine *e, event_id id) {
  if (!slot_find(e, id))
    return false;
  slot_release(e, (uint32_t)id);
  e->live--;
  return true;
}

bool engine_reschedule(struct engine *e, event_id id, sim_time t) {
  struct slot *s = slot_find(e, id);
  if (!s)
    return false;
  if (t < e->now) {
    e->status = ENGINE_PAST;
    return false;
  }
  enqueue(e, (uint32_t)id, s->order >> 61, t);
  return true;
}

bool engine_pending(const struct engine *e, event_id id) {
  return slot_find(e, id) != NULL;
}

size_t engine_pending_count(const struct engine *e) {
  return e->live;
}

/* Drops stale entries until the first is live; NULL = none. */
static const struct entry *first(struct engine *e) {
  while (e->heap_n > 0 && e->slot[e->heap[0].slot].order != e->heap[0].order)
    heap_pop(e);
  return e->heap_n > 0 ? &e->heap[0] : NULL;
}

static bool count_instant(struct engine *e, sim_time t, uint64_t band) {
  if (t != e->now)
    e->at_instant = 0;
  else if (band == e->last_band)
    e->ties++;
  e->last_band = band;
  return ++e->at_instant <= e->livelock_limit;
}

bool engine_step(struct engine *e) {
  const struct entry *x = e->stopped || e->status != ENGINE_OK ? NULL : first(e);
  if (!x)
    return false;
  if (!count_instant(e, x->time, x->order >> 61)) {
    e->status = ENGINE_LIVELOCK;
    return false;
  }
  e->now = x->time;
  uint32_t i = x->slot;
  struct slot s = e->slot[i];
  heap_pop(e);
  slot_release(e, i);
  e->live--;
  e->run++;
  s.fn(e, s.subject, s.object);
  return true;
}

void engine_run(struct engine *e) {
  while (engine_step(e)) {
  }
}

void engine_run_until(struct engine *e, sim_time t) {
  const struct entry *x;
  while ((x = first(e)) && x->time <= t)
    if (!engine_step(e))
      return;
  if (!e->stopped && e->status == ENGINE_OK && t > e->now)
    e->now = t;
}

void engine_stop(struct engine *e) {
  e->stopped = true;
}

void engine_set_livelock_limit(struct engine *e, uint64_t events_at_one_instant) {
  e->livelock_limit = events_at_one_instant;
}

enum engine_status engine_status(const struct engine *e) {
  return e->status;
}

const char *engine_status_text(const struct engine *e) {
  static const char *const text[] = {"ok", "an event was scheduled in the past", "an event was scheduled beyond the clock's 292 years",
                                     "too many events at one instant: time does not advance"};
  return text[e->status];
}

uint64_t engine_events_run(const struct engine *e) {
  return e->run;
}

uint64_t engine_ties(const struct engine *e) {
  return e->ties;
}
