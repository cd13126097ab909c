/* Catalog, kernels, collectives, power and their fits. Closed forms are golden; measured tables are the shipped ones.
 */
#include <gsl/gsl_errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/csv.h"
#include "base/datadir.h"
#include "base/units.h"
#include "hwmodels/calibrate.h"
#include "hwmodels/catalog.h"
#include "hwmodels/collective.h"
#include "hwmodels/derive.h"
#include "hwmodels/kernels.h"
#include "hwmodels/power.h"
#include "tests/cu.h"

static struct hw_catalog *cat;
static struct arena *paths;

static void print_errs(const struct errs *e) {
  for (size_t i = 0; i < errs_count(e); i++)
    printf("\n  %s", errs_text(e, i));
}

static struct hw_catalog *load(const char *overlay) {
  struct errs *e = errs_create();
  const char *dirs[] = {datadir_path(paths, "hwmodels/catalog"), overlay};
  struct hw_catalog *c = hw_catalog_load(dirs, overlay ? 2 : 1, e);
  print_errs(e);
  errs_destroy(e);
  return c;
}

static const struct hw_gpu *gpu(const char *name) {
  const struct hw_gpu *g = hw_gpu_find(cat, name);
  if (!g)
    printf("\n  no gpu %s", name);
  CU_ASSERT_PTR_NOT_NULL_FATAL(g);
  return g;
}
static const struct hw_server *server(const char *name) {
  const struct hw_server *s = hw_server_find(cat, name);
  if (!s)
    printf("\n  no server %s", name);
  CU_ASSERT_PTR_NOT_NULL_FATAL(s);
  return s;
}

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

/* ---- the catalog ---- */

static void test_everything_named_is_there(void) {
  static const char *const gpus[] = {"V100",
                                     "V100-SXM2-16GB",
                                     "V100-SXM2-32GB",
                                     "T4",
                                     "A100-SXM-40GB",
                                     "A100-SXM-80GB",
                                     "A100-PCIe-80GB",
                                     "A10",
                                     "A10G",
                                     "A40",
                                     "L4",
                                     "L40S",
                                     "H100-SXM-80GB",
                                     "H100-PCIe",
                                     "H100-NVL",
                                     "H800",
                                     "H20",
                                     "H200",
                                     "B200",
                                     "B300",
                                     "GB200",
                                     "MI250X",
                                     "MI300X",
                                     "MI325X",
                                     "MI355X",
                                     "Ascend-910B",
                                     "Ascend-910B1",
                                     "Ascend-910B2",
                                     "Ascend-910B3",
                                     "Ascend-910B4",
                                     "Ascend-910C",
                                     "Jetson-AGX-Orin-32GB",
                                     "Jetson-AGX-Orin-64GB",
                                     "RTX-4090",
                                     "TPU-v5p",
                                     "TPU-v6e",
                                     "RTX-A6000",
                                     "RTX-PRO-6000",
                                     "GH200",
                                     "L20",
                                     "A30",
                                     "A2",
                                     "RTX-3090"};
  static const char *const links[] = {"NVLink 1",          "NVLink 2",          "NVLink 3",       "NVLink 4",
                                      "NVLink 5",          "PCIe 3.0 x16",      "PCIe 4.0 x16",   "PCIe 5.0 x16",
                                      "InfiniBand HDR 4x", "InfiniBand NDR 4x", "RoCE v2 400GbE", "EFA v1 100G",
                                      "xGMI MI300X",       "HCCS 910B",         "NVLink-C2C"};
  static const char *const servers[] = {"DGX-A100-320",     "DGX-A100-640",
                                        "DGX-H100-640",     "HGX-H100",
                                        "HGX-H200",         "DGX-H200",
                                        "DGX-B200",         "p4d.24xlarge",
                                        "p4de.24xlarge",    "p5.48xlarge",
                                        "p5e.48xlarge",     "p5en.48xlarge",
                                        "p6-b200.48xlarge", "g4dn.xlarge",
                                        "g4dn.12xlarge",    "g4dn.metal",
                                        "g5.xlarge",        "g5.12xlarge",
                                        "g5.48xlarge",      "p3.2xlarge",
                                        "p3.16xlarge",      "p3dn.24xlarge",
                                        "H800-node",        "GB200-NVL72",
                                        "T4-server",        "Jetson-AGX-Orin-devkit"};
  for (size_t i = 0; i < sizeof gpus / sizeof *gpus; i++)
    gpu(gpus[i]);
  for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
    const struct hw_link *l = hw_link_find(cat, links[i]);
    CU_ASSERT_PTR_NOT_NULL_FATAL(l);
    CU_ASSERT(l->raw_Bps > 0);
  }
  for (size_t i = 0; i < sizeof servers / sizeof *servers; i++)
    server(servers[i]);
}

