/* Watts of GPUs beside what they did -> the shares of power.h, one set for all GPUs: how far it is off on each when it has not seen that GPU is reported
 * beside it. What they did comes from simulated runs (docs/power.sh): no meter tells it. Bounds keep apart what runs do not: in decoding, kernels run and
 * memory is read at once. */
#include <math.h>
#include <string.h>
#include "base/units.h"
#include "hwmodels/power.h"
#include "hwmodels/problem.h"

enum { BUSY, COMM, MEMORY, COMPUTE, PARAMS };
static const struct hwi_fit_param params[PARAMS] = {
    {"busy", "", 0.45, 0.1, 0.8}, {"comm", "", 0.1, 0.03, 0.4}, {"memory", "", 0.2, 0.1, 0.6}, {"compute", "", 0.6, 0.1, 1.2}};
static const char *const column[PARAMS] = {"busy", "comm", "memory", "compute"};

static double power_w(const struct hwi_problem *p, const struct hwi_point *at, const double *v) {
  const struct hwi_power shares = {v[BUSY], v[COMM], v[MEMORY], v[COMPUTE]};
  const struct hw_gpu *const *gpus = p->extra;
  struct hw_gpu g = *gpus[(size_t)at->x[PARAMS]];
  g.power = &shares;
  return hw_gpu_power_w(NULL, &g, &(struct hw_activity){at->x[BUSY], at->x[COMM], at->x[MEMORY], at->x[COMPUTE]});
}

/* A cell that is filled must be a number. */
static bool number(const struct csv_table *t, size_t r, const char *name, double *ret, struct errs *errs) {
  const char *text = csv_cell(t, r, csv_column(t, name));
  if (units_number(text, ret) && isfinite(*ret) && *ret >= 0)
    return true;
  errs_add(errs, csv_path(t), csv_line(t, r), name, "got '%s', expected a number from 0", text);
  return false;
}

/* Watts, or a share of the TDP. */
static bool read_watts(const struct csv_table *t, size_t r, const struct hw_gpu *g, double *ret, struct errs *errs) {
  if (*csv_cell(t, r, csv_column(t, "w_per_gpu")))
    return number(t, r, "w_per_gpu", ret, errs) && *ret > 0;
  bool good = number(t, r, "of_tdp", ret, errs) && *ret > 0;
  *ret *= g->tdp_w;
  return good;
}

static bool read_point(const struct csv_table *t, size_t r, const struct hw_gpu *g, struct hwi_point *ret, struct errs *errs) {
  *ret = (struct hwi_point){.group = -1};
  for (int i = 0; i < PARAMS; i++)
    if (!number(t, r, column[i], &ret->x[i], errs))
      return false;
  ret->x[PARAMS] = (double)r;
  return read_watts(t, r, g, &ret->t_s, errs);
}

/* unseen NULL: rows for `any`; else only a report on the GPU that the fit does not see. */
static void fit_power(const struct csv_table *t, const struct hw_gpu *const *gpus, const struct hw_gpu *unseen, uint64_t seed, struct hw_calibration *k,
                      struct errs *errs) {
  struct hwi_problem p = {.name = unseen ? unseen->name : "any", .what = unseen ? "power unseen" : "power", .kind = "power", .source = csv_path(t),
                          .time_s = power_w, .n_param = PARAMS, .extra = gpus, .leave_group = unseen != NULL};
  memcpy(p.param, params, sizeof params);
  for (int i = 0; unseen && i < PARAMS; i++)
    p.param[i].name = NULL;
  bool known = false;
  for (size_t r = 0; r < csv_rows(t); r++) {
    struct hwi_point at;
    if (!gpus[r] || !read_point(t, r, gpus[r], &at, errs))
      continue;
    at.group = gpus[r] == unseen ? 0 : -1;
    known |= gpus[r] == unseen;
    hwi_problem_add(&p, at);
    k->skipped -= !unseen;
  }
  double v[HWI_FIT_MAX];
  if (p.n && (known || !unseen))
    hwi_problem_solve(k, &p, seed, v);
  mem_free(p.point);
}

void hwi_calibrate_power(const struct hw_catalog *c, const struct csv_table *t, uint64_t seed, struct hw_calibration *k,
                         struct errs *errs) {
  static const char *const columns[] = {"gpu", "busy", "comm", "memory", "compute", "w_per_gpu", "of_tdp"};
  if (!csv_require(t, columns, sizeof columns / sizeof *columns, errs))
    return;
  size_t n = csv_rows(t);
  k->skipped = n;
  const struct hw_gpu **gpus = mem_array(n + 1, sizeof *gpus);
  for (size_t r = 0; r < n; r++)
    gpus[r] = hw_gpu_find(c, csv_cell(t, r, csv_column(t, "gpu")));
  fit_power(t, gpus, NULL, seed, k, errs);
  for (size_t i = 0; errs_count(errs) == 0 && hw_gpu_at(c, i); i++)
    fit_power(t, gpus, hw_gpu_at(c, i), seed, k, errs);
  mem_free(gpus);
}
