/* Lives of options with work to do, serving and training, on servers and prices of the catalog. */
#include <gsl/gsl_errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "base/datadir.h"
#include "base/mem.h"
#include "sim/uncertainty.h"
#include "tests/cu.h"
#include "tests/life_fixture.h"

/* ---- serving: a distilled model on HGX H200 and p5 over two years ---- */
struct library {
  struct arena *arena;
  struct errs *errs;
  struct hw_catalog *catalog;
  struct wl_models *models;
};
static struct library lib;

static void library_open(void) {
  if (lib.catalog)
    return;
  lib = (struct library){arena_create(), errs_create(), NULL, NULL};
  const char *catalog = datadir_path(lib.arena, "hwmodels/catalog"), *models = datadir_path(lib.arena, "workloads/catalog/models");
  lib.catalog = hw_catalog_load(&catalog, 1, lib.errs);
  lib.models = wl_models_load(&models, 1, lib.errs);
  CU_ASSERT_PTR_NOT_NULL_FATAL(lib.catalog);
  CU_ASSERT_PTR_NOT_NULL_FATAL(lib.models);
}

/* A day with a trough of a third and a peak of twice the rate. */
static struct wl_curve *day(double rate) {
  struct wl_curve *c = arena_alloc(lib.arena, sizeof *c);
  *c = (struct wl_curve){.n = 24, .period_s = 86400};
  c->t_s = arena_alloc(lib.arena, 24 * sizeof(double));
  c->rate = arena_alloc(lib.arena, 24 * sizeof(double));
  for (int i = 0; i < 24; i++) {
    c->t_s[i] = 3600.0 * i;
    c->rate[i] = rate * (i < 8 ? 1 / 3.0 : i < 12 ? 1 : i < 20 ? 2 : 1);
  }
  return c;
}

struct served {
  struct fixture f;
  struct sim_serving serving;
};

/* Option 0 owns HGX-H200, option 1 rents p5.48xlarge; both as many as it takes. */
static void serve(struct served *s, double rate) {
  library_open();
  article(&s->f, (double)NAN);
  struct sim_spec *p = &s->f.spec;
  p->fixed.present = false;
  p->as_of = (struct date){2026, 11, 9};
  p->start = (struct date){2026, 12, 1};
  p->months = 24;
  p->hours_per_yr = 0;
  p->catalog = lib.catalog;
  p->models = lib.models;
  p->n_serving = 1;
  p->serving = &s->serving;
  s->serving = (struct sim_serving){.name = "chat", .rate = day(rate), .input = wl_hist_point(lib.arena, 1000), .output = wl_hist_point(lib.arena, 500),
                                    .weekly = {1, 1, 1, 1, 1, 0.8, 0.8}, .slo = {5, 0.1, 0.95, 0.95}, .unmet_excludes = true};
  s->serving.replica = (struct sim_replica){.model = wl_model_find(lib.models, "DeepSeek-R1-Distill-Llama-70B"), .engine = "", .weights = DT_COUNT, .kv = DT_COUNT};
  s->f.layer[0][0].server = hw_server_find(lib.catalog, "HGX-H200");
  s->f.layer[0][0].price_usd = dist_point(312667);
  s->f.layer[1][0].server = hw_server_find(lib.catalog, "p5.48xlarge");
  s->f.layer[1][0].usd_per_h = dist_point(55.04);
  s->f.layer[1][0].p_success = dist_point(1);
  s->f.layer[0][0].count = s->f.layer[1][0].count = -1;
  p->site.tariff_usd_per_kwh = dist_point(0.08);
}

static void least_that_serves_the_peak(void) {
  struct served s;
  struct heard h;
  serve(&s, 60);
  CU_ASSERT_EQUAL(play(&s.f.spec, &h), 0);
  int least = (int)whole(&h, "own", "servers");
  CU_ASSERT(least > 1);
  CU_ASSERT_EQUAL(whole(&h, "own", "feasible"), 1.0);
  CU_ASSERT(whole(&h, "own", "slo_attainment") >= 0.95);
  CU_ASSERT_EQUAL(whole(&h, "own", "unserved_requests"), 0.0);
  /* 2 x rate on weekdays, a third of it at night: mean 60 x (8/3 + 4 + 16 + 4) / 24 x (5 + 1.6) / 7 */
  CU_CLOSE(whole(&h, "own", "output_tok_per_s"), 500 * 60 * (8 / 3.0 + 24) / 24 * 6.6 / 7, 0.002);
  CU_ASSERT(whole(&h, "own", "load_factor") > 0.2 && whole(&h, "own", "load_factor") < 0.8);
  forget(&h);

  s.f.layer[0][0].count = least / 2; /* far too few: said so, with what would cure it, and no comparison */
  CU_ASSERT_EQUAL(play(&s.f.spec, &h), 0);
  CU_ASSERT_EQUAL(whole(&h, "own", "feasible"), 0.0);
  CU_ASSERT(whole(&h, "own", "slo_attainment") < 0.95);
  CU_ASSERT(isnan(whole(&h, "own", "npv_usd")));
  CU_ASSERT_PTR_NOT_NULL(strstr(h.events, "smallest cure"));
  forget(&h);
}

