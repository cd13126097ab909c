/* Model shapes against published parameter totals, and the readers against files that lie. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/datadir.h"
#include "base/mem.h"
#include "tests/cu.h"
#include "workloads/launches.h"
#include "workloads/model.h"
#include "workloads/phases.h"
#include "workloads/stack.h"
#include "workloads/train_ops.h"

static struct wl_models *shipped(void) {
  static struct wl_models *l;
  if (!l) {
    struct arena *a = arena_create();
    struct errs *errs = errs_create();
    const char *dir = datadir_path(a, "workloads/catalog/models");
    l = wl_models_load(&dir, 1, errs);
    for (size_t i = 0; i < errs_count(errs); i++)
      printf("%s\n", errs_text(errs, i));
    errs_destroy(errs);
    arena_destroy(a);
  }
  return l;
}

static struct wl_counts count(const char *name) {
  struct wl_counts c = {0};
  const struct wl_model *m = shipped() ? wl_model_find(shipped(), name) : NULL;
  CU_ASSERT_PTR_NOT_NULL(m);
  if (m)
    wl_model_count(m, &c);
  else
    printf("no model %s\n", name);
  return c;
}

/* Published totals (model cards and papers), in billions; the tolerance is half a unit of the last digit published, or
 * 1 %. */
static void test_totals(void) {
  static const struct {
    const char *name;
    double total, active, rel;
    bool no_embedding; /* its active count leaves the embedding out */
  } published[] = {
      {"DeepSeek-V3", 671, 37, 0.005, false},
      {"DeepSeek-R1", 671, 37, 0.005, false},
      {"DeepSeek-V2", 236, 21, 0.01, false},
      {"DeepSeek-V2-Lite", 15.7, 2.4, 0.02, true},
      {"Llama-3.1-405B", 405.85, 0, 0.001, false},
      {"Llama-3.1-70B", 70.55, 0, 0.001, false},
      {"Llama-3.1-8B", 8.03, 0, 0.001, false},
      {"Llama-2-7B", 6.74, 0, 0.001, false},
      {"Llama-2-13B", 13.02, 0, 0.001, false},
      {"Llama-2-70B", 68.98, 0, 0.001, false},
      {"Mixtral-8x7B", 46.7, 12.9, 0.002, false},
      {"Mixtral-8x22B", 140.6, 39.1, 0.002, false},
      {"Qwen3-235B-A22B", 235.1, 22.2, 0.005, false},
      {"Qwen3-30B-A3B", 30.5, 3.3, 0.02, false},
      {"Qwen3-32B", 32.76, 0, 0.001, false},
      {"Qwen3-8B", 8.19, 0, 0.001, false},
      {"R1-Distill-Qwen-32B", 32.76, 0, 0.001, false},
      {"R1-Distill-Llama-70B", 70.55, 0, 0.001, false},
      {"GPT-3 175B", 175, 0, 0.005, false},
      {"BERT-base", 0.1095, 0, 0.001, false},
      {"BERT-large", 0.3351, 0, 0.001, false},
      {"BLOOM-176B", 176.25, 0, 0.001, false},
      {"gpt-oss-120b", 116.8, 5.1, 0.02, true},
      {"gpt-oss-20b", 20.9, 3.6, 0.03, true},
      {"gpt2", 0.1244, 0, 0.001, false},
      {"gpt2-xl", 1.5576, 0, 0.001, false},
      {"Grok-1", 314, 0, 0.01, false},
      {"Nemotron-4-340B", 340, 0, 0.01, false},
      {"Llama-4-Maverick", 400, 17, 0.02, false},
      {"Llama-4-Scout", 109, 17, 0.03, false},
      {"Kimi-K2", 1026, 32, 0.02, false},
      {"DBRX", 132, 36, 0.02, false},
      {"Gemma-3-12B", 11.8, 0, 0.02, false},
      {"Gemma-3-27B", 27.0, 0, 0.02, false},
      {"Nemotron-H-56B", 56, 0, 0.02, false},
      {"Nemotron-3-Super", 120, 12.7, 0.01, false},
      {"Nemotron-3-Nano", 31.6, 3.6, 0.06, false},
      {"OPT-175B", 175, 0, 0.01, false},
      {"Falcon-180B", 180, 0, 0.01, false},
      {"GLM-130B", 130, 0, 0.02, false},
      {"MT-NLG-530B", 530, 0, 0.01, false},
  };
  for (size_t i = 0; i < sizeof published / sizeof *published; i++) {
    struct wl_counts c = count(published[i].name);
    double active = c.params_active - (published[i].no_embedding ? c.params_embedding : 0);
    double err = c.params / 1e9 / published[i].total - 1;
    double err_active = published[i].active > 0 ? active / 1e9 / published[i].active - 1 : 0;
    if (fabs(err) > published[i].rel || fabs(err_active) > fmax(published[i].rel, 0.03))
      printf("%s: %.3f total, %.3f active\n", published[i].name, c.params / 1e9, active / 1e9);
    CU_ASSERT(fabs(err) <= published[i].rel);
    CU_ASSERT(fabs(err_active) <= fmax(published[i].rel, 0.03));
  }
}

