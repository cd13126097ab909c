/* From replicas with their layouts to a cluster that runs: costs, caches, paths and start-up times from the catalogs. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "base/mem.h"
#include "sim/serve_cluster_core.h"
#include "sim/serve_setup.h"

struct built { /* beside the pools */
  struct serve_setup *setup;
  struct serve_cost *cost;
  struct cluster_pool_config *pool;
  struct cluster_class *class;
  int *pool_of;
  int n;
};

static double eff_Bps(const struct hw_link *l) {
  return l->eff_Bps > 0 ? l->eff_Bps : l->raw_Bps;
}

/* Over the scale-up links where they join servers, else over the NICs of the replica's GPUs; a request over those of the ranks that hold its cache. */
static bool path_of(const struct serve_setup *s, struct cluster_path *ret, char *why, size_t why_size) {
  const struct hw_server *v = s->server;
  double ranks = s->layout.tp * s->layout.pp;
  if (v->scaleup_domain > v->gpus && v->intra) {
    *ret = (struct cluster_path){eff_Bps(v->intra) * s->gpus, eff_Bps(v->intra) * s->gpus, eff_Bps(v->intra) * ranks, v->intra->latency_s};
    return true;
  }
  if (!v->nic || !(v->node_net_Bps > 0)) {
    snprintf(why, why_size, "%s has no network that a cache could be sent over: prompts cannot be read on one server and decoded on another", v->name);
    return false;
  }
  double all = v->node_net_Bps * (v->nic->raw_Bps > 0 ? eff_Bps(v->nic) / v->nic->raw_Bps : 1) * s->gpus / v->gpus;
  double ports = v->gpus_per_nic_port > 0 ? ceil(ranks / v->gpus_per_nic_port) : ranks;
  *ret = (struct cluster_path){all, all, fmin(all, ports * eff_Bps(v->nic)), v->nic->latency_s};
  return true;
}

/* Pods and what their leaves have up to the spine, where that is less than the NICs below have and the cache goes over NICs. */
static void leaves_of(const struct serve_setup *s, struct cluster_pool_config *g) {
  const struct hw_server *v = s->server;
  bool nics = v->scaleup_domain <= v->gpus && v->nic && v->node_net_Bps > 0;
  g->servers = (double)s->gpus / v->gpus;
  g->servers = g->servers < 1 ? 1 / floor(1 / g->servers) : ceil(g->servers);
  if (!nics || v->pod_nodes <= 0 || !(v->oversubscription > 1))
    return;
  g->pod_servers = v->pod_nodes;
  g->leaf_Bps = v->pod_nodes * v->node_net_Bps * (v->nic->raw_Bps > 0 ? eff_Bps(v->nic) / v->nic->raw_Bps : 1) / v->oversubscription;
}

/* Inside a server: over its scale-up link, or PCIe where there is none; a request over the links of the ranks that hold it. */
static bool near_of(const struct serve_setup *s, struct cluster_path *ret, char *why, size_t why_size) {
  const struct hw_link *l = s->server->intra ? s->server->intra : s->gpu->scaleup ? s->gpu->scaleup : s->gpu->pcie;
  if (!l) {
    snprintf(why, why_size, "the catalog has no link between the GPUs of %s", s->server->name);
    return false;
  }
  double all = eff_Bps(l) * s->gpus;
  *ret = (struct cluster_path){all, all, eff_Bps(l) * s->layout.tp * s->layout.pp, l->latency_s};
  return true;
}

/* Of the whole request, each value once: what one rank that holds everything would cache. */
static double kv_bytes(const struct serve_setup *s) {
  struct wl_serve_layout one = s->layout;
  struct wl_serve_ops ops;
  one.tp = one.dp = one.pp = one.ep = 1;
  wl_serve_describe(s->model, &one, &ops);
  return ops.kv_bytes_per_token;
}