/* A fleet that is right for the first years and too small for the last does not do the work, however good the mean of all. */
static void good_years_do_not_make_up_for_a_bad_one(void) {
  struct served s;
  struct heard h;
  serve(&s, 60);
  s.f.spec.months = 36;
  CU_ASSERT_EQUAL(play(&s.f.spec, &h), 0);
  s.f.layer[0][0].count = (int)whole(&h, "own", "servers");
  forget(&h);
  CU_ASSERT_EQUAL(play(&s.f.spec, &h), 0);
  for (double growth = 0.005; in(&h, "own", "year-3", "slo_attainment") >= 0.95 && growth < 0.3; growth += 0.005) {
    CU_ASSERT_EQUAL(whole(&h, "own", "feasible"), 1.0);
    forget(&h);
    s.serving.growth_per_yr = dist_point(growth);
    CU_ASSERT_EQUAL(play(&s.f.spec, &h), 0);
  }
  CU_ASSERT(whole(&h, "own", "slo_attainment") >= 0.95);
  CU_ASSERT_EQUAL(whole(&h, "own", "feasible"), 0.0);
  CU_ASSERT_PTR_NOT_NULL(strstr(h.events, "of the requests of year 3 in time, 95 % asked"));
  forget(&h);
}

/* Where nothing is ever granted nothing is rented; and who serves nobody does no work, even where misses are only reported. */
static void nothing_is_granted(void) {
  struct served s;
  struct heard h;
  serve(&s, 60);
  s.serving.unmet_excludes = false;
  s.f.layer[1][0].scale = true;
  s.f.layer[1][0].retry_s = 3600;
  s.f.layer[1][0].p_success = dist_point(0);
  CU_ASSERT_EQUAL(play(&s.f.spec, &h), 0);
  CU_ASSERT_EQUAL(whole(&h, "own", "feasible"), 1.0);
  CU_ASSERT_EQUAL(whole(&h, "rent", "gpu_hours_provisioned"), 0.0);
  CU_ASSERT_EQUAL(whole(&h, "rent", "feasible"), 0.0);
  forget(&h);
}

