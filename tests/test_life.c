/* Lives of options on stated load, against sums by hand. The scenario and database tests repeat the golden ones from the outside. */
#include <math.h>
#include <string.h>
#include "base/mem.h"
#include "sim/spec.h"
#include "tests/cu.h"

/* ---- a listener that keeps everything ---- */
struct heard {
  struct arena *arena;
  struct rec_metric *metric;
  size_t n_metric, cap_metric;
  double billed, effective;
  double by_month[128];
  char events[4096];
};

static void hear_metric(void *ctx, const struct rec_metric *r) {
  struct heard *h = ctx;
  h->metric = mem_grow(h->metric, &h->cap_metric, h->n_metric + 1, sizeof *h->metric);
  struct rec_metric *m = &h->metric[h->n_metric++];
  *m = *r;
  m->option = arena_strdup(h->arena, r->option);
  m->scope = arena_strdup(h->arena, r->scope);
  m->name = arena_strdup(h->arena, r->name);
  m->versus = arena_strdup(h->arena, r->versus);
}

static void hear_charge(void *ctx, const struct rec_charge *r) {
  struct heard *h = ctx;
  h->billed += r->billed_usd;
  h->effective += r->effective_usd;
  h->by_month[r->month] += r->billed_usd;
}

static void hear_event(void *ctx, const struct rec_event *r) {
  struct heard *h = ctx;
  size_t used = strlen(h->events);
  snprintf(h->events + used, sizeof h->events - used, "%s %s: %s\n", r->option, r->kind, r->text);
}

static int play(const struct sim_spec *s, struct heard *h) {
  *h = (struct heard){.arena = arena_create()};
  struct sim_listener out = {.ctx = h, .metric = hear_metric, .charge = hear_charge, .event = hear_event};
  struct errs *errs = errs_create();
  int status = sim_run(s, &(struct sim_run_opts){.seed = 1, .replicas = -1, .jobs = 1}, &out, errs);
  for (size_t i = 0; i < errs_count(errs); i++)
    fprintf(stderr, "%s\n", errs_text(errs, i));
  CU_ASSERT_EQUAL(errs_count(errs), 0);
  errs_destroy(errs);
  return status;
}

static double in(const struct heard *h, const char *option, const char *scope, const char *name) {
  for (size_t i = 0; i < h->n_metric; i++)
    if (!strcmp(h->metric[i].option, option) && !strcmp(h->metric[i].scope, scope) && !strcmp(h->metric[i].name, name))
      return h->metric[i].value;
  return (double)NAN;
}

static double whole(const struct heard *h, const char *option, const char *name) { return in(h, option, "whole", name); }

static void forget(struct heard *h) {
  mem_free(h->metric);
  arena_destroy(h->arena);
}

/* ---- specs ---- */
static const struct hw_gpu gpu = {.name = "A100", .launch = "2020-05-14"};
static const struct hw_server box = {.name = "8xA100", .provider = "", .gpu = &gpu, .gpus = 8, .power_max_w = 8000};

enum { OPTIONS = 2, LAYERS = 3 };
struct fixture {
  struct sim_spec spec;
  struct sim_option option[OPTIONS];
  struct sim_layer layer[OPTIONS][LAYERS];
};

/* 60 months of 730 h; option 0 owns the article's server, option 1 rents one at `rent` by the hour, always on. */
static void article(struct fixture *f, double rent) {
  *f = (struct fixture){
      .spec = {.name = "t", .as_of = {2025, 9, 25}, .start = {2025, 10, 1}, .months = 60, .hours_per_yr = 8760, .n_option = 2, .baseline = "rent"},
      .option = {{.name = "own", .n = 1}, {.name = "rent", .n = 1}},
      .layer = {{{.owned = true, .server = &box, .count = 1, .label = "own"}}, {{.server = &box, .count = 1, .term = "on-demand", .label = "rent"}}},
  };
  f->spec.option = f->option;
  f->option[0].layer = f->layer[0];
  f->option[1].layer = f->layer[1];
  f->spec.fixed = (struct sim_fixed_load){.present = true, .power_kw = dist_point(8), .utilization = dist_point(1)};
  f->spec.site.tariff_usd_per_kwh = dist_point(0.12);
  f->spec.site.pue = dist_point(1);
  f->layer[0][0].price_usd = dist_point(120000);
  f->layer[1][0].usd_per_h = dist_point(rent);
}

