/* Lives of options on stated load, against sums by hand. The scenario and database tests repeat the golden ones from the outside. */
#include <gsl/gsl_errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "base/mem.h"
#include "sim/uncertainty.h"
#include "tests/cu.h"
#include "tests/life_fixture.h"

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

/* Too cheap a rent is never caught up with: infinite, not unknown. */
static void never(void) {
  struct fixture f;
  struct heard h;
  article(&f, 0.90); /* below the owner's energy alone */
  CU_ASSERT_EQUAL(play(&f.spec, &h), 0);
  CU_ASSERT(isinf(whole(&h, "own", "breakeven_month")));
  CU_ASSERT(isinf(whole(&h, "own", "payback_month")));
  CU_ASSERT(isnan(whole(&h, "own", "irr")));
  CU_ASSERT(whole(&h, "own", "npv_usd") < 0);
  CU_ASSERT_PTR_NOT_NULL(strstr(h.events, "never crosses"));
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

/* ---- uncertainty ---- */
/* G9: TCO = C + 350,400 p with C ~ tri(100k, 120k, 150k), p ~ tri(0.08, 0.12, 0.16): mean and variance in closed form, additive. */
static void golden_spread(struct fixture *f) {
  article(f, 32);
  f->layer[0][0].price_usd = (struct dist){DIST_TRI, 100000, 120000, 150000};
  f->spec.site.tariff_usd_per_kwh = (struct dist){DIST_TRI, 0.08, 0.12, 0.16};
  f->spec.common_random_numbers = true;
}

static void monte_carlo_with_a_known_answer(void) {
  enum { N = 4000 };
  struct fixture f;
  struct heard h;
  golden_spread(&f);
  CU_ASSERT_EQUAL(play_with(&f.spec, &h, N, 2, 7), 0);
  double sd = sqrt(138296931.5556), error = 3 * sd / sqrt(N);
  CU_ASSERT(fabs(whole(&h, "own", "tco_mean_usd") - 165381.3333) < error);
  CU_CLOSE(whole(&h, "own", "tco_sd_usd"), sd, 0.04); /* 3 sigma of a standard deviation is 3 / sqrt(2 N) = 3.4 % */
  CU_ASSERT(fabs(in(&h, "own", "input:price.8xA100", "sobol") - 0.763253) < 0.04);
  CU_ASSERT(fabs(in(&h, "own", "input:site.tariff", "sobol") - 0.236747) < 0.04);
  CU_CLOSE(in(&h, "own", "input:price.8xA100", "tornado_low_usd"), 142048, 1e-12);
  CU_CLOSE(in(&h, "own", "input:price.8xA100", "tornado_high_usd"), 192048, 1e-12);
  CU_CLOSE(in(&h, "own", "input:site.tariff", "tornado_low_usd"), 148032, 1e-12);
  CU_CLOSE(in(&h, "own", "input:site.tariff", "tornado_high_usd"), 176064, 1e-12);
  CU_ASSERT(isnan(in(&h, "rent", "input:site.tariff", "tornado_low_usd"))); /* nothing of it reaches the renter */
  CU_CLOSE(whole(&h, "own", "prob_cheaper"), 1, 1e-12);
  CU_CLOSE(whole(&h, "own", "tco_usd"), 162048, 1e-12); /* the single run stands at the modes */
  forget(&h);
}

/* The choice flips where the rent equals: 60 x 730 r = 162,048, r = 3.699726; the rent may lie between 3 and 4. */
static void where_the_choice_flips(void) {
  struct fixture f;
  struct heard h;
  article(&f, 32);
  f.spec.common_random_numbers = true;
  f.layer[1][0].usd_per_h = (struct dist){DIST_UNIFORM, 3, 4, 0};
  CU_ASSERT_EQUAL(play_with(&f.spec, &h, 2000, 1, 3), 0);
  CU_CLOSE(in(&h, "own", "input:price.8xA100 on-demand", "flip_value"), 162048 / 43800.0, 2e-4);
  CU_ASSERT(fabs(whole(&h, "own", "prob_cheaper") - (4 - 162048 / 43800.0)) < 0.035);
  forget(&h);
}

static void same_at_any_number_of_threads(void) {
  struct fixture f;
  struct heard one, three, other;
  golden_spread(&f);
  play_with(&f.spec, &one, 200, 1, 5);
  play_with(&f.spec, &three, 200, 3, 5);
  play_with(&f.spec, &other, 200, 1, 6);
  CU_ASSERT(same_metrics(&one, &three));
  CU_ASSERT(!same_metrics(&one, &other));
  forget(&one);
  forget(&three);
  forget(&other);
}

/* Common random numbers: taking an option away changes no other's draws. */
static void options_do_not_disturb_each_other(void) {
  struct fixture f;
  struct heard both, alone;
  golden_spread(&f);
  f.layer[1][0].usd_per_h = (struct dist){DIST_UNIFORM, 3, 4, 0};
  play_with(&f.spec, &both, 300, 1, 5);
  f.spec.n_option = 1;
  play_with(&f.spec, &alone, 300, 1, 5);
  CU_ASSERT_EQUAL(whole(&both, "own", "tco_mean_usd"), whole(&alone, "own", "tco_mean_usd"));
  forget(&both);
  forget(&alone);
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
      {"never", never},
      {"sensitivity", sensitivity},
      {"Monte Carlo with a known answer", monte_carlo_with_a_known_answer},
      {"where the choice flips", where_the_choice_flips},
      {"the same at any number of threads", same_at_any_number_of_threads},
      {"options do not disturb each other", options_do_not_disturb_each_other},
  };
  gsl_set_error_handler_off();
  return cu_main("life", cases, sizeof cases / sizeof *cases);
}