/* By the hour one pays for what is used; a commitment is paid through the night. */
static void layers_of_commitments(void) {
  struct served s;
  struct heard hourly, year, stack;
  serve(&s, 60);
  struct sim_layer *y = s.f.layer[1];
  y[0].scale = true;
  CU_ASSERT_EQUAL(play(&s.f.spec, &hourly), 0);
  y[0].scale = false;
  y[0].term = "1 yr";
  y[0].term_months = 12;
  CU_ASSERT_EQUAL(play(&s.f.spec, &year), 0);
  CU_ASSERT(whole(&hourly, "rent", "gpu_hours_provisioned") < 0.8 * whole(&year, "rent", "gpu_hours_provisioned"));
  CU_ASSERT_EQUAL(whole(&hourly, "rent", "commitment_unused_usd"), 0.0);
  CU_ASSERT(whole(&year, "rent", "commitment_unused_usd") > 0);
  CU_ASSERT_EQUAL(whole(&year, "rent", "stranded_usd"), 0.0);

  /* the trough by the year at 35 USD/h, the rest by the hour at 55.04: the trough is never idle, and the sum is cheaper than either alone at its price */
  y[1] = y[0];
  y[0].cover = COVER_TROUGH;
  y[0].usd_per_h = dist_point(35);
  y[1].cover = COVER_REST;
  y[1].term = "on-demand";
  y[1].term_months = 0;
  s.f.option[1].n = 2;
  CU_ASSERT_EQUAL(play(&s.f.spec, &stack), 0);
  CU_CLOSE(whole(&stack, "rent", "commitment_unused_usd") + 1, 1, 1e-6);
  CU_ASSERT(in(&stack, "rent", "layer-0", "gpu_hours_provisioned") > 0);
  CU_ASSERT(whole(&stack, "rent", "tco_usd") < whole(&hourly, "rent", "tco_usd"));
  CU_ASSERT(whole(&stack, "rent", "slo_attainment") >= 0.95);
  double most = whole(&stack, "rent", "servers");
  forget(&hourly);
  forget(&year);
  forget(&stack);

  /* half a year before the end nobody signs a year at 35 who can have the half by the hour at 55.04: 12 x 35 > 6 x 55.04 */
  s.f.spec.months = 18;
  CU_ASSERT_EQUAL(play(&s.f.spec, &stack), 0);
  CU_ASSERT_EQUAL(whole(&stack, "rent", "stranded_usd"), 0.0);
  CU_ASSERT_PTR_NULL(strstr(stack.events, "renewed"));
  CU_ASSERT_EQUAL(whole(&stack, "rent", "servers"), most); /* the hourly layer takes over: no more at once than before */
  CU_ASSERT(whole(&stack, "rent", "servers") < in(&stack, "rent", "layer-0", "servers") + in(&stack, "rent", "layer-1", "servers"));
  CU_ASSERT(whole(&stack, "rent", "slo_attainment") >= 0.95);
  forget(&stack);
  y[1].usd_per_h = dist_point(75); /* 12 x 35 < 6 x 75 */
  CU_ASSERT_EQUAL(play(&s.f.spec, &stack), 0);
  CU_ASSERT(whole(&stack, "rent", "stranded_usd") > 0);
  CU_ASSERT_PTR_NOT_NULL(strstr(stack.events, "renewed"));
  CU_ASSERT_PTR_NOT_NULL(strstr(stack.events, ", 12 months, now"));
  forget(&stack);
}

static void demand_hazard_and_price_move_the_right_way(void) {
  struct served s;
  struct heard base, changed;
  serve(&s, 60);
  s.f.spec.reliability = (struct sim_reliability){.failures_per_node_day = dist_point(0.0065), .repair_s = dist_point(8000), .replace_rented_s = 1800};
  CU_ASSERT_EQUAL(play(&s.f.spec, &base), 0);

  s.serving.growth_per_yr = dist_point(0.5);
  CU_ASSERT_EQUAL(play(&s.f.spec, &changed), 0);
  CU_ASSERT(whole(&changed, "own", "tco_usd") > whole(&base, "own", "tco_usd"));
  CU_ASSERT(whole(&changed, "own", "servers") > whole(&base, "own", "servers"));
  CU_ASSERT(whole(&changed, "rent", "tco_usd") > whole(&base, "rent", "tco_usd"));
  s.serving.growth_per_yr = dist_point(0);
  forget(&changed);

  s.f.spec.reliability.failures_per_node_day = dist_point(0.5); /* the same hazard on both sides lowers both */
  CU_ASSERT_EQUAL(play(&s.f.spec, &changed), 0);
  CU_ASSERT(whole(&changed, "own", "availability") < whole(&base, "own", "availability"));
  CU_ASSERT(whole(&changed, "rent", "availability") < whole(&base, "rent", "availability"));
  CU_CLOSE(whole(&changed, "rent", "availability"), 1 / (1 + 0.5 / 86400 * 1800), 1e-6);
  s.f.spec.reliability.failures_per_node_day = dist_point(0.0065);
  forget(&changed);

  s.f.spec.site.tariff_usd_per_kwh = dist_point(0.16);
  CU_ASSERT_EQUAL(play(&s.f.spec, &changed), 0);
  CU_CLOSE(whole(&changed, "own", "tco_usd") - whole(&base, "own", "tco_usd"), whole(&base, "own", "energy_mwh") * 1000 * 0.08, 1e-9);
  CU_CLOSE(whole(&changed, "rent", "tco_usd"), whole(&base, "rent", "tco_usd"), 1e-12);
  forget(&changed);
  forget(&base);
}

