/* Max-min rates against hand-worked cases and a solver that is too simple to be wrong; bytes against time. */
#include <math.h>
#include <string.h>
#include "base/mem.h"
#include "sim/kernel/fluid.h"
#include "sim/kernel/stream.h"
#include "tests/kernel_tests.h"

/* --- Q17: progressive filling by hand (Radunovic, Le Boudec: A unified framework for max-min and min-max fairness) ---
 */

struct case_flow {
  uint32_t link[4];
  size_t n;
  double weight, limit, want;
};

static void check_rates(const double *capacity, size_t links, const struct case_flow *flows, size_t n) {
  struct fluid *f = fluid_create(NULL);
  fluid_flow id[8];
  for (size_t i = 0; i < links; i++)
    fluid_add_link(f, capacity[i]);
  for (size_t i = 0; i < n; i++)
    id[i] = fluid_start(f, flows[i].link, flows[i].n, 1, flows[i].weight, flows[i].limit, NULL, NULL);
  for (size_t i = 0; i < n; i++)
    CU_CLOSE(fluid_rate_Bps(f, id[i]), flows[i].want, 1e-12);
  fluid_destroy(f);
}
#define CHECK_RATES(capacity, flows)                                                                                   \
  check_rates(capacity, sizeof(capacity) / sizeof *(capacity), flows, sizeof(flows) / sizeof *(flows))

/* a) links A 10, B 5; f1 on A and B, f2 on A, f3 on B: B fills at 5/2, then A leaves 15/2. */
static void two_links(void) {
  CHECK_RATES(((double[]){10, 5}),
              ((struct case_flow[]){{{0, 1}, 2, 1, 0, 2.5}, {{0}, 1, 1, 0, 7.5}, {{1}, 1, 1, 0, 2.5}}));
}

/* b) three links of 10, one flow on all, one on each: all links fill at 5. */
static void parking_lot(void) {
  CHECK_RATES(((double[]){10, 10, 10}),
              ((struct case_flow[]){{{0, 1, 2}, 3, 1, 0, 5}, {{0}, 1, 1, 0, 5}, {{1}, 1, 1, 0, 5}, {{2}, 1, 1, 0, 5}}));
}

/* c) one link of 10, limits 2, 2.6, 4, 5: the first two have all they want, (10 - 4.6) / 2 = 2.7 for the others. */
static void limited_demands(void) {
  CHECK_RATES(
      ((double[]){10}),
      ((struct case_flow[]){{{0}, 1, 1, 2, 2}, {{0}, 1, 1, 2.6, 2.6}, {{0}, 1, 1, 4, 2.7}, {{0}, 1, 1, 5, 2.7}}));
}

/* d) one link of 16, limits 4, 2, 10, 4, weights 2.5, 4, 0.5, 1: levels 1.6 and 0.5 and 4 are limits; flow 3 takes what
 * is left, 6 = 0.5 x 12. */
static void weighted_demands(void) {
  CHECK_RATES(((double[]){16}),
              ((struct case_flow[]){{{0}, 1, 2.5, 4, 4}, {{0}, 1, 4, 2, 2}, {{0}, 1, 0.5, 10, 6}, {{0}, 1, 1, 4, 4}}));
}

/* e) unit links AC, DE, BC, CE; flows ACE, BC, BC, DE, BCE: BC fills at 1/3, then CE leaves 2/3 to ACE, DE has its link
 * alone. */
static void five_flows(void) {
  CHECK_RATES(((double[]){1, 1, 1, 1}), ((struct case_flow[]){{{0, 3}, 2, 1, 0, 2. / 3},
                                                              {{2}, 1, 1, 0, 1. / 3},
                                                              {{2}, 1, 1, 0, 1. / 3},
                                                              {{1}, 1, 1, 0, 1},
                                                              {{2, 3}, 2, 1, 0, 1. / 3}}));
}

/* f) spine 150, uplinks u1 u2, downlinks d3 d4 of 100; u1-spine-d3, u1-spine-d4, u2-spine-d4, u2-d3: every link fills
 * at 50. */
static void leaf_spine(void) {
  CHECK_RATES(
      ((double[]){150, 100, 100, 100, 100}),
      ((struct case_flow[]){
          {{1, 0, 3}, 3, 1, 0, 50}, {{1, 0, 4}, 3, 1, 0, 50}, {{2, 0, 4}, 3, 1, 0, 50}, {{2, 3}, 2, 1, 0, 50}}));
}

