/* Serving: whole replicas in both modes, what an iteration costs, sensitivity, layout choice, tables. */
#include <gsl/gsl_sort.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "base/csv.h"
#include "base/datadir.h"
#include "base/units.h"
#include "hwmodels/clock.h"
#include "sim/serve_setup.h"
#include "tests/serve_fixture.h"
#include "tests/serve_random.h"

/* ---- whole replicas ---- */

/* A V100 under caps, BERT and ResNet in training: the law is within 8 % of every metered rate, 4 % in the middle; more watts are never slower. */
static void test_caps(void) {
  struct arena *a = arena_create();
  struct errs *errs = errs_create();
  struct csv_table *t = csv_load(datadir_path(a, "hwmodels/measured/power_caps.csv"), errs);
  CU_ASSERT_PTR_NOT_NULL_FATAL(t);
  const struct hw_gpu *v100 = hw_gpu_find(catalog, "V100-PCIe-32GB");
  double error[64], rate, watts;
  int n = 0;
  for (size_t r = 0; r < csv_rows(t); r++) {
    if (strcmp(csv_cell(t, r, csv_column(t, "gpu")), "V100") != 0)
      continue;
    CU_ASSERT(units_number(csv_cell(t, r, csv_column(t, "relative_rate")), &rate) && units_number(csv_cell(t, r, csv_column(t, "power_limit_w")), &watts));
    error[n] = fabs(hw_capped_clock(catalog, 250, v100->idle_w, watts) / rate - 1);
    CU_ASSERT(error[n] < 0.08);
    n++;
  }
  CU_ASSERT_FATAL(n >= 10);
  gsl_sort(error, 1, (size_t)n);
  CU_ASSERT(error[n / 2] < 0.04);
  double before = 0;
  for (double w = 50; w <= 300; w += 10) {
    double f = hw_capped_clock(catalog, 250, v100->idle_w, w);
    CU_ASSERT(f >= before && f <= 1);
    before = f;
  }
  csv_unload(t);
  errs_destroy(errs);
  arena_destroy(a);
}

/* Experts spread over pods wait for an oversubscribed spine; inside a pod they do not. */
static void test_oversubscribed_network(void) {
  struct sim_replica r = replica("DeepSeek-R1", "DGX-H100-640");
  struct sim_serve_result flat, over, inside;
  struct hw_server s = *r.server;
  r.nodes = 4;
  r.tp = r.pp = 1;
  r.ep = 32;
  r.dp_attention = true;
  r.weights = DT_FP8;
  r.kv = DT_BF16;
  play(&r, 20, SERVE_COALESCED, &flat);
  r.server = &s;
  s.pod_nodes = 1;
  s.oversubscription = 4;
  play(&r, 20, SERVE_COALESCED, &over);
  s.pod_nodes = 4;
  play(&r, 20, SERVE_COALESCED, &inside);
  CU_ASSERT(over.tpot_s[SERVE_MEAN] > 1.02 * flat.tpot_s[SERVE_MEAN]);
  CU_CLOSE(inside.tpot_s[SERVE_MEAN], flat.tpot_s[SERVE_MEAN], 1e-12);
}

static void test_replay_modes(void) {
  struct sim_replica r = llama_70b();
  struct sim_serve_result a, b, again;
  play(&r, 3, SERVE_COALESCED, &a);
  play(&r, 3, SERVE_LITERAL, &b);
  play(&r, 3, SERVE_COALESCED, &again);
  CU_ASSERT_EQUAL(a.finished, 400);
  CU_ASSERT_EQUAL(a.iterations, b.iterations);
  for (int i = 0; i < 5; i++) {
    CU_ASSERT_EQUAL(a.ttft_s[i], b.ttft_s[i]);
    CU_ASSERT_EQUAL(a.e2e_s[i], b.e2e_s[i]);
    CU_ASSERT_EQUAL(a.e2e_s[i], again.e2e_s[i]); /* the same twice */
  }
  CU_ASSERT(close_to(a.energy_j, b.energy_j));
  CU_ASSERT_EQUAL(a.energy_j, again.energy_j);
  CU_ASSERT(a.slo_attainment > 0 && a.slo_attainment <= 1);
}

/* Eight ranks attend for sequences of their own; a second a token. One prompt of 100 tokens is read on one rank while seven wait: as long as 800 tokens spread evenly.
 * Eight prompts keep all busy; the ninth makes one rank read two, 16 / 9 of an even share. Decoding tokens stay spread, experts see what there is. */
