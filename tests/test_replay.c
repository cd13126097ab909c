/* A replay as an option's work: what the years say is what the replay found, the kinds of tokens share out the money, and the parts of the traffic add up. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "base/datadir.h"
#include "scenarios/scenario.h"
#include "sim/serve.h"
#include "tests/cu.h"

static struct hw_catalog *catalog;
static struct wl_models *models;
static struct arena *arena;
static struct errs *errs;

/* ---- figures of a run ---- */
enum { MOST = 4096 };
static struct figure {
  char option[32], scope[48], name[48];
  double value;
} figure[MOST];
static int figures;

static void keep(void *ctx, const struct rec_metric *m) {
  struct figure *f = &figure[figures++];
  (void)ctx;
  CU_ASSERT_FATAL(figures < MOST);
  snprintf(f->option, sizeof f->option, "%s", m->option);
  snprintf(f->scope, sizeof f->scope, "%s", m->scope);
  snprintf(f->name, sizeof f->name, "%s", m->name);
  f->value = m->value;
}

static double of(const char *option, const char *scope, const char *name) {
  for (int i = 0; i < figures; i++)
    if (!strcmp(figure[i].option, option) && !strcmp(figure[i].scope, scope) && !strcmp(figure[i].name, name))
      return figure[i].value;
  return NAN;
}

static int play(const char *const *set, size_t n) {
  struct sim_listener out = {.metric = keep};
  figures = 0;
  struct sim_spec *s = sc_scenario_load(datadir_path(arena, "scenarios/serve-cluster.yaml"), set, n, &(struct sc_library){.catalog = catalog, .models = models}, errs);
  for (size_t i = 0; i < errs_count(errs); i++)
    puts(errs_text(errs, i));
  CU_ASSERT_FATAL(s != NULL);
  int status = sim_run(s, &(struct sim_run_opts){.seed = 1, .replicas = -1, .jobs = 1}, &out, errs);
  sc_scenario_free(s);
  CU_ASSERT_EQUAL(errs_count(errs), 0);
  return status;
}

/* ---- tests ---- */
static double hours(const char *o) { return of(o, "replay", "gpu_hours_provisioned") / (of(o, "replay", "replicas_mean") * 4); }

/* Every token of the replay at its kind's price is what its GPU-hours cost at the option's cost of an allocated one. */
static void test_prices_add_up(void) {
  static const char *const option[] = {"prefix", "apart", "by-load"};
  for (int i = 0; i < 3; i++) {
    const char *o = option[i];
    double s = hours(o) * 3600, input = of(o, "replay", "input_tok_per_s") * s, hit = input * of(o, "replay", "hit_share"), output = of(o, "replay", "output_tok_per_s") * s;
    double bill = ((input - hit) * of(o, "replay", "usd_per_mtoken_read") + hit * of(o, "replay", "usd_per_mtoken_cached") + output * of(o, "replay", "usd_per_mtoken_written")) / 1e6;
    CU_ASSERT(hit > 0.1 * input);
    CU_CLOSE(bill, of(o, "replay", "gpu_hours_provisioned") * of(o, "whole", "tco_usd") / of(o, "whole", "gpu_hours"), 1e-6);
  }
}

static void test_years_repeat_it(void) {
  static const char *const same[] = {"ttft_p50_ms", "ttft_p99_ms", "tpot_p95_ms", "slo_attainment", "output_tok_per_s"};
  for (int i = 0; i < 5; i++)
    CU_CLOSE(of("apart", "whole", same[i]), of("apart", "replay", same[i]), 1e-6);
  double year_h = of("prefix", "whole", "gpu_hours_provisioned") / 32; /* four servers of eight, all the time */
  CU_ASSERT(year_h > 26270 && year_h < 26310);
  CU_CLOSE(of("prefix", "whole", "energy_it_mwh"), of("prefix", "replay", "joule_per_token") * of("prefix", "replay", "output_tok_per_s") * year_h * 3600 / 3.6e9, 1e-6);
  /* rented by the load: what is there is paid */
  CU_CLOSE(of("by-load", "whole", "gpu_hours"), of("by-load", "replay", "replicas_mean") * 4 * year_h, 1e-6);
  CU_CLOSE(of("by-load", "whole", "gpu_hours_provisioned"), of("by-load", "whole", "gpu_hours"), 1e-6);
}