/* One link of 10: the heavy flow is at its limit of 4, the light one has the 6 that are left. 1e9 + 1e-9 - 1e9 is not
 * 1e-9. */
static void small_weight_beside_a_large_one(void) {
  CHECK_RATES(((double[]){10}), ((struct case_flow[]){{{0}, 1, 1e9, 4, 4}, {{0}, 1, 1e-9, 0, 6}}));
}

/* --- random networks against a plain solver ---
 *
 * Progressive filling as in the textbook: raise the common level of all flows that are not fixed until a link or a
 * limit stops some; fix those; go on. In each step level = min over links of (capacity - rates of fixed flows) /
 * (weights of the others), and over flows of limit / weight. */
enum { LINKS = 24, FLOWS = 60, HOPS = 4 };

struct plain {
  double capacity[LINKS];
  struct {
    bool used, fixed;
    uint32_t link[HOPS];
    size_t n;
    double weight, limit, rate;
    fluid_flow id;
  } flow[FLOWS];
};

static double plain_link_level(const struct plain *p, uint32_t l) {
  double rest = p->capacity[l], weight = 0;
  for (int i = 0; i < FLOWS; i++)
    for (size_t k = 0; p->flow[i].used && k < p->flow[i].n; k++)
      if (p->flow[i].link[k] == l) {
        rest -= p->flow[i].fixed ? p->flow[i].rate : 0;
        weight += p->flow[i].fixed ? 0 : p->flow[i].weight;
      }
  return weight > 0 ? fmax(0, rest) / weight : (double)INFINITY;
}

static void plain_solve(struct plain *p) {
  for (int i = 0; i < FLOWS; i++)
    p->flow[i].fixed = !p->flow[i].used;
  for (;;) {
    double level = INFINITY, of_link[LINKS];
    for (uint32_t l = 0; l < LINKS; l++)
      level = fmin(level, of_link[l] = plain_link_level(p, l));
    for (int i = 0; i < FLOWS; i++)
      if (!p->flow[i].fixed)
        level = fmin(level, p->flow[i].limit / p->flow[i].weight);
    if (!(level < (double)INFINITY))
      return;
    for (int i = 0; i < FLOWS; i++) {
      if (p->flow[i].fixed)
        continue;
      bool stopped = p->flow[i].limit / p->flow[i].weight <= level * (1 + 1e-13);
      for (size_t k = 0; k < p->flow[i].n; k++)
        stopped = stopped || of_link[p->flow[i].link[k]] <= level * (1 + 1e-13);
      if (stopped) {
        p->flow[i].rate = level * p->flow[i].weight;
        p->flow[i].fixed = true;
      }
    }
  }
}

static double draw(struct stream *st, const double *list, size_t n) {
  return list[stream_below(st, n)];
}

static const double capacities[] = {1, 1, 1, 2, 5, 10, 0.1, 0}, weights[] = {1, 1, 1, 2, 0.5, 3, 1e-3, 1e4},
                    limits[] = {0, 0, 0, 0.3, 1, 1e-4};

static void random_change(struct plain *p, struct fluid *f, struct stream *st, bool plain_weights) {
  uint64_t i = stream_below(st, FLOWS), l = stream_below(st, LINKS);
  if (stream_below(st, 8) == 0) {
    p->capacity[l] = draw(st, capacities, 8);
    fluid_set_capacity(f, (fluid_link)l, p->capacity[l]);
  } else if (p->flow[i].used) {
    CU_ASSERT_TRUE(fluid_stop(f, p->flow[i].id));
    CU_ASSERT_FALSE(fluid_stop(f, p->flow[i].id));
    p->flow[i].used = false;
  } else {
    p->flow[i].used = true;
    p->flow[i].n = 1 + stream_below(st, HOPS); /* the same link twice counts twice */
    for (size_t k = 0; k < p->flow[i].n; k++)
      p->flow[i].link[k] = (uint32_t)stream_below(st, LINKS);
    p->flow[i].weight = plain_weights ? 1 : draw(st, weights, 8);
    double limit = draw(st, limits, 6);
    p->flow[i].limit = limit > 0 ? limit : (double)INFINITY;
    p->flow[i].id = fluid_start(f, p->flow[i].link, p->flow[i].n, 1, p->flow[i].weight, limit, NULL, NULL);
  }
}

