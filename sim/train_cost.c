/* Seconds for lists of operations: kernels from hwmodels, overlap and host cost from the software stack. */
#include <math.h>
#include <string.h>
#include "sim/train_priv.h"

const char *const sim_step_part_name[STEP_PARTS] = {"compute", "attention", "elementwise", "head",
                                                    "tensor",  "expert",    "context",     "data",
                                                    "p2p",     "bubble",    "optimizer",   "host"};

double train_cost_s(const struct train_cost *c) {
  double t = 0;
  for (int i = 0; i < STEP_PARTS; i++)
    t += c->part[i];
  return t;
}

void train_cost_add(struct train_cost *sum, const struct train_cost *c, double times) {
  for (int i = 0; i < STEP_PARTS; i++)
    sum->part[i] += times * c->part[i];
  sum->weight_grad_s += times * c->weight_grad_s;
  sum->hideable_s += times * c->hideable_s;
  sum->experts_net_s += times * c->experts_net_s;
  sum->recompute_s += times * c->recompute_s;
  sum->flops += times * c->flops;
  sum->mem_bytes += times * c->mem_bytes;
}

/* ---- collectives ---- */
double train_collective_s(const struct train_env *e, enum hw_coll kind, double bytes, int ranks, int stride) {
  int local = train_ranks_per_node(e, ranks, stride);
  struct hw_coll_op op = {kind, bytes, ranks, local, local < ranks ? e->domain / local : 1, stride / e->domain};
  return hw_coll_s(e->server, &op) * train_network_slowdown(e, (ranks + local - 1) / local);
}

/* Expected number of different boxes out of n that k copies go to, when at most `most` boxes may be used. */
static double boxes_touched(double n, double k, double most) {
  double touched = n * (1 - pow(1 - 1 / n, k));
  return most > 0 && touched > most ? most : touched;
}

/* Tokens to experts: every copy moves, or where the dispatcher removes doubles one a box across the network and one a rank
 * in the box, whose own experts share it. */
static double dispatch_s(const struct train_env *e, const struct wl_op *op) {
  int ep = e->plan.ep, local = train_ranks_per_node(e, ep, e->plan.etp), boxes = (ep + local - 1) / local;
  if (!e->stack->dedupe)
    return train_collective_s(e, HW_ALL_TO_ALL, op->bytes, ep, e->plan.etp);
  double inside = op->bytes / boxes * boxes_touched(ep, op->n, 0) / op->n;
  if (boxes == 1)
    return train_collective_s(e, HW_ALL_TO_ALL, inside, ep, e->plan.etp);
  double groups = e->model->topk_groups * (double)boxes / (e->model->expert_groups > 0 ? e->model->expert_groups : 1);
  double copies = boxes_touched(boxes, op->n, e->model->topk_groups > 0 ? fmax(groups, 1) : 0);
  struct hw_coll_op across = {HW_ALL_TO_ALL, op->m * copies * op->k, boxes, 1, e->domain, 1};
  return fmax(hw_coll_s(e->server, &across) * train_network_slowdown(e, boxes),
              train_collective_s(e, HW_ALL_TO_ALL, inside, local, e->plan.etp));
}

static enum hw_coll coll_of(enum wl_exchange x) {
  static const enum hw_coll map[] = {[WL_X_ALL_REDUCE] = HW_ALL_REDUCE,
                                     [WL_X_ALL_GATHER] = HW_ALL_GATHER,
                                     [WL_X_REDUCE_SCATTER] = HW_REDUCE_SCATTER,
                                     [WL_X_ALL_TO_ALL] = HW_ALL_TO_ALL,
                                     [WL_X_RING] = HW_ALL_GATHER};
  return map[x];
}

/* Communication of a block that runs beside its kernels, priced when these are known. */
struct beside {
  double ring_s, tensor_s;
};

