/* Kernel parameters of every GPU x format from the catalog's `kernel` rows, once at load. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "base/units.h"
#include "hwmodels/gemm.h"

/* The format a matrix unit is asked for -> what is tried instead, in order. */
static const enum dtype fallback[DT_COUNT][4] = {
    [DT_FP64] = {DT_FP64, DT_FP32, DT_FP32, DT_FP32},
    [DT_FP32] = {DT_FP32, DT_TF32, DT_BF16, DT_FP16},
    [DT_TF32] = {DT_TF32, DT_FP32, DT_BF16, DT_FP16},
    [DT_FP16] = {DT_FP16, DT_BF16, DT_FP32, DT_FP32},
    [DT_BF16] = {DT_BF16, DT_FP16, DT_FP32, DT_FP32},
    [DT_FP8] = {DT_FP8, DT_BF16, DT_FP16, DT_FP32},
    [DT_INT8] = {DT_INT8, DT_FP8, DT_BF16, DT_FP16},
    [DT_FP6] = {DT_FP6, DT_FP8, DT_BF16, DT_FP16},
    [DT_FP4] = {DT_FP4, DT_FP8, DT_BF16, DT_FP16},
    [DT_INT4] = {DT_BF16, DT_FP16, DT_FP32, DT_FP32}, /* weight-only: computed in 16 bits */
};
/* Whose fitted parameters stand in for a format that nobody measured. */
static const enum dtype relative[DT_COUNT][3] = {
    [DT_FP64] = {DT_FP64, DT_BF16, DT_BF16}, [DT_FP32] = {DT_FP32, DT_BF16, DT_BF16},
    [DT_TF32] = {DT_TF32, DT_BF16, DT_BF16}, [DT_FP16] = {DT_FP16, DT_BF16, DT_BF16},
    [DT_BF16] = {DT_BF16, DT_FP16, DT_FP16}, [DT_FP8] = {DT_FP8, DT_INT8, DT_BF16},
    [DT_INT8] = {DT_INT8, DT_FP8, DT_BF16},  [DT_FP6] = {DT_FP6, DT_FP8, DT_BF16},
    [DT_FP4] = {DT_FP4, DT_FP8, DT_BF16},    [DT_INT4] = {DT_INT4, DT_INT8, DT_BF16},
};

struct source {
  const struct hw_catalog *catalog;
  const struct hw_gpu *gpu;
  struct hwi_chain chain;
  struct errs *errs;
};

static const struct hw_fact *read_param(const struct source *from, const char *metric, const char *unit, double *ret) {
  const struct hw_fact *f = hwi_inherited(from->catalog, &from->chain, metric);
  if (!f)
    errs_add(from->errs, NULL, 0, metric, "no kernel row for gpu '%s', nor for its architecture, nor for 'any'",
             from->gpu->name);
  else if (isnan(f->value) || (strcmp(f->unit, unit) != 0 && !units_convert(f->value, f->unit, unit, ret)))
    errs_add(from->errs, f->file, f->line, metric, "got '%s %s', expected a number in %s", f->text, f->unit,
             *unit ? unit : "1");
  else if (strcmp(f->unit, unit) == 0)
    *ret = f->value;
  return f;
}

/* The format whose rows serve for t: the first of its relatives that this GPU or its architecture has a row for; `any`
 * has them all. */
static enum dtype fitted_format(const struct source *from, const char *op, enum dtype t) {
  char metric[64];
  for (int i = 0; i < 3; i++) {
    snprintf(metric, sizeof metric, "%s.%s.eff_compute", op, dtype_name(relative[t][i]));
    const struct hw_fact *f = hwi_inherited(from->catalog, &from->chain, metric);
    if (f && strcmp(f->name, "any") != 0)
      return relative[t][i];
  }
  return DT_BF16; /* what `any` is written for */
}

struct named {
  const char *metric, *unit;
  double *at;
};

/* Rows "<op>.<format>.<metric>"; returns the row of the first. */
static const struct hw_fact *read_set(const struct source *from, const char *prefix, const struct named *want,
                                      size_t n) {
  const struct hw_fact *first = NULL;
  for (size_t i = 0; i < n; i++) {
    char metric[64];
    snprintf(metric, sizeof metric, "%s.%s", prefix, want[i].metric);
    const struct hw_fact *f = read_param(from, metric, want[i].unit, want[i].at);
    first = first ? first : f;
  }
  return first;
}
#define COUNT(a) (sizeof(a) / sizeof *(a))

static void read_gemm(const struct source *from, const char *op, enum dtype t, struct hwi_gemm *p) {
  double exponent = 0;
  const struct named want[] = {{"eff_compute", "", &p->eff_c}, {"eff_memory", "", &p->eff_m},
                               {"launch", "s", &p->t0_s},      {"norm", "", &p->p},
                               {"k_prologue", "", &p->k0},     {"wave", "", &p->wave},
                               {"small_tile", "", &exponent},  {"split", "s", &p->split_s}};
  char prefix[32];
  snprintf(prefix, sizeof prefix, "%s.%s", op, dtype_name(fitted_format(from, op, t)));
  p->from = read_set(from, prefix, want, COUNT(want));
  hwi_gemm_tiles(p, exponent);
}

