#include "sim/serve_cost.h"

#include <math.h>
#include <string.h>
#include "base/mem.h"
#include "hwmodels/collective.h"
#include "hwmodels/kernels.h"

/* ---- one layer's parts ---- */

/* Simple kernels spend more instructions on widening a weight than its bytes take to arrive: an FMA a lane and clock is two FLOP of the vector peak. */
enum { WIDENING_STRIP = 16 };

static double widening_s(const struct serve_setup *s, const struct hw_gemm *op) {
  double weights = op->n * op->k * op->batch, per_s = s->gpu->vector_flops / 2;
  return per_s > 0 ? ceil(op->m / WIDENING_STRIP) * weights * s->engine.widen_ops / per_s : 0;
}

/* Weights widened into memory first, then multiplied as if they had been wide. */
static double widened_first_s(const struct serve_setup *s, const struct hw_gemm *op, double widened_f) {
  struct hw_gemm wide = *op;
  wide.weight_bytes = dtype_bytes(op->dtype);
  double moved = op->n * op->k * fmax(1, op->batch) * (op->weight_bytes + wide.weight_bytes);
  return hw_gemm_s(s->gpu, &wide) / widened_f + hw_stream_s(s->gpu, moved, 0);
}

/* Weight-only formats feed 16-bit units; how well the widening kernel does is the engine's. With many rows it pays to widen once; plain GPTQ kernels, made for few rows, always do so above a number. */
static double kernel_s(const struct serve_setup *s, const struct hw_gemm *op, bool weight_only) {
  const struct wl_engine *e = &s->engine;
  if (!weight_only)
    return hw_gemm_s(s->gpu, op);
  if (s->widen_rows > 0 && op->m > s->widen_rows && op->weight_bytes < 1)
    return widened_first_s(s, op, 1);
  double t = fmax(hw_widening_gemm_s(s->gpu, op, op->weight_bytes < 1 ? e->w4_compute_f : e->w8_compute_f), widening_s(s, op));
  return e->widened_f > 0 ? fmin(t, widened_first_s(s, op, e->widened_f)) : t;
}

/* Micro-batches that are in the stages of a pipeline at once; where layers are merely spread over GPUs one works while the others wait. */
static double in_flight(const struct serve_setup *s) {
  return s->engine.layer_split ? 1 : s->layout.pp;
}

static bool is_weight_only(const struct serve_setup *s) {
  return dtype_bytes(s->layout.weights) < dtype_bytes(s->compute);
}

static double gemm_s(const struct serve_setup *s, const struct wl_serve_gemm *g, double rows) {
  enum dtype weights = s->layout.weights;
  bool weight_only = g->quantised && !s->ops.encoder && is_weight_only(s);
  struct hw_gemm op = {.m = rows, .n = g->n, .k = g->k, .batch = g->batch, .clock = s->clock,
                       .dtype = g->quantised ? s->compute : hw_compute_dtype(s->gpu, DT_BF16),
                       .weight_bytes = g->quantised ? dtype_bytes(weights) : 0};
  struct hw_gemm tiny = {.m = 1, .n = 64, .k = 64, .batch = 1, .dtype = op.dtype, .weight_bytes = op.weight_bytes};
  double start = kernel_s(s, &tiny, weight_only), t = kernel_s(s, &op, weight_only);
  return fmax(0, t - start) / s->engine.gemm_f + start * s->engine.launch_f;
}

/* GPUs that attend for tokens of their own inside a node gather all tokens and scatter the sums, as engines do by default; across nodes copies are sent to the experts. */
static bool sends_copies(const struct serve_setup *s) {
  return s->ops.a2a_layers > 0 && s->layout.tp * s->layout.dp > s->server->gpus;
}

/* One kernel for the layer, as measured; its copies of rows are inside. */
static double fused_experts_s(const struct serve_setup *s, double tokens, double touched) {
  const struct wl_serve_ops *o = &s->ops;
  double pairs = tokens * o->topk;
  struct hw_moe_ffn op = {.touched = touched, .rows = pairs / o->ep, .all_rows = pairs, .hidden = o->expert_hidden, .inter = o->expert_n_down_k,
                          .gated = o->expert_n_up > o->expert_n_down_k, .dtype = s->layout.weights, .weight_bytes = dtype_bytes(s->layout.weights),
                          .clock = s->clock, .imbalance = o->ep > 1 ? s->engine.rank_skew : 1};
  return hw_moe_ffn_s(s->gpu, &op);
}

