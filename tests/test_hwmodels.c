/* Kernels, collectives and power. Closed forms are golden; measured tables are the shipped ones. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "base/csv.h"
#include "hwmodels/catalog.h"
#include "hwmodels/collective.h"
#include "hwmodels/derive.h"
#include "hwmodels/kernels.h"
#include "hwmodels/power.h"
#include "tests/hw_fixture.h"

/* ---- closed forms ---- */

static void test_ring_closed_form(void) {
  /* T = 2 (n-1) a + 2 (n-1)/n S/B; all-gather and reduce-scatter are half of it */
  static const struct {
    int n;
    double bytes, B, a, s;
  } golden[] = {{8, 1073741824, 235e9, 5e-6, 0.008065950},
                {8, 1e9, 100e9, 0, 0.0175},
                {16, 1e9, 25e9, 1e-5, 0.0753},
                {2, 1e6, 12.5e9, 2e-6, 0.000084},
                {1024, 1e9, 50e9, 8e-6, 0.056328938}};
  for (size_t i = 0; i < sizeof golden / sizeof *golden; i++) {
    double t = hw_ring_all_reduce_s(golden[i].n, golden[i].bytes, golden[i].B, golden[i].a);
    CU_ASSERT(fabs(t - golden[i].s) <= 0.5e-9);
    CU_CLOSE(hw_ring_all_gather_s(golden[i].n, golden[i].bytes, golden[i].B, golden[i].a), t / 2, 1e-12);
  }
  CU_ASSERT_EQUAL(hw_ring_all_reduce_s(1, 1e9, 1e9, 1), 0);
}

/* ---- kernels ---- */

static void test_formats(void) {
  CU_ASSERT_EQUAL(hw_compute_dtype(gpu("A100"), DT_FP8), DT_BF16);
  CU_ASSERT_EQUAL(hw_compute_dtype(gpu("H100"), DT_FP8), DT_FP8);
  CU_ASSERT_EQUAL(hw_compute_dtype(gpu("H100"), DT_FP4), DT_FP8);
  CU_ASSERT_EQUAL(hw_compute_dtype(gpu("B200"), DT_FP4), DT_FP4);
  CU_ASSERT_EQUAL(hw_compute_dtype(gpu("T4"), DT_BF16), DT_FP16);
  CU_ASSERT_EQUAL(hw_compute_dtype(gpu("V100"), DT_INT8), DT_FP16);
  CU_ASSERT_EQUAL(hw_compute_dtype(gpu("A100"), DT_INT4), DT_BF16);
  struct hw_gemm fp8 = {1, 8192, 8192, 1, DT_FP8, 0, 0}, bf16 = {1, 8192, 8192, 1, DT_BF16, 0, 0};
  double ratio = hw_gemm_s(gpu("A100"), &fp8) / hw_gemm_s(gpu("A100"), &bf16);
  CU_ASSERT(ratio > 0.45 && ratio < 0.65); /* one byte a weight, computed in 16 bits */
  CU_ASSERT_EQUAL(hw_quantize_s(gpu("H100"), 1e6, DT_BF16), 0);
  CU_ASSERT_EQUAL(hw_quantize_s(gpu("A100"), 1e6, DT_FP8), 0); /* nothing to quantise for */
  CU_ASSERT(hw_quantize_s(gpu("H100"), 1e6, DT_FP8) > 0);
}

static double gemm(const struct hw_gpu *g, double m, double n, double k) {
  struct hw_gemm op = {m, n, k, 1, DT_BF16, 0, 0};
  return hw_gemm_s(g, &op);
}

static void test_gemm_properties(void) {
  static const char *const names[] = {
      "V100", "T4", "A100", "H100", "B200", "MI300X", "L40S", "Ascend-910B3", "Jetson-AGX-Orin-32GB", "TPU-v5p"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    const struct hw_gpu *g = gpu(names[i]);
    struct hw_gpu faster_memory = *g, faster_units = *g;
    faster_memory.mem_Bps *= 1.5;
    for (int t = 0; t < DT_COUNT; t++)
      faster_units.peak_flops[t] *= 1.5;
    for (double m = 1; m <= 8192; m *= 2)
      for (double n = 256; n <= 16384; n *= 4)
        for (double k = 256; k <= 16384; k *= 4) {
          double t = gemm(g, m, n, k);
          CU_ASSERT(t > 0 && isfinite(t));
          CU_ASSERT(gemm(&faster_memory, m, n, k) <= t * (1 + 1e-12));
          CU_ASSERT(gemm(&faster_units, m, n, k) <= t * (1 + 1e-12));
          CU_ASSERT(t >= 2 * m * n * k / g->peak_flops[hw_compute_dtype(g, DT_BF16)]); /* never above peak */
          CU_ASSERT(gemm(g, 2 * m, n, k) >= t && gemm(g, m, 2 * n, k) >= t && gemm(g, m, n, 2 * k) >= t);
        }
  }
  struct hw_gemm cold = {8192, 8192, 8192, 1, DT_BF16, 0, 1}, hot = cold, batched = {512, 512, 512, 64, DT_BF16, 0, 0},
                 single = batched;
  hot.clock = 0.8;
  CU_ASSERT(hw_gemm_s(gpu("H100"), &hot) > 1.15 * hw_gemm_s(gpu("H100"), &cold));
  single.batch = 1;
  CU_ASSERT(hw_gemm_s(gpu("H100"), &batched) < 64 * hw_gemm_s(gpu("H100"), &single));
}

