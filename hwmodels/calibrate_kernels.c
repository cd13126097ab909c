/* Kernel measurements -> fits. Each family says which rows it takes, how it reads their sizes, its formula and its
 * parameters; a GPU's families are solved in the order of the list, so that later ones may use what earlier ones found.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/units.h"
#include "hwmodels/problem.h"

enum { MAX_GROUPS = 8, MAX_BEST = 64, DSV3_EXPERTS = 256, DSV3_TOPK = 8 };

struct row { /* one line of the table */
  const char *op, *dtype, *note, *software, *source, *basis;
  double m, n, k, groups, latency_s, tflops;
  int line;
};
struct fits { /* one GPU */
  const struct hw_catalog *c;
  const struct hw_gpu *gpu;
  const struct row *row;
  size_t n_row;
  uint64_t seed;
  struct hw_calibration *k;
  bool *taken;                    /* rows that some family used */
  struct hwi_gemm gemm[DT_COUNT]; /* found so far; else inherited */
};
struct solved { /* what this run has found for a GPU */
  const struct hw_gpu *gpu;
  struct hwi_gemm gemm[DT_COUNT];
};

static bool starts(const char *s, const char *with) {
  return strncmp(s, with, strlen(with)) == 0;
}

/* ---- reading ---- */

static double cell_number(const struct csv_table *t, size_t r, const char *column, struct errs *errs) {
  const char *text = csv_cell(t, r, csv_column(t, column));
  double v = 0;
  if (*text && !units_number(text, &v))
    errs_add(errs, csv_path(t), csv_line(t, r), column, "got '%s', expected a number or nothing", text);
  return v;
}

static struct row read_row(const struct csv_table *t, size_t r, struct errs *errs) {
  return (struct row){csv_cell(t, r, csv_column(t, "op")),
                      csv_cell(t, r, csv_column(t, "dtype")),
                      csv_cell(t, r, csv_column(t, "shape_note")),
                      csv_cell(t, r, csv_column(t, "software")),
                      csv_cell(t, r, csv_column(t, "source")),
                      csv_cell(t, r, csv_column(t, "basis")),
                      cell_number(t, r, "m_or_batch", errs),
                      cell_number(t, r, "n_or_seqlen", errs),
                      cell_number(t, r, "k_or_heads", errs),
                      cell_number(t, r, "groups", errs),
                      cell_number(t, r, "latency_ms", errs) * 1e-3,
                      cell_number(t, r, "tflops", errs),
                      csv_line(t, r)};
}

/* "name=value" in a note such as "head_dim=128 causal=0 (...)"; otherwise when it is not there. */
static double note_number(const char *note, const char *name, double otherwise) {
  size_t n = strlen(name);
  double v;
  for (const char *p = note; (p = strstr(p, name)); p += n)
    if (p[n] == '=')
      return units_leading_number(p + n + 1, &v) ? v : 0;
  return otherwise;
}

/* ---- what a GPU computes a table's format in ---- */

struct format {
  enum dtype dtype; /* of the weights and of the rows written */
  bool quantises;   /* the measured time holds the quantisation of the activations */
};
static bool read_format(const char *text, struct format *ret) {
  *ret = (struct format){DT_BF16, false};
  if (strcmp(text, "sq") == 0) /* SmoothQuant: 8-bit integers */
    *ret = (struct format){DT_INT8, true};
  else if (strcmp(text, "int4_wo") == 0)
    *ret = (struct format){DT_INT4, false};
  else if (starts(text, "fp8 (")) /* operands come with their scales */
    *ret = (struct format){DT_FP8, false};
  else if (!dtype_parse(text, &ret->dtype))
    return false;
  else
    ret->quantises = dtype_bytes(ret->dtype) < 2;
  if (ret->dtype == DT_FP16)
    ret->dtype = DT_BF16; /* the same unit */
  return true;
}

static int group_of(const char **names, size_t *n, const char *name) {
  for (size_t i = 0; i < *n; i++)
    if (strcmp(names[i], name) == 0)
      return (int)i;
  if (*n == MAX_GROUPS)
    return MAX_GROUPS - 1;
  names[*n] = name;
  return (int)(*n)++;
}

