/* Named random streams: the state of a stream follows from the run's seed and the stream's name (and number) alone, so
 * adding an actor does not change another's draws. xoshiro256**, wrapped as a gsl_rng_type so that every GSL
 * distribution can draw from it.
 *
 * Uniform, exponential and Weibull are monotone functions of one draw each (inversion), so that runs which differ in a
 * parameter share their luck; the others take a varying number of draws. */
#ifndef SIM_KERNEL_STREAM_H
#define SIM_KERNEL_STREAM_H
#include <stdint.h>
#include <gsl/gsl_rng.h>

struct stream {
  uint64_t s[4];
};
void stream_init(struct stream *st, uint64_t seed, const char *name, uint64_t number);
static inline uint64_t stream_u64(struct stream *st);
static inline double stream_uniform(struct stream *st); /* (0,1), never 0 or 1 */
static inline double stream_exponential(struct stream *st, double mean);
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

/* -ln(u) for u in (0,1) within 2 units of the last place, without a call or a table: u = m 2^k, 1/sqrt2 <= m < sqrt2,
 * ln m = 2 atanh(s) = 2 s + 2 s z p(z), s = (m-1)/(m+1), z = s^2 < 0.0295, where p(z) = 1/3 + z/5 + z^2/7 ... is
 * interpolated at 7 Chebyshev nodes. */
static inline double stream_minus_log(double u) {
  union {
    double d;
    uint64_t bits;
  } x = {u};
  const uint64_t root_half = 0x3fe6a09e667f3bcdu;
  int64_t k = (int64_t)(x.bits - root_half) >> 52;
  x.bits -= (uint64_t)k << 52;
  double s = (x.d - 1) / (x.d + 1), z = s * s, z2 = z * z;
  double p = (0x1.5555555555558p-2 + z * 0x1.99999999952e2p-3) +
             z2 * ((0x1.2492492df148dp-3 + z * 0x1.c71c62e5800a1p-4) +
                   z2 * ((0x1.7462b4ab2ef6bp-4 + z * 0x1.39fe606542ddep-4) + z2 * 0x1.2b584aae78a57p-4));
  return -((double)k * 0x1.62e42fefa39efp-1 + (2 * s + 2 * s * z * p));
}

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

static inline double stream_exponential(struct stream *st, double mean) {
  return mean * stream_minus_log(stream_uniform(st));
}
#endif
