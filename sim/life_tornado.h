/* One input at a time, the rest at central values: what each end of its range does to the TCO of every option, and where in that range two options change places. */
#ifndef SIM_LIFE_TORNADO_H
#define SIM_LIFE_TORNADO_H
#include "sim/life_metrics.h"

struct tornado {
  const struct sim_spec *spec;
  struct memo *memo;
  int inputs, options;
  double *low, *high; /* [input][option] TCO in USD; NaN = unknown */
  int versus;
  double *flip;       /* [input][option] the value of the input at which the cheaper of the option and `versus` changes; NaN = none in its range */
};
/* central: TCO of every option at central values, NaN for those that are not to be compared. */
void tornado_play(struct tornado *t, const struct sim_spec *spec, struct memo *memo, const double *central, int versus, int jobs, struct errs *errs);
void tornado_free(struct tornado *t);
/* Does an input touch an option's TCO at all? */
bool tornado_touches(const struct tornado *t, int input, int option);
#endif