/* A token at a time, 4-bit weights take little more than their own bytes; many rows take what the kernel's share of the peak allows. */
static void test_widening_gemm(void) {
  const struct hw_gpu *g = gpu("A100-SXM-80GB");
  struct hw_gemm op = {1, 22016, 4096, 1, DT_BF16, 0.5, 0}, wide = op;
  wide.weight_bytes = 2;
  double bytes_s = op.n * op.k * 0.5 / g->mem_Bps, narrow_s = hw_widening_gemm_s(g, &op, 0.25);
  CU_ASSERT(narrow_s > bytes_s && narrow_s < 2.5 * bytes_s);
  CU_ASSERT(narrow_s < 0.5 * hw_gemm_s(g, &wide));
  CU_CLOSE(hw_widening_gemm_s(g, &(struct hw_gemm){8, 22016, 4096, 1, DT_BF16, 0.5, 0}, 0.25), narrow_s, 0.01);
  op.m = 4096;
  CU_CLOSE(hw_widening_gemm_s(g, &op, 0.25), 2 * op.m * op.n * op.k / (0.25 * g->peak_flops[DT_BF16]), 0.02);
  CU_ASSERT(hw_widening_gemm_s(g, &op, 0.25) > hw_gemm_s(g, &wide));
}

static void test_attention_properties(void) {
  const struct hw_gpu *g = gpu("H100");
  struct hw_attn op = {1, 32, 32, 4096, 4096, 128, 128, true, false, DT_BF16, HW_ATTN_AUTO, 0}, other = op;
  double t = hw_attn_s(g, &op);
  other.causal = false;
  CU_ASSERT(hw_attn_s(g, &other) > 1.5 * t);
  other = op;
  other.backward = true;
  CU_ASSERT(hw_attn_s(g, &other) > 2 * t && hw_attn_s(g, &other) < 4.5 * t);
  other = op;
  other.kernel = HW_ATTN_FLASH2;
  CU_ASSERT(hw_attn_s(g, &other) > t); /* the newer kernel is the faster */
  other.kernel = HW_ATTN_UNFUSED;
  CU_ASSERT(hw_attn_s(g, &other) > 3 * t);
  other = op;
  other.q_len = 512;
  CU_ASSERT(hw_attn_s(g, &other) < t);
  struct hw_decode_attn d = {64, 64 * 4096, 64, 8, 128, 128, 2, false}, more = d;
  more.context_tokens *= 2;
  CU_ASSERT(hw_decode_attn_s(g, &more) > 1.7 * hw_decode_attn_s(g, &d));
  more = d;
  more.kv_bytes = 1;
  CU_ASSERT(hw_decode_attn_s(g, &more) < hw_decode_attn_s(g, &d));
  more.seqs = 0;
  CU_ASSERT_EQUAL(hw_decode_attn_s(g, &more), 0);
}

static void test_expert_properties(void) {
  const struct hw_gpu *g = gpu("H800");
  /* a published kernel: 4 groups of 8,192 rows, 4096 x 7168 in FP8, 1.43-1.48 ms */
  struct hw_grouped_gemm op = {4, 4 * 8192, 4096, 7168, DT_FP8, 0, 0, 1}, uneven = op;
  CU_CLOSE(hw_grouped_gemm_s(g, &op), 1.45e-3, 0.1);
  uneven.imbalance = 1.3;
  CU_ASSERT(hw_grouped_gemm_s(g, &uneven) > 1.2 * hw_grouped_gemm_s(g, &op));
  op.rows = 0;
  CU_ASSERT_EQUAL(hw_grouped_gemm_s(g, &op), 0);
  struct hw_moe_ffn layer = {32, 1024, 8192, 7168, 2048, true, DT_FP8, 0, 0, 1}, wider = layer;
  wider.touched = 16;
  wider.rows = 512;
  CU_ASSERT(hw_moe_ffn_s(g, &wider) < hw_moe_ffn_s(g, &layer));
  CU_ASSERT(hw_moe_ffn_s(g, &layer) >
            2 * hw_grouped_gemm_s(g, &(struct hw_grouped_gemm){32, 1024, 2048, 7168, DT_FP8, 0, 0, 1}));
}