/* Layers were measured in block-scaled 8-bit floats, for which tiles are tuned, and in 16 bits without tuned tiles: those of experts spread over ranks, for whose shapes engines ship none. */
static bool fuses_experts(const struct serve_setup *s) {
  double bytes = dtype_bytes(s->layout.weights);
  return s->engine.moe_fused && !sends_copies(s) && (s->layout.weights == DT_FP8 || (bytes == 2 && s->ops.ep > 1));
}

static double widened_experts_s(const struct serve_setup *s, double rows) {
  double share = s->engine.widened_f > 0 ? s->engine.widened_f : s->engine.w4_compute_f;
  return 2 * rows * (s->ops.expert_n_up + s->ops.expert_n_down_k) * s->ops.expert_hidden / (s->gpu->peak_flops[s->compute] * share);
}

/* Ranks of an expert-parallel group wait for the fullest one. Grouped products: many small experts on one rank get unequal rows. */
static double experts_s(const struct serve_setup *s, double tokens) {
  const struct wl_serve_ops *o = &s->ops;
  double touched = fmax(1, wl_experts_touched_most(o->experts, o->topk, tokens, o->ep));
  if (fuses_experts(s))
    return fused_experts_s(s, tokens, touched);
  struct hw_grouped_gemm op = {.groups = touched, .rows = tokens * o->topk / o->ep, .n = o->expert_n_up, .k = o->expert_hidden,
                               .dtype = s->compute, .weight_bytes = dtype_bytes(s->layout.weights), .clock = s->clock,
                               .imbalance = o->ep > 1 ? s->engine.rank_skew : o->experts > 16 ? fmax(1, s->engine.moe_skew) : 1};
  double t = hw_grouped_gemm_s(s->gpu, &op);
  op.n = o->expert_hidden;
  op.k = o->expert_n_down_k;
  /* Around them each copy of a token is permuted, quantised, put through the gate and weighted: 5 bytes a hidden value, 6 an inner one. */
  double bytes = tokens * o->topk / o->ep * (5 * o->expert_hidden + 6 * o->expert_n_down_k) * (o->ep > 1 ? s->engine.rank_skew : 1);
  t += hw_grouped_gemm_s(s->gpu, &op);
  double launches = 0;
  if (is_weight_only(s)) { /* kernels that widen weights are as slow here as elsewhere */
    launches = s->layout.weights == DT_INT4 || s->layout.weights == DT_INT8 ? s->engine.w_expert_s * o->experts / o->ep : 0;
    t = fmax(t, widened_experts_s(s, op.rows * op.imbalance));
  }
  return t / s->engine.moe_f + hw_stream_s(s->gpu, bytes, 0) + launches;
}

static double all_reduce_s(const struct serve_setup *s, double rows) {
  int n = s->layout.tp;
  if (n < 2)
    return 0;
  struct hw_coll_op op = {.kind = HW_ALL_REDUCE, .bytes = 0, .ranks = n,
                          .ranks_per_node = n < s->server->gpus ? n : s->server->gpus, .groups_per_node = 1};
  op.bytes = 16;
  double floor_s = hw_coll_s(s->server, &op);
  op.bytes = rows * s->ops.hidden * 2;
  double t = hw_coll_s(s->server, &op), latency = floor_s * s->engine.ar_lat_f;
  /* Engines' own kernels write to their peers directly where a scale-up link joins them. */
  if (s->engine.ar_direct_s > 0 && s->gpu->scaleup && s->server->intra == s->gpu->scaleup)
    latency = fmin(latency, s->engine.ar_direct_s + s->engine.ar_direct_rank_s * n);
  return latency + fmax(0, t - floor_s) / s->engine.ar_bw_f;
}

/* Few rows go straight to each expert, many once to each node. */
enum { BULK_ROWS = 512 };