static void test_corrected_figures(void) {
  CU_CLOSE(gpu("A100-SXM-80GB")->peak_flops[DT_FP16], 312e12, 1e-12); /* the article has 19.5 */
  CU_CLOSE(gpu("A100-SXM-80GB")->mem_Bps, 2039e9, 1e-12);             /* 614 */
  CU_CLOSE(gpu("T4")->pcie->raw_Bps, 15.75e9, 1e-12);                 /* PCIe 3, not 4 */
  CU_CLOSE(gpu("MI250X")->peak_flops[DT_BF16], 383e12, 1e-12);        /* 110 */
  CU_CLOSE(server("DGX-A100-640")->power_max_w, 6500, 1e-12);         /* 8 kW */
  CU_ASSERT_EQUAL(gpu("A100-SXM-80GB")->peak_flops[DT_FP8], 0);       /* no such unit */
  CU_ASSERT_EQUAL(gpu("T4")->peak_flops[DT_BF16], 0);
  CU_CLOSE(gpu("H800")->scaleup->raw_Bps, 200e9, 1e-12);
  CU_CLOSE(gpu("H800")->scaleup->eff_Bps, 160e9, 1e-12);
  CU_CLOSE(gpu("H800")->mem_bytes, 84943110144.0, 1e-12);
  const struct hw_server *p4d = server("p4d.24xlarge");
  CU_ASSERT_STRING_EQUAL(p4d->gpu->name, "A100-SXM-40GB");
  CU_CLOSE(p4d->node_net_Bps, 50e9, 1e-12);
  CU_ASSERT_EQUAL(p4d->gpus_per_nic_port, 2);
  CU_ASSERT_EQUAL(server("GB200-NVL72")->scaleup_domain, 72);
}

static void test_spellings(void) {
  static const struct {
    const char *text, *name;
  } same[] = {{"NVIDIA H100 80GB HBM3", "H100-SXM-80GB"},
              {"A100 80GB SXM4", "A100-SXM-80GB"},
              {"NVIDIA A100-SXM4-40GB", "A100-SXM-40GB"},
              {"a100_sxm4 80 gb", "A100-SXM-80GB"},
              {"Tesla T4", "T4"},
              {"NVIDIA GeForce RTX 4090 24GB", "RTX-4090"},
              {"AMD Instinct MI300X OAM", "MI300X"},
              {"NVIDIA L40S-48GB", "L40S"},
              {"H200 SXM 141GB", "H200-SXM"},
              {"NVIDIA B200 180GB", "B200-SXM"},
              {"H100 PCIe 80GB", "H100-PCIe-80GB"},
              {"GH200 144GB HBM3e", "GH200-144GB"},
              {"A100-SXM-80GB/mig-1g.10gb", "A100-SXM-80GB/mig-1g.10gb"},
              {"H100-SXM-80GB@cap", "H100-SXM-80GB@350W"},
              {"DGX-2  32GB", "V100-SXM3-32GB"},
              {"NVIDIA RTX 4000 Ada Generation 20.0GB", "RTX-4000-Ada"},
              {"Drive-A100-PCIe", "A100-PCIe-40GB-Drive"},
              {"V100S-PCIe-32GB", "V100S-PCIe-32GB"},
              {"NVIDIA AGX Xavier", "Jetson-AGX-Xavier"},
              {"A30/mig-1g.6gb", "A30/mig-1g.6gb"},
              {"RTX-4090D", "RTX-4090D"},
              {"H100-96GB-500W", "H100-96GB-500W"},
              {"8xH100 SXM5", "H100-SXM-80GB"},
              {"Intel Gaudi 3", "Gaudi3"},
              {"NVIDIA RTX A6000", "RTX-A6000"}};
  for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
    const struct hw_gpu *g = hw_gpu_find(cat, same[i].text);
    if (!g || strcmp(g->name, same[i].name) != 0)
      printf("\n  '%s' is %s, not %s", same[i].text, g ? g->name : "unknown", same[i].name);
    CU_ASSERT(g && strcmp(g->name, same[i].name) == 0);
  }
  static const char *const unknown[] = {"A100-SXM-90GB", "Quadro P4000", "", "GPU", "80GB", "H100 SXM 40GB"};
  for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++)
    CU_ASSERT_PTR_NULL(hw_gpu_find(cat, unknown[i]));
  CU_ASSERT_STRING_EQUAL(hw_gpu_nearest(cat, "A100-SXM-08GB"), "A100-SXM-80GB");
  CU_ASSERT_STRING_EQUAL(server("DGX A100")->name, "DGX-A100-640");
  CU_ASSERT_PTR_NULL(hw_server_find(cat, "p4d.25xlarge"));
  CU_ASSERT_STRING_EQUAL(hw_server_nearest(cat, "p4d.25xlarge"), "p4d.24xlarge");
  CU_ASSERT_PTR_NULL(hw_link_find(cat, "NVLink 9"));
}

