/* Choosing a replica: formats by checkpoint and GPU, tensor parallelism inside the node, pipeline stages across nodes, fewest nodes that fit. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "base/units.h"
#include "hwmodels/kernels.h"
#include "sim/serve_setup.h"

enum { MAX_NODES = 16 }; /* looked at for one replica: longer chains of stages are nobody's service */

static bool unset(enum dtype t) {
  return t <= DT_FP64 || t >= DT_COUNT;
}

/* Published format; 16-bit checkpoints in the 16-bit format that the GPU has units for. */
static enum dtype weights_of(const struct sim_replica *r) {
  if (!unset(r->weights))
    return r->weights;
  enum dtype t = unset(r->model->weights) ? DT_BF16 : r->model->weights;
  if (t == DT_BF16 || t == DT_FP32)
    t = r->server->gpu->peak_flops[DT_BF16] > 0 ? DT_BF16 : DT_FP16;
  return t;
}

void serve_settle_formats(struct sim_replica *r) {
  r->weights = weights_of(r);
  if (unset(r->kv))
    r->kv = r->weights == DT_FP32 ? DT_FP32 : DT_BF16;
}

static int gcd(int a, int b) {
  return b ? gcd(b, a % b) : a;
}

/* The part of the node one attention spans: all of it, as far as heads divide. */
static int tp_of_node(const struct sim_replica *r) {
  int g = r->server->gpus, h = r->model->heads > 0 ? r->model->heads : 1;
  return gcd(g, h);
}

static bool try_layout(struct sim_replica *r, double longest, struct serve_setup *s, struct serve_memory *m, char *why, size_t size) {
  if (!serve_setup_make(r, s, why, size))
    return false;
  serve_memory_of(s, r, m);
  return m->kv_tokens >= longest;
}

/* Small models: the fewest GPUs of a node that hold the weights in half their memory, so that a cache worth having is left. */
static int gpus_inside(const struct sim_replica *want, double longest) {
  for (int g = 1; g < want->server->gpus; g *= 2) {
    struct sim_replica r = *want;
    struct serve_setup s;
    struct serve_memory m;
    char why[240];
    r.nodes = 1;
    r.gpus = g;
    r.tp = want->tp > 0 ? want->tp : g;
    r.pp = r.ep = 1;
    if (r.tp > g || (want->model->heads > 0 && want->model->heads % r.tp))
      continue;
    if (try_layout(&r, longest, &s, &m, why, sizeof why) && m.weights <= 0.5 * m.usable)
      return g;
  }
  return 0;
}

static void layout_for(struct sim_replica *r, const struct sim_replica *want, int nodes) {
  r->nodes = nodes;
  r->tp = want->tp > 0 ? want->tp : want->gpus > 0 ? gcd(want->gpus, want->model->heads) : tp_of_node(want);
  int gpus = want->gpus > 0 ? want->gpus : nodes * want->server->gpus;
  r->pp = want->pp > 0 ? want->pp : want->dp_attention ? 1 : gpus / r->tp;
  r->ep = want->ep > 0 ? want->ep : want->dp_attention && want->model->experts > 0 ? gpus / r->pp : 1;
  if (r->pp < 1)
    r->pp = 1;
}

static void explain(struct sim_replica_fit *ret, const struct sim_replica *want, const struct serve_setup *s, const struct serve_memory *m,
                    double longest, int nodes, int cure) {
  double gpus = s->gpus, total = m->weights * gpus * 1e-9, usable = s->engine.kv_share * m->usable * gpus * 1e-9;
  char fix[80] = "several of them have no network to share it";
  if (want->server->nic)
    snprintf(fix, sizeof fix, "not even %d nodes hold it", MAX_NODES);
  if (cure > 0)
    snprintf(fix, sizeof fix, "smallest cure: %d node%s", cure, units_s(cure));
  if (m->weights > s->engine.kv_share * m->usable - m->workspace)
    snprintf(ret->why, sizeof ret->why, "%.0f GB of %s weights against %.0f GB usable on %d %s; %s", total, dtype_name(s->layout.weights), usable,
             nodes, want->server->name, fix);
  else
    snprintf(ret->why, sizeof ret->why, "cache for %.0f tokens beside %.0f GB of %s weights, one request needs %.0f, on %d %s; %s", m->kv_tokens,
             total, dtype_name(s->layout.weights), longest, nodes, want->server->name, fix);
}

static void fill(struct sim_replica_fit *ret, const struct sim_replica *r, const struct serve_memory *m) {
  ret->fits = true;
  ret->replica = *r;
  ret->weights_bytes = m->weights;
  ret->workspace_bytes = m->workspace;
  ret->kv_bytes = m->kv;
  ret->kv_tokens = m->kv_tokens;
}

bool sim_replica_choose(const struct sim_replica *want, double longest, struct sim_replica_fit *ret) {
  struct serve_setup s;
  struct serve_memory m;
  memset(ret, 0, sizeof *ret);
  ret->replica = *want;
  struct sim_replica r = *want;
  serve_settle_formats(&r);
  if (!serve_setup_make(&r, &s, ret->why, sizeof ret->why))
    return false;
  if (want->model->encoder)
    longest = 0;
  else if (want->model->max_positions > 0 && longest > want->model->max_positions)
    longest = want->model->max_positions;
  bool free_size = want->gpus <= 0 && want->nodes <= 0 && want->pp <= 1;
  int inside = free_size ? gpus_inside(&r, longest) : 0;
  if (inside > 0) {
    r.nodes = 1;
    r.gpus = inside;
    r.tp = want->tp > 0 ? want->tp : inside;
    r.pp = r.ep = 1;
    ret->min_nodes = 1;
    try_layout(&r, longest, &s, &m, ret->why, sizeof ret->why);
    fill(ret, &r, &m);
    return true;
  }
  int most = want->gpus > 0 ? 1 : want->server->nic ? MAX_NODES : 1;
  for (int n = 1; n <= most && ret->min_nodes == 0; n++) {
    struct sim_replica at = r;
    layout_for(&at, want, n);
    if (at.pp <= want->model->layers && try_layout(&at, longest, &s, &m, ret->why, sizeof ret->why))
      ret->min_nodes = n;
  }
  int nodes = want->nodes > 0 ? want->nodes : 1;
  if (want->nodes <= 0 && ret->min_nodes > 1) { /* say why fewer will not do even though the choice is made */
    layout_for(&r, want, 1);
    try_layout(&r, longest, &s, &m, ret->why, sizeof ret->why);
    explain(ret, want, &s, &m, longest, 1, ret->min_nodes);
    nodes = ret->min_nodes;
  }
  layout_for(&r, want, nodes);
  if (try_layout(&r, longest, &s, &m, ret->why, sizeof ret->why)) {
    fill(ret, &r, &m);
    return true;
  }
  explain(ret, want, &s, &m, longest, nodes, ret->min_nodes);
  return false;
}
