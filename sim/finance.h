/* Money over time, as pure functions. Rates are per year and effective (0.08 = 8 %/yr); times are years from the first flow;
 * costs are positive. Formulas, sources and ranges: docs/models-money.md. */
#ifndef SIM_FINANCE_H
#define SIM_FINANCE_H
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include "sim/spec.h"

#define FIN_NONE ((double)NAN)       /* unknown, or there is no such thing */
#define FIN_NEVER ((double)INFINITY)

struct fin_flow {
  double t_yr, usd;
};
double fin_npv(const struct fin_flow *flow, size_t n, double rate);

/* The rate at which the flows are worth nothing. NONE: no sign change of the NPV between -99 % and 1,000 %/yr. MANY: *ret is the root nearest to 0. */
enum fin_irr { FIN_IRR_NONE, FIN_IRR_ONE, FIN_IRR_MANY };
enum fin_irr fin_irr(const struct fin_flow *flow, size_t n, double *ret);

/* Present value of 1 a year at each year's end; exact at rate 0. */
double fin_annuity(double rate, double years);
/* The constant yearly amount with the present value pv. */
double fin_equivalent_annual(double pv, double rate, double years);

/* Where two running sums cross: a[i] and b[i] stand at time i; between them both run straight. Writes up to max times to ret and returns how many there are
 * in all (0 = never). Touching without changing sides is no crossing; a common start is none. */
size_t fin_crossings(const double *a, const double *b, size_t n, double *ret, size_t max);

/* When an outlay has come back: first time the running sum of `net` (savings positive, n values, time 0..n-1) is no longer negative. Beyond the last value it goes
 * on at the mean pace of the last `tail` steps. +inf = never, NaN = there is no outlay to come back. */
double fin_payback(const double *net, size_t n, size_t tail);

/* The share of use at which option a costs the same as b, when both costs consist of a part that does not move with use and one that is proportional to it,
 * given at use u. NaN = the lines are parallel or meet outside (0, +inf). */
double fin_breakeven_use(double u, double a_fixed, double a_moving, double b_fixed, double b_moving);

/* Charge of year y = 1.. on the books, of a part that cost `usd` and lives `life_yr` years; oom_per_yr serves market decay alone. MACRS runs a year longer (half-year
 * convention). 0 after the life's end. */
double fin_depreciation(enum sim_depreciation law, double usd, double life_yr, double oom_per_yr, int y);
/* What is left on the books at the end of year y. */
double fin_book_value(enum sim_depreciation law, double usd, double life_yr, double oom_per_yr, int y);

/* Price of a used part from the market: price_new x 10^-(oom_per_yr x age). */
double fin_market_decay(double usd, double oom_per_yr, double age_yr);

double fin_usd_per_mtoken(double usd_per_h, double tok_per_s); /* NaN when no tokens flow */
double fin_kwh_per_mtoken(double joule_per_token);
#endif
