#include "workloads/train_ops.h"
#include <math.h>
#include <string.h>

double wl_rank_tokens(const struct wl_share *s) {
  return s->seqs * s->seq_len / s->cp;
}

static struct wl_op *add(struct wl_ops *o, enum wl_op_kind kind) {
  static struct wl_op overflow; /* cannot happen: the longest list has fewer ops */
  struct wl_op *op = o->n < WL_MAX_OPS ? &o->op[o->n++] : &overflow;
  *op = (struct wl_op){.kind = kind};
  return op;
}

static void stream(struct wl_ops *o, double bytes, double kernels) {
  if (bytes <= 0 && kernels <= 0)
    return;
  struct wl_op *op = add(o, WL_OP_STREAM);
  op->bytes = bytes;
  op->kernels = kernels;
}

static void exchange(struct wl_ops *o, enum wl_exchange x, enum wl_group g, double bytes) {
  struct wl_op *op = add(o, WL_OP_COLLECTIVE);
  op->exchange = x;
  op->group = g;
  op->bytes = bytes;
}

static void gemm(struct wl_ops *o, bool low, bool weight_grad, double m, double n, double k) {
  struct wl_op *op = add(o, WL_OP_GEMM);
  op->low = low;
  op->weight_grad = weight_grad;
  op->m = m;
  op->n = n;
  op->k = k;
  op->misaligned = !low && (fmod(n, 8) != 0 || fmod(weight_grad ? m : k, 8) != 0); /* the rows of the weight gradient are tokens */
}

/* What one pass reads and writes, by fusion. Counted operator by operator in docs/models-training.md section 2. */
static double by_pass(enum wl_pass p, double forward, double backward) {
  return p == WL_FORWARD ? forward : backward;
}

/* A low-rank adapter beside a frozen layer: its products are thin, so traffic; its output is scaled and added. EAGER
 * keeps adapters in single precision: the input is widened, dropped out and narrowed again, in kernels of their own. */
static void adapter(struct wl_ops *o, const struct wl_share *s, enum wl_pass p, double rows, double n, double k) {
  bool eager = s->fusion == WL_FUSION_EAGER;
  double in = by_pass(p, eager ? 23 : 2, eager ? 31 : 6), out = by_pass(p, eager ? 12 : 8, eager ? 8 : 6);
  stream(o, rows * (in * k + out * n), by_pass(p, eager ? 8 : 4, eager ? 12 : 6));
}

/* Under sequence parallelism an adapter sees tokens that the frozen layer's fused collectives do not hand on: it gathers its input for itself, or its output before it takes
 * its part again; the gradient goes the other way (Megatron's parallel adapters). */
static void adapter_tp(struct wl_ops *o, const struct wl_share *s, enum wl_pass p, bool column) {
  if (s->tp == 1 || !s->sequence_parallel || s->fusion == WL_FUSION_EAGER)
    return;
  exchange(o, p == WL_FORWARD || !column ? WL_X_ALL_GATHER : WL_X_REDUCE_SCATTER, WL_GROUP_TP, wl_rank_tokens(s) * s->model->hidden * 2.0);
  o->op[o->n - 1].exposed = true;
}

/* A linear layer [rows, k] x [k, n]: forward one product; backward the input's gradient and the weight's, which is
 * added to the accumulated gradient (read + write of it, half of it hidden behind the product that makes it). */
static void linear(struct wl_ops *o, const struct wl_share *s, enum wl_pass p, double rows, double n, double k,
                   bool low) {
  low = low && s->low_precision;
  if (low)
    stream(o, s->cast_bytes * rows * (p == WL_FORWARD ? k : n), 1);
  if (s->autocast && !s->frozen)
    stream(o, 6 * n * k, 1); /* the weight is narrowed, its gradient widened */
  if (p == WL_FORWARD) {
    gemm(o, low, false, rows, n, k);
    return;
  }
  gemm(o, low, false, rows, k, n);
  if (!s->frozen) {
    gemm(o, low, true, k, n, rows);
    stream(o, s->grad_bytes * n * k, 0);
  }
}

/* What fine-tuning may freeze: weights that are kept in 4 bits are widened before each use. */
static void frozen(struct wl_ops *o, const struct wl_share *s, enum wl_pass p, double rows, double n, double k) {
  if (s->frozen && s->dequant_bytes > 0)
    stream(o, s->dequant_bytes * n * k, 1);
  linear(o, s, p, rows, n, k, true);
}

