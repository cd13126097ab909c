#include "sim/kernel/stream.h"
#include <math.h>
#include <gsl/gsl_randist.h>
#include "base/hash.h"

static void seed_state(struct stream *st, uint64_t x) {
  for (int i = 0; i < 4; i++)
    st->s[i] = hash_mix(x += 0x9e3779b97f4a7c15u); /* splitmix64 */
}

void stream_init(struct stream *st, uint64_t seed, const char *name, uint64_t number) {
  seed_state(st, hash_mix(hash_str(seed, name)) + hash_mix(number + 0x632be59bd9b4e019u));
}

/* Lemire 2019: the high word of a product, rejecting the few draws that would favour some results. */
uint64_t stream_below(struct stream *st, uint64_t n) {
  for (;;) {
    unsigned __int128 m = (unsigned __int128)stream_u64(st) * n;
    if ((uint64_t)m >= -n % n)
      return (uint64_t)(m >> 64);
  }
}

static void gsl_set(void *state, unsigned long seed) {
  seed_state(state, seed);
}
static unsigned long gsl_get(void *state) {
  return (unsigned long)(stream_u64(state) >> 32);
}
static double gsl_get_double(void *state) {
  return (double)(stream_u64(state) >> 11) * 0x1p-53;
}
static const gsl_rng_type xoshiro = {"xoshiro256**", UINT32_MAX,    0, sizeof(struct stream), gsl_set,
                                     gsl_get,        gsl_get_double};
const gsl_rng_type *const stream_gsl_type = &xoshiro;

/* A gsl_rng is {type, state}: it can stand on the stack and draw straight from the stream. */
gsl_rng stream_gsl(struct stream *st) {
  return (gsl_rng){.type = stream_gsl_type, .state = st};
}

double stream_normal(struct stream *st, double mean, double sd) {
  gsl_rng r = stream_gsl(st);
  return mean + gsl_ran_gaussian_ziggurat(&r, sd);
}

double stream_lognormal(struct stream *st, double mean, double sd) {
  double var_log = log1p(sd * sd / (mean * mean));
  return exp(stream_normal(st, log(mean) - var_log / 2, sqrt(var_log)));
}

double stream_weibull(struct stream *st, double scale, double shape) {
  return scale * pow(stream_exponential(st, 1), 1 / shape);
}

double stream_gamma(struct stream *st, double mean, double cv) {
  if (cv <= 0)
    return mean;
  gsl_rng r = stream_gsl(st);
  return gsl_ran_gamma(&r, 1 / (cv * cv), mean * cv * cv);
}

uint64_t stream_poisson(struct stream *st, double mean) {
  gsl_rng r = stream_gsl(st);
  return gsl_ran_poisson(&r, mean);
}