static double a2a_s(const struct serve_setup *s, double rows) {
  const struct wl_serve_ops *o = &s->ops;
  int ranks = s->layout.tp * s->layout.dp, per_node = ranks < s->server->gpus ? ranks : s->server->gpus;
  if (o->a2a_layers <= 0)
    return 0;
  bool copies = sends_copies(s);
  double tokens = rows / s->layout.tp, each = !copies ? ranks : rows >= BULK_ROWS ? o->topk * o->bulk_share : o->topk;
  struct hw_coll_op op = {.kind = copies ? HW_ALL_TO_ALL : HW_ALL_GATHER, .bytes = tokens * each * o->dispatch_bytes, .ranks = ranks, .ranks_per_node = per_node, .groups_per_node = 1};
  double t = hw_coll_s(s->server, &op);
  op.kind = copies ? HW_ALL_TO_ALL : HW_REDUCE_SCATTER;
  op.bytes = tokens * each * o->combine_bytes;
  return t + hw_coll_s(s->server, &op);
}

/* ---- tables ---- */

/* All layers at M tokens of the replica: a stage sees M / pp of them at a time and a token passes pp stages, so a round over all
 * micro-batches takes what all layers take at M / pp tokens. */
/* Bytes of one activation: encoders quantised in full keep them in the matrix units' format. */
static double act_bytes(const struct serve_setup *s) {
  return s->ops.encoder ? fmin(4, fmax(1, dtype_bytes(s->compute))) : 2;
}

static double moe_at(const struct serve_setup *s, double m) {
  return s->ops.moe_layers * experts_s(s, fmax(1, m / in_flight(s)));
}

enum { SCAN_KERNELS = 2 }; /* convolution, scan */

static double compute_at(const struct serve_setup *s, double m) {
  const struct wl_serve_ops *o = &s->ops;
  double stage = fmax(1, m / in_flight(s)), rows = fmax(1, stage / s->layout.dp), t = 0;
  for (int i = 0; i < o->gemms; i++)
    t += o->gemm[i].count * gemm_s(s, &o->gemm[i], o->gemm[i].shared_rows ? stage : rows);
  if (o->scan_layers > 0)
    t += o->scan_layers * hw_stream_s(s->gpu, rows * o->scan_token_bytes, SCAN_KERNELS);
  return t + o->layers * hw_stream_s(s->gpu, s->engine.ew_tensors * rows * o->hidden * act_bytes(s) + rows * o->norm_bytes, s->engine.ew_kernels + o->norm_kernels);
}

/* What is not hidden behind compute_s seconds of a layer's own work. */
static double comm_at(const struct serve_setup *s, double m, double compute_s) {
  const struct wl_serve_ops *o = &s->ops;
  double rows = fmax(1, fmax(1, m / in_flight(s)) / s->layout.dp), comm = o->all_reduces * all_reduce_s(s, rows), a2a = o->a2a_layers * a2a_s(s, rows);
  comm += a2a - s->engine.a2a_overlap * fmin(a2a, compute_s + moe_at(s, m));
  if (s->layout.pp > 1) {
    struct hw_coll_op op = {.kind = HW_P2P, .bytes = rows * o->hidden * 2 / s->layout.tp, .ranks = 2, .ranks_per_node = 1,
                            .groups_per_node = s->layout.tp * s->layout.dp};
    comm += (s->layout.pp - 1) * hw_coll_s(s->server, &op);
  }
  return comm;
}

static double lin_at(const struct serve_setup *s, double m) {
  double t = compute_at(s, m);
  return t + comm_at(s, m, t);
}

/* The share of lin_at in which a GPU waits for its peers. */
static double waits_at(const struct serve_setup *s, double m) {
  return comm_at(s, m, compute_at(s, m));
}

/* Top-p needs the largest logits in order: the sampler sorts the whole vocabulary, or searches it for a threshold. Both are bound by what SMs do, not by memory; each
 * rank of a tensor-parallel group does it for all rows and the whole vocabulary. */
enum { FILTER_ROWS = 128 }; /* as many as fill a GPU */

static double filter_s(const struct serve_setup *s, double rows) {
  double few = fmin(rows, FILTER_ROWS), cycles = few * s->engine.filter_few_cycles + (rows - few) * s->engine.filter_cycles;
  return s->top_p && s->gpu->sms > 0 && s->gpu->clock_hz > 0 ? s->ops.logits_vocab * cycles / (s->gpu->sms * s->gpu->clock_hz) : 0;
}

static double log_at(const struct serve_setup *s, double seqs) {
  if (s->ops.head_n <= 0 || seqs <= 0)
    return 0;
  double rows = fmax(1, seqs / s->layout.dp);
  struct hw_gemm op = {.m = rows, .n = s->ops.head_n, .k = s->ops.head_k, .batch = 1, .dtype = hw_compute_dtype(s->gpu, DT_BF16), .weight_bytes = 2};
  return hw_gemm_s(s->gpu, &op) + s->engine.sample_s + s->engine.sample_seq_s * rows + filter_s(s, rows);
}

