/* What engines do with weights of few bits, with experts, caches and layers: each switch costs what its formula says, where it applies and only there. */
#include <math.h>
#include "hwmodels/kernels.h"
#include "tests/serve_fixture.h"

static struct serve_setup setup(const char *model, const char *server, enum dtype weights, int tp, int pp) {
  struct sim_replica r = replica(model, server);
  struct serve_setup s;
  char why[200];
  r.nodes = r.ep = 1;
  r.tp = tp;
  r.pp = pp;
  r.gpus = tp * pp;
  r.weights = weights;
  r.compute = DT_BF16;
  r.kv = DT_BF16;
  CU_ASSERT_FATAL(serve_setup_make(&r, &s, why, sizeof why));
  return s;
}

/* Device seconds of an iteration that decodes nd sequences of ctx tokens each, or (nd = 0) reads m tokens of prompts. */
static double decoding_s(const struct serve_setup *s, double nd, double ctx) {
  struct serve_cost c;
  serve_cost_build(&c, s, 4096, 64);
  double t = serve_device_s(&c, nd, nd, nd, nd * ctx, 0, 0);
  serve_cost_free(&c);
  return t;
}

static double reading_s(const struct serve_setup *s, double m) {
  struct serve_cost c;
  serve_cost_build(&c, s, 4096, 64);
  double t = serve_device_s(&c, m, 0, 0, 0, 0, 1);
  serve_cost_free(&c);
  return t;
}

/* Few rows of 4-bit weights are read in a third of the time or less; many take as long as the share of the 16-bit pace says; without that way out, far longer. */
static void test_widening_of_many_rows(void) {
  struct serve_setup wide = setup("Llama-2-13B", "DGX-A100-640", DT_BF16, 1, 1), s = setup("Llama-2-13B", "DGX-A100-640", DT_INT4, 1, 1);
  s.engine.w4_compute_f = 0.1;
  s.engine.widened_f = 1;
  double dense = reading_s(&wide, 4096), once = reading_s(&s, 4096);
  CU_ASSERT(once > dense && once < 1.1 * dense);
  s.engine.widened_f = 0.5;
  double half = reading_s(&s, 4096);
  CU_ASSERT(half > 1.7 * dense && half < 2.1 * dense);
  s.engine.widened_f = 0;
  CU_ASSERT(reading_s(&s, 4096) > 3 * dense);
  s.engine.w4_compute_f = 0.5;
  CU_ASSERT(decoding_s(&s, 1, 100) < decoding_s(&wide, 1, 100) / 2);
}

/* The instructions of a step are those of all its weights for each 16 rows, bound by vector units: on an A100 they show, on a part with four times the units they hide. */
static void test_instructions_of_widening(void) {
  struct serve_setup s = setup("Llama-2-13B", "DGX-A100-640", DT_INT4, 1, 1);
  struct hw_gpu gpu = *s.gpu;
  double hidden = decoding_s(&s, 1, 100), weights = s.ops.weight_bytes / 0.5, per_s = s.gpu->vector_flops / 2;
  s.engine.widened_f = 0; /* no way around */
  s.engine.widen_ops = 20;
  double shown = decoding_s(&s, 1, 100);
  CU_ASSERT(shown > hidden && shown - hidden < weights * 20 / per_s && shown > 0.8 * weights * 20 / per_s);
  CU_ASSERT(decoding_s(&s, 16, 100) < 1.2 * shown);
  CU_ASSERT(decoding_s(&s, 17, 100) > 1.7 * shown);
  gpu.vector_flops *= 16;
  s.gpu = &gpu;
  CU_CLOSE(decoding_s(&s, 1, 100), hidden, 0.01);
}