static double usd(const char *name, const char *contract, const char *region, int y, int m, int d) {
  const struct hw_price *p = hw_price_find(cat, name, contract, region, (struct date){y, m, d});
  return p ? p->usd : (double)NAN;
}

static void test_prices_have_dates(void) {
  CU_CLOSE(usd("p4d.24xlarge", "on-demand", "us-east-1", 2025, 5, 31), 32.7726, 1e-12);
  CU_CLOSE(usd("p4d.24xlarge", "on-demand", "us-east-1", 2025, 6, 1), 21.957642, 1e-12);
  CU_CLOSE(usd("p4d", "on-demand", "", 2026, 11, 9), 21.957642, 1e-12);
  CU_CLOSE(usd("p4d.24xlarge", "1 yr", "", 2024, 1, 1), 20.1755, 1e-12);
  CU_CLOSE(usd("p4d.24xlarge", "1 yr", "", 2025, 3, 1), 19.22, 1e-12);
  CU_CLOSE(usd("p4d.24xlarge", "1 yr", "", 2026, 1, 1), 13.921, 1e-12);
  CU_CLOSE(usd("p4d.24xlarge", "3 yr", "", 2025, 3, 1), 11.57, 1e-12);
  CU_CLOSE(usd("p4d.24xlarge", "3 yr", "", 2026, 1, 1), 9.374, 1e-12);
  CU_CLOSE(usd("p4d.24xlarge", "capacity-block", "", 2026, 1, 1), 14.75, 1e-12);
  CU_CLOSE(usd("p5.48xlarge", "on-demand", "", 2026, 1, 1), 55.04, 1e-12);
  CU_CLOSE(usd("p6-b200.48xlarge", "on-demand", "", 2026, 1, 1), 113.9328, 1e-12);
  CU_CLOSE(usd("p4d.24xlarge", "on-demand", "eu-west-2", 2026, 1, 1), 28.54493, 1e-12);
  CU_CLOSE(usd("DGX-A100-640", "purchase", "", 2026, 1, 1), 148390, 1e-12);
  CU_ASSERT(isnan(usd("p4d.24xlarge", "on-demand", "us-east-1", 2019, 1, 1))); /* unknown is not 0 */
  CU_ASSERT(isnan(usd("p5e.48xlarge", "on-demand", "", 2026, 1, 1)));
  CU_ASSERT(isnan(usd("DGX-A100-640", "on-demand", "", 2026, 1, 1)));
  const struct hw_price *derived = hw_price_find(cat, "p5.48xlarge", "1 yr", "", (struct date){2026, 1, 1});
  CU_ASSERT_FATAL(derived != NULL);
  CU_ASSERT_STRING_EQUAL(derived->grade, "derived"); /* no source has it */
  const struct hw_price *spread = hw_price_find(cat, "DGX-H100-640", "purchase", "", (struct date){2026, 1, 1});
  CU_ASSERT_FATAL(spread != NULL);
  CU_ASSERT(spread->low_usd < spread->usd && spread->usd < spread->high_usd);
}

static void test_grades(void) {
  size_t n = 0;
  for (const struct hw_fact *f; (f = hw_fact_at(cat, n)); n++) {
    bool memory = strncmp(f->source, "common knowledge", 16) == 0 && strcmp(f->kind, "alias") != 0;
    if (memory && strcmp(f->grade, "assumed") != 0)
      printf("\n  %s:%d: common knowledge must be graded assumed", f->file, f->line);
    CU_ASSERT(!memory || strcmp(f->grade, "assumed") == 0);
    CU_ASSERT(strcmp(f->source, "derived") != 0 || strcmp(f->grade, "derived") == 0);
    CU_ASSERT(*f->source != '\0');
  }
  CU_ASSERT(n > 3000);
}

