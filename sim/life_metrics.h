/* The figures of merit of a life, as a table: name, unit and how it is reckoned. The same table serves the whole horizon, each year, each layer and every replica. */
#ifndef SIM_LIFE_METRICS_H
#define SIM_LIFE_METRICS_H
#include "sim/finance.h"
#include "sim/life.h"

struct life_view { /* a cut through a life */
  const struct life *life;
  bool whole;               /* the whole horizon and all layers: what has sense only there is NaN elsewhere */
  const double *sum;        /* SUMS values */
  double usd, peak_kw, servers, gpus, contracted_kw; /* the last three: most at once */
};
struct life_metric {
  const char *name, *unit;
  double (*of)(const struct life_view *v); /* NaN = unknown or without sense here */
};
extern const struct life_metric life_metrics[];
extern const int life_metric_count;
int life_metric_index(const char *name); /* -1 = none */
struct life_view life_view_whole(const struct life *l);

/* Figures of a pair: option a seen against b (positive NPV = a is the better). */
struct life_pair {
  double saving_usd, npv_usd, irr, payback_month, breakeven_utilization;
  double breakeven_month[8]; /* all crossings; the first is +inf when they never cross */
  size_t crossings;
};
/* What a pair needs to know of a life, kept when the life is gone. */
struct life_cash {
  double *flow;      /* months + 1, as of the ledger */
  double residual_usd /* at the end, negative */, fixed_usd, moving_usd, utilization;
  bool played, feasible;
};
void life_cash_take(const struct life *l, struct life_cash *ret); /* ret->flow has room already */
void life_pair_of(const struct sim_spec *s, const struct life_cash *a, const struct life_cash *b, struct life_pair *ret);
/* Dated flows as the scenario counts them (monthly or at year ends); ret has months + 1 places. Returns how many. */
size_t life_flows(const struct sim_spec *s, const double *flow, struct fin_flow *ret);
#endif
