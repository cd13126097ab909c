/* The structs of catalog.h, filled from facts by tables of (metric, unit, member). */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "base/hash.h"
#include "base/units.h"
#include "hwmodels/priv.h"

struct member {
  const char *metric, *unit;
  size_t offset;
  enum { REAL, WHOLE, YES_NO } type;
};
#define MEMBER(s, m) offsetof(struct s, m)

static const struct member link_members[] = {
    {"bandwidth", "B/s", MEMBER(hw_link, raw_Bps), REAL},
    {"effective_bandwidth", "B/s", MEMBER(hw_link, eff_Bps), REAL},
    {"latency", "s", MEMBER(hw_link, latency_s), REAL},
    {"in_network_reduction", "", MEMBER(hw_link, in_network_reduction), YES_NO},
    {"domain", "count", MEMBER(hw_link, domain), WHOLE},
};
#define PEAK(t) (offsetof(struct hw_gpu, peak_flops) + (t) * sizeof(double))
static const struct member gpu_members[] = {
    {"fp64", "FLOPS", PEAK(DT_FP64), REAL}, /* a matrix unit for FP64, where there is one, comes after and wins */
    {"fp64_tensor", "FLOPS", PEAK(DT_FP64), REAL},
    {"fp32", "FLOPS", PEAK(DT_FP32), REAL},
    {"tf32_tensor", "FLOPS", PEAK(DT_TF32), REAL},
    {"fp16_tensor", "FLOPS", PEAK(DT_FP16), REAL},
    {"bf16_tensor", "FLOPS", PEAK(DT_BF16), REAL},
    {"fp8_tensor", "FLOPS", PEAK(DT_FP8), REAL},
    {"int8_tensor", "FLOPS", PEAK(DT_INT8), REAL},
    {"fp6_tensor", "FLOPS", PEAK(DT_FP6), REAL},
    {"fp4_tensor", "FLOPS", PEAK(DT_FP4), REAL},
    {"int4_tensor", "FLOPS", PEAK(DT_INT4), REAL},
    {"fp32", "FLOPS", MEMBER(hw_gpu, vector_flops), REAL},
    {"memory_capacity", "B", MEMBER(hw_gpu, mem_bytes), REAL},
    {"memory_bandwidth", "B/s", MEMBER(hw_gpu, mem_Bps), REAL},
    {"l2_cache", "B", MEMBER(hw_gpu, l2_bytes), REAL},
    {"sm_or_cu_count", "count", MEMBER(hw_gpu, sms), WHOLE},
    {"boost_clock", "Hz", MEMBER(hw_gpu, clock_hz), REAL},
    {"tdp", "W", MEMBER(hw_gpu, tdp_w), REAL},
    {"idle_power", "W", MEMBER(hw_gpu, idle_w), REAL},
    {"mig_max_instances", "count", MEMBER(hw_gpu, mig_max), WHOLE},
    {"street_price", "USD", MEMBER(hw_gpu, street_usd), REAL},
};
static const struct member server_members[] = {
    {"gpus", "count", MEMBER(hw_server, gpus), WHOLE},
    {"scaleup_domain", "count", MEMBER(hw_server, scaleup_domain), WHOLE},
    {"nics", "count", MEMBER(hw_server, nics), WHOLE},
    {"gpus_per_nic_port", "count", MEMBER(hw_server, gpus_per_nic_port), WHOLE},
    {"pod_nodes", "count", MEMBER(hw_server, pod_nodes), WHOLE},
    {"oversubscription", "", MEMBER(hw_server, oversubscription), REAL},
    {"host_ram", "B", MEMBER(hw_server, host_mem_bytes), REAL},
    {"gpu_power_limit", "W", MEMBER(hw_server, gpu_limit_w), REAL},
    {"power_max", "W", MEMBER(hw_server, power_max_w), REAL},
    {"host_power_idle", "W", MEMBER(hw_server, host_idle_w), REAL},
    {"host_power_busy", "W", MEMBER(hw_server, host_busy_w), REAL},
    {"local_storage", "B", MEMBER(hw_server, local_storage_bytes), REAL},
    {"local_storage_bandwidth", "B/s", MEMBER(hw_server, local_storage_Bps), REAL},
    {"rack_units", "count", MEMBER(hw_server, rack_units), REAL},
};

#define TABLE(kind, m)                                                                                                  \
  { kind, m, sizeof m / sizeof *m }
