/* Lives of options a second (one life = one option over 60 months in one drawn world), the serving surfaces reckoned beforehand as in a study: an owned fleet that
 * is added to, and a stack of a commitment below hourly capacity that may be refused. `money` has stated load and no serving: what the engine, the contracts and the ledger cost. */
#include <gsl/gsl_errno.h>
#include "base/datadir.h"
#include "bench/bench.h"
#include "sim/life.h"

static struct arena *arena;
static struct errs *errs;
static struct sim_serving serving;
static struct sim_layer own, stack[2], bought;
static struct sim_option option[2] = {{.name = "own", .layer = &own, .n = 1}, {.name = "stack", .layer = stack, .n = 2}};
static struct sim_option sum = {.name = "sum", .layer = &bought, .n = 1};
static struct sim_spec served, money;

static struct sim_layer owned(const struct hw_server *server) {
  return (struct sim_layer){.owned = true, .server = server, .count = -1, .price_usd = dist_point(312667), .lead_time_s = dist_point(112 * 86400.0), .expand = true, .label = "own"};
}

static struct sim_layer rented(const struct hw_server *server, const char *term, int months, double usd) {
  return (struct sim_layer){.server = server, .count = -1, .term = term, .term_months = months, .usd_per_h = dist_point(usd), .p_success = dist_point(0.9), .retry_s = 3600,
                            .region = "us-east-1", .label = term};
}

static void serving_make(const struct wl_models *models) {
  serving = (struct sim_serving){.name = "r1", .weekly = {1, 1, 1, 1, 1, 0.8, 0.8}, .growth_per_yr = dist_point(0.25), .slo = {5, 0.1, 0.95, 0.95}};
  serving.replica = (struct sim_replica){.model = wl_model_find(models, "DeepSeek-R1"), .engine = "", .weights = DT_COUNT, .kv = DT_COUNT};
  serving.rate = wl_curve_load(arena, datadir_path(arena, "scenarios/traces/r1-day-rate.csv"), errs);
  serving.input = wl_hist_load(arena, datadir_path(arena, "scenarios/traces/r1-input.csv"), errs);
  serving.output = wl_hist_load(arena, datadir_path(arena, "scenarios/traces/r1-output.csv"), errs);
}

static void specs_make(const struct hw_catalog *catalog, const struct wl_models *models) {
  const struct hw_server *h200 = hw_server_find(catalog, "HGX-H200"), *p5 = hw_server_find(catalog, "p5.48xlarge");
  serving_make(models);
  own = owned(h200);
  stack[0] = rented(p5, "3 yr", 36, 23.777);
  stack[0].cover = COVER_BASE;
  stack[1] = rented(p5, "on-demand", 0, 55.04);
  stack[1].cover = COVER_REST;
  served = (struct sim_spec){.catalog = catalog, .models = models, .as_of = {2026, 11, 9}, .start = {2026, 12, 1}, .months = 60, .serving = &serving, .n_serving = 1,
                             .option = option, .n_option = 2};
  bought = owned(h200);
  bought.count = 16;
  money = served;
  money.n_serving = 0;
  money.fixed = (struct sim_fixed_load){.present = true, .power_kw = dist_point(8), .utilization = dist_point(1)};
  money.option = &sum;
  money.n_option = 1;
}

static double lives_a_second(const struct sim_spec *spec, int which) {
  static struct world *world[2];
  static struct memo *memo[2];
  int k = spec == &money, n = 0;
  if (!world[k]) {
    world[k] = world_create(spec);
    memo[k] = memo_create(world[k], 1, 1);
  }
  double start = bench_cpu_s(), took = 0;
  for (; took < 0.2; took = bench_cpu_s() - start, n++) {
    struct life l;
    life_play(&l, world[k], memo[k], which, NULL, errs);
    life_free(&l);
  }
  return n / took;
}

static double replicas(void) { return lives_a_second(&served, 0); }
static double replicas_stack(void) { return lives_a_second(&served, 1); }
static double replicas_money(void) { return lives_a_second(&money, 0); }

int main(void) {
  gsl_set_error_handler_off();
  arena = arena_create();
  errs = errs_create();
  const char *catalog = datadir_path(arena, "hwmodels/catalog"), *models = datadir_path(arena, "workloads/catalog/models");
  specs_make(hw_catalog_load(&catalog, 1, errs), wl_models_load(&models, 1, errs));
  static const struct bench list[] = {
      {"replicas", "lives/s", replicas},
      {"replicas_stack", "lives/s", replicas_stack},
      {"replicas_money", "lives/s", replicas_money},
  };
  return errs_count(errs) ? 1 : bench_main(list, sizeof list / sizeof *list, 5);
}
