/* Serving: coalesced equals literal, every request to the nanosecond and every count, over random engines, alone and many behind a router. */
#include <math.h>
#include <string.h>
#include "base/mem.h"
#include "sim/serve_cost.h"
#include "tests/cu.h"
#include "tests/serve_random.h"

static uint64_t preempted, dropped, swapped, timed_out, rejected;
static double hits;

/* families > 0: with a prefix cache, prompts of some blocks. */
static void one_random_run(uint64_t seed, int families) {
  struct stream st;
  struct serve_cost cost;
  struct serve_config cfg;
  struct serve_totals tot[2];
  struct digest d[2] = {{0, 0}, {0, 0}};
  int concurrency;
  stream_init(&st, seed, "config", 0);
  random_cost(&cost, &st);
  random_config(&cfg, &concurrency, &cost, &st);
  double rate = 0.5 + 30 * stream_uniform(&st), grid_s = seed % 4 == 0 ? 0.005 : 0;
  if (grid_s > 0)
    even_cost(&cost);
  cfg.prefix_cache = families > 0;
  if (families > 0 && cfg.kv_tokens < 1e6)
    cfg.kv_tokens += 6000;
  for (int mode = 0; mode < 2; mode++) {
    struct feed f;
    feed_start(&f, 150, rate, families > 0 ? 6000 : 900, 200, seed);
    f.families = families;
    f.grid_s = grid_s;
    cfg.mode = mode ? SERVE_LITERAL : SERVE_COALESCED;
    cfg.finish = cfg.lost = digest_finish;
    cfg.finish_ctx = &d[mode];
    CU_ASSERT(serve_run(&cfg, &(struct serve_source){feed_next, &f, concurrency}, &tot[mode], NULL));
  }
  CU_ASSERT_EQUAL(d[0].sum, d[1].sum);
  CU_ASSERT_EQUAL(d[0].n, d[1].n);
  same_totals(&tot[0], &tot[1]);
  CU_ASSERT(tot[0].hit_tokens < tot[0].input_tokens || tot[0].finished == 0);
  CU_ASSERT_EQUAL(tot[0].arrived, tot[0].finished + tot[0].rejected + tot[0].timed_out); /* nothing is left in the system at the end */
  CU_ASSERT_EQUAL(tot[0].in_system, 0);
  preempted += tot[0].preemptions;
  dropped += tot[0].blocks_dropped;
  swapped += tot[0].swapped;
  timed_out += tot[0].timed_out;
  rejected += tot[0].rejected;
  hits += tot[0].hit_tokens / fmax(1, tot[0].input_tokens);
  serve_cost_free(&cost);
}

static void test_coalesced_is_literal(void) {
  for (uint64_t seed = 1; seed <= 400; seed++)
    one_random_run(seed, 0);
  CU_ASSERT(preempted > 1000 && swapped > 300 && preempted > swapped + 300); /* the cache was really short */
  CU_ASSERT(timed_out > 1000 && rejected > 1000);
  CU_ASSERT_EQUAL(dropped, 0);
}

static void test_coalesced_is_literal_with_prefixes(void) {
  preempted = dropped = swapped = 0;
  hits = 0;
  for (uint64_t seed = 1; seed <= 400; seed++)
    one_random_run(seed, 1 + (int)(seed % 7));
  CU_ASSERT(preempted > 200);
  CU_ASSERT(dropped > 10000);
  CU_ASSERT(hits > 0.1 * 400 && hits < 0.7 * 400);
}

/* ---- several behind a router; prompts read by some, answers written by others ---- */
enum { MOST = 5, REQUESTS = 200, LATER = 2 * REQUESTS };
struct later { /* a cache under way */
  sim_time t;
  int from, from_handle, to, to_handle;
};
struct rig {
  struct serve *s[MOST];
  int readers, n;             /* the first `readers` only read; none = all do both */
  struct sim_request asked[LATER];
  int32_t block[LATER][64];
  int at[LATER], handle[LATER]; /* by request: who read it, and its number there */
  sim_time first[LATER];
  uint64_t read[LATER], granted[LATER]; /* since the last look */
  int granted_handle[LATER], granted_by[LATER];
  size_t read_n, granted_n, later_n;
  struct later later[LATER];
  int stepping;
  bool asks;                  /* room first, then the transfer */
  uint64_t seen_tokens;       /* what the router looked at, all of it */
  struct digest done;
};

