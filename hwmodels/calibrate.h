/* `rackcast calibrate`: parameters of the kernel and collective models from tables of measurements. A fixed random 30 %
 * of the shapes is left out of the fit and judged. */
#ifndef HWMODELS_CALIBRATE_H
#define HWMODELS_CALIBRATE_H
#include <stdint.h>
#include "hwmodels/catalog.h"

struct hw_fit_report {     /* one fit: a GPU or link x a kind of operation */
  const char *name, *what; /* "H100-SXM-80GB", "gemm.bf16" */
  size_t fitted, left_out; /* points */
  double median, p90,
      bias; /* of |predicted / measured - 1| over the points left out; bias: median of the signed value */
  double in_median, in_p90; /* over the points of the fit */
  bool converged;           /* false: too few points or no minimum; no rows were made */
};
struct hw_calibration {
  struct hw_fact *row; /* catalog rows in the order of the fits */
  size_t n_row, cap_row;
  struct hw_fit_report *report;
  size_t n_report, cap_report;
  size_t skipped;      /* rows of the table that no fit takes */
  struct arena *arena; /* of all strings */
};
/* Reads a table with the columns of measured/gemm.csv (gpu, op, dtype, ...), of measured/comm.csv (system, op, n_ranks,
 * ...) or of measured/power_activity.csv (gpu, busy, comm, ...); the header tells which. The catalog says what the
 * GPUs and links are. Returns false when errs got an entry; free with hw_calibration_free in any case. */
bool hw_calibrate(const struct hw_catalog *c, const char *path, uint64_t seed, struct hw_calibration *ret,
                  struct errs *errs);
void hw_calibration_free(struct hw_calibration *k);
#endif
