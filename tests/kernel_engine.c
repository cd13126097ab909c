/* The engine against a plain sorted list, and its refusals. */
#include <math.h>
#include <pthread.h>
#include <string.h>
#include "base/mem.h"
#include "sim/kernel/ladder.h"
#include "sim/kernel/stream.h"
#include "tests/kernel_tests.h"

/* --- order, cancel, reschedule: random operations on the engine and on a sorted list --- */

struct item {
  sim_time time;
  int band;
  uint64_t number; /* of insertion */
  uintptr_t name;
  event_id id;
};

struct model {
  struct engine *e;
  struct stream st;
  sim_time (*delay)(struct model *m);
  struct item *list; /* sorted, the next at the end */
  size_t n, cap, limit;
  uint64_t inserted, ran, wrong, digest;
  uintptr_t names;
  sim_time countdown;
};

static bool later(const struct item *a, const struct item *b) {
  if (a->time != b->time)
    return a->time > b->time;
  if (a->band != b->band)
    return a->band > b->band;
  return a->number > b->number;
}

static void list_insert(struct model *m, struct item x) {
  m->list = mem_grow(m->list, &m->cap, m->n + 1, sizeof *m->list);
  size_t lo = 0, hi = m->n;
  while (lo < hi) {
    size_t mid = (lo + hi) / 2;
    if (later(&m->list[mid], &x))
      lo = mid + 1;
    else
      hi = mid;
  }
  memmove(m->list + lo + 1, m->list + lo, (m->n - lo) * sizeof x);
  m->list[lo] = x;
  m->n++;
}

static struct item list_remove(struct model *m, size_t i) {
  struct item x = m->list[i];
  memmove(m->list + i, m->list + i + 1, (m->n - i - 1) * sizeof x);
  m->n--;
  return x;
}

static void fire(struct engine *e, void *subject, void *object);

static sim_time draw_time(struct model *m) {
  sim_time now = engine_now(m->e), d = m->delay(m);
  return d > SIM_TIME_MAX - now ? SIM_TIME_MAX : now + d;
}

static void act_schedule(struct model *m) {
  struct item x = {draw_time(m), (int)stream_below(&m->st, BAND_COUNT), m->inserted++, ++m->names, 0};
  x.id = engine_at(m->e, x.time, (enum event_band)x.band, fire, m, (void *)x.name);
  m->wrong += x.id == 0 || !engine_pending(m->e, x.id);
  list_insert(m, x);
}

static void act_cancel(struct model *m) {
  if (m->n == 0)
    return;
  struct item x = list_remove(m, stream_below(&m->st, m->n));
  m->wrong += !engine_cancel(m->e, x.id) || engine_cancel(m->e, x.id) || engine_pending(m->e, x.id) ||
              engine_reschedule(m->e, x.id, x.time);
}

static void act_reschedule(struct model *m) {
  if (m->n == 0)
    return;
  struct item x = list_remove(m, stream_below(&m->st, m->n));
  x.time = draw_time(m);
  x.number = m->inserted++;
  m->wrong += !engine_reschedule(m->e, x.id, x.time) || !engine_pending(m->e, x.id);
  list_insert(m, x);
}

static void act(struct model *m, bool grow) {
  uint64_t dice = stream_below(&m->st, 100);
  if (dice < 70)
    for (int i = 0; i < (grow ? 2 : 1) && m->n < m->limit; i++)
      act_schedule(m);
  else if (dice < 85)
    act_reschedule(m);
  else
    act_cancel(m);
}

static void fire(struct engine *e, void *subject, void *object) {
  struct model *m = subject;
  struct item x = list_remove(m, m->n - 1);
  m->wrong +=
      x.name != (uintptr_t)object || x.time != engine_now(e) || engine_pending(e, x.id) || engine_cancel(e, x.id);
  m->digest = m->digest * 6364136223846793005u + (uint64_t)x.time * 31 + x.name;
  m->ran++;
  if (stream_below(&m->st, 2))
    act(m, false); /* from within an event */
}