/* One of the layers that fine-tuning adapts: those of attention and MLP, not routers, experts or the head. */
static void adapted(struct wl_ops *o, const struct wl_share *s, enum wl_pass p, double rows, double n, double k) {
  frozen(o, s, p, rows, n, k);
  if (s->frozen) {
    adapter(o, s, p, rows, n, k);
    adapter_tp(o, s, p, k == s->model->hidden);
  }
}

static void beside(struct wl_ops *o, const struct wl_share *s, enum wl_pass p, double rows, double n, double k, bool has_adapter) {
  (has_adapter ? adapted : frozen)(o, s, p, rows, n, k);
}

/* ---- tensor parallelism: gather before the column-parallel product, scatter after the row-parallel one ---- */
static double token_bytes(const struct wl_share *s) {
  return wl_rank_tokens(s) * s->model->hidden * 2.0;
}

static void enter_tp(struct wl_ops *o, const struct wl_share *s, enum wl_pass p) {
  if (s->tp == 1)
    return;
  double bytes = token_bytes(s);
  if (s->sequence_parallel) {
    exchange(o, p == WL_FORWARD ? WL_X_ALL_GATHER : WL_X_REDUCE_SCATTER, WL_GROUP_TP, bytes);
    if (p == WL_BACKWARD &&
        !s->frozen) /* the input was not kept whole: gathered again for the weight gradient, beside the other product */
      exchange(o, WL_X_ALL_GATHER, WL_GROUP_TP, 0.5 * bytes);
  } else if (p == WL_BACKWARD) {
    exchange(o, WL_X_ALL_REDUCE, WL_GROUP_TP, bytes);
  }
}

static void leave_tp(struct wl_ops *o, const struct wl_share *s, enum wl_pass p) {
  if (s->tp == 1)
    return;
  if (s->sequence_parallel)
    exchange(o, p == WL_FORWARD ? WL_X_REDUCE_SCATTER : WL_X_ALL_GATHER, WL_GROUP_TP, token_bytes(s));
  else if (p == WL_FORWARD)
    exchange(o, WL_X_ALL_REDUCE, WL_GROUP_TP, token_bytes(s));
}

/* Gated models come with RMS norms and rotated queries and keys, which nobody's library has as one operator; plain ones
 * with layer norms, which every library has. */
static bool composed(const struct wl_share *s) {
  return s->fusion == WL_FUSION_EAGER && s->model->gated;
}

/* Bytes of norms, residual, dropout and casts per block and token: whole width without sequence parallelism. Under autocast
 * norm and residual are 32 bits wide and the product's input is narrowed. */
static double wide_bytes(const struct wl_share *s, enum wl_pass p) {
  double h = s->model->hidden, width = s->sequence_parallel ? h / s->tp : h;
  double wider = s->autocast ? by_pass(p, 14, 18) : 0;
  if (composed(s))
    return (by_pass(p, 42, 82) + wider) * width;
  return ((s->fusion == WL_FUSION_JIT ? by_pass(p, 11, 21) : by_pass(p, 10, 14)) + wider) * width;
}

/* Launches of element-wise kernels in one block. */
static double stream_kernels(const struct wl_share *s, enum wl_pass p, double fused_backward) {
  if (s->fusion == WL_FUSION_JIT)
    return by_pass(p, 12, 20);
  return by_pass(p, 9, fused_backward) + (composed(s) ? by_pass(p, 8, 16) : 0);
}

/* ---- attention ---- */
static void scores(struct wl_ops *o, const struct wl_share *s, enum wl_pass p) {
  const struct wl_model *m = s->model;
  for (int windowed = 0; windowed < 2; windowed++) {
    double share = m->sliding_window > 0 && m->sliding_window < s->seq_len ? m->windowed_layers : 0;
    share = windowed ? share : 1 - share;
    if (share <= 0)
      continue;
    struct wl_op *op = add(o, WL_OP_SCORES);
    op->scores_only = true;
    op->kernels = s->fusion == WL_FUSION_JIT ? by_pass(p, 4, 7) : by_pass(p, 1, 2);
    op->causal = !m->encoder && !windowed;
    op->batch = s->seqs * share / s->cp; /* context ranks take balanced parts of the triangle */
    op->heads = (double)m->heads / s->tp;
    op->kv_heads = fmax((double)m->kv_heads / s->tp, 1);
    op->q_len = s->packed_len > 0 && s->packed_len < s->seq_len ? s->packed_len : s->seq_len;
    op->batch *= s->seq_len / op->q_len;
    op->kv_len = windowed ? m->sliding_window : op->q_len;
    op->d_qk = m->mla ? m->qk_nope + m->qk_rope : m->head_dim;
    op->d_v = m->mla ? m->v_head : m->head_dim;
  }
}

