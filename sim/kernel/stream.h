/* Named random streams: the state of a stream follows from the run's seed and the stream's name (and number) alone, so adding an actor
 * does not change another's draws. xoshiro256**, wrapped as a gsl_rng_type so that every GSL distribution can draw from it. */
#ifndef SIM_KERNEL_STREAM_H
#define SIM_KERNEL_STREAM_H
#include <stdint.h>
#include <gsl/gsl_rng.h>

struct stream {
  uint64_t s[4];
};
void stream_init(struct stream *st, uint64_t seed, const char *name, uint64_t number);
uint64_t stream_u64(struct stream *st);
double stream_uniform(struct stream *st);                       /* (0,1), never 0 or 1 */
double stream_exponential(struct stream *st, double mean);
double stream_normal(struct stream *st, double mean, double sd);
double stream_lognormal(struct stream *st, double mean, double sd); /* mean and sd of the value itself */
double stream_weibull(struct stream *st, double scale, double shape);
double stream_gamma(struct stream *st, double mean, double cv);     /* coefficient of variation cv */
uint64_t stream_poisson(struct stream *st, double mean);

/* For every other GSL distribution: `gsl_rng r = stream_gsl(&st); gsl_ran_x(&r, ...)` draws from st itself (st must outlive r; nothing to
 * free). stream_gsl_type is the same generator as a type for gsl_rng_alloc. */
gsl_rng stream_gsl(struct stream *st);
extern const gsl_rng_type *const stream_gsl_type;
#endif
