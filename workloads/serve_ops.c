#include "workloads/serve_ops.h"

#include <math.h>
#include <string.h>

static void gemm(struct wl_serve_ops *o, double count, double n, double k, double batch, bool quantised, bool shared_rows) {
  if (count > 0 && n > 0 && k > 0)
    o->gemm[o->gemms++] = (struct wl_serve_gemm){n, k, batch, count, quantised, shared_rows};
}

double wl_experts_touched(double experts, double topk, double tokens) {
  return experts * -expm1(tokens * log1p(-topk / experts));
}

double wl_experts_touched_most(double experts, double topk, double tokens, double ranks) {
  double p = wl_experts_touched(experts, topk, tokens) / experts, n = round(experts / ranks);
  if (ranks <= 1 || n < 1 || p >= 1)
    return wl_experts_touched(experts, topk, tokens) / ranks;
  double some = exp(n * log1p(-p)), below = some, most = 0; /* P(exactly j), P(at most j), sum of P(largest > j) */
  for (double j = 0; j < n; j++) {
    most += 1 - pow(below, ranks);
    some *= (n - j) / (j + 1) * p / (1 - p);
    below = fmin(1, below + some);
  }
  return most;
}

/* Heads are split over ranks; a rank holds at least one (KV heads are then replicated). */
static double split(double n, double ways) {
  return fmax(1, ceil(n / ways));
}

static void attention_mla(const struct wl_model *m, const struct wl_serve_layout *l, struct wl_serve_ops *o) {
  double h = m->hidden, heads = split(m->heads, l->tp), L = wl_attention_layers(m);
  double q_dim = m->qk_nope + m->qk_rope, latent = m->kv_lora + m->qk_rope;
  gemm(o, L, m->q_lora + latent, h, 1, true, false);
  if (m->q_lora > 0)
    gemm(o, L, heads * q_dim, m->q_lora, 1, true, false);
  else
    gemm(o, L, heads * q_dim, h, 1, true, false);
  /* Absorbed projections: query into the latent space, result out of it, one small GEMM per head, in 16 bits. */
  gemm(o, L, m->kv_lora, m->qk_nope, heads, false, false);
  gemm(o, L, m->v_head, m->kv_lora, heads, false, false);
  gemm(o, L, h, heads * m->v_head, 1, true, false);
  o->mla = true;
  o->heads = heads;
  o->kv_heads = 1;
  o->d_qk = latent;
  o->d_v = m->kv_lora;
  o->prefill_kv_heads = heads;
  o->prefill_d_qk = q_dim;
  o->prefill_d_v = m->v_head;
  o->kv_bytes_per_token = latent * o->kv_bytes_elem * ceil(L / l->pp);
}

static void attention_heads(const struct wl_model *m, const struct wl_serve_layout *l, struct wl_serve_ops *o) {
  double h = m->hidden, d = m->head_dim, heads = split(m->heads, l->tp), kv = split(m->kv_heads, l->tp), L = wl_attention_layers(m);
  gemm(o, L, (heads + 2 * kv) * d, h, 1, !l->mixed_checkpoint, false);
  gemm(o, L, h, heads * d, 1, !l->mixed_checkpoint, false);
  o->heads = heads;
  o->kv_heads = o->prefill_kv_heads = kv;
  o->d_qk = o->d_v = o->prefill_d_qk = o->prefill_d_v = d;
  if (!m->encoder)
    o->kv_bytes_per_token = 2 * kv * d * o->kv_bytes_elem * ceil(L / l->pp);
}

/* Scans keep a state per sequence instead of a cache (Mamba-2, gated delta rules): read and written with each token, in 32 bits. A prompt's pass streams input, gate, steps,
 * states of chunks and output. */
enum { SCAN_STATE_BYTES = 4, SCAN_TOKEN_BYTES = 30 };

static void scans(const struct wl_model *m, const struct wl_serve_layout *l, struct wl_serve_ops *o) {
  double heads = split(m->mamba_heads, l->tp), inner = heads * m->mamba_head_dim, groups = split(m->mamba_groups, l->tp);
  if (m->mamba_layers <= 0)
    return;
  gemm(o, m->mamba_layers, 2 * inner + 2 * groups * m->mamba_state + heads, m->hidden, 1, true, false);
  gemm(o, m->mamba_layers, m->hidden, inner, 1, true, false);
  o->scan_layers = m->mamba_layers;
  o->scan_state_bytes = inner * m->mamba_state * SCAN_STATE_BYTES;
  o->scan_token_bytes = inner * SCAN_TOKEN_BYTES;
}

/* The rows of an expert's GEMMs are all the stage's; dense blocks run where attention runs. */
static void blocks(const struct wl_model *m, const struct wl_serve_layout *l, struct wl_serve_ops *o) {
  double h = m->hidden, up = m->gated ? 2 : 1, moe = wl_moe_layers(m), dense = wl_mlp_layers(m), latent = m->moe_latent;
  gemm(o, dense, up * ceil(m->ffn / (double)l->tp), h, 1, true, false);
  gemm(o, dense, h, ceil(m->ffn / (double)l->tp), 1, true, false);
  if (moe <= 0)
    return;
  double ranks = l->tp * l->dp, split_ways = fmax(1, ranks / l->ep);
  double shared = (double)m->shared_experts * (m->shared_ffn > 0 ? m->shared_ffn : m->expert_ffn);
  gemm(o, moe, m->experts, h, 1, false, false);
  gemm(o, moe, up * ceil(shared / l->tp), h, 1, true, false);
  gemm(o, moe, h, ceil(shared / l->tp), 1, true, false);
  gemm(o, moe, latent, h, 1, true, false); /* tokens compressed for their experts, and back */
  gemm(o, moe, h, latent, 1, true, false);
  o->expert_hidden = latent > 0 ? latent : h;
  o->moe_layers = moe;
  o->experts = m->experts;
  o->topk = m->topk;
  o->ep = l->ep;
  o->expert_n_up = up * ceil(m->expert_ffn / split_ways);
  o->expert_n_down_k = ceil(m->expert_ffn / split_ways);
}