static const struct {
  const char *kind;
  const struct member *member;
  size_t n;
} tables[] = {TABLE("link", link_members), TABLE("gpu", gpu_members), TABLE("server", server_members)};

const char *hwi_member_at(const char *kind, size_t i) {
  for (size_t k = 0; k < sizeof tables / sizeof *tables; k++)
    if (strcmp(tables[k].kind, kind) == 0)
      return i < tables[k].n ? tables[k].member[i].metric : NULL;
  return NULL;
}

static bool convert(const struct hw_fact *f, const char *unit, double *ret) {
  if (strcmp(f->unit, unit) == 0) {
    *ret = f->value;
    return true;
  }
  return units_convert(f->value, f->unit, unit, ret);
}

static void store(char *at, const struct member *m, double v) {
  if (m->type == REAL)
    memcpy(at, &v, sizeof v);
  else if (m->type == WHOLE)
    *(int *)(void *)at = (int)lround(v);
  else
    *(bool *)(void *)at = v != 0;
}

/* Text where a number is wanted is only "unsupported ..." or "no ..." (a unit that the part has not): zero. */
static void fill(struct hw_catalog *c, const char *kind, const char *name, const struct member *m, size_t n, void *obj,
                 struct errs *errs) {
  for (size_t i = 0; i < n; i++) {
    const struct hw_fact *f = hw_fact_find(c, kind, name, m[i].metric);
    double v = 0;
    if (!f)
      continue;
    if (isnan(f->value)) {
      if (strncmp(f->text, "unsupported", 11) != 0 && strncmp(f->text, "no ", 3) != 0 && strcmp(f->text, "none") != 0)
        errs_add(errs, f->file, f->line, f->metric, "got '%s', expected a number in %s or 'unsupported'", f->text,
                 *m[i].unit ? m[i].unit : "1");
    } else if (!convert(f, m[i].unit, &v) || v < 0)
      errs_add(errs, f->file, f->line, f->metric, "got '%s %s', expected %s, not negative", f->text, f->unit,
               *m[i].unit ? m[i].unit : "a bare number");
    store((char *)obj + m[i].offset, &m[i], v);
  }
}

static size_t count_names(struct hw_catalog *c, const char *kind, const char ***ret) {
  size_t n = 0, cap = 0, at;
  const char **names = NULL;
  for (size_t i = 0; i < c->n_fact; i++) {
    if (strcmp(c->fact[i].kind, kind) != 0 ||
        hwi_index_get(&c->by_name, hwi_name_hash(kind, c->fact[i].name, NULL), &at))
      continue;
    names = mem_grow(names, &cap, n + 1, sizeof *names);
    hwi_index_put(&c->by_name, hwi_name_hash(kind, c->fact[i].name, NULL), n);
    names[n++] = c->fact[i].name;
  }
  *ret = names;
  return n;
}

static const struct hw_link *link_of(struct hw_catalog *c, const char *kind, const char *name, const char *metric,
                                     struct errs *errs) {
  const struct hw_fact *f = hw_fact_find(c, kind, name, metric);
  if (!f || strcmp(f->text, "none") == 0)
    return NULL;
  const struct hw_link *l = hw_link_find(c, f->text);
  if (!l)
    errs_add(errs, f->file, f->line, metric, "unknown link '%s'", f->text);
  return l;
}

static const char *text_or_empty(struct hw_catalog *c, const char *kind, const char *name, const char *metric) {
  const char *t = hwi_text(c, kind, name, metric);
  return t ? t : "";
}

/* ---- links ---- */

static void build_links(struct hw_catalog *c, struct errs *errs) {
  const char **names;
  c->n_link = count_names(c, "link", &names);
  c->link = arena_alloc(c->arena, (c->n_link + 1) * sizeof *c->link);
  for (size_t i = 0; i < c->n_link; i++) {
    c->link[i].name = names[i];
    fill(c, "link", names[i], link_members, sizeof link_members / sizeof *link_members, &c->link[i], errs);
  }
  mem_free(names);
}

/* ---- GPUs ---- */