static bool build_pool(struct built *b, const struct sim_cluster *of, int i, char *why, size_t why_size) {
  const struct sim_pool *p = &of->pool[i];
  const struct sim_replica *rep = &p->replica;
  struct cluster_pool_config *g = &b->pool[i];
  struct serve_setup *s = &b->setup[i];
  struct serve_memory m;
  if (!serve_setup_make(rep, s, why, why_size))
    return false;
  int seqs = serve_max_seqs(rep, s);
  serve_memory_of(s, rep, &m);
  serve_cost_build(&b->cost[i], s, (int)fmax(serve_budget(rep, s), seqs), seqs);
  b->n = i + 1;
  *g = (struct cluster_pool_config){.name = p->name, .role = p->role, .replicas = p->replicas, .scaling = p->scaling, .kv_bytes_per_token = kv_bytes(s),
                                    .overlap = s->engine.kv_overlap, .first_at_decode = s->engine.first_at_decode};
  serve_config_of(rep, s, &b->cost[i], m.kv_tokens, &g->serve);
  g->serve.mode = of->mode;
  if (g->scaling.policy && g->scaling.start_s < 0)
    g->scaling.start_s = sim_start_s(rep, NULL);
  if (isnan(g->scaling.start_s)) {
    snprintf(why, why_size, "%s has neither drives nor a network in the catalog: how long a replica takes to start is unknown", s->server->name);
    return false;
  }
  g->site = p->site;
  g->per_server = p->per_server > 0 ? p->per_server : 1;
  if (p->role == SIM_BOTH)
    return true;
  leaves_of(s, g);
  if (p->site > 0 && !near_of(s, &g->near, why, why_size))
    return false;
  return path_of(s, &g->path, why, why_size) || (p->site > 0 && p->replicas <= g->per_server); /* one server needs no network */
}

static bool build(struct built *b, const struct sim_cluster *of, char *why, size_t why_size) {
  size_t n = (size_t)of->pools;
  *b = (struct built){.setup = mem_array(n, sizeof *b->setup), .cost = mem_array(n, sizeof *b->cost), .pool = mem_array(n, sizeof *b->pool),
                      .class = mem_array((size_t)of->classes, sizeof *b->class)};
  for (int i = 0; i < of->classes; i++)
    b->class[i] = (struct cluster_class){of->class[i].share, of->class[i].priority, of->class[i].weight};
  for (int i = 0; i < of->pools; i++)
    if (!build_pool(b, of, i, why, why_size))
      return false;
  return true;
}

static void unbuild(struct built *b) {
  for (int i = 0; i < b->n; i++)
    serve_cost_free(&b->cost[i]);
  mem_free(b->setup);
  mem_free(b->cost);
  mem_free(b->pool);
  mem_free(b->class);
  mem_free(b->pool_of);
}

static bool play(struct built *b, const struct sim_cluster *of, struct sim_cluster_result *ret) {
  struct cluster_stats st;
  struct cluster c;
  cluster_stats_make(&st, of);
  struct cluster_config cfg = {.pool = b->pool, .pools = of->pools, .class = b->class, .classes = of->classes, .router = {of->router, of->decode_router},
                               .match_share = of->match_share, .apart_requests = of->apart_requests, .apart_ratio = of->apart_ratio, .concurrency = of->concurrency,
                               .seed = of->seed, .next = of->next, .next_ctx = of->next_ctx, .finish = cluster_stats_finish, .lost = cluster_stats_lost, .ctx = &st};
  cluster_open(&c, &cfg);
  b->pool_of = mem_array((size_t)c.n, sizeof *b->pool_of);
  for (int i = 0; i < c.n; i++)
    b->pool_of[i] = (int)(c.x[i].pool - c.pool);
  st.pool = b->pool_of;
  bool ok = cluster_run(&c);
  cluster_report(&c, &st, b->setup, ret);
  cluster_close(&c);
  cluster_stats_free(&st);
  return ok;
}

bool sim_cluster_replay(const struct sim_cluster *of, struct sim_cluster_result *ret, char *why, size_t why_size) {
  struct built b;
  memset(ret, 0, sizeof *ret);
  bool ok = build(&b, of, why, why_size);
  if (ok && !play(&b, of, ret)) {
    snprintf(why, why_size, "an iteration without duration, or a time beyond the clock");
    ok = false;
  }
  unbuild(&b);
  return ok;
}