static void test_ranks_wait(void) {
  enum { MOST = 1000 };
  double lin[MOST + 1], moe[MOST + 1], none[2] = {0, 0};
  for (int i = 0; i <= MOST; i++) {
    lin[i] = i;
    moe[i] = 1e-3 * i;
  }
  struct serve_cost c = {.max_m = MOST, .max_s = 1, .lin_s = lin, .log_s = none, .att0_s = none, .att1_s = none, .dp = 8, .step_rows = 1};
  CU_CLOSE(serve_device_s(&c, 100, 0, 0, 0, 0, 1), 800, 1e-12);
  CU_CLOSE(serve_device_s(&c, 80, 0, 0, 0, 0, 8), 80, 1e-12);
  CU_CLOSE(serve_device_s(&c, 90, 0, 0, 0, 0, 9), 160, 1e-12);
  CU_CLOSE(serve_device_s(&c, 50, 0, 40, 0, 0, 1), 40 + 80, 1e-12);
  CU_CLOSE(serve_device_s(&c, 40, 0, 40, 0, 0, 0), 40, 1e-12);
  c.moe_s = moe;
  CU_CLOSE(serve_device_s(&c, 100, 0, 0, 0, 0, 1), 800.1, 1e-12);
  c.dp = 1;
  CU_CLOSE(serve_device_s(&c, 100, 0, 0, 0, 0, 1), 100.1, 1e-12);
  c.pad_tokens = 64; /* alone it is filled up, beside others it is packed */
  CU_CLOSE(serve_device_s(&c, 100, 0, 0, 0, 0, 1), 128.128, 1e-12);
  CU_CLOSE(serve_device_s(&c, 100, 0, 0, 0, 0, 2), 100.1, 1e-12);
  c.pad_tokens = 0;
  c.launch_s = 120; /* launching takes longer than the device, but decoding replays a graph */
  CU_CLOSE(serve_device_s(&c, 100, 0, 0, 0, 0, 1), 120, 1e-12);
  CU_CLOSE(serve_device_s(&c, 200, 0, 0, 0, 0, 1), 200.2, 1e-12);
  CU_CLOSE(serve_device_s(&c, 100, 0, 100, 0, 0, 0), 100.1, 1e-12);
}

/* Three drafts taken with probability a give 1 + a + a^2 + a^3 tokens, and the inverse finds them. A step that drafts takes longer than one that does not, by more than the rows it
 * checks, but by less than the tokens it gains. */
static void test_drafts_cost(void) {
  double a = 0.72, three = wl_draft_tokens(a, 3);
  CU_CLOSE(three, 1 + a + a * a + a * a * a, 1e-12);
  CU_CLOSE(wl_drafts_for(a, three), 3, 1e-9);
  CU_ASSERT_EQUAL(wl_drafts_for(a, 1), 0);
  CU_ASSERT_EQUAL(wl_drafts_for(a, 1 / (1 - a)), WL_MOST_DRAFTS);
  CU_CLOSE(wl_drafts_for(1, 3), 2, 1e-12);
  struct sim_replica r = replica("DeepSeek-R1", "HGX-H200"), rows;
  struct serve_setup s;
  struct serve_cost plain, drafting;
  char why[200];
  r.nodes = r.pp = r.ep = 1;
  r.tp = r.gpus = 8;
  r.weights = DT_FP8;
  CU_ASSERT_FATAL(serve_setup_make(&r, &s, why, sizeof why));
  serve_cost_build(&plain, &s, 1024, 64);
  rows = r;
  rows.mtp_tokens = wl_draft_tokens(s.engine.draft_accept, 3);
  CU_ASSERT_FATAL(serve_setup_make(&rows, &s, why, sizeof why));
  serve_cost_build(&drafting, &s, 1024, 64);
  CU_CLOSE(drafting.step_rows, 4, 1e-6);
  double one = serve_device_s(&plain, 16, 16, 16, 16e3, 0, 0), checked = serve_device_s(&plain, 64, 64, 16, 16e3, 0, 0);
  double step = serve_device_s(&drafting, 16 * s.mtp, 16 * s.mtp, 16, 16e3, 0, 0);
  CU_ASSERT(step > 1.03 * checked && step < s.mtp * one);
  serve_cost_free(&plain);
  serve_cost_free(&drafting);
}

