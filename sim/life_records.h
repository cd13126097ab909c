/* Turns a life that was played into records for whoever listens. */
#ifndef SIM_LIFE_RECORDS_H
#define SIM_LIFE_RECORDS_H
#include "sim/life_metrics.h"

struct life_spread { /* P10, P50, P90 over the replicas; NaN when there are none */
  double p10, p50, p90;
};
void life_tell_metric(const struct sim_listener *out, const char *option, const char *scope, const char *name, const char *versus, double value,
                      const char *unit, const struct life_spread *spread /* NULL = none */);
void life_tell_point(const struct sim_listener *out, const char *option, const char *name, double t_h, double value);
/* Charges, series, and the metrics of years and layers. */
void life_tell_charges(const struct life *l, const struct sim_listener *out);
void life_tell_series(const struct life *l, const struct sim_listener *out);
void life_tell_scopes(const struct life *l, const struct sim_listener *out);
/* Training runs: jobs, and the figures of each training (scope "training:NAME"). */
void life_tell_runs(const struct life *l, const struct sim_listener *out);
#endif