/* Hand-worked: DeepSeek-V3 caches 61 x (512 + 64) elements, Llama-3.1-70B 80 x 2 x 8 x 128; MTP adds the
 * published 11.5B of its own weights. */
static void test_cache_and_flops(void) {
  struct wl_counts v3 = count("DeepSeek-V3"), l70 = count("Llama-3.1-70B"), gpt3 = count("GPT-3 175B");
  CU_CLOSE(v3.kv_elems_per_token, 61 * 576.0, 1e-12);
  CU_CLOSE(l70.kv_elems_per_token, 80 * 2 * 8 * 128.0, 1e-12);
  CU_CLOSE(v3.params_mtp, 11.5e9, 0.01);
  CU_CLOSE(gpt3.fwd_flops_per_token, 96 * 24.0 * 12288 * 12288 + 2.0 * 51200 * 12288, 1e-12);
  CU_CLOSE(gpt3.attn_flops_per_token_per_ctx, 96 * 4.0 * 12288, 1e-12);
  /* Narayanan et al.: 72 s l h^2 (1 + s/6h + V/12lh) counts the whole score matrix; ours counts the causal half of it.
   */
  const struct wl_model *m = wl_model_find(shipped(), "GPT-3 175B");
  double h = 12288, s = 2048, full = 72 * 96 * h * h * (1 + s / (6 * h) + 51200 / (12 * 96 * h));
  CU_CLOSE(wl_train_flops_per_token(m, s), full - 72 * 96 * h * h * s / (12 * h), 1e-9);
}

static void test_names(void) {
  const struct wl_models *l = shipped();
  static const char *const spelled[][2] = {{"LLAMA3.1_405B", "Llama-3.1-405B"},
                                           {"meta-llama/Meta-Llama-3.1-70B-Instruct", "Llama-3.1-70B"},
                                           {"Qwen3_235B_a22B (tokendrop)", "Qwen3-235B-A22B"},
                                           {"DeepSeekV3", "DeepSeek-V3"},
                                           {"deepseek-ai/DeepSeek-R1", "DeepSeek-R1"},
                                           {"GPT OSS 120B", "gpt-oss-120b"},
                                           {"Nemotron4-340B", "Nemotron-4-340B"}};
  for (size_t i = 0; i < 7; i++) {
    const struct wl_model *m = wl_model_find(l, spelled[i][0]);
    CU_ASSERT_PTR_NOT_NULL_FATAL(m);
    CU_ASSERT_STRING_EQUAL(m->name, spelled[i][1]);
  }
  CU_ASSERT_PTR_NULL(wl_model_find(l, "no such model"));
  CU_ASSERT_STRING_EQUAL(wl_model_nearest(l, "Lama-3.1-70B"), "Llama-3.1-70B");
}

/* Older spellings with missing keys: GPT-2 style counts, NeoX, Bloom. */
static const char *const odd_files[][3] = {
    {"a.json",
     "{\"model_type\":\"gpt2\",\"n_layer\":12,\"n_embd\":768,\"n_head\":12,\"n_positions\":1024,\"vocab_size\":50257}",
     "0.1244"},
    {"b.json",
     "{\"model_type\":\"gpt_neox\",\"num_hidden_layers\":44,\"hidden_size\":6144,\"num_attention_heads\":64,\"vocab_"
     "size\":50432}",
     "20.55"},
    {"c.json", "{\"model_type\":\"bloom\",\"n_layer\":30,\"n_embed\":4096,\"n_head\":32,\"vocab_size\":250880}",
     "7.069"},
    {"d.json",
     "{\"model_type\":\"mpt\",\"d_model\":4096,\"n_heads\":32,\"n_layers\":32,\"expansion_ratio\":4,\"vocab_size\":"
     "50432}",
     "6.65"},
};

