/* Kernel measurements as the families of kernels read them (calibrate_gemm.c, calibrate_experts.c, calibrate_attention.c); private to `calibrate`. */
#ifndef HWMODELS_CALIBRATE_ROWS_H
#define HWMODELS_CALIBRATE_ROWS_H
#include "hwmodels/problem.h"

enum { HWI_MAX_GROUPS = 8 };

struct hwi_row { /* one line of the table */
  const char *op, *dtype, *note, *software, *source, *basis;
  double m, n, k, groups, latency_s, tflops;
  int line;
};
struct hwi_fits { /* one GPU */
  const struct hw_catalog *c;
  const struct hw_gpu *gpu;
  const struct hwi_row *row;
  size_t n_row;
  uint64_t seed;
  struct hw_calibration *k;
  bool *taken;                    /* rows that some family used */
  struct hwi_gemm gemm[DT_COUNT]; /* found so far; else inherited */
};
struct hwi_format {
  enum dtype dtype; /* of the weights and of the rows written */
  bool quantises;   /* the measured time holds the quantisation of the activations */
};
bool hwi_starts(const char *s, const char *with);
/* "name=value" in a note such as "head_dim=128 causal=0 (...)"; otherwise when it is not there. */
double hwi_note_number(const char *note, const char *name, double otherwise);
/* What a GPU computes a table's format in. */
bool hwi_read_format(const char *text, struct hwi_format *ret);
/* The place of a name in the list, which grows to HWI_MAX_GROUPS. */
int hwi_group_of(const char **names, size_t *n, const char *name);
struct hwi_problem hwi_kernel_problem(const struct hwi_fits *f, const char *what, enum dtype compute);
void hwi_add_source(const struct hwi_fits *f, struct hwi_problem *p, const struct hwi_row *r);
/* A value of the rows for `any`, which a fit takes where its points do not show it; NaN when there is none. */
double hwi_default(const struct hwi_fits *f, const char *metric);

/* The families, in the order in which a GPU's are solved: later ones use what earlier ones found. */
void hwi_fit_gemm16(struct hwi_fits *f);
void hwi_fit_low_precision(struct hwi_fits *f);
void hwi_fit_grouped(struct hwi_fits *f);
void hwi_fit_moes(struct hwi_fits *f);
void hwi_fit_attns(struct hwi_fits *f);
void hwi_fit_unfused(struct hwi_fits *f);
void hwi_fit_mla_decode(struct hwi_fits *f);
#endif
