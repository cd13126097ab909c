/* The shipped library of models as a whole, names as people write them, and shapes made up from a size. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "base/csv.h"
#include "base/datadir.h"
#include "base/mem.h"
#include "tests/cu.h"
#include "workloads/model.h"
#include "workloads/model_guess.h"
#include "workloads/serve_ops.h"

static struct {
  struct arena *arena;
  struct errs *errs;
  struct wl_models *models;
  struct wl_stacks *stacks;
} lib;

static void load(void) {
  lib.arena = arena_create();
  lib.errs = errs_create();
  const char *models = datadir_path(lib.arena, "workloads/catalog/models"), *stacks = datadir_path(lib.arena, "workloads/catalog");
  lib.models = wl_models_load(&models, 1, lib.errs);
  lib.stacks = wl_stacks_load(&stacks, 1, lib.errs);
  for (size_t i = 0; i < errs_count(lib.errs); i++)
    printf("%s\n", errs_text(lib.errs, i));
}

static void unload(void) {
  wl_stacks_free(lib.stacks);
  wl_models_free(lib.models);
  errs_destroy(lib.errs);
  arena_destroy(lib.arena);
}

/* A row's shape has the parameters that its publisher states, but where layers share weights (ALBERT) or the source says what is left out. */
static void test_rows(void) {
  struct csv_table *t = csv_load(datadir_path(lib.arena, "workloads/catalog/models/shapes.csv"), lib.errs);
  CU_ASSERT_PTR_NOT_NULL_FATAL(t);
  CU_ASSERT(csv_rows(t) > 250);
  for (size_t i = 0; i < csv_rows(t); i++) {
    const char *name = csv_cell(t, i, csv_column(t, "model")), *source = csv_cell(t, i, csv_column(t, "source")), *grade = csv_cell(t, i, csv_column(t, "grade"));
    const struct wl_model *m = wl_model_find(lib.models, name);
    double total = 0;
    struct wl_counts c;
    CU_ASSERT_PTR_NOT_NULL_FATAL(m);
    CU_ASSERT(*source && (strcmp(grade, "vendor") == 0 || strcmp(grade, "assumed") == 0));
    wl_model_count(m, &c);
    sscanf(csv_cell(t, i, csv_column(t, "params_total_B")), "%lf", &total);
    bool close = fabs(c.params / 1e9 / total - 1) < 0.08;
    if (!close && !strstr(source, "share"))
      printf("%s: %.3f B, published %.3f\n", name, c.params / 1e9, total);
    CU_ASSERT(close || strstr(source, "share"));
  }
  csv_unload(t);
}

static void test_aliases(void) {
  struct csv_table *t = csv_load(datadir_path(lib.arena, "workloads/catalog/models/aliases.csv"), lib.errs);
  CU_ASSERT_PTR_NOT_NULL_FATAL(t);
  for (size_t i = 0; i < csv_rows(t); i++) {
    const char *alias = csv_cell(t, i, 0), *name = csv_cell(t, i, 1);
    const struct wl_model *m = wl_model_find(lib.models, alias), *target = wl_model_find(lib.models, name);
    if (!m || m != target)
      printf("%s: %s instead of %s\n", alias, m ? m->name : "nothing", name);
    CU_ASSERT(m && m == target);
  }
  csv_unload(t);
}

static void test_names(void) {
  static const struct {
    const char *name, *found; /* NULL = unknown */
  } names[] = {
    {"Qwen/Qwen3-30B-A3B-Instruct-2507-FP8", "Qwen3-30B-A3B"},
    {"mistralai/Mistral-7B-Instruct-v0.2", "Mistral-7B-v0.2"},
    {"TheBloke/Llama-2-13B-chat-GPTQ", "Llama-2-13B"},
    {"casperhansen/llama-3-70b-instruct-awq", "Llama-3-70B"},
    {"lmsys/vicuna-7b-v1.5", "Llama-2-7B"},
    {"Qwen/Qwen2.5-VL-7B-Instruct-AWQ", "Qwen2.5-7B"},
    {"NVIDIA-Nemotron-3-Nano-30B-A3B-FP8", "Nemotron-3-Nano-30B-A3B"},
    {"nvidia/Llama-3_3-Nemotron-Super-49B-v1", "Llama-3.3-Nemotron-Super-49B"},
    {"CohereForAI/c4ai-command-r-plus", "Command-R-Plus"},
    {"Command R+", "Command-R-Plus"},
    {"sentence-transformers/all-MiniLM-L6-v2", "MiniLM-L6"},
    {"zai-org/GLM-4.6-FP8", "GLM-4.5"},
    {"Qwen2-72B-Instruct", "Qwen2-72B"},
    {"DeepSeek-V9", NULL},
    {"Llama-9-70B", NULL},
    {"Foo-13B", NULL},
  };
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    const struct wl_model *m = wl_model_find(lib.models, names[i].name);
    bool right = names[i].found ? m && strcmp(m->name, names[i].found) == 0 : !m;
    if (!right)
      printf("%s: %s\n", names[i].name, m ? m->name : "unknown");
    CU_ASSERT(right);
  }
  const struct wl_model *cut = wl_model_read(lib.models, "RedHatAI/Meta-Llama-3.1-8B-Instruct-quantized.w4a16");
  CU_ASSERT_PTR_NOT_NULL_FATAL(cut);
  CU_ASSERT_STRING_EQUAL(cut->name, "Llama-3.1-8B");
  CU_ASSERT_PTR_NULL(wl_model_read(lib.models, "Falcon-7B 999B of another kind"));
}

