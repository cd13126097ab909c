/* Serving, alone and in clusters: simulated requests a second on the Azure conversation trace (Llama-2-70B on four A100, reading the trace and sketching latencies included) and on a day
 * of the R1 service, literal iterations a second, and megabytes of trace read a second. */
#include <stdio.h>
#include <stdlib.h>
#include "base/datadir.h"
#include "base/mem.h"
#include "bench/bench.h"
#include "sim/serve_cluster.h"
#include "workloads/trace.h"
#include "workloads/trace_make.h"

static struct hw_catalog *catalog;
static struct wl_models *models;
static struct arena *arena;
static struct errs *errs;

static bool trace_next(void *ctx, struct sim_request *r) {
  struct wl_trace_request q;
  if (!wl_trace_next(ctx, &q))
    return false;
  *r = (struct sim_request){.arrival_s = q.arrival_s, .input = q.input, .output = q.output, .blocks = q.hashes, .block = q.hash};
  return true;
}

static bool make_next(void *ctx, struct sim_request *r) {
  struct wl_trace_request q;
  if (!wl_generator_next(ctx, &q))
    return false;
  *r = (struct sim_request){.arrival_s = q.arrival_s, .input = q.input, .output = q.output, .blocks = q.hashes, .block = q.hash};
  return true;
}

static struct sim_replica chosen(const char *model, const char *server, int gpus, double longest) {
  struct sim_replica r = {.catalog = catalog, .model = wl_model_find(models, model), .server = hw_server_find(catalog, server), .year = 2025, .gpus = gpus, .tp = gpus};
  struct sim_replica_fit fit;
  return sim_replica_choose(&r, longest, &fit) ? fit.replica : r;
}

static struct wl_trace *azure(void) {
  return wl_trace_open(datadir_path(arena, "scenarios/traces/azure-conv.csv"), NULL, 0, errs);
}

static double replay_azure(enum sim_serve_mode mode, bool iterations) {
  struct sim_replica r = chosen("Llama-2-70B", "DGX-A100-640", 4, 4096);
  struct sim_serve_result s;
  double start = bench_now_s();
  struct wl_trace *t = azure();
  bool ok = sim_serve_replay(&r, trace_next, t, 2, 0.1, mode, NULL, &s);
  wl_trace_close(t);
  double took = bench_now_s() - start;
  return !ok ? 0 : (iterations ? (double)s.iterations : (double)s.finished) / took;
}

static double requests_azure_conv(void) { return replay_azure(SERVE_COALESCED, false); }

/* A replica's share of the day, so that it is loaded as in a fleet. */
static double day(enum sim_serve_mode mode, bool iterations) {
  static struct wl_curve *c;
  static struct wl_hist *in, *out;
  if (!c) {
    c = wl_curve_load(arena, datadir_path(arena, "scenarios/traces/r1-day-rate.csv"), errs);
    in = wl_hist_load(arena, datadir_path(arena, "scenarios/traces/r1-input.csv"), errs);
    out = wl_hist_load(arena, datadir_path(arena, "scenarios/traces/r1-output.csv"), errs);
    wl_curve_scale_to_mean(c, 0.6);
  }
  struct sim_replica r = chosen("DeepSeek-R1", "DGX-H200", 8, 32768);
  struct wl_generator g = {.rate = c, .input = in, .output = out, .end_s = 86400};
  struct sim_serve_result s;
  double start = bench_now_s();
  bool ok = wl_generator_start(&g, 1) && sim_serve_replay(&r, make_next, &g, 5, 0.1, mode, NULL, &s);
  double took = bench_now_s() - start;
  return !ok ? 0 : (iterations ? (double)s.iterations : (double)s.finished) / took;
}

static double requests_r1_day(void) { return day(SERVE_COALESCED, false); }
static double literal_iterations(void) { return day(SERVE_LITERAL, true); }

/* The same trace at sixteen times its rate over sixteen replicas, the least loaded first: what a cluster adds to an event. */
struct repeat {
  struct wl_trace *t;
  int left, copies;
  struct sim_request r;
};

static bool repeat_next(void *ctx, struct sim_request *r) {
  struct repeat *p = ctx;
  if (p->left == 0) {
    if (!trace_next(p->t, &p->r))
      return false;
    p->left = p->copies;
  }
  p->left--;
  *r = p->r;
  return true;
}

static double cluster(int replicas) {
  static const struct sim_class all = {.name = "all", .share = 1, .ttft_s = 2, .tpot_s = 0.1};
  struct sim_pool pool = {.name = "all", .replica = chosen("Llama-2-70B", "DGX-A100-640", 4, 4096), .replicas = replicas};
  struct repeat feed = {.copies = replicas};
  struct sim_cluster c = {.pool = &pool, .pools = 1, .class = &all, .classes = 1, .next = repeat_next, .next_ctx = &feed};
  struct sim_cluster_result r;
  char why[240];
  double start = bench_now_s();
  feed.t = azure();
  bool ok = sim_cluster_replay(&c, &r, why, sizeof why);
  wl_trace_close(feed.t);
  double took = bench_now_s() - start, done = (double)r.whole.finished;
  sim_cluster_result_free(&r);
  return ok ? done / took : 0;
}

static double requests_cluster_1(void) { return cluster(1); }
static double requests_cluster_16(void) { return cluster(16); }

static double trace_mb(void) {
  struct wl_trace_request r;
  double start = bench_now_s();
  struct wl_trace *t = azure();
  while (wl_trace_next(t, &r)) {
  }
  double mb = (double)wl_trace_bytes(t) * 1e-6;
  wl_trace_close(t);
  return mb / (bench_now_s() - start);
}

int main(void) {
  errs = errs_create();
  arena = arena_create();
  const char *hw = datadir_path(arena, "hwmodels/catalog"), *wl = datadir_path(arena, "workloads/catalog/models");
  catalog = hw_catalog_load(&hw, 1, errs);
  models = wl_models_load(&wl, 1, errs);
  for (size_t i = 0; i < errs_count(errs); i++)
    fprintf(stderr, "%s\n", errs_text(errs, i));
  static const struct bench list[] = {{"requests_azure_conv", "requests/s", requests_azure_conv}, {"requests_r1_day", "requests/s", requests_r1_day},
                                      {"requests_cluster_1", "requests/s", requests_cluster_1}, {"requests_cluster_16", "requests/s", requests_cluster_16},
                                      {"literal_iterations", "iterations/s", literal_iterations}, {"trace_mb", "MB/s", trace_mb}};
  int code = catalog && models ? bench_main(list, sizeof list / sizeof *list, 5) : EXIT_FAILURE;
  wl_models_free(models);
  hw_catalog_free(catalog);
  arena_destroy(arena);
  errs_destroy(errs);
  return code;
}