/* A variant starts as its base part. Bases may themselves be variants; the depth limit ends a cycle. */
static void fill_gpu(struct hw_catalog *c, const char *name, struct hw_gpu *g, int depth, struct errs *errs) {
  const struct hw_fact *base = hw_fact_find(c, "gpu", name, "based_on");
  if (base && depth > 8) {
    errs_add(errs, base->file, base->line, "based_on", "this part is based on itself");
    return;
  }
  if (base) {
    size_t at;
    if (!hwi_index_get(&c->by_name, hwi_name_hash("gpu", hwi_canonical(c, "gpu", base->text), NULL), &at))
      errs_add(errs, base->file, base->line, "based_on", "unknown gpu '%s'", base->text);
    else
      fill_gpu(c, hwi_canonical(c, "gpu", base->text), g, depth + 1, errs);
    double compute = hwi_number(c, "gpu", name, "share_of_compute", ""),
           memory = hwi_number(c, "gpu", name, "share_of_memory", "");
    if (!isnan(compute)) { /* a slice of the part: peaks, SMs and power go by its SMs */
      for (int t = 0; t < DT_COUNT; t++)
        g->peak_flops[t] *= compute;
      g->vector_flops *= compute;
      g->sms = (int)lround(g->sms * compute);
      g->tdp_w *= compute;
      g->idle_w *= compute;
      g->street_usd *= compute;
      g->mig_max = 0;
      g->scaleup = NULL;
    }
    if (!isnan(memory)) {
      g->mem_bytes *= memory;
      g->mem_Bps *= memory;
      g->l2_bytes *= memory;
    }
  }
  double own = hwi_number(c, "gpu", name, "memory_capacity", "B");
  fill(c, "gpu", name, gpu_members, sizeof gpu_members / sizeof *gpu_members, g, errs);
  double usable = hwi_number(c, "gpu", name, "memory_usable", "B"),
         share = hwi_number(c, "constant", "memory", "usable_share", "");
  if (!isnan(usable))
    g->mem_bytes = usable;
  else if (!isnan(own))
    g->mem_bytes = own * (isnan(share) ? 1 : share);
  if (hwi_text(c, "gpu", name, "scaleup_link"))
    g->scaleup = link_of(c, "gpu", name, "scaleup_link", errs);
  if (hwi_text(c, "gpu", name, "pcie_link"))
    g->pcie = g->host = link_of(c, "gpu", name, "pcie_link", errs);
  if (hwi_text(c, "gpu", name, "host_link"))
    g->host = link_of(c, "gpu", name, "host_link", errs);
  static const char *const text[] = {"vendor", "arch", "launch"};
  const char **member[] = {&g->vendor, &g->arch, &g->launch};
  for (int i = 0; i < 3; i++)
    if (hwi_text(c, "gpu", name, text[i]))
      *member[i] = hwi_text(c, "gpu", name, text[i]);
}

/* What no model can do without. A 16-bit format that the vendor states only under the other name has the same rate. */
static void complete_gpu(struct hw_catalog *c, struct hw_gpu *g, struct errs *errs) {
  const struct hw_fact *f = NULL;
  for (size_t i = 0; i < c->n_fact && !f; i++)
    if (strcmp(c->fact[i].kind, "gpu") == 0 && strcmp(c->fact[i].name, g->name) == 0)
      f = &c->fact[i];
  bool matrix = false;
  for (int t = 0; t < DT_COUNT; t++)
    matrix |= g->peak_flops[t] > 0;
  if (!g->peak_flops[DT_FP16] && !hwi_text(c, "gpu", g->name, "fp16_tensor"))
    g->peak_flops[DT_FP16] = g->peak_flops[DT_BF16];
  if (!f)
    return;
  if (!(g->mem_bytes > 0) || !(g->mem_Bps > 0) || !matrix)
    errs_add(errs, f->file, f->line, g->name,
             "a gpu needs memory_capacity, memory_bandwidth and at least one peak (or based_on)");
  if (!*g->arch)
    errs_add(errs, f->file, f->line, g->name, "a gpu needs an arch (or based_on)");
}

static void build_gpus(struct hw_catalog *c, struct errs *errs) {
  const char **names;
  c->n_gpu = count_names(c, "gpu", &names);
  c->gpu = arena_alloc(c->arena, (c->n_gpu + 1) * sizeof *c->gpu);
  for (size_t i = 0; i < c->n_gpu; i++) {
    struct hw_gpu *g = &c->gpu[i];
    g->vendor = g->arch = g->launch = "";
    fill_gpu(c, names[i], g, 0, errs);
    g->name = names[i];
    g->based_on = text_or_empty(c, "gpu", names[i], "based_on");
    complete_gpu(c, g, errs);
  }
  mem_free(names);
}

