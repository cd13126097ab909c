#include "hwmodels/derive.h"
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "hwmodels/kernels.h"
#include "hwmodels/priv.h"

__attribute__((format(printf, 6, 7))) static void add(struct hw_derived *out, size_t *n, const char *metric,
                                                      double value, const char *unit, const char *how, ...) {
  if (!(value > 0) || !isfinite(value) || *n == HW_DERIVED_MAX)
    return;
  struct hw_derived *d = &out[(*n)++];
  *d = (struct hw_derived){.metric = metric, .unit = unit, .value = value};
  va_list ap;
  va_start(ap, how);
  vsnprintf(d->how, sizeof d->how, how, ap);
  va_end(ap);
}

static double pflops(const struct hw_gpu *g, enum dtype t) {
  return g->peak_flops[t] / 1e15;
}

/* A link that joins pairs only, or none, has no place in the ratio of a scale-up fabric to PCIe. */
static void derive_links(const struct hw_gpu *g, struct hw_derived *out, size_t *n) {
  if (g->scaleup && g->pcie)
    add(out, n, "scaleup_over_pcie", g->scaleup->raw_Bps / g->pcie->raw_Bps, "", "%s %.4g GB/s / %s %.4g GB/s, one way",
        g->scaleup->name, g->scaleup->raw_Bps / 1e9, g->pcie->name, g->pcie->raw_Bps / 1e9);
  if (g->scaleup && g->pcie && g->scaleup->eff_Bps > 0 && g->pcie->eff_Bps > 0)
    add(out, n, "scaleup_over_pcie_achieved", g->scaleup->eff_Bps / g->pcie->eff_Bps, "",
        "achieved copies, %.4g / %.4g GB/s", g->scaleup->eff_Bps / 1e9, g->pcie->eff_Bps / 1e9);
}

static void derive_rates(const struct hw_gpu *g, struct hw_derived *out, size_t *n) {
  static const struct {
    enum dtype t;
    const char *metric;
  } shown[] = {{DT_FP16, "gemm_rate_fp16"},
               {DT_BF16, "gemm_rate_bf16"},
               {DT_FP8, "gemm_rate_fp8"},
               {DT_INT8, "gemm_rate_int8"},
               {DT_FP4, "gemm_rate_fp4"}};
  const struct hwi_kernels *k = g->kernels;
  for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
    const struct hwi_gemm *p = &k->gemm[shown[i].t];
    if (g->peak_flops[shown[i].t] > 0 && p->from)
      add(out, n, shown[i].metric, g->peak_flops[shown[i].t] * p->eff_c / 1e12, "TFLOPS",
          "peak x %.3g, the share large products reach: %s of %s, %s", p->eff_c, p->from->metric, p->from->name,
          strcmp(p->from->name, g->name) == 0 ? p->from->grade : "inherited");
  }
}

size_t hw_derive_gpu(const struct hw_catalog *c, const struct hw_gpu *g, struct hw_derived *out) {
  size_t n = 0;
  (void)c;
  enum dtype t = hw_compute_dtype(g, DT_BF16);
  const char *name = dtype_name(t);
  add(out, &n, "tflops_per_w", g->peak_flops[t] / 1e12 / g->tdp_w, "TFLOPS/W", "%s peak / TDP = %.4g / %.4g", name,
      g->peak_flops[t] / 1e12, g->tdp_w);
  add(out, &n, "usable_memory", g->mem_bytes / 1073741824.0, "GiB",
      "what contexts and reserves leave of the capacity: memory_usable, or the constant memory.usable_share of it");
  add(out, &n, "flop_per_byte", g->peak_flops[t] / g->mem_Bps, "FLOP/B",
      "%s peak / memory bandwidth: above it arithmetic limits", name);
  add(out, &n, "usd_per_added_pflops", g->street_usd / pflops(g, t), "USD", "street price %.6g USD / %.4g PFLOPS of %s",
      g->street_usd, pflops(g, t), name);
  add(out, &n, "usd_per_gib", g->street_usd / (g->mem_bytes / 1073741824.0), "USD/GiB", "street price / usable memory");
  derive_links(g, out, &n);
  derive_rates(g, out, &n);
  return n;
}

static void derive_price(const struct hw_catalog *c, const struct hw_server *s, const char *contract, struct date on,
                         struct hw_derived *out, size_t *n) {
  static const struct {
    const char *contract, *per_gpu, *per_pflops;
  } name[] = {{"purchase", "usd_per_gpu", "usd_per_added_pflops"},
              {"on-demand", "usd_per_gpu_hour", "usd_per_pflops_hour"},
              {"1 yr", "usd_per_gpu_hour_1yr", NULL},
              {"3 yr", "usd_per_gpu_hour_3yr", NULL},
              {"spot", "usd_per_gpu_hour_spot", NULL},
              {"capacity-block", "usd_per_gpu_hour_block", NULL}};
  const struct hw_price *p = hw_price_find(c, s->name, contract, "", on);
  double all = s->gpus * pflops(s->gpu, hw_compute_dtype(s->gpu, DT_BF16));
  for (size_t i = 0; p && i < sizeof name / sizeof *name; i++)
    if (strcmp(name[i].contract, contract) == 0) {
      bool buy = i == 0;
      add(out, n, name[i].per_gpu, p->usd / s->gpus, buy ? "USD" : "USD/h", "%s %.8g %s (%s) / %d GPUs", contract,
          p->usd, buy ? "USD" : "USD/h", p->grade, s->gpus);
      if (name[i].per_pflops)
        add(out, n, name[i].per_pflops, p->usd / all, buy ? "USD" : "USD/h", "%s %.8g / %.4g PFLOPS of %s", contract,
            p->usd, all, dtype_name(hw_compute_dtype(s->gpu, DT_BF16)));
    }
}

size_t hw_derive_server(const struct hw_catalog *c, const struct hw_server *s, struct date on, struct hw_derived *out) {
  static const char *const contracts[] = {"purchase", "on-demand", "1 yr", "3 yr", "spot", "capacity-block"};
  size_t n = 0;
  enum dtype t = hw_compute_dtype(s->gpu, DT_BF16);
  add(out, &n, "peak_rate", s->gpus * s->gpu->peak_flops[t] / 1e15, "PFLOPS", "%d x %s, %s", s->gpus, s->gpu->name,
      dtype_name(t));
  add(out, &n, "gpu_memory_usable", s->gpus * s->gpu->mem_bytes / 1073741824.0, "GiB",
      "%d GPUs, what an allocator can get", s->gpus);
  add(out, &n, "network_per_gpu", s->node_net_Bps / s->gpus / 1e9, "GB/s", "%d x %s / %d GPUs, one way", s->nics,
      s->nic ? s->nic->name : "no NIC", s->gpus);
  add(out, &n, "power_gpus_busy", (s->gpus * s->gpu->tdp_w + s->host_busy_w) / 1e3, "kW",
      "%d x TDP %.4g W + host %.4g W", s->gpus, s->gpu->tdp_w, s->host_busy_w);
  add(out, &n, "power_idle", (s->gpus * s->gpu->idle_w + s->host_idle_w) / 1e3, "kW", "%d x idle %.4g W + host %.4g W",
      s->gpus, s->gpu->idle_w, s->host_idle_w);
  for (size_t i = 0; i < sizeof contracts / sizeof *contracts; i++)
    derive_price(c, s, contracts[i], on, out, &n);
  return n;
}
