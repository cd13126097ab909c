/* Watts of GPUs that serve language models -> the shares of power.h. A run states tokens per second and the size of its
 * model, so the activity is counted from those: weights read once a step, two FLOP per parameter and token. How much of
 * the time kernels ran is not stated (small models wait for their host): it is taken to grow with both up to two rates
 * at which a GPU is wholly busy, which are fitted too and not written. */
#include <math.h>
#include <string.h>
#include "base/units.h"
#include "hwmodels/power.h"
#include "hwmodels/problem.h"

enum { BUSY, MEMORY, COMPUTE, FULL_MEMORY, FULL_COMPUTE, PARAMS };

static double power_w(const struct hwi_problem *p, const struct hwi_point *at, const double *v) {
  const struct hwi_power shares = {v[BUSY], v[MEMORY], v[COMPUTE]};
  struct hw_gpu g = *p->gpu;
  g.power = &shares;
  double busy = fmin(1, at->x[0] / v[FULL_MEMORY] + at->x[1] / v[FULL_COMPUTE]);
  struct hw_activity a = {busy, at->x[0], at->x[1]};
  return hw_gpu_power_w(NULL, &g, &a);
}

static bool number(const struct csv_table *t, size_t r, const char *column, double *ret, struct errs *errs) {
  const char *text = csv_cell(t, r, csv_column(t, column));
  if (!*text)
    return false;
  if (units_number(text, ret))
    return true;
  errs_add(errs, csv_path(t), csv_line(t, r), column, "got '%s', expected a number or nothing", text);
  return false;
}

static bool read_point(const struct csv_table *t, size_t r, const struct hw_gpu *g, struct hwi_point *ret,
                       struct errs *errs) {
  double total, active, gpus, batch, rate, watts, replicas = 1;
  enum dtype precision;
  if (!number(t, r, "total_params_b", &total, errs) || !number(t, r, "active_params_b", &active, errs) ||
      !number(t, r, "num_gpus", &gpus, errs) || !number(t, r, "avg_batch", &batch, errs) ||
      !number(t, r, "tok_per_s", &rate, errs) || !number(t, r, "w_per_gpu", &watts, errs) || !(watts > 0 && rate > 0))
    return false;
  number(t, r, "dp", &replicas, errs);
  if (!dtype_parse(csv_cell(t, r, csv_column(t, "precision")), &precision))
    return false;
  enum dtype compute = hw_compute_dtype(g, precision);
  double per_replica = fmax(1, batch / fmax(1, replicas)),
         share = active < total ? 1 - pow(1 - active / total, per_replica) : 1;
  double bytes = share * total * 1e9 * dtype_bytes(precision) * fmax(1, replicas), step_s = batch / rate;
  double u_mem = fmin(1, bytes / (gpus * g->mem_Bps * step_s)),
         u_comp = fmin(1, 2e9 * active * rate / (gpus * g->peak_flops[compute]));
  *ret = (struct hwi_point){
      .x = {u_mem, u_comp, total, batch, gpus, precision, 1e6 * u_mem, 1e6 * u_comp}, .t_s = watts, .group = -1};
  return true;
}

static const struct hwi_fit_param params[PARAMS] = {{"busy", "", 0.4, 0, 1},
                                                    {"memory", "", 0.2, 0, 1},
                                                    {"compute", "", 0.5, 0, 2},
                                                    {NULL, "", 0.4, 0.05, 2},
                                                    {NULL, "", 0.05, 0.005, 0.6}};

static void fit_gpu(const struct hw_catalog *c, const struct csv_table *t, const struct hw_gpu *g, uint64_t seed,
                    struct hw_calibration *k, struct errs *errs) {
  struct hwi_problem p = {.name = g->name,
                          .what = "power",
                          .kind = "power",
                          .source = "ML.ENERGY leaderboard v3",
                          .time_s = power_w,
                          .gpu = g,
                          .n_param = PARAMS};
  memcpy(p.param, params, sizeof params);
  for (size_t r = 0; r < csv_rows(t); r++) {
    struct hwi_point at;
    if (hw_gpu_find(c, csv_cell(t, r, csv_column(t, "gpu"))) != g || !read_point(t, r, g, &at, errs))
      continue;
    hwi_problem_add(&p, at);
    k->skipped--;
  }
  double v[HWI_FIT_MAX];
  if (p.n)
    hwi_problem_solve(k, &p, seed, v);
  mem_free(p.point);
}

void hwi_calibrate_power(const struct hw_catalog *c, const struct csv_table *t, uint64_t seed, struct hw_calibration *k,
                         struct errs *errs) {
  static const char *const columns[] = {"gpu",       "num_gpus",  "total_params_b", "active_params_b",
                                        "precision", "avg_batch", "tok_per_s",      "w_per_gpu"};
  if (!csv_require(t, columns, sizeof columns / sizeof *columns, errs))
    return;
  k->skipped = csv_rows(t);
  for (size_t i = 0; hw_gpu_at(c, i); i++)
    fit_gpu(c, t, hw_gpu_at(c, i), seed, k, errs);
}