static struct hwi_problem problem(const struct fits *f, const char *what, enum dtype compute) {
  return (struct hwi_problem){.name = f->gpu->name,
                              .what = what,
                              .kind = "kernel",
                              .gpu = f->gpu,
                              .machine = {f->gpu->peak_flops[compute], f->gpu->mem_Bps, f->gpu->sms},
                              .a_bytes = dtype_bytes(compute),
                              .b_bytes = dtype_bytes(compute),
                              .source = ""};
}

static void add_source(const struct fits *f, struct hwi_problem *p, const struct row *r) {
  if (!strstr(p->source, r->source))
    p->source = *p->source ? arena_printf(f->k->arena, "%s; %s", p->source, r->source) : r->source;
}

/* ---- GEMM ---- */

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

static bool is_gemm(const struct row *r) {
  return starts(r->op, "gemm") && !strstr(r->op, "MAMF") && !strstr(r->op, "MAF") && r->latency_s > 0 && r->m > 0 &&
         r->n > 0 && r->k > 0;
}

/* Operands that came faster than memory can give them were in a cache: in a model they are not. */
static bool cached(const struct hwi_problem *p, const struct row *r) {
  double bytes = r->m * r->k * p->a_bytes + r->n * r->k * p->b_bytes + 2 * r->m * r->n;
  return bytes / r->latency_s > 0.92 * p->machine.mem_Bps;
}

static void collect_gemm(struct fits *f, enum dtype want, bool by_source, struct hwi_problem *p, const char **group,
                         size_t *n_group) {
  for (size_t i = 0; i < f->n_row; i++) {
    const struct row *r = &f->row[i];
    struct format fmt;
    if (!is_gemm(r) || !read_format(r->dtype, &fmt) || fmt.dtype != want || cached(p, r))
      continue;
    const char *software = by_source ? r->source : arena_printf(f->k->arena, "%s, %.6s", r->dtype, r->software);
    int g = by_source || fmt.quantises ? group_of(group, n_group, software) : -1;
    hwi_problem_add(p, (struct hwi_point){{r->m, r->n, r->k}, r->latency_s, g});
    add_source(f, p, r);
    f->taken[i] = true;
  }
}

/* Few points tell the pace and what short products lose, not how the formula bends: the rest stays as inherited. */
static void few_points(const struct fits *f, struct hwi_problem *p, enum dtype t) {
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
  size_t count[MAX_GROUPS] = {0};
  int best = 0;
  for (size_t i = 0; i < p->n; i++)
    if (p->point[i].group >= 0)
      count[p->point[i].group]++;
  for (size_t g = 1; g < groups; g++)
    best = count[g] > count[best] ? (int)g : best;
  return best;
}