/* One block for each sequence and query head reads its whole context: few blocks do not draw all the bandwidth, however the heads share a cache. */
static double blocks_s(const struct serve_setup *s, double seqs, double ctx) {
  const struct wl_serve_ops *o = &s->ops;
  if (!(s->engine.block_draw > 0) || s->gpu->sms <= 0)
    return 0;
  double Bps = s->engine.block_draw * s->gpu->mem_Bps / s->gpu->sms, block = ctx / seqs * (o->d_qk + o->d_v) * o->kv_bytes_elem / Bps;
  return o->full_layers * block * fmax(1, seqs * o->heads / (s->engine.block_draw * s->gpu->sms));
}

/* Libraries that append to a cache by making a new one read and write it, and heads that several queries share are written out once for each and read again. */
static double copies_s(const struct serve_setup *s, double ctx) {
  const struct wl_serve_ops *o = &s->ops;
  if (!s->engine.kv_copied || o->mla)
    return 0;
  double sharing = o->heads / o->kv_heads, passes = 2 + (sharing > 1 ? 2 * sharing : 0);
  return o->attn_layers * hw_stream_s(s->gpu, passes * ctx * o->kv_heads * (o->d_qk + o->d_v) * o->kv_bytes_elem, 0);
}

/* Drafted tokens are checked beside the last one: as many more queries on the same cache. */
static double decode_s(const struct serve_setup *s, double seqs, double ctx, double window_ctx) {
  const struct wl_serve_ops *o = &s->ops;
  double share = 1.0 / (s->layout.dp * in_flight(s));
  struct hw_decode_attn op = {.seqs = fmax(1, seqs * share), .context_tokens = ctx * share, .heads = o->heads * (1 + s->drafts), .kv_heads = o->kv_heads,
                              .d_qk = o->d_qk, .d_v = o->d_v, .kv_bytes = o->kv_bytes_elem, .mla = o->mla};
  double t = o->full_layers * hw_decode_attn_s(s->gpu, &op);
  if (o->window_layers > 0) {
    op.context_tokens = fmin(ctx, window_ctx) * share;
    t += o->window_layers * hw_decode_attn_s(s->gpu, &op);
  }
  t = fmax(t / s->engine.attn_decode_f, blocks_s(s, op.seqs, ctx * share)) + copies_s(s, ctx * share);
  if (o->scan_layers > 0)
    t += o->scan_layers * hw_stream_s(s->gpu, 2 * op.seqs * o->scan_state_bytes, 0);
  /* Engines whose grouped-query decode runs on vector units are bound by them. */
  double vec = s->engine.vector_attention * s->gpu->vector_flops;
  return vec > 0 ? fmax(t, o->full_layers * 4 * ctx * share * o->heads * (1 + s->drafts) * o->d_qk / vec) : t;
}

/* Each draft is one more pass of a layer like the model's own, behind a GEMM that joins token and hidden state, and the head. Its attention is a
 * layer's share more of all attention (attention_tables). */
static double draft_s(const struct serve_setup *s, double seqs) {
  const struct wl_serve_ops *o = &s->ops;
  double rows = fmax(1, seqs / ((double)s->layout.dp * in_flight(s)));
  struct wl_serve_gemm join = {.n = o->hidden / s->layout.tp, .k = 2 * o->hidden, .batch = 1, .quantised = false};
  double experts = o->moe_layers > 0 ? moe_at(s, seqs) / o->moe_layers : 0;
  return s->drafts * (lin_at(s, seqs) / o->layers + experts + gemm_s(s, &join, rows) + log_at(s, seqs));
}

/* Straight line through two contexts that span common use; literal and coalesced runs share it, so they agree exactly. */
static void attention_tables(struct serve_cost *c, const struct serve_setup *s, int nd) {
  double lo = 512.0 * nd, hi = 4096.0 * nd, window = s->ops.window * nd;
  double a = decode_s(s, nd, lo, window), b = decode_s(s, nd, hi, window), share = 1 + s->drafts / s->ops.layers;
  c->att1_s[nd] = share * fmax(0, (b - a) / (hi - lo));
  c->att0_s[nd] = fmax(0, share * a - c->att1_s[nd] * lo) + (s->drafts > 0 ? draft_s(s, nd) : 0);
}

