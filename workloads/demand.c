#include "workloads/demand.h"

#include <math.h>
#include "base/csv.h"
#include "base/units.h"

/* ---- histograms ---- */

static bool cell(const struct csv_table *t, size_t row, int col, double lo, struct errs *errs, double *ret) {
  if (units_number(csv_cell(t, row, col), ret) && *ret >= lo)
    return true;
  errs_add(errs, csv_path(t), csv_line(t, row), csv_header(t, (size_t)col), "got '%s', expected a number of at least %g",
           csv_cell(t, row, col), lo);
  return false;
}

static struct wl_hist *hist_new(struct arena *a, size_t n) {
  struct wl_hist *h = arena_alloc(a, sizeof *h);
  h->n = n;
  h->start = arena_alloc(a, n * sizeof(double));
  h->width = arena_alloc(a, n * sizeof(double));
  h->p = arena_alloc(a, n * sizeof(double));
  return h;
}

static bool hist_normalise(struct wl_hist *h, const char *path, struct errs *errs) {
  double sum = 0;
  for (size_t i = 0; i < h->n; i++)
    sum += h->p[i];
  if (!(fabs(sum - 1) <= 0.01)) {
    errs_add(errs, path, 0, "probability", "the bins sum to %g, expected 1 within 1 %%", sum);
    return false;
  }
  for (size_t i = 0; i < h->n; i++)
    h->p[i] /= sum;
  return true;
}

static struct wl_hist *hist_read(struct arena *a, const struct csv_table *t, struct errs *errs) {
  static const char *const need[] = {"bin_start", "bin_width", "probability"};
  if (!csv_require(t, need, 3, errs))
    return NULL;
  struct wl_hist *h = hist_new(a, csv_rows(t));
  int col[3];
  for (int k = 0; k < 3; k++)
    col[k] = csv_column(t, need[k]);
  bool ok = true;
  for (size_t i = 0; i < h->n; i++) {
    ok &= cell(t, i, col[0], 0, errs, &h->start[i]);
    ok &= cell(t, i, col[1], 0, errs, &h->width[i]);
    ok &= cell(t, i, col[2], 0, errs, &h->p[i]);
    if (ok && i > 0 && h->start[i] < h->start[i - 1]) {
      errs_add(errs, csv_path(t), csv_line(t, i), "bin_start", "bins must ascend, got %g after %g", h->start[i], h->start[i - 1]);
      ok = false;
    }
  }
  return ok && hist_normalise(h, csv_path(t), errs) ? h : NULL;
}

struct wl_hist *wl_hist_load(struct arena *a, const char *path, struct errs *errs) {
  struct csv_table *t = csv_load(path, errs);
  if (!t)
    return NULL;
  struct wl_hist *h = hist_read(a, t, errs);
  csv_unload(t);
  return h;
}

struct wl_hist *wl_hist_point(struct arena *a, double value) {
  struct wl_hist *h = hist_new(a, 1);
  h->start[0] = value;
  h->p[0] = 1;
  return h;
}

double wl_hist_mean(const struct wl_hist *h) {
  double m = 0;
  for (size_t i = 0; i < h->n; i++)
    m += h->p[i] * (h->start[i] + h->width[i] / 2);
  return m;
}

double wl_hist_quantile(const struct wl_hist *h, double u) {
  double c = 0;
  size_t last = 0;
  for (size_t i = 0; i < h->n; i++) {
    if (h->p[i] <= 0)
      continue;
    if (u < c + h->p[i])
      return h->start[i] + h->width[i] * fmax(0, u - c) / h->p[i];
    c += h->p[i];
    last = i;
  }
  return h->start[last] + h->width[last];
}

/* ---- rate curves ---- */

static struct wl_curve *curve_read(struct arena *a, const struct csv_table *t, struct errs *errs) {
  static const char *const need[] = {"t_seconds", "aggregate_rate_req_per_s"};
  if (!csv_require(t, need, 2, errs))
    return NULL;
  size_t n = csv_rows(t);
  if (n == 0) {
    errs_add(errs, csv_path(t), 0, NULL, "no rows, expected a rate curve");
    return NULL;
  }
  struct wl_curve *c = arena_alloc(a, sizeof *c);
  c->n = n;
  c->t_s = arena_alloc(a, n * sizeof(double));
  c->rate = arena_alloc(a, n * sizeof(double));
  bool ok = true;
  for (size_t i = 0; i < n; i++) {
    ok &= cell(t, i, csv_column(t, need[0]), 0, errs, &c->t_s[i]);
    ok &= cell(t, i, csv_column(t, need[1]), 0, errs, &c->rate[i]);
    if (ok && i > 0 && !(c->t_s[i] > c->t_s[i - 1])) {
      errs_add(errs, csv_path(t), csv_line(t, i), "t_seconds", "times must ascend, got %g after %g", c->t_s[i], c->t_s[i - 1]);
      ok = false;
    }
  }
  if (!ok)
    return NULL;
  /* The last interval is as long as the one before it: 144 rows of 600 s are a day. */
  c->period_s = n > 1 ? c->t_s[n - 1] + (c->t_s[n - 1] - c->t_s[n - 2]) : 86400;
  return c;
}

struct wl_curve *wl_curve_load(struct arena *a, const char *path, struct errs *errs) {
  struct csv_table *t = csv_load(path, errs);
  if (!t)
    return NULL;
  struct wl_curve *c = curve_read(a, t, errs);
  csv_unload(t);
  return c;
}

struct wl_curve *wl_curve_flat(struct arena *a, double rate) {
  struct wl_curve *c = arena_alloc(a, sizeof *c);
  c->n = 1;
  c->t_s = arena_alloc(a, sizeof(double));
  c->rate = arena_alloc(a, sizeof(double));
  c->rate[0] = rate;
  c->period_s = 86400;
  return c;
}

double wl_curve_mean(const struct wl_curve *c) {
  double sum = 0, total = c->period_s - c->t_s[0];
  for (size_t i = 0; i < c->n; i++)
    sum += c->rate[i] * ((i + 1 < c->n ? c->t_s[i + 1] : c->period_s) - c->t_s[i]);
  return sum / total;
}

void wl_curve_scale_to_mean(struct wl_curve *c, double mean_req_per_s) {
  double mean = wl_curve_mean(c);
  for (size_t i = 0; mean > 0 && i < c->n; i++)
    c->rate[i] *= mean_req_per_s / mean;
}

double wl_curve_at(const struct wl_curve *c, double t_s) {
  double t = fmod(t_s, c->period_s);
  if (t < 0)
    t += c->period_s;
  size_t lo = 0, hi = c->n; /* the last start at or before t */
  while (hi - lo > 1) {
    size_t mid = (lo + hi) / 2;
    if (c->t_s[mid] <= t)
      lo = mid;
    else
      hi = mid;
  }
  return c->rate[lo];
}

double wl_curve_max(const struct wl_curve *c) {
  double m = c->rate[0];
  for (size_t i = 1; i < c->n; i++)
    m = fmax(m, c->rate[i]);
  return m;
}

double wl_curve_min(const struct wl_curve *c) {
  double m = c->rate[0];
  for (size_t i = 1; i < c->n; i++)
    m = fmin(m, c->rate[i]);
  return m;
}