static void write_file(const char *dir, const char *name, const char *text) {
  char path[300];
  snprintf(path, sizeof path, "%s/%s", dir, name);
  FILE *f = fopen(path, "w");
  CU_ASSERT_PTR_NOT_NULL_FATAL(f);
  fputs(text, f);
  fclose(f);
}

static void remove_dir(const char *dir, const char *const *names, size_t n) {
  char path[300];
  for (size_t i = 0; i < n; i++) {
    snprintf(path, sizeof path, "%s/%s", dir, names[i]);
    unlink(path);
  }
  rmdir(dir);
}

static void test_old_spellings(void) {
  char dir[] = "models_own_XXXXXX";
  CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
  const char *d = dir, *names[4];
  for (size_t i = 0; i < 4; i++)
    write_file(dir, names[i] = odd_files[i][0], odd_files[i][1]);
  struct errs *errs = errs_create();
  struct wl_models *l = wl_models_load(&d, 1, errs);
  CU_ASSERT_PTR_NOT_NULL_FATAL(l);
  for (size_t i = 0; i < 4; i++) {
    struct wl_counts c;
    wl_model_count(wl_model_at(l, i), &c);
    CU_CLOSE(c.params / 1e9, strtod(odd_files[i][2], NULL), 0.005);
  }
  wl_models_free(l);
  errs_destroy(errs);
  remove_dir(dir, names, 4);
}

/* All that is wrong is said at once, with the file's name; nothing is returned. */
static void test_bad_files(void) {
  char dir[] = "models_own_XXXXXX";
  CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
  const char *d = dir, *names[] = {"a.json", "b.json", "c.json", "shapes.csv"};
  write_file(dir, "a.json", "{\"model_type\":\"llama\",");
  write_file(dir, "b.json",
             "{\"model_type\":\"llama\",\"hidden_size\":-4,\"num_hidden_layers\":1e20,\"num_attention_heads\":\"x\"}");
  write_file(dir, "c.json", "{\"model_type\":\"llama\",\"hidden_size\":64}");
  write_file(dir, "shapes.csv", "model,layers,hidden,heads,vocab,gated\nx,2,64,maybe,100,perhaps\n");
  struct errs *errs = errs_create();
  CU_ASSERT_PTR_NULL(wl_models_load(&d, 1, errs));
  CU_ASSERT(errs_count(errs) >= 7);
  for (size_t i = 0; i < errs_count(errs); i++)
    CU_ASSERT_PTR_NOT_NULL(strstr(errs_text(errs, i), dir));
  errs_destroy(errs);
  remove_dir(dir, names, 4);
}