static sim_time delay_ties(struct model *m) {
  return (sim_time)stream_below(&m->st, 4);
}
static sim_time delay_exponential(struct model *m) {
  return (sim_time)stream_exponential(&m->st, 1e9);
}
static sim_time delay_bimodal(struct model *m) {
  return (sim_time)(stream_below(&m->st, 10) + (stream_below(&m->st, 10) ? 0 : 1000000000000));
}
static sim_time delay_all_scales(struct model *m) {
  return (sim_time)(stream_u64(&m->st) >> (1 + stream_below(&m->st, 62)));
}
static sim_time delay_falling(struct model *m) { /* always earlier than all before, until it must begin again */
  sim_time d = m->countdown - engine_now(m->e);
  m->countdown -= 1000;
  if (d <= 0)
    m->countdown = engine_now(m->e) + 1000000000, d = 1000000000;
  return d;
}
static sim_time delay_zero(struct model *m) {
  return stream_below(&m->st, 10) ? 0 : 1;
}
static sim_time delay_hours(struct model *m) { /* heavy ties at round times, like hourly and monthly events */
  return (sim_time)(stream_below(&m->st, 3) * 3600 + stream_below(&m->st, 2) * 2628000) * 1000000000;
}
static sim_time (*const delays[])(struct model *m) = {delay_ties,    delay_exponential, delay_bimodal, delay_all_scales,
                                                      delay_falling, delay_zero,        delay_hours};

static struct model play(sim_time (*delay)(struct model *m), uint64_t seed, size_t limit, uint64_t rounds) {
  struct model m = {.e = engine_create(), .delay = delay, .limit = limit};
  stream_init(&m.st, seed, "order", limit);
  for (uint64_t i = 0; i < rounds; i++) {
    bool grow = i / limit % 3 != 2;
    act(&m, grow);
    if (!grow || stream_below(&m.st, 2))
      engine_step(m.e);
    if (stream_below(&m.st, 50) == 0) { /* up to a time at which, or before which, there may be nothing */
      sim_time t = draw_time(&m);
      if (m.n > 0 && t > m.list[m.n - 1].time)
        t = m.list[m.n - 1].time + (sim_time)stream_below(&m.st, 3);
      if (t < engine_now(m.e)) /* overflow at the end of the clock */
        t = engine_now(m.e);
      engine_run_until(m.e, t);
      m.wrong += engine_now(m.e) != t || (m.n > 0 && m.list[m.n - 1].time <= t);
    }
    m.wrong += engine_pending_count(m.e) != m.n;
  }
  m.limit = 0; /* no more */
  while (engine_step(m.e)) {
  }
  m.wrong += m.n != 0 || engine_pending_count(m.e) != 0 || engine_status(m.e) != ENGINE_OK;
  m.wrong += engine_events_run(m.e) != m.ran;
  engine_destroy(m.e);
  mem_free(m.list);
  return m;
}

static void order_against_sorted_list(void) {
  for (size_t d = 0; d < sizeof delays / sizeof *delays; d++)
    for (size_t limit = 10; limit <= 4000; limit *= 20) {
      struct model m = play(delays[d], 7 + d, limit, 40000);
      CU_ASSERT_EQUAL(m.wrong, 0);
      CU_ASSERT(m.ran > 1000);
    }
}

static void same_seed_same_run(void) {
  struct model a = play(delay_ties, 3, 500, 20000), b = play(delay_ties, 3, 500, 20000),
               c = play(delay_ties, 4, 500, 20000);
  CU_ASSERT_EQUAL(a.digest, b.digest);
  CU_ASSERT_NOT_EQUAL(a.digest, c.digest);
}

static void *play_in_thread(void *seed) {
  struct model *m = mem_alloc(sizeof *m);
  *m = play(delay_bimodal, *(uint64_t *)seed, 500, 40000);
  return m;
}

