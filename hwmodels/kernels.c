#include "hwmodels/kernels.h"
#include <math.h>
#include <string.h>
#include "hwmodels/gemm.h"

static const struct hwi_kernels *kernels_of(const struct hw_gpu *g) { return g->kernels; }

static double clock_of(double clock) { return clock > 0 ? clock : 1; }

enum dtype hw_compute_dtype(const struct hw_gpu *g, enum dtype want) { return kernels_of(g)->compute[want]; }

static struct hwi_machine machine_of(const struct hw_gpu *g, enum dtype t, double clock) {
  return (struct hwi_machine){g->peak_flops[t] * clock_of(clock), g->mem_Bps, g->sms};
}

double hw_gemm_s(const struct hw_gpu *g, const struct hw_gemm *op) {
  const struct hwi_kernels *k = kernels_of(g);
  enum dtype t = k->compute[op->dtype];
  struct hwi_machine machine = machine_of(g, t, op->clock);
  double b = op->weight_bytes > 0 ? op->weight_bytes : dtype_bytes(op->dtype);
  return hwi_gemm_time_s(&k->gemm[t], &machine, op->m, op->n, op->k, op->batch > 0 ? op->batch : 1, dtype_bytes(t), b);
}

double hw_grouped_gemm_s(const struct hw_gpu *g, const struct hw_grouped_gemm *op) {
  const struct hwi_kernels *k = kernels_of(g);
  if (!(op->groups > 0) || !(op->rows > 0))
    return 0;
  enum dtype t = k->compute[op->dtype];
  struct hwi_machine machine = machine_of(g, t, op->clock);
  double b = op->weight_bytes > 0 ? op->weight_bytes : dtype_bytes(op->dtype);
  double rows = fmax(1, op->rows * fmax(1, op->imbalance) / op->groups);
  return hwi_gemm_time_s(&k->grouped[t], &machine, rows, op->n, op->k, op->groups, dtype_bytes(t), b);
}

double hw_stream_s(const struct hw_gpu *g, double bytes, double kernels) {
  const struct hwi_kernels *k = kernels_of(g);
  return bytes / (k->stream_eff * g->mem_Bps) + kernels * k->stream_t0_s;
}

/* ---- attention ---- */

/* Query-key pairs that a causal mask leaves: the last q of kv positions. */
static double pairs(const struct hw_attn *op) {
  return op->causal ? op->q_len * op->kv_len - op->q_len * (op->q_len - 1) / 2 : op->q_len * op->kv_len;
}

static double unfused_s(const struct hw_gpu *g, const struct hw_attn *op) {
  const struct hwi_kernels *k = kernels_of(g);
  double slow = fmod(op->d_qk, 8) != 0 || fmod(op->d_v, 8) != 0 ? k->unfused_misaligned : 1;
  struct hw_gemm qk = {op->q_len, op->kv_len, op->d_qk, op->batch * op->heads, op->dtype, 0, op->clock};
  struct hw_gemm pv = {op->q_len, op->d_v, op->kv_len, op->batch * op->heads, op->dtype, 0, op->clock};
  double scores = op->batch * op->heads * op->q_len * op->kv_len;
  double gemms = slow * (hw_gemm_s(g, &qk) + hw_gemm_s(g, &pv)) * (op->backward ? 2 : 1);
  return gemms + hw_stream_s(g, scores * (op->backward ? k->unfused_bytes_bwd : k->unfused_bytes_fwd), 3);
}

static double flash_s(const struct hw_gpu *g, const struct hw_attn *op, const struct hwi_attn *p) {
  const struct hwi_kernels *k = kernels_of(g);
  enum dtype t = k->compute[op->dtype];
  double flops = 2 * op->batch * op->heads * pairs(op) * (op->d_qk + op->d_v) * (op->backward ? 2.5 : 1);
  double d = fmin(fmax((op->d_qk + op->d_v) / 2, 32), 128);
  double eff = p->eff_64 + (p->eff_128 - p->eff_64) * log2(d / 64);
  double s = op->causal ? pairs(op) / op->q_len * 2 : op->kv_len; /* mean length that a query sees, as of a square mask */
  double rate = g->peak_flops[t] * clock_of(op->clock) * fmax(eff, 0.05) * s / (s + p->half_len) * (op->backward ? p->backward : 1);
  double io = op->batch * (op->heads * op->q_len * (op->d_qk + op->d_v) + op->kv_heads * op->kv_len * (op->d_qk + op->d_v)) * dtype_bytes(t);
  return p->t0_s + fmax(flops / rate, io * (op->backward ? 2.5 : 1) / (k->stream_eff * g->mem_Bps));
}

double hw_attn_s(const struct hw_gpu *g, const struct hw_attn *op) {
  const struct hwi_kernels *k = kernels_of(g);
  const struct hwi_attn *p = &k->attn[op->kernel];
  return p->eff_128 > 0 ? flash_s(g, op, p) : unfused_s(g, op);
}

double hw_decode_attn_s(const struct hw_gpu *g, const struct hw_decode_attn *op) {
  const struct hwi_kernels *k = kernels_of(g);
  double width = op->mla ? op->d_qk : op->kv_heads * (op->d_qk + op->d_v);
  double tm = op->context_tokens * width * op->kv_bytes / (k->decode_eff_m * g->mem_Bps);
  double tc = 2 * op->context_tokens * op->heads * (op->d_qk + op->d_v) / (k->decode_eff_c * g->peak_flops[k->compute[DT_BF16]]);
  return k->decode_t0_s + op->seqs * (op->mla ? k->mla_seq_s * op->heads / 128 : k->decode_seq_s) + fmax(tm, tc);
}