/* ---- servers ---- */

/* Over PCIe when the part has no scale-up link, or one that joins fewer GPUs than the box holds. */
static const struct hw_link *intra_link(const struct hw_gpu *g, int gpus) {
  const struct hw_link *l = g->scaleup;
  return l && (!l->domain || l->domain >= gpus) ? l : g->pcie;
}

/* Watts of a host class, written for a box of eight; 0 when nobody knows. */
static double host_w(struct hw_catalog *c, const struct hw_server *s, const char *metric) {
  double v = hwi_number(c, "power", s->host_class, metric, "W");
  if (isnan(v))
    v = hwi_number(c, "power", "any", metric, "W");
  return isnan(v) ? 0 : v * s->gpus / 8.0;
}

/* A board of GPUs on PCIe has neither the switches between them nor a NIC for each. */
static void host_defaults(struct hw_catalog *c, struct hw_server *s) {
  bool switched = s->gpu->scaleup && !s->gpu->scaleup->domain;
  double fabric = switched ? 0 : host_w(c, s, "host_power_fabric");
  if (!s->host_idle_w)
    s->host_idle_w = fmax(0, host_w(c, s, "host_power_idle") - fabric);
  if (!s->host_busy_w)
    s->host_busy_w = fmax(0, host_w(c, s, "host_power_busy") - fabric);
  s->host_fans_w = fmin(s->host_idle_w, host_w(c, s, "host_power_fans"));
}

static void finish_server(struct hw_catalog *c, struct hw_server *s) {
  if (!s->intra)
    s->intra = intra_link(s->gpu, s->gpus);
  if (!s->scaleup_domain)
    s->scaleup_domain = s->gpus;
  if (!s->gpus_per_nic_port)
    s->gpus_per_nic_port = 1;
  s->oversubscription = fmax(1, s->oversubscription);
  if (s->nic && !s->node_net_Bps)
    s->node_net_Bps = s->nics * s->nic->raw_Bps;
  host_defaults(c, s);
}

static void build_servers(struct hw_catalog *c, struct errs *errs) {
  const char **names;
  c->n_server = count_names(c, "server", &names);
  c->server = arena_alloc(c->arena, (c->n_server + 1) * sizeof *c->server);
  for (size_t i = 0; i < c->n_server; i++) {
    struct hw_server *s = &c->server[i];
    s->name = names[i];
    s->provider = text_or_empty(c, "server", names[i], "provider");
    s->host_class = text_or_empty(c, "server", names[i], "host_class");
    fill(c, "server", names[i], server_members, sizeof server_members / sizeof *server_members, s, errs);
    const struct hw_fact *g = hw_fact_find(c, "server", names[i], "gpu");
    s->gpu = g ? hw_gpu_find(c, g->text) : NULL;
    s->intra = link_of(c, "server", names[i], "intra", errs);
    s->nic = link_of(c, "server", names[i], "nic", errs);
    if (!s->gpu && g)
      errs_add(errs, g->file, g->line, "gpu", "unknown gpu '%s'", g->text);
    if (!g || s->gpus < 1)
      errs_add(errs, g ? g->file : NULL, g ? g->line : 0, names[i], "a server needs gpu and gpus");
    if (s->gpu && s->gpus >= 1)
      finish_server(c, s);
  }
  mem_free(names);
}

void hwi_build_views(struct hw_catalog *c, struct errs *errs) {
  build_links(c, errs);
  build_gpus(c, errs);
  build_servers(c, errs);
}

/* ---- a box for a GPU ---- */

/* A box one can buy: with as many of this GPU, else with this GPU, else with its architecture's. */
static const struct hw_server *template_for(const struct hw_catalog *c, const struct hw_gpu *g, int gpus) {
  const struct hw_server *by_arch = NULL, *by_gpu = NULL;
  for (size_t i = 0; i < c->n_server; i++) {
    const struct hw_server *s = &c->server[i];
    if (*s->provider)
      continue;
    if (s->gpu == g && s->gpus == gpus)
      return s;
    if (!by_gpu && s->gpu == g)
      by_gpu = s;
    if (!by_arch && strcmp(s->gpu->arch, g->arch) == 0 && s->gpu->scaleup == g->scaleup)
      by_arch = s;
  }
  return by_gpu ? by_gpu : by_arch;
}

