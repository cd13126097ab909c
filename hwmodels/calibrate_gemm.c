/* Measured matrix products -> the parameters of gemm.c: 16 bit, then the formats of fewer. */
#include <math.h>
#include <string.h>
#include "hwmodels/calibrate_rows.h"

enum { EFF_C, EFF_M, LAUNCH, NORM, K0, WAVE, SMALL, SPLIT, GEMM_PARAMS };
static const struct hwi_fit_param gemm_params[GEMM_PARAMS] = {
    {"eff_compute", "", 0.75, 0.1, 1.1}, {"eff_memory", "", 0.8, 0.2, 1.2},
    {"launch", "us", 3, 0.3, 40},        {"norm", "", 3, 1, 12},
    {"k_prologue", "", 100, 1, 2000},    {"wave", "", 0.4, 0, 1},
    {"small_tile", "", 0.1, 0, 0.8},     {"split", "us", 2, 0.1, 40},
};

static struct hwi_gemm gemm_of(const double *v) {
  struct hwi_gemm g = {.eff_c = v[EFF_C],
                       .eff_m = v[EFF_M],
                       .t0_s = v[LAUNCH] * 1e-6,
                       .p = v[NORM],
                       .k0 = v[K0],
                       .wave = v[WAVE],
                       .split_s = v[SPLIT] * 1e-6};
  hwi_gemm_tiles(&g, v[SMALL]);
  return g;
}

/* x = m, n, k; further parameters: the pace of each software, 1 for the one with most points. */
static double gemm16_s(const struct hwi_problem *p, const struct hwi_point *at, const double *v) {
  struct hwi_gemm g = gemm_of(v);
  g.eff_c *= v[GEMM_PARAMS + at->group];
  return hwi_gemm_time_s(&g, &p->machine, at->x[0], at->x[1], at->x[2], 1, p->a_bytes, p->b_bytes);
}

/* Further parameters: share of bandwidth of the quantisation, then pace and launch of the quantisation in each
 * software; -1: operands came quantised. */
static double gemm8_s(const struct hwi_problem *p, const struct hwi_point *at, const double *v) {
  const double *software = v + GEMM_PARAMS + 1 + 2 * at->group;
  struct hwi_gemm g = gemm_of(v);
  double quantise = 0;
  if (at->group >= 0) {
    g.eff_c *= software[0];
    quantise = software[1] * 1e-6 + at->x[0] * at->x[2] * (2 + p->a_bytes) / (v[GEMM_PARAMS] * p->machine.mem_Bps);
  }
  return quantise + hwi_gemm_time_s(&g, &p->machine, at->x[0], at->x[1], at->x[2], 1, p->a_bytes, p->b_bytes);
}

static bool is_gemm(const struct hwi_row *r) {
  return hwi_starts(r->op, "gemm") && !strstr(r->op, "MAMF") && !strstr(r->op, "MAF") && r->latency_s > 0 && r->m > 0 &&
         r->n > 0 && r->k > 0;
}

/* Operands that came faster than memory can give them were in a cache: in a model they are not. */
static bool cached(const struct hwi_problem *p, const struct hwi_row *r) {
  double bytes = r->m * r->k * p->a_bytes + r->n * r->k * p->b_bytes + 2 * r->m * r->n;
  return bytes / r->latency_s > 0.92 * p->machine.mem_Bps;
}

static void collect_gemm(struct hwi_fits *f, enum dtype want, bool by_source, struct hwi_problem *p, const char **group,
                         size_t *n_group) {
  for (size_t i = 0; i < f->n_row; i++) {
    const struct hwi_row *r = &f->row[i];
    struct hwi_format fmt;
    if (!is_gemm(r) || !hwi_read_format(r->dtype, &fmt) || fmt.dtype != want || cached(p, r))
      continue;
    const char *software = by_source ? r->source : arena_printf(f->k->arena, "%s, %.6s", r->dtype, r->software);
    int g = by_source || fmt.quantises ? hwi_group_of(group, n_group, software) : -1;
    hwi_problem_add(p, (struct hwi_point){{r->m, r->n, r->k}, r->latency_s, g});
    hwi_add_source(f, p, r);
    f->taken[i] = true;
  }
}

/* Few points tell the pace and what short products lose, not how the formula bends: the rest stays as inherited. */
static void few_points(const struct hwi_fits *f, struct hwi_problem *p, enum dtype t) {
  if (p->n >= 40)
    return;
  const struct hwi_gemm *g = &f->gemm[t];
  const double known[GEMM_PARAMS] = {
      [LAUNCH] = g->t0_s * 1e6,  [NORM] = g->p, [K0] = g->k0, [WAVE] = g->wave, [SMALL] = g->tile_exponent,
      [SPLIT] = g->split_s * 1e6};
  for (int j = LAUNCH; j < GEMM_PARAMS; j++) {
    if (j == K0)
      continue;
    p->param[j].name = NULL;
    p->param[j].start = known[j];
    p->param[j].lo = p->param[j].hi = 0;
  }
}