static void test_sizes(void) {
  static const struct {
    const char *name;
    double params_B, active_B;
    int experts;
  } names[] = {
    {"Foo-13B", 13, 0, 0},       {"Bar-30B-A3B-Instruct", 30, 3, 0}, {"Baz-350M", 0.35, 0, 0},  {"Qux 1T", 1000, 0, 0},
    {"Foo2.5-7b-chat", 7, 0, 0}, {"Quux-8x7B", 46.2, 12.6, 8},       {"A3B-Foo", 0, 3, 0},      {"Foo-v1.5", 0, 0, 0},
    {"Foo-17Bx", 0, 0, 0},       {"Foo-3B-of-70B", 3, 0, 0},         {"Foo-4bit-7B", 7, 0, 0},  {"", 0, 0, 0},
  };
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    struct wl_model_size s = {.name = names[i].name};
    wl_size_from_name(&s);
    CU_CLOSE(s.params / 1e9, names[i].params_B, 1e-3);
    CU_CLOSE(s.active / 1e9, names[i].active_B, 1e-3);
    CU_ASSERT_EQUAL(s.experts, names[i].experts);
  }
  struct wl_model_size stated = {.name = "Foo-13B", .layers = 1, .hidden = 4096};
  wl_size_from_name(&stated);
  CU_ASSERT_EQUAL(stated.params, 0);
}

/* Shapes made up from a size alone have that size, and the cache of a published model of that size and year. */
static void test_guesses(void) {
  static const struct {
    const char *name, *like;
    double year, params_rel, cache_factor;
  } made[] = {
    {"Foo-13B", "Llama-2-13B", 2023, 0.08, 1.3}, {"Foo-70B", "Llama-3.1-70B", 2025, 0.08, 1.3},     {"Foo-7B", "Mistral-7B-v0.1", 2024, 0.10, 2.2},
    {"Foo-3B", "Llama-3.2-3B", 2025, 0.10, 2.2}, {"Foo-30B-A3B", "Qwen3-30B-A3B", 2025, 0.10, 2.2}, {"Foo-8x7B", "Mixtral-8x7B-v0.1", 2024, 0.10, 2.2},
  };
  for (size_t i = 0; i < sizeof made / sizeof *made; i++) {
    struct wl_model_size s = {.name = made[i].name, .year = made[i].year};
    struct wl_model m;
    struct wl_counts c, like;
    wl_size_from_name(&s);
    CU_ASSERT_FATAL(wl_model_guess(lib.stacks, &s, &m));
    wl_model_count(&m, &c);
    wl_model_count(wl_model_find(lib.models, made[i].like), &like);
    if (fabs(c.params / like.params - 1) > made[i].params_rel)
      printf("%s: %.2f B\n", m.name, c.params / 1e9);
    CU_ASSERT(fabs(c.params / s.params - 1) <= made[i].params_rel);
    CU_ASSERT(s.active == 0 || fabs(c.params_active / s.active - 1) <= 0.25);
    CU_ASSERT(fabs(log(c.kv_elems_per_token / like.kv_elems_per_token)) <= log(made[i].cache_factor));
  }
  struct wl_model_size none = {.name = "Foo", .year = 2025};
  struct wl_model m;
  CU_ASSERT_FALSE(wl_model_guess(lib.stacks, &none, &m));
  /* Beyond any model: dimensions stay dimensions. */
  struct wl_model_size giants[] = {{.name = "Foo", .params = 1e40}, {.name = "Foo", .params = 1e21, .experts = 2, .hidden = 128, .layers = 1, .moe_every = 2},
                                   {.name = "Foo", .params = 1e-3}, {.name = "Foo", .params = 1e30, .layers = 1}};
  for (size_t i = 0; i < sizeof giants / sizeof *giants; i++) {
    CU_ASSERT_FATAL(wl_model_guess(lib.stacks, &giants[i], &m));
    CU_ASSERT(m.layers > 0 && m.hidden > 0 && m.heads > 0 && m.kv_heads > 0 && m.ffn > 0 && m.expert_ffn >= 0);
  }
}