static void engines_in_threads(void) {
  uint64_t seed[2] = {11, 12};
  pthread_t thread[2];
  for (int i = 0; i < 2; i++)
    pthread_create(&thread[i], NULL, play_in_thread, &seed[i]);
  for (int i = 0; i < 2; i++) {
    void *r;
    pthread_join(thread[i], &r);
    struct model *m = r, alone = play(delay_bimodal, seed[i], 500, 40000);
    CU_ASSERT_EQUAL(m->digest, alone.digest);
    CU_ASSERT_EQUAL(m->ran, alone.ran);
    mem_free(m);
  }
}

/* --- what is refused --- */

static void count(struct engine *e, void *subject, void *object) {
  (void)e, (void)object;
  ++*(int *)subject;
}

static void past_is_refused(void) {
  struct engine *e = engine_create();
  int n = 0;
  engine_at(e, 100, BAND_STATE, count, &n, NULL);
  engine_run_until(e, 200);
  CU_ASSERT_EQUAL(n, 1);
  CU_ASSERT_EQUAL(engine_now(e), 200);
  CU_ASSERT_EQUAL(engine_at(e, 199, BAND_STATE, count, &n, NULL), 0);
  CU_ASSERT_EQUAL(engine_status(e), ENGINE_PAST);
  CU_ASSERT(strlen(engine_status_text(e)) > 0);
  CU_ASSERT_FALSE(engine_step(e));
  engine_destroy(e);

  e = engine_create();
  event_id id = engine_at(e, 300, BAND_STATE, count, &n, NULL);
  engine_run_until(e, 200);
  CU_ASSERT_FALSE(engine_reschedule(e, id, 100));
  CU_ASSERT_EQUAL(engine_status(e), ENGINE_PAST);
  engine_destroy(e);
}

static void delays_that_are_refused(void) {
  static const struct {
    double delay_s;
    enum engine_status want;
  } cases[] = {{-1e-9, ENGINE_PAST},   {-INFINITY, ENGINE_PAST}, {INFINITY, ENGINE_OVERFLOW},
               {NAN, ENGINE_OVERFLOW}, {9.3e9, ENGINE_OVERFLOW}, {9.2e9, ENGINE_OVERFLOW} /* after the first 1e9 s */,
               {8e9, ENGINE_OK}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct engine *e = engine_create();
    int n = 0;
    engine_run_until(e, 1000000000000000000);
    event_id id = engine_after_s(e, cases[i].delay_s, BAND_STATE, count, &n, NULL);
    CU_ASSERT_EQUAL(engine_status(e), cases[i].want);
    CU_ASSERT_EQUAL(id == 0, cases[i].want != ENGINE_OK);
    engine_destroy(e);
  }
}

static void rounding_of_seconds(void) {
  static const struct {
    double s;
    sim_time want;
  } cases[] = {{0, 0},
               {0.4e-9, 0},
               {0.5e-9, 1},
               {1.5e-9, 2},
               {1e-9, 1},
               {1, 1000000000},
               {0.1 + 0.2, 300000000},
               {157680000, 157680000000000000}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    sim_time t = -1;
    CU_ASSERT_TRUE(sim_time_from_s(cases[i].s, &t));
    CU_ASSERT_EQUAL(t, cases[i].want);
  }
}

static void zero_loop(struct engine *e, void *subject, void *object) {
  ++*(int *)subject;
  engine_after_s(e, 0, BAND_STATE, zero_loop, subject, object);
}

static void livelock_is_caught(void) {
  struct engine *e = engine_create();
  int n = 0;
  engine_set_livelock_limit(e, 1000);
  engine_at(e, 5, BAND_STATE, zero_loop, &n, NULL);
  engine_run(e);
  CU_ASSERT_EQUAL(engine_status(e), ENGINE_LIVELOCK);
  CU_ASSERT_EQUAL(n, 1000);
  CU_ASSERT_EQUAL(engine_now(e), 5);
  engine_destroy(e);
}

static void stop(struct engine *e, void *subject, void *object) {
  (void)subject, (void)object;
  engine_stop(e);
}