/* ---- software stacks ---- */
static void test_stacks(void) {
  CU_CLOSE(wl_software_date("nemo 25.05.05"), 2025 + 4.0 / 12, 1e-12);
  CU_CLOSE(wl_software_date("hai-llm 2024-12"), 2024 + 11.0 / 12, 1e-12);
  CU_CLOSE(wl_software_date("torchtitan 2024"), 2024, 1e-12);
  CU_ASSERT(wl_software_date("llama3 v2") == 0);
  const struct wl_stacks *l = wl_stacks_shipped();
  CU_ASSERT_PTR_NOT_NULL_FATAL(l);
  bool known;
  const struct wl_stack *old = wl_stack_find(l, "Megatron-LM 2021", "", 0, "A100-SXM-80GB", "ampere", WL_CUT, &known);
  CU_ASSERT(known && old->fusion == WL_FUSION_JIT && old->attention == WL_ATTN_UNFUSED);
  const struct wl_stack *young = wl_stack_find(l, "megatron_lm 2024", "", 0, "H100-SXM-80GB", "hopper", WL_CUT, &known);
  CU_ASSERT(known && young->fusion == WL_FUSION_FULL && young->tp_overlap > 0);
  const struct wl_stack *rack = wl_stack_find(l, "megatron-bridge 26.08", "", 0, "GB200", "blackwell", WL_CUT, &known);
  const struct wl_stack *other = wl_stack_find(l, "megatron-bridge 26.08", "", 0, "B200-SXM", "blackwell", WL_CUT, &known);
  CU_ASSERT(strstr(rack->arch, "GB200") && wl_stack_find(l, "megatron-bridge 26.08", "", 0, "GB300", "blackwell", WL_CUT, &known) == rack && *other->arch == '\0' && rack->host_moe_s < other->host_moe_s);
  const struct wl_stack *recipe = wl_stack_find(l, "megatron-bridge 26.08", "Qwen3-235B-A22B", 0, "H100-SXM-80GB", "hopper", WL_CUT, &known);
  CU_ASSERT(known && !recipe->dedupe && other->dedupe && recipe->host_moe_s == other->host_moe_s);
  const struct wl_stack *fused = wl_stack_find(l, "megatron-bridge 26.08", "Qwen3-235B-A22B", 0, "GB300", "blackwell", WL_CUT, &known);
  CU_ASSERT(fused != rack && fused->ep_overlap > rack->ep_overlap && fused->since > 2026.4 && fused->dedupe);
  CU_ASSERT(wl_stack_find(l, "megatron-bridge 26.04", "Qwen3-235B-A22B", 0, "GB200", "blackwell", WL_CUT, &known) == rack);
  CU_ASSERT(!*wl_stack_find(l, "megatron-core 2025", "Qwen3-235B-A22B", 0, "H100-SXM-80GB", "hopper", WL_CUT, &known)->model);
  const struct wl_stack *unknown = wl_stack_find(l, "somebody-else", "", 2022, "A100-SXM-80GB", "ampere", WL_CUT, &known);
  CU_ASSERT(!known && strcmp(unknown->framework, "default") == 0 && unknown->since <= 2022 && unknown->fusion == WL_FUSION_JIT);
  const struct wl_stack *sharded = wl_stack_find(l, "somebody-else", "", 2024, "H100-SXM-80GB", "hopper", WL_SHARDED, &known);
  CU_ASSERT(!known && sharded->zero == 3 && sharded->fusion == WL_FUSION_EAGER && sharded->recompute == WL_KEEP_AUTO);
  const struct wl_stack *tuned = wl_stack_find(l, "somebody-else", "", 2024, "H100-SXM-80GB", "hopper", WL_TUNED, &known);
  CU_ASSERT(!known && tuned->recompute == WL_KEEP_INPUT && tuned->fusion == sharded->fusion && tuned->host_op_s == sharded->host_op_s);
  const struct wl_stack *hand = wl_stack_find(l, "Transformers 2024-05", "", 0, "A100-SXM-80GB", "ampere", WL_CUT, &known);
  CU_ASSERT(known && hand->recompute == WL_KEEP_INPUT && hand->fusion == WL_FUSION_EAGER && hand->zero3_host_s > 0);
  CU_ASSERT(wl_stack_find(l, "LLaMA Factory 2024-05", "", 0, "A100-SXM-80GB", "ampere", WL_SHARDED, &known) == hand && known);
  CU_ASSERT(wl_stack_find(l, "trl 2023", "", 0, "A100-SXM-80GB", "ampere", WL_SHARDED, &known) != hand && known);
  CU_ASSERT(wl_insitu(l, "GB200", "blackwell", "sustained_clock") >
            wl_insitu(l, "B200-SXM", "blackwell", "sustained_clock"));
  CU_ASSERT(isnan(wl_insitu(l, "", "", "no such figure")));
  const struct wl_trainer *v3 = wl_trainer(l, "DeepSeek-V3", "hopper");
  CU_ASSERT_PTR_NOT_NULL_FATAL(v3);
  CU_ASSERT(v3->pp == 16 && v3->ep == 64);
  CU_ASSERT_PTR_NULL(wl_trainer(l, "DeepSeek-V3", "ampere"));
  const struct wl_trainer *small = wl_usual_trainer(l, 2022, 1e9), *large = wl_usual_trainer(l, 2026, 1e12);
  CU_ASSERT(small->gpus < wl_usual_trainer(l, 2022, 20e9)->gpus && large->gpus > small->gpus && large->vocab > small->vocab);
  CU_ASSERT(wl_usual_trainer(l, 0, 1e9)->vocab == small->vocab && !isfinite(large->up_to_params));
}

