#include "scenarios/validate.h"
#include <ctype.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/datadir.h"
#include "base/mem.h"
#include "base/units.h"
#include "scenarios/validate_serving.h"
#include "scenarios/validate_training.h"

const char *const val_status_name[] = {"ok", "unsupported", "incomplete"};

struct report { /* what val_report_free must find */
  struct val_report r;
  struct arena *arena;
};

/* "vtrain-s0007" -> "vtrain-s", "amk-0038.4" -> "amk": what stands before the running number. */
static const char *family_of(struct arena *a, const char *id) {
  char *f = arena_strdup(a, id), *dot = strchr(f, '.');
  if (dot)
    *dot = '\0';
  size_t n = strlen(f);
  while (n > 1 && isdigit((unsigned char)f[n - 1]))
    n--;
  while (n > 1 && (f[n - 1] == '-' || f[n - 1] == '_'))
    n--;
  f[n] = '\0';
  return f;
}

/* ---- the null model ---- */
static double rate_measured(const struct val_row *v) {
  return v->inverse ? v->rate * v->predicted / v->measured : v->rate * v->measured / v->predicted;
}

static bool counts(const struct val_row *v) {
  return v->status == VAL_OK && isfinite(v->error_pct) && v->rate > 0;
}

static double median_of(double *x, size_t n) {
  gsl_sort(x, 1, n);
  return gsl_stats_median_from_sorted_data(x, 1, n);
}

struct member {
  const struct val_row *row;
  size_t index;
};

static int by_group(const void *a, const void *b) {
  const struct member *x = a, *y = b;
  int c = strcmp(x->row->group, y->row->group);
  return c ? c : x->index < y->index ? -1 : x->index > y->index;
}

/* Every row of one group against the median rate of the others. */
static void null_errors(struct val_report *r, const struct member *m, size_t n, double *rates) {
  for (size_t i = 0; i < n && n > 1; i++) {
    struct val_row *v = &r->row[m[i].index];
    size_t k = 0;
    for (size_t j = 0; j < n; j++)
      if (j != i)
        rates[k++] = rate_measured(m[j].row);
    double ratio = median_of(rates, k) / rate_measured(v);
    v->null_error_pct = 100 * ((v->inverse ? 1 / ratio : ratio) - 1);
  }
}

static void null_model(struct val_report *r) {
  struct member *m = mem_array(r->n + 1, sizeof *m);
  double *rates = mem_array(r->n + 1, sizeof *rates);
  size_t n = 0;
  for (size_t i = 0; i < r->n; i++)
    if (counts(&r->row[i]))
      m[n++] = (struct member){&r->row[i], i};
  qsort(m, n, sizeof *m, by_group);
  for (size_t i = 0, end; i < n; i = end) {
    for (end = i + 1; end < n && strcmp(m[end].row->group, m[i].row->group) == 0;)
      end++;
    null_errors(r, m + i, end - i, rates);
  }
  mem_free(rates);
  mem_free(m);
}

/* ---- statistics ---- */
static struct val_errors errors_of(const double *e, size_t n) {
  struct val_errors s = {NAN, NAN, NAN, NAN};
  if (n == 0)
    return s;
  double *a = mem_array(n, sizeof *a);
  s.bias = gsl_stats_mean(e, 1, n);
  for (size_t i = 0; i < n; i++)
    a[i] = fabs(e[i]);
  s.mean = gsl_stats_mean(a, 1, n);
  gsl_sort(a, 1, n);
  s.median = gsl_stats_median_from_sorted_data(a, 1, n);
  s.p90 = gsl_stats_quantile_from_sorted_data(a, 1, n, 0.9);
  mem_free(a);
  return s;
}

/* Rows of a family (NULL = all) and split (NULL = all). */
static struct val_stat stat_of(const struct val_report *r, const char *family, const char *split) {
  struct val_stat s = {.name = family ? family : "all", .split = split};
  double *model = mem_array(r->n + 1, sizeof *model), *null = mem_array(r->n + 1, sizeof *null);
  size_t n = 0;
  for (size_t i = 0; i < r->n; i++) {
    const struct val_row *v = &r->row[i];
    if ((family && strcmp(v->family, family) != 0) || (split && strcmp(v->split, split) != 0))
      continue;
    s.rows++;
    s.ok += v->status == VAL_OK;
    s.complete += v->status != VAL_INCOMPLETE;
    if (isfinite(v->error_pct))
      model[n++] = v->error_pct;
    if (isfinite(v->null_error_pct))
      null[s.null_rows++] = v->null_error_pct;
  }
  s.model = errors_of(model, n);
  s.null = errors_of(null, s.null_rows);
  mem_free(model);
  mem_free(null);
  return s;
}