static void rig_finish(void *ctx, const struct serve_finish *f) {
  struct rig *g = ctx;
  if (g->stepping >= g->readers) {
    digest_finish(&g->done, f);
    return;
  }
  g->at[f->index] = g->stepping;
  g->handle[f->index] = f->handle;
  g->first[f->index] = f->first;
  g->read[g->read_n++] = f->index;
}

static void rig_room(void *ctx, uint64_t index, int32_t handle, sim_time t) {
  struct rig *g = ctx;
  (void)t;
  g->granted_by[g->granted_n] = g->stepping;
  g->granted_handle[g->granted_n] = handle;
  g->granted[g->granted_n++] = index;
}

/* Least to do, the cached prefix taken off: every view counts. */
static int choose(struct rig *g, const struct sim_request *r, int from, int to, sim_time t) {
  int best = from;
  double least = 0;
  for (int i = from; i < to; i++) {
    struct serve_view v;
    serve_look(g->s[i], t, &v);
    int32_t match = serve_match(g->s[i], r, t);
    g->seen_tokens = g->seen_tokens * 31 + (uint64_t)(v.running + v.waiting + v.held + v.prompt_tokens + v.output_tokens + match) + (uint64_t)(v.kv_tokens * 1024);
    CU_ASSERT(v.prompt_tokens >= 0 && v.output_tokens >= 0 && v.kv_tokens >= 0);
    double load = (double)(v.prompt_tokens + v.output_tokens) + v.kv_tokens / 8 - 2 * match;
    if (i == from || load < least) {
      least = load;
      best = i;
    }
  }
  return best;
}

static sim_time rig_next(const struct rig *g, sim_time came) {
  sim_time t = came;
  for (int i = 0; i < g->n; i++)
    t = serve_due(g->s[i]) < t ? serve_due(g->s[i]) : t;
  for (size_t i = 0; i < g->later_n; i++)
    t = g->later[i].t < t ? g->later[i].t : t;
  return t;
}

static void rig_steps(struct rig *g, sim_time t) {
  for (g->stepping = 0; g->stepping < g->n; g->stepping++)
    if (serve_due(g->s[g->stepping]) == t)
      serve_step(g->s[g->stepping]);
}

/* What has been read asks a decoder for room; what has landed decodes there, and its reader forgets it. */
static void rig_hand_over(struct rig *g, sim_time t) {
  for (size_t i = 0; i < g->read_n; i++) {
    uint64_t x = g->read[i];
    int to = choose(g, &g->asked[x], g->readers, g->n, t);
    if (!serve_offer_read(g->s[to], &g->asked[x], g->first[x], t, x) || !g->asks)
      serve_release(g->s[g->at[x]], g->handle[x], t);
  }
  g->read_n = 0;
  for (size_t i = 0; i < g->later_n;) {
    struct later l = g->later[i];
    if (l.t > t) {
      i++;
      continue;
    }
    g->later[i] = g->later[--g->later_n];
    serve_landed(g->s[l.to], l.to_handle, t);
    serve_release(g->s[l.from], l.from_handle, t);
  }
}

static void rig_transfers(struct rig *g, sim_time t) {
  for (size_t i = 0; i < g->granted_n; i++) {
    uint64_t x = g->granted[i];
    sim_time takes = x % 3 == 0 ? 1 : (sim_time)g->asked[x].input * 20000;
    g->later[g->later_n++] = (struct later){t + takes, g->at[x], g->handle[x], g->granted_by[i], g->granted_handle[i]};
  }
  g->granted_n = 0;
}

static void rig_arrival(struct rig *g, const struct sim_request *r, uint64_t index, sim_time t) {
  g->asked[index] = *r;
  if (r->block) {
    memcpy(g->block[index], r->block, sizeof g->block[index]);
    g->asked[index].block = g->block[index];
  }
  serve_offer(g->s[choose(g, r, 0, g->readers > 0 ? g->readers : g->n, t)], r, t, index);
}

