#include "tests/train_fixture.h"
#include <stdio.h>
#include "base/datadir.h"
#include "base/err.h"

struct train_shared shared;

static void load_shared(void) {
  struct errs *errs = errs_create();
  shared.arena = arena_create();
  const char *hw = datadir_path(shared.arena, "hwmodels/catalog"),
             *models = datadir_path(shared.arena, "workloads/catalog/models");
  shared.catalog = hw_catalog_load(&hw, 1, errs);
  shared.models = wl_models_load(&models, 1, errs);
  for (size_t i = 0; i < errs_count(errs); i++)
    printf("%s\n", errs_text(errs, i));
  errs_destroy(errs);
}

struct sim_train_job job(const char *gpu, const char *model, int gpus, double seq_len, double batch,
                                struct sim_plan plan) {
  const struct hw_gpu *g = hw_gpu_find(shared.catalog, gpu);
  const struct wl_model *m = wl_model_find(shared.models, model);
  CU_ASSERT_PTR_NOT_NULL_FATAL(g);
  CU_ASSERT_PTR_NOT_NULL_FATAL(m);
  return (struct sim_train_job){.catalog = shared.catalog,
                                .server = hw_server_generic(shared.catalog, g, 8, 0),
                                .model = m,
                                .stack = "megatron-core 2024",
                                .gpus = gpus,
                                .seq_len = seq_len,
                                .global_batch = batch,
                                .plan = plan};
}

struct sim_step step(struct sim_train_job j) {
  struct sim_step s;
  bool ok = sim_train_step(&j, &s);
  if (!ok)
    printf("no step: %s\n", s.why);
  CU_ASSERT(ok);
  return s;
}

int train_main(const char *suite, const struct cu_case *cases, size_t n) {
  load_shared();
  return cu_main(suite, cases, n);
}