static bool seen(const struct val_report *r, size_t i, bool with_split) {
  for (size_t k = 0; k < i; k++)
    if (strcmp(r->row[k].family, r->row[i].family) == 0 &&
        (!with_split || strcmp(r->row[k].split, r->row[i].split) == 0))
      return true;
  return false;
}

static void summarise(struct val_report *r, struct arena *a) {
  null_model(r);
  r->family = arena_alloc(a, (r->n + 1) * sizeof *r->family);
  r->part = arena_alloc(a, (r->n + 1) * sizeof *r->part);
  for (size_t i = 0; i < r->n; i++) {
    if (!seen(r, i, false))
      r->family[r->n_family++] = stat_of(r, r->row[i].family, NULL);
    if (!seen(r, i, true))
      r->part[r->n_part++] = stat_of(r, r->row[i].family, r->row[i].split);
  }
  r->all = stat_of(r, NULL, NULL);
}

/* ---- rows ---- */
static void begin_row(struct arena *a, const struct csv_table *t, size_t i, struct val_row *v) {
  *v = (struct val_row){.id = arena_strdup(a, csv_cell(t, i, csv_column(t, "id"))),
                        .metric = arena_strdup(a, csv_cell(t, i, csv_column(t, "metric"))),
                        .measured_text = arena_strdup(a, csv_cell(t, i, csv_column(t, "value"))),
                        .measured = NAN,
                        .predicted = NAN,
                        .error_pct = NAN,
                        .null_error_pct = NAN,
                        .note = "",
                        .split = "",
                        .kind = "",
                        .date = arena_strdup(a, csv_cell(t, i, csv_column(t, csv_column(t, "load_kind") >= 0 ? "date" : "year"))),
                        .group = ""};
  v->family = family_of(a, v->id);
  units_number(v->measured_text, &v->measured);
}

/* Watts and joules whatever drew them; serving by what is measured. */
static const char *kind_of(struct arena *a, const struct val_row *v, bool serving) {
  if (strstr(v->metric, "power") || strncmp(v->metric, "energy", 6) == 0)
    return "power";
  if (!serving)
    return arena_printf(a, "training %s", v->split);
  return strstr(v->metric, "_ms") ? "serving latency" : strstr(v->metric, "_per_s") ? "serving throughput" : "";
}

static void end_row(struct val_row *v) {
  if (v->status == VAL_OK && v->measured > 0 && isfinite(v->predicted))
    v->error_pct = 100 * (v->predicted / v->measured - 1);
}

static void training_rows(struct report *rep, const struct training_tables *k, const struct csv_table *t) {
  struct arena *a = rep->arena;
  for (size_t i = 0; i < rep->r.n; i++) {
    struct val_row *v = &rep->r.row[i];
    struct training_answer x;
    if (validate_is_serving(t, i))
      continue;
    validate_training_row(k, t, i, &x);
    begin_row(a, t, i, v);
    v->status = x.status;
    v->predicted = x.predicted;
    v->note = arena_strdup(a, x.note);
    v->rate = x.tflops;
    v->inverse = x.inverse;
    v->split = arena_printf(a, "%s %s", x.precision, x.moe ? "moe" : "dense");
    v->group = arena_printf(a, "%s|%s|%s", v->family, x.gpu, v->split);
    v->kind = kind_of(a, v, false);
    end_row(v);
  }
}

static void serving_rows(struct report *rep, const struct serving_tables *k, const struct csv_table *t) {
  struct arena *a = rep->arena;
  struct serving_answer *x = mem_array(rep->r.n + 1, sizeof *x);
  validate_serving(k, t, x);
  for (size_t i = 0; i < rep->r.n; i++) {
    struct val_row *v = &rep->r.row[i];
    if (!validate_is_serving(t, i))
      continue;
    begin_row(a, t, i, v);
    v->status = (enum val_status)x[i].status;
    v->predicted = x[i].predicted;
    v->note = arena_strdup(a, x[i].note);
    v->rate = x[i].predicted;
    v->split = v->metric;
    v->kind = kind_of(a, v, true);
    v->inverse = strstr(v->metric, "_ms") != NULL;
    v->group = arena_printf(a, "%s|%s|%s|%s", v->family, csv_cell(t, i, csv_column(t, "gpu")),
                            csv_cell(t, i, csv_column(t, "model")), v->metric);
    end_row(v);
  }
  mem_free(x);
}