/* Points of a group; the reference pace is the most numerous group's. */
static int most_points(const struct hwi_problem *p, size_t groups) {
  size_t count[HWI_MAX_GROUPS] = {0};
  int best = 0;
  for (size_t i = 0; i < p->n; i++)
    if (p->point[i].group >= 0)
      count[p->point[i].group]++;
  for (size_t g = 1; g < groups; g++)
    best = count[g] > count[best] ? (int)g : best;
  return best;
}

void hwi_fit_gemm16(struct hwi_fits *f) {
  const char *group[HWI_MAX_GROUPS];
  size_t groups = 0;
  struct hwi_problem p = hwi_kernel_problem(f, "gemm.bf16", hw_compute_dtype(f->gpu, DT_BF16));
  collect_gemm(f, DT_BF16, true, &p, group, &groups);
  memcpy(p.param, gemm_params, sizeof gemm_params);
  p.n_param = GEMM_PARAMS;
  for (size_t g = 0; g < groups; g++)
    p.param[p.n_param++] = (struct hwi_fit_param){NULL, "", 1, 0.6, 1.4};
  if (p.n) {
    struct hwi_fit_param *reference = &p.param[GEMM_PARAMS + most_points(&p, groups)];
    reference->lo = reference->hi = 1;
    double v[HWI_FIT_MAX];
    few_points(f, &p, DT_BF16);
    p.time_s = gemm16_s;
    if (hwi_problem_solve(f->k, &p, f->seed, v))
      f->gemm[DT_BF16] = gemm_of(v);
  }
  mem_free(p.point);
}

static void gemm8_params(const struct hwi_fits *f, struct hwi_problem *p, size_t groups, const char *quant_eff) {
  memcpy(p->param, gemm_params, sizeof gemm_params);
  if (groups) { /* the launch of the multiplication cannot be told from that of the quantisation: it is that of the
                   16-bit one */
    p->param[LAUNCH].start = f->gemm[DT_BF16].t0_s * 1e6;
    p->param[LAUNCH].lo = p->param[LAUNCH].hi = 0;
  }
  p->param[GEMM_PARAMS] = (struct hwi_fit_param){groups ? quant_eff : NULL, "", 0.6, groups ? 0.05 : 1, groups ? 3 : 1};
  p->n_param = GEMM_PARAMS + 1;
  int reference = groups ? most_points(p, groups) : 0;
  for (size_t g = 0; g < groups; g++) {
    p->param[p->n_param++] =
        (struct hwi_fit_param){NULL, "", 1, (int)g == reference ? 1 : 0.4, (int)g == reference ? 1 : 1.6};
    p->param[p->n_param++] = (struct hwi_fit_param){NULL, "us", 3, 0.05, 40};
  }
}

static void fit_gemm8(struct hwi_fits *f, enum dtype t, const char *what, const char *quant_eff, const char *quant_launch) {
  const char *group[HWI_MAX_GROUPS];
  size_t groups = 0;
  struct hwi_problem p = hwi_kernel_problem(f, what, t);
  collect_gemm(f, t, false, &p, group, &groups);
  if (p.n) {
    double v[HWI_FIT_MAX], least = INFINITY;
    gemm8_params(f, &p, groups, quant_eff);
    few_points(f, &p, t);
    p.time_s = gemm8_s;
    bool good = hwi_problem_solve(f->k, &p, f->seed, v);
    for (size_t g = 0; g < groups; g++) {
      least = fmin(least, v[GEMM_PARAMS + 2 + 2 * g]);
    }
    if (good && groups) /* a fused quantisation is the least that any of the software needs */
      hwi_calibration_row(f->k, "kernel", f->gpu->name, quant_launch, least, "us", p.source,
                          "the fastest of the software measured", "fitted");
    if (good)
      f->gemm[t] = gemm_of(v);
  }
  mem_free(p.point);
}

void hwi_fit_low_precision(struct hwi_fits *f) {
  fit_gemm8(f, DT_FP8, "gemm.fp8", "quantize.fp8.eff_memory", "quantize.fp8.launch");
  fit_gemm8(f, DT_INT8, "gemm.int8", "quantize.int8.eff_memory", "quantize.int8.launch");
  fit_gemm8(f, DT_FP4, "gemm.fp4", "quantize.fp4.eff_memory", "quantize.fp4.launch");
}