/* The reference part's constants serve its architecture, and the row says where they come from. */
static void test_inheritance(void) {
  const struct hw_gpu *h100 = gpu("H100"), *h800 = gpu("H800"), *gb300 = gpu("GB300"), *gb200 = gpu("GB200");
  CU_CLOSE(gemm(h800, 4096, 4096, 4096), gemm(h100, 4096, 4096, 4096), 0.01); /* the same die */
  CU_CLOSE(gemm(gb300, 4096, 4096, 4096), gemm(gb200, 4096, 4096, 4096), 1e-9);
  struct hw_derived d[HW_DERIVED_MAX];
  size_t n = hw_derive_gpu(cat, h800, d), inherited = 0;
  for (size_t i = 0; i < n; i++)
    inherited += strcmp(d[i].metric, "gemm_rate_bf16") == 0 && strstr(d[i].how, "H100-SXM-80GB, inherited");
  CU_ASSERT_EQUAL(inherited, 1);
}

/* ---- collectives ---- */

static double coll(const struct hw_server *s, enum hw_coll kind, double bytes, int ranks, int per_node, int groups) {
  struct hw_coll_op op = {kind, bytes, ranks, per_node, groups};
  return hw_coll_s(s, &op);
}

static void test_collective_properties(void) {
  const struct hw_server *s = server("DGX-H100-640");
  CU_ASSERT_EQUAL(coll(s, HW_ALL_REDUCE, 1e9, 1, 1, 1), 0);
  CU_ASSERT_EQUAL(coll(s, HW_ALL_REDUCE, 0, 8, 8, 1), 0);
  for (int kind = 0; kind < HW_COLL_COUNT; kind++)
    for (double bytes = 1e3; bytes < 1e10; bytes *= 10) {
      struct hw_link thin = *s->intra, slow = *s->nic;
      struct hw_server weak = *s, far = *s;
      thin.raw_Bps /= 2;
      weak.intra = &thin;
      slow.latency_s *= 2;
      far.node_net_Bps /= 2;
      for (int n = 2; n <= 8; n *= 2) {
        CU_ASSERT(coll(&weak, (enum hw_coll)kind, bytes, n, n, 1) > coll(s, (enum hw_coll)kind, bytes, n, n, 1));
        CU_ASSERT(coll(s, (enum hw_coll)kind, 10 * bytes, n, n, 1) > coll(s, (enum hw_coll)kind, bytes, n, n, 1));
      }
      double one = coll(s, (enum hw_coll)kind, bytes, 32, 8, 1), crowded = coll(s, (enum hw_coll)kind, bytes, 32, 8, 4);
      CU_ASSERT(crowded >= one && coll(&far, (enum hw_coll)kind, bytes, 32, 8, 1) >= one);
      CU_ASSERT(coll(&far, (enum hw_coll)kind, bytes, 4, 1, 1) > coll(s, (enum hw_coll)kind, bytes, 4, 1, 1));
    }
  CU_ASSERT(coll(s, HW_ALL_REDUCE, 1e4, 512, 8, 1) >
            coll(s, HW_ALL_REDUCE, 1e4, 16, 8, 1)); /* latency grows with the nodes */
  CU_ASSERT(coll(s, HW_ALL_REDUCE, 1e9, 8, 8, 1) <
            2 * coll(s, HW_ALL_GATHER, 1e9, 8, 8, 1)); /* reduced in the switch */
  const struct hw_server *nvl = server("GB200-NVL72");
  CU_ASSERT(coll(nvl, HW_ALL_REDUCE, 1e9, 16, 16, 1) < coll(server("DGX-B200"), HW_ALL_REDUCE, 1e9, 16, 8, 1));
  /* on p4d two GPUs share a NIC: one alone gets all of it, eight get half each */
  const struct hw_server *p4d = server("p4d.24xlarge");
  double alone = coll(p4d, HW_P2P, 1e9, 2, 1, 1), all = coll(p4d, HW_P2P, 1e9, 2, 1, 8);
  CU_CLOSE(all / alone, 2, 0.02);
  /* a domain of sixteen trays of four has the NICs of all of them */
  const struct hw_server *tray = hw_server_generic(cat, gpu("GB200"), 4, 0);
  CU_CLOSE(coll(tray, HW_ALL_REDUCE, 64e9, 128, 64, 1), coll(nvl, HW_ALL_REDUCE, 64e9, 128, 64, 1), 0.01);
  struct hw_server bare = *s;
  bare.nic = NULL;
  CU_ASSERT(isinf(coll(&bare, HW_ALL_REDUCE, 1e6, 16, 8, 1)));
}

