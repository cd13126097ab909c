/* What one rank computes and exchanges for one micro-batch: operations with shapes, bytes and groups, no seconds. The
 * lists are priced by sim/train_cost. Counting rules and sources: docs/models-training.md. */
#ifndef WORKLOADS_TRAIN_OPS_H
#define WORKLOADS_TRAIN_OPS_H
#include "workloads/model.h"

enum wl_block { WL_EMBEDDING, WL_ATTENTION, WL_MLP, WL_MOE, WL_MAMBA, WL_HEAD, WL_BLOCKS };
enum wl_pass { WL_FORWARD, WL_BACKWARD };
/* How element-wise work becomes kernels: JIT = bias, dropout and residual scripted together around unfused attention
 * (Megatron of 2019-22); EAGER = one kernel per operator of the source, flash attention; FULL = one kernel per chain. */
enum wl_fusion { WL_FUSION_JIT, WL_FUSION_EAGER, WL_FUSION_FULL };
enum wl_op_kind { WL_OP_GEMM, WL_OP_GROUPED, WL_OP_SCORES, WL_OP_STREAM, WL_OP_COLLECTIVE };
enum wl_group { WL_GROUP_TP, WL_GROUP_EP, WL_GROUP_ETP, WL_GROUP_CP };
enum wl_exchange { WL_X_ALL_REDUCE, WL_X_ALL_GATHER, WL_X_REDUCE_SCATTER, WL_X_ALL_TO_ALL, WL_X_RING };

struct wl_op {
  enum wl_op_kind kind;
  bool low;         /* computed in the plan's low precision (linear layers); else in 16 bit */
  bool weight_grad; /* nothing downstream waits for it: zero-bubble schedules may delay it */
  bool causal;      /* scores: half of them are masked */
  bool misaligned;  /* product whose rows do not begin at multiples of 16 bytes (in 16 bit) */
  bool scores_only; /* part of the attention core: repeated by selective recomputation */
  double m, n, k;   /* GEMM; grouped: m = rows in all; all-to-all: m tokens go to n experts each, k bytes a copy */
  double groups;    /* grouped */
  double batch, heads, kv_heads, q_len, kv_len, d_qk, d_v; /* scores */
  double bytes;   /* stream: read + written; collective: as hw_coll_op counts them */
  double kernels; /* stream and scores: launches */
  enum wl_exchange exchange;
  bool exposed; /* collective: nothing is cut up to run beside it */
  enum wl_group group;
};
enum { WL_MAX_OPS = 48 };
struct wl_ops {
  struct wl_op op[WL_MAX_OPS];
  int n;
};

struct wl_share { /* how the work is cut */
  const struct wl_model *model;
  double seqs, seq_len; /* micro-batch, whole length */
  double packed_len; /* samples packed into a sequence attend to themselves alone: their mean length; 0 = not packed */
  int tp, cp, ep, etp; /* etp: tensor parallelism inside an expert */
  bool sequence_parallel;
  enum wl_fusion fusion;
  double element_bytes; /* of activations: 0 or 2, in single precision 4 */
  bool low_precision; /* FP8/FP4 linear layers: their inputs are cast, `cast_bytes` per element */
  double expert_cast_bytes; /* the same for the products of experts, whose casts make scales of blocks by the way */
  double cast_bytes;
  double permute;        /* x on the traffic of sorting tokens to experts and back */
  double scan_bytes;     /* of a Mamba-2 scan: traffic per inner element and pass forward, twice that backward */
  double biased_experts; /* x on the traffic of activations in experts with biases (eager kernels instead of a fused one) */
  double dispatch_bytes; /* bytes per element that tokens are sent to experts with */
  double grad_bytes;     /* 4: weight gradients accumulate in fp32 (read + write); 0: FSDP-like, no accumulation */
  bool frozen;           /* LoRA: no weight gradients of the base weights */
  bool adapt_output, adapt_mlp; /* of the frozen layers queries, keys and values have an adapter beside them; attention's output and the MLP where they say so */
  double dequant_bytes;  /* frozen weights are kept in 4 bits: traffic per weight to have them in 16; 0 = they are not */
  bool head_in_16bit;
  bool autocast;     /* weights, norms, residuals and losses in 32 bits, cast for each product */
  bool pads_vocab;   /* the head has a multiple of 8 columns */
  double loss_bytes; /* per logit, both passes; 0 = counted by fusion */
};
double wl_rank_tokens(const struct wl_share *s); /* of one micro-batch on one rank: seqs x seq_len / cp */
/* Replaces *ret. */
void wl_block_ops(const struct wl_share *s, enum wl_block b, enum wl_pass p, struct wl_ops *ret);

/* Weights of one block on one rank: dense ones (divided by tp) and experts (divided by ep x etp). */
double wl_block_params(const struct wl_share *s, enum wl_block b, double *ret_experts);
/* Bytes kept from forward to backward by one block for one micro-batch; `keep` 0 = all, 1 = without the attention core,
 * 2 = input alone. */
double wl_block_activation_bytes(const struct wl_share *s, enum wl_block b, int keep);
#endif