static void test_facts_convert(void) {
  const struct hw_fact *f = hw_fact_find(cat, "gpu", "A100", "memory_bandwidth");
  CU_ASSERT_PTR_NOT_NULL_FATAL(f);
  CU_CLOSE(f->value, 2039, 1e-12);
  CU_ASSERT_STRING_EQUAL(f->unit, "GB/s");
  CU_ASSERT(f->line > 1 && strstr(f->file, "gpus.csv"));
  CU_ASSERT_PTR_NULL(hw_fact_find(cat, "gpu", "A100", "no_such"));
  f = hw_fact_find(cat, "economics", "tariff", "us_industrial_2025");
  CU_ASSERT_FATAL(f != NULL);
  CU_CLOSE(f->value, 0.0826, 1e-12);
  CU_ASSERT_FATAL(hw_fact_find(cat, "reliability", "meta-rsc1", "failures") != NULL);
  CU_CLOSE(hw_fact_find(cat, "reliability", "meta-rsc1", "failures")->value, 6.5, 1e-12);
  CU_ASSERT(hw_fact_find(cat, "gpu", "B200", "memory_bandwidth_alt") != NULL); /* conflicting figures are kept */
}

static void test_slices(void) {
  const struct hw_gpu *whole = gpu("A100-SXM-40GB"), *slice = gpu("A100-SXM-40GB/mig-1g.5gb"),
                      *half = gpu("A100-SXM-40GB/mig-3g.20gb");
  CU_ASSERT_EQUAL(slice->sms, 14);
  CU_CLOSE(slice->mem_Bps, whole->mem_Bps / 8, 1e-12);
  CU_CLOSE(slice->peak_flops[DT_FP16], whole->peak_flops[DT_FP16] * 14 / 108, 1e-3);
  CU_CLOSE(half->mem_bytes, whole->mem_bytes / 2, 1e-12);
  CU_ASSERT_EQUAL(whole->mig_max, 7);
  struct hw_gemm op = {384 * 8, 1024, 1024, 1, DT_INT8, 0, 0};
  CU_ASSERT(hw_gemm_s(slice, &op) > 4 * hw_gemm_s(whole, &op));
}

static void test_preset_article(void) {
  struct hw_catalog *article = load(datadir_path(paths, "hwmodels/catalog/presets/article-2025"));
  CU_ASSERT_PTR_NOT_NULL_FATAL(article);
  CU_CLOSE(hw_gpu_find(article, "A100")->peak_flops[DT_FP16], 19.5e12, 1e-12);
  CU_CLOSE(hw_gpu_find(article, "A100")->mem_Bps, 614e9, 1e-12);
  CU_CLOSE(hw_price_find(article, "p4d", "on-demand", "", (struct date){2025, 9, 25})->usd, 32, 1e-12);
  CU_CLOSE(hw_price_find(article, "DGX-A100", "purchase", "", (struct date){2025, 9, 25})->usd, 120000, 1e-12);
  CU_ASSERT_STRING_EQUAL(hw_gpu_find(article, "T4")->pcie->name, "PCIe 4.0 x16");
  CU_CLOSE(hw_gpu_find(article, "H100")->mem_Bps, 3350e9, 1e-12); /* what it does not say stays */
  size_t claims = 0, answered = 0;
  for (size_t i = 0; hw_fact_at(article, i); i++) {
    const struct hw_fact *f = hw_fact_at(article, i);
    claims += strcmp(f->kind, "claim") == 0;
    answered += strcmp(f->kind, "claim") == 0 && hw_fact_find(cat, "claim", f->name, f->metric);
  }
  CU_ASSERT_EQUAL(claims, 38);
  CU_ASSERT_EQUAL(answered, 38);
  hw_catalog_free(article);
}

static void test_generic_servers(void) {
  const struct hw_server *s = hw_server_generic(cat, gpu("A100-SXM-80GB"), 8, 50e9);
  CU_ASSERT_EQUAL(s->gpus, 8);
  CU_CLOSE(s->node_net_Bps, 50e9, 1e-12);
  CU_ASSERT(s->gpus_per_nic_port > 1); /* fewer NICs than GPUs: they share */
  CU_ASSERT_PTR_EQUAL(s, hw_server_generic(cat, gpu("A100-SXM-80GB"), 8, 50e9));
  CU_ASSERT_PTR_NOT_EQUAL(s, hw_server_generic(cat, gpu("A100-SXM-80GB"), 8, 100e9));
  s = hw_server_generic(cat, gpu("GB200"), 4, 0);
  CU_ASSERT_EQUAL(s->scaleup_domain, 72);
  CU_ASSERT(s->node_net_Bps > 0 && s->intra == gpu("GB200")->scaleup);
  s = hw_server_generic(cat, gpu("T4"), 2, 0);
  CU_ASSERT_PTR_EQUAL(s->intra, gpu("T4")->pcie);
  s = hw_server_generic(cat, gpu("A40"), 4, 0); /* its NVLink bridge joins two only */
  CU_ASSERT_PTR_EQUAL(s->intra, gpu("A40")->pcie);
}