/* Two ranks: what the one that leads costs falls away for a batch filled once where the engine's ranks run the same loop, and only there. */
static void test_one_batch(void) {
  static const char *const engines[] = {"TRT-LLM 0.14.0", "vLLM 0.6.0"};
  for (int i = 0; i < 2; i++) {
    struct sim_replica r = replica("Llama-2-7B", "DGX-A100-640");
    struct serve_setup s;
    struct serve_cost served, once;
    char why[200];
    r.engine = engines[i];
    r.nodes = r.pp = r.ep = 1;
    r.tp = r.gpus = 2;
    CU_ASSERT_FATAL(serve_setup_make(&r, &s, why, sizeof why));
    CU_ASSERT_FATAL(s.engine.h_tp_s > 1e-3);
    serve_cost_build(&served, &s, 64, 8);
    s.one_batch = true;
    serve_cost_build(&once, &s, 64, 8);
    CU_CLOSE(served.host0_s - once.host0_s, i == 0 ? s.engine.host_f * s.engine.h_tp_s : 0, 1e-12);
    serve_cost_free(&served);
    serve_cost_free(&once);
  }
}

/* Top-p costs every sampled row its whole vocabulary, the first rows more; nothing where the engine's catalog has no such cost. On a B200, 512 rows of 131,072 logits sort in 6.15 ms as
 * metered, 128 in 2.32. */
static void test_top_p_cost(void) {
  struct sim_replica r = replica("Llama-3.1-8B", "HGX-B200"), drawn;
  struct serve_setup s;
  struct serve_cost greedy, top_p;
  char why[200];
  r.nodes = r.pp = r.ep = r.tp = r.gpus = 1;
  r.engine = "vLLM 0.11.0";
  drawn = r;
  drawn.top_p = true;
  CU_ASSERT_FATAL(serve_setup_make(&r, &s, why, sizeof why));
  serve_cost_build(&greedy, &s, 1024, 1024);
  CU_ASSERT_FATAL(serve_setup_make(&drawn, &s, why, sizeof why));
  serve_cost_build(&top_p, &s, 1024, 1024);
  double as_measured = 131072 / s.ops.logits_vocab, few = (top_p.log_s[128] - greedy.log_s[128]) * as_measured, many = (top_p.log_s[512] - greedy.log_s[512]) * as_measured;
  CU_CLOSE(few, 2.32e-3, 0.03);
  CU_CLOSE(many, 6.15e-3, 0.1);
  CU_CLOSE(top_p.log_s[64] - greedy.log_s[64], (top_p.log_s[128] - greedy.log_s[128]) / 2, 0.01);
  serve_cost_free(&greedy);
  serve_cost_free(&top_p);
  drawn.engine = "SGLang";
  CU_ASSERT_FATAL(serve_setup_make(&drawn, &s, why, sizeof why));
  CU_ASSERT_EQUAL(s.engine.filter_cycles, 0);
}

/* More memory bandwidth decodes faster, more compute reads prompts faster, a slower link slows tensor parallelism, a longer cache cell costs capacity. */
static void test_sensitivity(void) {
  struct sim_replica r = llama_70b();
  struct sim_serve_result base, changed;
  struct hw_gpu gpu = *r.server->gpu;
  struct hw_server server = *r.server;
  play(&r, 3, SERVE_COALESCED, &base);
  server.gpu = &gpu;
  r.server = &server;
  gpu.mem_Bps *= 2;
  play(&r, 3, SERVE_COALESCED, &changed);
  CU_ASSERT(changed.tpot_s[SERVE_MEAN] < 0.8 * base.tpot_s[SERVE_MEAN]);
  gpu.mem_Bps /= 2;
  for (int i = 0; i < DT_COUNT; i++)
    gpu.peak_flops[i] *= 2;
  play(&r, 3, SERVE_COALESCED, &changed);
  CU_ASSERT(changed.ttft_s[SERVE_MEAN] < 0.85 * base.ttft_s[SERVE_MEAN]);
  gpu = *llama_70b().server->gpu;
  struct sim_replica kv8 = llama_70b();
  kv8.kv = DT_FP8;
  struct serve_setup s;
  struct serve_memory wide, narrow;
  char why[200];
  struct sim_replica kv16 = llama_70b();
  CU_ASSERT_FATAL(serve_setup_make(&kv16, &s, why, sizeof why));
  serve_memory_of(&s, &kv16, &wide);
  CU_ASSERT_FATAL(serve_setup_make(&kv8, &s, why, sizeof why));
  serve_memory_of(&s, &kv8, &narrow);
  CU_CLOSE(narrow.kv_tokens, 2 * wide.kv_tokens, 1e-3);
}

