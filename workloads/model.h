/* Model shapes, read from Hugging Face config.json files as they are; counts derived from them. Never names a GPU. */
#ifndef WORKLOADS_MODEL_H
#define WORKLOADS_MODEL_H
#include <stdbool.h>
#include <stddef.h>
#include "base/dtype.h"
#include "base/err.h"

struct wl_model {
  const char *name;
  int layers, hidden, heads, kv_heads, head_dim, ffn, vocab, max_positions;
  bool gated;   /* SwiGLU-like: two up projections */
  bool tied;    /* output head shares the embedding */
  bool encoder; /* BERT-like: no causal mask, no cache */
  bool learned_positions, qkv_bias, qk_norm;
  bool post_norms; /* attention and MLP end in a norm of their own, beside the one they begin with (Gemma 2 and 3) */
  bool own_prompts; /* its publisher's library encodes conversations; those of others are rendered from a template, then cut into tokens */
  bool composed_gelu;     /* its code writes GELU out in powers and a tanh */
  int sliding_window;     /* 0 = none */
  double windowed_layers; /* share of layers that attend to the window only */
  /* multi-head latent attention (mla) */
  bool mla;
  int q_lora, kv_lora, qk_nope, qk_rope, v_head;
  /* mixture of experts; experts 0 = dense */
  int experts, topk, expert_ffn, shared_experts, shared_ffn, dense_layers /* first layers that stay dense */,
      moe_every /* 1 = each layer */;
  int expert_groups, topk_groups; /* node-limited routing; 0 = none */
  int mtp_layers;
  int moe_latent; /* routed experts work on a compressed token of this width; 0 = on hidden */
  /* hybrids: when any of these is stated, layers = mamba + attention + plain mlp + moe, each a layer of its own */
  int mamba_layers, attention_layers, mlp_layers;
  int mamba_heads, mamba_head_dim, mamba_state, mamba_groups;
  enum dtype weights; /* format of the published checkpoint */
  const char *source, *grade; /* of the file or row that states the shape */
};

struct wl_counts {
  double params,
      params_active; /* without MTP layers; active = per token, embeddings included as the publishers count them */
  double params_mtp;
  double params_embedding, params_head;
  double params_dense_gemm; /* GEMM weights outside experts and head, all layers */
  double params_experts, params_experts_active;
  double kv_elems_per_token;           /* cached elements per token, all layers (MLA: latent + rope) */
  double fwd_flops_per_token;          /* GEMMs alone, 2 per weight, without attention scores */
  double attn_flops_per_token_per_ctx; /* add x context length, all layers, forward, no causal halving */
};
bool wl_is_hybrid(const struct wl_model *m); /* mixers and MLPs are layers of their own */
int wl_moe_layers(const struct wl_model *m);
int wl_attention_layers(const struct wl_model *m);
int wl_mlp_layers(const struct wl_model *m); /* layers with a dense MLP */
void wl_model_count(const struct wl_model *m, struct wl_counts *ret);
/* FLOP of one training step per token at sequence length s (forward + backward = 3 x forward, causal attention halved),
 * the MFU convention. */
double wl_train_flops_per_token(const struct wl_model *m, double seq_len);

struct wl_models; /* a library of models by name */
/* dirs: folders of *.json (Hugging Face config.json, the file name less ".json" and the organisation before "--" is the
 * name) and shapes.csv, later ones win. */
struct wl_models *wl_models_load(const char *const *dirs, size_t n, struct errs *errs);
void wl_models_free(struct wl_models *l);
/* By name or alias; case, punctuation, training states, formats, dates and versions ("-Instruct-2507-AWQ", "-v0.3") ignored. NULL when unknown. */
const struct wl_model *wl_model_find(const struct wl_models *l, const char *name);
/* The same for names in tables, which say more than a model ("Llama-3-8B, LoRA"): cut from the right at '-', '/', '.', '(' or blank until the library knows what is left; NULL
 * too when what was cut off states another size ("33B", half as much again). */
const struct wl_model *wl_model_read(const struct wl_models *l, const char *name);
const char *wl_model_nearest(const struct wl_models *l, const char *name);
const struct wl_model *wl_model_at(const struct wl_models *l, size_t i);
/* The i-th figure of a shape as shapes.csv has it: its name, the value as text ("" = not so); NULL at the end. */
const char *wl_model_figure(const struct wl_model *m, size_t i, char *text, size_t size);
#endif
