/* One input at a time, the rest at central values: what each end of its range does to the TCO of every option, and where in that range two options change places. */
#ifndef SIM_LIFE_TORNADO_H
#define SIM_LIFE_TORNADO_H
#include "sim/life_metrics.h"

struct tornado {
  const struct sim_spec *spec;
  struct memo *memo;
  int inputs, options;
  double *low, *high; /* [input][option] TCO in USD; NaN = unknown */
};
void tornado_play(struct tornado *t, const struct sim_spec *spec, struct memo *memo, int jobs, struct errs *errs);
void tornado_free(struct tornado *t);
/* Does an input touch an option's TCO at all? */
bool tornado_touches(const struct tornado *t, int input, int option);
/* The value of an input at which the cheaper of two options changes; NaN when none in its range. central_saving: TCO(versus) - TCO(option) at central values. */
double tornado_flip(const struct tornado *t, struct world *w, int input, int option, int versus, double central_saving);
#endif
