/* Hugging Face config.json as found. Every family spells the same few numbers differently and leaves out its own
 * defaults: one table of spellings, one table of family defaults (those of transformers' configuration classes). */
#include "workloads/model_json.h"
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include "base/json.h"

struct spelling {
  size_t offset;
  const char *keys[6]; /* the first that is there wins */
};
#define FIELD(member, ...)                                                                                             \
  {                                                                                                                    \
    offsetof(struct wl_model, member), {                                                                               \
      __VA_ARGS__                                                                                                      \
    }                                                                                                                  \
  }
static const struct spelling spellings[] = {
    FIELD(layers, "num_hidden_layers", "n_layer", "n_layers", "num_layers"),
    FIELD(hidden, "hidden_size", "n_embd", "d_model", "n_embed"),
    FIELD(heads, "num_attention_heads", "n_head", "n_heads"),
    FIELD(kv_heads, "num_key_value_heads", "num_kv_heads", "n_head_kv", "multi_query_group_num"),
    FIELD(head_dim, "head_dim", "attention_head_dim", "kv_channels"),
    FIELD(ffn, "intermediate_size_mlp", "intermediate_size", "n_inner", "ffn_dim", "ffn_hidden_size"),
    FIELD(vocab, "vocab_size", "padded_vocab_size"),
    FIELD(max_positions, "max_position_embeddings", "n_positions", "n_ctx", "max_seq_len", "seq_length"),
    FIELD(sliding_window, "sliding_window"),
    FIELD(q_lora, "q_lora_rank"),
    FIELD(kv_lora, "kv_lora_rank"),
    FIELD(qk_nope, "qk_nope_head_dim"),
    FIELD(qk_rope, "qk_rope_head_dim"),
    FIELD(v_head, "v_head_dim"),
    FIELD(experts, "n_routed_experts", "num_local_experts", "num_experts", "moe_num_experts"),
    FIELD(topk, "num_experts_per_tok", "experts_per_token", "moe_topk", "moe_top_k"),
    FIELD(expert_ffn, "moe_intermediate_size", "expert_intermediate_size", "moe_ffn_hidden_size"),
    FIELD(shared_experts, "n_shared_experts", "num_shared_experts"),
    FIELD(shared_ffn, "shared_expert_intermediate_size", "moe_shared_expert_intermediate_size"),
    FIELD(dense_layers, "first_k_dense_replace", "num_dense_layers"),
    FIELD(moe_every, "decoder_sparse_step", "interleave_moe_layer_step", "moe_layer_freq"),
    FIELD(expert_groups, "n_group"),
    FIELD(topk_groups, "topk_group"),
    FIELD(mtp_layers, "num_nextn_predict_layers"),
    FIELD(moe_latent, "moe_latent_size"),
    FIELD(mamba_heads, "mamba_num_heads"),
    FIELD(mamba_head_dim, "mamba_head_dim"),
    FIELD(mamba_state, "ssm_state_size", "mamba_d_state"),
    FIELD(mamba_groups, "n_groups", "mamba_n_groups"),
};

/* What a family's configuration class assumes when the file is silent. */
struct family {
  const char *type; /* prefix of model_type */
  bool gated, tied, learned_positions, encoder, qkv_bias, qk_norm, post_norms, own_prompts;
  int ffn_multiple; /* ffn = this x hidden; 0 = must be stated */
};
static const struct family families[] = {
    {.type = "llama", .gated = true},
    {.type = "mistral", .gated = true},
    {.type = "mixtral", .gated = true},
    {.type = "qwen3", .gated = true, .qk_norm = true},
    {.type = "qwen2", .gated = true, .qkv_bias = true},
    {.type = "deepseek", .gated = true},
    {.type = "kimi", .gated = true},
    {.type = "glm4", .gated = true},
    {.type = "gpt_oss", .gated = true, .qkv_bias = true, .own_prompts = true},
    {.type = "gemma3", .gated = true, .tied = true, .qk_norm = true, .post_norms = true},
    {.type = "gemma2", .gated = true, .tied = true, .post_norms = true},
    {.type = "gemma", .gated = true, .tied = true},
    {.type = "phi3", .gated = true},
    {.type = "internlm", .gated = true},
    {.type = "baichuan", .gated = true},
    {.type = "nemotron", .gated = false},
    {.type = "gpt2", .tied = true, .learned_positions = true, .qkv_bias = true, .ffn_multiple = 4},
    {.type = "gpt_neox", .qkv_bias = true, .ffn_multiple = 4},
    {.type = "gpt_neo", .tied = true, .learned_positions = true, .ffn_multiple = 4},
    {.type = "gptj", .ffn_multiple = 4},
    {.type = "gpt_bigcode", .tied = true, .learned_positions = true, .qkv_bias = true, .ffn_multiple = 4},
    {.type = "bloom", .tied = true, .qkv_bias = true, .ffn_multiple = 4},
    {.type = "opt", .tied = true, .learned_positions = true, .qkv_bias = true},
    {.type = "mpt", .tied = true, .ffn_multiple = 4},
    {.type = "falcon", .tied = true, .ffn_multiple = 4},
    {.type = "bert", .tied = true, .learned_positions = true, .encoder = true, .qkv_bias = true, .ffn_multiple = 4},
    {.type = "roberta", .tied = true, .learned_positions = true, .encoder = true, .qkv_bias = true, .ffn_multiple = 4},
    {.type = "distilbert",
     .tied = true,
     .learned_positions = true,
     .encoder = true,
     .qkv_bias = true,
     .ffn_multiple = 4},
    {.type = "xlm-roberta",
     .tied = true,
     .learned_positions = true,
     .encoder = true,
     .qkv_bias = true,
     .ffn_multiple = 4},
    {.type = "", .gated = true}, /* an unknown decoder of today */
};