static void stop_ends_the_run(void) {
  struct engine *e = engine_create();
  int n = 0;
  for (sim_time t = 1; t <= 10; t++)
    engine_at(e, t, BAND_STATE, count, &n, NULL);
  engine_at(e, 5, BAND_END, stop, NULL, NULL);
  engine_run(e);
  CU_ASSERT_EQUAL(n, 5);
  CU_ASSERT_EQUAL(engine_now(e), 5);
  CU_ASSERT_EQUAL(engine_pending_count(e), 5);
  CU_ASSERT_EQUAL(engine_status(e), ENGINE_OK);
  engine_destroy(e);
}

static void ties_are_counted(void) {
  struct engine *e = engine_create();
  int n = 0;
  static const struct {
    sim_time t;
    enum event_band band;
  } at[] = {{1, BAND_STATE}, {1, BAND_STATE}, {1, BAND_STATE},  {1, BAND_END},
            {2, BAND_END},   {3, BAND_STATE}, {3, BAND_ARRIVAL}};
  for (size_t i = 0; i < sizeof at / sizeof *at; i++)
    engine_at(e, at[i].t, at[i].band, count, &n, NULL);
  engine_run(e);
  CU_ASSERT_EQUAL(n, 7);
  CU_ASSERT_EQUAL(engine_ties(e), 2);
  engine_destroy(e);
}

/* A cancelled event far ahead must not drag the clock to it. */
static void cancelled_leaves_no_trace(void) {
  struct engine *e = engine_create();
  int n = 0;
  engine_at(e, 10, BAND_STATE, count, &n, NULL);
  for (int i = 0; i < 1000; i++)
    engine_cancel(e, engine_at(e, 1000 + i / 500, BAND_STATE, count, &n, NULL));
  engine_run(e);
  CU_ASSERT_EQUAL(engine_now(e), 10);
  CU_ASSERT_EQUAL(n, 1);
  CU_ASSERT_EQUAL(engine_pending_count(e), 0);
  engine_destroy(e);
}

static void ids_never_come_back(void) {
  struct engine *e = engine_create();
  int n = 0;
  event_id old = engine_at(e, 1, BAND_STATE, count, &n, NULL);
  engine_cancel(e, old);
  for (int i = 0; i < 1000; i++) {
    event_id id = engine_at(e, 1, BAND_STATE, count, &n, NULL);
    CU_ASSERT_NOT_EQUAL_FATAL(id, old);
    CU_ASSERT_FALSE_FATAL(engine_cancel(e, old));
    engine_cancel(e, id);
    old = id;
  }
  CU_ASSERT_FALSE(engine_cancel(e, 0));
  CU_ASSERT_FALSE(engine_cancel(e, UINT64_MAX));
  engine_destroy(e);
}

/* --- no distribution is slow: the entries that the queue moves, and the buckets it passes over, per operation --- */

struct load {
  struct slots slots;
  struct ladder q;
  struct stream st;
  uint64_t i; /* operation */
  sim_time countdown;
};

static sim_time all_equal(struct load *l) {
  (void)l;
  return 1000000007;
}
static sim_time at_once(struct load *l) {
  return l->q.now;
}
static sim_time exponential(struct load *l) {
  return l->q.now + (sim_time)stream_exponential(&l->st, 1e9);
}
static sim_time two_scales(struct load *l) {
  return l->q.now + (sim_time)(stream_below(&l->st, 1000) + (l->i % 10 ? 0 : 1000000000000000));
}
static sim_time all_scales(struct load *l) {
  return l->q.now + (sim_time)(stream_u64(&l->st) >> (4 + stream_below(&l->st, 59)));
}
static sim_time heavy_tail(struct load *l) {
  return l->q.now + (sim_time)fmin(1e17, 1000 / pow(stream_uniform(&l->st), 2));
}
static sim_time always_earlier(struct load *l) {
  return l->countdown -= 1000;
}
static sim_time always_later(struct load *l) {
  return (sim_time)l->i * 1000;
}
static sim_time round_hours(struct load *l) {
  return (l->q.now / 3600000000000 + 1 + (sim_time)stream_below(&l->st, 24)) * 3600000000000;
}
static sim_time one_far_away(struct load *l) {
  return l->i == 0 ? SIM_TIME_MAX : l->q.now + 1 + (sim_time)stream_below(&l->st, 1000000);
}

