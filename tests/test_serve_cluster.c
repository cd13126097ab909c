/* Clusters of serving instances: coalesced equals literal to the nanosecond under every router, with both sides apart and pools that scale; round robin is what thinned replays are; queues
 * against closed forms. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "base/mem.h"
#include "tests/cluster_fixture.h"
#include "tests/cu.h"
#include "workloads/trace.h"

/* ---- requests ---- */
struct feed {
  int n, i, every, skip; /* of n requests, those whose number is skip modulo every */
  double rate, t, max_in, max_out;
  int families;
  int32_t block[64];
  struct stream st;
};

static bool feed_one(struct feed *f, struct sim_request *r) {
  if (f->i >= f->n)
    return false;
  f->i++;
  f->t += stream_exponential(&f->st, 1 / f->rate);
  *r = (struct sim_request){.arrival_s = f->t, .input = 1 + (int32_t)(stream_uniform(&f->st) * f->max_in), .output = 1 + (int32_t)(stream_uniform(&f->st) * f->max_out)};
  int32_t family = (int32_t)(stream_uniform(&f->st) * f->families), common = (int32_t)(stream_uniform(&f->st) * 12);
  if (f->families > 0) {
    r->blocks = (r->input + WL_TRACE_BLOCK_TOKENS - 1) / WL_TRACE_BLOCK_TOKENS;
    r->block = f->block;
    for (int32_t b = 0; b < r->blocks; b++)
      f->block[b] = b < common ? family * 64 + b : 1000000 + f->i * 64 + b;
  }
  return true;
}

static bool feed_next(void *ctx, struct sim_request *r) {
  struct feed *f = ctx;
  while (feed_one(f, r))
    if ((f->i - 1) % f->every == f->skip)
      return true;
  return false;
}

static void feed_start(struct feed *f, int n, double rate, double max_in, double max_out, uint64_t seed) {
  *f = (struct feed){.n = n, .every = 1, .rate = rate, .max_in = max_in, .max_out = max_out};
  stream_init(&f->st, seed, "feed", 0);
}
static void random_config(struct serve_config *cfg, const struct serve_cost *cost, struct stream *st) {
  *cfg = plain(cost);
  cfg->batching = serve_batchings[(int)(stream_uniform(st) * WL_POLICIES)];
  cfg->max_seqs = 1 + (int)(stream_uniform(st) * 64);
  cfg->budget_tokens = 128 + stream_uniform(st) * 2048;
  cfg->poll_steps = (int)cfg->budget_tokens % 5 < 2 ? (int)cfg->budget_tokens % 40 : 0; /* no draw of its own: the other choices stay as they were */
  cfg->reserve = stream_uniform(st) < 0.4;
  cfg->watermark = stream_uniform(st) < 0.5 ? 0.01 : 0;
  cfg->block_tokens = stream_uniform(st) < 0.5 ? 16 : 0;
  cfg->kv_tokens = stream_uniform(st) < 0.7 ? 6200 + stream_uniform(st) * 9000 : 1e7; /* often short */
  cfg->mtp = stream_uniform(st) < 0.3 ? 1 + 2 * stream_uniform(st) : 1;
  cfg->client_s = 0.01;
  cfg->prefix_cache = stream_uniform(st) < 0.6;
  cfg->queueing = serve_queueing_find((const char *[]){"fcfs", "priority", "fair"}[stream_below(st, 3)], NULL, 0);
  cfg->victim = serve_victim_find((const char *[]){"newest", "lowest", "smallest"}[stream_below(st, 3)], NULL, 0);
  cfg->preempting = serve_preempting_find((const char *[]){"recompute", "swap"}[stream_below(st, 2)], NULL, 0);
  cfg->admission = serve_admission_find((const char *[]){"all", "queue", "wait"}[stream_below(st, 3)], NULL, 0);
  cfg->swap_tokens = 20000;
  cfg->swap_s_per_token = 1e-6;
  cfg->max_queue = 1 + (int)stream_below(st, 40);
  cfg->max_wait_s = 5 * stream_uniform(st);
  cfg->timeout_s = stream_uniform(st) < 0.4 ? 0.2 + 5 * stream_uniform(st) : 0;
}

/* ---- what came of them ---- */
struct digest {
  uint64_t sum, n, rejected;
  int64_t ttft_ns, e2e_ns, worst_ttft_ns;
  int by[64];
};