/* Measured all-reduces across AWS nodes, large messages. */
static void test_against_efa(void) {
  static const struct {
    const char *system, *server;
  } run[] = {{"p4de.24xlarge x2 (EFA)", "p4de.24xlarge"},
             {"p5.48xlarge x2 (EFA)", "p5.48xlarge"},
             {"32x B200 P6-B200 x4 (EFA v4)", "p6-b200.48xlarge"}};
  struct csv_table *t = table("hwmodels/measured/comm.csv");
  for (size_t i = 0; i < sizeof run / sizeof *run; i++) {
    double error[64], largest = 0, at_largest = NAN;
    size_t n = 0;
    for (size_t r = 0; r < csv_rows(t) && n < 64; r++) {
      double bytes = cell(t, r, "size_bytes");
      if (strcmp(csv_cell(t, r, csv_column(t, "system")), run[i].system) != 0 || bytes < 16e6)
        continue;
      double want = cell(t, r, "time_us") * 1e-6,
             got = coll(server(run[i].server), HW_ALL_REDUCE, bytes, (int)cell(t, r, "n_ranks"), 8, 1);
      error[n++] = fabs(got / want - 1);
      if (bytes > largest) {
        largest = bytes;
        at_largest = got / want - 1;
      }
    }
    CU_ASSERT_FATAL(n > 5);
    printf(" [%s: median %.1f %%, largest %+.1f %%]", run[i].server, 100 * median(error, n), 100 * at_largest);
    CU_ASSERT(median(error, n) < 0.12);
    CU_ASSERT(fabs(at_largest) < 0.12);
  }
  csv_unload(t);
}

/* DeepEP's published expert-parallel rates on H800: 4,096 tokens, hidden 7168, top 8, FP8 dispatch and BF16 combine
 * inside a node: 153 and 158 GB/s. */
static void test_against_deepep(void) {
  const struct hw_server *s = server("H800-node");
  double bytes = 4096 * 8 * 7168.0;
  CU_CLOSE(bytes * 7 / 8 / coll(s, HW_ALL_TO_ALL, bytes, 8, 8, 1), 153e9, 0.25);
  CU_CLOSE(2 * bytes * 7 / 8 / coll(s, HW_ALL_TO_ALL, 2 * bytes, 8, 8, 1), 158e9, 0.25);
}

/* ---- power ---- */

static void test_power(void) {
  const struct hw_gpu *g = gpu("H100");
  CU_CLOSE(hw_gpu_power_w(cat, g, &(struct hw_activity){0}), g->idle_w, 1e-12);
  CU_CLOSE(hw_gpu_power_w(cat, g, &(struct hw_activity){.busy = 1, .u_mem = 1, .u_comp = 1}), g->tdp_w, 1e-12); /* capped */
  double before = 0;
  for (double x = 0; x <= 1; x += 0.1) {
    double w = hw_gpu_power_w(cat, g, &(struct hw_activity){.busy = x, .u_mem = x / 2, .u_comp = x / 4});
    CU_ASSERT(w >= before && w <= g->tdp_w);
    before = w;
  }
  /* waiting for peers takes less than working, more than idling */
  double works = hw_gpu_power_w(cat, g, &(struct hw_activity){.busy = 1}), waits = hw_gpu_power_w(cat, g, &(struct hw_activity){.busy = 1, .comm = 1});
  CU_ASSERT(waits < works && waits > g->idle_w);
  const struct hw_server *s = server("DGX-H100-640");
  CU_CLOSE(hw_server_idle_w(cat, s), hw_server_power_w(cat, s, &(struct hw_activity){0}), 1e-12);
  CU_CLOSE(hw_server_power_at_w(s, g->tdp_w), 8 * g->tdp_w + s->host_busy_w, 1e-12);
  /* a whole A100 cluster: GPUs at most TDP, server p90 4,851 W and p99 5,452 W */
  double full = hw_server_power_w(cat, server("DGX-A100-640"), &(struct hw_activity){.busy = 1, .u_mem = 0.5, .u_comp = 0.5});
  CU_ASSERT(full > 4300 && full < 5500);
  CU_ASSERT(hw_server_power_w(cat, s, &(struct hw_activity){.busy = 1, .u_mem = 0.3, .u_comp = 0.4}) <= s->power_max_w);
}

