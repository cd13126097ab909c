/* Kernel parameters of every GPU x format from the catalog's `kernel` rows, once at load. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "base/units.h"
#include "hwmodels/gemm.h"

/* The format a matrix unit is asked for -> what is tried instead, in order. */
static const enum dtype fallback[DT_COUNT][4] = {
    [DT_FP64] = {DT_FP64, DT_FP32, DT_FP32, DT_FP32}, [DT_FP32] = {DT_FP32, DT_TF32, DT_BF16, DT_FP16}, [DT_TF32] = {DT_TF32, DT_FP32, DT_BF16, DT_FP16},
    [DT_FP16] = {DT_FP16, DT_BF16, DT_FP32, DT_FP32}, [DT_BF16] = {DT_BF16, DT_FP16, DT_FP32, DT_FP32}, [DT_FP8] = {DT_FP8, DT_BF16, DT_FP16, DT_FP32},
    [DT_INT8] = {DT_INT8, DT_FP8, DT_BF16, DT_FP16},  [DT_FP6] = {DT_FP6, DT_FP8, DT_BF16, DT_FP16},    [DT_FP4] = {DT_FP4, DT_FP8, DT_BF16, DT_FP16},
    [DT_INT4] = {DT_BF16, DT_FP16, DT_FP32, DT_FP32}, /* weight-only: computed in 16 bits */
};
/* Whose fitted parameters stand in for a format that nobody measured. */
static const enum dtype relative[DT_COUNT][3] = {
    [DT_FP64] = {DT_FP64, DT_BF16, DT_BF16}, [DT_FP32] = {DT_FP32, DT_BF16, DT_BF16}, [DT_TF32] = {DT_TF32, DT_BF16, DT_BF16}, [DT_FP16] = {DT_FP16, DT_BF16, DT_BF16},
    [DT_BF16] = {DT_BF16, DT_FP16, DT_FP16}, [DT_FP8] = {DT_FP8, DT_INT8, DT_BF16},   [DT_INT8] = {DT_INT8, DT_FP8, DT_BF16},  [DT_FP6] = {DT_FP6, DT_FP8, DT_BF16},
    [DT_FP4] = {DT_FP4, DT_FP8, DT_BF16},    [DT_INT4] = {DT_INT4, DT_INT8, DT_BF16},
};

struct want {
  const char *metric, *unit;
  double *at;
};

static const struct hw_fact *read_param(struct hw_catalog *c, const struct hw_gpu *g, const char *metric, const char *unit, double *ret, struct errs *errs) {
  const struct hw_fact *f = hwi_inherit(c, "kernel", g, metric);
  if (!f)
    errs_add(errs, NULL, 0, metric, "no kernel row for gpu '%s', nor for its architecture, nor for 'any'", g->name);
  else if (isnan(f->value) || (strcmp(f->unit, unit) != 0 && !units_convert(f->value, f->unit, unit, ret)))
    errs_add(errs, f->file, f->line, metric, "got '%s %s', expected a number in %s", f->text, f->unit, *unit ? unit : "1");
  else if (strcmp(f->unit, unit) == 0)
    *ret = f->value;
  return f;
}

/* The format whose rows serve for t: the first of its relatives that this GPU or its architecture has a row for; `any` has them all. */
static enum dtype fitted_format(struct hw_catalog *c, const struct hw_gpu *g, const char *op, enum dtype t) {
  char metric[64];
  for (int i = 0; i < 3; i++) {
    snprintf(metric, sizeof metric, "%s.%s.eff_compute", op, dtype_name(relative[t][i]));
    const struct hw_fact *f = hwi_inherit(c, "kernel", g, metric);
    if (f && strcmp(f->name, "any") != 0)
      return relative[t][i];
  }
  return DT_BF16; /* what `any` is written for */
}