static void attention_linears(struct wl_ops *o, const struct wl_share *s, enum wl_pass p) {
  const struct wl_model *m = s->model;
  double t = wl_rank_tokens(s), h = m->hidden, a = (double)m->heads / s->tp;
  if (!m->mla) {
    double d = m->head_dim, kv = fmax((double)m->kv_heads / s->tp, 1);
    adapted(o, s, p, t, (a + 2 * kv) * d, h);
    return;
  }
  double dqk = m->qk_nope + m->qk_rope;
  if (m->q_lora > 0) {
    adapted(o, s, p, t, m->q_lora, h);
    adapted(o, s, p, t, a * dqk, m->q_lora);
  } else {
    adapted(o, s, p, t, a * dqk, h);
  }
  adapted(o, s, p, t, m->kv_lora + m->qk_rope, h);
  adapted(o, s, p, t, a * (m->qk_nope + m->v_head), m->kv_lora);
}

static double rotary_bytes(const struct wl_share *s, enum wl_pass p) {
  const struct wl_model *m = s->model;
  if (s->fusion == WL_FUSION_JIT) /* nothing is rotated; the context is laid out anew, the three gradients put together */
    return by_pass(p, 4, 16) * m->hidden / s->tp;
  double dqk = m->mla ? m->qk_nope + m->qk_rope : m->head_dim;
  double q = m->heads * dqk / s->tp, k = (m->mla ? m->heads : m->kv_heads) * dqk / s->tp;
  return (composed(s) ? by_pass(p, 18, 20) : by_pass(p, 4, 6)) * (q + k) * (m->qk_norm ? 2 : 1);
}

/* Context parallelism: keys and values of the other ranks pass by in a ring, their gradients too. */
static void ring(struct wl_ops *o, const struct wl_share *s, enum wl_pass p) {
  const struct wl_model *m = s->model;
  if (s->cp == 1)
    return;
  double kv = m->mla ? m->heads * (m->qk_nope + m->qk_rope + m->v_head) : 2.0 * m->kv_heads * m->head_dim;
  exchange(o, WL_X_RING, WL_GROUP_CP, (p == WL_FORWARD ? 1 : 2) * 2.0 * s->seqs * s->seq_len * kv / s->tp);
}

static void attention(struct wl_ops *o, const struct wl_share *s, enum wl_pass p) {
  const struct wl_model *m = s->model;
  double t = wl_rank_tokens(s), dv = m->mla ? m->v_head : m->head_dim;
  enter_tp(o, s, p);
  attention_linears(o, s, p);
  ring(o, s, p);
  scores(o, s, p);
  beside(o, s, p, t, m->hidden, m->heads * dv / s->tp, s->adapt_output);
  leave_tp(o, s, p);
  stream(o, t * (wide_bytes(s, p) + rotary_bytes(s, p)),
         stream_kernels(s, p, 14));
}

/* ---- MLP ---- */
/* GELU written out, operator by operator: a power, a tanh, four products and two sums. */
static bool gelu_in_operators(const struct wl_share *s) {
  return s->fusion == WL_FUSION_EAGER && s->model->composed_gelu;
}

static double activation_bytes(const struct wl_share *s, enum wl_pass p, double width) {
  bool gated = s->model->gated;
  if (s->model->qkv_bias && s->model->experts > 0 &&
      s->fusion != WL_FUSION_JIT) /* experts with biases and a clamp: some ten eager kernels instead of one fused one */
    width *= s->biased_experts;
  if (s->fusion == WL_FUSION_JIT)
    return by_pass(p, 4, 8) * width * (gated ? 2 : 1);
  if (composed(s))
    return by_pass(p, 10, 18) * width;
  if (gelu_in_operators(s)) /* autocast takes powers, and what follows, to 32 bits */
    return by_pass(p, 36, 56) * width * (s->autocast ? 1.85 : 1);
  return (gated ? by_pass(p, 6, 10) : by_pass(p, 4, 6)) * width;
}