static void communication(const struct wl_model *m, const struct wl_serve_layout *l, struct wl_serve_ops *o) {
  double h = m->hidden;
  o->all_reduces = l->tp > 1 ? 2 * o->layers : 0;
  if (o->moe_layers > 0 && l->dp > 1) { /* experts reached by all-to-all instead of the second all-reduce */
    o->a2a_layers = o->moe_layers;
    o->all_reduces = l->tp > 1 ? 2 * o->layers - o->moe_layers : 0;
    o->bulk_share = m->topk_groups > 0 ? fmin(1, m->topk_groups / (double)m->topk) : 1;
    /* Values with their scales: one of four bytes for 128 bytes, one of a byte for 16 half bytes. */
    o->dispatch_bytes = h * (l->compute == DT_BF16 || l->compute == DT_FP16 ? 2 : dtype_bytes(l->compute) < 1 ? 0.5625 : 1.03);
    o->combine_bytes = h * 2;
  }
}

/* Norm, projections, rotary embedding, cache write, attention, residual and reduction are 8; latent attention has two more projections with norms, absorption and casts. A gated block is 5;
 * experts add routing, sorting, permutation, quantisation, two grouped products, weighting and the shared expert. A scan has norms, projections, a convolution, steps, the scan and a gate: 8. */
static double kernels(const struct wl_model *m) {
  return wl_attention_layers(m) * (m->mla ? 18.0 : 8.0) + m->mamba_layers * 8.0 + wl_mlp_layers(m) * 5.0 + wl_moe_layers(m) * 20.0;
}

static void memory(const struct wl_model *m, const struct wl_serve_layout *l, struct wl_serve_ops *o) {
  double w = dtype_bytes(l->weights), sum = 0;
  for (int i = 0; i < o->gemms; i++) {
    const struct wl_serve_gemm *g = &o->gemm[i];
    sum += g->count * g->n * g->k * g->batch * (g->quantised ? w : 2);
  }
  double expert = (o->expert_n_up + o->expert_n_down_k) * o->expert_hidden * w;
  sum += o->moe_layers * ceil(o->experts / fmax(1, l->ep)) * expert;
  double share = ceil(m->layers / (double)l->pp) / m->layers; /* the fullest stage */
  double embed = (double)m->vocab * m->hidden * 2 / l->tp;
  o->embed_bytes = embed;
  o->weight_bytes = sum * share + embed * (m->tied || m->encoder ? 1 : l->pp > 1 ? 1 : 2);
  double widest = fmax(m->gated ? 3.0 * m->ffn : 2.0 * m->ffn, 3.0 * m->topk * m->expert_ffn);
  o->act_bytes_per_token = 2 * (widest / l->tp + 4.0 * m->hidden);
  o->logits_per_seq = m->encoder ? 0 : (double)m->vocab / l->tp;
}

/* Norms read and write once: of queries and keys head by head, and at the ends of attention and MLP. */
static void norms(const struct wl_model *m, const struct wl_serve_layout *l, struct wl_serve_ops *o) {
  double heads = m->qk_norm && !m->mla ? m->head_dim * (m->heads / (double)l->tp + fmax(1, m->kv_heads / (double)l->tp)) : 0;
  o->norm_kernels = (heads > 0 ? 2 : 0) + (m->post_norms ? 2 : 0);
  o->norm_bytes = 4 * heads + (m->post_norms ? 8.0 * m->hidden : 0);
}

void wl_serve_describe(const struct wl_model *m, const struct wl_serve_layout *l, struct wl_serve_ops *o) {
  memset(o, 0, sizeof *o);
  o->attn_layers = wl_attention_layers(m);
  o->layers = wl_is_hybrid(m) ? m->layers / 2.0 : m->layers; /* a mixer and an MLP are one */
  o->hidden = m->hidden;
  o->encoder = m->encoder;
  o->kv_bytes_elem = dtype_bytes(l->kv);
  o->window = m->sliding_window;
  o->window_layers = m->sliding_window > 0 ? round(m->windowed_layers * o->attn_layers) : 0;
  o->full_layers = o->attn_layers - o->window_layers;
  if (m->mla)
    attention_mla(m, l, o);
  else
    attention_heads(m, l, o);
  norms(m, l, o);
  scans(m, l, o);
  blocks(m, l, o);
  if (!m->encoder) {
    o->head_n = ceil(m->vocab / (double)l->tp);
    o->head_k = m->hidden;
    o->logits_vocab = m->vocab;
  }
  o->kernels = kernels(m);
  communication(m, l, o);
  memory(m, l, o);
}
