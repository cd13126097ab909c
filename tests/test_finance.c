/* Money formulas against closed forms and worked cases (golden cases of the project: the article's sum, break-even, a purchase that loses, depreciation). */
#include <math.h>
#include "base/mem.h"
#include "sim/finance.h"
#include "tests/cu.h"

enum { YEARS = 5 };

/* A purchase that loses: 300,000 now, 54,980.76 saved a year, 45,000 of resale in year 5; 8 %/yr. */
static void losing(struct fin_flow f[YEARS + 1]) {
  f[0] = (struct fin_flow){0, -300000};
  for (int y = 1; y <= YEARS; y++)
    f[y] = (struct fin_flow){y, 54980.76 + (y == YEARS ? 45000 : 0)};
}

static void npv_and_irr_of_a_losing_purchase(void) {
  struct fin_flow f[YEARS + 1];
  double irr = 0;
  losing(f);
  CU_CLOSE(fin_npv(f, YEARS + 1, 0.08), -49851.5238, 1e-9);
  CU_ASSERT_EQUAL(fin_irr(f, YEARS + 1, &irr), FIN_IRR_ONE);
  CU_CLOSE(irr, 0.01990282, 5e-7);
  CU_ASSERT(fabs(fin_npv(f, YEARS + 1, irr)) < 1e-6);
}

static void irr_none_and_many(void) {
  const struct fin_flow all_cost[] = {{0, -1}, {1, -2}}, all_gain[] = {{0, 1}, {1, 2}};
  /* -100 + 230/(1+r) - 132/(1+r)^2 = 0 at 10 % and 20 % */
  const struct fin_flow two[] = {{0, -100}, {1, 230}, {2, -132}};
  double irr = 7;
  CU_ASSERT_EQUAL(fin_irr(all_cost, 2, &irr), FIN_IRR_NONE);
  CU_ASSERT_EQUAL(fin_irr(all_gain, 2, &irr), FIN_IRR_NONE);
  CU_ASSERT_EQUAL(irr, 7.0);
  CU_ASSERT_EQUAL(fin_irr(two, 3, &irr), FIN_IRR_MANY);
  CU_CLOSE(irr, 0.10, 1e-9);
}

static void annuity(void) {
  CU_CLOSE(fin_annuity(0.08, 5), 3.992710037, 1e-9);
  CU_CLOSE(fin_annuity(0, 5), 5, 1e-15);
  CU_CLOSE(fin_equivalent_annual(410980.1686, 0.08, 5), 102932.6359, 1e-9);
}

/* Own: 120,000 + 0.96/h; rent r/h, 730 h a month. */
static double crossing_month(double r) {
  double own[61], rent[61], at[4] = {0};
  for (int m = 0; m <= 60; m++) {
    own[m] = 120000 + 0.96 * 730 * m;
    rent[m] = r * 730 * m;
  }
  CU_ASSERT_EQUAL(fin_crossings(own, rent, 61, at, 4), 1);
  return at[0];
}

static void breakeven_months(void) {
  CU_CLOSE(crossing_month(32), 5.295862, 5e-7 / 5);
  CU_CLOSE(crossing_month(19.20), 9.012257, 5e-7 / 9);
  CU_CLOSE(crossing_month(21.957642), 7.828668, 5e-7 / 7);
  CU_CLOSE(crossing_month(14.75), 11.920490, 5e-7 / 11);
  CU_ASSERT_EQUAL(ceil(crossing_month(14.75)), 12.0);
}

static void crossings_many_none_and_touching(void) {
  const double flat[] = {1, 1, 1, 1, 1}, saw[] = {0, 2, 0, 2, 2}, below[] = {0, 0, 0.5, 0, 0}, touch[] = {0, 1, 0, 0, 1}, along[] = {0, 1, 1, 2, 3};
  double at[2] = {-1, -1};
  CU_ASSERT_EQUAL(fin_crossings(saw, flat, 5, at, 2), 3);
  CU_CLOSE(at[0], 0.5, 1e-12);
  CU_CLOSE(at[1], 1.5, 1e-12);
  CU_ASSERT_EQUAL(fin_crossings(below, flat, 5, at, 2), 0);
  CU_ASSERT_EQUAL(fin_crossings(touch, flat, 5, at, 2), 0);
  CU_ASSERT_EQUAL(fin_crossings(along, flat, 5, at, 2), 1);
  CU_CLOSE(at[0], 2, 1e-12);
}

