#include "hwmodels/kernels.h"
#include <math.h>
#include <string.h>
#include "hwmodels/gemm.h"

static const struct hwi_kernels *kernels_of(const struct hw_gpu *g) {
  return g->kernels;
}

enum dtype hw_compute_dtype(const struct hw_gpu *g, enum dtype want) {
  return kernels_of(g)->compute[want];
}

static struct hwi_machine machine_of(const struct hw_gpu *g, enum dtype t, double clock) {
  return (struct hwi_machine){g->peak_flops[t] * (clock > 0 ? clock : 1), g->mem_Bps, g->sms, t == DT_FP32};
}
static double stored(double weight_bytes, enum dtype t) {
  return weight_bytes > 0 ? weight_bytes : dtype_bytes(t);
}

/* ---- matrix multiplication ---- */

double hw_gemm_s(const struct hw_gpu *g, const struct hw_gemm *op) {
  const struct hwi_kernels *k = kernels_of(g);
  enum dtype t = k->compute[op->dtype];
  struct hwi_machine machine = machine_of(g, t, op->clock);
  return hwi_gemm_time_s(&k->gemm[t], &machine, op->m, op->n, op->k, op->batch > 0 ? op->batch : 1, dtype_bytes(t),
                         stored(op->weight_bytes, op->dtype));
}

double hw_widening_gemm_s(const struct hw_gpu *g, const struct hw_gemm *op, double share) {
  const struct hwi_kernels *k = kernels_of(g);
  enum dtype t = k->compute[op->dtype];
  struct hwi_machine machine = machine_of(g, t, op->clock);
  return hwi_widening_gemm_time_s(&k->gemm[t], &machine, op->m, op->n, op->k, op->batch > 0 ? op->batch : 1, dtype_bytes(t),
                                  stored(op->weight_bytes, op->dtype), share);
}

double hw_grouped_gemm_s(const struct hw_gpu *g, const struct hw_grouped_gemm *op) {
  const struct hwi_kernels *k = kernels_of(g);
  if (!(op->groups > 0) || !(op->rows > 0))
    return 0;
  enum dtype t = k->compute[op->dtype];
  struct hwi_machine machine = machine_of(g, t, op->clock);
  double rows = fmax(1, op->rows * fmax(1, op->imbalance) / op->groups);
  return hwi_gemm_time_s(&k->grouped[t], &machine, rows, op->n, op->k, op->groups, dtype_bytes(t),
                         stored(op->weight_bytes, op->dtype));
}

double hw_moe_ffn_s(const struct hw_gpu *g, const struct hw_moe_ffn *op) {
  const struct hwi_kernels *k = kernels_of(g);
  enum dtype t = k->compute[op->dtype];
  double t0 = k->moe[op->dtype].launch_s + op->all_rows * k->moe[op->dtype].row_passes * 2 * op->hidden / g->mem_Bps;
  if (!(op->touched > 0) || !(op->rows > 0))
    return t0;
  struct hwi_machine machine = machine_of(g, t, op->clock);
  double m = fmax(1, op->rows * fmax(1, op->imbalance) / op->touched), a = dtype_bytes(t),
         b = stored(op->weight_bytes, op->dtype);
  return t0 +
         hwi_gemm_time_s(&k->moe_gemm[op->dtype], &machine, m, op->inter * (op->gated ? 2 : 1), op->hidden, op->touched,
                         a, b) +
         hwi_gemm_time_s(&k->moe_gemm[op->dtype], &machine, m, op->hidden, op->inter, op->touched, a, b);
}

double hw_misaligned(const struct hw_gpu *g, enum dtype dtype) {
  const struct hwi_kernels *k = kernels_of(g);
  enum dtype t = k->compute[dtype];
  return t == DT_BF16 || t == DT_FP16 ? k->gemm_misaligned : 1;
}

/* ---- traffic ---- */

double hw_stream_s(const struct hw_gpu *g, double bytes, double kernels) {
  const struct hwi_kernels *k = kernels_of(g);
  return bytes / (k->stream_eff * g->mem_Bps) + kernels * k->stream_t0_s;
}

double hw_quantize_s(const struct hw_gpu *g, double elements, enum dtype to) {
  const struct hwi_kernels *k = kernels_of(g);
  enum dtype t = k->compute[to];
  return dtype_bytes(t) >= 2 ? 0 : elements * (2 + dtype_bytes(t)) / (k->quant_eff[t] * g->mem_Bps) + k->quant_t0_s[t];
}

/* ---- attention ---- */

static double unfused_s(const struct hw_gpu *g, const struct hw_attn *op) {
  const struct hwi_kernels *k = kernels_of(g);
  double slow = fmod(op->d_qk, 8) != 0 || fmod(op->d_v, 8) != 0 ? k->unfused_misaligned : 1;
  struct hw_gemm qk = {op->q_len, op->kv_len, op->d_qk, op->batch * op->heads, op->dtype, 0, op->clock};
  struct hw_gemm pv = {op->q_len, op->d_v, op->kv_len, op->batch * op->heads, op->dtype, 0, op->clock};
  double scores = op->batch * op->heads * op->q_len * op->kv_len;
  double gemms = slow * (hw_gemm_s(g, &qk) + hw_gemm_s(g, &pv)) * (op->backward ? 2 : 1);
  double widen = dtype_bytes(k->compute[op->dtype]) / 2; /* the passes are counted in 16 bits */
  return gemms + hw_stream_s(g, widen * scores * (op->backward ? k->unfused_bytes_bwd : k->unfused_bytes_fwd), 3);
}

double hw_attn_s(const struct hw_gpu *g, const struct hw_attn *op) {
  const struct hwi_kernels *k = kernels_of(g);
  const struct hwi_attn *p = &k->attn[op->kernel];
  if (!(p->eff_128 > 0))
    return unfused_s(g, op);
  enum dtype t = k->compute[op->dtype];
  struct hwi_machine machine = machine_of(g, t, op->clock);
  double elements = op->batch * (op->d_qk + op->d_v) * (op->heads * op->q_len + op->kv_heads * op->kv_len);
  return hwi_attn_time_s(p, &machine, op, elements * dtype_bytes(t) / (k->stream_eff * g->mem_Bps));
}

double hw_decode_attn_s(const struct hw_gpu *g, const struct hw_decode_attn *op) {
  const struct hwi_kernels *k = kernels_of(g);
  if (!(op->seqs > 0))
    return 0;
  double width = op->mla ? op->d_qk : op->kv_heads * (op->d_qk + op->d_v); /* the latent is key and value at once */
  double flops = 2 * op->context_tokens * op->heads * (op->d_qk + op->d_v),
         bytes = op->context_tokens * width * op->kv_bytes;
  struct hwi_machine machine = machine_of(g, k->compute[DT_BF16], 1);
  return hwi_decode_time_s(op->mla ? &k->mla : &k->decode, &machine, op->seqs, flops, bytes);
}