static void read_formats(const struct source *from, struct hwi_kernels *k, enum dtype t) {
  if (k->compute[t] == t) /* else that of what it computes in is used */
    read_gemm(from, "gemm", t, &k->gemm[t]);
  double share_c = 1, share_m = 1; /* a grouped kernel is the dense one at a share of its pace */
  read_param(from, "grouped.share_compute", "", &share_c);
  read_param(from, "grouped.share_memory", "", &share_m);
  k->grouped[t] = k->gemm[t];
  k->grouped[t].eff_c *= share_c;
  k->grouped[t].eff_m *= share_m;
  struct hwi_gemm *e = &k->moe_gemm[t];
  double exponent = 0;
  *e = (struct hwi_gemm){.wave = 0.5, .split_s = 1}; /* expert GEMMs are not split: there are many */
  const struct named moe[] = {
      {"eff_compute", "", &e->eff_c}, {"eff_memory", "", &e->eff_m},       {"norm", "", &e->p},
      {"small_tile", "", &exponent},  {"layer", "s", &k->moe[t].launch_s}, {"row_passes", "", &k->moe[t].row_passes}};
  char prefix[32];
  snprintf(prefix, sizeof prefix, "moe.%s", dtype_name(fitted_format(from, "moe", t)));
  e->from = read_set(from, prefix, moe, COUNT(moe));
  hwi_gemm_tiles(e, exponent);
  if (dtype_bytes(t) >= 2)
    return;
  const struct named quant[] = {{"eff_memory", "", &k->quant_eff[t]}, {"launch", "s", &k->quant_t0_s[t]}};
  char launch[48];
  snprintf(prefix, sizeof prefix, "quantize.%s", dtype_name(t));
  snprintf(launch, sizeof launch, "%s.launch", prefix);
  read_set(from, hwi_inherited(from->catalog, &from->chain, launch) ? prefix : "quantize.fp8", quant, COUNT(quant));
}

static void read_attn(const struct source *from, struct hwi_kernels *k) {
  static const char *const name[HW_ATTN_COUNT] = {
      [HW_ATTN_FLASH1] = "attn.flash1", [HW_ATTN_FLASH2] = "attn.flash2", [HW_ATTN_FLASH3] = "attn.flash3"};
  const struct hw_fact *best = hwi_inherited(from->catalog, &from->chain, "attn.best");
  for (int a = HW_ATTN_FLASH1; a < HW_ATTN_COUNT; a++) {
    struct hwi_attn *p = &k->attn[a];
    const struct named want[] = {{"eff_128", "", &p->eff_128},   {"eff_64", "", &p->eff_64},
                                 {"eff_256", "", &p->eff_256},   {"half_length", "", &p->half_len},
                                 {"backward", "", &p->backward}, {"unequal", "", &p->unequal},
                                 {"launch", "s", &p->t0_s}};
    p->from = read_set(from, name[a], want, COUNT(want));
    if (best && strcmp(best->text, name[a] + strlen("attn.")) == 0)
      k->attn[HW_ATTN_AUTO] = *p;
  }
}

static void read_decode(const struct source *from, const char *prefix, struct hwi_decode *p) {
  const struct named want[] = {{"eff_memory", "", &p->eff_m}, {"eff_compute", "", &p->eff_c}, {"launch", "s", &p->t0_s},
                               {"sequence", "s", &p->seq_s},  {"fill", "", &p->fill},         {"norm", "", &p->p}};
  read_set(from, prefix, want, COUNT(want));
}

static void read_scalars(const struct source *from, struct hwi_kernels *k) {
  const struct named unfused[] = {{"bytes_forward", "B", &k->unfused_bytes_fwd},
                                  {"bytes_backward", "B", &k->unfused_bytes_bwd},
                                  {"misaligned", "", &k->unfused_misaligned}};
  const struct named stream[] = {{"eff_memory", "", &k->stream_eff}, {"launch", "s", &k->stream_t0_s}};
  const struct named gemm[] = {{"misaligned", "", &k->gemm_misaligned}};
  read_set(from, "attn.unfused", unfused, COUNT(unfused));
  read_set(from, "gemm", gemm, COUNT(gemm));
  read_set(from, "stream", stream, COUNT(stream));
  read_decode(from, "decode", &k->decode);
  read_decode(from, "mla", &k->mla);
}

void hwi_kernels_resolve(struct hw_catalog *c, struct errs *errs) {
  for (size_t i = 0; i < c->n_gpu && errs_count(errs) == 0; i++) {
    struct hw_gpu *g = &c->gpu[i];
    struct hwi_kernels *k = arena_alloc(c->arena, sizeof *k);
    const struct source from = {c, g, hwi_chain_of(c, "kernel", g), errs};
    for (int t = 0; t < DT_COUNT; t++) {
      k->compute[t] = DT_FP32;
      for (int f = 3; f >= 0; f--)
        if (g->peak_flops[fallback[t][f]] > 0)
          k->compute[t] = fallback[t][f];
      read_formats(&from, k, (enum dtype)t);
    }
    read_attn(&from, k);
    read_scalars(&from, k);
    g->kernels = k;
  }
}