/* Growth met by orders: with a lead time planned for, nobody waits; without expansion the whole is bought at the start. */
static void expansion(void) {
  struct served s;
  struct heard waves, once;
  serve(&s, 60);
  s.serving.growth_per_yr = dist_point(0.6);
  CU_ASSERT_EQUAL(play(&s.f.spec, &once), 0);
  s.f.layer[0][0].expand = true;
  s.f.layer[0][0].lead_time_s = dist_point(60 * 86400.0);
  CU_ASSERT_EQUAL(play(&s.f.spec, &waves), 0);
  CU_ASSERT_EQUAL(whole(&waves, "own", "servers"), whole(&once, "own", "servers"));
  CU_ASSERT(whole(&waves, "own", "gpu_hours_provisioned") < whole(&once, "own", "gpu_hours_provisioned"));
  CU_ASSERT_EQUAL(whole(&waves, "own", "feasible"), 1.0);
  CU_ASSERT_PTR_NOT_NULL(strstr(waves.events, "own expansion"));
  forget(&waves);
  s.f.layer[0][0].count = 3; /* a stated count stays, and says so */
  CU_ASSERT_EQUAL(play(&s.f.spec, &waves), 0);
  CU_ASSERT_EQUAL(whole(&waves, "own", "servers"), 3.0);
  CU_ASSERT_PTR_NOT_NULL(strstr(waves.events, "own assumption"));
  s.f.layer[0][0].count = -1;
  forget(&waves);
  forget(&once);

  s.f.spec.site.limit_kw = 40; /* holds fewer than are needed */
  CU_ASSERT_EQUAL(play(&s.f.spec, &once), 0);
  CU_ASSERT_EQUAL(whole(&once, "own", "feasible"), 0.0);
  CU_ASSERT(whole(&once, "own", "contracted_kw") <= 40);
  CU_ASSERT_PTR_NOT_NULL(strstr(once.events, "smallest cure"));
  forget(&once);
}

/* Full R1 needs more than one server of eight A100: an output, and said. */
static void what_does_not_fit(void) {
  struct served s;
  struct heard h;
  serve(&s, 1);
  s.serving.replica.model = wl_model_find(lib.models, "DeepSeek-R1");
  s.f.layer[0][0].server = hw_server_find(lib.catalog, "DGX-A100-640");
  s.f.layer[1][0].server = hw_server_find(lib.catalog, "p4d.24xlarge");
  s.serving.slo = (struct sim_slo){30, 0.5, 0.95, 0.95};
  CU_ASSERT_EQUAL(play(&s.f.spec, &h), 0);
  CU_ASSERT_EQUAL(whole(&h, "own", "min_nodes_per_replica"), 2.0);
  CU_ASSERT_EQUAL(whole(&h, "rent", "min_nodes_per_replica"), 3.0);
  forget(&h);

  s.f.layer[0][0].server = hw_server_find(lib.catalog, "T4-server"); /* no network: never */
  CU_ASSERT_EQUAL(play(&s.f.spec, &h), 0);
  CU_ASSERT_EQUAL(whole(&h, "own", "feasible"), 0.0);
  CU_ASSERT(isnan(whole(&h, "own", "tco_usd")));
  CU_ASSERT_PTR_NOT_NULL(strstr(h.events, "does not fit"));
  forget(&h);
}

/* ---- training: a fine-tuning of Llama 3.1 8B, once a year ---- */
struct trained {
  struct fixture f;
  struct sim_training training;
  struct sim_contract contract;
  struct wl_phases phases;
  struct wl_phase phase;
};

/* Option 0 owns two HGX-H200 that have nothing else to do; option 1 rents nothing but a block of p5 for the run. */
static void train(struct trained *t) {
  library_open();
  article(&t->f, 55.04);
  struct sim_spec *p = &t->f.spec;
  p->fixed.present = false;
  p->as_of = (struct date){2026, 11, 9};
  p->start = (struct date){2026, 12, 1};
  p->months = 24;
  p->catalog = lib.catalog;
  p->models = lib.models;
  t->phase = (struct wl_phase){.name = "sft", .kind = WL_SFT, .tokens = 2e9, .seq_len = 4096, .global_batch = 64, .after = ""};
  t->phase.steps = t->phase.tokens / t->phase.seq_len / t->phase.global_batch;
  t->phases = (struct wl_phases){&t->phase, 1};
  t->training = (struct sim_training){.name = "tune", .model = wl_model_find(lib.models, "Llama-3.1-8B"), .phases = &t->phases, .stack = "", .every_months = 12,
                                      .first = {2027, 1, 15}, .where = {"fleet", "block"}, .n_where = 2};
  t->training.plan.zero = -1;
  t->training.plan.precision = DT_COUNT;
  t->contract = (struct sim_contract){.name = "block", .server = hw_server_find(lib.catalog, "p5.48xlarge"), .usd_per_h = dist_point(39.33), .upfront = true,
                                      .min_s = 86400, .max_s = 182 * 86400.0};
  p->training = &t->training;
  p->n_training = 1;
  p->contract = &t->contract;
  p->n_contract = 1;
  t->f.layer[0][0].server = hw_server_find(lib.catalog, "HGX-H200");
  t->f.layer[0][0].count = 2;
  t->f.layer[1][0].server = hw_server_find(lib.catalog, "p5.48xlarge");
  t->f.layer[1][0].count = 0;
}