/* ---- choosing a layout ---- */
static void test_fit(void) {
  struct sim_replica_fit fit;
  struct sim_replica r = replica("DeepSeek-R1", "p4d.24xlarge");
  CU_ASSERT(sim_replica_choose(&r, 8192, &fit));
  CU_ASSERT(fit.min_nodes >= 3 && fit.min_nodes <= 4);
  CU_ASSERT_EQUAL(fit.replica.nodes, fit.min_nodes);
  CU_ASSERT_PTR_NOT_NULL(strstr(fit.why, "GB of fp8 weights"));
  r.nodes = 1;
  CU_ASSERT(!sim_replica_choose(&r, 8192, &fit));
  CU_ASSERT_PTR_NOT_NULL(strstr(fit.why, "smallest cure"));
  r = replica("DeepSeek-R1", "DGX-H100-640");
  CU_ASSERT(sim_replica_choose(&r, 8192, &fit) && fit.min_nodes == 2);
  r = replica("DeepSeek-R1", "DGX-H200");
  CU_ASSERT(sim_replica_choose(&r, 8192, &fit) && fit.min_nodes == 1);
  r = replica("Llama-3.1-70B", "T4-server");
  r.gpus = r.tp = 2;
  CU_ASSERT(!sim_replica_choose(&r, 2048, &fit));
  r = replica("BERT-large", "T4-server");
  CU_ASSERT(sim_replica_choose(&r, 384, &fit) && fit.replica.gpus == 1);
  r = replica("Llama-3.1-8B", "DGX-A100-640");
  CU_ASSERT(sim_replica_choose(&r, 8192, &fit) && fit.replica.gpus == 1); /* several replicas share the node */
}

/* Weights of a replica add up to the checkpoint: 671e9 parameters of one byte, embeddings and norms in two. */
static void test_weight_bytes(void) {
  struct wl_serve_ops o;
  struct wl_serve_layout l = {.tp = 1, .dp = 1, .pp = 1, .ep = 1, .weights = DT_FP8, .kv = DT_BF16, .compute = DT_FP8};
  wl_serve_describe(wl_model_find(models, "DeepSeek-R1"), &l, &o);
  CU_CLOSE(o.weight_bytes, 673e9, 0.01);
  CU_CLOSE(o.kv_bytes_per_token, 61 * 576 * 2, 1e-12);
  l.weights = DT_BF16;
  wl_serve_describe(wl_model_find(models, "Llama-2-70B"), &l, &o);
  CU_CLOSE(o.weight_bytes, 138e9, 0.01);
  CU_CLOSE(o.kv_bytes_per_token, 80 * 2 * 8 * 128 * 2, 1e-12);
  CU_CLOSE(wl_experts_touched(256, 8, 1), 8, 1e-9);
  CU_CLOSE(wl_experts_touched(256, 8, 32), 256 * (1 - pow(1 - 8 / 256.0, 32)), 1e-9);
}

/* Two ranks of two experts, each touched or not with even chances: 1 of 16 has none anywhere, 9 of 16 at most one on each. */
static void test_touched_most(void) {
  CU_CLOSE(wl_experts_touched_most(4, 2, 1, 2), 15 / 16.0 + 7 / 16.0, 1e-12);
  CU_CLOSE(wl_experts_touched_most(256, 8, 32, 1), wl_experts_touched(256, 8, 32), 1e-12);
  CU_CLOSE(wl_experts_touched_most(256, 8, 1e5, 32), 8, 1e-12); /* all of them */
  CU_CLOSE(wl_experts_touched_most(256, 8, 32, 256), 1, 1e-9); /* one a rank: somebody's is */
  for (double m = 1; m < 1000; m *= 3) {
    double mean = wl_experts_touched(128, 8, m) / 8, most = wl_experts_touched_most(128, 8, m, 8);
    CU_ASSERT(most >= mean && most <= 16 && (m > 30 || most > 1.05 * mean));
  }
}