/* G1, G1b, G3, G4 */
static void the_articles_sum(void) {
  struct fixture f;
  struct heard h;
  article(&f, 32);
  CU_ASSERT_EQUAL(play(&f.spec, &h), 0);
  CU_CLOSE(whole(&h, "own", "tco_usd"), 162048, 1e-12);
  CU_CLOSE(whole(&h, "own", "usd_per_gpu_hour"), 0.462466, 1e-6);
  CU_CLOSE(whole(&h, "own", "energy_mwh"), 350.4, 1e-12);
  CU_CLOSE(whole(&h, "own", "peak_power_kw"), 8, 1e-12);
  CU_CLOSE(whole(&h, "rent", "tco_usd"), 1401600, 1e-12);
  CU_CLOSE(whole(&h, "own", "breakeven_month"), 5.295862, 1e-7);
  CU_CLOSE(h.billed, 162048 + 1401600, 1e-12);
  CU_CLOSE(h.effective, h.billed, 1e-9); /* straight line over the horizon gives the same in all */
  forget(&h);

  f.option[0].truncate_annual_bill = true;
  f.layer[1][0].scale = true;
  f.layer[1][0].usd_per_h = dist_point(21.957642);
  CU_ASSERT_EQUAL(play(&f.spec, &h), 0);
  CU_CLOSE(whole(&h, "own", "tco_usd"), 162045, 1e-12);
  CU_CLOSE(whole(&h, "rent", "tco_usd"), 961744.7196, 1e-12);
  CU_CLOSE(whole(&h, "own", "breakeven_utilization"), 0.168494 * 162045 / 162048, 5e-6);
  forget(&h);
}

/* G2 */
static void commitments_and_the_calendar(void) {
  struct fixture f;
  struct heard h;
  article(&f, 11.57);
  f.layer[1][0].term = "3 yr";
  f.layer[1][0].term_months = 36;
  f.layer[1][0].prorated = true;
  CU_ASSERT_EQUAL(play(&f.spec, &h), 0);
  CU_CLOSE(whole(&h, "rent", "tco_usd"), 506766, 1e-12);
  CU_CLOSE(whole(&h, "rent", "stranded_usd"), 0, 1e-12);
  forget(&h);

  f.layer[1][0].prorated = false; /* the second term's third year is owed too */
  CU_ASSERT_EQUAL(play(&f.spec, &h), 0);
  CU_CLOSE(whole(&h, "rent", "tco_usd"), 11.57 * 8760 * 6, 1e-12);
  CU_CLOSE(whole(&h, "rent", "stranded_usd"), 11.57 * 8760, 1e-12);
  CU_CLOSE(h.billed - 162048, whole(&h, "rent", "tco_usd"), 1e-12);
  forget(&h);

  article(&f, 32);
  f.spec.hours_per_yr = 0;
  f.spec.start = (struct date){2026, 12, 1};
  CU_ASSERT_EQUAL(play(&f.spec, &h), 0);
  CU_CLOSE(whole(&h, "rent", "tco_usd"), 1402368, 1e-12);
  forget(&h);
}

/* A commitment renews at the price then in force; while it runs list prices do not touch it. */
static void renewal_price(void) {
  struct fixture f;
  struct heard h;
  article(&f, 10);
  f.layer[1][0].term = "1 yr";
  f.layer[1][0].term_months = 12;
  f.layer[1][0].list_drift_per_yr = dist_point(-0.10);
  CU_ASSERT_EQUAL(play(&f.spec, &h), 0);
  CU_CLOSE(in(&h, "rent", "year-1", "tco_usd"), 87600, 1e-9);
  CU_CLOSE(in(&h, "rent", "year-2", "tco_usd"), 87600 * 0.9, 1e-9);
  CU_CLOSE(in(&h, "rent", "year-5", "tco_usd"), 87600 * 0.9 * 0.9 * 0.9 * 0.9, 1e-9);
  forget(&h);

  f.layer[1][0].renew = "none"; /* then nothing is left to do the work with */
  CU_ASSERT_EQUAL(play(&f.spec, &h), 0);
  CU_CLOSE(whole(&h, "rent", "tco_usd"), 87600, 1e-9);
  forget(&h);
}

/* Committed hours are paid used or not; the unused part is shown. */
static void unused_commitment(void) {
  struct fixture f;
  struct heard h;
  article(&f, 10);
  f.layer[1][0].term = "1 yr";
  f.layer[1][0].term_months = 12;
  f.spec.fixed.utilization = dist_point(0.7);
  CU_ASSERT_EQUAL(play(&f.spec, &h), 0);
  CU_CLOSE(whole(&h, "rent", "tco_usd"), 438000, 1e-9);
  CU_CLOSE(whole(&h, "rent", "commitment_unused_usd"), 438000 * 0.3, 1e-9);
  CU_CLOSE(whole(&h, "rent", "gpu_hours"), 0.7 * 8 * 43800, 1e-9);
  forget(&h);
}

