/* What users ask of a serving fleet over a day and over the years: a rate curve, length histograms, weekly shape. Files: rate CSV
 * `t_seconds,aggregate_rate_req_per_s`, histogram CSV `bin_start,bin_width,probability` (ServeGen's form). */
#ifndef WORKLOADS_DEMAND_H
#define WORKLOADS_DEMAND_H
#include <stddef.h>
#include "base/err.h"
#include "base/mem.h"

struct wl_hist {
  size_t n;
  double *start, *width, *p; /* p sums to 1 (normalised on reading; off by more than 1 % is an error) */
};
struct wl_hist *wl_hist_load(struct arena *a, const char *path, struct errs *errs);
struct wl_hist *wl_hist_point(struct arena *a, double value); /* every request alike */
double wl_hist_mean(const struct wl_hist *h);
double wl_hist_quantile(const struct wl_hist *h, double u); /* uniform inside a bin */

struct wl_curve { /* piecewise constant over one period (a day) */
  size_t n;
  double *t_s, *rate; /* starts; rate in req/s */
  double period_s;
};
struct wl_curve *wl_curve_load(struct arena *a, const char *path, struct errs *errs);
struct wl_curve *wl_curve_flat(struct arena *a, double rate);
double wl_curve_mean(const struct wl_curve *c);
void wl_curve_scale_to_mean(struct wl_curve *c, double mean_req_per_s);
double wl_curve_at(const struct wl_curve *c, double t_s); /* t wraps around the period */
double wl_curve_max(const struct wl_curve *c);
double wl_curve_min(const struct wl_curve *c);
#endif
