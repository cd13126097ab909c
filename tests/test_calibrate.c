/* Fits on the shipped tables of measurements: the shipped rows are what calibrate makes of them. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/datadir.h"
#include "hwmodels/calibrate.h"
#include "tests/hw_fixture.h"

static const struct hw_fit_report *report(const struct hw_calibration *k, const char *name, const char *what) {
  for (size_t i = 0; i < k->n_report; i++)
    if (strcmp(k->report[i].name, name) == 0 && strcmp(k->report[i].what, what) == 0)
      return &k->report[i];
  printf("\n  no fit %s of %s", what, name);
  return NULL;
}

static void calibrate(const char *name, struct hw_calibration *k) {
  struct errs *e = errs_create();
  bool good = hw_calibrate(cat, datadir_path(paths, name), 1, k, e);
  print_errs(e);
  errs_destroy(e);
  CU_ASSERT_FATAL(good);
}

/* The shipped rows are what calibrate makes of the shipped table. */
static void shipped_rows_are_these(const struct hw_calibration *k) {
  for (size_t i = 0; i < k->n_row; i++) {
    const struct hw_fact *row = &k->row[i], *f = hw_fact_find(cat, row->kind, row->name, row->metric);
    bool same = f && fabs(f->value - row->value) <= 0.02 * fabs(row->value) + 1e-3;
    if (!same)
      printf("\n  %s %s %s: calibrate says %s, shipped %s", row->kind, row->name, row->metric, row->text,
             f ? f->text : "nothing");
    CU_ASSERT(same);
  }
}

static void test_kernel_fits(void) {
  struct hw_calibration k;
  calibrate("hwmodels/measured/gemm.csv", &k);
  static const struct {
    const char *name, *what;
    double median, p90;
  } bound[] = {{"A100-SXM-80GB", "gemm.bf16", 0.08, 0.25},
               {"H100-SXM-80GB", "gemm.bf16", 0.08, 0.25},
               {"H200-SXM", "gemm.bf16", 0.08, 0.25},
               {"B200-SXM", "gemm.bf16", 0.08, 0.25},
               {"A40", "gemm.bf16", 0.08, 0.25},
               {"H100-SXM-80GB", "gemm.fp8", 0.08, 0.25},
               {"B200-SXM", "gemm.fp8", 0.08, 0.25},
               {"B200-SXM", "gemm.fp4", 0.08, 0.25},
               {"A100-SXM-80GB", "attn.flash2", 0.06, 0.2},
               {"H100-SXM-80GB", "attn.flash3", 0.1, 0.25},
               {"H100-SXM-80GB", "mla", 0.06, 0.2},
               {"B200-SXM", "mla", 0.06, 0.25},
               {"H100-SXM-80GB", "moe.fp8", 0.15, 0.45},
               {"H800-SXM-80GB", "grouped", 0.1, 0.25}};
  for (size_t i = 0; i < sizeof bound / sizeof *bound; i++) {
    const struct hw_fit_report *r = report(&k, bound[i].name, bound[i].what);
    CU_ASSERT_PTR_NOT_NULL_FATAL(r);
    if (!(r->median <= bound[i].median && r->p90 <= bound[i].p90))
      printf("\n  %s %s: median %.1f %%, p90 %.1f %%", r->name, r->what, 100 * r->median, 100 * r->p90);
    CU_ASSERT(r->converged && r->left_out >= 5 && r->median <= bound[i].median && r->p90 <= bound[i].p90);
  }
  shipped_rows_are_these(&k);
  hw_calibration_free(&k);
}

static void test_collective_fits(void) {
  struct hw_calibration k;
  calibrate("hwmodels/measured/comm.csv", &k);
  for (size_t i = 0; i < k.n_report; i++)
    if (k.report[i].left_out >= 10) {
      if (k.report[i].median > 0.1)
        printf("\n  %s %s: median %.1f %%", k.report[i].name, k.report[i].what, 100 * k.report[i].median);
      CU_ASSERT(k.report[i].converged && k.report[i].median <= 0.1);
    }
  CU_ASSERT(k.n_report >= 20);
  shipped_rows_are_these(&k);
  hw_calibration_free(&k);
}

/* One set of shares for all GPUs: within 10 % on what is left out, within 16 % on a GPU that the fit has not seen. */
static void test_power_fits(void) {
  struct hw_calibration k;
  calibrate("hwmodels/measured/power_activity.csv", &k);
  CU_ASSERT_EQUAL(k.n_report, 4);
  for (size_t i = 0; i < k.n_report; i++)
    CU_ASSERT(k.report[i].converged && k.report[i].median <= (i == 0 ? 0.1 : 0.16));
  CU_ASSERT_EQUAL(k.n_row, 4);
  shipped_rows_are_these(&k);
  hw_calibration_free(&k);
}

static void test_bad_measurements(void) {
  struct hw_calibration k;
  struct errs *e = errs_create();
  char dir[] = "hwmodels_cal_XXXXXX";
  CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
  char path[256];
  snprintf(path, sizeof path, "%s/mine.csv", dir);
  write_file(dir, "gpu,op,dtype,m_or_batch,n_or_seqlen,k_or_heads,groups,shape_note,latency_ms,tflops,software,source,"
                  "basis\nA100,gemm,bf16,1,2,x,1,,3,,s,s,b\n");
  CU_ASSERT_FALSE(hw_calibrate(cat, path, 1, &k, e));
  CU_ASSERT(says(e, "mine.csv:2: k_or_heads: got 'x'"));
  hw_calibration_free(&k);
  write_file(dir, "gpu,op\nA100,gemm\n");
  CU_ASSERT_FALSE(hw_calibrate(cat, path, 1, &k, e));
  hw_calibration_free(&k);
  CU_ASSERT_FALSE(hw_calibrate(cat, "no/such/file.csv", 1, &k, e));
  hw_calibration_free(&k);
  unlink(path);
  rmdir(dir);
  errs_destroy(e);
}

int main(void) {
  static const struct cu_case cases[] = {
      {"kernel fits", test_kernel_fits},
      {"collective fits", test_collective_fits},
      {"power fits", test_power_fits},
      {"bad measurements", test_bad_measurements},
  };
  return hw_main("calibrate", cases, sizeof cases / sizeof *cases);
}
