/* The options lived again in many drawn worlds, on threads. What comes out does not depend on how many. */
#ifndef SIM_LIFE_REPLICAS_H
#define SIM_LIFE_REPLICAS_H
#include "sim/life_metrics.h"
#include "sim/life_records.h"

struct replicas {
  const struct sim_spec *spec;
  struct memo *memo;
  uint64_t seed;
  int n, options, months;
  double *value;            /* [replica][option][life_metric_count] */
  double *flow;             /* [replica][option][months + 1] */
  struct life_cash *cash;   /* [replica][option] */
  double *rate;             /* [replica]: the discount rate drawn */
  bool *broken;             /* [replica]: a conservation law failed */
};
/* Plays n replicas. A broken law is played again for its message and is an error. */
void replicas_play(struct replicas *r, const struct sim_spec *spec, struct memo *memo, uint64_t seed, int n, int jobs, struct errs *errs);
void replicas_free(struct replicas *r);
/* P10, P50, P90 of a metric over the replicas in which the option could do the work; NaN when there are none. */
void replicas_spread(const struct replicas *r, int option, int metric, struct life_spread *ret);
/* Of any numbers: NaN are left out, the order of x is lost. */
void spread_of(double *x, size_t n, struct life_spread *ret);
/* Mean, standard deviation, chance to be feasible, P10/P90 of the cumulative cost, samples: told for one option. */
void replicas_tell(const struct replicas *r, int option, const struct sim_listener *out);
/* First-order Sobol index of an input on an option's TCO; NaN when the replicas are too few. */
double replicas_sobol(const struct replicas *r, const struct world *w, int option, int input);
/* Spreads of the pair figures and the chance that the option is the cheaper one. */
struct pair_spread {
  struct life_spread saving_usd, npv_usd, irr, payback_month, breakeven_month, breakeven_utilization;
  double prob_cheaper;
};
void replicas_pair(const struct replicas *r, int option, int versus, struct pair_spread *ret);
#endif
