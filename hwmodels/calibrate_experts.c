/* Measured products of experts: grouped GEMM as in training, fused layers of serving engines. */
#include <math.h>
#include <string.h>
#include "hwmodels/calibrate_rows.h"

enum { DSV3_EXPERTS = 256, DSV3_TOPK = 8 };

/* ---- grouped GEMM: the dense kernel at a fitted share of its pace ---- */

static double grouped_s(const struct hwi_problem *p, const struct hwi_point *at, const double *v) {
  struct hwi_gemm g = *(const struct hwi_gemm *)p->extra;
  g.eff_c *= v[0];
  g.eff_m *= v[1];
  return hwi_gemm_time_s(&g, &p->machine, at->x[0], at->x[1], at->x[2], at->x[3], p->a_bytes, p->b_bytes);
}

void hwi_fit_grouped(struct hwi_fits *f) {
  struct hwi_problem p = hwi_kernel_problem(f, "grouped", DT_FP8);
  for (size_t i = 0; i < f->n_row; i++) {
    const struct hwi_row *r = &f->row[i];
    struct hwi_format fmt;
    if (!hwi_starts(r->op, "grouped_gemm") || !hwi_read_format(r->dtype, &fmt) || fmt.dtype != DT_FP8 || !(r->latency_s > 0))
      continue;
    hwi_add_source(f, &p, r);
    hwi_problem_add(&p, (struct hwi_point){{r->m, r->n, r->k, r->groups}, r->latency_s, -1});
    f->taken[i] = true;
  }
  p.param[0] = (struct hwi_fit_param){"share_compute", "", 0.95, 0.3, 1.2};
  p.param[1] = (struct hwi_fit_param){"share_memory", "", 0.95, 0.3, 1.2};
  p.n_param = 2;
  p.time_s = grouped_s;
  p.extra = &f->gemm[DT_FP8];
  double v[HWI_FIT_MAX];
  if (p.n)
    hwi_problem_solve(f->k, &p, f->seed, v);
  mem_free(p.point);
}

/* ---- expert layers of serving engines ---- */

enum { MOE_LAYER, MOE_ROW, MOE_EFF_C, MOE_EFF_M, MOE_NORM, MOE_SMALL, MOE_PARAMS };

/* Distinct experts that M tokens reach: all at once when balanced, else by the popularity i^-a of the benchmark. */
static double touched(double tokens, double power) {
  double total = 0, hit = 0;
  if (power == 0)
    return fmin(DSV3_EXPERTS, tokens * DSV3_TOPK);
  for (int i = 1; i <= DSV3_EXPERTS; i++)
    total += pow(i, -power);
  for (int i = 1; i <= DSV3_EXPERTS; i++)
    hit += 1 - pow(1 - fmin(1, DSV3_TOPK * pow(i, -power) / total), tokens);
  return fmin(hit, tokens * DSV3_TOPK);
}

/* x = tokens, width of an expert, width of the model, experts touched on this rank, rows on this rank */
static double moe_s(const struct hwi_problem *p, const struct hwi_point *at, const double *v) {
  struct hwi_gemm g = {
      .eff_c = v[MOE_EFF_C], .eff_m = v[MOE_EFF_M], .p = v[MOE_NORM], .k0 = 0, .wave = 0.5, .split_s = 1};
  hwi_gemm_tiles(&g, v[MOE_SMALL]);
  double m = at->x[4] / at->x[3];
  return v[MOE_LAYER] * 1e-6 + at->x[0] * DSV3_TOPK * v[MOE_ROW] * 2 * at->x[2] / p->machine.mem_Bps +
         hwi_gemm_time_s(&g, &p->machine, m, 2 * at->x[1], at->x[2], at->x[3], p->a_bytes, p->b_bytes) +
         hwi_gemm_time_s(&g, &p->machine, m, at->x[2], at->x[1], at->x[3], p->a_bytes, p->b_bytes);
}

static void fit_moe(struct hwi_fits *f, enum dtype t, const char *what) {
  enum dtype compute = hw_compute_dtype(f->gpu, t);
  struct hwi_problem p = hwi_kernel_problem(f, what, compute);
  p.b_bytes = dtype_bytes(t);
  for (size_t i = 0; i < f->n_row; i++) {
    const struct hwi_row *r = &f->row[i];
    struct hwi_format fmt;
    double ep = hwi_note_number(r->note, "ep", 1);
    bool balanced = strstr(r->note, "dist=balanced");
    if (strcmp(r->op, "moe_ffn_dsv3") != 0 || !hwi_read_format(r->dtype, &fmt) || fmt.dtype != t ||
        ((!balanced || t == DT_INT4) && ep > 1))
      continue; /* with uneven experts over ranks the time is that of an unknown fullest rank; weight-only kernels
                   compute every row on every rank */
    hwi_add_source(f, &p, r);
    double reached = balanced ? touched(r->m, 0) : touched(r->m, 1.2);
    hwi_problem_add(&p, (struct hwi_point){{r->m, r->n, r->k, fmax(1, reached / ep), fmax(1, r->m * DSV3_TOPK / ep)},
                                           r->latency_s,
                                           -1});
    f->taken[i] = true;
  }
  static const struct hwi_fit_param params[MOE_PARAMS] = {
      {"layer", "us", 40, 2, 120},     {"row_passes", "", 3, 0.1, 60}, {"eff_compute", "", 0.4, 0.02, 1},
      {"eff_memory", "", 0.8, 0.2, 1}, {"norm", "", 2, 1, 8},          {"small_tile", "", 0.1, 0, 0.8}};
  memcpy(p.param, params, sizeof params);
  p.n_param = MOE_PARAMS;
  p.time_s = moe_s;
  double v[HWI_FIT_MAX];
  if (p.n)
    hwi_problem_solve(f->k, &p, f->seed, v);
  mem_free(p.point);
}

void hwi_fit_moes(struct hwi_fits *f) {
  fit_moe(f, DT_BF16, "moe.bf16");
  fit_moe(f, DT_FP8, "moe.fp8");
  fit_moe(f, DT_FP4, "moe.fp4");
  fit_moe(f, DT_INT4, "moe.int4");
}
