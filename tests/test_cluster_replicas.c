/* Clusters of replicas of the catalog on published traces: one is that replica alone, parts add up, caches are found again and sent. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "base/datadir.h"
#include "base/mem.h"
#include "sim/serve_cluster_core.h"
#include "tests/cu.h"
#include "workloads/trace.h"

static struct hw_catalog *catalog;
static struct wl_models *models;
static struct arena *arena;
static struct errs *errs;

static void load_catalogs(void) {
  errs = errs_create();
  arena = arena_create();
  const char *hw = datadir_path(arena, "hwmodels/catalog"), *wl = datadir_path(arena, "workloads/catalog/models");
  catalog = hw_catalog_load(&hw, 1, errs);
  models = wl_models_load(&wl, 1, errs);
}

static struct sim_replica llama_70b(const char *server) {
  struct sim_replica r = {.catalog = catalog, .model = wl_model_find(models, "Llama-2-70B"), .server = hw_server_find(catalog, server), .year = 2025, .gpus = 4, .tp = 4};
  struct sim_replica_fit fit;
  CU_ASSERT_FATAL(sim_replica_choose(&r, 16384, &fit));
  return fit.replica;
}

static bool from_trace(void *ctx, struct sim_request *r) {
  struct wl_trace_request q;
  if (!wl_trace_next(ctx, &q))
    return false;
  *r = (struct sim_request){.arrival_s = q.arrival_s, .input = q.input, .output = q.output, .blocks = q.hashes, .block = q.hash};
  return true;
}

static struct wl_trace *trace(const char *file) {
  struct wl_trace *t = wl_trace_open(datadir_path(arena, file), NULL, 0, errs);
  CU_ASSERT_PTR_NOT_NULL_FATAL(t);
  return t;
}

static struct sim_cluster_result replay(struct sim_cluster *c, const char *file) {
  static const struct sim_class all = {.name = "all", .share = 1, .ttft_s = 5, .tpot_s = 0.1};
  struct sim_cluster_result r;
  char why[240] = "";
  struct wl_trace *t = trace(file);
  if (!c->class) {
    c->class = &all;
    c->classes = 1;
  }
  c->next = from_trace;
  c->next_ctx = t;
  bool ok = sim_cluster_replay(c, &r, why, sizeof why);
  CU_ASSERT_STRING_EQUAL(why, "");
  CU_ASSERT_FATAL(ok);
  wl_trace_close(t);
  return r;
}

static const char azure[] = "scenarios/traces/vidur-conv.csv", mooncake[] = "scenarios/traces/mooncake-conversation.jsonl";

/* A cluster of one replica gives the figures of that replica alone. */
static void test_one_replica(void) {
  struct sim_pool pool = {.name = "all", .replica = llama_70b("DGX-A100-640"), .replicas = 1, .usd_per_gpu_h = 2};
  struct sim_cluster c = {.pool = &pool, .pools = 1};
  struct sim_serve_result alone;
  struct sim_cluster_result r = replay(&c, azure);
  struct wl_trace *t = trace(azure);
  CU_ASSERT_FATAL(sim_serve_replay(&pool.replica, from_trace, t, 5, 0.1, SERVE_COALESCED, NULL, &alone));
  wl_trace_close(t);
  CU_ASSERT_EQUAL(r.whole.finished, alone.finished);
  CU_ASSERT_EQUAL(r.whole.iterations, alone.iterations);
  for (int i = 0; i < 5; i++) {
    CU_ASSERT_EQUAL(r.whole.ttft_s[i], alone.ttft_s[i]);
    CU_ASSERT_EQUAL(r.whole.tpot_s[i], alone.tpot_s[i]);
    CU_ASSERT_EQUAL(r.whole.e2e_s[i], alone.e2e_s[i]);
  }
  CU_CLOSE(r.whole.slo_attainment, alone.slo_attainment, 1e-12);
  CU_CLOSE(r.whole.batch_mean, alone.batch_mean, 1e-9);
  CU_CLOSE(r.whole.energy_j, alone.energy_j, 1e-6);
  CU_CLOSE(r.whole.busy, alone.activity.busy, 1e-9);
  CU_CLOSE(r.whole.usd, 2 * 4 * alone.span_s / 3600, 1e-9);
  double billed = (r.whole.input_tokens * r.whole.usd_per_mtoken_input + r.whole.output_tokens * r.whole.usd_per_mtoken_output) / 1e6;
  CU_CLOSE(billed, r.whole.usd, 1e-9); /* the kinds share the whole */
  sim_cluster_result_free(&r);
}