static void test_traffic_adds_up(void) {
  static const char *const option[] = {"colocated", "prefix", "apart"};
  for (int i = 0; i < 3; i++) {
    double chat = of(option[i], "replay:chat", "requests"), agents = of(option[i], "replay:agents", "requests");
    CU_ASSERT_EQUAL(chat + agents, 1200);
    CU_CLOSE(of(option[i], "replay", "slo_attainment"), (chat * of(option[i], "replay:chat", "slo_attainment") + agents * of(option[i], "replay:agents", "slo_attainment")) / 1200, 1e-9);
    CU_CLOSE(chat / 1200, 0.75, 0.05);
  }
  CU_ASSERT_EQUAL(of("apart", "replay:layer-0", "requests"), 1200);
  CU_ASSERT(isnan(of("apart", "replay:layer-0", "tpot_p50_ms")) && of("apart", "replay:layer-1", "tpot_p50_ms") > 0);
  CU_ASSERT_EQUAL(of("colocated", "replay", "hit_share"), 0);
  CU_ASSERT(isnan(of("colocated", "replay", "transfer_p50_ms")));
}

/* Twice the rate and growth that makes it twice the rate are the same load, and a heavier one. */
static void test_scaled(void) {
  static const char *const twice[] = {"work.replay.scale=2"}, *const grown[] = {"work.replay.growth=100 %/yr", "work.replay.ahead=1 yr"}, *const few[] = {"work.replay.requests=100"};
  double before = of("prefix", "replay", "ttft_p95_ms");
  play(twice, 1);
  double scaled = of("prefix", "replay", "ttft_p95_ms");
  play(grown, 2);
  CU_ASSERT(scaled > 1.2 * before);
  CU_ASSERT_EQUAL(of("prefix", "replay", "ttft_p95_ms"), scaled);
  play(few, 1);
  CU_ASSERT_EQUAL(of("prefix", "replay", "requests"), 100);
}

/* What cannot be played is infeasible and says so; the others go on. */
static void test_not_playable(void) {
  static const char *const set[] = {"options.prefix.layers.0.count=1", "work.replay.replica={nodes: 2, weights: fp8}", "options.apart.layers.0.count=2", "options.apart.layers.1.count=2",
                                    "work.replay.unmet=report",        "options.by-load.layers.0.autoscale={target: 3, initial: 3}"};
  CU_ASSERT_EQUAL(play(set, 6), 0);
  CU_ASSERT_EQUAL(of("prefix", "whole", "feasible"), 0); /* one server is no replica of two */
  CU_ASSERT(isnan(of("prefix", "replay", "requests")));
  CU_ASSERT_EQUAL(of("apart", "whole", "feasible"), 1);
}

/* A layout that the scenario leaves to the program shows only then that fewer replicas stand on the servers than autoscale asks for. */
static void test_too_few_replicas(void) {
  static const char *const set[] = {"options.by-load.layers.0.autoscale={target: 3, min: 48}", "work.replay.replica={weights: bf16}", "work.replay.unmet=report"};
  CU_ASSERT_EQUAL(play(set, 3), 0);
  CU_ASSERT_EQUAL(of("by-load", "whole", "feasible"), 0);
  CU_ASSERT_EQUAL(of("prefix", "whole", "feasible"), 1);
}

/* What answers nothing costs the least where it is rented by the load, and does no work, asked for a service level or not. */
static void test_nothing_answered(void) {
  static const char *const set[] = {"work.replay={model: Llama-3.3-70B, rate: 1 req/s, input_tokens: 1e8 token, output_tokens: 10 token, duration: 10 s, unmet: report}"};
  CU_ASSERT_EQUAL(play(set, 1), 3);
  CU_ASSERT_EQUAL(of("by-load", "whole", "feasible"), 0);
  CU_ASSERT(of("by-load", "replay", "lost_requests") > 0);
}

static void play_first(void) { CU_ASSERT_EQUAL(play(NULL, 0), 0); }

int main(void) {
  static const struct cu_case cases[] = {{"play", play_first},           {"prices add up", test_prices_add_up}, {"years repeat it", test_years_repeat_it}, {"traffic adds up", test_traffic_adds_up},
                                         {"scaled", test_scaled},        {"not playable", test_not_playable},  {"too few replicas", test_too_few_replicas},  {"nothing answered", test_nothing_answered}};
  arena = arena_create();
  errs = errs_create();
  const char *hw = datadir_path(arena, "hwmodels/catalog"), *wl = datadir_path(arena, "workloads/catalog/models");
  catalog = hw_catalog_load(&hw, 1, errs);
  models = wl_models_load(&wl, 1, errs);
  int code = cu_main("replay", cases, sizeof cases / sizeof *cases);
  wl_models_free(models);
  hw_catalog_free(catalog);
  errs_destroy(errs);
  arena_destroy(arena);
  return code;
}