/* G5: buying loses; every sign must show it. */
static void a_losing_purchase(void) {
  struct fixture f;
  struct heard h;
  article(&f, 14.75);
  f.spec.yearly_flows = true;
  f.spec.discount_per_yr = dist_point(0.08);
  f.spec.fixed.power_kw = dist_point(5.2);
  f.spec.fixed.utilization = dist_point(0.7);
  f.spec.site.pue = dist_point(1.5);
  f.spec.site.tariff_usd_per_kwh = dist_point(0.08);
  f.layer[0][0].price_usd = dist_point(300000);
  f.layer[0][0].support_per_yr = dist_point(0.10);
  f.layer[0][0].residual = RESIDUAL_FRACTION;
  f.layer[0][0].residual_value = dist_point(0.15);
  f.layer[1][0].scale = true;
  CU_ASSERT_EQUAL(play(&f.spec, &h), 0);
  CU_CLOSE(whole(&h, "own", "tco_usd"), 432331.20, 1e-12);
  CU_CLOSE(whole(&h, "own", "pv_cost_usd"), 410980.1686, 2e-10);
  CU_CLOSE(whole(&h, "own", "equivalent_annual_cost_usd"), 102932.6359, 1e-9);
  CU_CLOSE(whole(&h, "own", "usd_per_gpu_hour"), 2.098268, 3e-7);
  CU_CLOSE(whole(&h, "own", "npv_usd"), -49851.5238, 1e-8);
  CU_CLOSE(whole(&h, "own", "irr"), 0.01990282, 5e-7);
  CU_CLOSE(whole(&h, "own", "payback_month"), 12 * 5.456454, 1e-7);
  CU_CLOSE(in(&h, "own", "year-2", "tco_usd"), 35466.24, 1e-9);
  forget(&h);
}

/* G6 through the books of a life */
static void books(void) {
  struct fixture f;
  struct heard h;
  article(&f, 32);
  f.layer[0][0].depreciation = DEPRECIATION_MACRS5;
  f.layer[0][0].depreciation_years = 5;
  CU_ASSERT_EQUAL(play(&f.spec, &h), 0);
  CU_CLOSE(in(&h, "own", "year-2", "depreciation_usd"), 38400, 1e-9);
  CU_CLOSE(in(&h, "own", "year-6", "depreciation_usd"), 6912, 1e-9);
  CU_CLOSE(in(&h, "own", "year-1", "book_value_usd"), 96000, 1e-9);
  CU_CLOSE(whole(&h, "own", "tco_usd"), 162048, 1e-12); /* books never touch TCO */
  forget(&h);
}

/* G7, G8 */
static void per_token_and_per_run(void) {
  struct fixture f;
  struct heard h;
  article(&f, 113.9328);
  f.spec.fixed.output_tok_per_s = dist_point(2999.0);
  f.spec.fixed.joule_per_token = 2.37615;
  f.spec.site.tariff_usd_per_kwh = dist_point(0.0826);
  CU_ASSERT_EQUAL(play(&f.spec, &h), 0);
  CU_CLOSE(whole(&h, "rent", "usd_per_mtoken_output"), 10.552851, 5e-8);
  CU_CLOSE(whole(&h, "own", "energy_usd_per_mtoken"), 0.054519, 1e-5);
  forget(&h);

  article(&f, 16);
  f.spec.fixed.gpu_hours = 2.788e6;
  CU_ASSERT_EQUAL(play(&f.spec, &h), 0);
  CU_CLOSE(whole(&h, "rent", "usd_per_training_run"), 5576000, 1e-12);
  forget(&h);
}

/* Resale follows the part's launch: 2020-05-14 to 2030-10-01 is 10.38 years. A later design bought at the same price keeps more. */
static void residual_from_launch(void) {
  struct fixture f;
  struct heard h;
  article(&f, 32);
  f.layer[0][0].residual = RESIDUAL_DECAY_FROM_LAUNCH;
  f.layer[0][0].residual_value = dist_point(0.14);
  CU_ASSERT_EQUAL(play(&f.spec, &h), 0);
  double age = (double)(date_days((struct date){2025, 10, 1}) - date_days((struct date){2020, 5, 14})) / 365.25 + 5;
  CU_CLOSE(whole(&h, "own", "tco_usd"), 162048 - 120000 * pow(10, -0.14 * age), 1e-12);
  CU_ASSERT(whole(&h, "own", "tco_usd") > 162048 - 120000 * pow(10, -0.14 * 5));
  forget(&h);
}