static void price_collective(const struct train_env *e, const struct wl_op *op, struct train_cost *c, struct beside *beside) {
  if (op->group == WL_GROUP_TP) {
    *(op->exposed ? &c->part[STEP_TP] : &beside->tensor_s) += train_collective_s(e, coll_of(op->exchange), op->bytes, e->plan.tp, 1);
  } else if (op->group == WL_GROUP_ETP) {
    double t = train_collective_s(e, coll_of(op->exchange), op->bytes, e->plan.etp, 1) * (1 - e->stack->ep_overlap);
    c->part[STEP_EP] += t;
    c->hideable_s += t;
  } else if (op->group == WL_GROUP_EP) {
    double t = dispatch_s(e, op);
    c->part[STEP_EP] += t * (1 - e->stack->ep_overlap);
    c->hideable_s += t * (1 - e->stack->ep_overlap);
    c->experts_net_s += train_ranks_per_node(e, e->plan.ep, e->plan.etp) < e->plan.ep ? t : 0;
  } else {
    beside->ring_s += train_collective_s(e, coll_of(op->exchange), op->bytes, e->plan.cp, e->plan.tp);
  }
}

/* ---- kernels ---- */
static enum hw_attn_kernel attention_kernel(const struct train_env *e) {
  static const enum hw_attn_kernel map[] = {[WL_ATTN_UNFUSED] = HW_ATTN_UNFUSED,
                                            [WL_ATTN_FLASH1] = HW_ATTN_FLASH1,
                                            [WL_ATTN_FLASH2] = HW_ATTN_FLASH2,
                                            [WL_ATTN_FLASH3] = HW_ATTN_FLASH3,
                                            [WL_ATTN_BEST] = HW_ATTN_AUTO};
  enum hw_attn_kernel k = map[e->stack->attention];
  if (e->element_bytes > 2 && k != HW_ATTN_UNFUSED)
    return HW_ATTN_FLASH1; /* the later ones take 16 bits and less */
  return k == HW_ATTN_FLASH1 && (e->job->flash2 || e->job->fusion == FUSION_COMPILED) ? HW_ATTN_FLASH2 : k; /* compilers came with the second */
}

static const double SCORES_AUTOCAST = 65.0 / 49; /* bytes a score where the softmax is in 32 bits / in 16, both passes: a cast in, a cast out */

static double scores_s(const struct train_env *e, const struct wl_op *op, bool backward) {
  struct hw_attn a = {op->batch, op->heads,  op->kv_heads, op->q_len, op->kv_len,          op->d_qk,
                      op->d_v,   op->causal, backward,     e->high,   attention_kernel(e), e->clock};
  double wider = e->autocast && a.kernel == HW_ATTN_UNFUSED ? SCORES_AUTOCAST : 1;
  return wider * hw_attn_s(e->gpu, &a) / (e->stack->attention_rate * (e->plan.cp > 1 ? e->stack->ring_rate : 1));
}

static double scores_flops(const struct wl_op *op, bool backward) {
  return 2 * op->batch * op->heads * op->q_len * op->kv_len * (op->d_qk + op->d_v) * (op->causal ? 0.5 : 1) *
         (backward ? 2.5 : 1);
}

static double product_s(const struct train_env *e, const struct wl_op *op, struct train_cost *c) {
  enum dtype t = op->low ? e->low : e->high;
  double clock = e->clock * (op->low ? e->low_rate : 1);
  c->flops += 2 * op->m * op->n * op->k;
  c->mem_bytes += (op->m * op->k + op->n * op->k * fmax(op->groups, 1) + op->m * op->n) * e->element_bytes;
  if (op->kind == WL_OP_GEMM)
    return hw_gemm_s(e->gpu, &(struct hw_gemm){op->m, op->n, op->k, 1, t, 0, clock}) * (op->misaligned ? hw_misaligned(e->gpu, t) : 1);
  struct hw_grouped_gemm g = {op->groups, op->m, op->n, op->k, t, 0, clock, e->stack->moe_imbalance};
  return hw_grouped_gemm_s(e->gpu, &g) * (op->low ? e->stack->grouped_low : 1);
}