static void load_add(struct load *l, sim_time t) {
  uint32_t i = slots_take(&l->slots);
  l->slots.at[i].tag = (l->slots.at[i].tag + 1) & TAG_VERSION_MASK;
  ladder_add(&l->q, t < l->q.now ? l->q.now : t, i, l->slots.at[i].tag);
}

static bool load_take(struct load *l) {
  struct entry x;
  bool taken = ladder_take(&l->q, SIM_TIME_MAX, &x);
  if (taken)
    slots_release(&l->slots, ENTRY_SLOT(x));
  return taken;
}

/* Fills the queue with n, lets 3 n pass through, empties it. */
static double work_per_operation(sim_time (*draw)(struct load *l), uint64_t n) {
  struct load *l = mem_alloc(sizeof *l);
  ladder_init(&l->q, &l->slots);
  stream_init(&l->st, 1, "load", n);
  l->countdown = (sim_time)n * 10000;
  for (; l->i < 4 * n; l->i++) {
    load_add(l, draw(l));
    if (l->i >= n)
      load_take(l);
  }
  while (load_take(l)) {
  }
  double work = (double)l->q.work / (8. * (double)n);
  ladder_free(&l->q);
  slots_free(&l->slots);
  mem_free(l);
  return work;
}

static void no_distribution_is_slow(void) {
  static sim_time (*const draws[])(struct load * l) = {all_equal,   at_once,     exponential,    two_scales,
                                                       all_scales,  heavy_tail,  always_earlier, always_later,
                                                       round_hours, one_far_away};
  for (size_t d = 0; d < sizeof draws / sizeof *draws; d++)
    for (uint64_t n = 100; n <= 100000; n *= 10)
      CU_ASSERT(work_per_operation(draws[d], n) < 4); /* a quadratic one would need 12,500 at the end */
}

/* Timeouts that are set and cancelled for ever: what is left of them stays in proportion to what is live. */
static void cancelled_entries_are_swept(void) {
  enum { LIVE = 100 };
  struct load *l = mem_alloc(sizeof *l);
  ladder_init(&l->q, &l->slots);
  for (int i = 0; i < LIVE; i++)
    load_add(l, 1000000);
  for (int i = 0; i < 100000; i++) {
    uint32_t slot = l->slots.free_head ? l->slots.free_head - 1 : (uint32_t)l->slots.n;
    load_add(l, 30000000 + i % 1000);
    slots_release(&l->slots, slot);
    ladder_dropped(&l->q, LIVE);
    CU_ASSERT_FATAL(l->q.stale <= LIVE + LADDER_BUCKETS);
  }
  int left = 0;
  for (; load_take(l); left++) {
  }
  CU_ASSERT_EQUAL(left, LIVE);
  CU_ASSERT(l->q.work < 4 * 100000);
  ladder_free(&l->q);
  slots_free(&l->slots);
  mem_free(l);
}

static const struct cu_case cases[] = {
    {"no distribution is slow", no_distribution_is_slow},
    {"cancelled entries are swept", cancelled_entries_are_swept},
    {"order, cancel, reschedule against a sorted list", order_against_sorted_list},
    {"same seed, same run", same_seed_same_run},
    {"two engines in two threads", engines_in_threads},
    {"the past is refused", past_is_refused},
    {"delays that are refused", delays_that_are_refused},
    {"rounding of seconds", rounding_of_seconds},
    {"live-lock is caught", livelock_is_caught},
    {"stop ends the run", stop_ends_the_run},
    {"ties are counted", ties_are_counted},
    {"a cancelled event leaves no trace", cancelled_leaves_no_trace},
    {"ids never come back", ids_never_come_back},
};

struct kernel_cases kernel_engine_cases(void) {
  return (struct kernel_cases){cases, sizeof cases / sizeof *cases};
}
