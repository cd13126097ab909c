#include "sim/kernel/stats.h"
#include <math.h>
#include <string.h>
#include "base/mem.h"

void tally_add(struct tally *t, double x) {
  if (t->n++ == 0) {
    t->min = t->max = t->mean = x;
    t->m2 = 0;
    return;
  }
  double d = x - t->mean;
  t->mean += d / (double)t->n;
  t->m2 += d * (x - t->mean);
  if (x < t->min)
    t->min = x;
  if (x > t->max)
    t->max = x;
}

/* Chan, Golub, LeVeque: means and squared deviations of two samples combine exactly. */
void tally_merge(struct tally *t, const struct tally *other) {
  if (other->n == 0)
    return;
  if (t->n == 0) {
    *t = *other;
    return;
  }
  double a = (double)t->n, b = (double)other->n, d = other->mean - t->mean;
  t->m2 += other->m2 + d * d * a * b / (a + b);
  t->mean += d * b / (a + b);
  t->n += other->n;
  t->min = fmin(t->min, other->min);
  t->max = fmax(t->max, other->max);
}

double tally_variance(const struct tally *t) {
  return t->n > 1 ? t->m2 / (double)(t->n - 1) : 0;
}

void timeweighted_init(struct timeweighted *w, sim_time now, double value) {
  *w = (struct timeweighted){.start = now, .last = now, .value = value, .min = value, .max = value};
}

void timeweighted_set(struct timeweighted *w, sim_time now, double value) {
  w->integral = timeweighted_integral(w, now);
  w->last = now;
  w->value = value;
  w->min = fmin(w->min, value);
  w->max = fmax(w->max, value);
}

double timeweighted_integral(const struct timeweighted *w, sim_time now) {
  return w->integral + w->value * sim_time_as_s(now - w->last);
}

double timeweighted_mean(const struct timeweighted *w, sim_time now) {
  return now > w->start ? timeweighted_integral(w, now) / sim_time_as_s(now - w->start) : w->value;
}

/* Bucket k holds (g^(k-1), g^k] with g = (1+e)/(1-e); its representative 2 g^k / (g+1) is within e of every value in
 * it. One array of buckets grows at both ends towards the values seen. */
struct sketch {
  uint64_t *bucket;
  int first; /* number of bucket[0] */
  size_t len;
  uint64_t n, zeros;
  double sum, max, min;
};
#define LOG_GAMMA (2 * atanh(SKETCH_ERROR)) /* ln((1+e)/(1-e)) */

struct sketch *sketch_create(void) {
  struct sketch *s = mem_alloc(sizeof *s);
  s->max = -INFINITY;
  s->min = INFINITY;
  return s;
}

void sketch_destroy(struct sketch *s) {
  if (s)
    mem_free(s->bucket);
  mem_free(s);
}

static int bucket_of(double x) {
  return (int)ceil(log(x) / LOG_GAMMA);
}

static double bucket_value(int k) {
  return exp(k * LOG_GAMMA) * (1 - SKETCH_ERROR); /* 2 g^k / (g+1) */
}

/* Makes room for buckets lo..hi, with slack so that a slowly widening range costs O(1) amortised. */
static void sketch_cover(struct sketch *s, int lo, int hi) {
  if (s->len > 0 && lo >= s->first && hi < s->first + (int)s->len)
    return;
  int first = lo, last = hi;
  if (s->len > 0) {
    int slack = (int)(s->len / 2) + 16;
    first = lo < s->first ? lo - slack : s->first;
    last = s->first + (int)s->len - 1;
    if (hi > last)
      last = hi + slack;
  }
  uint64_t *b = mem_array((size_t)(last - first + 1), sizeof *b);
  if (s->len > 0)
    memcpy(b + (s->first - first), s->bucket, s->len * sizeof *b);
  mem_free(s->bucket);
  s->bucket = b;
  s->first = first;
  s->len = (size_t)(last - first + 1);
}

void sketch_add(struct sketch *s, double x) {
  sketch_add_n(s, x, 1);
}

void sketch_add_n(struct sketch *s, double x, uint64_t n) {
  if (n == 0 || isnan(x))
    return;
  if (!(x > 0))
    x = 0;
  if (x > 0x1p1023)
    x = 0x1p1023;
  s->n += n;
  s->sum += x * (double)n;
  s->max = fmax(s->max, x);
  s->min = fmin(s->min, x);
  if (x == 0) {
    s->zeros += n;
    return;
  }
  int k = bucket_of(x);
  sketch_cover(s, k, k);
  s->bucket[k - s->first] += n;
}

void sketch_merge(struct sketch *s, const struct sketch *other) {
  if (other->len > 0)
    sketch_cover(s, other->first, other->first + (int)other->len - 1);
  for (size_t i = 0; i < other->len; i++)
    s->bucket[other->first + (int)i - s->first] += other->bucket[i];
  s->n += other->n;
  s->zeros += other->zeros;
  s->sum += other->sum;
  s->max = fmax(s->max, other->max);
  s->min = fmin(s->min, other->min);
}

uint64_t sketch_count(const struct sketch *s) {
  return s->n;
}

double sketch_quantile(const struct sketch *s, double q) {
  if (s->n == 0 || !(q >= 0 && q <= 1))
    return NAN;
  uint64_t rank = (uint64_t)(q * (double)(s->n - 1)); /* 0-based, lower quantile */
  if (rank == 0)
    return s->min;
  if (rank == s->n - 1)
    return s->max;
  if (rank < s->zeros)
    return 0;
  uint64_t seen = s->zeros;
  for (size_t i = 0; i < s->len; i++) {
    seen += s->bucket[i];
    if (rank < seen)
      return fmin(fmax(bucket_value(s->first + (int)i), s->min), s->max);
  }
  return s->max; /* not reached: the buckets hold all n */
}

double sketch_mean(const struct sketch *s) {
  return s->n ? s->sum / (double)s->n : (double)NAN;
}

double sketch_fraction_below(const struct sketch *s, double x) {
  if (s->n == 0)
    return NAN;
  uint64_t below = x > 0 ? s->zeros : 0;
  for (size_t i = 0; x > 0 && i < s->len && bucket_value(s->first + (int)i) < x; i++)
    below += s->bucket[i];
  return (double)below / (double)s->n;
}

double sketch_max(const struct sketch *s) {
  return s->n ? s->max : (double)NAN;
}