static void price_op(const struct train_env *e, const struct wl_op *op, bool backward, struct train_cost *c,
                     struct beside *beside) {
  double t = 0;
  int part = STEP_COMPUTE;
  switch (op->kind) {
  case WL_OP_GEMM:
  case WL_OP_GROUPED:
    t = product_s(e, op, c) * e->stack->slower;
    break;
  case WL_OP_SCORES:
    part = STEP_ATTENTION;
    t = scores_s(e, op, backward) * e->stack->slower;
    c->flops += scores_flops(op, backward);
    break;
  case WL_OP_STREAM:
    part = STEP_ELEMENTWISE;
    t = hw_stream_s(e->gpu, op->bytes * e->stack->elementwise, op->kernels) * e->stack->slower;
    c->mem_bytes += op->bytes;
    break;
  default:
    price_collective(e, op, c, beside);
    return;
  }
  c->part[part] += t;
  if (op->weight_grad)
    c->weight_grad_s += t;
}

static double kernel_count(const struct wl_ops *ops) {
  double n = 0;
  for (int i = 0; i < ops->n; i++)
    n += ops->op[i].kind == WL_OP_STREAM || ops->op[i].kind == WL_OP_SCORES ? ops->op[i].kernels : 1;
  return n;
}

/* One block, one pass. What a ring of keys and values takes longer than the attention it runs beside is exposed; sums and
 * gathers of tensor ranks hide behind the block's products, never for longer than these take. */
static void price_block(const struct train_env *e, enum wl_block b, enum wl_pass p, struct train_cost *c,
                        double *kernels, bool scores_only) {
  struct wl_ops ops;
  struct beside beside = {0};
  double products = c->part[STEP_COMPUTE];
  wl_block_ops(&e->share, b, p, &ops);
  for (int i = 0; i < ops.n; i++)
    if (!scores_only || ops.op[i].scores_only)
      price_op(e, &ops.op[i], p == WL_BACKWARD, c, &beside);
  if (!scores_only)
    *kernels += kernel_count(&ops);
  double hidden = e->share.sequence_parallel ? e->tp_overlap * beside.tensor_s : 0;
  c->part[STEP_TP] += beside.tensor_s - fmin(hidden, c->part[STEP_COMPUTE] - products);
  c->part[STEP_CP] += fmax(beside.ring_s * (1 - e->stack->cp_overlap), beside.ring_s - c->part[STEP_ATTENTION]);
}

/* ---- layers ---- */
static const enum wl_block blocks[LAYER_KINDS][3] = {
    [LAYER_DENSE] = {WL_ATTENTION, WL_MLP, WL_BLOCKS}, [LAYER_MOE] = {WL_ATTENTION, WL_MOE, WL_BLOCKS},
    [LAYER_ATTENTION] = {WL_ATTENTION, WL_BLOCKS},     [LAYER_MLP] = {WL_MLP, WL_BLOCKS},
    [LAYER_MOE_ALONE] = {WL_MOE, WL_BLOCKS},           [LAYER_MAMBA] = {WL_MAMBA, WL_BLOCKS},
    [LAYER_EMBEDDING] = {WL_EMBEDDING, WL_BLOCKS},     [LAYER_HEAD] = {WL_HEAD, WL_BLOCKS},
};

static bool is_end(enum train_layer_kind kind) {
  return kind == LAYER_EMBEDDING || kind == LAYER_HEAD;
}