/* Fused kernels are made for 16 bits; products in more are done on scores in memory. */
static double pair_cost(const struct serve_setup *s, bool fused) {
  const struct wl_serve_ops *o = &s->ops;
  bool wide = o->encoder && dtype_bytes(s->compute) > 2, unfused = wide || !fused;
  double n = o->encoder ? 256 : 2048, batch = o->encoder ? 16 : 1, dp = s->layout.dp * in_flight(s); /* typical lengths, so that start-up weighs little */
  struct hw_attn op = {.batch = batch, .heads = o->heads, .kv_heads = o->prefill_kv_heads, .q_len = n, .kv_len = n, .d_qk = o->prefill_d_qk,
                       .d_v = o->prefill_d_v, .causal = !o->encoder, .kernel = unfused ? HW_ATTN_UNFUSED : HW_ATTN_AUTO,
                       .dtype = wide ? s->compute : hw_compute_dtype(s->gpu, DT_BF16), .clock = s->clock};
  return o->attn_layers * hw_attn_s(s->gpu, &op) / (batch * n * n / 2) / dp / (wide || (s->engine.fused_tokens > 0 && !fused) ? 1 : s->engine.attn_prefill_f);
}

/* Bytes that one GPU moves for the linear part at M tokens. */
static double bytes_at(const struct serve_setup *s, double m) {
  const struct wl_serve_ops *o = &s->ops;
  double stage = fmax(1, m / s->layout.pp), rows = fmax(1, stage / s->layout.dp), w = dtype_bytes(s->layout.weights), b = 0;
  for (int i = 0; i < o->gemms; i++)
    b += o->gemm[i].count * o->gemm[i].n * o->gemm[i].k * o->gemm[i].batch * (o->gemm[i].quantised ? w : 2);
  if (o->moe_layers > 0)
    b += o->moe_layers * wl_experts_touched(o->experts, o->topk, stage) / o->ep * (o->expert_n_up + o->expert_n_down_k) * o->expert_hidden * w;
  return b + o->layers * s->engine.ew_tensors * rows * o->hidden * 2 + o->head_n * o->head_k * 2;
}

static void work(struct serve_cost *c, const struct serve_setup *s) {
  const struct wl_serve_ops *o = &s->ops;
  double share = 1.0 / (s->layout.dp * s->layout.pp);
  for (int i = 0; i < o->gemms; i++)
    c->lin_flop_per_token += 2 * o->gemm[i].count * o->gemm[i].n * o->gemm[i].k * o->gemm[i].batch * share;
  if (o->moe_layers > 0)
    c->lin_flop_per_token += o->moe_layers * 2 * o->topk * (o->expert_n_up + o->expert_n_down_k) * o->expert_hidden / o->ep / s->layout.pp;
  c->log_flop_per_seq = 2 * o->head_n * o->head_k * share;
  c->pair_flop = 2 * o->attn_layers * o->heads * (o->prefill_d_qk + o->prefill_d_v) * share;
  c->ctx_flop = 2 * o->full_layers * o->heads * (o->d_qk + o->d_v) * share;
  c->ctx_bytes = o->full_layers * (o->mla ? o->d_qk : o->kv_heads * (o->d_qk + o->d_v)) * o->kv_bytes_elem * share;
  c->peak_flops = s->gpu->peak_flops[s->compute];
  c->mem_Bps = s->gpu->mem_Bps;
}

/* ---- filling: exact at every point up to 64, then on a grid 1/16 apart with straight lines between ---- */
static int grid_next(int m) {
  int step = m < 64 ? 1 : m / 16;
  return m + (step > 0 ? step : 1);
}

static void fill(double *t, int max, const struct serve_setup *s, double (*f)(const struct serve_setup *, double)) {
  t[0] = 0;
  t[1] = f(s, 1);
  for (int a = 1; a < max;) {
    int b = grid_next(a);
    if (b > max)
      b = max;
    t[b] = f(s, b);
    for (int i = a + 1; i < b; i++)
      t[i] = t[a] + (t[b] - t[a]) * (i - a) / (b - a);
    a = b;
  }
}

