#include "hwmodels/fit.h"
#include <gsl/gsl_errno.h>
#include <gsl/gsl_multifit_nlinear.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include "base/hash.h"
#include "base/mem.h"

/* Bounds by a logistic map, so that GSL works without constraints. The map is shifted away from 0, because GSL's
 * numerical derivative takes steps in proportion to the coordinate. */
static const double SHIFT = 20;
static bool is_free(const struct hwi_fit_param *p) {
  return p->hi > p->lo;
}
static bool is_log(const struct hwi_fit_param *p) {
  return p->lo > 0 && p->hi / p->lo > 100;
}

static double to_value(const struct hwi_fit_param *p, double x) {
  double s = 1 / (1 + exp(SHIFT - x));
  return is_log(p) ? exp(log(p->lo) + s * log(p->hi / p->lo)) : p->lo + s * (p->hi - p->lo);
}
static double from_value(const struct hwi_fit_param *p, double v) {
  double s = is_log(p) ? log(v / p->lo) / log(p->hi / p->lo) : (v - p->lo) / (p->hi - p->lo);
  s = fmin(fmax(s, 1e-4), 1 - 1e-4);
  return SHIFT + log(s / (1 - s));
}

struct work {
  const struct hwi_fit *fit;
  double *value;
};

static void unpack(const struct work *w, const gsl_vector *x) {
  size_t k = 0;
  for (size_t j = 0; j < w->fit->n_param; j++)
    w->value[j] =
        is_free(&w->fit->param[j]) ? to_value(&w->fit->param[j], gsl_vector_get(x, k++)) : w->fit->param[j].start;
}

static int residuals(const gsl_vector *x, void *params, gsl_vector *f) {
  struct work *w = params;
  unpack(w, x);
  for (size_t i = 0; i < w->fit->n_point; i++) {
    double r = w->fit->log_error(w->fit->ctx, i, w->value);
    if (!isfinite(r))
      return GSL_EBADFUNC;
    gsl_vector_set(f, i, r);
  }
  return GSL_SUCCESS;
}

/* Cauchy weights: a point that is off by much more than 10 % pulls less. */
static void reweight(const gsl_vector *f, gsl_vector *weight) {
  for (size_t i = 0; i < f->size; i++) {
    double r = gsl_vector_get(f, i) / 0.1;
    gsl_vector_set(weight, i, 1 / (1 + r * r));
  }
}

bool hwi_fit(const struct hwi_fit *fit, double *value) {
  size_t n_free = 0;
  for (size_t j = 0; j < fit->n_param; j++) {
    value[j] = fit->param[j].start;
    n_free += is_free(&fit->param[j]);
  }
  if (n_free == 0 || fit->n_point < n_free)
    return false;
  struct work w = {fit, value};
  gsl_multifit_nlinear_parameters how = gsl_multifit_nlinear_default_parameters();
  how.h_df = 1e-4;
  gsl_multifit_nlinear_fdf fdf = {.f = residuals, .n = fit->n_point, .p = n_free, .params = &w};
  gsl_multifit_nlinear_workspace *s =
      gsl_multifit_nlinear_alloc(gsl_multifit_nlinear_trust, &how, fit->n_point, n_free);
  gsl_vector *x = gsl_vector_alloc(n_free), *weight = gsl_vector_alloc(fit->n_point);
  for (size_t j = 0, k = 0; j < fit->n_param; j++)
    if (is_free(&fit->param[j]))
      gsl_vector_set(x, k++, from_value(&fit->param[j], fit->param[j].start));
  gsl_vector_set_all(weight, 1);
  bool good = true;
  for (int round = 0; round < 4 && good; round++) {
    int info;
    good = gsl_multifit_nlinear_winit(x, weight, &fdf, s) == GSL_SUCCESS;
    if (good)
      gsl_multifit_nlinear_driver(60, 1e-7, 1e-7, 1e-9, NULL, NULL, &info,
                                  s); /* stopping early still leaves the best point */
    gsl_vector_memcpy(x, gsl_multifit_nlinear_position(s));
    good = good && residuals(x, &w, s->f) == GSL_SUCCESS;
    if (good)
      reweight(s->f, weight);
  }
  unpack(&w, x);
  for (size_t j = 0; j < fit->n_param && !good; j++)
    value[j] = fit->param[j].start;
  gsl_multifit_nlinear_free(s);
  gsl_vector_free(x);
  gsl_vector_free(weight);
  return good;
}

struct hwi_fit_error hwi_fit_measure(const struct hwi_fit *fit, const double *value, const bool *use, bool which) {
  struct hwi_fit_error e = {0, NAN, NAN, NAN};
  double *abs_error = mem_array(fit->n_point + 1, sizeof(double)),
         *signed_error = mem_array(fit->n_point + 1, sizeof(double));
  for (size_t i = 0; i < fit->n_point; i++)
    if (use[i] == which) {
      signed_error[e.n] = expm1(fit->log_error(fit->ctx, i, value));
      abs_error[e.n] = fabs(signed_error[e.n]);
      e.n++;
    }
  if (e.n) {
    gsl_sort(abs_error, 1, e.n);
    gsl_sort(signed_error, 1, e.n);
    e.median = gsl_stats_quantile_from_sorted_data(abs_error, 1, e.n, 0.5);
    e.p90 = gsl_stats_quantile_from_sorted_data(abs_error, 1, e.n, 0.9);
    e.bias = gsl_stats_quantile_from_sorted_data(signed_error, 1, e.n, 0.5);
  }
  mem_free(abs_error);
  mem_free(signed_error);
  return e;
}

bool hwi_left_out(uint64_t seed, const double *key, size_t n) {
  uint64_t h = hash_mix(seed);
  for (size_t i = 0; i < n; i++)
    h = hash_mix(h ^ (uint64_t)(int64_t)llround(key[i]));
  return (double)(h >> 11) * 0x1p-53 < 0.3;
}