static void training_goes_where_it_is_cheapest(void) {
  struct trained t;
  struct heard h;
  train(&t);
  CU_ASSERT_EQUAL(play(&t.f.spec, &h), 0);
  double seconds = whole(&h, "rent", "time_to_train_s"), servers = in(&h, "rent", "training:tune", "gpus") / 8;
  CU_ASSERT(whole(&h, "own", "time_to_train_s") > 0 && seconds > 0);
  CU_ASSERT_PTR_NOT_NULL(strstr(h.events, "own phase: tune: 2 x HGX-H200 (fleet)"));
  CU_CLOSE(whole(&h, "own", "tco_usd"), 240000 + whole(&h, "own", "energy_mwh") * 120, 1e-9); /* a fleet that stands there costs no more */
  CU_CLOSE(whole(&h, "rent", "tco_usd"), 2 * servers * ceil(seconds / 86400) * 24 * 39.33, 1e-9); /* whole days, two runs */
  CU_CLOSE(whole(&h, "rent", "usd_per_training_run"), whole(&h, "rent", "tco_usd") / 2, 1e-9);
  CU_CLOSE(in(&h, "rent", "year-1", "tco_usd"), whole(&h, "rent", "tco_usd") / 2, 1e-9);
  forget(&h);

  /* by the hour at 20 a server the fleet beats the block's whole days at 39.33; at 400 it does not */
  t.f.layer[1][0].scale = true;
  t.f.layer[1][0].count = -1;
  t.f.layer[1][0].usd_per_h = dist_point(20);
  CU_ASSERT_EQUAL(play(&t.f.spec, &h), 0);
  CU_ASSERT_PTR_NOT_NULL(strstr(h.events, "p5.48xlarge (fleet)"));
  CU_CLOSE(whole(&h, "rent", "tco_usd"), 20 * whole(&h, "rent", "gpu_hours_provisioned") / 8, 1e-9);
  forget(&h);
  t.f.layer[1][0].usd_per_h = dist_point(400);
  CU_ASSERT_EQUAL(play(&t.f.spec, &h), 0);
  CU_ASSERT_PTR_NULL(strstr(h.events, "p5.48xlarge (fleet)"));
  forget(&h);
}

static void training_that_cannot_be_done_in_time(void) {
  struct trained t;
  struct heard h;
  train(&t);
  t.training.deadline_s = 60;
  t.training.gpus = 8;
  CU_ASSERT_EQUAL(play(&t.f.spec, &h), 3); /* nobody can */
  CU_ASSERT_EQUAL(whole(&h, "own", "feasible"), 0.0);
  CU_ASSERT_PTR_NOT_NULL(strstr(h.events, "longer than the deadline"));
  forget(&h);
  t.training.deadline_s = 0;
  t.training.gpus = 64; /* more than the owner has, but a block gives them */
  CU_ASSERT_EQUAL(play(&t.f.spec, &h), 0);
  CU_ASSERT_PTR_NOT_NULL(strstr(h.events, "own phase: tune: 8 x p5.48xlarge (block)"));
  forget(&h);
}

/* A three-year term renews into one-year terms of the catalog: 3 x 9.374, then 2 x 13.921 USD/h, nothing stranded. */
static void renewal_into_another_term(void) {
  struct fixture f;
  struct heard h;
  library_open();
  article(&f, (double)NAN);
  f.spec.as_of = (struct date){2026, 11, 9};
  f.spec.start = (struct date){2026, 12, 1};
  f.spec.catalog = lib.catalog;
  f.layer[1][0].server = hw_server_find(lib.catalog, "p4d.24xlarge");
  f.layer[1][0].region = "us-east-1";
  f.layer[1][0].term = "3 yr";
  f.layer[1][0].term_months = 36;
  f.layer[1][0].renew = "1 yr";
  CU_ASSERT_EQUAL(play(&f.spec, &h), 0);
  CU_CLOSE(whole(&h, "rent", "tco_usd"), 8760 * (3 * 9.374 + 2 * 13.921), 1e-9);
  CU_ASSERT_EQUAL(whole(&h, "rent", "stranded_usd"), 0.0);
  forget(&h);
}

