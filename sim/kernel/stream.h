/* Named random streams: the state of a stream follows from the run's seed and the stream's name (and number) alone, so
 * adding an actor does not change another's draws. xoshiro256**, wrapped as a gsl_rng_type so that every GSL
 * distribution can draw from it.
 *
 * How many numbers a uniform, exponential, normal, lognormal or Weibull draw takes from the stream does not depend on
 * its parameters, so that two runs which differ in one share their luck. */
#ifndef SIM_KERNEL_STREAM_H
#define SIM_KERNEL_STREAM_H
#include <stdint.h>
#include <gsl/gsl_rng.h>

struct stream {
  uint64_t s[4];
};
void stream_init(struct stream *st, uint64_t seed, const char *name, uint64_t number);
static inline uint64_t stream_u64(struct stream *st);
static inline double stream_uniform(struct stream *st);                  /* (0,1), never 0 or 1 */
static inline double stream_exponential(struct stream *st, double mean); /* > 0 */
double stream_normal(struct stream *st, double mean, double sd);
double stream_lognormal(struct stream *st, double mean, double sd); /* mean and sd of the value itself */
double stream_weibull(struct stream *st, double scale, double shape);
double stream_gamma(struct stream *st, double mean, double cv); /* coefficient of variation cv */
uint64_t stream_poisson(struct stream *st, double mean);
uint64_t stream_below(struct stream *st, uint64_t n); /* 0 .. n-1, unbiased; n > 0 */

/* For every other GSL distribution: `gsl_rng r = stream_gsl(&st); gsl_ran_x(&r, ...)` draws from st itself (st must
 * outlive r; nothing to free). stream_gsl_type is the same generator as a type for gsl_rng_alloc. */
gsl_rng stream_gsl(struct stream *st);
extern const gsl_rng_type *const stream_gsl_type;

/* xoshiro256** 1.0 (Blackman, Vigna: Scrambled linear pseudorandom number generators, 2018; public domain). */
static inline uint64_t stream_u64(struct stream *st) {
  uint64_t *s = st->s, five = s[1] * 5, out = (five << 7 | five >> 57) * 9, t = s[1] << 17;
  s[2] ^= s[0];
  s[3] ^= s[1];
  s[1] ^= s[2];
  s[0] ^= s[3];
  s[2] ^= t;
  s[3] = s[3] << 45 | s[3] >> 19;
  return out;
}

static inline double stream_uniform(struct stream *st) {
  return ((double)(stream_u64(st) >> 12) + 0.5) * 0x1p-52;
}

/* The frequent case of sim/kernel/ziggurat.c: 8 bits choose the layer, 53 others the place in it. */
#define STREAM_LAYERS 256
extern const double stream_layer[STREAM_LAYERS + 1];
double stream_exponential_edge(struct stream *st, unsigned layer, double x);

static inline double stream_exponential(struct stream *st, double mean) {
  uint64_t bits = stream_u64(st);
  unsigned layer = (unsigned)(bits % STREAM_LAYERS);
  double x = (double)(int64_t)(bits >> 11 | 1) * 0x1p-53 * stream_layer[layer + 1];
  return mean * (x < stream_layer[layer] ? x : stream_exponential_edge(st, layer, x));
}
#endif
