/* Statistics against sorted samples, random streams against their laws. */
#include <math.h>
#include <stdlib.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>
#include "base/mem.h"
#include "sim/kernel/stats.h"
#include "sim/kernel/stream.h"
#include "tests/kernel_tests.h"

enum { N = 20000 };

static int compare(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* --- sketch --- */

static double narrow(struct stream *st) {
  return 1 + 1e-3 * stream_uniform(st);
}
static double heavy(struct stream *st) {
  return 1 / pow(stream_uniform(st), 4);
}
static double whole_range(struct stream *st) {
  return pow(10, 600 * stream_uniform(st) - 300);
}
static double some_zeros(struct stream *st) {
  return stream_below(st, 3) ? stream_exponential(st, 1e-3) : 0;
}
static double few_values(struct stream *st) {
  return (double)stream_below(st, 5);
}
static double (*const laws[])(struct stream *st) = {narrow, heavy, whole_range, some_zeros, few_values};

static void check_sketch(const struct sketch *s, const double *sorted, size_t n) {
  double worst = 0, sum = 0;
  for (int k = 0; k <= 1000; k++) {
    double q = k / 1000., want = sorted[(size_t)(q * (double)(n - 1))], got = sketch_quantile(s, q);
    double off = want > 0 ? fabs(got / want - 1) : got;
    worst = fmax(worst, off);
  }
  CU_ASSERT(worst <= SKETCH_ERROR * (1 + 1e-9));
  for (size_t i = 0; i < n; i++)
    sum += sorted[i];
  CU_ASSERT_EQUAL(sketch_count(s), n);
  CU_CLOSE(sketch_mean(s), sum / (double)n, 1e-9);
  CU_ASSERT_EQUAL(sketch_max(s), sorted[n - 1]);
  CU_ASSERT_EQUAL(sketch_quantile(s, 1), sorted[n - 1]);
  CU_ASSERT_EQUAL(sketch_quantile(s, 0), sorted[0]);
}

static void sketch_error_bound(void) {
  for (size_t l = 0; l < sizeof laws / sizeof *laws; l++) {
    struct stream st;
    stream_init(&st, 1, "sketch", l);
    struct sketch *whole = sketch_create(), *half[2] = {sketch_create(), sketch_create()};
    double *x = mem_array(N, sizeof *x);
    for (int i = 0; i < N; i++) {
      sketch_add(whole, x[i] = laws[l](&st));
      sketch_add(half[i % 2], x[i]);
    }
    sketch_merge(half[0], half[1]);
    qsort(x, N, sizeof *x, compare);
    check_sketch(whole, x, N);
    check_sketch(half[0], x, N);
    sketch_destroy(whole), sketch_destroy(half[0]), sketch_destroy(half[1]);
    mem_free(x);
  }
}

static void sketch_edges(void) {
  struct sketch *s = sketch_create(), *empty = sketch_create();
  CU_ASSERT(isnan(sketch_quantile(s, 0.5)) && isnan(sketch_mean(s)) && isnan(sketch_max(s)));
  sketch_add(s, NAN);
  sketch_add_n(s, 5, 0);
  CU_ASSERT_EQUAL(sketch_count(s), 0);
  sketch_add_n(s, 2, 3);
  sketch_add(s, -1); /* kept as 0 */
  sketch_merge(s, empty);
  sketch_merge(empty, s);
  CU_ASSERT_EQUAL(sketch_count(empty), 4);
  CU_ASSERT_EQUAL(sketch_quantile(s, 0), 0);
  CU_CLOSE(sketch_quantile(s, 0.5), 2, SKETCH_ERROR);
  CU_ASSERT_EQUAL(sketch_mean(s), 1.5);
  CU_CLOSE(sketch_fraction_below(s, 1), 0.25, 1e-15);
  CU_CLOSE(sketch_fraction_below(s, 3), 1, 1e-15);
  CU_ASSERT_EQUAL(sketch_fraction_below(s, 0), 0);
  CU_ASSERT(isnan(sketch_quantile(s, 1.5)) && isnan(sketch_quantile(s, NAN)));
  sketch_add(s, INFINITY);
  sketch_add(s, 0x1p-1074);
  CU_ASSERT_EQUAL(sketch_count(s), 6);
  CU_ASSERT(sketch_quantile(s, 1) > 1e307);
  sketch_destroy(s), sketch_destroy(empty), sketch_destroy(NULL);
}

/* --- tally, time-weighted --- */

static void tally_moments(void) {
  struct stream st;
  stream_init(&st, 1, "tally", 0);
  struct tally whole = {.n = 0}, part[3] = {{.n = 0}}, merged = {.n = 0};
  double x[1000], sum = 0, squares = 0;
  for (int i = 0; i < 1000; i++) {
    sum += x[i] = 1e9 + stream_normal(&st, 0, 1); /* a large mean: sums of squares would lose all digits */
    tally_add(&whole, x[i]);
    tally_add(&part[i % 2 ? 0 : 2], x[i]); /* part[1] stays empty */
  }
  for (int i = 0; i < 1000; i++)
    squares += (x[i] - sum / 1000) * (x[i] - sum / 1000);
  for (int i = 0; i < 3; i++)
    tally_merge(&merged, &part[i]);
  const struct tally *both[] = {&whole, &merged};
  qsort(x, 1000, sizeof *x, compare);
  for (int i = 0; i < 2; i++) {
    CU_ASSERT_EQUAL(both[i]->n, 1000);
    CU_CLOSE(both[i]->mean, sum / 1000, 1e-14);
    CU_CLOSE(tally_variance(both[i]), squares / 999, 1e-6);
    CU_ASSERT_EQUAL(both[i]->min, x[0]);
    CU_ASSERT_EQUAL(both[i]->max, x[999]);
  }
  struct tally one = {.n = 0};
  tally_add(&one, 7);
  CU_ASSERT_EQUAL(tally_variance(&one), 0);
}

/* 100 W for 2 s, 300 W for 0.5 s, 0 W for 1.5 s: 350 J, 87.5 W on average over 4 s. */
static void square_wave(void) {
  struct timeweighted w;
  timeweighted_init(&w, 1000000000, 100);
  CU_ASSERT_EQUAL(timeweighted_mean(&w, 1000000000), 100);
  timeweighted_set(&w, 3000000000, 300);
  CU_CLOSE(timeweighted_integral(&w, 3250000000), 275, 1e-15);
  timeweighted_set(&w, 3500000000, 0);
  timeweighted_set(&w, 3500000000, 500); /* for no time at all */
  timeweighted_set(&w, 3500000000, 0);
  CU_CLOSE(timeweighted_integral(&w, 5000000000), 350, 1e-15);
  CU_CLOSE(timeweighted_mean(&w, 5000000000), 87.5, 1e-15);
  CU_ASSERT_EQUAL(w.max, 500);
  CU_ASSERT_EQUAL(w.min, 0);
}

/* --- streams --- */

/* First outputs from state 1, 2, 3, 4, as the authors' C code gives them. */
static void xoshiro_reference(void) {
  static const uint64_t want[] = {11520,
                                  0,
                                  1509978240,
                                  1215971899390074240u,
                                  1216172134540287360u,
                                  607988272756665600u,
                                  16172922978634559625u,
                                  8476171486693032832u,
                                  10595114339597558777u,
                                  2904607092377533576u};
  struct stream st = {{1, 2, 3, 4}};
  for (size_t i = 0; i < sizeof want / sizeof *want; i++)
    CU_ASSERT_EQUAL(stream_u64(&st), want[i]);
}

static double correlation(const char *name_a, uint64_t seed_a, uint64_t number_a, const char *name_b, uint64_t seed_b,
                          uint64_t number_b, int lag) {
  struct stream a, b;
  stream_init(&a, seed_a, name_a, number_a);
  stream_init(&b, seed_b, name_b, number_b);
  for (int i = 0; i < lag; i++)
    stream_u64(&b);
  double sum = 0;
  for (int i = 0; i < N; i++)
    sum += (stream_uniform(&a) - 0.5) * (stream_uniform(&b) - 0.5);
  return 12 * sum / N; /* standard deviation 1 / sqrt N */
}

static void streams_are_independent(void) {
  double limit = 4 / sqrt(N);
  static const struct {
    const char *name;
    uint64_t seed, number;
  } s[] = {{"a", 1, 0},  {"b", 1, 0}, {"a", 2, 0}, {"a", 1, 1},
           {"aa", 1, 0}, {"", 0, 0},  {"", 0, 1},  {"a", 1, UINT64_MAX}};
  enum { S = sizeof s / sizeof *s };
  for (int i = 0; i < S; i++)
    for (int j = 0; j < i; j++)
      for (int lag = 0; lag < 3; lag++)
        CU_ASSERT(fabs(correlation(s[i].name, s[i].seed, s[i].number, s[j].name, s[j].seed, s[j].number, lag)) < limit);
  CU_ASSERT(correlation("a", 1, 0, "a", 1, 0, 0) > 0.9); /* the same stream again */
  CU_ASSERT(fabs(correlation("a", 1, 0, "a", 1, 0, 1)) < limit);
}

static double law_uniform(double x) {
  return x;
}
static double law_exponential(double x) {
  return -expm1(-x / 3);
}
static double law_normal(double x) {
  return gsl_cdf_gaussian_P(x - 2, 5);
}
static double law_lognormal(double x) { /* mean 2, sd 3: variance of the logarithm ln(1 + 9/4) */
  double v = log(1 + 9. / 4);
  return gsl_cdf_lognormal_P(x, log(2) - v / 2, sqrt(v));
}
static double law_weibull(double x) {
  return gsl_cdf_weibull_P(x, 4, 0.7);
}
static double law_gamma(double x) { /* mean 2, cv 1.5 */
  return gsl_cdf_gamma_P(x, 1 / 2.25, 2 * 2.25);
}

static double draw_law(struct stream *st, int law) {
  switch (law) {
  case 0:
    return stream_uniform(st);
  case 1:
    return stream_exponential(st, 3);
  case 2:
    return stream_normal(st, 2, 5);
  case 3:
    return stream_lognormal(st, 2, 3);
  case 4:
    return stream_weibull(st, 4, 0.7);
  default:
    return stream_gamma(st, 2, 1.5);
  }
}

/* Kolmogorov-Smirnov: sqrt(n) times the largest gap exceeds 1.95 with probability 0.1 %. */
static void draws_follow_their_laws(void) {
  static double (*const cdf[])(double x) = {law_uniform,   law_exponential, law_normal,
                                            law_lognormal, law_weibull,     law_gamma};
  double *x = mem_array(N, sizeof *x);
  for (int l = 0; l < 6; l++) {
    struct stream st;
    stream_init(&st, 1, "law", (uint64_t)l);
    for (int i = 0; i < N; i++)
      x[i] = draw_law(&st, l);
    qsort(x, N, sizeof *x, compare);
    double gap = 0;
    for (int i = 0; i < N; i++)
      gap = fmax(gap, fmax(cdf[l](x[i]) - i / (double)N, (i + 1) / (double)N - cdf[l](x[i])));
    CU_ASSERT(gap * sqrt(N) < 1.95);
  }
  mem_free(x);
}

static void poisson_and_below(void) {
  struct stream st;
  stream_init(&st, 1, "counts", 0);
  struct tally t = {.n = 0};
  for (int i = 0; i < N; i++)
    tally_add(&t, (double)stream_poisson(&st, 3.5));
  CU_CLOSE(t.mean, 3.5, 4 / sqrt(3.5 * N));
  CU_CLOSE(tally_variance(&t), 3.5, 0.05);
  int count[7] = {0};
  double chi2 = 0;
  for (int i = 0; i < N; i++)
    count[stream_below(&st, 7)]++;
  for (int k = 0; k < 7; k++)
    chi2 += pow(count[k] - N / 7., 2) / (N / 7.);
  CU_ASSERT(chi2 < gsl_cdf_chisq_Pinv(0.999, 6));
  uint64_t high = 0;
  for (int i = 0; i < 1000; i++) /* two thirds of the range: half of a sloppy modulo's results would be below half */
    high += stream_below(&st, UINT64_MAX / 3 * 2) >= UINT64_MAX / 3;
  CU_ASSERT(high > 430 && high < 570);
  CU_ASSERT_EQUAL(stream_below(&st, 1), 0);
}

/* Every layer of the ziggurat has the area v = (r + 1) exp(-r), and the topmost ends at height 1. */
static void ziggurat_layers(void) {
  const double *x = stream_layer, r = x[STREAM_LAYERS - 1], v = (r + 1) * exp(-r);
  CU_CLOSE(x[STREAM_LAYERS] * exp(-r), v, 1e-14);
  for (int i = 0; i < STREAM_LAYERS - 1; i++)
    CU_CLOSE(x[i + 1] * (exp(-x[i]) - exp(-x[i + 1])), v, 1e-12);
  CU_ASSERT_EQUAL(x[0], 0);
}

/* The tail beyond the last layer, r = 7.70, and the moments of two million draws: mean 1, variance 1, P(x > r)
 * = 4.5e-4. */
static void exponential_moments_and_tail(void) {
  enum { DRAWS = 2000000 };
  struct stream st;
  stream_init(&st, 1, "tail", 0);
  struct tally t = {.n = 0};
  double beyond = 0, excess = 0, r = stream_layer[STREAM_LAYERS - 1];
  for (int i = 0; i < DRAWS; i++) {
    double x = stream_exponential(&st, 1);
    tally_add(&t, x);
    if (x > r) {
      beyond++;
      excess += x - r;
    }
  }
  CU_ASSERT(t.min > 0);
  CU_CLOSE(t.mean, 1, 4 / sqrt(DRAWS));
  CU_CLOSE(tally_variance(&t), 1, 4 * sqrt(8. / DRAWS));
  CU_CLOSE(beyond / DRAWS, exp(-r), 4 / sqrt(DRAWS * exp(-r)));
  CU_CLOSE(excess / beyond, 1, 4 / sqrt(beyond));
}

static void gsl_draws_from_the_stream(void) {
  struct stream a, b;
  stream_init(&a, 1, "gsl", 0);
  b = a;
  gsl_rng r = stream_gsl(&a);
  for (int i = 0; i < 100; i++)
    CU_ASSERT(fabs(gsl_rng_uniform(&r) - stream_uniform(&b)) <= 0x1p-53);
  gsl_rng *own = gsl_rng_alloc(stream_gsl_type);
  gsl_rng_set(own, 42);
  struct tally t = {.n = 0};
  for (int i = 0; i < N; i++)
    tally_add(&t, gsl_ran_beta(own, 2, 3));
  CU_CLOSE(t.mean, 0.4, 4 * 0.2 / sqrt(N) / 0.4);
  CU_ASSERT(gsl_rng_get(own) <= gsl_rng_max(own));
  gsl_rng_free(own);
}

static const struct cu_case cases[] = {
    {"sketch: error bound and merge", sketch_error_bound},
    {"sketch: edges", sketch_edges},
    {"tally: moments and merge", tally_moments},
    {"time-weighted: square wave", square_wave},
    {"xoshiro256** reference", xoshiro_reference},
    {"streams are independent", streams_are_independent},
    {"draws follow their laws", draws_follow_their_laws},
    {"Poisson counts and bounded integers", poisson_and_below},
    {"exponential: layers of the ziggurat", ziggurat_layers},
    {"exponential: moments and tail", exponential_moments_and_tail},
    {"GSL draws from the stream", gsl_draws_from_the_stream},
};

struct kernel_cases kernel_stats_cases(void) {
  return (struct kernel_cases){cases, sizeof cases / sizeof *cases};
}
