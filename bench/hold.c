/* The hold model (bench/models.h) on the engine and, beside it, on the least that could do it: a binary heap of (time,
 * number, callback, argument) and a loop. Both keep the pending count, draw the same delays and call the same function
 * through a pointer. */
#include <math.h>
#include <stdlib.h>
#include "base/mem.h"
#include "bench/bench.h"
#include "bench/models.h"
#include "sim/kernel/engine.h"
#include "sim/kernel/stream.h"

/* --- the bare loop --- */

struct bare_event {
  sim_time time;
  uint64_t number;
  void (*fn)(struct bare_event *self, void *subject);
  void *subject;
};

struct bare {
  struct bare_event *heap; /* 1-based */
  size_t n;
  sim_time now;
  uint64_t number;
} bare;

static inline int bare_before(const struct bare_event *a, const struct bare_event *b) {
  return a->time != b->time ? a->time < b->time : a->number < b->number;
}

static void bare_push(struct bare_event x) {
  size_t i = ++bare.n;
  for (; i > 1 && bare_before(&x, &bare.heap[i / 2]); i /= 2)
    bare.heap[i] = bare.heap[i / 2];
  bare.heap[i] = x;
}

static struct bare_event bare_pop(void) {
  struct bare_event first = bare.heap[1], x = bare.heap[bare.n--];
  size_t i = 1, c;
  for (; (c = 2 * i) <= bare.n; i = c) {
    if (c < bare.n && bare_before(&bare.heap[c + 1], &bare.heap[c]))
      c++;
    if (!bare_before(&bare.heap[c], &x))
      break;
    bare.heap[i] = bare.heap[c];
  }
  bare.heap[i] = x;
  return first;
}

static void bare_again(struct bare_event *self, void *subject) {
  sim_time d;
  if (sim_time_from_s(stream_exponential(subject, 1), &d))
    bare_push((struct bare_event){bare.now + d, bare.number++, self->fn, subject});
}

static void bare_step(void) {
  struct bare_event x = bare_pop();
  bare.now = x.time;
  x.fn(&x, x.subject);
}

static double hold_bare(size_t pending, uint64_t events) {
  struct stream st;
  stream_init(&st, 1, "hold", 0);
  bare = (struct bare){.heap = mem_array(pending + 2, sizeof *bare.heap)};
  struct bare_event first = {0, 0, bare_again, NULL};
  for (size_t i = 0; i < pending; i++)
    bare_again(&first, &st);
  for (uint64_t i = 0; i < 2 * pending; i++)
    bare_step();
  double t0 = bench_cpu_s();
  for (uint64_t i = 0; i < events; i++)
    bare_step();
  double t = bench_cpu_s() - t0;
  mem_free(bare.heap);
  return (double)events / t;
}

static double hold_1e3(void) {
  return model_hold(1000, 2000000);
}
static double bare_1e3(void) {
  return hold_bare(1000, 2000000);
}
static double hold_1e5(void) {
  return model_hold(100000, 2000000);
}
static double bare_1e5(void) {
  return hold_bare(100000, 1000000);
}
static double hold_1e6(void) {
  return model_hold(1000000, 3000000);
}
static double bare_1e6(void) {
  return hold_bare(1000000, 1000000);
}

/* Schedule/cancel mix: a timeout far away is set and, mostly, cancelled by the answer that comes first. */
struct mix {
  struct stream st;
  event_id timeout[1000];
};

static void timeout(struct engine *e, void *subject, void *object) {
  (void)e, (void)subject, (void)object;
}

static void answer(struct engine *e, void *subject, void *object) {
  struct mix *m = subject;
  event_id *id = object;
  engine_cancel(e, *id);
  *id = engine_after_s(e, 30, BAND_STATE, timeout, NULL, NULL);
  engine_after_s(e, stream_exponential(&m->st, 1), BAND_ARRIVAL, answer, m, id);
}

static double sched_cancel(void) {
  struct mix m = {.timeout = {0}};
  stream_init(&m.st, 1, "mix", 0);
  struct engine *e = engine_create();
  for (size_t i = 0; i < 1000; i++)
    answer(e, &m, &m.timeout[i]);
  double t0 = bench_cpu_s();
  const uint64_t rounds = 1000000;
  while (engine_events_run(e) < rounds)
    engine_step(e);
  double t = bench_cpu_s() - t0;
  engine_destroy(e);
  return 3 * (double)rounds / t; /* two schedules and a cancel */
}

int main(void) {
  static const struct bench list[] = {
      {"hold_1e3", "events/s", hold_1e3},
      {"bare_1e3", "events/s", bare_1e3},
      {"hold_1e5", "events/s", hold_1e5},
      {"bare_1e5", "events/s", bare_1e5},
      {"hold_1e6", "events/s", hold_1e6},
      {"bare_1e6", "events/s", bare_1e6},
      {"sched_cancel", "operations/s", sched_cancel},
  };
  return bench_main(list, sizeof list / sizeof *list, 5);
}