/* Interpolated between simulated levels within 1 %, and threads change nothing with serving either. */
static void serving_replicas(void) {
  struct served s;
  struct heard one, two;
  serve(&s, 60);
  s.f.spec.common_random_numbers = true;
  s.serving.growth_per_yr = (struct dist){DIST_TRI, 0, 0.25, 0.6};
  s.serving.prefix_hit = (struct dist){DIST_TRI, 0, 0.2, 0.5};
  s.f.spec.model_error_throughput = (struct dist){DIST_LOGNORMAL, 1, 0.1, 0};
  s.f.spec.widen_if_extrapolated = 2;
  CU_ASSERT_EQUAL(play_with(&s.f.spec, &one, 40, 1, 9), 0);
  CU_ASSERT_EQUAL(play_with(&s.f.spec, &two, 40, 2, 9), 0);
  CU_ASSERT(same_metrics(&one, &two));
  CU_ASSERT(whole(&one, "own", "interpolation_error") <= 0.01);
  CU_ASSERT(in(&one, "own", "input:chat.growth", "tornado_high_usd") > in(&one, "own", "input:chat.growth", "tornado_low_usd"));
  CU_ASSERT(in(&one, "own", "input:model_error.H200", "tornado_high_usd") <= in(&one, "own", "input:model_error.H200", "tornado_low_usd"));
  forget(&one);
  forget(&two);
}

/* Errors that nobody states are the catalog's: measured spreads, one for rates, one for watts; none where nothing of the kind is predicted. */
static void measured_model_errors(void) {
  struct served s;
  struct heard h;
  serve(&s, 24);
  s.f.spec.common_random_numbers = true;
  s.f.spec.model_error_throughput = s.f.spec.model_error_training = s.f.spec.model_error_power = dist_point(NAN);
  struct world *w = world_create(&s.f.spec);
  const struct hw_fact *sd = hw_fact_find(s.f.spec.catalog, "model_error", "serving throughput", "sd");
  CU_ASSERT_PTR_NOT_NULL_FATAL(sd);
  int found = 0;
  for (int i = 0; i < w->n_input; i++) {
    CU_ASSERT_PTR_NULL(strstr(w->input[i].key, "training")); /* there is none */
    if (strcmp(w->input[i].key, "model_error.H200") == 0) {
      found++;
      CU_CLOSE(log(world_high(w, i) / world_low(w, i)), 2 * 1.2815515655446004 * sd->value, 1e-6); /* P10 to P90 of a lognormal law */
    }
    found += strcmp(w->input[i].key, "model_error.power.H200") == 0;
  }
  CU_ASSERT_EQUAL(found, 2);
  world_destroy(w);
  CU_ASSERT_EQUAL(play_with(&s.f.spec, &h, 20, 1, 9), 0);
  CU_ASSERT(in(&h, "own", "input:model_error.power.H200", "tornado_high_usd") > in(&h, "own", "input:model_error.power.H200", "tornado_low_usd"));
  forget(&h);
}
int main(void) {
  static const struct cu_case cases[] = {
      {"measured model errors", measured_model_errors},
      {"least that serves the peak", least_that_serves_the_peak},
      {"nothing is granted", nothing_is_granted},
      {"good years do not make up for a bad one", good_years_do_not_make_up_for_a_bad_one},
      {"layers of commitments", layers_of_commitments},
      {"demand, hazard and price move the right way", demand_hazard_and_price_move_the_right_way},
      {"expansion", expansion},
      {"what does not fit", what_does_not_fit},
      {"training goes where it is cheapest", training_goes_where_it_is_cheapest},
      {"training that cannot be done in time", training_that_cannot_be_done_in_time},
      {"renewal into another term", renewal_into_another_term},
      {"serving in drawn worlds", serving_replicas},
  };
  gsl_set_error_handler_off();
  return cu_main("life_work", cases, sizeof cases / sizeof *cases);
}
