/* What one GPU of a serving replica computes in an iteration: GEMMs, experts, attention, collectives, as shapes and bytes for a layout. Sizes are
 * per rank; rows (tokens) are the caller's. Formulas: docs/models-serving.md. */
#ifndef WORKLOADS_SERVE_OPS_H
#define WORKLOADS_SERVE_OPS_H
#include <stdbool.h>
#include "base/dtype.h"
#include "workloads/model.h"

struct wl_serve_layout {
  int tp;      /* ranks that share one attention */
  int dp;      /* attention replicas inside a stage (data-parallel attention) */
  int pp;
  int ep;      /* ways the experts are spread over a stage's tp x dp ranks; the rest splits each expert */
  enum dtype weights, kv, compute; /* stored weights, cache, matrix units */
  bool mixed_checkpoint; /* a published FP8 file that leaves attention in 2 bytes */
};
enum { WL_SERVE_GEMMS = 14 };
struct wl_serve_gemm {
  double n, k, batch;
  double count;      /* layers that have it, all stages */
  bool quantised;    /* in the layout's weight format; else 2 bytes and 16-bit units */
  bool shared_rows;  /* rows are those of the whole stage (all dp replicas); else of one attention replica */
};
struct wl_serve_ops {
  int gemms;
  struct wl_serve_gemm gemm[WL_SERVE_GEMMS];
  double layers;                 /* a mixer and an MLP are one */
  /* experts */
  double moe_layers, experts, topk, ep, expert_n_up, expert_n_down_k, expert_hidden, hidden; /* up: [expert_hidden -> n_up], down: [n_down_k -> expert_hidden] */
  /* attention of one rank */
  double heads, kv_heads, d_qk, d_v, prefill_kv_heads, prefill_d_qk, prefill_d_v;
  bool mla, encoder;
  double attn_layers, full_layers, window_layers, window;
  /* scans of one rank: state of a sequence per layer, bytes a token streams per layer */
  double scan_layers, scan_state_bytes, scan_token_bytes;
  double kv_bytes_elem;
  double norm_kernels, norm_bytes; /* of norms beyond the two of a layer: launches, bytes a token of 16-bit activations, per layer */
  double kernels;                /* launched one by one for all layers of a stage, without graphs: counted, not measured */
  /* head */
  double head_n, head_k, logits_vocab;
  /* communication per iteration */
  double all_reduces;            /* per iteration, of rows x hidden x 2 bytes among tp (or all ranks of the stage for experts) */
  double a2a_layers;             /* layers with dispatch and combine */
  double dispatch_bytes, combine_bytes; /* per token and layer, one copy of it */
  double bulk_share;             /* of a token's copies, one for each expert, leave the node when many tokens go at once: one per node that node-limited routing reaches, spread inside over the scale-up link */
  double embed_bytes;
  /* memory of the fullest GPU */
  double weight_bytes;
  double kv_bytes_per_token;     /* per cached token of an attention replica, fullest stage */
  double act_bytes_per_token;    /* peak activation bytes per token of the budget */
  double logits_per_seq;         /* that a rank keeps of a sequence */
};
void wl_serve_describe(const struct wl_model *m, const struct wl_serve_layout *l, struct wl_serve_ops *ret);
/* Expected distinct experts hit by `tokens` tokens that choose topk of E uniformly: E (1 - (1 - k/E)^tokens). */
double wl_experts_touched(double experts, double topk, double tokens);
/* The same on the rank with most of them, of `ranks` that hold E / ranks each: the expected largest of as many binomial counts. */
double wl_experts_touched_most(double experts, double topk, double tokens, double ranks);
#endif
