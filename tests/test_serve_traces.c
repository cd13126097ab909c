/* Published traces, all ways of filling iterations, other policies: both modes find the same. */
#include "base/datadir.h"
#include "tests/serve_fixture.h"
#include "tests/serve_random.h"
#include "workloads/trace.h"
#include "workloads/trace_make.h"

static bool from_generator(void *ctx, struct sim_request *r) {
  struct wl_trace_request q;
  if (!wl_generator_next(ctx, &q))
    return false;
  *r = (struct sim_request){.arrival_s = q.arrival_s, .input = q.input, .output = q.output, .blocks = q.hashes, .block = q.hash,
                             .priority = q.input % 3, .tenant = q.output % 4};
  return true;
}

/* An hour of the R1 service at a replica's share of its rate, at its busiest. */
static void r1_hour(struct wl_generator *g, struct errs *errs) {
  struct wl_curve *c = wl_curve_load(arena, datadir_path(arena, "scenarios/traces/r1-day-rate.csv"), errs);
  wl_curve_scale_to_mean(c, 1);
  *g = (struct wl_generator){.rate = c, .end_s = 3600, .input = wl_hist_load(arena, datadir_path(arena, "scenarios/traces/r1-input.csv"), errs),
                             .output = wl_hist_load(arena, datadir_path(arena, "scenarios/traces/r1-output.csv"), errs)};
  CU_ASSERT_FATAL(wl_generator_start(g, 1));
}

static uint64_t one_pass(const struct serve_config *base, const char *trace, enum sim_serve_mode mode, struct serve_totals *t) {
  struct serve_config cfg = *base;
  struct digest d = {0, 0};
  struct errs *errs = errs_create();
  struct wl_generator g;
  struct wl_trace *file = trace ? wl_trace_open(datadir_path(arena, trace), NULL, 0, errs) : NULL;
  if (!trace)
    r1_hour(&g, errs);
  cfg.mode = mode;
  struct serve_source src = {trace ? from_trace : from_generator, trace ? (void *)file : (void *)&g, 0};
  cfg.finish = cfg.lost = digest_finish;
  cfg.finish_ctx = &d;
  CU_ASSERT(serve_run(&cfg, &src, t, NULL));
  wl_trace_close(file);
  errs_destroy(errs);
  return d.sum;
}

/* kv: share of the memory for the cache that is left. Returns what happened under all ways of filling iterations. */
static struct serve_totals both_modes(const struct sim_replica *r, const char *trace, double kv) {
  struct serve_setup s;
  struct serve_memory m;
  struct serve_cost cost;
  struct serve_config cfg;
  struct serve_totals a, b, all = {0};
  char why[200];
  CU_ASSERT_FATAL(serve_setup_make(r, &s, why, sizeof why));
  serve_memory_of(&s, r, &m);
  serve_cost_build(&cost, &s, 8192, 1024);
  serve_config_of(r, &s, &cost, kv * m.kv_tokens, &cfg);
  for (int p = 0; p < WL_POLICIES; p++) {
    cfg.batching = serve_batchings[p];
    CU_ASSERT_EQUAL(one_pass(&cfg, trace, SERVE_COALESCED, &a), one_pass(&cfg, trace, SERVE_LITERAL, &b));
    same_totals(&a, &b);
    CU_ASSERT_EQUAL(a.arrived, a.finished + a.rejected + a.timed_out);
    CU_ASSERT((a.hit_tokens > 0) == (r->prefix_cache == SIM_PREFIX_ON));
    all.rejected += a.rejected;
    all.timed_out += a.timed_out;
    all.preemptions += a.preemptions;
    all.swapped += a.swapped;
  }
  serve_cost_free(&cost);
  return all;
}

static void test_published_traces(void) {
  struct sim_replica r = llama_70b();
  struct sim_replica_fit fit;
  both_modes(&r, "scenarios/traces/azure-conv.csv", 1);
  r.prefix_cache = SIM_PREFIX_OFF;
  both_modes(&r, "scenarios/traces/mooncake-conversation.jsonl", 1);
  r.prefix_cache = SIM_PREFIX_ON;
  both_modes(&r, "scenarios/traces/mooncake-conversation.jsonl", 1);
  r.prefix_cache = SIM_PREFIX_OF_ENGINE;
  r = replica("DeepSeek-R1", "DGX-H200");
  CU_ASSERT_FATAL(sim_replica_choose(&r, 20000, &fit));
  both_modes(&fit.replica, NULL, 1);
}

/* Priorities and tenants made of the lengths; caches so small that sequences must go. */
static void test_published_traces_under_policies(void) {
  static const char *const queue[] = {"priority", "fair"};
  struct sim_replica r = llama_70b(), r1 = replica("DeepSeek-R1", "DGX-H200");
  struct sim_replica_fit fit;
  CU_ASSERT_FATAL(sim_replica_choose(&r1, 20000, &fit));
  for (int i = 0; i < 2; i++) {
    struct sim_policies p = {.queue = queue[i], .victim = i ? "smallest" : "lowest", .preemption = i ? "recompute" : "swap", .admission = "wait", .max_wait_s = 300, .timeout_s = 120};
    r.policies = p;
    struct serve_totals t = both_modes(&r, "scenarios/traces/azure-conv.csv", 0.2);
    CU_ASSERT(t.rejected > 100 && t.timed_out > 100 && t.preemptions > 50 && (t.swapped > 0) == !i);
    r.prefix_cache = SIM_PREFIX_ON;
    t = both_modes(&r, "scenarios/traces/mooncake-conversation.jsonl", 1);
    CU_ASSERT(t.rejected > 100 && t.timed_out > 100);
    r.prefix_cache = SIM_PREFIX_OF_ENGINE;
    fit.replica.policies = p;
    fit.replica.policies.timeout_s = 3;
    t = both_modes(&fit.replica, NULL, 0.05);
    CU_ASSERT(t.preemptions > 100);
  }
}

int main(void) {
  static const struct cu_case cases[] = {
      {"published traces in both modes", test_published_traces},
      {"published traces in both modes under other policies", test_published_traces_under_policies},
  };
  return serve_main("serve_traces", cases, sizeof cases / sizeof *cases);
}
