/* Networks of queues, failures and spares with known answers (see kernel_queues.c). */
#include <math.h>
#include <gsl/gsl_sf_gamma.h>
#include "base/mem.h"
#include "tests/kernel_station.h"
#include "tests/kernel_tests.h"

/* --- closed networks: clients, or machines that fail and the crews that repair them --- */

struct client {
  struct closed *net;
};
struct closed {
  struct station s;
  struct stream think;
  double think_mean;
  struct client client[256];
};

static void come(struct engine *e, void *subject, void *object) {
  (void)e;
  struct closed *n = object;
  enter(&n->s, 0, subject);
}

static void think(struct closed *n, void *client) {
  engine_after_s(n->s.e, stream_exponential(&n->think, n->think_mean), BAND_ARRIVAL, come, client, n);
}

static void go_back(struct station *s, struct job *j) {
  think(s->context, j->owner);
  mem_free(j);
}

/* In units of the mean service time. */
static struct figures simulate_closed(const char *name, int clients, int servers, double think_mean, double batch) {
  struct closed *n = mem_alloc(sizeof *n);
  n->s =
      (struct station){.e = engine_create(), .draw = exponential_1, .servers = servers, .left = go_back, .context = n};
  n->think_mean = think_mean;
  stream_init(&n->s.service, SEED, name, 0);
  stream_init(&n->think, SEED, name, 1);
  for (int i = 0; i < clients; i++)
    think(n, &n->client[i]);
  run_batches(&n->s, batch);
  struct figures f = n->s.figures;
  free_line(&n->s);
  engine_destroy(n->s.e);
  mem_free(n);
  return f;
}

/* Q8: three clients, think 2, one server of mean 1; mean-value analysis gives R 1.8, X 3 / 3.8. */
static void closed_network(void) {
  struct figures f = simulate_closed("closed", 3, 1, 2, 5000);
  NEAR(f.response[0], 1.8);
  NEAR(f.throughput, 0.789474);
  NEAR(f.number, 1.421053);
}

/* Q10, Q11: N machines of mean time between failures MTBF, R crews, repair MTTR, all exponential: a birth-death chain
 * with p_(k+1) / p_k = (N - k) MTTR / (min(k + 1, R) MTBF). */
static void machine_repairman(void) {
  static const struct {
    int n, crews;
    double mtbf, mttr, down, availability, p0, p2, p4, failures_per_h;
  } rows[] = {{1, 1, 1000, 24, 0.023438, 0.976562, 0.976562, 0, 0, 0.000977},
              {4, 1, 10, 1, 0.466632, 0.883342, 0.646663, 0.982928, 0, 0.353337},
              {64, 64, 1000, 24, 1.500000, 0.976562, 0.219181, 0.810359, 0.982803, 0.062500},
              {64, 2, 1000, 24, 2.869640, 0.955162, 0.150699, 0.557166, 0.782665, 0.061130},
              {256, 4, 1000, 8, 2.210281, 0.991366, 0.125164, 0.642961, 0.909669, 0.253790}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    double n = rows[i].n, batch = rows[i].n == 1 ? 20000 : 3000;
    struct figures f = simulate_closed("repair", rows[i].n, rows[i].crews, rows[i].mtbf / rows[i].mttr, batch);
    NEAR(f.number, rows[i].down);
    NEAR(f.idle, rows[i].p0);
    CU_ASSERT(fabs(1 - f.number.mean / n - rows[i].availability) < 0.002);
    f.throughput.mean /= rows[i].mttr;
    f.throughput.m2 /= rows[i].mttr * rows[i].mttr;
    NEAR(f.throughput, rows[i].failures_per_h);
    if (rows[i].p2 > 0)
      NEAR(f.at_most[2], rows[i].p2);
    if (rows[i].p4 > 0)
      NEAR(f.at_most[4], rows[i].p4);
  }
}

/* --- fork and join, barriers --- */

struct fork {
  struct engine *e;
  struct station part[2];
  struct stream arrivals;
  struct tally batch, response;
};
struct pair {
  sim_time arrived;
  int left;
};

static void join(struct station *s, struct job *j) {
  struct fork *f = s->context;
  struct pair *p = j->owner;
  if (--p->left == 0) {
    tally_add(&f->batch, sim_time_as_s(engine_now(f->e) - p->arrived));
    mem_free(p);
  }
  mem_free(j);
}

static void fork_jobs(struct engine *e, void *subject, void *object) {
  struct fork *f = subject;
  if (*(bool *)object)
    return;
  struct pair *p = mem_alloc(sizeof *p);
  *p = (struct pair){engine_now(e), 2};
  for (int i = 0; i < 2; i++)
    enter(&f->part[i], 0, p);
  engine_after_s(e, stream_exponential(&f->arrivals, 2), BAND_ARRIVAL, fork_jobs, f, object);
}

/* Q8: each job forks to two M/M/1 of rho 0.5 and is done when both are: (12 - rho) / (8 (1 - rho)) = 2.875 (Nelson,
 * Tantawi 1988). */
