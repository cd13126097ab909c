/* The catalog of hardware: what is in it, what is derived from it, what is refused. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/datadir.h"
#include "hwmodels/derive.h"
#include "hwmodels/kernels.h"
#include "tests/hw_fixture.h"

static void test_everything_named_is_there(void) {
  static const char *const gpus[] = {
      "V100", "V100-SXM2-16GB", "V100-SXM2-32GB", "T4", "A100-SXM-40GB", "A100-SXM-80GB", "A100-PCIe-80GB", "A10",
      "A10G", "A40", "L4", "L40S", "H100-SXM-80GB", "H100-PCIe", "H100-NVL", "H800", "H20", "H200", "B200", "B300",
      "GB200", "MI250X", "MI300X", "MI325X", "MI355X", "Ascend-910B", "Ascend-910B1", "Ascend-910B2", "Ascend-910B3",
      "Ascend-910B4", "Ascend-910C", "Jetson-AGX-Orin-32GB", "Jetson-AGX-Orin-64GB", "RTX-4090", "TPU-v5p", "TPU-v6e",
      "RTX-A6000", "RTX-PRO-6000", "GH200", "L20", "A30", "A2", "RTX-3090"};
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
  s = hw_server_generic(cat, gpu("GH200"), 4, 0); /* as the box of four that one can buy */
  CU_ASSERT_STRING_EQUAL(s->intra->name, "NVLink 4 mesh");
  CU_CLOSE(s->node_net_Bps, 100e9, 1e-12);
  CU_CLOSE(hw_server_gpu_limit_w(s, 0), 680, 1e-12);
  CU_CLOSE(hw_server_gpu_limit_w(s, 500), 500, 1e-12);
  CU_CLOSE(hw_server_gpu_limit_w(hw_server_generic(cat, gpu("GH200"), 1, 0), 0), 900, 1e-12);
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

int main(void) {
  static const struct cu_case cases[] = {
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
  };
  return hw_main("catalog", cases, sizeof cases / sizeof *cases);
}
