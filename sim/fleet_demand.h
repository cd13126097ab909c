/* What users ask in the course of a month, in cells: a window of the day on one type of day. The days of a week that are alike are one type. */
#ifndef SIM_FLEET_DEMAND_H
#define SIM_FLEET_DEMAND_H
#include "sim/spec.h"

struct demand {
  int windows, types;
  double *rate;        /* of each window, req/s on a day of factor 1 at the start of the horizon */
  double *window_h;
  double factor[7];    /* of each type */
  double *days;        /* [month x types]: days of each type in each month (8,760-hour years: shares of 730 h) */
  double *level, *above; /* cells sorted by rate, ascending, and the share of an average week's hours that lies above each */
  int cells;
  double peak, trough, mean; /* req/s at the start */
  double input_tokens, output_tokens; /* means */
};
void demand_make(struct demand *d, const struct sim_spec *spec, const struct sim_serving *serving);
void demand_free(struct demand *d);
/* The rate (at the start's level) that is exceeded in a share of the hours, 0..1. */
double demand_exceeded(const struct demand *d, double share);
#endif