static void test_derived(void) {
  struct hw_derived d[HW_DERIVED_MAX];
  size_t n = hw_derive_gpu(cat, gpu("A100-SXM-80GB"), d), found = 0;
  for (size_t i = 0; i < n; i++) {
    if (strcmp(d[i].metric, "tflops_per_w") == 0)
      CU_CLOSE(d[i].value, 0.78, 1e-9), found++;
    if (strcmp(d[i].metric, "usd_per_added_pflops") == 0)
      CU_CLOSE(d[i].value, 17348.56 / 0.312, 1e-9), found++;
    CU_ASSERT(d[i].value > 0 && *d[i].how);
  }
  CU_ASSERT_EQUAL(found, 2);
  n = hw_derive_gpu(cat, gpu("H100"), d);
  for (size_t i = 0; i < n; i++)
    if (strcmp(d[i].metric, "scaleup_over_pcie") == 0)
      CU_CLOSE(d[i].value, 450.0 / 63, 1e-9); /* seven, not six */
  n = hw_derive_server(cat, server("p4d.24xlarge"), (struct date){2026, 1, 1}, d);
  for (size_t i = 0; i < n; i++)
    if (strcmp(d[i].metric, "usd_per_gpu_hour") == 0)
      CU_CLOSE(d[i].value, 21.957642 / 8, 1e-9);
}

/* ---- broken catalogs ---- */

static void write_file(const char *dir, const char *text) {
  char path[256];
  snprintf(path, sizeof path, "%s/mine.csv", dir);
  FILE *f = fopen(path, "w");
  CU_ASSERT_PTR_NOT_NULL_FATAL(f);
  fputs(text, f);
  fclose(f);
}

static bool says(const struct errs *e, const char *what) {
  for (size_t i = 0; i < errs_count(e); i++)
    if (strstr(errs_text(e, i), what))
      return true;
  return false;
}

#define HEAD "kind,name,metric,value,unit,source,where,date,grade\n"
#define PRICE "kind,name,metric,region,from,to,value,low,high,unit,source,where,date,grade\n"