static void payback(void) {
  double net[61];
  for (int m = 0; m <= 60; m++)
    net[m] = -300000 + 54980.76 / 12 * m;
  CU_CLOSE(fin_payback(net, 61, 12), 12 * 5.456454, 1e-7);
  const double quick[] = {-10, -5, 5}, never[] = {-10, -9, -9.5}, no_outlay[] = {0, 1, 2};
  CU_CLOSE(fin_payback(quick, 3, 1), 1.5, 1e-12);
  CU_ASSERT(isinf(fin_payback(never, 3, 1)));
  CU_ASSERT(isnan(fin_payback(no_outlay, 3, 1)));
}

static void breakeven_utilization(void) {
  CU_CLOSE(fin_breakeven_use(1, 162048, 0, 0, 43800 * 32.0), 0.115616, 5e-6);
  CU_CLOSE(fin_breakeven_use(0.5, 162048, 0, 0, 43800 * 21.957642 / 2), 0.168494, 5e-6);
  CU_ASSERT(isnan(fin_breakeven_use(1, 5, 1, 4, 1)));  /* parallel */
  CU_ASSERT(isnan(fin_breakeven_use(1, 5, 2, 6, 3))); /* the dearer base has the dearer use: no use makes them meet */
}

static void books(enum sim_depreciation law, double oom, const double *want, int n) {
  double sum = 0;
  for (int y = 1; y <= n; y++) {
    CU_CLOSE(fin_depreciation(law, 120000, 5, oom, y), want[y - 1], 1e-12);
    sum += want[y - 1];
    CU_ASSERT(fabs(fin_book_value(law, 120000, 5, oom, y) - (120000 - sum)) < 1e-6);
  }
  if (law != DEPRECIATION_MARKET_DECAY)
    CU_ASSERT_EQUAL(fin_depreciation(law, 120000, 5, oom, n + 1), 0.0);
}

static void depreciation(void) {
  books(DEPRECIATION_STRAIGHT_LINE, 0, (const double[]){24000, 24000, 24000, 24000, 24000}, 5);
  books(DEPRECIATION_DOUBLE_DECLINING, 0, (const double[]){48000, 28800, 17280, 12960, 12960}, 5);
  books(DEPRECIATION_SUM_OF_YEARS, 0, (const double[]){40000, 32000, 24000, 16000, 8000}, 5);
  books(DEPRECIATION_MACRS5, 0, (const double[]){24000, 38400, 23040, 13824, 13824, 6912}, 6);
  const double book[] = {86932.3152, 62976.8952, 45622.7276, 33050.7444, 23943.1478};
  for (int y = 1; y <= 5; y++)
    CU_ASSERT(fabs(fin_book_value(DEPRECIATION_MARKET_DECAY, 120000, 5, 0.14, y) - book[y - 1]) < 5e-5);
}

static void per_token(void) {
  CU_CLOSE(fin_usd_per_mtoken(113.9328, 2999.0), 10.552851, 5e-8);
  CU_CLOSE(fin_usd_per_mtoken(113.9328, 433.2), 73.056325, 1e-8);
  CU_ASSERT(isnan(fin_usd_per_mtoken(1, 0)));
  CU_CLOSE(fin_kwh_per_mtoken(2.37615), 0.660042, 1e-6);
}

int main(void) {
  const struct cu_case cases[] = {
      {"NPV and IRR of a losing purchase", npv_and_irr_of_a_losing_purchase},
      {"IRR: none, many", irr_none_and_many},
      {"annuity", annuity},
      {"break-even months", breakeven_months},
      {"crossings: many, none, touching, along", crossings_many_none_and_touching},
      {"payback", payback},
      {"break-even utilization", breakeven_utilization},
      {"depreciation", depreciation},
      {"cost and energy per token", per_token},
  };
  return cu_main("finance", cases, sizeof cases / sizeof *cases);
}