/* Attention by ranks: inside a node each token is gathered once by all, whatever the experts a token has; 16 of 8 GPUs are two nodes, to which copies go. */
static void test_tokens_to_experts(void) {
  struct sim_replica r = replica("Qwen3-235B-A22B", "DGX-H100-640");
  struct wl_model few = *r.model, many = few;
  struct serve_setup s;
  struct serve_cost a, b;
  char why[200];
  r.tp = 1;
  r.dp_attention = true;
  many.topk = 2 * few.topk;
  for (int nodes = 1; nodes <= 2; nodes++) {
    double waits[2];
    r.nodes = nodes;
    r.gpus = r.ep = 8 * nodes;
    for (int i = 0; i < 2; i++) {
      r.model = i ? &many : &few;
      CU_ASSERT_FATAL(serve_setup_make(&r, &s, why, sizeof why));
      serve_cost_build(i ? &b : &a, &s, 4096, 8);
      waits[i] = serve_table((i ? &b : &a)->comm_s, 4096, 4096);
    }
    CU_ASSERT(nodes == 1 ? fabs(waits[1] / waits[0] - 1) < 1e-9 : waits[1] > 1.3 * waits[0]);
    serve_cost_free(&a);
    serve_cost_free(&b);
  }
}

/* ---- tables ---- */
static void test_table(void) {
  struct sim_replica r = replica("DeepSeek-R1-Distill-Llama-70B", "DGX-A100-640");
  struct wl_hist *in = wl_hist_point(arena, 1000), *out = wl_hist_point(arena, 300);
  struct sim_slo slo = {.ttft_s = 2, .tpot_s = 0.1, .quantile = 0.95, .attainment = 0.95};
  struct sim_serve_table t;
  struct sim_serve_level l;
  CU_ASSERT_FATAL(sim_serve_tabulate(&r, in, out, 0, &slo, 1, &t));
  CU_ASSERT(t.n >= 8 && t.max_rate_req_s > 0);
  CU_ASSERT(t.interpolation_error <= 0.02);
  for (size_t i = 1; i < t.n; i++) {
    CU_ASSERT(t.level[i].rate_req_s > t.level[i - 1].rate_req_s);
    CU_ASSERT(t.level[i].power_w >= 0.9 * t.level[i - 1].power_w); /* larger batches read less memory a token: not quite monotonic */
  }
  sim_serve_at(&t, t.level[3].rate_req_s, &l);
  CU_CLOSE(l.power_w, t.level[3].power_w, 1e-12);
  sim_serve_at(&t, 1e9, &l);
  CU_CLOSE(l.power_w, t.level[t.n - 1].power_w, 1e-12);
  sim_serve_at(&t, 0, &l);
  CU_CLOSE(l.power_w, t.level[0].power_w, 1e-12);
  CU_ASSERT(t.level[1].r.output_tok_per_s > 0);
  sim_serve_table_free(&t);
}

/* What keeps a tight limit keeps a loose one: no server may carry less for being asked less. */
static void test_looser_limits_carry_no_less(void) {
  static const char *const servers[] = {"DGX-H100-640", "HGX-H200"};
  struct wl_hist *in = wl_hist_point(arena, 1268), *out = wl_hist_point(arena, 1527);
  for (size_t i = 0; i < sizeof servers / sizeof *servers; i++) {
    double before = 0;
    for (double tpot_s = 0.1; tpot_s < 0.3; tpot_s *= 2) {
      struct sim_replica want = replica("DeepSeek-R1", servers[i]);
      struct sim_slo slo = {.ttft_s = 5, .tpot_s = tpot_s, .quantile = 0.95, .attainment = 0.95};
      struct sim_replica_fit fit;
      struct sim_serve_table t;
      CU_ASSERT_FATAL(sim_serve_choose(&want, in, out, 0.2, &slo, 1, &fit));
      CU_ASSERT_FATAL(sim_serve_tabulate(&fit.replica, in, out, 0.2, &slo, 1, &t));
      double rate = t.max_rate_req_s / fit.replica.nodes;
      CU_ASSERT(rate >= 0.97 * before); /* capacities are found to 1 % */
      before = rate;
      sim_serve_table_free(&t);
    }
  }
}

int main(void) {
  static const struct cu_case cases[] = {
    {"replay in both modes", test_replay_modes},
    {"clocks under caps", test_caps},
    {"oversubscribed network", test_oversubscribed_network},
    {"a batch filled once needs no leader where ranks run the same loop", test_one_batch},
    {"ranks that attend for themselves wait for the one that reads a prompt", test_ranks_wait},
    {"drafts cost", test_drafts_cost},
    {"top-p sampling", test_top_p_cost},
    {"sensitivity", test_sensitivity},
    {"layouts that fit", test_fit},
    {"weight bytes", test_weight_bytes},
    {"experts of the fullest rank", test_touched_most},
    {"tokens to experts", test_tokens_to_experts},
    {"table over load", test_table},
    {"looser limits carry no less", test_looser_limits_carry_no_less},
  };
  return serve_main("serve", cases, sizeof cases / sizeof *cases);
}