static double gemm_weights(const struct wl_serve_ops *o) {
  double n = 0;
  for (int i = 0; i < o->gemms; i++)
    n += o->gemm[i].count * o->gemm[i].n * o->gemm[i].k * o->gemm[i].batch;
  return n;
}

/* Layers of one kind each: what serving multiplies and stores is what the count of parameters says. */
static void test_hybrids(void) {
  static const char *const names[] = {"Nemotron-3-Nano-30B-A3B", "Nemotron-3-Super-120B-A12B", "Qwen3-Next-80B-A3B", "Llama-3.3-Nemotron-Super-49B", "Llama-3.1-70B", "Kimi-Linear-48B-A3B"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    const struct wl_model *m = wl_model_find(lib.models, names[i]);
    struct wl_serve_layout l = {.tp = 1, .dp = 1, .pp = 1, .ep = 1, .weights = DT_BF16, .kv = DT_BF16, .compute = DT_BF16};
    struct wl_serve_ops o;
    struct wl_counts c;
    CU_ASSERT_PTR_NOT_NULL_FATAL(m);
    wl_model_count(m, &c);
    wl_serve_describe(m, &l, &o);
    CU_CLOSE(gemm_weights(&o), c.params_dense_gemm, 1e-6);
    CU_CLOSE(o.moe_layers * o.experts * (o.expert_n_up + o.expert_n_down_k) * o.expert_hidden, c.params_experts, 1e-6);
    CU_CLOSE(o.kv_bytes_per_token, 2 * c.kv_elems_per_token, 1e-6);
    CU_CLOSE(o.weight_bytes, 2 * c.params, 0.01);
    CU_CLOSE(o.all_reduces, 0, 1e-9);
  }
  struct wl_serve_layout l = {.tp = 2, .dp = 1, .pp = 1, .ep = 1, .weights = DT_FP8, .kv = DT_BF16, .compute = DT_FP8};
  struct wl_serve_ops o;
  wl_serve_describe(wl_model_find(lib.models, "Nemotron-3-Nano-30B-A3B"), &l, &o);
  CU_CLOSE(o.all_reduces, 52, 1e-9); /* one behind each layer */
  CU_CLOSE(o.scan_layers, 23, 1e-9);
  CU_CLOSE(o.scan_state_bytes, 32 * 64 * 128 * 4.0, 1e-9);
}

/* Beyond the two of a layer: of queries and keys a rank's heads read and written, at the ends of attention and MLP the whole width. */
static void test_norms(void) {
  struct wl_serve_layout l = {.tp = 2, .dp = 1, .pp = 1, .ep = 1, .weights = DT_BF16, .kv = DT_BF16, .compute = DT_BF16};
  struct wl_serve_ops o;
  wl_serve_describe(wl_model_find(lib.models, "Llama-3.1-8B"), &l, &o);
  CU_ASSERT(o.norm_kernels == 0 && o.norm_bytes == 0);
  wl_serve_describe(wl_model_find(lib.models, "Qwen3-8B"), &l, &o);
  CU_ASSERT(o.norm_kernels == 2);
  CU_CLOSE(o.norm_bytes, 4 * 128 * (16 + 4), 1e-12);
  wl_serve_describe(wl_model_find(lib.models, "Gemma-3-27B"), &l, &o);
  CU_ASSERT(o.norm_kernels == 4);
  CU_CLOSE(o.norm_bytes, 4 * 128 * (16 + 8) + 8 * 5376, 1e-12);
}

int main(void) {
  static const struct cu_case cases[] = {
    {"rows have the parameters of their publishers", test_rows},
    {"aliases lead to models", test_aliases},
    {"names are found with their endings, others are unknown", test_names},
    {"sizes are read from names", test_sizes},
    {"made-up shapes have the stated size", test_guesses},
    {"hybrids are served layer by layer", test_hybrids},
      {"norms", test_norms},
  };
  load();
  int status = lib.models && lib.stacks ? cu_main("models", cases, sizeof cases / sizeof *cases) : 1;
  unload();
  return status;
}