static void rig_run(struct rig *g, struct feed *f) {
  struct sim_request r;
  sim_time came = SIM_TIME_MAX, t;
  uint64_t index = 0;
  bool more = feed_next(f, &r) && sim_time_from_s(r.arrival_s, &came);
  while ((t = rig_next(g, came)) < SIM_TIME_MAX) {
    rig_steps(g, t);
    rig_hand_over(g, t);
    for (; more && came == t; came = more ? came : SIM_TIME_MAX) {
      rig_arrival(g, &r, index++, t);
      more = feed_next(f, &r) && sim_time_from_s(r.arrival_s, &came);
    }
    for (g->stepping = 0; g->stepping < g->n; g->stepping++)
      CU_ASSERT_FATAL(serve_go(g->s[g->stepping], t));
    rig_transfers(g, t);
  }
}

static void one_rig(uint64_t seed, int families) {
  static struct rig g[2];
  struct stream st;
  struct serve_cost cost;
  struct serve_config cfg;
  int concurrency;
  stream_init(&st, seed, "config", 0);
  random_cost(&cost, &st);
  random_config(&cfg, &concurrency, &cost, &st);
  cfg.prefix_cache = families > 0;
  cfg.kv_tokens += families > 0 ? 6000 : 0;
  double rate = 2 + 60 * stream_uniform(&st), grid_s = seed % 4 == 0 ? 0.005 : 0;
  if (grid_s > 0)
    even_cost(&cost);
  int readers = stream_uniform(&st) < 0.6 ? 1 + (int)(2 * stream_uniform(&st)) : 0, n = readers + 1 + (int)(3 * stream_uniform(&st));
  bool ask = stream_uniform(&st) < 0.7;
  for (int mode = 0; mode < 2; mode++) {
    struct feed f;
    memset(&g[mode], 0, sizeof g[mode]);
    g[mode].readers = readers;
    g[mode].n = n;
    g[mode].asks = ask;
    cfg.mode = mode ? SERVE_LITERAL : SERVE_COALESCED;
    cfg.finish = rig_finish;
    cfg.finish_ctx = cfg.room_ctx = &g[mode];
    for (int i = 0; i < n; i++) {
      struct serve_config own = cfg;
      own.reads_only = i < readers;
      own.room = i >= readers && ask ? rig_room : NULL;
      g[mode].s[i] = serve_open(&own);
    }
    feed_start(&f, REQUESTS, rate, families > 0 ? 6000 : 900, 200, seed);
    f.families = families;
    f.grid_s = grid_s;
    rig_run(&g[mode], &f);
  }
  CU_ASSERT_EQUAL(g[0].done.sum, g[1].done.sum);
  CU_ASSERT_EQUAL(g[0].done.n, g[1].done.n);
  CU_ASSERT_EQUAL(g[0].seen_tokens, g[1].seen_tokens);
  uint64_t away = 0;
  for (int i = 0; i < n; i++) {
    const struct serve_totals *t = serve_totals_of(g[0].s[i]);
    CU_ASSERT_EQUAL(t->in_system, 0);
    away += t->rejected + t->timed_out;
    same_totals(serve_totals_of(g[0].s[i]), serve_totals_of(g[1].s[i]));
    for (int mode = 0; mode < 2; mode++)
      serve_close(g[mode].s[i]);
  }
  CU_ASSERT_EQUAL(g[0].done.n + away, REQUESTS);
  serve_cost_free(&cost);
}

static void test_many(void) {
  for (uint64_t seed = 1; seed <= 200; seed++)
    one_rig(seed, 0);
  for (uint64_t seed = 1; seed <= 200; seed++)
    one_rig(seed, 1 + (int)(seed % 7));
}

int main(void) {
  static const struct cu_case cases[] = {
    {"coalesced equals literal", test_coalesced_is_literal},
    {"coalesced equals literal with prefixes", test_coalesced_is_literal_with_prefixes},
    {"coalesced equals literal with many behind a router", test_many},
  };
  return cu_main("serve-random", cases, sizeof cases / sizeof *cases);
}