static void test_broken_catalogs(void) {
  static const struct {
    const char *text, *want;
  } bad[] = {
      {"kind,name,metric,value\ngpu,X,tdp,1\n", "mine.csv"},
      {HEAD "gpu,X,tdp,many,W,me,,,assumed\ngpu,X,arch,hopper,,me,,,assumed\ngpu,X,memory_capacity,8,GiB,me,,,"
            "assumed\ngpu,X,memory_bandwidth,9,GB/s,me,,,assumed\ngpu,X,fp16_tensor,9,TFLOPS,me,,,assumed\n",
       "mine.csv:2: tdp: got 'many'"},
      {HEAD "gpu,A100,tdp,400,s,me,,,assumed\n", "mine.csv:2: tdp: got '400 s', expected W"},
      {HEAD "gpu,A100,tdp,400,furlong,me,,,assumed\n", "mine.csv:2: tdp: unknown unit 'furlong'"},
      {HEAD "gpu,A100,tdp,-4,W,me,,,assumed\n", "mine.csv:2: tdp"},
      {HEAD "gpu,A100,tdp,400,W,me,,,guessed\n", "mine.csv:2: grade: got 'guessed'"},
      {HEAD "gpu,A100,tdp,400,W,me,,2025-13,assumed\n", "mine.csv:2: date: got '2025-13'"},
      {HEAD "gpu,A100,tdp,400,W,me,,,assumed\ngpu,a100 sxm 80gb,tdp,401,W,me,,,assumed\n",
       "mine.csv:3: tdp: gpu 'a100 sxm 80gb' has this metric already in line 2"},
      {HEAD "gpu,X,tdp,400,W,me,,,assumed\n", "mine.csv:2: X: a gpu needs"},
      {HEAD "gpu,X,based_on,Y9,,me,,,assumed\n", "mine.csv:2: based_on: unknown gpu 'Y9'"},
      {HEAD "gpu,X,based_on,X,,me,,,assumed\n", "mine.csv:2: based_on: this part is based on itself"},
      {HEAD "gpu,A100,scaleup_link,NVLink 33,,me,,,assumed\n", "mine.csv:2: scaleup_link: unknown link 'NVLink 33'"},
      {HEAD "server,S,gpu,Z100,,me,,,assumed\nserver,S,gpus,8,count,me,,,assumed\n",
       "mine.csv:2: gpu: unknown gpu 'Z100'"},
      {HEAD "server,S,gpu,A100,,me,,,assumed\n", "S: a server needs gpu and gpus"},
      {HEAD "gpu,A100,,1,W,me,,,assumed\n", "mine.csv:2"},
      {HEAD "gpu,A100,tdp,,W,me,,,assumed\n", "mine.csv:2: tdp: no value"},
      {HEAD "gpu,A100,tdp,400\n", "mine.csv:2"},
      {HEAD "kernel,A100,gemm.bf16.launch,3,GB,me,,,assumed\n",
       "mine.csv:2: gemm.bf16.launch: got '3 GB', expected a number in s"},
      {HEAD "power,any,busy,half,,me,,,assumed\n", "mine.csv:2: busy"},
      {HEAD "collective,NVLink 3,all_reduce.share_8,1,s,me,,,assumed\n", "mine.csv:2: all_reduce.share_8"},
      {PRICE "price,p4d,on-demand,,,,-3,,,USD/h,me,,,assumed\n", "mine.csv:2: on-demand: got '-3'"},
      {PRICE "price,p4d,on-demand,,2025-02-30,,3,,,USD/h,me,,,assumed\n", "mine.csv:2: from: got '2025-02-30'"},
      {PRICE "price,p4d,on-demand,,2025-03-01,2025-02-01,3,,,USD/h,me,,,assumed\n",
       "mine.csv:2: to: the price ends before it begins"},
      {PRICE "price,p4d,on-demand,,,,3,,,USD,me,,,assumed\n", "mine.csv:2: on-demand: got unit 'USD', expected USD/h"},
      {PRICE "price,p4d,on-demand,,,,3,cheap,,USD/h,me,,,assumed\n", "mine.csv:2: low: got 'cheap'"},
  };
  char dir[] = "hwmodels_bad_XXXXXX";
  CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
  const char *dirs[] = {datadir_path(paths, "hwmodels/catalog"), dir};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    struct errs *e = errs_create();
    write_file(dir, bad[i].text);
    struct hw_catalog *c = hw_catalog_load(dirs, 2, e);
    if (c || !says(e, bad[i].want)) {
      printf("\n  case %zu: want '%s', got:", i, bad[i].want);
      print_errs(e);
    }
    CU_ASSERT_PTR_NULL(c);
    CU_ASSERT(says(e, bad[i].want));
    hw_catalog_free(c);
    errs_destroy(e);
  }
  struct errs *e = errs_create();
  dirs[1] = "no/such/directory";
  CU_ASSERT_PTR_NULL(hw_catalog_load(dirs, 2, e));
  CU_ASSERT(says(e, "no/such/directory: cannot read this catalog directory"));
  errs_destroy(e);
  char path[256];
  snprintf(path, sizeof path, "%s/mine.csv", dir);
  unlink(path);
  rmdir(dir);
}