static double host_s(const struct train_env *e, enum train_layer_kind kind, enum wl_pass p, double kernels) {
  const struct wl_stack *s = e->stack;
  double t = kernels * s->host_op_s;
  double more = kind == LAYER_MOE || kind == LAYER_MOE_ALONE ? s->host_moe_s
                : kind == LAYER_MAMBA                        ? s->host_mamba_s
                                                             : 0;
  t += e->plan.zero >= 3 ? s->zero3_host_s : 0;
  t += more * (p == WL_FORWARD ? e->host_moe_forward : 1 - e->host_moe_forward);
  double crowd =
      (e->plan.tp - 1) / 7.0; /* the slowest of the tensor ranks' hosts decides, and they get in each other's way */
  return t * (1 + s->host_jitter * crowd * crowd);
}

/* The device waits for the host when the host issues slower than the device runs; near equality a bit of both. */
static void add_host(const struct train_env *e, struct train_cost *c, double host, double kernels) {
  double gpu = train_cost_s(c), both;
  if (e->job->launch_blocking)
    both = gpu + host + kernels * e->stack->blocking_s;
  else
    both = gpu > 0 || host > 0 ? fmax(gpu, host) * pow(1 + pow(fmin(gpu, host) / fmax(gpu, host), 8), 1.0 / 8) : 0;
  c->part[STEP_HOST] += both - gpu;
}

static void move_to_head(struct train_cost *c) {
  static const int from[] = {STEP_COMPUTE, STEP_ATTENTION, STEP_ELEMENTWISE};
  for (int i = 0; i < 3; i++) {
    c->part[STEP_HEAD] += c->part[from[i]];
    c->part[from[i]] = 0;
  }
}

/* Weights that are spread over the data-parallel ranks are gathered before each use; the next layer's gather runs
 * beside this one's compute. */
static void add_fsdp(const struct train_env *e, enum train_layer_kind kind, enum wl_pass p, struct train_cost *c) {
  if (e->fsdp == 1 || e->plan.pp > 1)
    return;
  double experts, dense = train_layer_params(e, kind, &experts);
  int stride = e->plan.tp;
  double gather = train_collective_s(e, HW_ALL_GATHER, e->element_bytes * dense, e->fsdp, stride) +
                  train_collective_s(e, HW_ALL_GATHER, e->element_bytes * experts, e->expert_copies, e->plan.ep * e->plan.etp);
  double comm = gather;
  double grad = e->grad_bytes * e->trained;
  if (p == WL_BACKWARD)
    comm += train_collective_s(e, HW_REDUCE_SCATTER, grad * dense, e->fsdp, stride) +
            train_collective_s(e, HW_REDUCE_SCATTER, grad * experts, e->expert_copies, e->plan.ep * e->plan.etp);
  comm /= e->stack->zero3_rate;
  if (e->stack->zero3_Bps > 0)
    comm = fmax(comm, (e->element_bytes + (p == WL_BACKWARD ? grad : 0)) * (dense + experts) / e->stack->zero3_Bps *
                          train_network_slowdown(e, e->fsdp / train_ranks_per_node(e, e->fsdp, stride)));
  double compute = train_cost_s(c);
  comm = train_crowded_s(e, comm, c->experts_net_s, compute);
  c->part[STEP_DP] += fmax(compute + e->contention * comm, comm + (1 - e->stack->zero3_overlap) * compute) - compute;
}

static void price_pass(const struct train_env *e, enum train_layer_kind kind, enum wl_pass p, struct train_cost *c) {
  double kernels = 0;
  for (const enum wl_block *b = blocks[kind]; *b != WL_BLOCKS; b++)
    price_block(e, *b, p, c, &kernels, false);
  if (kind == LAYER_HEAD)
    move_to_head(c);
  add_host(e, c, is_end(kind) ? 0 : host_s(e, kind, p, kernels), kernels);
}

/* Selective recomputation repeats the scores of attention; or, where the framework picks operators, what is cheap and
 * every second product with the gathers before it: scores, sums over ranks and the other products are kept. */