static const struct family *family_of(const char *type) {
  for (size_t i = 0;; i++)
    if (strncmp(type, families[i].type, strlen(families[i].type)) == 0)
      return &families[i];
}

static const char *text_of(const json_t *o, const char *key) {
  const json_t *v = json_object_get(o, key);
  return json_is_string(v) ? json_string_value(v) : "";
}

static bool flag_of(const json_t *o, const char *key, bool otherwise) {
  const json_t *v = json_object_get(o, key);
  return json_is_boolean(v) ? json_is_true(v) : otherwise;
}

enum { MOST = 100000000 }; /* of anything that is counted here */

/* A count: a whole number in 0..MOST. Lists hold per-layer values: the largest is the layer that matters. */
static bool count_of(const json_t *v, int *ret) {
  if (json_is_array(v)) {
    int most = 0, n;
    for (size_t i = 0; i < json_array_size(v); i++) {
      if (!count_of(json_array_get(v, i), &n))
        return false;
      most = n > most ? n : most;
    }
    *ret = most;
    return true;
  }
  double d = json_is_number(v) ? json_number_value(v) : -1;
  if (!(d >= 0 && d <= MOST) || d != (double)(int)d)
    return false;
  *ret = (int)d;
  return true;
}

static void read_counts(const json_t *o, const char *path, struct wl_model *m, struct errs *errs) {
  for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++)
    for (size_t k = 0; k < 6 && spellings[i].keys[k]; k++) {
      const json_t *v = json_object_get(o, spellings[i].keys[k]);
      if (!v || json_is_null(v) || json_is_boolean(v))
        continue;
      int n;
      if (count_of(v, &n)) {
        memcpy((char *)m + spellings[i].offset, &n, sizeof n);
        break;
      }
      errs_add(errs, path, 0, spellings[i].keys[k], "expected a whole number from 0 to 100000000");
    }
}

/* One letter or name per layer: "M*E-" (Nemotron hybrids) or layer_types (windows). */
static void read_layer_pattern(const json_t *o, struct wl_model *m) {
  const char *p = text_of(o, "hybrid_override_pattern");
  for (; *p; p++) {
    m->mamba_layers += *p == 'M';
    m->attention_layers += *p == '*';
    m->mlp_layers += *p == '-';
  }
  const json_t *types = json_object_get(o, "layer_types");
  size_t n = json_array_size(types), windowed = 0;
  for (size_t i = 0; i < n; i++) {
    const char *t = json_string_value(json_array_get(types, i));
    windowed += t && strcmp(t, "sliding_attention") == 0;
  }
  if (n > 0)
    m->windowed_layers = (double)windowed / (double)n;
  else if (m->sliding_window > 0)
    m->windowed_layers = flag_of(o, "use_sliding_window", true) ? 1 : 0;
}

static void read_format(const json_t *root, const json_t *o, struct wl_model *m) {
  const json_t *q = json_object_get(root, "quantization_config");
  const char *fmt = text_of(q, "fmt"), *method = text_of(q, "quant_method");
  int bits = 0;
  const json_t *b = json_object_get(q, "bits");
  if (json_is_integer(b))
    bits = (int)json_integer_value(b);
  m->weights = DT_BF16;
  if (!dtype_parse(text_of(o, "torch_dtype"), &m->weights))
    dtype_parse(text_of(o, "dtype"), &m->weights);
  if (bits == 4)
    m->weights = DT_INT4;
  else if (bits == 8)
    m->weights = DT_INT8;
  else if (json_is_object(q) && !dtype_parse(fmt, &m->weights))
    dtype_parse(method, &m->weights);
}

