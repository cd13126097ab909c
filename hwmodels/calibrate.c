#include "hwmodels/calibrate.h"
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "hwmodels/problem.h"

void hwi_problem_add(struct hwi_problem *p, struct hwi_point at) {
  p->point = mem_grow(p->point, &p->cap, p->n + 1, sizeof *p->point);
  p->point[p->n++] = at;
}

static double log_error(const void *ctx, size_t i, const double *value) {
  const struct hwi_problem *p = ctx;
  return log(p->time_s(p, &p->point[i], value) / p->point[i].t_s);
}

static bool leaves_out(const struct hwi_problem *p, const struct hwi_point *at, uint64_t seed) {
  return p->leave_group > 0 ? at->group == p->leave_group - 1 : hwi_left_out(seed, at->x, HWI_SIZES);
}

/* Points to fit first, points left out behind them; returns how many are fitted. */
static size_t split(struct hwi_problem *p, uint64_t seed) {
  size_t kept = 0;
  for (size_t i = 0; i < p->n; i++)
    if (!leaves_out(p, &p->point[i], seed)) {
      struct hwi_point swap = p->point[kept];
      p->point[kept++] = p->point[i];
      p->point[i] = swap;
    }
  return kept;
}

static void report(struct hw_calibration *k, const struct hwi_problem *p, size_t kept, const double *value,
                   bool converged) {
  bool *fitted = mem_array(p->n + 1, sizeof *fitted);
  for (size_t i = 0; i < kept; i++)
    fitted[i] = true;
  struct hwi_fit all = {p->param, p->n_param, p->n, log_error, p};
  struct hwi_fit_error out = hwi_fit_measure(&all, value, fitted, false),
                       in = hwi_fit_measure(&all, value, fitted, true);
  k->report = mem_grow(k->report, &k->cap_report, k->n_report + 1, sizeof *k->report);
  k->report[k->n_report++] = (struct hw_fit_report){arena_strdup(k->arena, p->name),
                                                    arena_strdup(k->arena, p->what),
                                                    kept,
                                                    p->n - kept,
                                                    out.median,
                                                    out.p90,
                                                    out.bias,
                                                    in.median,
                                                    in.p90,
                                                    converged};
  mem_free(fitted);
}

void hwi_calibration_row(struct hw_calibration *k, const char *kind, const char *name, const char *metric, double value,
                         const char *unit, const char *source, const char *where, const char *grade) {
  struct arena *a = k->arena;
  k->row = mem_grow(k->row, &k->cap_row, k->n_row + 1, sizeof *k->row);
  k->row[k->n_row++] = (struct hw_fact){arena_strdup(a, kind),
                                        arena_strdup(a, name),
                                        arena_strdup(a, metric),
                                        arena_printf(a, "%.4g", value),
                                        value,
                                        arena_strdup(a, unit),
                                        arena_strdup(a, source),
                                        arena_strdup(a, where),
                                        "",
                                        arena_strdup(a, grade),
                                        "",
                                        0};
}

static void write_rows(struct hw_calibration *k, const struct hwi_problem *p, const double *value) {
  const struct hw_fit_report *r = &k->report[k->n_report - 1];
  char where[160] = "all points fitted";
  if (r->left_out)
    snprintf(where, sizeof where, "%zu points, %zu left out: median %.1f %%, p90 %.1f %%", r->fitted, r->left_out,
             100 * r->median, 100 * r->p90);
  for (size_t j = 0; j < p->n_param; j++) {
    char metric[64];
    if (!p->param[j].name)
      continue;
    bool in_full = strchr(p->param[j].name, '.') || strcmp(p->what, p->kind) == 0;
    snprintf(metric, sizeof metric, "%s%s%s", in_full ? "" : p->what, in_full ? "" : ".", p->param[j].name);
    hwi_calibration_row(k, p->kind, p->name, metric, value[j], p->param[j].unit, p->source, where, "fitted");
  }
}

bool hwi_problem_solve(struct hw_calibration *k, struct hwi_problem *p, uint64_t seed, double *value) {
  size_t kept = split(p, seed), n_free = 0;
  for (size_t j = 0; j < p->n_param; j++)
    n_free += p->param[j].hi > p->param[j].lo;
  struct hwi_fit fit = {p->param, p->n_param, kept, log_error, p};
  bool converged = kept >= 2 * n_free && hwi_fit(&fit, value);
  if (!converged)
    for (size_t j = 0; j < p->n_param; j++)
      value[j] = p->param[j].start;
  report(k, p, kept, value, converged);
  if (converged)
    write_rows(k, p, value);
  return converged;
}

bool hw_calibrate(const struct hw_catalog *c, const char *path, uint64_t seed, struct hw_calibration *ret,
                  struct errs *errs) {
  size_t before = errs_count(errs);
  *ret = (struct hw_calibration){.arena = arena_create()};
  struct csv_table *t = csv_load(path, errs);
  if (t && csv_column(t, "n_ranks") >= 0)
    hwi_calibrate_collectives(c, t, seed, ret, errs);
  else if (t && csv_column(t, "comm") >= 0)
    hwi_calibrate_power(c, t, seed, ret, errs);
  else if (t)
    hwi_calibrate_kernels(c, t, seed, ret, errs);
  csv_unload(t);
  if (errs_count(errs) == before && ret->n_report == 0)
    errs_add(errs, path, 0, NULL, "no row of this table is a measurement that a fit takes");
  return errs_count(errs) == before;
}

void hw_calibration_free(struct hw_calibration *k) {
  mem_free(k->row);
  mem_free(k->report);
  arena_destroy(k->arena);
  *k = (struct hw_calibration){0};
}
