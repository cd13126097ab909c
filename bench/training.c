/* Layouts screened a second, one step of 2,048 GPUs, a 54-day run of 16,384 GPUs with failures. */
#include <stdio.h>
#include "base/datadir.h"
#include "base/mem.h"
#include "bench/bench.h"
#include "sim/train.h"

static struct hw_catalog *catalog;
static struct wl_models *models;

static struct sim_train_job job(const char *gpu, const char *model, const char *stack, int gpus, struct sim_plan plan) {
  return (struct sim_train_job){.catalog = catalog,
                                .server = hw_server_generic(catalog, hw_gpu_find(catalog, gpu), 8, 0),
                                .model = wl_model_find(models, model),
                                .stack = stack,
                                .gpus = gpus,
                                .seq_len = 4096,
                                .global_batch = 15360,
                                .plan = plan};
}

static double plans(void) {
  struct sim_train_job j = job("H800-SXM", "DeepSeek-V3", "hai-llm 2024-12", 2048,
                               (struct sim_plan){.zero = -1, .recompute = RECOMPUTE_AUTO, .precision = DT_FP8});
  struct sim_plan_search s;
  double from = bench_cpu_s();
  sim_train_search(&j, &s);
  return (double)s.screened / (bench_cpu_s() - from);
}

static double step_2048(void) {
  struct sim_train_job j =
      job("H800-SXM", "DeepSeek-V3", "hai-llm 2024-12", 2048,
          (struct sim_plan){.tp = 1, .pp = 16, .ep = 64, .zero = 1, .recompute = RECOMPUTE_AUTO, .precision = DT_FP8});
  struct sim_step s;
  double from = bench_cpu_s();
  sim_train_step(&j, &s);
  return bench_cpu_s() - from;
}

static double run_16384(void) {
  struct sim_train_job j = job("H100-SXM-80GB", "Llama-3.1-405B", "meta 2024", 16384,
                               (struct sim_plan){.tp = 8, .pp = 16, .vpp = 8, .zero = 1, .recompute = RECOMPUTE_AUTO});
  struct wl_phase p = {
      .name = "p", .kind = WL_PRETRAIN, .seq_len = 8192, .global_batch = 2048, .steps = 700000, .after = ""};
  struct wl_phases all = {&p, 1};
  struct sim_train_run_spec spec = {
      .job = j, .phases = &all, .failures_per_node_day = 0.0038, .restart_s = 600, .detect_s = 300, .seed = 1};
  struct sim_train_run r;
  double from = bench_cpu_s();
  sim_train_run(&spec, &r);
  sim_train_run_free(&r);
  return bench_cpu_s() - from;
}

int main(void) {
  struct arena *a = arena_create();
  struct errs *errs = errs_create();
  const char *hw = datadir_path(a, "hwmodels/catalog"), *shapes = datadir_path(a, "workloads/catalog/models");
  catalog = hw_catalog_load(&hw, 1, errs);
  models = wl_models_load(&shapes, 1, errs);
  static const struct bench list[] = {
      {"plans", "layouts/s", plans}, {"step_2048", "s", step_2048}, {"run_16384", "s", run_16384}};
  int code = catalog && models ? bench_main(list, sizeof list / sizeof *list, 5) : 1;
  wl_models_free(models);
  hw_catalog_free(catalog);
  errs_destroy(errs);
  arena_destroy(a);
  return code;
}
