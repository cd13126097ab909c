#include "tests/serve_fixture.h"
#include <stdio.h>
#include "base/datadir.h"
#include "tests/serve_random.h"
#include "workloads/trace.h"

struct hw_catalog *catalog;
struct wl_models *models;
struct arena *arena;

static void load(void) {
  struct errs *errs = errs_create();
  arena = arena_create();
  const char *hw = datadir_path(arena, "hwmodels/catalog"), *wl = datadir_path(arena, "workloads/catalog/models");
  catalog = hw_catalog_load(&hw, 1, errs);
  models = wl_models_load(&wl, 1, errs);
  for (size_t i = 0; i < errs_count(errs); i++)
    puts(errs_text(errs, i));
  errs_destroy(errs);
}

struct sim_replica replica(const char *model, const char *server) {
  return (struct sim_replica){.catalog = catalog, .model = wl_model_find(models, model), .server = hw_server_find(catalog, server), .year = 2025};
}

void play(const struct sim_replica *r, double rate, enum sim_serve_mode mode, struct sim_serve_result *ret) {
  struct feed f;
  feed_start(&f, 400, rate, 2000, 400, 7);
  CU_ASSERT_FATAL(sim_serve_replay(r, feed_next, &f, 5, 0.1, mode, NULL, ret));
}

struct sim_replica llama_70b(void) {
  struct sim_replica r = replica("Llama-2-70B", "DGX-A100-640");
  struct sim_replica_fit fit;
  r.gpus = r.tp = 4;
  CU_ASSERT_FATAL(sim_replica_choose(&r, 4096, &fit));
  return fit.replica;
}

bool from_trace(void *ctx, struct sim_request *r) {
  struct wl_trace_request q;
  if (!wl_trace_next(ctx, &q))
    return false;
  *r = (struct sim_request){.arrival_s = q.arrival_s, .input = q.input, .output = q.output, .blocks = q.hashes, .block = q.hash,
                             .priority = q.input % 3, .tenant = q.output % 4};
  return true;
}

int serve_main(const char *suite, const struct cu_case *cases, size_t n) {
  load();
  int code = cu_main(suite, cases, n);
  wl_models_free(models);
  hw_catalog_free(catalog);
  arena_destroy(arena);
  return code;
}