static void read_gemm(struct hw_catalog *c, const struct hw_gpu *g, const char *op, enum dtype t, struct hwi_gemm *p, struct errs *errs) {
  double exponent = 0;
  const struct want want[] = {{"eff_compute", "", &p->eff_c}, {"eff_memory", "", &p->eff_m}, {"launch", "s", &p->t0_s}, {"norm", "", &p->p},
                              {"k_prologue", "", &p->k0},    {"wave", "", &p->wave},        {"small_tile", "", &exponent}};
  enum dtype as = fitted_format(c, g, op, t);
  for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
    char metric[64];
    snprintf(metric, sizeof metric, "%s.%s.%s", op, dtype_name(as), want[i].metric);
    const struct hw_fact *f = read_param(c, g, metric, want[i].unit, want[i].at, errs);
    if (i == 0)
      p->from = f;
  }
  hwi_gemm_tiles(p, exponent);
}

static void read_attn(struct hw_catalog *c, const struct hw_gpu *g, struct hwi_kernels *k, struct errs *errs) {
  static const char *const name[HW_ATTN_COUNT] = {[HW_ATTN_FLASH1] = "flash1", [HW_ATTN_FLASH2] = "flash2", [HW_ATTN_FLASH3] = "flash3"};
  const struct hw_fact *best = hwi_inherit(c, "kernel", g, "attn.best");
  for (int a = HW_ATTN_FLASH1; a < HW_ATTN_COUNT; a++) {
    struct hwi_attn *p = &k->attn[a];
    const struct want want[] = {{"eff_64", "", &p->eff_64}, {"eff_128", "", &p->eff_128}, {"half_length", "", &p->half_len}, {"backward", "", &p->backward}, {"launch", "s", &p->t0_s}};
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
      char metric[64];
      snprintf(metric, sizeof metric, "attn.%s.%s", name[a], want[i].metric);
      p->from = read_param(c, g, metric, want[i].unit, want[i].at, errs);
    }
    if (best && strcmp(best->text, name[a]) == 0)
      k->attn[HW_ATTN_AUTO] = *p;
  }
}

static void read_scalars(struct hw_catalog *c, const struct hw_gpu *g, struct hwi_kernels *k, struct errs *errs) {
  const struct want want[] = {
      {"attn.unfused.bytes_forward", "B", &k->unfused_bytes_fwd}, {"attn.unfused.bytes_backward", "B", &k->unfused_bytes_bwd},
      {"attn.unfused.misaligned", "", &k->unfused_misaligned},    {"decode.eff_memory", "", &k->decode_eff_m},
      {"decode.eff_compute", "", &k->decode_eff_c},               {"decode.launch", "s", &k->decode_t0_s},
      {"decode.per_sequence", "s", &k->decode_seq_s},             {"decode.mla_per_sequence", "s", &k->mla_seq_s},
      {"stream.eff_memory", "", &k->stream_eff},                  {"stream.launch", "s", &k->stream_t0_s},
  };
  for (size_t i = 0; i < sizeof want / sizeof *want; i++)
    read_param(c, g, want[i].metric, want[i].unit, want[i].at, errs);
}

void hwi_gemm_tiles(struct hwi_gemm *p, double exponent) {
  for (int i = 0; i < HWI_TILES; i++)
    p->tile[i] = pow(hwi_tile_m[i] * hwi_tile_n[i] / (256.0 * 128.0), exponent);
}

void hwi_kernels_resolve(struct hw_catalog *c, struct errs *errs) {
  for (size_t i = 0; i < c->n_gpu && errs_count(errs) == 0; i++) {
    struct hw_gpu *g = &c->gpu[i];
    struct hwi_kernels *k = arena_alloc(c->arena, sizeof *k);
    for (int t = 0; t < DT_COUNT; t++) {
      k->compute[t] = DT_FP32;
      for (int f = 3; f >= 0; f--)
        if (g->peak_flops[fallback[t][f]] > 0)
          k->compute[t] = fallback[t][f];
      read_gemm(c, g, "gemm", (enum dtype)t, &k->gemm[t], errs);
      read_gemm(c, g, "grouped", (enum dtype)t, &k->grouped[t], errs);
    }
    read_attn(c, g, k, errs);
    read_scalars(c, g, k, errs);
    g->kernels = k;
  }
}