static uint64_t compare(struct plain *p, struct fluid *f) {
  uint64_t wrong = 0;
  double load[LINKS] = {0};
  plain_solve(p);
  for (int i = 0; i < FLOWS; i++) {
    if (!p->flow[i].used)
      continue;
    double rate = fluid_rate_Bps(f, p->flow[i].id);
    wrong += !(fabs(rate - p->flow[i].rate) <= 1e-8 * p->flow[i].rate + 1e-12);
    for (size_t k = 0; k < p->flow[i].n; k++)
      load[p->flow[i].link[k]] += rate;
  }
  for (uint32_t l = 0; l < LINKS; l++)
    wrong += !(fabs(load[l] - fluid_link_load_Bps(f, l)) <= 1e-9 * load[l] + 1e-12) ||
             load[l] > p->capacity[l] * (1 + 1e-8) + 1e-12;
  return wrong;
}

static void random_networks(void) {
  struct stream st;
  stream_init(&st, 5, "fluid", 0);
  for (int net = 0; net < 40; net++) {
    struct plain p = {.capacity = {0}};
    struct fluid *f = fluid_create(NULL);
    for (int l = 0; l < LINKS; l++)
      fluid_add_link(f, p.capacity[l] = draw(&st, capacities, 7));
    uint64_t wrong = 0;
    for (int step = 0; step < 250; step++) {
      for (uint64_t k = stream_below(&st, 4); k < 4; k++)
        random_change(&p, f, &st, net % 2);
      wrong += compare(&p, f);
    }
    CU_ASSERT_EQUAL(wrong, 0);
    fluid_destroy(f);
  }
}

/* A change that runs through all: flow i over links i and i+1, link i of capacity 10 (2 i + 1), so that x_i = 10 (2 i +
 * 1) - x_(i-1) = 10 (i + 1), and x_i is link i's highest. A second flow on link 0 makes x_0 = 5, x_1 = 25, x_2 = 25,
 * x_3 = 45 ... and away again. */
static void chain(void) {
  struct plain p = {.capacity = {0}};
  struct fluid *f = fluid_create(NULL);
  for (uint32_t l = 0; l < LINKS; l++)
    fluid_add_link(f, p.capacity[l] = 10 * (2 * l + 1));
  for (uint32_t i = 0; i < LINKS - 1; i++) {
    p.flow[i].used = true;
    p.flow[i].link[0] = i;
    p.flow[i].link[1] = i + 1;
    p.flow[i].n = 2;
    p.flow[i].weight = 1;
    p.flow[i].limit = INFINITY;
    p.flow[i].id = fluid_start(f, p.flow[i].link, 2, 1, 1, 0, NULL, NULL);
  }
  CU_ASSERT_EQUAL(compare(&p, f), 0);
  for (uint32_t i = 0; i < LINKS - 1; i++)
    CU_CLOSE(fluid_rate_Bps(f, p.flow[i].id), 10 * (i + 1), 1e-12);
  fluid_flow second = fluid_start(f, p.flow[0].link, 1, 1, 1, 0, NULL, NULL);
  for (uint32_t i = 0; i < LINKS - 1; i++)
    CU_CLOSE(fluid_rate_Bps(f, p.flow[i].id), 10 * (i + 1) + (i % 2 ? 5 : -5), 1e-12);
  fluid_stop(f, second);
  CU_ASSERT_EQUAL(compare(&p, f), 0);
  fluid_destroy(f);
}

/* --- bytes and time --- */

struct log {
  sim_time at[16];
  fluid_flow flow[16];
  int n;
};

static void log_end(struct engine *e, void *subject, fluid_flow flow) {
  struct log *l = subject;
  l->at[l->n] = engine_now(e);
  l->flow[l->n++] = flow;
}

static void raise_capacity(struct engine *e, void *subject, void *object) {
  (void)e, (void)object;
  fluid_set_capacity(subject, 0, 200);
}

/* One link of 100 B/s. A: 100 B from 0, B: 300 B from 0, C: 100 B from 1 s; capacity 200 from 3 s.
 *   0-1: A, B at 50 (left 50, 250). 1-2.5: three at 33.3 (A ends at 2.5; B left 200, C 50). 2.5-3: two at 50 (B 175, C
 * 25). 3-3.25: two at 100 (C ends; B 150). Then B at 200: ends at 4. */
static void start_c(struct engine *e, void *subject, void *object) {
  (void)e;
  fluid_start(subject, (fluid_link[]){0}, 1, 100, 1, 0, log_end, object);
}