static void digest_finish(void *ctx, const struct cluster_finish *f) {
  struct digest *d = ctx;
  uint64_t x[7] = {(uint64_t)f->arrival, (uint64_t)f->first, (uint64_t)f->end, f->index, (uint64_t)f->prefill, (uint64_t)f->decode, (uint64_t)f->class};
  for (int i = 0; i < 7; i++)
    d->sum = (d->sum ^ x[i]) * 0x9E3779B97F4A7C15ull + (uint64_t)i;
  d->n++;
  d->ttft_ns += f->first - f->arrival;
  d->e2e_ns += f->end - f->arrival;
  if (f->first - f->arrival > d->worst_ttft_ns)
    d->worst_ttft_ns = f->first - f->arrival;
  d->by[f->decode]++;
}

static void digest_lost(void *ctx, int class, bool timed_out) {
  struct digest *d = ctx;
  d->rejected++;
  d->sum = d->sum * 31 + (uint64_t)class * 2 + timed_out;
}

struct played {
  struct digest d;
  uint64_t iterations, preemptions, starts, blocks;
  double hits, hours, busy, transfers, transfer_s;
  bool ok;
};

static struct played play(struct cluster_config *cfg, struct feed feed) {
  struct played p = {.ok = false};
  struct cluster c;
  cfg->next = feed_next;
  cfg->next_ctx = &feed;
  cfg->finish = digest_finish;
  cfg->lost = digest_lost;
  cfg->ctx = &p.d;
  cluster_open(&c, cfg);
  p.ok = cluster_run(&c);
  CU_ASSERT_EQUAL(c.in_system, 0);
  CU_ASSERT_EQUAL(c.arrived, p.d.n + p.d.rejected); /* nothing is lost */
  for (int i = 0; i < c.cfg.pools; i++) {
    struct cluster_pool *q = &c.pool[i];
    CU_ASSERT_EQUAL(q->requests, 0);
    p.iterations += q->total.iterations;
    p.preemptions += q->total.preemptions;
    p.blocks += q->total.blocks_dropped;
    p.hits += q->total.hit_tokens;
    p.starts += q->starts;
    p.hours += (double)q->provisioned_ns / 3.6e12;
    for (int k = 0; k < SERVE_CLASSES; k++)
      p.busy += q->total.work[k].busy_s;
    p.transfers += (double)sketch_count(q->transfer);
    if (sketch_count(q->transfer))
      p.transfer_s += sketch_mean(q->transfer) * (double)sketch_count(q->transfer);
  }
  for (int i = 0; i < c.n; i++)
    CU_ASSERT(c.site[i].requests == 0 && c.site[i].tokens == 0 && c.x[i].held == 0);
  cluster_close(&c);
  return p;
}

/* ---- the property ---- */
static void random_scaling(struct sim_scaling *g, struct stream *st) {
  *g = (struct sim_scaling){.policy = serve_scalers[stream_below(st, 3)], .target = 0.3 + 0.4 * stream_uniform(st), .tolerance = 0.1, .min = 1, .max = 2 + (int)stream_below(st, 5),
                            .period_s = 0.5 + stream_uniform(st), .cooldown_s = 2 * stream_uniform(st), .start_s = stream_uniform(st)};
  if (g->policy != serve_scaler_find("utilization"))
    g->target *= 20;
}

static uint64_t preempted, started, dropped, lost;
static double hits, moved;