/* Kernels launched expert by expert take time for each expert that is held, touched or not; 16-bit experts have one kernel for all. */
static void test_experts_one_by_one(void) {
  struct serve_setup s = setup("Mixtral-8x7B", "DGX-A100-640", DT_INT4, 1, 1);
  s.engine.w_expert_s = 0;
  double grouped = decoding_s(&s, 1, 100);
  s.engine.w_expert_s = 10e-6;
  CU_CLOSE(decoding_s(&s, 1, 100) - grouped, 10e-6 * s.ops.experts * s.ops.moe_layers, 1e-6);
  struct serve_setup wide = setup("Mixtral-8x7B", "DGX-A100-640", DT_BF16, 2, 1);
  double before = decoding_s(&wide, 1, 100);
  wide.engine.w_expert_s = 10e-6;
  CU_CLOSE(decoding_s(&wide, 1, 100), before, 1e-12);
}

/* Libraries that multiply integer weights by several calls keep the host longer, layer by layer; 16-bit weights do not, nor do encoders. */
static void test_calls_of_integer_layers(void) {
  static const enum dtype format[] = {DT_BF16, DT_INT4, DT_INT8};
  double host[3];
  for (int i = 0; i < 3; i++) {
    struct serve_setup s = setup("Llama-2-13B", "DGX-A100-640", format[i], 1, 1);
    struct serve_cost c;
    s.engine.host_f = 1;
    s.engine.h_int4_layer_s = 280e-6;
    s.engine.h_int8_layer_s = 850e-6;
    serve_cost_build(&c, &s, 16, 16);
    host[i] = c.host0_s;
    serve_cost_free(&c);
  }
  CU_CLOSE(host[1] - host[0], 40 * 280e-6, 1e-9);
  CU_CLOSE(host[2] - host[0], 40 * 850e-6, 1e-9);
}

/* A cache made anew each step is read and written twice; heads shared by eight queries are written out and read eight times more. The cost grows with the context alone. */
static void test_copied_caches(void) {
  static const char *const name[] = {"Llama-2-7B", "Llama-2-70B"};
  for (int i = 0; i < 2; i++) {
    struct serve_setup s = setup(name[i], "DGX-A100-640", DT_BF16, i ? 4 : 1, 1);
    double ctx = 2000, kept = decoding_s(&s, 4, ctx), bytes = 4 * ctx * s.ops.kv_bytes_per_token;
    s.engine.kv_copied = true;
    double passes = i ? 2 + 2 * 8 : 2;
    CU_CLOSE(decoding_s(&s, 4, ctx) - kept, hw_stream_s(s.gpu, passes * bytes, 0), 1e-3);
  }
}

/* One block a head: a lone sequence takes as long with 8 cache heads as with as many as it has queries; enough sequences fill the GPU and it costs nothing. */
static void test_contexts_not_split(void) {
  struct serve_setup s = setup("Llama-3.1-8B", "DGX-A100-640", DT_BF16, 1, 1);
  double ctx = 4000, split = decoding_s(&s, 1, ctx) - decoding_s(&s, 1, 10);
  s.engine.block_draw = 2;
  double whole = decoding_s(&s, 1, ctx) - decoding_s(&s, 1, 10), Bps = 2 * s.gpu->mem_Bps / s.gpu->sms;
  CU_ASSERT(whole > 1.5 * split);
  CU_CLOSE(whole, s.ops.layers * ctx * 2 * 128 * 2 / Bps, 0.15);
  s.engine.block_draw = 1e6;
  CU_CLOSE(decoding_s(&s, 1, ctx) - decoding_s(&s, 1, 10), split, 1e-9);
}

/* Layers merely spread over two GPUs: a prompt takes as long as on one (and the hop between them); stages that work at once halve it. */
static void test_layers_spread(void) {
  struct serve_setup one = setup("Llama-2-7B", "DGX-A100-640", DT_BF16, 1, 1), two = setup("Llama-2-7B", "DGX-A100-640", DT_BF16, 1, 2);
  double alone = reading_s(&one, 4096), stages = reading_s(&two, 4096);
  two.engine.layer_split = true;
  double spread = reading_s(&two, 4096);
  CU_ASSERT(spread >= alone && spread < 1.1 * alone);
  CU_ASSERT(stages < 0.65 * alone);
}