static void ends_by_hand(void) {
  struct engine *e = engine_create();
  struct fluid *f = fluid_create(e);
  struct log l = {.n = 0};
  fluid_link link = fluid_add_link(f, 100);
  fluid_flow a = fluid_start(f, &link, 1, 100, 1, 0, log_end, &l), b = fluid_start(f, &link, 1, 300, 1, 0, log_end, &l);
  engine_after_s(e, 1, BAND_ARRIVAL, start_c, f, &l);
  engine_after_s(e, 3, BAND_STATE, raise_capacity, f, NULL);
  engine_run_until(e, 2750000000);
  CU_CLOSE(fluid_rate_Bps(f, b), 50, 1e-12);
  CU_CLOSE(fluid_remaining_bytes(f, b), 187.5, 1e-9);
  CU_CLOSE(fluid_link_load_Bps(f, link), 100, 1e-12);
  engine_run(e);
  CU_ASSERT_EQUAL_FATAL(l.n, 3);
  CU_ASSERT_EQUAL(l.flow[0], a);
  CU_ASSERT_EQUAL(l.at[0], 2500000000);
  CU_ASSERT_EQUAL(l.at[1], 3250000000);
  CU_ASSERT_EQUAL(l.flow[2], b);
  CU_ASSERT_EQUAL(l.at[2], 4000000000);
  CU_ASSERT_EQUAL(fluid_rate_Bps(f, b), 0);
  CU_ASSERT_EQUAL(fluid_link_load_Bps(f, link), 0);
  fluid_destroy(f);
  engine_destroy(e);
}

/* No bytes: ends now, even where nothing flows. No links and no limit: infinitely fast. No capacity: waits until there
 * is some. */
static void extremes(void) {
  struct engine *e = engine_create();
  struct fluid *f = fluid_create(e);
  struct log l = {.n = 0};
  fluid_link link = fluid_add_link(f, 0);
  fluid_flow stuck = fluid_start(f, &link, 1, 100, 1, 0, log_end, &l);
  fluid_flow empty = fluid_start(f, &link, 1, 0, 1, 0, log_end, &l);
  fluid_flow fast = fluid_start(f, NULL, 0, 1e18, 1, 0, log_end, &l);
  fluid_flow limited = fluid_start(f, NULL, 0, 10, 1, 5, log_end, &l);
  fluid_flow endless = fluid_start(f, NULL, 0, INFINITY, 1, 5, log_end, &l);
  engine_run_until(e, 5000000000);
  CU_ASSERT_EQUAL_FATAL(l.n, 3);
  CU_ASSERT_EQUAL(l.flow[0], empty);
  CU_ASSERT_EQUAL(l.at[0], 0);
  CU_ASSERT_EQUAL(l.flow[1], fast);
  CU_ASSERT_EQUAL(l.at[1], 0);
  CU_ASSERT_EQUAL(l.flow[2], limited);
  CU_ASSERT_EQUAL(l.at[2], 2000000000);
  CU_ASSERT_TRUE(fluid_stop(f, endless));
  CU_ASSERT_EQUAL(fluid_remaining_bytes(f, stuck), 100);
  fluid_set_capacity(f, link, 100); /* half of it, then a pause of 2 s */
  engine_run_until(e, 5500000000);
  fluid_set_capacity(f, link, 0);
  engine_run_until(e, 7500000000);
  CU_CLOSE(fluid_remaining_bytes(f, stuck), 50, 1e-12);
  fluid_set_capacity(f, link, 100);
  engine_run(e);
  CU_ASSERT_EQUAL_FATAL(l.n, 4);
  CU_ASSERT_EQUAL(l.flow[3], stuck);
  CU_ASSERT_EQUAL(l.at[3], 8000000000);
  CU_ASSERT_EQUAL(fluid_remaining_bytes(f, stuck), 0);
  fluid_destroy(f);
  engine_destroy(e);
}

/* Random traffic: what each link carried, integrated over the run from its load, is the sum of the bytes of the flows
 * over it. Each end is rounded to a nanosecond, so each flow may be half a nanosecond of its rate off. */
struct traffic {
  struct fluid *f;
  struct stream st;
  int left;
  double bytes[LINKS], carried[LINKS], load[LINKS];
  sim_time last;
  int running;
};

static void integrate(struct traffic *t, struct engine *e) {
  for (uint32_t l = 0; l < LINKS; l++)
    t->carried[l] += t->load[l] * sim_time_as_s(engine_now(e) - t->last);
  t->last = engine_now(e);
}