static void one_random_run(uint64_t seed, const struct sim_router *router) {
  struct stream st;
  struct serve_cost cost[3];
  struct cluster_pool_config pool[3] = {{0}};
  static const struct cluster_class two[2] = {{3, 1, 1}, {1, 0, 2}};
  stream_init(&st, seed, "config", 0);
  bool apart = stream_uniform(&st) < 0.4, scaled = stream_uniform(&st) < 0.4;
  int pools = apart ? 2 + (int)stream_below(&st, 2) : 1 + (int)stream_below(&st, 3);
  struct cluster_config cfg = {.pool = pool, .pools = pools, .class = two, .classes = 2, .router = {router, router}, .seed = seed, .match_share = 0.3,
                               .apart_requests = 4, .apart_ratio = 1.5, .concurrency = stream_uniform(&st) < 0.25 ? 1 + (int)stream_below(&st, 60) : 0};
  for (int i = 0; i < pools; i++) {
    make_cost(&cost[i], 1e-3 + 2e-2 * stream_uniform(&st), 1e-6 + 1e-5 * stream_uniform(&st), 1e-9 + 1e-7 * stream_uniform(&st));
    cost[i].pair_s = 1e-9 * stream_uniform(&st);
    cost[i].overlap = stream_uniform(&st) < 0.5;
    cost[i].host0_s = 5e-3 * stream_uniform(&st);
    random_config(&pool[i].serve, &cost[i], &st);
    pool[i].role = !apart ? SIM_BOTH : i == 0 ? SIM_PREFILL : SIM_DECODE;
    pool[i].replicas = 1 + (int)stream_below(&st, 6);
    if (scaled)
      random_scaling(&pool[i].scaling, &st);
    if (pool[i].scaling.policy && pool[i].scaling.policy->to_zero && stream_uniform(&st) < 0.5)
      pool[i].replicas = 0;
    pool[i].path = (struct cluster_path){.out_Bps = 1e8 + 1e9 * stream_uniform(&st), .in_Bps = 1e8 + 1e9 * stream_uniform(&st), .latency_s = 1e-4 * stream_uniform(&st),
                                         .flow_Bps = stream_uniform(&st) < 0.5 ? 3e8 : 0};
    pool[i].near = (struct cluster_path){.out_Bps = 1e10, .in_Bps = 2e10, .latency_s = 1e-6};
    pool[i].site = seed % 3 == 0;
    pool[i].per_server = 1 + (int)stream_below(&st, 3);
    pool[i].kv_bytes_per_token = 1e5 * stream_uniform(&st);
    pool[i].overlap = stream_uniform(&st) < 0.5 ? stream_uniform(&st) : 0;
    pool[i].first_at_decode = stream_uniform(&st) < 0.5;
  }
  struct feed f;
  feed_start(&f, 200, 2 + 60 * stream_uniform(&st), seed % 2 ? 6000 : 1500, 300, seed);
  f.families = 1 + (int)(seed % 7);
  struct played p[2];
  for (int mode = 0; mode < 2; mode++) {
    for (int i = 0; i < pools; i++)
      pool[i].serve.mode = mode ? SERVE_LITERAL : SERVE_COALESCED;
    p[mode] = play(&cfg, f);
    CU_ASSERT(p[mode].ok);
  }
  CU_ASSERT_EQUAL(p[0].d.sum, p[1].d.sum);
  CU_ASSERT_EQUAL(p[0].d.n, p[1].d.n);
  CU_ASSERT_EQUAL(p[0].iterations, p[1].iterations);
  CU_ASSERT_EQUAL(p[0].preemptions, p[1].preemptions);
  CU_ASSERT_EQUAL(p[0].hits, p[1].hits);
  CU_ASSERT_EQUAL(p[0].blocks, p[1].blocks);
  CU_ASSERT_EQUAL(p[0].starts, p[1].starts);
  CU_ASSERT_EQUAL(p[0].hours, p[1].hours);
  CU_ASSERT_EQUAL(p[0].transfers, p[1].transfers);
  CU_CLOSE(p[0].busy, p[1].busy, 1e-6);
  preempted += p[0].preemptions;
  started += p[0].starts;
  lost += p[0].d.rejected;
  dropped += p[0].blocks;
  hits += p[0].hits;
  moved += p[0].transfers;
  for (int i = 0; i < pools; i++)
    serve_cost_free(&cost[i]);
}

static void test_coalesced_is_literal(void) {
  preempted = started = dropped = lost = 0;
  hits = moved = 0;
  for (int k = 0; serve_routers[k]; k++)
    for (uint64_t seed = 1; seed <= 60; seed++)
      one_random_run(seed * 16 + (uint64_t)k, serve_routers[k]);
  CU_ASSERT(preempted > 300); /* caches were short, replicas came, prefixes were found and dropped, caches moved */
  CU_ASSERT(started > 100);
  CU_ASSERT(lost > 1000);
  CU_ASSERT(dropped > 1000);
  CU_ASSERT(hits > 1e6);
  CU_ASSERT(moved > 5000);
}