static void mlp_linears(struct wl_ops *o, const struct wl_share *s, enum wl_pass p, double t, double width) {
  beside(o, s, p, t, width * (s->model->gated ? 2 : 1), s->model->hidden, s->adapt_mlp);
  beside(o, s, p, t, s->model->hidden, width, s->adapt_mlp);
}

static void mlp(struct wl_ops *o, const struct wl_share *s, enum wl_pass p) {
  double t = wl_rank_tokens(s), width = (double)s->model->ffn / s->tp;
  enter_tp(o, s, p);
  mlp_linears(o, s, p, t, width);
  leave_tp(o, s, p);
  stream(o, t * (wide_bytes(s, p) + activation_bytes(s, p, width)),
         stream_kernels(s, p, 16) + (gelu_in_operators(s) ? by_pass(p, 7, 11) : 0));
}

/* ---- mixture of experts ---- */
static void experts(struct wl_ops *o, const struct wl_share *s, enum wl_pass p, double rows, double n, double k) {
  bool low = s->low_precision;
  double groups = (double)s->model->experts / s->ep;
  if (low)
    stream(o, s->expert_cast_bytes * rows * (p == WL_FORWARD ? k : n), 1);
  int passes = p == WL_FORWARD ? 1 : s->frozen ? 1 : 2;
  for (int i = 0; i < passes; i++) {
    struct wl_op *op = add(o, WL_OP_GROUPED);
    op->low = low;
    op->weight_grad = i == 1;
    op->groups = groups;
    op->m = rows;
    op->n = i == 1 ? n : p == WL_FORWARD ? n : k;
    op->k = i == 1 ? k : p == WL_FORWARD ? k : n;
  }
  if (passes == 2)
    stream(o, s->grad_bytes * groups * n * k, 0);
}

static void send(struct wl_ops *o, double rows, double topk, double row_bytes) {
  exchange(o, WL_X_ALL_TO_ALL, WL_GROUP_EP, rows * row_bytes);
  o->op[o->n - 1].m = rows / topk;
  o->op[o->n - 1].n = topk;
  o->op[o->n - 1].k = row_bytes;
}

/* `rows` token copies of a rank to their experts and back: forward dispatch in the low format, combine in 16 bit;
 * backward the other way round. Ranks that share an expert then gather what each of them got, and sum their parts. */
static void dispatch_and_combine(struct wl_ops *o, const struct wl_share *s, enum wl_pass p, double rows,
                                 double width) {
  double out = width * (p == WL_FORWARD ? s->dispatch_bytes : 2), back = width * 2;
  if (s->ep > 1) {
    send(o, rows, s->model->topk, out);
    send(o, rows, s->model->topk, back);
  }
  if (s->etp > 1) {
    exchange(o, WL_X_ALL_GATHER, WL_GROUP_ETP, rows * s->etp * out);
    exchange(o, WL_X_REDUCE_SCATTER, WL_GROUP_ETP, rows * s->etp * back);
  }
}

/* Tokens to their experts and back. Outside the experts a token exists once per tensor rank with sequence parallelism
 * off, else it is spread. */
static void moe(struct wl_ops *o, const struct wl_share *s, enum wl_pass p) {
  const struct wl_model *m = s->model;
  double t = wl_rank_tokens(s), width = m->moe_latent > 0 ? m->moe_latent : m->hidden;
  double own = t / s->tp;               /* tokens this rank sends, topk copies of each */
  double rows = own * m->topk * s->etp; /* token copies it computes, each on a slice of 1/etp */
  double slice = (double)m->expert_ffn / s->etp;
  if (m->shared_experts > 0) {
    enter_tp(o, s, p);
    mlp_linears(o, s, p, t, (double)m->shared_experts * m->shared_ffn / s->tp);
    leave_tp(o, s, p);
    stream(o, t * activation_bytes(s, p, (double)m->shared_experts * m->shared_ffn / s->tp), p == WL_FORWARD ? 1 : 2);
  }
  linear(o, s, p, own, m->experts, m->hidden, false);
  if (m->moe_latent > 0) {
    linear(o, s, p, own, m->moe_latent, m->hidden, true);
    linear(o, s, p, own, m->hidden, m->moe_latent, true);
  }
  double sent = rows * width;
  dispatch_and_combine(o, s, p, own * m->topk, width);
  experts(o, s, p, rows, slice * (m->gated ? 2 : 1), width);
  experts(o, s, p, rows, width, slice);
  double permute =
      s->permute * (8 * sent + own * m->experts *
                                   12.0); /* sort, copy out, copy back, weigh; scores, top-k and counts of the router */
  stream(o, t * wide_bytes(s, p) + rows * activation_bytes(s, p, slice) + permute, p == WL_FORWARD ? 20 : 28);
}

