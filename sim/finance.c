#include "sim/finance.h"
#include <gsl/gsl_errno.h>
#include <gsl/gsl_roots.h>
#include <math.h>

/* Flows mostly come at even distances: one power serves them all. */
double fin_npv(const struct fin_flow *flow, size_t n, double rate) {
  double sum = 0, t = 0, step = 0, step_factor = 1, factor = 1;
  for (size_t i = 0; i < n; i++) {
    double gap = flow[i].t_yr - t;
    if (fabs(gap - step) > 1e-12 * (1 + fabs(step))) {
      step = gap;
      step_factor = pow(1 + rate, -gap);
    }
    factor *= step_factor;
    t = flow[i].t_yr;
    sum += flow[i].usd * factor;
  }
  return sum;
}

/* ---- internal rate of return ---- */
struct flows {
  const struct fin_flow *flow;
  size_t n;
};

static double npv_at(double rate, void *ctx) {
  const struct flows *f = ctx;
  return fin_npv(f->flow, f->n, rate);
}

/* Brent's method between two rates of opposite sign. */
static double root_between(struct flows *f, double lo, double hi) {
  gsl_function fn = {npv_at, f};
  gsl_root_fsolver *s = gsl_root_fsolver_alloc(gsl_root_fsolver_brent);
  double root = FIN_NONE;
  if (s && gsl_root_fsolver_set(s, &fn, lo, hi) == GSL_SUCCESS)
    for (int i = 0; i < 200; i++) {
      if (gsl_root_fsolver_iterate(s) != GSL_SUCCESS)
        break;
      root = gsl_root_fsolver_root(s);
      if (gsl_root_test_interval(gsl_root_fsolver_x_lower(s), gsl_root_fsolver_x_upper(s), 1e-14, 1e-13) == GSL_SUCCESS)
        break;
    }
  if (s)
    gsl_root_fsolver_free(s);
  return root;
}

enum fin_irr fin_irr(const struct fin_flow *flow, size_t n, double *ret) {
  /* log(1 + rate) in even steps: fine near 0, where the answers are, and coarse far out */
  enum { STEPS = 200 };
  const double lo = log(0.01), hi = log(11);
  struct flows f = {flow, n};
  int roots = 0;
  double rate0 = expm1(lo), npv0 = npv_at(rate0, &f);
  for (int i = 1; i <= STEPS; i++) {
    double rate1 = expm1(lo + (hi - lo) * i / STEPS), npv1 = npv_at(rate1, &f);
    if ((npv0 < 0 && npv1 >= 0) || (npv0 > 0 && npv1 <= 0)) {
      double root = root_between(&f, rate0, rate1);
      if (isfinite(root) && (!roots++ || fabs(root) < fabs(*ret)))
        *ret = root;
    }
    rate0 = rate1;
    npv0 = npv1;
  }
  return roots == 0 ? FIN_IRR_NONE : roots == 1 ? FIN_IRR_ONE : FIN_IRR_MANY;
}

double fin_annuity(double rate, double years) {
  return rate == 0 ? years : -expm1(-years * log1p(rate)) / rate;
}

double fin_equivalent_annual(double pv, double rate, double years) { return pv / fin_annuity(rate, years); }

/* ---- crossings ---- */
static int sign(double x) { return (x > 0) - (x < 0); }

size_t fin_crossings(const double *a, const double *b, size_t n, double *ret, size_t max) {
  size_t found = 0;
  int side = 0; /* who was ahead when they last differed */
  for (size_t i = 0; i < n; i++) {
    double d1 = a[i] - b[i];
    if (d1 == 0)
      continue;
    if (side && sign(d1) != side) {
      double d0 = a[i - 1] - b[i - 1]; /* 0 when they ran together up to here */
      if (found < max)
        ret[found] = (double)(i - 1) + d0 / (d0 - d1);
      found++;
    }
    side = sign(d1);
  }
  return found;
}

double fin_payback(const double *net, size_t n, size_t tail) {
  if (!n || net[0] >= 0)
    return FIN_NONE;
  for (size_t i = 1; i < n; i++)
    if (net[i] >= 0)
      return (double)(i - 1) + net[i - 1] / (net[i - 1] - net[i]);
  if (tail >= n)
    tail = n - 1;
  if (!tail)
    return FIN_NONE;
  double pace = (net[n - 1] - net[n - 1 - tail]) / (double)tail;
  return pace > 0 ? (double)(n - 1) - net[n - 1] / pace : FIN_NEVER;
}

double fin_breakeven_use(double u, double a_fixed, double a_moving, double b_fixed, double b_moving) {
  double slope = b_moving - a_moving, x = u * (a_fixed - b_fixed) / slope;
  return slope != 0 && isfinite(x) && x > 0 ? x : FIN_NONE;
}

/* ---- depreciation ---- */
/* Declining balance at 2/life until straight line over the rest is more; `first` is the share of the first year that counts (half-year convention: 0.5). */
static double declining(double usd, double life, double first, int y) {
  double book = usd, charge = 0, left = life;
  for (int i = 1; i <= y; i++) {
    double part = i == 1 ? first : fmin(1, left);
    charge = left <= 0 ? 0 : fmin(book, fmax(book * 2 / life, book / left) * part);
    book -= charge;
    left -= part;
  }
  return charge;
}

double fin_book_value(enum sim_depreciation law, double usd, double life_yr, double oom_per_yr, int y) {
  if (law == DEPRECIATION_MARKET_DECAY)
    return fin_market_decay(usd, oom_per_yr, y);
  double book = usd;
  for (int i = 1; i <= y; i++)
    book -= fin_depreciation(law, usd, life_yr, oom_per_yr, i);
  return book;
}

double fin_depreciation(enum sim_depreciation law, double usd, double life_yr, double oom_per_yr, int y) {
  if (y < 1)
    return 0;
  switch (law) {
  case DEPRECIATION_STRAIGHT_LINE:
    return usd * fmax(0, fmin(1, life_yr - (y - 1))) / life_yr;
  case DEPRECIATION_DOUBLE_DECLINING:
    return declining(usd, life_yr, 1, y);
  case DEPRECIATION_SUM_OF_YEARS:
    return usd * fmax(0, life_yr + 1 - y) / (life_yr * (life_yr + 1) / 2);
  case DEPRECIATION_MACRS5: /* IRS Publication 946, table A-1: 200 % declining, half-year convention, switching to straight line */
    return declining(usd, 5, 0.5, y);
  case DEPRECIATION_MARKET_DECAY:
    return fin_market_decay(usd, oom_per_yr, y - 1) - fin_market_decay(usd, oom_per_yr, y);
  }
  return FIN_NONE;
}

double fin_market_decay(double usd, double oom_per_yr, double age_yr) { return usd * pow(10, -oom_per_yr * age_yr); }

double fin_usd_per_mtoken(double usd_per_h, double tok_per_s) {
  return tok_per_s > 0 ? usd_per_h / (tok_per_s * 3600) * 1e6 : FIN_NONE;
}

double fin_kwh_per_mtoken(double joule_per_token) { return joule_per_token / 3.6; }