/* Fans of air-cooled nodes: idle samples of metered ones are 2,892 W with them and 2,079-2,354 W without, GPUs holding a context. */
static void test_power_of_hosts(void) {
  const struct hw_server *dry = hw_server_generic(cat, gpu("H100"), 8, 0), *wet = hw_server_without_fans(cat, dry);
  CU_CLOSE(hw_server_idle_w(cat, dry), 2892, 0.2);
  CU_CLOSE(hw_server_idle_w(cat, wet), 2079, 0.2);
  CU_CLOSE(dry->host_busy_w - wet->host_busy_w, dry->host_idle_w - wet->host_idle_w, 1e-12);
  CU_ASSERT(hw_server_without_fans(cat, wet) == wet);
  /* a board of GPUs on PCIe has no switches between them */
  const struct hw_server *pcie = hw_server_generic(cat, gpu("A100-PCIe-80GB"), 8, 0), *sxm = hw_server_generic(cat, gpu("A100-SXM-80GB"), 8, 0);
  CU_ASSERT(pcie->host_busy_w < sxm->host_busy_w && pcie->host_idle_w > 0);
  /* a workstation's own rows are scaled by its GPUs, and its parts have fewer watts */
  const struct hw_server *station = hw_server_generic(cat, server("DGX-Station-A100")->gpu, 4, 0);
  CU_CLOSE(station->host_busy_w, server("DGX-Station-A100")->host_busy_w, 1e-12);
  CU_ASSERT(station->gpu->tdp_w < gpu("A100-SXM-80GB")->tdp_w && hw_server_power_at_w(station, station->gpu->tdp_w) < 1700);
}

/* Nodes of eight H100 under training benchmarks that keep one node busy. */
static void test_power_of_nodes(void) {
  struct csv_table *t = table("hwmodels/measured/power_nodes.csv");
  const struct hw_server *wet = hw_server_without_fans(cat, hw_server_generic(cat, gpu("H100"), 8, 0));
  double error[32];
  size_t n = 0;
  for (size_t r = 0; r < csv_rows(t) && n < 32; r++)
    if (cell(t, r, "nodes") == 1)
      error[n++] = fabs(hw_server_power_w(cat, wet, &(struct hw_activity){.busy = 1, .u_mem = 0.3, .u_comp = 0.35}) /
                            cell(t, r, "node_mean_w") -
                        1);
  CU_ASSERT_FATAL(n >= 5);
  printf(" [%zu nodes: median %.1f %%]", n, 100 * median(error, n));
  CU_ASSERT(median(error, n) <= 0.1);
  csv_unload(t);
}

/* Large messages over all GPUs of nodes: rings carry (n - 1) / n of the buffer into each node whatever the number of
 * nodes, an all-reduce of two nodes only once each way. */
static void test_rings_across_nodes(void) {
  const struct hw_server *s = server("DGX-H100-640");
  double V = 1e13, two = coll(s, HW_ALL_GATHER, V, 16, 8, 1), many = coll(s, HW_ALL_GATHER, V, 128, 8, 1);
  CU_CLOSE(two / many, (15.0 / 16) / (127.0 / 128), 1e-3);
  CU_CLOSE(coll(s, HW_REDUCE_SCATTER, V, 32, 8, 1) / many, (31.0 / 32) / (127.0 / 128), 1e-3);
  CU_CLOSE(coll(s, HW_ALL_REDUCE, V, 32, 8, 1) / many, 2 * (31.0 / 32) / (127.0 / 128), 1e-3);
  CU_CLOSE(coll(s, HW_ALL_REDUCE, V, 2, 1, 8) / coll(s, HW_ALL_REDUCE, V, 16, 1, 8), 1 / (2 * 15.0 / 16), 1e-3);
}

int main(void) {
  static const struct cu_case cases[] = {
      {"rings across nodes", test_rings_across_nodes},
      {"ring closed forms", test_ring_closed_form},
      {"formats", test_formats},
      {"gemm properties", test_gemm_properties},
      {"weight-only gemm", test_widening_gemm},
      {"attention properties", test_attention_properties},
      {"experts", test_expert_properties},
      {"inheritance", test_inheritance},
      {"collective properties", test_collective_properties},
      {"all-reduce across EFA", test_against_efa},
      {"all-to-all as DeepEP", test_against_deepep},
      {"power", test_power},
      {"power of hosts", test_power_of_hosts},
      {"power of nodes", test_power_of_nodes},
  };
  return hw_main("hwmodels", cases, sizeof cases / sizeof *cases);
}