/* ---- against single instances ---- */
struct sums {
  uint64_t n;
  int64_t ttft_ns, e2e_ns;
};

static void sums_finish(void *ctx, const struct serve_finish *f) {
  struct sums *s = ctx;
  s->n++;
  s->ttft_ns += f->first - f->arrival;
  s->e2e_ns += f->end - f->arrival;
}

/* R replicas taken in turn are R replicas of their own, each with every R-th request. */
static void test_round_robin_is_thinned(void) {
  enum { R = 5 };
  struct serve_cost cost;
  struct sums s = {0};
  struct feed f;
  make_cost(&cost, 5e-3, 2e-5, 2e-8);
  struct cluster_pool_config pool = {.serve = plain(&cost), .replicas = R};
  struct cluster_config cfg = {.pool = &pool, .pools = 1, .classes = 1, .router = {&serve_router_round_robin}};
  feed_start(&f, 2000, 40, 1500, 200, 3);
  struct played p = play(&cfg, f);
  for (int k = 0; k < R; k++) {
    struct feed own = f;
    struct serve_config one = plain(&cost);
    struct serve_totals t;
    own.every = R;
    own.skip = k;
    one.finish = sums_finish;
    one.finish_ctx = &s;
    CU_ASSERT(serve_run(&one, &(struct serve_source){feed_next, &own, 0}, &t, NULL));
    CU_ASSERT_EQUAL(p.d.by[k], 2000 / R);
  }
  CU_ASSERT_EQUAL(p.d.n, s.n);
  CU_ASSERT_EQUAL(p.d.ttft_ns, s.ttft_ns);
  CU_ASSERT_EQUAL(p.d.e2e_ns, s.e2e_ns);
  serve_cost_free(&cost);
}

/* A cluster of one is that one, open and closed loop, whatever the router. */
static void test_one_is_alone(void) {
  struct serve_cost cost;
  make_cost(&cost, 5e-3, 2e-5, 2e-8);
  for (int k = 0; serve_routers[k]; k++)
    for (int closed = 0; closed < 2; closed++) {
      struct sums s = {0};
      struct feed f, own;
      struct serve_config one = plain(&cost);
      struct serve_totals t;
      struct cluster_pool_config pool = {.serve = plain(&cost), .replicas = 1};
      struct cluster_config cfg = {.pool = &pool, .pools = 1, .classes = 1, .router = {serve_routers[k]}, .concurrency = closed ? 12 : 0};
      feed_start(&f, 500, 8, 1500, 200, 4);
      own = f;
      struct played p = play(&cfg, f);
      one.finish = sums_finish;
      one.finish_ctx = &s;
      CU_ASSERT(serve_run(&one, &(struct serve_source){feed_next, &own, cfg.concurrency}, &t, NULL));
      CU_ASSERT_EQUAL(p.d.n, s.n);
      CU_ASSERT_EQUAL(p.d.ttft_ns, s.ttft_ns);
      CU_ASSERT_EQUAL(p.d.e2e_ns, s.e2e_ns);
      CU_ASSERT_EQUAL(p.iterations, t.iterations);
    }
  serve_cost_free(&cost);
}

/* ---- queues ---- */
struct poisson {
  struct stream gap, work;
  double t, rate;
  int n;
};

/* Poisson arrivals, exponential service of mean 1 s in iterations of a millisecond. */
static bool poisson_next(void *ctx, struct sim_request *r) {
  struct poisson *p = ctx;
  if (p->n-- == 0)
    return false;
  p->t += stream_exponential(&p->gap, 1 / p->rate);
  *r = (struct sim_request){.arrival_s = p->t, .input = 1, .output = 1 + (int32_t)lround(stream_exponential(&p->work, 1000))};
  return true;
}

static double mean_sojourn_s(const struct sim_router *router, int replicas, int slots, double rate) {
  struct serve_cost cost;
  struct digest d = {0};
  struct cluster c;
  struct poisson feed = {.rate = rate, .n = 60000};
  make_cost(&cost, 1e-3, 0, 0);
  struct cluster_pool_config pool = {.serve = plain(&cost), .replicas = replicas};
  pool.serve.max_seqs = slots;
  pool.serve.batching = serve_batchings[WL_POLICY_CHUNKED];
  stream_init(&feed.gap, 1, "gap", 0);
  stream_init(&feed.work, 1, "work", 0);
  struct cluster_config cfg = {.pool = &pool, .pools = 1, .classes = 1, .router = {router}, .seed = 1, .next = poisson_next, .next_ctx = &feed, .finish = digest_finish, .ctx = &d};
  cluster_open(&c, &cfg);
  CU_ASSERT(cluster_run(&c));
  cluster_close(&c);
  serve_cost_free(&cost);
  return (double)d.e2e_ns * 1e-9 / (double)d.n;
}