/* Replicas of two servers, two tenants: pools and classes each add up to the whole. */
static void test_parts_add_up(void) {
  struct sim_pool pool[2] = {{.name = "a", .replica = llama_70b("DGX-A100-640"), .replicas = 2, .usd_per_gpu_h = 2}, {.name = "h", .replica = llama_70b("DGX-H100-640"), .replicas = 1, .usd_per_gpu_h = 4}};
  static const struct sim_class two[2] = {{.name = "chat", .share = 3, .ttft_s = 1, .tpot_s = 0.05}, {.name = "batch", .share = 1}};
  struct sim_cluster c = {.pool = pool, .pools = 2, .class = two, .classes = 2, .seed = 7};
  struct sim_cluster_result r = replay(&c, azure);
  CU_ASSERT_EQUAL(r.whole.finished, r.pool[0].finished + r.pool[1].finished);
  CU_ASSERT_EQUAL(r.whole.finished, r.class[0].finished + r.class[1].finished);
  CU_CLOSE(r.whole.energy_j, r.pool[0].energy_j + r.pool[1].energy_j, 1e-12);
  CU_CLOSE(r.whole.usd, r.pool[0].usd + r.pool[1].usd, 1e-12);
  CU_CLOSE(r.whole.replicas, 3, 1e-9);
  CU_CLOSE((double)r.class[0].finished / (double)r.whole.finished, 0.75, 0.05);
  CU_ASSERT_EQUAL(r.class[1].slo_attainment, 1); /* asks for nothing */
  CU_ASSERT(r.pool[1].ttft_s[SERVE_MEAN] < r.pool[0].ttft_s[SERVE_MEAN]);
  sim_cluster_result_free(&r);
}

/* Prompts that share prefixes: where they are cached is where they should go. */
static void test_prefix_router(void) {
  struct sim_pool pool = {.name = "all", .replica = llama_70b("DGX-H200"), .replicas = 8, .usd_per_gpu_h = NAN};
  struct sim_cluster c = {.pool = &pool, .pools = 1, .router = &serve_router_round_robin, .match_share = 0.3, .apart_requests = 64, .apart_ratio = 1.5};
  struct sim_cluster_result turn = replay(&c, mooncake);
  c.router = &serve_router_prefix;
  struct sim_cluster_result prefix = replay(&c, mooncake);
  CU_ASSERT(prefix.whole.hit_tokens > 1.2 * turn.whole.hit_tokens);
  CU_ASSERT(isnan(prefix.whole.usd) && isnan(prefix.whole.usd_per_mtoken_output));
  sim_cluster_result_free(&turn);
  sim_cluster_result_free(&prefix);
}

/* Caches over the NICs of the catalog: no transfer is faster than its bytes over the ports of its ranks, and a server without a network is told. */
static void test_split_replicas(void) {
  struct sim_pool pool[2] = {{.name = "read", .role = SIM_PREFILL, .replica = llama_70b("DGX-H100-640"), .replicas = 2}, {.name = "write", .role = SIM_DECODE, .replica = llama_70b("DGX-H100-640"), .replicas = 2}};
  struct sim_cluster c = {.pool = pool, .pools = 2};
  struct sim_cluster_result r = replay(&c, azure);
  CU_ASSERT_EQUAL(r.whole.finished, 2000);
  CU_ASSERT(r.whole.transfer_s[SERVE_P50] > 80 * 2 * 8 * 128 * 2 * 500 / (4 * 50e9) && r.whole.transfer_s[SERVE_P99] < 0.1);
  CU_ASSERT(r.pool[0].output_tokens == 0 && r.pool[1].output_tokens > 0);
  CU_ASSERT(r.pool[0].compute > 2 * r.pool[1].compute && r.pool[1].network > 0 && r.pool[1].network < 0.1);
  sim_cluster_result_free(&r);
}

static void test_start(void) {
  struct sim_replica r = llama_70b("DGX-A100-640");
  double load, start = sim_start_s(&r, &load);
  CU_CLOSE(load, 138e9 / 25e9, 0.01); /* half the node's drives; PCIe has four GPUs to share it among */
  CU_CLOSE(start - load, 59, 1e-9);
}

int main(void) {
  load_catalogs();
  static const struct cu_case cases[] = {
      {"one replica", test_one_replica},
      {"parts add up", test_parts_add_up},
      {"prefix router", test_prefix_router},
      {"split replicas", test_split_replicas},
      {"start", test_start},
  };
  int code = cu_main("cluster_replicas", cases, sizeof cases / sizeof *cases);
  wl_models_free(models);
  hw_catalog_free(catalog);
  arena_destroy(arena);
  errs_destroy(errs);
  return code;
}
