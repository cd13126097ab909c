/* Made-up requests: arrivals of a renewal process whose rate follows a curve, lengths from histograms. Reproducible from the seed. */
#ifndef WORKLOADS_TRACE_MAKE_H
#define WORKLOADS_TRACE_MAKE_H
#include "sim/kernel/stream.h"
#include "workloads/demand.h"
#include "workloads/trace.h"

enum wl_arrivals { WL_ARRIVE_POISSON, WL_ARRIVE_GAMMA, WL_ARRIVE_WEIBULL };
bool wl_arrivals_parse(const char *name, enum wl_arrivals *ret);

struct wl_generator {
  enum wl_arrivals kind;
  double cv;                       /* of the gaps, gamma and weibull; 1 = Poisson */
  const struct wl_curve *rate;     /* its period repeats */
  double growth_per_yr;            /* 0.5 = half as much again after a year, compounded */
  const struct wl_hist *input, *output;
  double end_s;                    /* arrivals before this; and at most */
  uint64_t most;                   /* requests; 0 = no limit */
  /* state */
  struct stream gap, in, out;
  double t_s, shape, scale;
  uint64_t made;
};
/* The caller fills the first part; false when cv or the rate make no process. */
bool wl_generator_start(struct wl_generator *g, uint64_t seed);
bool wl_generator_next(struct wl_generator *g, struct wl_trace_request *r);
#endif
