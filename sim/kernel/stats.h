/* Statistics with bounded memory. */
#ifndef SIM_KERNEL_STATS_H
#define SIM_KERNEL_STATS_H
#include <stdint.h>
#include <stddef.h>
#include "sim/kernel/clock.h"

/* Count, mean, variance, min, max (Welford; mergeable). */
struct tally {
  uint64_t n;
  double mean, m2, min, max;
};
void tally_add(struct tally *t, double x);
void tally_merge(struct tally *t, const struct tally *other);
double tally_variance(const struct tally *t);

/* Integral of a step function of time: close the interval at the old value before any change. */
struct timeweighted {
  sim_time start, last;
  double value, integral, min, max; /* integral in value x seconds */
};
void timeweighted_init(struct timeweighted *w, sim_time now, double value);
void timeweighted_set(struct timeweighted *w, sim_time now, double value);
double timeweighted_integral(const struct timeweighted *w, sim_time now);
double timeweighted_mean(const struct timeweighted *w, sim_time now);

/* Quantiles by logarithmic buckets: relative error of any quantile at most SKETCH_ERROR, any number of values,
 * mergeable. Values <= 0 are kept in a bucket of their own as 0; NaN is not counted. Memory: 8 bytes per per cent of
 * the range seen (2,303 buckets for ten decades), at most 1.8 MB when it spans all doubles. */
#define SKETCH_ERROR 0.005
struct sketch;
struct sketch *sketch_create(void);
void sketch_destroy(struct sketch *s);
void sketch_add(struct sketch *s, double x);
void sketch_add_n(struct sketch *s, double x, uint64_t n);
void sketch_merge(struct sketch *s, const struct sketch *other);
uint64_t sketch_count(const struct sketch *s);
double sketch_quantile(const struct sketch *s, double q); /* q in [0,1], else or when empty NaN; 0 and 1 are exact */
double sketch_mean(const struct sketch *s);               /* exact */
double sketch_fraction_below(const struct sketch *s, double x); /* exact for some x' within SKETCH_ERROR of x */
double sketch_max(const struct sketch *s);
#endif
