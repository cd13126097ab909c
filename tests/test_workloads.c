/* Model shapes against published parameter totals, and the readers against files that lie. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/datadir.h"
#include "base/mem.h"
#include "tests/cu.h"
#include "workloads/model.h"

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
  char dir[] = "/tmp/rackcast-models-XXXXXX";
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
  char dir[] = "/tmp/rackcast-models-XXXXXX";
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

int main(void) {
  static const struct cu_case cases[] = {
      {"parameter totals equal the published ones", test_totals},
      {"cache and FLOPs equal the closed forms", test_cache_and_flops},
      {"names are found however they are spelled", test_names},
      {"configurations with old spellings are read", test_old_spellings},
      {"bad files are refused with all reasons", test_bad_files},
  };
  return cu_main("workloads", cases, sizeof cases / sizeof *cases);
}