/* ---- Mamba-2: projections, a short convolution, the chunked scan as products over chunks of 256 ---- */
static void mamba(struct wl_ops *o, const struct wl_share *s, enum wl_pass p) {
  const struct wl_model *m = s->model;
  double t = wl_rank_tokens(s), inner = (double)m->mamba_heads * m->mamba_head_dim / s->tp;
  double bc = 2.0 * m->mamba_groups * m->mamba_state / s->tp, chunk = 256, heads = (double)m->mamba_heads / s->tp;
  enter_tp(o, s, p);
  linear(o, s, p, t, 2 * inner + bc + heads, m->hidden, true);
  linear(o, s, p, t, m->hidden, inner, true);
  leave_tp(o, s, p);
  for (int i = 0; i < (p == WL_FORWARD ? 1 : 2); i++) {
    gemm(o, false, false, t, chunk, heads * m->mamba_head_dim);
    gemm(o, false, false, t, 2.0 * m->mamba_state, heads * m->mamba_head_dim);
  }
  stream(o, t * (wide_bytes(s, p) + (p == WL_FORWARD ? 1 : 2) * s->scan_bytes * (inner + bc)),
         p == WL_FORWARD ? 12 : 20);
}

/* ---- ends ---- */
static void embedding(struct wl_ops *o, const struct wl_share *s, enum wl_pass p) {
  double t = wl_rank_tokens(s), h = s->model->hidden;
  if (s->tp > 1 && p == WL_FORWARD)
    exchange(o, s->sequence_parallel ? WL_X_REDUCE_SCATTER : WL_X_ALL_REDUCE, WL_GROUP_TP, token_bytes(s));
  stream(o, t * h * (p == WL_FORWARD ? 6 : 10), 4);
}

/* Bytes per logit, product in 16 bit and loss in fp32. JIT: Megatron's vocabulary-parallel loss, one pass each to widen,
 * find the maximum, subtract it, take exponentials, sum and divide. EAGER: widened, log-softmax and its loss, each with a
 * gradient of its own. */
static double loss_bytes(const struct wl_share *s, enum wl_pass p) {
  return s->loss_bytes > 0             ? s->loss_bytes / 2
         : s->fusion == WL_FUSION_JIT     ? by_pass(p, 38, 14)
         : s->fusion == WL_FUSION_EAGER ? by_pass(p, 18, 22)
                                        : by_pass(p, 12, 8);
}

static void head(struct wl_ops *o, const struct wl_share *s, enum wl_pass p) {
  double t = wl_rank_tokens(s), v = (double)s->model->vocab / s->tp;
  v = s->pads_vocab ? 8 * ceil(v / 8) : v;
  struct wl_share plain = *s;
  plain.low_precision = s->low_precision && !s->head_in_16bit;
  enter_tp(o, s, p);
  linear(o, &plain, p, t, v, s->model->hidden, true);
  stream(o, t * v * loss_bytes(s, p) + t * wide_bytes(s, p) / 2, p == WL_FORWARD ? 10 : 6);
}

/* The lists count activations of 16 bits. */
static double widening(const struct wl_share *s) {
  return s->element_bytes > 0 ? s->element_bytes / 2 : 1;
}

/* Accumulated gradients have their own width (and no launch of their own). */
static void widen(struct wl_ops *o, double times) {
  for (int i = 0; i < o->n; i++) {
    struct wl_op *op = &o->op[i];
    if (op->kind == WL_OP_COLLECTIVE)
      op->k *= times;
    if (op->kind == WL_OP_COLLECTIVE || (op->kind == WL_OP_STREAM && op->kernels > 0))
      op->bytes *= times;
  }
}

void wl_block_ops(const struct wl_share *s, enum wl_block b, enum wl_pass p, struct wl_ops *ret) {
  static void (*const make[WL_BLOCKS])(struct wl_ops *, const struct wl_share *,
                                       enum wl_pass) = {[WL_EMBEDDING] = embedding,
                                                        [WL_ATTENTION] = attention,
                                                        [WL_MLP] = mlp,
                                                        [WL_MOE] = moe,
                                                        [WL_MAMBA] = mamba,
                                                        [WL_HEAD] = head};
  ret->n = 0;
  make[b](ret, s, p);
  widen(ret, widening(s));
}