static void read_flags(const json_t *root, const json_t *o, struct wl_model *m) {
  const char *type = text_of(o, "model_type");
  const struct family *f = family_of(*type ? type : text_of(root, "model_type"));
  const char *act = text_of(o, *text_of(o, "hidden_act") ? "hidden_act" : "mlp_hidden_act");
  m->gated = f->gated && strcmp(act, "relu2") != 0;
  m->tied = flag_of(root, "tie_word_embeddings", f->tied);
  m->learned_positions = f->learned_positions;
  m->encoder = f->encoder;
  m->own_prompts = f->own_prompts;
  m->qkv_bias = flag_of(o, "attention_bias", f->qkv_bias);
  m->qk_norm = flag_of(o, "use_qk_norm", f->qk_norm);
  m->post_norms = f->post_norms;
  m->composed_gelu = strcmp(text_of(o, *act ? "hidden_act" : "activation_function"), "gelu_new") == 0;
  m->mla = m->kv_lora > 0;
  if (flag_of(o, "multi_query", false) && m->kv_heads == 0)
    m->kv_heads = 1;
  int ratio = f->ffn_multiple;
  const json_t *stated = json_object_get(o, "expansion_ratio");
  if (json_is_integer(stated) && count_of(stated, &ratio))
    m->ffn = 0;
  if (m->ffn == 0 && ratio > 0 && m->hidden <= MOST / ratio)
    m->ffn = ratio * m->hidden;
  const json_t *dense = json_object_get(o, "intermediate_size_mlp");
  if (json_is_integer(dense) && m->expert_ffn == 0) /* Llama 4: the plain key is the experts' */
    count_of(json_object_get(o, "intermediate_size"), &m->expert_ffn);
  if (json_is_integer(dense) && m->experts > 0 && m->shared_experts == 0)
    m->shared_experts = 1;
}

bool wl_model_complete(struct wl_model *m, char *why, size_t why_size) {
  struct {
    const char *name;
    int value;
  } needed[] = {{"layers", m->layers}, {"hidden", m->hidden}, {"heads", m->heads}, {"vocab", m->vocab}};
  for (size_t i = 0; i < 4; i++)
    if (needed[i].value <= 0) {
      snprintf(why, why_size, "%s is not stated", needed[i].name);
      return false;
    }
  if (m->kv_heads == 0)
    m->kv_heads = m->heads;
  if (m->head_dim == 0)
    m->head_dim = m->mla && m->v_head > 0 ? m->v_head : m->hidden / m->heads;
  if (m->experts > 0) {
    m->expert_ffn = m->expert_ffn > 0 ? m->expert_ffn : m->ffn;
    m->topk = m->topk > 0 ? m->topk : 1;
    m->moe_every = m->moe_every > 0 ? m->moe_every : 1;
    if (m->shared_ffn > 0 && m->shared_experts == 0)
      m->shared_experts = 1;
    if (m->shared_experts > 0 && m->shared_ffn == 0)
      m->shared_ffn = m->expert_ffn;
  }
  if (m->ffn == 0 && (m->experts == 0 || wl_mlp_layers(m) > 0)) {
    snprintf(why, why_size, "the width of the MLP is not stated");
    return false;
  }
  if (m->head_dim <= 0 || m->kv_heads > m->heads || m->topk > m->experts || m->dense_layers > m->layers ||
      (m->experts > 0 && m->expert_ffn <= 0) || wl_moe_layers(m) < 0) {
    snprintf(why, why_size, "heads, experts or layers do not fit together");
    return false;
  }
  return true;
}

bool wl_model_from_json(struct arena *a, const char *path, const char *name, struct wl_model *ret, struct errs *errs) {
  json_t *root = json_read(path, errs);
  if (!root)
    return false;
  size_t before = errs_count(errs);
  struct wl_model m = {.name = arena_strdup(a, name)};
  const json_t *o = json_object_get(root, "text_config"); /* multimodal models keep the decoder there */
  if (!json_is_object(o))
    o = root;
  char why[120];
  read_counts(o, path, &m, errs);
  read_flags(root, o, &m);
  read_layer_pattern(o, &m);
  read_format(root, o, &m);
  if (errs_count(errs) == before && !wl_model_complete(&m, why, sizeof why))
    errs_add(errs, path, 0, name, "not a model configuration: %s", why);
  json_decref(root);
  if (errs_count(errs) != before)
    return false;
  *ret = m;
  return true;
}
