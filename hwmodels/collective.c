#include "hwmodels/collective.h"
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "base/units.h"
#include "hwmodels/priv.h"

double hw_ring_all_reduce_s(int n, double bytes, double B, double a) { return n < 2 ? 0 : 2 * (n - 1) * a + 2.0 * (n - 1) / n * bytes / B; }
double hw_ring_all_gather_s(int n, double bytes, double B, double a) { return hw_ring_all_reduce_s(n, bytes, B, a) / 2; }

/* In a node: lat(n) + V/B(n) + c V/(V + V0) on the V wire bytes that a rank sends. Latency is lat0 + lat1 (n - 1); B a share of the link's rate. */
struct level {
  double lat0_s, lat1_s;
  double share[3]; /* of the link's one-way rate at 2, 4 and 8 ranks */
  double ramp_s, ramp_bytes;
};
struct hwi_coll {
  struct level op[HW_COLL_COUNT];
  double node_hop_s;  /* added for every doubling of nodes */
  double net_share;   /* of NIC rate */
};

static const char *const op_name[HW_COLL_COUNT] = {"all_reduce", "all_gather", "reduce_scatter", "all_to_all", "broadcast", "p2p"};

static const struct hw_fact *row(const struct hw_catalog *c, const struct hw_link *l, const char *metric) {
  const struct hw_fact *f = hw_fact_find(c, "collective", l->name, metric);
  const char *class_name = f ? NULL : hwi_text(c, "link", l->name, "class");
  if (class_name)
    f = hw_fact_find(c, "collective", class_name, metric);
  return f ? f : hw_fact_find(c, "collective", "any", metric);
}

static void read_row(struct hw_catalog *c, const struct hw_link *l, const char *metric, const char *unit, double *ret, struct errs *errs) {
  const struct hw_fact *f = row(c, l, metric);
  if (!f)
    errs_add(errs, NULL, 0, metric, "no collective row for link '%s' nor for 'any'", l->name);
  else if (isnan(f->value) || !(strcmp(f->unit, unit) == 0 ? (*ret = f->value, true) : units_convert(f->value, f->unit, unit, ret)))
    errs_add(errs, f->file, f->line, metric, "got '%s %s', expected a number in %s", f->text, f->unit, *unit ? unit : "1");
}

static void read_level(struct hw_catalog *c, const struct hw_link *l, int op, struct level *v, struct errs *errs) {
  const struct {
    const char *metric, *unit;
    double *at;
  } want[] = {{"latency", "s", &v->lat0_s}, {"latency_per_rank", "s", &v->lat1_s}, {"share_2", "", &v->share[0]}, {"share_4", "", &v->share[1]},
              {"share_8", "", &v->share[2]}, {"ramp", "s", &v->ramp_s},            {"ramp_size", "B", &v->ramp_bytes}};
  for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
    char metric[64];
    snprintf(metric, sizeof metric, "%s.%s", op_name[op], want[i].metric);
    read_row(c, l, metric, want[i].unit, want[i].at, errs);
  }
}

void hwi_collective_resolve(struct hw_catalog *c, struct errs *errs) {
  for (size_t i = 0; i < c->n_link && errs_count(errs) == 0; i++) {
    struct hwi_coll *p = arena_alloc(c->arena, sizeof *p);
    for (int op = 0; op < HW_COLL_COUNT; op++)
      read_level(c, &c->link[i], op, &p->op[op], errs);
    read_row(c, &c->link[i], "node_hop", "s", &p->node_hop_s, errs);
    read_row(c, &c->link[i], "net_share", "", &p->net_share, errs);
    c->link[i].coll = p;
  }
}

/* Bytes that one rank puts on the wire. */
static double wire_bytes(enum hw_coll kind, double bytes, int n) {
  switch (kind) {
  case HW_ALL_REDUCE:
    return 2.0 * (n - 1) / n * bytes;
  case HW_ALL_GATHER:
  case HW_REDUCE_SCATTER:
  case HW_ALL_TO_ALL:
    return (double)(n - 1) / n * bytes;
  default:
    return bytes;
  }
}

static double share_at(const struct level *v, int n) {
  double x = fmin(fmax(log2(n), 1), 3) - 1;
  return x < 1 ? v->share[0] + (v->share[1] - v->share[0]) * x : v->share[1] + (v->share[2] - v->share[1]) * (x - 1);
}

static double intra_s(const struct hw_link *l, enum hw_coll kind, double bytes, int n) {
  const struct hwi_coll *p = l->coll;
  const struct level *v = &p->op[kind];
  double V = wire_bytes(kind, bytes, n);
  return v->lat0_s + v->lat1_s * (n - 1) + V / (l->raw_Bps * share_at(v, n)) + v->ramp_s * V / (V + v->ramp_bytes);
}

/* What one rank can put on the network when `sharers` groups of its node do so at once. */
static double net_Bps(const struct hw_server *s, const struct hw_coll_op *op, int local) {
  const struct hwi_coll *p = s->nic->coll;
  int groups = op->groups_per_node > 0 ? op->groups_per_node : 1;
  return s->node_net_Bps * p->net_share / ((double)local * groups);
}

static double inter_s(const struct hw_server *s, const struct hw_coll_op *op, enum hw_coll kind, double bytes, int nodes, int local) {
  const struct hwi_coll *p = s->nic->coll;
  const struct level *v = &p->op[kind];
  double V = wire_bytes(kind, bytes, nodes);
  double hops = kind == HW_ALL_TO_ALL || kind == HW_P2P ? 1 : fmax(1, log2(nodes));
  return s->nic->latency_s + p->node_hop_s * hops + V / net_Bps(s, op, local) + v->ramp_s * V / (V + v->ramp_bytes);
}

double hw_coll_s(const struct hw_server *s, const struct hw_coll_op *op) {
  int n = op->ranks, local = op->ranks_per_node < n ? op->ranks_per_node : n;
  if (n < 2 || !(op->bytes > 0))
    return 0;
  if (local < 1)
    local = 1;
  if (local == n)
    return s->intra ? intra_s(s->intra, op->kind, op->bytes, n) : 0;
  int nodes = (n + local - 1) / local;
  if (!s->nic)
    return INFINITY;
  double t = inter_s(s, op, op->kind, op->kind == HW_ALL_REDUCE || op->kind == HW_ALL_GATHER || op->kind == HW_REDUCE_SCATTER ? op->bytes / local : op->bytes, nodes, local);
  if (local > 1 && op->kind == HW_ALL_REDUCE)
    t += intra_s(s->intra, HW_REDUCE_SCATTER, op->bytes, local) + intra_s(s->intra, HW_ALL_GATHER, op->bytes, local);
  else if (local > 1 && op->kind != HW_ALL_TO_ALL && op->kind != HW_P2P)
    t = fmax(t, intra_s(s->intra, op->kind, op->bytes, local));
  return t;
}