static void test_users_own_rows(void) {
  char dir[] = "hwmodels_own_XXXXXX";
  CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
  write_file(dir, PRICE "gpu,X1000,arch,,,,hopper,,,,me,,,assumed\n"
                        "gpu,X1000,memory_capacity,,,,100,,,GB,me,,,assumed\n"
                        "gpu,X1000,memory_bandwidth,,,,5,,,TB/s,me,,,assumed\n"
                        "gpu,X1000,bf16_tensor,,,,2,,,PFLOPS,me,,,assumed\n"
                        "gpu,X1000,sm_or_cu_count,,,,150,,,count,me,,,assumed\n"
                        "gpu,X1000,tdp,,,,1,,,kW,me,,,assumed\n"
                        "gpu,X1000-cut,based_on,,,,X1000,,,,me,,,assumed\n"
                        "gpu,X1000-cut,memory_bandwidth,,,,2,,,TB/s,me,,,assumed\n"
                        "gpu,A100,tdp,,,,350,,,W,me,,,assumed\n"
                        "alias,X1K,gpu,,,,X1000,,,,me,,,assumed\n"
                        "server,box,gpu,,,,X1K,,,,me,,,assumed\n"
                        "server,box,gpus,,,,4,,,count,me,,,assumed\n"
                        "price,p4d,on-demand,us-east-1,,,11,,,USD/h,me,,,assumed\n");
  struct hw_catalog *c = load(dir);
  CU_ASSERT_PTR_NOT_NULL_FATAL(c);
  const struct hw_gpu *x = hw_gpu_find(c, "x1k"), *cut = hw_gpu_find(c, "X1000-cut");
  CU_ASSERT_FATAL(x != NULL && cut != NULL);
  CU_CLOSE(x->peak_flops[DT_BF16], 2e15, 1e-12);
  CU_CLOSE(x->peak_flops[DT_FP16], 2e15, 1e-12); /* the other 16-bit format has the same rate */
  CU_CLOSE(cut->mem_Bps, 2e12, 1e-12);
  CU_CLOSE(cut->peak_flops[DT_BF16], 2e15, 1e-12);
  struct hw_gemm big = {8192, 8192, 8192, 1, DT_BF16, 0, 0}, thin = {1, 8192, 8192, 1, DT_BF16, 0, 0};
  double t = hw_gemm_s(x, &big) / (2 * 8192.0 * 8192 * 8192 / 2e15);
  CU_ASSERT(t > 1.1 && t < 1.5); /* what hopper reaches */
  CU_ASSERT(hw_gemm_s(cut, &thin) > 2 * hw_gemm_s(x, &thin));
  CU_ASSERT_PTR_EQUAL(hw_server_find(c, "box")->gpu, x);
  CU_CLOSE(hw_gpu_find(c, "A100-SXM-80GB")->tdp_w, 350, 1e-12); /* the user's row wins, by alias too */
  CU_CLOSE(hw_price_find(c, "p4d.24xlarge", "on-demand", "", (struct date){2026, 1, 1})->usd, 11, 1e-12);
  hw_catalog_free(c);
  char path[256];
  snprintf(path, sizeof path, "%s/mine.csv", dir);
  unlink(path);
  rmdir(dir);
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

static int by_value(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}
static double median(double *v, size_t n) {
  qsort(v, n, sizeof *v, by_value);
  return n ? v[n / 2] : (double)NAN;
}

static struct csv_table *table(const char *name) {
  struct errs *e = errs_create();
  struct csv_table *t = csv_load(datadir_path(paths, name), e);
  print_errs(e);
  errs_destroy(e);
  CU_ASSERT_PTR_NOT_NULL_FATAL(t);
  return t;
}
static double cell(const struct csv_table *t, size_t r, const char *column) {
  double v = NAN;
  return units_number(csv_cell(t, r, csv_column(t, column)), &v) ? v : (double)NAN;
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

/* ---- fits ---- */

static const struct hw_fit_report *report(const struct hw_calibration *k, const char *name, const char *what) {
  for (size_t i = 0; i < k->n_report; i++)
    if (strcmp(k->report[i].name, name) == 0 && strcmp(k->report[i].what, what) == 0)
      return &k->report[i];
  printf("\n  no fit %s of %s", what, name);
  return NULL;
}

static void calibrate(const char *name, struct hw_calibration *k) {
  struct errs *e = errs_create();
  bool good = hw_calibrate(cat, datadir_path(paths, name), 1, k, e);
  print_errs(e);
  errs_destroy(e);
  CU_ASSERT_FATAL(good);
}

/* The shipped rows are what calibrate makes of the shipped table. */
static void shipped_rows_are_these(const struct hw_calibration *k) {
  for (size_t i = 0; i < k->n_row; i++) {
    const struct hw_fact *row = &k->row[i], *f = hw_fact_find(cat, row->kind, row->name, row->metric);
    bool same = f && fabs(f->value - row->value) <= 0.02 * fabs(row->value) + 1e-3;
    if (!same)
      printf("\n  %s %s %s: calibrate says %s, shipped %s", row->kind, row->name, row->metric, row->text,
             f ? f->text : "nothing");
    CU_ASSERT(same);
  }
}

static void test_kernel_fits(void) {
  struct hw_calibration k;
  calibrate("hwmodels/measured/gemm.csv", &k);
  static const struct {
    const char *name, *what;
    double median, p90;
  } bound[] = {{"A100-SXM-80GB", "gemm.bf16", 0.08, 0.25},
               {"H100-SXM-80GB", "gemm.bf16", 0.08, 0.25},
               {"H200-SXM", "gemm.bf16", 0.08, 0.25},
               {"B200-SXM", "gemm.bf16", 0.08, 0.25},
               {"A40", "gemm.bf16", 0.08, 0.25},
               {"H100-SXM-80GB", "gemm.fp8", 0.08, 0.25},
               {"B200-SXM", "gemm.fp8", 0.08, 0.25},
               {"B200-SXM", "gemm.fp4", 0.08, 0.25},
               {"A100-SXM-80GB", "attn.flash2", 0.06, 0.2},
               {"H100-SXM-80GB", "attn.flash3", 0.1, 0.25},
               {"H100-SXM-80GB", "mla", 0.06, 0.2},
               {"B200-SXM", "mla", 0.06, 0.25},
               {"H100-SXM-80GB", "moe.fp8", 0.15, 0.45},
               {"H800-SXM-80GB", "grouped", 0.1, 0.25}};
  for (size_t i = 0; i < sizeof bound / sizeof *bound; i++) {
    const struct hw_fit_report *r = report(&k, bound[i].name, bound[i].what);
    CU_ASSERT_PTR_NOT_NULL_FATAL(r);
    if (!(r->median <= bound[i].median && r->p90 <= bound[i].p90))
      printf("\n  %s %s: median %.1f %%, p90 %.1f %%", r->name, r->what, 100 * r->median, 100 * r->p90);
    CU_ASSERT(r->converged && r->left_out >= 5 && r->median <= bound[i].median && r->p90 <= bound[i].p90);
  }
  shipped_rows_are_these(&k);
  hw_calibration_free(&k);
}

static void test_collective_fits(void) {
  struct hw_calibration k;
  calibrate("hwmodels/measured/comm.csv", &k);
  for (size_t i = 0; i < k.n_report; i++)
    if (k.report[i].left_out >= 10) {
      if (k.report[i].median > 0.1)
        printf("\n  %s %s: median %.1f %%", k.report[i].name, k.report[i].what, 100 * k.report[i].median);
      CU_ASSERT(k.report[i].converged && k.report[i].median <= 0.1);
    }
  CU_ASSERT(k.n_report >= 20);
  shipped_rows_are_these(&k);
  hw_calibration_free(&k);
}

/* One set of shares for all GPUs: within 10 % on what is left out, within 16 % on a GPU that the fit has not seen. */
static void test_power_fits(void) {
  struct hw_calibration k;
  calibrate("hwmodels/measured/power_activity.csv", &k);
  CU_ASSERT_EQUAL(k.n_report, 4);
  for (size_t i = 0; i < k.n_report; i++)
    CU_ASSERT(k.report[i].converged && k.report[i].median <= (i == 0 ? 0.1 : 0.16));
  CU_ASSERT_EQUAL(k.n_row, 4);
  shipped_rows_are_these(&k);
  hw_calibration_free(&k);
}

static void test_bad_measurements(void) {
  struct hw_calibration k;
  struct errs *e = errs_create();
  char dir[] = "hwmodels_cal_XXXXXX";
  CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
  char path[256];
  snprintf(path, sizeof path, "%s/mine.csv", dir);
  write_file(dir, "gpu,op,dtype,m_or_batch,n_or_seqlen,k_or_heads,groups,shape_note,latency_ms,tflops,software,source,"
                  "basis\nA100,gemm,bf16,1,2,x,1,,3,,s,s,b\n");
  CU_ASSERT_FALSE(hw_calibrate(cat, path, 1, &k, e));
  CU_ASSERT(says(e, "mine.csv:2: k_or_heads: got 'x'"));
  hw_calibration_free(&k);
  write_file(dir, "gpu,op\nA100,gemm\n");
  CU_ASSERT_FALSE(hw_calibrate(cat, path, 1, &k, e));
  hw_calibration_free(&k);
  CU_ASSERT_FALSE(hw_calibrate(cat, "no/such/file.csv", 1, &k, e));
  hw_calibration_free(&k);
  unlink(path);
  rmdir(dir);
  errs_destroy(e);
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

int main(void) {
  static const struct cu_case cases[] = {
      {"ring closed forms", test_ring_closed_form},
      {"everything named is there", test_everything_named_is_there},
      {"corrected figures", test_corrected_figures},
      {"spellings", test_spellings},
      {"prices have dates", test_prices_have_dates},
      {"grades", test_grades},
      {"facts", test_facts_convert},
      {"slices of a GPU", test_slices},
      {"preset article-2025", test_preset_article},
      {"generic servers", test_generic_servers},
      {"derived figures", test_derived},
      {"broken catalogs", test_broken_catalogs},
      {"a user's own rows", test_users_own_rows},
      {"formats", test_formats},
      {"gemm properties", test_gemm_properties},
      {"weight-only gemm", test_widening_gemm},
      {"attention properties", test_attention_properties},
      {"experts", test_expert_properties},
      {"inheritance", test_inheritance},
      {"collective properties", test_collective_properties},
      {"all-reduce across EFA", test_against_efa},
      {"all-to-all as DeepEP", test_against_deepep},
      {"kernel fits", test_kernel_fits},
      {"collective fits", test_collective_fits},
      {"power fits", test_power_fits},
      {"bad measurements", test_bad_measurements},
      {"power", test_power},
      {"power of hosts", test_power_of_hosts},
      {"power of nodes", test_power_of_nodes},
  };
  gsl_set_error_handler_off();
  paths = arena_create();
  cat = load(NULL);
  if (!cat)
    return EXIT_FAILURE;
  int code = cu_main("hwmodels", cases, sizeof cases / sizeof *cases);
  hw_catalog_free(cat);
  arena_destroy(paths);
  return code;
}