static void fork_join(void) {
  struct fork *f = mem_alloc(sizeof *f);
  bool closed = false;
  f->e = engine_create();
  stream_init(&f->arrivals, SEED, "fork", 0);
  for (int i = 0; i < 2; i++) {
    f->part[i] = (struct station){.e = f->e, .draw = exponential_1, .servers = 1, .left = join, .context = f};
    stream_init(&f->part[i].service, SEED, "fork", 1 + (uint64_t)i);
  }
  engine_after_s(f->e, 0, BAND_ARRIVAL, fork_jobs, f, &closed);
  for (int i = 0; i <= BATCHES; i++) {
    engine_run_until(f->e, engine_now(f->e) + 5000000000000);
    if (i > 0)
      tally_add(&f->response, f->batch.mean);
    f->batch = (struct tally){.n = 0};
  }
  NEAR(f->response, 2.875);
  closed = true;
  engine_run(f->e);
  engine_destroy(f->e);
  mem_free(f);
}

static void tick(struct engine *e, void *subject, void *object) {
  (void)e, (void)object;
  --*(int *)subject;
}

/* Q8: a barrier over n exponentials of mean 1 lasts H_n = 1 + 1/2 + ... + 1/n. */
static void barrier(void) {
  static const struct {
    int n, rounds;
    double want;
  } rows[] = {{2, 500, 1.5}, {8, 300, 2.717857}, {64, 100, 4.743891}, {1024, 20, 7.509176}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct stream st;
    stream_init(&st, SEED, "barrier", i);
    struct tally barrier = {.n = 0};
    struct engine *e = engine_create();
    for (int b = 0; b < BATCHES; b++) {
      sim_time start = engine_now(e);
      for (int r = 0; r < rows[i].rounds; r++) {
        int left = rows[i].n;
        for (int k = 0; k < rows[i].n; k++)
          engine_after_s(e, stream_exponential(&st, 1), BAND_STATE, tick, &left, NULL);
        engine_run(e);
        CU_ASSERT_EQUAL(left, 0);
      }
      tally_add(&barrier, sim_time_as_s(engine_now(e) - start) / rows[i].rounds);
    }
    NEAR(barrier, rows[i].want);
    engine_destroy(e);
  }
}

/* --- failures and spares --- */

static void fail(struct engine *e, void *subject, void *object) {
  engine_after_s(e, stream_exponential(subject, *(double *)object), BAND_STATE, fail, subject, object);
}

/* Q9: a job over n nodes meets a failure every 1 / (n lambda); 6.5 failures per 1000 node-days, in hours. */
static void series_system(void) {
  static const struct {
    int nodes;
    double mttf_h;
  } rows[] = {{128, 28.846154}, {2048, 1.802885}, {16384, 0.225361}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    double node_mtbf_h = 1000 * 24 / 6.5;
    struct stream st;
    stream_init(&st, SEED, "series", i);
    struct engine *e = engine_create();
    for (int k = 0; k < rows[i].nodes; k++)
      fail(e, &st, &node_mtbf_h);
    struct tally mttf_h = {.n = 0};
    for (int b = 0; b < BATCHES; b++) {
      uint64_t before = engine_events_run(e);
      double start = engine_now_s(e);
      while (engine_events_run(e) < before + 500)
        engine_step(e);
      tally_add(&mttf_h, (engine_now_s(e) - start) / 500);
    }
    NEAR(mttf_h, rows[i].mttf_h);
    engine_destroy(e);
  }
}

static double lead_time_h(struct stream *st) {
  (void)st;
  return 336;
}

/* Q12: 64 nodes that fail every 20,000 h, lead time 336 h: parts on order are Poisson of mean 64 x 336 / 20,000
 * = 1.0752; a stock of 3 is the least that suffices with 95 %. */
static void spares(void) {
  struct figures f =
      simulate_open("spares", (struct open){.rate = {64. / 20000}, .draw = lead_time_h, .servers = 64, .batch_s = 1e6});
  NEAR(f.number, 1.0752);
  NEAR(f.at_most[3], 0.976050);
  CU_ASSERT(f.at_most[2].mean < 0.95 && f.at_most[3].mean >= 0.95);
}

/* Q13: mean = scale Gamma(1 + 1 / k), median = scale (ln 2)^(1 / k). */
static void weibull_mean(void) {
  static const struct {
    double shape, scale, mean, median;
  } rows[] = {{0.7, 1000, 1265.823506, 592.390113}, {0.7, 789.999550, 1000, 0}, {2.646, 7.105, 6.314144, 0}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    CU_CLOSE(rows[i].scale * gsl_sf_gamma(1 + 1 / rows[i].shape), rows[i].mean, 1e-7);
    struct stream st;
    stream_init(&st, SEED, "weibull", i);
    struct tally mean = {.n = 0}, below = {.n = 0};
    for (int b = 0; b < BATCHES; b++) {
      struct tally batch = {.n = 0}, batch_below = {.n = 0};
      for (int k = 0; k < 5000; k++) {
        double x = stream_weibull(&st, rows[i].scale, rows[i].shape);
        tally_add(&batch, x);
        tally_add(&batch_below, x <= rows[i].median);
      }
      tally_add(&mean, batch.mean);
      tally_add(&below, batch_below.mean);
    }
    NEAR(mean, rows[i].mean);
    if (rows[i].median > 0)
      NEAR(below, 0.5);
  }
}

static const struct cu_case cases[] = {
    {"Q8 closed network", closed_network},
    {"Q8 fork and join", fork_join},
    {"Q8 barrier", barrier},
    {"Q9 series system", series_system},
    {"Q10, Q11 machines and repair crews", machine_repairman},
    {"Q12 spares", spares},
    {"Q13 Weibull means", weibull_mean},
};

struct kernel_cases kernel_network_cases(void) {
  return (struct kernel_cases){cases, sizeof cases / sizeof *cases};
}
