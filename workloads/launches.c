#include "workloads/launches.h"

#include <math.h>
#include <string.h>
#include <strings.h>
#include "base/csv.h"
#include "base/units.h"
#include "workloads/datasets.h"

struct row {
  const char *match, *engine, *gpu, *precision;
  double tp, least_load; /* 0 = any */
  int metric;
  double value;
};
struct wl_launches {
  struct row *row;
  size_t n;
};

static const char *const metric_name[WL_LAUNCH_METRICS] = {"budget_tokens", "max_seqs", "poll_steps", "drafts"};

static int metric_of(const char *name) {
  for (int i = 0; i < WL_LAUNCH_METRICS; i++)
    if (strcmp(name, metric_name[i]) == 0)
      return i;
  return -1;
}

static double count(const struct csv_table *t, size_t row, const char *name, struct errs *errs) {
  const char *text = csv_cell(t, row, csv_column(t, name));
  double v = 0;
  if (text[0] && (!units_number(text, &v) || !(v > 0) || v != floor(v)))
    errs_add(errs, csv_path(t), csv_line(t, row), name, "got '%s', expected a whole number", text);
  return v;
}

struct wl_launches *wl_launches_load(struct arena *a, const char *path, struct errs *errs) {
  static const char *const need[] = {"match", "engine", "gpu", "precision", "tp", "least_load", "metric", "value", "source", "grade"};
  struct csv_table *t = csv_load(path, errs);
  struct wl_launches *l = t && csv_require(t, need, sizeof need / sizeof *need, errs) ? arena_alloc(a, sizeof *l) : NULL;
  if (l) {
    *l = (struct wl_launches){arena_alloc(a, csv_rows(t) * sizeof *l->row), csv_rows(t)};
    for (size_t i = 0; i < l->n; i++) {
      const char *metric = csv_cell(t, i, csv_column(t, "metric"));
      l->row[i] = (struct row){arena_strdup(a, csv_cell(t, i, csv_column(t, "match"))), arena_strdup(a, csv_cell(t, i, csv_column(t, "engine"))),
                               arena_strdup(a, csv_cell(t, i, csv_column(t, "gpu"))), arena_strdup(a, csv_cell(t, i, csv_column(t, "precision"))),
                               count(t, i, "tp", errs), count(t, i, "least_load", errs),
                               metric_of(metric), count(t, i, "value", errs)};
      if (l->row[i].metric < 0)
        errs_add(errs, csv_path(t), csv_line(t, i), "metric", "got '%s', expected budget_tokens, max_seqs, poll_steps or drafts", metric);
    }
  }
  csv_unload(t);
  return l;
}

static bool begins(const char *text, const char *with) {
  return strncasecmp(text, with, strlen(with)) == 0;
}

static bool fits(const struct row *r, const struct wl_launched *m) {
  return wl_has_words(m->about, r->match) && begins(m->engine, r->engine) && begins(m->gpu, r->gpu) && begins(m->precision, r->precision) &&
         (r->tp == 0 || r->tp == m->tp) && m->load >= r->least_load;
}

void wl_launch_of(const struct wl_launches *l, const struct wl_launched *m, double ret[WL_LAUNCH_METRICS]) {
  for (int i = 0; i < WL_LAUNCH_METRICS; i++)
    ret[i] = NAN;
  for (size_t i = 0; l && i < l->n; i++)
    if (l->row[i].metric >= 0 && fits(&l->row[i], m))
      ret[l->row[i].metric] = l->row[i].value;
}
