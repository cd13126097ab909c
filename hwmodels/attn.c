/* Attention: flash kernels as a rate that depends on head size and on how long a row of scores is; decoding as the
 * larger of reading the cache and multiplying with it. */
#include <math.h>
#include "hwmodels/gemm.h"

/* Query-key pairs; a causal mask leaves the last q of kv positions a triangle. */
static double pairs(const struct hw_attn *op) {
  return op->causal ? op->q_len * op->kv_len - op->q_len * (op->q_len - 1) / 2 : op->q_len * op->kv_len;
}

static double share_of_peak(const struct hwi_attn *p, double head) {
  double x = log2(fmin(fmax(head, 32), 256) / 64);
  double e = x < 1 ? p->eff_64 + (p->eff_128 - p->eff_64) * x : p->eff_128 + (p->eff_256 - p->eff_128) * (x - 1);
  return fmax(e, 0.02);
}

double hwi_attn_time_s(const struct hwi_attn *p, const struct hwi_machine *g, const struct hw_attn *op, double io_s) {
  double flops = 2 * op->batch * op->heads * pairs(op) * (op->d_qk + op->d_v) * (op->backward ? 2.5 : 1);
  double seen = pairs(op) / op->q_len;
  double rate = g->peak_flops * share_of_peak(p, (op->d_qk + op->d_v) / 2) * seen / (seen + p->half_len) *
                (op->backward ? p->backward : 1);
  if (op->d_qk != op->d_v)
    rate *= p->unequal;
  return p->t0_s + fmax(flops / rate, io_s * (op->backward ? 2.5 : 1));
}

double hwi_decode_time_s(const struct hwi_decode *p, const struct hwi_machine *g, double seqs, double flops,
                         double bytes) {
  double slow = (seqs + p->fill) / seqs;
  double tm = slow * bytes / (p->eff_m * g->mem_Bps), tc = slow * flops / (p->eff_c * g->peak_flops);
  double big = fmax(tm, tc);
  return p->t0_s + seqs * p->seq_s + big * pow(1 + pow(fmin(tm, tc) / big, p->p), 1 / p->p);
}