/* The network a box for this GPU usually has: the template's, else the architecture's. */
static void usual_net(const struct hw_catalog *c, struct hw_server *s, const struct hw_server *t) {
  double share = t ? (double)s->gpus / t->gpus : 1;
  const struct hw_fact *nic = t && t->nic ? NULL : hwi_inherit(c, "arch", s->gpu, "nic");
  s->nic = t && t->nic ? t->nic : nic ? hw_link_find(c, nic->text) : NULL;
  if (!s->nic)
    return;
  s->nics = t && t->nic ? (int)fmax(1, floor(t->nics * fmin(1, share))) : 1;
  s->node_net_Bps = s->nics * s->nic->raw_Bps;
}

double hw_server_gpu_limit_w(const struct hw_server *s, double asked_w) {
  double w = s->gpu->tdp_w;
  w = s->gpu_limit_w > 0 ? fmin(w, s->gpu_limit_w) : w;
  return asked_w > 0 ? fmin(w, asked_w) : w;
}

const struct hw_server *hw_server_generic(struct hw_catalog *c, const struct hw_gpu *gpu, int gpus_per_node,
                                          double net_Bps) {
  for (size_t i = 0; i < c->n_generic; i++)
    if (c->generic[i].server->gpu == gpu && c->generic[i].server->gpus == gpus_per_node &&
        c->generic[i].asked_Bps == net_Bps)
      return c->generic[i].server;
  const struct hw_server *t = template_for(c, gpu, gpus_per_node);
  struct hw_server *s = arena_alloc(c->arena, sizeof *s);
  *s = (struct hw_server){.name = arena_printf(c->arena, "%dx%s", gpus_per_node, gpu->name),
                          .provider = "",
                          .gpu = gpu,
                          .gpus = gpus_per_node,
                          .scaleup_domain = gpus_per_node,
                          .pod_nodes = t ? t->pod_nodes : 0,
                          .oversubscription = t ? t->oversubscription : 1,
                          .intra = t && t->gpu == gpu && t->gpus == gpus_per_node ? t->intra : NULL,
                          .gpu_limit_w = t && t->gpu == gpu ? t->gpu_limit_w : 0,
                          .host_mem_bytes = t ? t->host_mem_bytes : 0,
                          .local_storage_bytes = t ? t->local_storage_bytes : 0,
                          .local_storage_Bps = t ? t->local_storage_Bps : 0,
                          .rack_units = t ? t->rack_units : 0,
                          .host_idle_w = t && t->gpu == gpu ? t->host_idle_w * gpus_per_node / t->gpus : 0,
                          .host_busy_w = t && t->gpu == gpu ? t->host_busy_w * gpus_per_node / t->gpus : 0,
                          .host_class = t ? t->host_class : ""};
  for (const struct hw_gpu *part = gpu; part; part = *part->based_on ? hw_gpu_find(c, part->based_on) : NULL) {
    double domain = hwi_number(c, "gpu", part->name, "scaleup_domain", "count"); /* a tray of a rack-wide domain */
    if (domain > gpus_per_node)
      s->scaleup_domain = (int)domain;
  }
  if (!t) {
    const struct hw_fact *host = hwi_inherit(c, "arch", gpu, "host_class");
    s->host_class = host ? host->text : "";
  }
  usual_net(c, s, t);
  if (net_Bps > 0 && s->nic) {
    s->nics = (int)fmax(1, round(net_Bps / s->nic->raw_Bps));
    s->node_net_Bps = net_Bps;
  }
  s->gpus_per_nic_port = s->nics > 0 && s->gpus > s->nics ? s->gpus / s->nics : 1;
  finish_server(c, s);
  s->power_max_w = s->gpus * hw_server_gpu_limit_w(s, 0) + s->host_busy_w;
  c->generic = mem_grow(c->generic, &c->cap_generic, c->n_generic + 1, sizeof *c->generic);
  c->generic[c->n_generic++] = (struct hwi_generic){s, net_Bps};
  return s;
}

const struct hw_server *hw_server_without_fans(struct hw_catalog *c, const struct hw_server *s) {
  if (!(s->host_fans_w > 0))
    return s;
  struct hw_server *wet = arena_alloc(c->arena, sizeof *wet);
  *wet = *s;
  wet->name = arena_printf(c->arena, "%s without fans", s->name);
  wet->host_idle_w -= s->host_fans_w;
  wet->host_busy_w -= s->host_fans_w;
  wet->host_fans_w = 0;
  return wet;
}