/* c slots of equal speed behind one queue are M/M/c: W = 1 + C(c, a) / (c - a) with Erlang's C 0.45 of 2 slots at a = 1.2 and 0.457645 of 8 at 6.4; alone 1 / (1 - 0.6). Joining the least loaded of
 * two queues waits a little longer than one queue for two, in turn longer, at random as long as alone. */
static void test_queues(void) {
  const struct sim_router *least = &serve_router_least_loaded;
  double one_queue = 1 + 0.45 / (2 - 1.2), alone = 2.5;
  CU_CLOSE(mean_sojourn_s(least, 1, 2, 1.2), one_queue, 0.02);
  CU_CLOSE(mean_sojourn_s(least, 1, 8, 6.4), 1 + 0.457645 / (8 - 6.4), 0.02);
  CU_CLOSE(mean_sojourn_s(least, 1, 1, 0.6), alone, 0.03);
  double joined = mean_sojourn_s(least, 2, 1, 1.2), turn = mean_sojourn_s(&serve_router_round_robin, 2, 1, 1.2);
  double four = mean_sojourn_s(least, 4, 1, 2.4), four_two = mean_sojourn_s(&serve_router_two, 4, 1, 2.4);
  CU_ASSERT(joined > 1.02 * one_queue && joined < 1.15 * one_queue);
  CU_ASSERT(turn > 1.1 * joined && turn < 0.9 * alone);
  CU_CLOSE(mean_sojourn_s(&serve_router_two, 2, 1, 1.2), joined, 0.03); /* of two, the less loaded of two is the least loaded */
  CU_ASSERT(four < 0.95 * joined && four_two > 1.05 * four && four_two < joined * 1.1);
}

/* ---- both sides apart ---- */

static void test_infinite_link_takes_no_time(void) {
  struct serve_cost cost;
  struct cluster_pool_config pool[2];
  struct feed f;
  make_cost(&cost, 5e-3, 2e-5, 2e-8);
  feed_start(&f, 400, 6, 1500, 200, 5);
  struct cluster_config cfg = split(pool, &cost, (struct cluster_path){INFINITY, INFINITY, 0, 0}, 1e5);
  struct played none = play(&cfg, f);
  CU_ASSERT_EQUAL(none.transfer_s, 0);
  CU_ASSERT(none.transfers > 390);
  cfg = split(pool, &cost, (struct cluster_path){1e9, 1e9, 0, 0}, 0); /* nothing to send */
  struct played empty = play(&cfg, f);
  CU_ASSERT_EQUAL(none.d.sum, empty.d.sum);
  cfg = split(pool, &cost, (struct cluster_path){1e9, 1e9, 0, 0}, 1e5);
  struct played some = play(&cfg, f);
  CU_ASSERT_EQUAL(some.d.ttft_ns, none.d.ttft_ns); /* the first token comes from the reading side: the second waits */
  CU_ASSERT(some.d.e2e_ns > none.d.e2e_ns + 390 * (int64_t)(1e9 * 700 * 1e5 / 1e9 * 0.9));
  pool[0].first_at_decode = pool[1].first_at_decode = true;
  struct played later = play(&cfg, f);
  CU_ASSERT_EQUAL(later.d.e2e_ns, some.d.e2e_ns);
  CU_ASSERT(later.d.ttft_ns > some.d.ttft_ns);
  serve_cost_free(&cost);
}

int main(void) {
  static const struct cu_case cases[] = {
      {"coalesced is literal", test_coalesced_is_literal}, {"round robin is thinned", test_round_robin_is_thinned}, {"one is alone", test_one_is_alone}, {"queues", test_queues},
      {"infinite link", test_infinite_link_takes_no_time},
  };
  return cu_main("serve_cluster", cases, sizeof cases / sizeof *cases);
}