/* ---- operations ---- */
/* Bytes that a group's ranks exchange in the forward pass of a block of experts. */
static double exchanged(const struct wl_share *s, enum wl_group g) {
  struct wl_ops ops;
  double sum = 0;
  wl_block_ops(s, WL_MOE, WL_FORWARD, &ops);
  for (int i = 0; i < ops.n; i++)
    sum += ops.op[i].kind == WL_OP_COLLECTIVE && ops.op[i].group == g ? ops.op[i].bytes : 0;
  return sum;
}

/* Multiplied weights are 2 FLOP each forward and 4 backward; a rank does its share of them. */
static double gemm_flops(const struct wl_share *s, enum wl_block b, enum wl_pass p) {
  struct wl_ops ops;
  double sum = 0;
  wl_block_ops(s, b, p, &ops);
  CU_ASSERT(ops.n > 0 && ops.n < WL_MAX_OPS);
  for (int i = 0; i < ops.n; i++)
    if (ops.op[i].kind == WL_OP_GEMM || ops.op[i].kind == WL_OP_GROUPED)
      sum += 2 * ops.op[i].m * ops.op[i].n * ops.op[i].k;
  return sum;
}

static double stream_bytes(const struct wl_share *s, enum wl_block b, enum wl_pass p) {
  struct wl_ops ops;
  double sum = 0;
  wl_block_ops(s, b, p, &ops);
  for (int i = 0; i < ops.n; i++)
    sum += ops.op[i].kind == WL_OP_STREAM ? ops.op[i].bytes : 0;
  return sum;
}

static void test_operations(void) {
  struct wl_share s = {.model = wl_model_find(shipped(), "Llama-3.1-70B"),
                       .seqs = 2,
                       .seq_len = 4096,
                       .tp = 4,
                       .cp = 1,
                       .ep = 1,
                       .etp = 1,
                       .fusion = WL_FUSION_FULL,
                       .sequence_parallel = true};
  double experts, tokens = wl_rank_tokens(&s);
  CU_CLOSE(tokens, 8192, 1e-12);
  double weights = wl_block_params(&s, WL_ATTENTION, &experts) + wl_block_params(&s, WL_MLP, &experts);
  CU_CLOSE(gemm_flops(&s, WL_ATTENTION, WL_FORWARD) + gemm_flops(&s, WL_MLP, WL_FORWARD), 2 * weights * tokens, 1e-12);
  CU_CLOSE(gemm_flops(&s, WL_MLP, WL_BACKWARD), 2 * gemm_flops(&s, WL_MLP, WL_FORWARD), 1e-12);
  s.frozen = true;
  CU_CLOSE(gemm_flops(&s, WL_MLP, WL_BACKWARD), gemm_flops(&s, WL_MLP, WL_FORWARD), 1e-12);
  s.adapt_mlp = true;
  double all_adapted = stream_bytes(&s, WL_MLP, WL_FORWARD); /* 2 bytes of the input, 8 of the output, fused */
  s.adapt_mlp = false;
  double none = stream_bytes(&s, WL_MLP, WL_FORWARD), width = 28672.0 / 4, h = 8192;
  CU_CLOSE(all_adapted - none, tokens * (2 * h + 8 * 2 * width + 2 * width + 8 * h), 1e-12);
  double as_kept = stream_bytes(&s, WL_MLP, WL_BACKWARD);
  s.dequant_bytes = 4; /* weights kept in 4 bits are widened before each use, whatever the batch */
  CU_CLOSE(stream_bytes(&s, WL_MLP, WL_BACKWARD) - as_kept, 4 * wl_block_params(&s, WL_MLP, &experts), 1e-9);
  s.frozen = false;
  struct wl_share v3 = {.model = wl_model_find(shipped(), "DeepSeek-V3"),
                        .seqs = 1,
                        .seq_len = 4096,
                        .tp = 1,
                        .cp = 1,
                        .ep = 64,
                        .etp = 1,
                        .fusion = WL_FUSION_FULL,
                        .permute = 1,
                        .dispatch_bytes = 2,
                        .biased_experts = 1};
  double active = 8 * 3.0 * 7168 * 2048 + 3.0 * 7168 * 2048 + 7168.0 * 256; /* routed, shared, router */
  CU_CLOSE(gemm_flops(&v3, WL_MOE, WL_FORWARD), 2 * active * 4096, 1e-12);
  CU_CLOSE(exchanged(&v3, WL_GROUP_EP), 2 * 4096 * 8 * 7168.0 * 2, 1e-12);
  CU_ASSERT_EQUAL(exchanged(&v3, WL_GROUP_ETP), 0);
  struct wl_share sliced = v3; /* slices of an expert do not multiply what crosses to other experts */
  sliced.ep = 16;
  sliced.etp = 4;
  CU_CLOSE(exchanged(&sliced, WL_GROUP_EP), exchanged(&v3, WL_GROUP_EP), 1e-12);
  CU_CLOSE(exchanged(&sliced, WL_GROUP_ETP), 4 * exchanged(&v3, WL_GROUP_EP), 1e-12);
  CU_CLOSE(gemm_flops(&sliced, WL_MOE, WL_FORWARD), gemm_flops(&v3, WL_MOE, WL_FORWARD), 1e-12);
  wl_block_params(&v3, WL_MOE, &experts);
  CU_CLOSE(experts, 4 * 3.0 * 7168 * 2048, 1e-12); /* 256 over 64 ranks */
  double all = wl_block_activation_bytes(&s, WL_MLP, 0), input = wl_block_activation_bytes(&s, WL_MLP, 2);
  CU_ASSERT(input < 0.2 * all);
}