/* Products on vector units take the rows there are: one row of 32-bit weights is bound by memory, twice that of 16-bit ones. */
static void test_one_row_of_32_bits(void) {
  const struct hw_gpu *g = hw_server_find(catalog, "DGX-A100-640")->gpu;
  struct hw_gemm op = {.m = 1, .n = 16384, .k = 16384, .batch = 1, .dtype = DT_FP32}, half = op, many = op;
  half.dtype = DT_BF16;
  many.m = 64;
  double t = hw_gemm_s(g, &op);
  CU_ASSERT(t < 2.5 * hw_gemm_s(g, &half));
  CU_ASSERT(hw_gemm_s(g, &many) > 2 * t);
}

/* Prompts of an encoder that are longer than its fused kernels are built for pay for scores in memory; as many tokens in prompts that are not, do not. */
static void test_longest_fused_prompts(void) {
  struct serve_setup s = setup("BERT base", "DGX-A100-640", DT_FP16, 1, 1);
  struct serve_cost c;
  s.engine.attn_unfused = false;
  s.engine.fused_tokens = 384;
  s.engine.attn_prefill_f = 1;
  serve_cost_build(&c, &s, 4096, 16);
  double pairs = 1e6, at = serve_device_s(&c, 768, 2, 0, 0, pairs, 2), above = serve_device_s(&c, 768, 2, 0, 0, pairs, 1);
  CU_ASSERT(c.long_pair_s > c.pair_s);
  CU_CLOSE(above - at, pairs * (c.long_pair_s - c.pair_s), 1e-9);
  serve_cost_free(&c);
}

/* Engines of their time: experts of few bits were launched one by one until a kernel for all came; 4-bit products of 2024's first half were slow on an A100. */
static void test_dates(void) {
  struct wl_engine e;
  char why[200];
  const struct wl_engines *known = serve_engines_shipped(why, sizeof why);
  CU_ASSERT_FATAL(known != NULL);
  CU_ASSERT(wl_engine_get(known, "vLLM 0.6.0", 0, 0, "", &e) && e.w_expert_s > 0 && e.widen_ops == 0);
  CU_ASSERT(wl_engine_get(known, "vLLM 0.9.0", 0, 0, "", &e) && e.w_expert_s == 0);
  CU_ASSERT(wl_engine_get(known, "vLLM", 2024, 4, "", &e) && e.widen_ops > 0);
  CU_ASSERT(wl_engine_get(known, "AutoAWQ 0.1.6", 0, 0, "", &e) && e.widened_f == 0 && e.layer_split);
  CU_ASSERT(wl_engine_get(known, "AutoAWQ 0.2.0", 0, 0, "", &e) && e.widened_f > 0);
  CU_ASSERT(wl_engine_get(known, "Transformers", 2023, 10, "", &e) && e.attn_unfused && e.widen_rows == 1);
  double before = e.h_layer_s;
  CU_ASSERT(wl_engine_get(known, "Transformers", 2024, 1, "", &e) && !e.attn_unfused && e.h_layer_s < before);
  CU_ASSERT(wl_engine_get(known, "ColossalAI", 2023, 10, "", &e) && e.h_layer_s == before && !e.layer_split);
}

int main(void) {
  static const struct cu_case cases[] = {{"few and many rows of weights of few bits", test_widening_of_many_rows},
                                         {"instructions that widen", test_instructions_of_widening},
                                         {"experts one by one", test_experts_one_by_one},
                                         {"calls of integer layers", test_calls_of_integer_layers},
                                         {"caches that are copied", test_copied_caches},
                                         {"contexts that are not split", test_contexts_not_split},
                                         {"layers spread over GPUs", test_layers_spread},
                                         {"one row of 32 bits", test_one_row_of_32_bits},
                                         {"longest fused prompts", test_longest_fused_prompts},
                                         {"engines of their time", test_dates}};
  return serve_main("serve_engines", cases, sizeof cases / sizeof *cases);
}
