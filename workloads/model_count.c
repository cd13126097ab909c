/* Parameters, cache and FLOPs that follow from a shape. Counting rules: docs/models-training.md, section 1. */
#include "workloads/model.h"

/* Attention weights of one layer, and what of them is multiplied per token (biases and norms are not). */
static double attention_weights(const struct wl_model *m) {
  double h = m->hidden, a = m->heads;
  if (m->mla) {
    double dqk = m->qk_nope + m->qk_rope;
    double q = m->q_lora > 0 ? h * m->q_lora + m->q_lora * a * dqk : h * a * dqk;
    double kv = h * (m->kv_lora + m->qk_rope) + m->kv_lora * a * (m->qk_nope + m->v_head);
    return q + kv + a * m->v_head * h;
  }
  double d = m->head_dim;
  return h * d * (a + 2.0 * m->kv_heads) + a * d * h;
}

static double attention_small(const struct wl_model *m) {
  double n = 0;
  if (m->qkv_bias)
    n += m->head_dim * (m->heads + 2.0 * m->kv_heads) + (m->gated ? 0 : m->hidden);
  if (m->qk_norm)
    n += 2.0 * m->head_dim;
  if (m->mla)
    n += m->q_lora + m->kv_lora;
  return n;
}

static double mlp_weights(const struct wl_model *m, double ffn) {
  return (m->gated ? 3.0 : 2.0) * m->hidden * ffn;
}

bool wl_is_hybrid(const struct wl_model *m) {
  return m->mamba_layers > 0 || m->attention_layers > 0;
}

int wl_moe_layers(const struct wl_model *m) {
  if (m->experts <= 0)
    return 0;
  if (wl_is_hybrid(m))
    return m->layers - m->mamba_layers - m->attention_layers - m->mlp_layers;
  int every = m->moe_every > 0 ? m->moe_every : 1;
  int sparse = m->layers - m->dense_layers;
  return sparse > 0 ? sparse / every : 0;
}

int wl_attention_layers(const struct wl_model *m) {
  return wl_is_hybrid(m) ? m->attention_layers : m->layers;
}

int wl_mlp_layers(const struct wl_model *m) {
  return wl_is_hybrid(m) ? m->mlp_layers : m->layers - wl_moe_layers(m);
}

static double latent(const struct wl_model *m) {
  return m->moe_latent > 0 ? m->moe_latent : m->hidden;
}

/* One routed expert: its input is the latent when the model compresses tokens before routing them. */
static double expert_weights(const struct wl_model *m) {
  return (m->gated ? 3.0 : 2.0) * latent(m) * m->expert_ffn;
}

static double shared_weights(const struct wl_model *m) {
  double n = m->shared_experts > 0 ? mlp_weights(m, (double)m->shared_experts * m->shared_ffn) : 0;
  return n + m->hidden * (double)m->experts + (m->moe_latent > 0 ? 2.0 * m->hidden * m->moe_latent : 0);
}

/* Mamba-2: in_proj to (z, x, B, C, dt), out_proj back. */
static double mamba_weights(const struct wl_model *m) {
  double inner = (double)m->mamba_heads * m->mamba_head_dim, state = 2.0 * m->mamba_groups * m->mamba_state;
  return m->hidden * (2 * inner + state + m->mamba_heads) + inner * m->hidden;
}

/* Norms and biases of a layer outside attention. */
static double layer_small(const struct wl_model *m) {
  double norms = m->gated ? 2.0 * m->hidden : 4.0 * m->hidden;
  double bias = m->qkv_bias && !m->gated ? m->ffn + m->hidden : 0;
  return norms + bias;
}

static double embedding_params(const struct wl_model *m) {
  double n = (double)m->vocab * m->hidden;
  if (m->learned_positions)
    n += (double)m->max_positions * m->hidden;
  if (m->encoder)
    n += 2.0 * m->hidden + 2.0 * m->hidden; /* token types, embedding norm */
  return n;
}

/* What follows the last layer: the output head, or an encoder's pooler. */
static double head_params(const struct wl_model *m) {
  if (m->encoder)
    return (double)m->hidden * m->hidden + m->hidden;
  return m->tied ? 0 : (double)m->vocab * m->hidden;
}

static double attended_layers(const struct wl_model *m) {
  double windowed = m->sliding_window > 0 ? m->windowed_layers : 0;
  return wl_attention_layers(m) * (1 - windowed);
}

static double score_flops(const struct wl_model *m) { /* QK^T and PV of one layer per token and context token */
  double dqk = m->mla ? m->qk_nope + m->qk_rope : m->head_dim, dv = m->mla ? m->v_head : m->head_dim;
  return 2.0 * m->heads * (dqk + dv);
}

void wl_model_count(const struct wl_model *m, struct wl_counts *ret) {
  struct wl_counts c = {0};
  int moe = wl_moe_layers(m), attn = wl_attention_layers(m), mlp = wl_mlp_layers(m);
  double active_experts = moe * (double)m->topk * expert_weights(m);
  c.params_dense_gemm = attn * attention_weights(m) + mlp * mlp_weights(m, m->ffn) + moe * shared_weights(m) +
                        m->mamba_layers * mamba_weights(m);
  c.params_experts = moe * (double)m->experts * expert_weights(m);
  c.params_experts_active = active_experts;
  c.params_embedding = embedding_params(m);
  c.params_head = head_params(m);
  double small = attn * attention_small(m) + m->layers * layer_small(m) + (m->encoder ? 0 : m->hidden);
  double rest = c.params_dense_gemm + c.params_embedding + c.params_head + small;
  c.params = rest + c.params_experts;
  c.params_active = rest + active_experts;
  if (m->mtp_layers > 0)
    c.params_mtp = m->mtp_layers *
                   (attention_weights(m) + 2.0 * m->hidden * m->hidden +
                    (m->experts > 0 ? shared_weights(m) + m->experts * expert_weights(m) : mlp_weights(m, m->ffn)));
  c.kv_elems_per_token = attn * (m->mla ? m->kv_lora + m->qk_rope : 2.0 * m->kv_heads * m->head_dim);
  double logits = m->encoder ? 0 : (double)m->vocab * m->hidden;
  c.fwd_flops_per_token = 2 * (c.params_dense_gemm + active_experts + logits);
  c.attn_flops_per_token_per_ctx = attended_layers(m) * score_flops(m);
  *ret = c;
}

double wl_train_flops_per_token(const struct wl_model *m, double seq_len) {
  struct wl_counts c;
  wl_model_count(m, &c);
  double window_layers = wl_attention_layers(m) - attended_layers(m);
  double window = m->sliding_window < seq_len ? m->sliding_window : seq_len / 2;
  double context = m->encoder ? seq_len : seq_len / 2;
  return 3 *
         (c.fwd_flops_per_token + c.attn_flops_per_token_per_ctx * context + window_layers * score_flops(m) * window);
}