static void fit_gemm16(struct fits *f) {
  const char *group[MAX_GROUPS];
  size_t groups = 0;
  struct hwi_problem p = problem(f, "gemm.bf16", hw_compute_dtype(f->gpu, DT_BF16));
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

static void gemm8_params(const struct fits *f, struct hwi_problem *p, size_t groups, const char *quant_eff) {
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

static void fit_gemm8(struct fits *f, enum dtype t, const char *what, const char *quant_eff, const char *quant_launch) {
  const char *group[MAX_GROUPS];
  size_t groups = 0;
  struct hwi_problem p = problem(f, what, t);
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

static void fit_low_precision(struct fits *f) {
  fit_gemm8(f, DT_FP8, "gemm.fp8", "quantize.fp8.eff_memory", "quantize.fp8.launch");
  fit_gemm8(f, DT_INT8, "gemm.int8", "quantize.int8.eff_memory", "quantize.int8.launch");
  fit_gemm8(f, DT_FP4, "gemm.fp4", "quantize.fp4.eff_memory", "quantize.fp4.launch");
}

/* ---- grouped GEMM: the dense kernel at a fitted share of its pace ---- */

static double grouped_s(const struct hwi_problem *p, const struct hwi_point *at, const double *v) {
  struct hwi_gemm g = *(const struct hwi_gemm *)p->extra;
  g.eff_c *= v[0];
  g.eff_m *= v[1];
  return hwi_gemm_time_s(&g, &p->machine, at->x[0], at->x[1], at->x[2], at->x[3], p->a_bytes, p->b_bytes);
}

static void fit_grouped(struct fits *f) {
  struct hwi_problem p = problem(f, "grouped", DT_FP8);
  for (size_t i = 0; i < f->n_row; i++) {
    const struct row *r = &f->row[i];
    struct format fmt;
    if (!starts(r->op, "grouped_gemm") || !read_format(r->dtype, &fmt) || fmt.dtype != DT_FP8 || !(r->latency_s > 0))
      continue;
    add_source(f, &p, r);
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

static void fit_moe(struct fits *f, enum dtype t, const char *what) {
  enum dtype compute = hw_compute_dtype(f->gpu, t);
  struct hwi_problem p = problem(f, what, compute);
  p.b_bytes = dtype_bytes(t);
  for (size_t i = 0; i < f->n_row; i++) {
    const struct row *r = &f->row[i];
    struct format fmt;
    double ep = note_number(r->note, "ep", 1);
    bool balanced = strstr(r->note, "dist=balanced");
    if (strcmp(r->op, "moe_ffn_dsv3") != 0 || !read_format(r->dtype, &fmt) || fmt.dtype != t ||
        ((!balanced || t == DT_INT4) && ep > 1))
      continue; /* with uneven experts over ranks the time is that of an unknown fullest rank; weight-only kernels
                   compute every row on every rank */
    add_source(f, &p, r);
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

static void fit_moes(struct fits *f) {
  fit_moe(f, DT_BF16, "moe.bf16");
  fit_moe(f, DT_FP8, "moe.fp8");
  fit_moe(f, DT_FP4, "moe.fp4");
  fit_moe(f, DT_INT4, "moe.int4");
}

/* ---- attention ---- */

enum { FWD, FWD_BWD };
enum { A_64, A_128, A_256, A_HALF, A_BACK, A_UNEQUAL, A_LAUNCH, A_PARAMS };

static struct hw_attn attn_op(const struct hwi_point *at, bool backward) {
  return (struct hw_attn){at->x[0], at->x[2],      at->x[2], at->x[1], at->x[1],     at->x[3],
                          at->x[4], at->x[5] != 0, backward, DT_BF16,  HW_ATTN_AUTO, 0};
}

/* x = batch, length, heads, head size of keys, of values, causal, passes */
static double attn_s(const struct hwi_problem *p, const struct hwi_point *at, const double *v) {
  struct hwi_attn a = {v[A_64], v[A_128], v[A_256], v[A_HALF], v[A_BACK], v[A_UNEQUAL], v[A_LAUNCH] * 1e-6, NULL};
  struct hw_attn forward = attn_op(at, false), backward = attn_op(at, true);
  double t = hwi_attn_time_s(&a, &p->machine, &forward, 0);
  return at->x[6] == FWD_BWD ? t + hwi_attn_time_s(&a, &p->machine, &backward, 0) : t;
}

/* Rates in the table count 4 s^2 d per head forward and 2.5 times that backward, half of it with a causal mask. */
static double rate_to_s(const struct row *r, double head, bool causal, bool both) {
  double flops = 4 * r->m * r->k * r->n * r->n * head * (causal ? 0.5 : 1) * (both ? 3.5 : 1);
  return flops / (r->tflops * 1e12);
}

static bool take_attn(const struct row *r, const char *kernel, bool best, struct hwi_point *ret) {
  if (strcmp(r->op, "mla_prefill_causal") == 0 && best) {
    *ret = (struct hwi_point){
        {r->m, r->n, r->k, note_number(r->note, "dqk", 192), note_number(r->note, "dv", 128), 1, FWD},
        r->latency_s,
        -1};
    return r->latency_s > 0;
  }
  static const struct {
    const char *software, *kernel;
  } by[] = {{"FlashAttention-1", "flash1"},
            {"FlashAttention-2", "flash2"},
            {"FlashAttention-3", "flash3"},
            {"cuDNN", "flash3"},
            {"PyTorch", "unfused"}};
  double head = note_number(r->note, "head_dim", 0);
  if (!starts(r->op, "attention_fwd") || !(r->tflops > 0) || !(head > 0))
    return false;
  struct row full = *r;
  bool both = strstr(r->op, "+bwd"), causal = note_number(r->note, "causal", 0) != 0;
  full.k = r->k > 0 ? r->k : 2048 / head; /* the benchmark keeps heads x head size at 2048 */
  for (size_t i = 0; i < sizeof by / sizeof *by; i++)
    if (strcmp(r->software, by[i].software) == 0 && strcmp(by[i].kernel, kernel) == 0) {
      *ret = (struct hwi_point){
          {full.m, full.n, full.k, head, head, causal, both ? FWD_BWD : FWD}, rate_to_s(&full, head, causal, both), -1};
      return true;
    }
  return false;
}

/* A parameter that no point of the problem depends on stays where it is, so that it is not written as if it had been
 * fitted. */
static void drop_unseen(struct hwi_problem *p) {
  bool seen[A_PARAMS] = {[A_HALF] = true};
  for (size_t i = 0; i < p->n; i++) {
    double head = (p->point[i].x[3] + p->point[i].x[4]) / 2;
    seen[A_64] |= head < 128;
    seen[A_128] |= head > 64 && head < 256;
    seen[A_256] |= head > 128;
    seen[A_BACK] |= p->point[i].x[6] == FWD_BWD;
    seen[A_UNEQUAL] |= p->point[i].x[3] != p->point[i].x[4];
    seen[A_LAUNCH] |= p->point[i].x[6] == FWD;
  }
  for (int j = 0; j < A_PARAMS; j++)
    if (!seen[j]) {
      p->param[j].name = NULL;
      p->param[j].lo = p->param[j].hi = 0;
    }
}

static void fit_attn(struct fits *f, const char *kernel, const char *what) {
  struct hwi_problem p = problem(f, what, hw_compute_dtype(f->gpu, DT_BF16));
  const struct hw_fact *best = hwi_inherit(f->c, "kernel", f->gpu, "attn.best");
  for (size_t i = 0; i < f->n_row; i++) {
    struct hwi_point at;
    if (!take_attn(&f->row[i], kernel, best && strcmp(best->text, kernel) == 0, &at))
      continue;
    add_source(f, &p, &f->row[i]);
    hwi_problem_add(&p, at);
    f->taken[i] = true;
  }
  static const struct hwi_fit_param params[A_PARAMS] = {
      {"eff_64", "", 0.5, 0.05, 1},       {"eff_128", "", 0.6, 0.05, 1},   {"eff_256", "", 0.6, 0.05, 1},
      {"half_length", "", 250, 10, 3000}, {"backward", "", 0.8, 0.3, 1.2}, {"unequal", "", 1, 0.4, 1.3},
      {"launch", "us", 5, 0.5, 60}};
  memcpy(p.param, params, sizeof params);
  p.n_param = A_PARAMS;
  p.time_s = attn_s;
  double v[HWI_FIT_MAX];
  if (p.n) {
    drop_unseen(&p);
    hwi_problem_solve(f->k, &p, f->seed, v);
  }
  mem_free(p.point);
}

static void fit_attns(struct fits *f) {
  fit_attn(f, "flash1", "attn.flash1");
  fit_attn(f, "flash2", "attn.flash2");
  fit_attn(f, "flash3", "attn.flash3");
}

/* Batched GEMMs and the traffic of the score matrix; backward moves 9/8 of what forward does. */
static double unfused_s(const struct hwi_problem *p, const struct hwi_point *at, const double *v) {
  const struct hwi_gemm *g = p->extra;
  double b = at->x[0] * at->x[2], s = at->x[1], scores = b * s * s;
  double gemms = hwi_gemm_time_s(g, &p->machine, s, s, at->x[3], b, 2, 2) +
                 hwi_gemm_time_s(g, &p->machine, s, at->x[4], s, b, 2, 2);
  return 3 * gemms + scores * (v[0] + v[0] * 9 / 8) / (0.8 * p->machine.mem_Bps);
}

static void fit_unfused(struct fits *f) {
  struct hwi_problem p = problem(f, "attn.unfused", hw_compute_dtype(f->gpu, DT_BF16));
  for (size_t i = 0; i < f->n_row; i++) {
    struct hwi_point at;
    if (!take_attn(&f->row[i], "unfused", false, &at) || at.x[6] != FWD_BWD)
      continue;
    add_source(f, &p, &f->row[i]);
    hwi_problem_add(&p, at);
    f->taken[i] = true;
  }
  p.param[0] = (struct hwi_fit_param){"bytes_forward", "B", 8, 1, 90};
  p.n_param = 1;
  p.time_s = unfused_s;
  p.extra = &f->gemm[DT_BF16];
  double v[HWI_FIT_MAX];
  if (p.n && hwi_problem_solve(f->k, &p, f->seed, v))
    hwi_calibration_row(f->k, "kernel", f->gpu->name, "attn.unfused.bytes_backward", v[0] * 9 / 8, "B", p.source,
                        "9/8 of forward", "derived");
  mem_free(p.point);
}

/* ---- MLA decoding ---- */

enum { D_EFF_C, D_EFF_M, D_LAUNCH, D_SEQ, D_FILL, D_NORM, D_PARAMS };

static double mla_decode_s(const struct hwi_problem *p, const struct hwi_point *at, const double *v) {
  struct hwi_decode d = {v[D_EFF_M], v[D_EFF_C], v[D_LAUNCH] * 1e-6, v[D_SEQ] * 1e-6, v[D_FILL], v[D_NORM]};
  double tokens = at->x[0] * at->x[1];
  return hwi_decode_time_s(&d, &p->machine, at->x[0], 2 * tokens * at->x[2] * (at->x[3] + at->x[4]),
                           tokens * at->x[3] * 2);
}

/* With all heads on one GPU the latent is read once for so much arithmetic that some parts are bound by their matrix units at every point: how fast they read is then not
 * seen, and what the fit would make of it would mislead where tensor parallelism leaves few heads. */
static void drop_unseen_traffic(struct hwi_problem *p) {
  bool seen = false;
  for (size_t i = 0; i < p->n; i++) {
    const double *x = p->point[i].x;
    seen |= 2 * x[2] * (x[3] + x[4]) / p->machine.peak_flops < x[3] * 2 / p->machine.mem_Bps;
  }
  if (!seen) {
    p->param[D_EFF_M].name = NULL;
    p->param[D_EFF_M].start = p->param[D_EFF_M].lo = p->param[D_EFF_M].hi = 0.75; /* the default row */
  }
}

static void fit_mla_decode(struct fits *f) {
  struct hwi_problem p = problem(f, "mla", hw_compute_dtype(f->gpu, DT_BF16));
  for (size_t i = 0; i < f->n_row; i++) {
    const struct row *r = &f->row[i];
    if (strcmp(r->op, "mla_decode") != 0 || !(r->latency_s > 0))
      continue;
    add_source(f, &p, r);
    hwi_problem_add(
        &p, (struct hwi_point){{r->m, r->n, r->k, note_number(r->note, "dk", 576), note_number(r->note, "dv", 512)},
                               r->latency_s,
                               -1});
    f->taken[i] = true;
  }
  static const struct hwi_fit_param params[D_PARAMS] = {
      {"eff_compute", "", 0.6, 0.05, 1}, {"eff_memory", "", 0.8, 0.1, 1}, {"launch", "us", 10, 1, 80},
      {"sequence", "us", 0.1, 0.001, 3}, {"fill", "", 0.5, 0.001, 100},   {"norm", "", 2, 1, 10}};
  memcpy(p.param, params, sizeof params);
  p.n_param = D_PARAMS;
  p.time_s = mla_decode_s;
  drop_unseen_traffic(&p);
  double v[HWI_FIT_MAX];
  if (p.n)
    hwi_problem_solve(f->k, &p, f->seed, v);
  mem_free(p.point);
}

/* ---- the list ---- */

static void (*const families[])(struct fits *) = {fit_gemm16, fit_low_precision, fit_grouped,   fit_moes,
                                                  fit_attns,  fit_unfused,       fit_mla_decode};

/* ---- single best shapes: the pace of a part that nobody measured further ---- */

static bool is_best_shape(const struct row *r) {
  return starts(r->op, "gemm (MAMF") && r->m > 0 && r->n > 0 && r->k > 0 && r->tflops > 0;
}

/* Measured rate of a best shape / what the GEMM model says of it. */
static double best_ratio(const struct hw_gpu *g, const struct hwi_gemm *p, enum dtype t, const struct row *r) {
  struct hwi_machine machine = {g->peak_flops[t], g->mem_Bps, g->sms};
  double model = hwi_gemm_time_s(p, &machine, r->m, r->n, r->k, 1, dtype_bytes(t), dtype_bytes(t));
  return r->tflops * 1e12 * model / (2 * r->m * r->n * r->k);
}

struct best {
  const struct hw_gpu *gpu;
  enum dtype dtype;
  struct row row;
  struct hwi_gemm gemm;
  bool fitted; /* the GPU has a fit of its own for this format */
};

static int by_value(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* Best shapes were searched for: on parts with a full fit they are some per cent faster than it. What is above that
 * median is the part's own. */
static void place_best(struct hw_calibration *k, const struct best *best, size_t n) {
  double ratio[MAX_BEST];
  size_t known = 0;
  for (size_t i = 0; i < n && known < MAX_BEST; i++)
    if (best[i].fitted)
      ratio[known++] = best_ratio(best[i].gpu, &best[i].gemm, best[i].dtype, &best[i].row);
  if (!known)
    return;
  qsort(ratio, known, sizeof *ratio, by_value);
  for (size_t i = 0; i < n; i++) {
    if (best[i].fitted)
      continue;
    double eff =
        best[i].gemm.eff_c * best_ratio(best[i].gpu, &best[i].gemm, best[i].dtype, &best[i].row) / ratio[known / 2];
    char metric[48];
    snprintf(metric, sizeof metric, "gemm.%s.eff_compute", dtype_name(best[i].dtype));
    hwi_calibration_row(k, "kernel", best[i].gpu->name, metric, eff, "", best[i].row.source,
                        "one best shape, over the median gain of searched shapes", "derived");
  }
}

/* ---- the table ---- */

static const char *const columns[] = {"gpu",        "op",     "dtype",      "m_or_batch", "n_or_seqlen",
                                      "k_or_heads", "groups", "shape_note", "latency_ms", "tflops",
                                      "software",   "source", "basis"};

static bool has_fit(const struct hw_calibration *k, const char *gpu, const char *what) {
  for (size_t i = 0; i < k->n_report; i++)
    if (k->report[i].converged && strcmp(k->report[i].name, gpu) == 0 && strcmp(k->report[i].what, what) == 0)
      return true;
  return false;
}

static void note_best(const struct fits *f, struct best *best, size_t *n) {
  for (size_t i = 0; i < f->n_row; i++) {
    struct format fmt;
    char what[32];
    if (!is_best_shape(&f->row[i]) || !read_format(f->row[i].dtype, &fmt) || *n == MAX_BEST)
      continue;
    snprintf(what, sizeof what, "gemm.%s", dtype_name(fmt.dtype));
    best[(*n)++] = (struct best){f->gpu, fmt.dtype, f->row[i], f->gemm[fmt.dtype], has_fit(f->k, f->gpu->name, what)};
    f->taken[i] = true;
  }
}

/* Whether the architecture of g, or one it descends from, names `part` as its reference. */
static bool is_reference(const struct hw_catalog *c, const struct hw_gpu *part, const struct hw_gpu *g) {
  const char *arch = g->arch;
  for (int depth = 0; arch && depth < 16; depth++, arch = hwi_text(c, "arch", arch, "parent")) {
    const char *reference = hwi_text(c, "arch", arch, "reference");
    if (reference)
      return hw_gpu_find(c, reference) == part;
  }
  return false;
}

/* A GPU starts from what it inherits: from this run when the part that it inherits from has been solved in it, else
 * from the catalog. */
static void start_gemm(struct fits *f, const struct solved *solved, size_t n) {
  const struct hwi_kernels *known = f->gpu->kernels;
  for (int t = 0; t < DT_COUNT; t++) {
    f->gemm[t] = known->gemm[t];
    for (size_t i = 0; i < n; i++)
      if (f->gemm[t].from && strcmp(solved[i].gpu->name, f->gpu->name) != 0 &&
          (strcmp(solved[i].gpu->name, f->gemm[t].from->name) == 0 || is_reference(f->c, solved[i].gpu, f->gpu)))
        f->gemm[t] = solved[i].gemm[t];
  }
}

static void fit_gpu(struct fits *f, struct solved *solved, size_t *n_solved, struct best *best, size_t *n_best) {
  start_gemm(f, solved, *n_solved);
  for (size_t i = 0; i < sizeof families / sizeof *families; i++)
    families[i](f);
  solved[*n_solved].gpu = f->gpu;
  memcpy(solved[(*n_solved)++].gemm, f->gemm, sizeof f->gemm);
  note_best(f, best, n_best);
}

/* The GPU with most rows that is still to do; NULL at the end. Parts with few measurements come after those they
 * inherit from. */
static const struct hw_gpu *next_gpu(const struct hw_gpu *const *gpu, size_t n) {
  const struct hw_gpu *best = NULL;
  size_t most = 0;
  for (size_t first = 0; first < n; first++) {
    size_t count = 0;
    if (!gpu[first] || gpu[first] == best)
      continue;
    for (size_t r = first; r < n; r++)
      count += gpu[r] == gpu[first];
    if (count > most) {
      most = count;
      best = gpu[first];
    }
  }
  return best;
}

void hwi_calibrate_kernels(const struct hw_catalog *c, const struct csv_table *t, uint64_t seed,
                           struct hw_calibration *k, struct errs *errs) {
  if (!csv_require(t, columns, sizeof columns / sizeof *columns, errs))
    return;
  size_t n = csv_rows(t), n_best = 0, n_solved = 0, before = errs_count(errs);
  struct row *row = mem_array(n + 1, sizeof *row), *own = mem_array(n + 1, sizeof *own);
  const struct hw_gpu **gpu = mem_array(n + 1, sizeof *gpu);
  bool *taken = mem_array(n + 1, sizeof *taken);
  struct solved *solved = mem_array(c->n_gpu + 1, sizeof *solved);
  struct best best[MAX_BEST];
  for (size_t r = 0; r < n; r++) {
    row[r] = read_row(t, r, errs);
    gpu[r] = hw_gpu_find(c, csv_cell(t, r, csv_column(t, "gpu")));
  }
  k->skipped = n;
  while (errs_count(errs) == before) {
    struct fits f = {.c = c, .gpu = next_gpu(gpu, n), .row = own, .seed = seed, .k = k, .taken = taken};
    if (!f.gpu)
      break;
    for (size_t r = 0; r < n; r++)
      if (gpu[r] == f.gpu) {
        own[f.n_row++] = row[r];
        gpu[r] = NULL;
      }
    memset(taken, 0, f.n_row * sizeof *taken);
    fit_gpu(&f, solved, &n_solved, best, &n_best);
    for (size_t i = 0; i < f.n_row; i++)
      k->skipped -= taken[i];
  }
  place_best(k, best, n_best);
  mem_free(row);
  mem_free(own);
  mem_free(gpu);
  mem_free(taken);
  mem_free(solved);
}