/* ---- tables ---- */
static size_t dirs_of(struct arena *a, const char *shipped, const char *own, const char **dirs) {
  dirs[0] = datadir_path(a, shipped);
  dirs[1] = own;
  return own ? 2 : 1;
}

static struct wl_datasets *load_datasets(struct report *rep, struct errs *errs) {
  return wl_datasets_load(rep->arena, datadir_path(rep->arena, "workloads/catalog/datasets.csv"), errs);
}

static void predict_training(struct report *rep, const struct csv_table *t, const struct val_sources *src,
                             struct errs *errs) {
  const char *hw[2], *models[2], *stacks[2];
  size_t n_hw = dirs_of(rep->arena, "hwmodels/catalog", src->catalog, hw),
         n_models = dirs_of(rep->arena, "workloads/catalog/models", src->models, models),
         n_stacks = dirs_of(rep->arena, "workloads/catalog", src->catalog, stacks);
  struct hw_catalog *catalog = hw_catalog_load(hw, n_hw, errs);
  struct wl_models *library = wl_models_load(models, n_models, errs);
  struct wl_stacks *known = wl_stacks_load(stacks, n_stacks, errs);
  struct wl_datasets *datasets = load_datasets(rep, errs);
  if (catalog && library && known && datasets)
    training_rows(rep, &(struct training_tables){catalog, library, known, datasets}, t);
  wl_stacks_free(known);
  wl_models_free(library);
  hw_catalog_free(catalog);
}

static void predict_serving(struct report *rep, const struct csv_table *t, const struct val_sources *src,
                            struct errs *errs) {
  const char *hw[2], *models[2], *software[2];
  size_t n_hw = dirs_of(rep->arena, "hwmodels/catalog", src->catalog, hw),
         n_models = dirs_of(rep->arena, "workloads/catalog/models", src->models, models),
         n_software = dirs_of(rep->arena, "workloads/catalog", src->catalog, software);
  struct hw_catalog *catalog = hw_catalog_load(hw, n_hw, errs);
  struct wl_models *library = wl_models_load(models, n_models, errs);
  struct wl_engines *engines = wl_engines_load(software, n_software, errs);
  struct wl_stacks *stacks = wl_stacks_load(software, n_software, errs);
  struct wl_datasets *datasets = load_datasets(rep, errs);
  struct wl_launches *launches =
      wl_launches_load(rep->arena, datadir_path(rep->arena, "workloads/catalog/launches.csv"), errs);
  if (catalog && library && engines && datasets && launches && stacks)
    serving_rows(rep, &(struct serving_tables){catalog, library, engines, datasets, launches, stacks}, t);
  wl_stacks_free(stacks);
  wl_engines_free(engines);
  wl_models_free(library);
  hw_catalog_free(catalog);
}

struct val_report *validate_table(const char *path, const struct val_sources *src, struct errs *errs) {
  static const char *const need[] = {"id", "metric", "value", "model", "gpu"};
  size_t before = errs_count(errs);
  struct csv_table *t = csv_load(path, errs);
  if (!t || !csv_require(t, need, 5, errs)) {
    csv_unload(t);
    return NULL;
  }
  struct report *rep = mem_alloc(sizeof *rep);
  rep->arena = arena_create();
  rep->r.n = csv_rows(t);
  rep->r.row = arena_alloc(rep->arena, (rep->r.n + 1) * sizeof *rep->r.row);
  bool serving = csv_column(t, "load_kind") >= 0, training = csv_column(t, "software") >= 0;
  if (serving)
    predict_serving(rep, t, src, errs);
  if (training)
    predict_training(rep, t, src, errs);
  if (!serving && !training)
    errs_add(errs, path, 1, NULL, "neither a training table (column software) nor a serving table (column load_kind)");
  csv_unload(t);
  if (errs_count(errs) > before) {
    val_report_free(&rep->r);
    return NULL;
  }
  summarise(&rep->r, rep->arena);
  return &rep->r;
}

void val_report_free(struct val_report *r) {
  struct report *rep = (struct report *)r; /* its first member */
  if (!rep)
    return;
  arena_destroy(rep->arena);
  mem_free(rep);
}