/* ---- memory ---- */
double wl_block_params(const struct wl_share *s, enum wl_block b, double *ret_experts) {
  const struct wl_model *m = s->model;
  struct wl_model one = *m; /* one block alone, counted by the model's own rules */
  one.layers = 1;
  one.dense_layers = 0;
  one.mamba_layers = one.attention_layers = one.mlp_layers = 0;
  one.experts = 0;
  one.ffn = 0;
  one.mtp_layers = 0;
  struct wl_counts c;
  *ret_experts = 0;
  switch (b) {
  case WL_EMBEDDING:
  case WL_HEAD:
    return (double)m->vocab * m->hidden / s->tp;
  case WL_ATTENTION:
    wl_model_count(&one, &c);
    return c.params_dense_gemm / s->tp;
  case WL_MLP:
    return (m->gated ? 3.0 : 2.0) * m->hidden * m->ffn / s->tp;
  case WL_MAMBA: {
    double inner = (double)m->mamba_heads * m->mamba_head_dim;
    return m->hidden * (3 * inner + 2.0 * m->mamba_groups * m->mamba_state + m->mamba_heads) / s->tp;
  }
  default: {
    double width = m->moe_latent > 0 ? m->moe_latent : m->hidden, up = m->gated ? 3 : 2;
    *ret_experts = up * width * m->expert_ffn * m->experts / ((double)s->ep * s->etp);
    double shared = up * m->hidden * (double)m->shared_experts * m->shared_ffn / s->tp;
    return shared + (double)m->hidden * m->experts + 2.0 * m->hidden * m->moe_latent;
  }
  }
}

/* Kept input of a linear layer: in the low format when that is what its product reads. */
static double input_bytes(const struct wl_share *s) {
  return s->low_precision ? 1 : 2;
}

static double attention_kept(const struct wl_share *s, int keep) {
  const struct wl_model *m = s->model;
  double dqk = m->mla ? m->qk_nope + m->qk_rope : m->head_dim, dv = m->mla ? m->v_head : m->head_dim;
  double kvh = m->mla ? m->heads : m->kv_heads;
  double bytes = (2 * (m->heads * dqk + kvh * (dqk + dv)) + input_bytes(s) * m->heads * dv) / s->tp;
  if (m->mla)
    bytes += 2.0 * (m->q_lora + m->kv_lora);
  if (s->fusion == WL_FUSION_JIT && keep == 0) /* softmax, its dropout mask and output: 5 bytes per score (Korthikanti et al.) */
    bytes += 5.0 * m->heads * s->seq_len / s->tp;
  return bytes;
}

static double kept_bytes(const struct wl_share *s, enum wl_block b, int keep) {
  const struct wl_model *m = s->model;
  double t = wl_rank_tokens(s), h = m->hidden, wide = s->sequence_parallel ? h / s->tp : h;
  double up = m->gated ? 3 : 2;
  if (b == WL_HEAD)
    return t * (4.0 * m->vocab / s->tp + 2 * wide);
  if (b == WL_EMBEDDING)
    return t * 2 * wide;
  if (keep == 2)
    return t * wide; /* a layer is two blocks, its input 2 bytes */
  switch (b) {
  case WL_ATTENTION:
    return t * ((s->fusion != WL_FUSION_JIT ? 2 + input_bytes(s) : 7) * wide + attention_kept(s, keep));
  case WL_MLP:
    return t * ((s->fusion != WL_FUSION_JIT ? 2 + input_bytes(s) : 7) * wide + (2 * (up - 1) + input_bytes(s)) * m->ffn / s->tp);
  case WL_MAMBA:
    return t * (4 * wide + 2.0 * (4.0 * m->mamba_heads * m->mamba_head_dim) / s->tp);
  default: {
    double rows = t / s->tp * m->topk * s->etp;
    double width = m->moe_latent > 0 ? m->moe_latent : h;
    return t * (4 * wide + 2 * up * m->shared_experts * m->shared_ffn / s->tp) +
           rows * (2 * width + input_bytes(s) * width + (2 * (up - 1) + input_bytes(s)) * m->expert_ffn / s->etp);
  }
  }
}

double wl_block_activation_bytes(const struct wl_share *s, enum wl_block b, int keep) {
  return kept_bytes(s, b, keep) * widening(s);
}
