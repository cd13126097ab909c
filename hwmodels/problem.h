/* One fit inside `calibrate`: points of one GPU or link and one kind of operation, a formula, parameters that become
 * catalog rows. */
#ifndef HWMODELS_PROBLEM_H
#define HWMODELS_PROBLEM_H
#include "base/csv.h"
#include "hwmodels/calibrate.h"
#include "hwmodels/fit.h"
#include "hwmodels/gemm.h"

enum { HWI_SIZES = 8 };
struct hwi_point {
  double x[HWI_SIZES]; /* sizes, as the formula of its problem reads them; also the key that decides whether it is left
                          out */
  double t_s;
  int group; /* software that measured it; -1 = none */
};
struct hwi_problem {
  const char *name, *what, *kind; /* report and rows: kind "kernel" or "collective", name, metric "<what>.<param>" */
  const char *source;
  struct hwi_point *point;
  size_t n, cap;
  struct hwi_fit_param param[HWI_FIT_MAX]; /* name NULL: a nuisance, fitted and not written; name with a dot: the metric
                                              in full, without what */
  size_t n_param;
  int leave_group; /* 1 + the group that the fit does not see; 0 = a random part of all points */
  double (*time_s)(const struct hwi_problem *p, const struct hwi_point *at, const double *value);
  struct hwi_machine machine;
  double a_bytes, b_bytes; /* stored bytes an element of GEMM operands */
  const struct hw_gpu *gpu;
  const void *extra; /* of the formula */
};
void hwi_problem_add(struct hwi_problem *p, struct hwi_point at);
/* Fits 70 % of the points, judges the rest, adds the report and, when the fit converged, the rows. Returns whether it
 * did; value[] holds the result. */
bool hwi_problem_solve(struct hw_calibration *k, struct hwi_problem *p, uint64_t seed, double *value);
void hwi_calibration_row(struct hw_calibration *k, const char *kind, const char *name, const char *metric, double value,
                         const char *unit, const char *source, const char *where, const char *grade);

void hwi_calibrate_kernels(const struct hw_catalog *c, const struct csv_table *t, uint64_t seed,
                           struct hw_calibration *k, struct errs *errs);
void hwi_calibrate_power(const struct hw_catalog *c, const struct csv_table *t, uint64_t seed, struct hw_calibration *k,
                         struct errs *errs);
void hwi_calibrate_collectives(const struct hw_catalog *c, const struct csv_table *t, uint64_t seed,
                               struct hw_calibration *k, struct errs *errs);
#endif