static void read_loads(struct engine *e, void *subject, void *object) {
  (void)object;
  struct traffic *t = subject;
  integrate(t, e);
  for (uint32_t l = 0; l < LINKS; l++)
    t->load[l] = fluid_link_load_Bps(t->f, l);
}

static void next_flow(struct engine *e, void *subject, fluid_flow flow) {
  struct traffic *t = subject;
  t->running -= flow != 0;
  engine_at(e, engine_now(e), BAND_STATISTICS, read_loads, t, NULL);
  if (t->left-- <= 0)
    return;
  fluid_link path[3];
  size_t n = 1 + stream_below(&t->st, 3);
  double bytes = stream_exponential(&t->st, 1e6);
  for (size_t k = 0; k < n; k++) {
    path[k] = (fluid_link)stream_below(&t->st, LINKS);
    t->bytes[path[k]] += bytes;
  }
  t->running++;
  fluid_start(t->f, path, n, bytes, 1 + (double)stream_below(&t->st, 3), 0, next_flow, t);
}

static void bytes_are_conserved(void) {
  struct engine *e = engine_create();
  struct traffic t = {.f = fluid_create(e), .left = 5000};
  stream_init(&t.st, 9, "traffic", 0);
  for (int l = 0; l < LINKS; l++)
    fluid_add_link(t.f, 1e6 * (1 + l % 3));
  for (int i = 0; i < 40; i++)
    next_flow(e, &t, 0);
  engine_run(e);
  CU_ASSERT_EQUAL(t.running, 0);
  for (int l = 0; l < LINKS; l++) {
    CU_CLOSE(t.carried[l], t.bytes[l], 1e-9);
    CU_ASSERT_EQUAL(fluid_link_load_Bps(t.f, (fluid_link)l), 0);
  }
  fluid_destroy(t.f);
  engine_destroy(e);
}

/* Stopped after 1 of 2 s: its end never comes, and the other flow has the link from then on. */
static void stopped_flow_does_not_end(void) {
  struct engine *e = engine_create();
  struct fluid *f = fluid_create(e);
  struct log l = {.n = 0};
  fluid_link link = fluid_add_link(f, 100);
  fluid_flow a = fluid_start(f, &link, 1, 100, 1, 0, log_end, &l), b = fluid_start(f, &link, 1, 150, 1, 0, log_end, &l);
  engine_run_until(e, 1000000000);
  CU_ASSERT_TRUE(fluid_stop(f, a));
  engine_run(e);
  CU_ASSERT_EQUAL(l.n, 1);
  CU_ASSERT_EQUAL(l.flow[0], b);
  CU_ASSERT_EQUAL(l.at[0], 2000000000);
  fluid_destroy(f);
  fluid_destroy(NULL);
  engine_destroy(e);
}

static void handles_never_come_back(void) {
  struct fluid *f = fluid_create(NULL);
  fluid_link link = fluid_add_link(f, 1);
  fluid_flow first = fluid_start(f, &link, 1, 1, 1, 0, NULL, NULL);
  for (int i = 0; i < 100; i++) {
    CU_ASSERT_TRUE(fluid_stop(f, first));
    fluid_flow next = fluid_start(f, &link, 1, 1, 1, 0, NULL, NULL);
    CU_ASSERT_FALSE(fluid_stop(f, first));
    CU_ASSERT_EQUAL(fluid_rate_Bps(f, first), 0);
    CU_ASSERT_EQUAL(fluid_rate_Bps(f, next), 1);
    first = next;
  }
  CU_ASSERT_FALSE(fluid_stop(f, 0));
  fluid_destroy(f);
}

static const struct cu_case cases[] = {
    {"Q17 a two links", two_links},
    {"Q17 b parking lot", parking_lot},
    {"Q17 c limited demands", limited_demands},
    {"Q17 d weighted demands", weighted_demands},
    {"Q17 e five flows", five_flows},
    {"Q17 f leaf and spine", leaf_spine},
    {"a small weight beside a large one", small_weight_beside_a_large_one},
    {"random networks against a plain solver", random_networks},
    {"a change that runs through all", chain},
    {"ends worked out by hand", ends_by_hand},
    {"no bytes, no links, no capacity", extremes},
    {"bytes are conserved", bytes_are_conserved},
    {"a stopped flow does not end", stopped_flow_does_not_end},
    {"flow handles never come back", handles_never_come_back},
};

struct kernel_cases kernel_fluid_cases(void) {
  return (struct kernel_cases){cases, sizeof cases / sizeof *cases};
}