static void selected_again(const struct train_env *e, enum train_layer_kind kind, const struct train_cost *forward,
                           struct train_cost *again) {
  double ignored = 0;
  bool attends = kind == LAYER_DENSE || kind == LAYER_MOE || kind == LAYER_ATTENTION;
  if (e->stack->selective == WL_AGAIN_SCORES) {
    if (attends)
      price_block(e, WL_ATTENTION, WL_FORWARD, again, &ignored, true);
    return;
  }
  again->part[STEP_COMPUTE] = forward->part[STEP_COMPUTE] / 2;
  again->part[STEP_TP] = forward->part[STEP_TP] / 2;
  again->part[STEP_ELEMENTWISE] = forward->part[STEP_ELEMENTWISE];
  again->flops = forward->flops / 2;
}

double train_selected_again_s(const struct train_env *e, enum train_layer_kind kind, const struct train_cost *forward) {
  struct train_cost again = {0};
  if (!is_end(kind))
    selected_again(e, kind, forward, &again);
  return train_cost_s(&again);
}

static void add_recomputation(const struct train_env *e, enum train_layer_kind kind, const struct train_cost *forward,
                              struct train_cost *backward) {
  struct train_cost again = {0};
  if (is_end(kind) || e->plan.recompute == RECOMPUTE_NONE)
    return;
  if (e->plan.recompute == RECOMPUTE_FULL)
    again = *forward;
  else
    selected_again(e, kind, forward, &again);
  double share = e->plan.recompute == RECOMPUTE_FULL ? e->recompute_share : 1;
  backward->recompute_s += share * train_cost_s(&again);
  train_cost_add(backward, &again, share);
}

double train_host_rate(const struct train_env *e) {
  return e->gpu->host->eff_Bps > 0 ? e->gpu->host->eff_Bps : e->gpu->host->raw_Bps;
}

/* Activations travel to the host's memory beside the forward pass and back beside the backward pass. */
static void add_offload(const struct train_env *e, enum train_layer_kind kind, struct train_cost *c) {
  if (is_end(kind) || e->offload_share <= 0)
    return;
  double rate = train_host_rate(e);
  double share = e->offload_share / (1 - e->offload_share), bytes = share * train_layer_activations(e, kind);
  c->part[STEP_HOST] += fmax(0, bytes / rate - train_cost_s(c));
}

void train_layer_price(const struct train_env *e, enum train_layer_kind kind, struct train_layer *ret) {
  *ret = (struct train_layer){0};
  price_pass(e, kind, WL_FORWARD, &ret->forward);
  price_pass(e, kind, WL_BACKWARD, &ret->backward);
  add_recomputation(e, kind, &ret->forward, &ret->backward);
  add_fsdp(e, kind, WL_FORWARD, &ret->forward);
  add_fsdp(e, kind, WL_BACKWARD, &ret->backward);
  add_offload(e, kind, &ret->forward);
  add_offload(e, kind, &ret->backward);
}

double train_layer_params(const struct train_env *e, enum train_layer_kind kind, double *ret_experts) {
  double dense = 0, experts;
  *ret_experts = 0;
  for (const enum wl_block *b = blocks[kind]; *b != WL_BLOCKS; b++) {
    dense += wl_block_params(&e->share, *b, &experts);
    *ret_experts += experts;
  }
  return dense;
}

static double activations(const struct train_env *e, enum train_layer_kind kind, int keep) {
  double bytes = 0;
  for (const enum wl_block *b = blocks[kind]; *b != WL_BLOCKS; b++)
    bytes += wl_block_activation_bytes(&e->share, *b, keep);
  return bytes;
}

double train_layer_activations(const struct train_env *e, enum train_layer_kind kind) {
  double share = e->plan.recompute == RECOMPUTE_FULL ? e->recompute_share : 1;
  double stay = is_end(kind) ? 1 : 1 - e->offload_share;
  return stay * (share * activations(e, kind, (int)e->plan.recompute) + (1 - share) * activations(e, kind, 0));
}

double train_layer_working_set(const struct train_env *e, enum train_layer_kind kind) {
  return activations(e, kind, 0);
}