/* Capital beside the servers: network as its share of the whole cluster, racks by watts, tax on goods. */
static void capital_beside_servers(void) {
  struct fixture f;
  struct heard h;
  article(&f, 32);
  f.layer[0][0].count = 5;
  f.layer[0][0].spares = dist_point(0.10);
  f.spec.site.fabric_share = dist_point(0.2);
  f.spec.site.rack_usd = dist_point(15000);
  f.spec.site.rack_kw = 16;
  f.spec.site.sales_tax = dist_point(0.05);
  f.spec.site.tariff_usd_per_kwh = dist_point(0);
  CU_ASSERT_EQUAL(play(&f.spec, &h), 0);
  CU_CLOSE(whole(&h, "own", "tco_usd"), (600000 + 150000 + 120000 + 3 * 15000) * 1.05, 1e-12);
  forget(&h);
}

/* Machines bought and retired on stated days count from those days. */
static void dated_purchases(void) {
  struct fixture f;
  struct heard h;
  struct sim_purchase_event ev[] = {{{2026, 10, 1}, 2}, {{2028, 10, 1}, -1}};
  article(&f, 32);
  f.layer[0][0].event = ev;
  f.layer[0][0].n_event = 2;
  CU_ASSERT_EQUAL(play(&f.spec, &h), 0);
  CU_CLOSE(whole(&h, "own", "gpu_hours_provisioned"), 8 * 8760.0 * (1 + 3 + 3 + 2 + 2), 1e-9);
  CU_CLOSE(whole(&h, "own", "tco_usd"), 3 * 120000 + 8409.60 * 11, 1e-9);
  CU_CLOSE(h.by_month[12] - h.by_month[11], 240000 + 2 * 8409.60 / 12, 1e-9); /* month 12 opens on 2026-10-01 */
  forget(&h);
}

/* Where no price is known the option is out, with the reason, and nothing wins by being free. */
static void unknown_price(void) {
  struct fixture f;
  struct heard h;
  article(&f, 32);
  f.layer[1][0].usd_per_h = dist_point((double)NAN);
  CU_ASSERT_EQUAL(play(&f.spec, &h), 0);
  CU_ASSERT_EQUAL(whole(&h, "rent", "feasible"), 0.0);
  CU_ASSERT(isnan(whole(&h, "rent", "tco_usd")));
  CU_ASSERT(isnan(whole(&h, "own", "npv_usd")));
  CU_ASSERT_PTR_NOT_NULL(strstr(h.events, "no on-demand price"));
  forget(&h);
}

/* What moves one side's cost moves that side's alone, and in the right direction. */
static void sensitivity(void) {
  struct fixture f;
  struct heard h;
  article(&f, 32);
  f.spec.site.tariff_usd_per_kwh = dist_point(0.15);
  CU_ASSERT_EQUAL(play(&f.spec, &h), 0);
  CU_CLOSE(whole(&h, "own", "tco_usd"), 120000 + 350400 * 0.15, 1e-12);
  CU_CLOSE(whole(&h, "rent", "tco_usd"), 1401600, 1e-12);
  forget(&h);
  article(&f, 32);
  f.layer[1][0].discount = dist_point(0.25);
  CU_ASSERT_EQUAL(play(&f.spec, &h), 0);
  CU_CLOSE(whole(&h, "own", "tco_usd"), 162048, 1e-12);
  CU_CLOSE(whole(&h, "rent", "tco_usd"), 1401600 * 0.75, 1e-12);
  forget(&h);
}

int main(void) {
  const struct cu_case cases[] = {
      {"the article's sum", the_articles_sum},
      {"commitments and the calendar", commitments_and_the_calendar},
      {"renewal price", renewal_price},
      {"unused commitment", unused_commitment},
      {"a losing purchase", a_losing_purchase},
      {"books", books},
      {"per token and per run", per_token_and_per_run},
      {"residual from launch", residual_from_launch},
      {"capital beside servers", capital_beside_servers},
      {"dated purchases", dated_purchases},
      {"unknown price", unknown_price},
      {"sensitivity", sensitivity},
  };
  return cu_main("life", cases, sizeof cases / sizeof *cases);
}
