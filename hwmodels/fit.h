/* Fitting a few bounded parameters to measurements on the logarithm of the error, by GSL's nonlinear least squares,
 * robust against outliers. */
#ifndef HWMODELS_FIT_H
#define HWMODELS_FIT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HWI_FIT_MAX = 32 }; /* parameters of one fit */
struct hwi_fit_param {
  const char *name, *unit;
  double start, lo,
      hi; /* lo < start < hi; a range of more than two decades is searched on a log scale; lo == hi: fixed at start */
};
struct hwi_fit {
  const struct hwi_fit_param *param;
  size_t n_param, n_point;
  /* log(predicted / measured) of point i at the parameters' values. */
  double (*log_error)(const void *ctx, size_t i, const double *value);
  const void *ctx;
};
/* Fills value[n_param]. False when GSL fails (fewer points than free parameters, no finite residual); values are then
 * the starts. */
bool hwi_fit(const struct hwi_fit *fit, double *value);

struct hwi_fit_error {
  size_t n;
  double median, p90, bias; /* of |predicted / measured - 1|; bias: median of the signed value */
};
/* Over the points with use[i] == which. */
struct hwi_fit_error hwi_fit_measure(const struct hwi_fit *fit, const double *value, const bool *use, bool which);

/* Whether a measurement with this key is left out of the fit: the same 30 % for the same seed, on every machine. */
bool hwi_left_out(uint64_t seed, const double *key, size_t n);
#endif