static void fill_attention(struct serve_cost *c, const struct serve_setup *s) {
  if (s->ops.encoder)
    return;
  attention_tables(c, s, 1);
  for (int a = 1; a < c->max_s;) {
    int b = grid_next(a);
    if (b > c->max_s)
      b = c->max_s;
    attention_tables(c, s, b);
    for (int i = a + 1; i < b; i++) {
      double f = (double)(i - a) / (b - a);
      c->att0_s[i] = c->att0_s[a] + (c->att0_s[b] - c->att0_s[a]) * f;
      c->att1_s[i] = c->att1_s[a] + (c->att1_s[b] - c->att1_s[a]) * f;
    }
    a = b;
  }
}

/* Ranks that one process leads are handed each iteration. */
static double lead_s(const struct serve_setup *s) {
  return s->layout.tp > 1 && (!s->one_batch || s->engine.lead_one_batch) ? s->engine.h_tp_s : 0;
}

static double layer_s(const struct serve_setup *s) {
  const struct wl_engine *e = &s->engine;
  enum dtype w = s->layout.weights;
  return e->h_layer_s + (s->ops.encoder ? 0 : w == DT_INT4 ? e->h_int4_layer_s : w == DT_INT8 ? e->h_int8_layer_s : 0);
}

static void host(struct serve_cost *c, const struct serve_setup *s) {
  const struct wl_engine *e = &s->engine;
  double f = e->host_f > 0 ? e->host_f : 1;
  double experts = s->ops.moe_layers > 0 ? s->ops.moe_layers * s->ops.experts / s->ops.ep : 0;
  c->host0_s = f * (e->h_iter_s + layer_s(s) * s->ops.layers + e->h_expert_s * experts + lead_s(s));
  c->host_seq_s = f * (e->h_seq_s + (s->offline ? 0 : e->h_stream_s)) / (e->h_leader ? 1 : s->layout.dp);
  c->host_prompt_s = s->offline ? 0 : f * e->h_prompt_s / s->layout.dp;
  c->pad_tokens = s->ops.encoder ? e->pad_tokens : 0;
  c->launch_s = f * e->h_kernel_s * s->ops.kernels;
  c->graph_seqs = s->graph_seqs * s->layout.dp;
  c->eager_s = f * e->h_eager_s * s->ops.kernels;
  c->overlap = e->overlap;
}

void serve_cost_build(struct serve_cost *c, const struct serve_setup *s, int max_m, int max_s) {
  memset(c, 0, sizeof *c);
  c->max_m = max_m < 2 ? 2 : max_m;
  c->max_s = max_s < 2 ? 2 : max_s;
  c->lin_s = mem_array((size_t)c->max_m + 1, sizeof(double));
  c->lin_bytes = mem_array((size_t)c->max_m + 1, sizeof(double));
  c->log_s = mem_array((size_t)c->max_s + 1, sizeof(double));
  c->att0_s = mem_array((size_t)c->max_s + 1, sizeof(double));
  c->att1_s = mem_array((size_t)c->max_s + 1, sizeof(double));
  fill(c->lin_s, c->max_m, s, lin_at);
  if (s->gpus > 1) {
    c->comm_s = mem_array((size_t)c->max_m + 1, sizeof(double));
    fill(c->comm_s, c->max_m, s, waits_at);
  }
  c->dp = s->layout.dp;
  c->step_rows = 1 + s->drafts;
  c->idle_rows = fmax(0, c->step_rows - s->mtp);
  if (s->ops.moe_layers > 0) {
    c->moe_s = mem_array((size_t)c->max_m + 1, sizeof(double));
    fill(c->moe_s, c->max_m, s, moe_at);
  }
  fill(c->lin_bytes, c->max_m, s, bytes_at);
  fill(c->log_s, c->max_s, s, log_at);
  fill_attention(c, s);
  c->pair_s = pair_cost(s, !s->engine.attn_unfused);
  c->long_pair_s = pair_cost(s, false);
  c->fused_tokens = s->ops.encoder ? s->engine.fused_tokens : 0;
  host(c, s);
  work(c, s);
}

void serve_cost_free(struct serve_cost *c) {
  mem_free(c->lin_s);
  mem_free(c->moe_s);
  mem_free(c->lin_bytes);
  mem_free(c->comm_s);
  mem_free(c->log_s);
  mem_free(c->att0_s);
  mem_free(c->att1_s);
  memset(c, 0, sizeof *c);
}
