#include "workloads/datasets.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <string.h>
#include "base/csv.h"
#include "base/units.h"

/* One figure is known: the exponential, which assumes least about the rest. Both: the lognormal that has them. */
static double quantile(const struct wl_lengths *l, double u) {
  if (l->fixed)
    return l->mean * (l->least > 0 ? l->least + (1 - l->least) * u : 1);
  if (!(l->p50 > 0 && l->mean > 0))
    return -wl_lengths_mean(l) * log1p(-u);
  return l->p50 * exp(sqrt(2 * log(fmax(1.0001, l->mean / l->p50))) * gsl_cdf_ugaussian_Pinv(u));
}

double wl_lengths_at(const struct wl_lengths *l, double u) {
  double x = quantile(l, u);
  if (l->max > 0)
    x = fmin(x, l->max);
  return fmax(1, round(x));
}

double wl_lengths_mean(const struct wl_lengths *l) {
  return l->mean > 0 ? l->mean : l->p50 / M_LN2;
}

static void read_lengths(const struct csv_table *t, size_t row, const char *side, struct wl_lengths *ret, struct errs *errs) {
  static const char *const what[] = {"mean", "p50", "max"};
  double *const at[] = {&ret->mean, &ret->p50, &ret->max};
  for (int i = 0; i < 3; i++) {
    char name[32];
    strcpy(name, side);
    strcat(name, "_");
    strcat(name, what[i]);
    const char *text = csv_cell(t, row, csv_column(t, name));
    if (text[0] && (!units_number(text, at[i]) || !(*at[i] > 0)))
      errs_add(errs, csv_path(t), csv_line(t, row), name, "got '%s', expected tokens", text);
  }
}

static int count(const struct csv_table *t, size_t row, const char *name, struct errs *errs) {
  const char *text = csv_cell(t, row, csv_column(t, name));
  long long v = 0;
  if (text[0] && (!units_integer(text, &v) || v < 1 || v > 1000000000))
    errs_add(errs, csv_path(t), csv_line(t, row), name, "got '%s', expected a whole number", text);
  return (int)v;
}

struct wl_datasets *wl_datasets_load(struct arena *a, const char *path, struct errs *errs) {
  static const char *const need[] = {"dataset", "match", "input_mean", "input_p50", "input_max", "output_mean", "output_p50", "output_max", "requests", "beams", "trace", "least_share", "requests_rate", "requests_closed", "requests_least", "passes", "embedded", "widen_rows", "eager"};
  struct csv_table *t = csv_load(path, errs);
  if (!t)
    return NULL;
  struct wl_datasets *d = NULL;
  if (csv_require(t, need, sizeof need / sizeof *need, errs)) {
    d = arena_alloc(a, sizeof *d);
    d->n = csv_rows(t);
    d->set = arena_alloc(a, d->n * sizeof *d->set);
    for (size_t i = 0; i < d->n; i++) {
      d->set[i].name = arena_strdup(a, csv_cell(t, i, csv_column(t, "dataset")));
      d->set[i].match = arena_strdup(a, csv_cell(t, i, csv_column(t, "match")));
      read_lengths(t, i, "input", &d->set[i].input, errs);
      read_lengths(t, i, "output", &d->set[i].output, errs);
      d->set[i].trace = arena_strdup(a, csv_cell(t, i, csv_column(t, "trace")));
      const char *least = csv_cell(t, i, csv_column(t, "least_share"));
      if (least[0] && (!units_number(least, &d->set[i].least_share) || !(d->set[i].least_share > 0 && d->set[i].least_share <= 1)))
        errs_add(errs, csv_path(t), csv_line(t, i), "least_share", "got '%s', expected a share of at most 1", least);
      d->set[i].requests = count(t, i, "requests", errs);
      d->set[i].beams = count(t, i, "beams", errs);
      d->set[i].requests_rate = count(t, i, "requests_rate", errs);
      d->set[i].requests_closed = count(t, i, "requests_closed", errs);
      d->set[i].requests_least = count(t, i, "requests_least", errs);
      d->set[i].passes = count(t, i, "passes", errs);
      d->set[i].eager = arena_strdup(a, csv_cell(t, i, csv_column(t, "eager")));
      d->set[i].widen_rows = count(t, i, "widen_rows", errs);
      d->set[i].embedded = count(t, i, "embedded", errs) > 0;
    }
  }
  csv_unload(t);
  return d;
}

bool wl_has_words(const char *text, const char *words) {
  char word[64];
  for (size_t n; *words; words += n + (words[n] == ' ')) {
    n = strcspn(words, " ");
    if (n >= sizeof word)
      return false;
    memcpy(word, words, n);
    word[n] = '\0';
    if (!strstr(text, word))
      return false;
  }
  return true;
}

const struct wl_dataset *wl_dataset_named(const struct wl_datasets *d, const char *name) {
  for (size_t i = 0; d && i < d->n; i++)
    if (strcmp(d->set[i].name, name) == 0)
      return &d->set[i];
  return NULL;
}

const struct wl_dataset *wl_dataset_for(const struct wl_datasets *d, const char *text) {
  for (size_t i = 0; d && i < d->n; i++)
    if (wl_has_words(text, d->set[i].match))
      return &d->set[i];
  return NULL;
}
