/* Measured attention: flash and unfused kernels, decoding on a latent cache. */
#include <math.h>
#include <string.h>
#include "hwmodels/calibrate_rows.h"
#include "hwmodels/priv.h"

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
static double rate_to_s(const struct hwi_row *r, double head, bool causal, bool both) {
  double flops = 4 * r->m * r->k * r->n * r->n * head * (causal ? 0.5 : 1) * (both ? 3.5 : 1);
  return flops / (r->tflops * 1e12);
}

static bool take_attn(const struct hwi_row *r, const char *kernel, bool best, struct hwi_point *ret) {
  if (strcmp(r->op, "mla_prefill_causal") == 0 && best) {
    *ret = (struct hwi_point){
        {r->m, r->n, r->k, hwi_note_number(r->note, "dqk", 192), hwi_note_number(r->note, "dv", 128), 1, FWD},
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
  double head = hwi_note_number(r->note, "head_dim", 0);
  if (!hwi_starts(r->op, "attention_fwd") || !(r->tflops > 0) || !(head > 0))
    return false;
  struct hwi_row full = *r;
  bool both = strstr(r->op, "+bwd"), causal = hwi_note_number(r->note, "causal", 0) != 0;
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

static void fit_attn(struct hwi_fits *f, const char *kernel, const char *what) {
  struct hwi_problem p = hwi_kernel_problem(f, what, hw_compute_dtype(f->gpu, DT_BF16));
  const struct hw_fact *best = hwi_inherit(f->c, "kernel", f->gpu, "attn.best");
  for (size_t i = 0; i < f->n_row; i++) {
    struct hwi_point at;
    if (!take_attn(&f->row[i], kernel, best && strcmp(best->text, kernel) == 0, &at))
      continue;
    hwi_add_source(f, &p, &f->row[i]);
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

void hwi_fit_attns(struct hwi_fits *f) {
  fit_attn(f, "flash1", "attn.flash1");
  fit_attn(f, "flash2", "attn.flash2");
  fit_attn(f, "flash3", "attn.flash3");
}

struct unfused {
  const struct hwi_gemm *gemm;
  double stream_eff; /* of memory bandwidth, as the traffic model has it */
};

/* Batched GEMMs and the traffic of the score matrix; backward moves 9/8 of what forward does. */
static double unfused_s(const struct hwi_problem *p, const struct hwi_point *at, const double *v) {
  const struct unfused *fit = p->extra;
  const struct hwi_gemm *g = fit->gemm;
  double b = at->x[0] * at->x[2], s = at->x[1], scores = b * s * s;
  double gemms = hwi_gemm_time_s(g, &p->machine, s, s, at->x[3], b, 2, 2) +
                 hwi_gemm_time_s(g, &p->machine, s, at->x[4], s, b, 2, 2);
  return 3 * gemms + scores * (v[0] + v[0] * 9 / 8) / (fit->stream_eff * p->machine.mem_Bps);
}

void hwi_fit_unfused(struct hwi_fits *f) {
  struct hwi_problem p = hwi_kernel_problem(f, "attn.unfused", hw_compute_dtype(f->gpu, DT_BF16));
  for (size_t i = 0; i < f->n_row; i++) {
    struct hwi_point at;
    if (!take_attn(&f->row[i], "unfused", false, &at) || at.x[6] != FWD_BWD)
      continue;
    hwi_add_source(f, &p, &f->row[i]);
    hwi_problem_add(&p, at);
    f->taken[i] = true;
  }
  p.param[0] = (struct hwi_fit_param){"bytes_forward", "B", 8, 1, 90};
  p.n_param = 1;
  p.time_s = unfused_s;
  const struct hw_fact *stream = hwi_inherit(f->c, "kernel", f->gpu, "stream.eff_memory");
  p.extra = &(struct unfused){&f->gemm[DT_BF16], stream ? stream->value : (double)NAN};
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
static void drop_unseen_traffic(const struct hwi_fits *f, struct hwi_problem *p) {
  bool seen = false;
  for (size_t i = 0; i < p->n; i++) {
    const double *x = p->point[i].x;
    seen |= 2 * x[2] * (x[3] + x[4]) / p->machine.peak_flops < x[3] * 2 / p->machine.mem_Bps;
  }
  if (!seen) {
    p->param[D_EFF_M].name = NULL;
    p->param[D_EFF_M].start = p->param[D_EFF_M].lo = p->param[D_EFF_M].hi = hwi_default(f, "mla.eff_memory");
  }
}

void hwi_fit_mla_decode(struct hwi_fits *f) {
  struct hwi_problem p = hwi_kernel_problem(f, "mla", hw_compute_dtype(f->gpu, DT_BF16));
  for (size_t i = 0; i < f->n_row; i++) {
    const struct hwi_row *r = &f->row[i];
    if (strcmp(r->op, "mla_decode") != 0 || !(r->latency_s > 0))
      continue;
    hwi_add_source(f, &p, r);
    hwi_problem_add(
        &p, (struct hwi_point){{r->m, r->n, r->k, hwi_note_number(r->note, "dk", 576), hwi_note_number(r->note, "dv", 512)},
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
  drop_unseen_traffic(f, &p);
  double v[HWI_FIT_MAX];
  if (p.n)
    hwi_problem_solve(f->k, &p, f->seed, v);
  mem_free(p.point);
}