/* Bytes per token as docs/models-training.md counts them, operator by operator. */
static void test_fusion(void) {
  struct wl_share s = {.model = wl_model_find(shipped(), "Llama-3.1-8B"), .seqs = 1, .seq_len = 1, .tp = 1, .cp = 1, .ep = 1, .etp = 1};
  double h = 4096, f = 14336, q_k = 4096 + 1024;
  s.fusion = WL_FUSION_FULL;
  CU_CLOSE(stream_bytes(&s, WL_ATTENTION, WL_FORWARD), 10 * h + 4 * q_k, 1e-12);
  CU_CLOSE(stream_bytes(&s, WL_MLP, WL_BACKWARD), 14 * h + 10 * f, 1e-12);
  s.fusion = WL_FUSION_EAGER;
  CU_CLOSE(stream_bytes(&s, WL_ATTENTION, WL_FORWARD), 42 * h + 18 * q_k, 1e-12);
  CU_CLOSE(stream_bytes(&s, WL_MLP, WL_BACKWARD), 82 * h + 18 * f, 1e-12);
  struct wl_model plain = *s.model; /* layer norms and GELU are one operator everywhere */
  plain.gated = false;
  s.model = &plain;
  CU_CLOSE(stream_bytes(&s, WL_MLP, WL_FORWARD), 10 * h + 4 * f, 1e-12);
  s.fusion = WL_FUSION_JIT;
  CU_CLOSE(stream_bytes(&s, WL_ATTENTION, WL_BACKWARD), 21 * h + 16 * h, 1e-12);
  CU_CLOSE(stream_bytes(&s, WL_MLP, WL_FORWARD), 11 * h + 4 * f, 1e-12);
  double kept = wl_block_activation_bytes(&s, WL_MLP, 0);
  s.element_bytes = 4; /* single precision: all that is kept or passed is twice as wide, accumulated gradients are not */
  s.grad_bytes = 4;
  CU_CLOSE(stream_bytes(&s, WL_MLP, WL_FORWARD), 2 * (11 * h + 4 * f), 1e-12);
  CU_CLOSE(stream_bytes(&s, WL_MLP, WL_BACKWARD), 2 * (21 * h + 8 * f) + 4 * 2 * h * f, 1e-12);
  CU_CLOSE(wl_block_activation_bytes(&s, WL_MLP, 0), 2 * kept, 1e-12);
}

/* ---- phases ---- */
static struct wl_phases *phases_of(struct arena *a, const char *text, struct errs *errs) {
  char dir[] = "phases_own_XXXXXX", path[300];
  CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
  const char *name = "p.csv";
  write_file(dir, name, text);
  snprintf(path, sizeof path, "%s/%s", dir, name);
  struct wl_phases *p = wl_phases_load(a, path, errs);
  remove_dir(dir, &name, 1);
  return p;
}

static void test_phases(void) {
  struct arena *a = arena_create();
  struct errs *errs = errs_create();
  struct wl_phases *p = phases_of(a,
                                  "phase,kind,tokens,seq_len,global_batch,steps,prompts_per_step,rollouts_per_prompt,"
                                  "prompt_len,output_len,gpus,after,output_max,rollout_batch\n"
                                  "a,pretrain,1000000,100,10,,,,,,,,,\n"
                                  "b,context,,200,5,7,,,,,,a,,\n"
                                  "c,rl,,,,3,4,5,100,900,,b,,\n",
                                  errs);
  CU_ASSERT_PTR_NOT_NULL_FATAL(p);
  CU_ASSERT_EQUAL(p->n, 3);
  CU_CLOSE(p->phase[0].steps, 1000, 1e-12);
  CU_CLOSE(p->phase[1].tokens, 7000, 1e-12);
  CU_CLOSE(p->phase[2].global_batch, 20, 1e-12);
  CU_CLOSE(p->phase[2].tokens, 60000, 1e-12);
  CU_CLOSE(p->phase[2].output_max, 3600, 1e-12);
  CU_CLOSE(p->phase[2].rollout_batch, 20, 1e-12);
  CU_ASSERT_PTR_NULL(phases_of(a,
                               "phase,kind,tokens,seq_len,global_batch,steps,after\n"
                               "a,pretend,1,1,1,1,\n"
                               "b,sft,,100,,,\n"
                               "c,sft,5000,100,10,7,z\n"
                               "d,sft,-4,100,10,7,\n",
                               errs));
  CU_ASSERT(errs_count(errs) >= 5); /* kind, underdetermined, contradiction, after, negative */
  CU_ASSERT_PTR_NOT_NULL(strstr(errs_text(errs, 0), "pretrain"));
  errs_destroy(errs);
  arena_destroy(a);
}

/* The last row that fits wins; a cell that does not, a load below the least or a word that is not there leaves a row out. */
static void test_launches(void) {
  struct arena *a = arena_create();
  struct errs *errs = errs_create();
  const char *head = "match,engine,gpu,precision,tp,least_load,metric,value,source,grade\n";
  char dir[] = "launches_XXXXXX", path[300], text[800];
  const char *name = "l.csv";
  CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
  snprintf(path, sizeof path, "%s/%s", dir, name);
  snprintf(text, sizeof text, "%sbench one,SGLang,B200,fp8,,,poll_steps,10,s,vendor\nbench one,SGLang,B200,fp8,8,16,poll_steps,30,s,vendor\nbench,SGLang,H200,,,,max_seqs,64,s,vendor\n", head);
  write_file(dir, name, text);
  struct wl_launches *l = wl_launches_load(a, path, errs);
  double v[WL_LAUNCH_METRICS];
  CU_ASSERT_FATAL(l && errs_count(errs) == 0);
  struct wl_launched m = {"model | one of a bench", "SGLang 0.5.9", "B200-SXM", "FP8 (block)", 8, 16};
  wl_launch_of(l, &m, v);
  CU_ASSERT(v[WL_LAUNCH_POLL_STEPS] == 30 && isnan(v[WL_LAUNCH_MAX_SEQS]) && isnan(v[WL_LAUNCH_DRAFTS]));
  m.load = 15;
  wl_launch_of(l, &m, v);
  CU_ASSERT(v[WL_LAUNCH_POLL_STEPS] == 10);
  m.about = "bench two";
  wl_launch_of(l, &m, v);
  CU_ASSERT(isnan(v[WL_LAUNCH_POLL_STEPS]));
  m.gpu = "H200-SXM";
  wl_launch_of(l, &m, v);
  CU_ASSERT(v[WL_LAUNCH_MAX_SEQS] == 64);
  snprintf(text, sizeof text, "%s,,,,x,,poll_step,1.5,s,vendor\n", head);
  write_file(dir, name, text);
  wl_launches_load(a, path, errs);
  CU_ASSERT_EQUAL(errs_count(errs), 3); /* tp, metric, value */
  remove_dir(dir, &name, 1);
  errs_destroy(errs);
  arena_destroy(a);
}

int main(void) {
  static const struct cu_case cases[] = {
      {"parameter totals equal the published ones", test_totals},
      {"cache and FLOPs equal the closed forms", test_cache_and_flops},
      {"names are found however they are spelled", test_names},
      {"configurations with old spellings are read", test_old_spellings},
      {"bad files are refused with all reasons", test_bad_files},
      {"stacks are found by framework, date and device", test_stacks},
      {"operations do the work of the weights", test_operations},
      {"element-wise traffic follows the fusion", test_fusion},
      {"phases are derived, contradictions refused", test_phases},
      {"launches of harnesses", test_launches},
  };
  return cu_main("workloads", cases, sizeof cases / sizeof *cases);
}
