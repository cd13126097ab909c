/* Inside a scale-up domain: a ring with its latency per step (beyond eight ranks a tree's, which grows with the
 * logarithm), its share of the link's rate and a loss in the middle sizes; all-reduce may be reduced in the switch
 * instead. Across nodes: every rank works its own rail, the parts inside and outside the node overlap in chunks, so the
 * slower one counts; latency grows with the logarithm of the nodes. */
#include "hwmodels/collective.h"
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "base/units.h"
#include "hwmodels/coll.h"

double hw_ring_all_reduce_s(int n, double bytes, double B, double a) {
  return n < 2 ? 0 : 2 * (n - 1) * a + 2.0 * (n - 1) / n * bytes / B;
}
double hw_ring_all_gather_s(int n, double bytes, double B, double a) {
  return n < 2 ? 0 : (n - 1) * a + (double)(n - 1) / n * bytes / B;
}

/* ---- formulas ---- */

double hwi_wire_bytes(enum hw_coll kind, double bytes, int n) {
  if (kind == HW_P2P || kind == HW_BROADCAST)
    return bytes;
  double once = (double)(n - 1) / n * bytes;
  return kind == HW_ALL_REDUCE ? 2 * once : once;
}

static double share_at(const double share[3], int n) {
  double x = fmin(fmax(log2(n), 1), 3) - 1;
  return x < 1 ? share[0] + (share[1] - share[0]) * x : share[1] + (share[2] - share[1]) * (x - 1);
}

/* A ring takes n - 1 steps; a tree as long as the ring of eight for every three doublings. */
static double steps(int n) {
  return fmin(n - 1, 7.0 / 3 * log2(n));
}

double hwi_coll_intra_s(const struct hwi_coll_intra *p, double link_Bps, double V, int n) {
  return p->lat0_s + p->lat1_s * steps(n) + V / (link_Bps * share_at(p->share, n)) +
         p->ramp_s * V / (V + p->ramp_bytes);
}
double hwi_coll_nvls_s(const struct hwi_coll *p, double link_Bps, double bytes) {
  const struct hwi_coll_intra *ring = &p->op[HW_ALL_REDUCE];
  return p->nvls_lat_s + bytes / (link_Bps * p->nvls_share) + ring->ramp_s * bytes / (bytes + ring->ramp_bytes);
}
double hwi_coll_net_s(const struct hwi_coll_net *p, double rate_Bps, double V, int nodes) {
  return p->lat_s + p->hop_s * (log2(nodes) - 1) + V / (rate_Bps * p->share) + p->ramp_s * V / (V + p->ramp_bytes);
}

/* ---- parameters ---- */

static const char *const op_name[HW_COLL_COUNT] = {"all_reduce", "all_gather", "reduce_scatter",
                                                   "all_to_all", "broadcast",  "p2p"};

/* A link's own row, else that of the class it names, else that of `any`. */
static const struct hw_fact *row(const struct hw_catalog *c, const struct hw_link *l, const char *metric) {
  const struct hw_fact *f = hw_fact_find(c, "collective", l->name, metric);
  const char *class_name = hwi_text(c, "link", l->name, "class");
  if (!f && class_name)
    f = hw_fact_find(c, "collective", class_name, metric);
  return f ? f : hw_fact_find(c, "collective", "any", metric);
}

static void read_row(struct hw_catalog *c, const struct hw_link *l, const char *prefix, const char *name,
                     const char *unit, double *ret, struct errs *errs) {
  char metric[64];
  snprintf(metric, sizeof metric, "%s.%s", prefix, name);
  const struct hw_fact *f = row(c, l, metric);
  if (!f)
    errs_add(errs, NULL, 0, metric, "no collective row for link '%s' nor for 'any'", l->name);
  else if (strcmp(f->unit, unit) == 0 && !isnan(f->value))
    *ret = f->value;
  else if (isnan(f->value) || !units_convert(f->value, f->unit, unit, ret))
    errs_add(errs, f->file, f->line, metric, "got '%s %s', expected a number in %s", f->text, f->unit,
             *unit ? unit : "1");
}

static void read_intra(struct hw_catalog *c, const struct hw_link *l, int op, struct hwi_coll_intra *p,
                       struct errs *errs) {
  read_row(c, l, op_name[op], "latency", "s", &p->lat0_s, errs);
  read_row(c, l, op_name[op], "latency_per_step", "s", &p->lat1_s, errs);
  read_row(c, l, op_name[op], "share_2", "", &p->share[0], errs);
  read_row(c, l, op_name[op], "share_4", "", &p->share[1], errs);
  read_row(c, l, op_name[op], "share_8", "", &p->share[2], errs);
  read_row(c, l, op_name[op], "ramp", "s", &p->ramp_s, errs);
  read_row(c, l, op_name[op], "ramp_size", "B", &p->ramp_bytes, errs);
}

static void read_net(struct hw_catalog *c, const struct hw_link *l, const char *prefix, struct hwi_coll_net *p,
                     struct errs *errs) {
  read_row(c, l, prefix, "latency", "s", &p->lat_s, errs);
  read_row(c, l, prefix, "hop", "s", &p->hop_s, errs);
  read_row(c, l, prefix, "share", "", &p->share, errs);
  read_row(c, l, prefix, "ramp", "s", &p->ramp_s, errs);
  read_row(c, l, prefix, "ramp_size", "B", &p->ramp_bytes, errs);
}

void hwi_collective_resolve(struct hw_catalog *c, struct errs *errs) {
  for (size_t i = 0; i < c->n_link && errs_count(errs) == 0; i++) {
    struct hwi_coll *p = arena_alloc(c->arena, sizeof *p);
    for (int op = 0; op < HW_COLL_COUNT; op++)
      read_intra(c, &c->link[i], op, &p->op[op], errs);
    read_row(c, &c->link[i], "nvls", "share", "", &p->nvls_share, errs);
    read_row(c, &c->link[i], "nvls", "latency", "s", &p->nvls_lat_s, errs);
    read_net(c, &c->link[i], "net", &p->net, errs);
    read_net(c, &c->link[i], "net_all_to_all", &p->net_a2a, errs);
    read_net(c, &c->link[i], "net_p2p", &p->net_p2p, errs);
    c->link[i].coll = p;
  }
}

/* ---- the model ---- */

static double intra_s(const struct hw_link *l, enum hw_coll kind, double bytes, int n) {
  if (n < 2)
    return 0;
  if (!l || !(l->raw_Bps > 0)) /* nobody knows what joins these GPUs */
    return INFINITY;
  const struct hwi_coll *p = l->coll;
  double ring = hwi_coll_intra_s(&p->op[kind], l->raw_Bps, hwi_wire_bytes(kind, bytes, n), n);
  bool in_switch = kind == HW_ALL_REDUCE && l->in_network_reduction && n >= HWI_NVLS_MIN;
  return in_switch ? fmin(ring, hwi_coll_nvls_s(p, l->raw_Bps, bytes)) : ring;
}

/* What one rank can put on the network: its part of the node's NICs, but not more than the NICs on its own switch. */
static double rank_Bps(const struct hw_server *s, const struct hw_coll_op *op, int local) {
  int groups = op->groups_per_node > 0 ? op->groups_per_node : 1;
  double sharers = fmin((double)local * groups, s->gpus); /* a rack-wide domain is many boxes, each with its own NICs */
  return fmin(s->node_net_Bps / sharers, s->node_net_Bps / s->gpus * s->gpus_per_nic_port);
}

/* All-to-all sends as much to every node; a ring (a chain) goes once into a pod and once out, its neighbours' rings beside it. */
double hw_spine_slowdown(const struct hw_server *s, enum hw_coll kind, int nodes, int stride_nodes) {
  int stride = stride_nodes > 1 ? stride_nodes : 1, pod = s->pod_nodes;
  if (!(s->oversubscription > 1) || pod <= 0 || nodes < 2 || (double)(nodes - 1) * stride < pod)
    return 1;
  double inside = fmax(1, floor((double)pod / stride)); /* members of the group in a pod */
  double leaves = kind == HW_ALL_TO_ALL ? (nodes - inside) / (nodes - 1) : fmin(stride, pod) / pod;
  return fmax(1, s->oversubscription * leaves);
}

/* What a rank's rail carries. Libraries chain all ranks of all nodes in rings, so that all but one rank's part of the
 * buffer enters each node, however few the nodes; an all-reduce of two nodes goes up and down a tree, each way once. */
static double rail_bytes(const struct hw_coll_op *op, int nodes, int local) {
  bool tree = op->kind == HW_ALL_REDUCE && nodes == 2;
  return tree || op->kind == HW_BROADCAST ? hwi_wire_bytes(op->kind, op->bytes / local, nodes)
                                          : hwi_wire_bytes(op->kind, op->bytes, nodes * local) / local;
}

static double inter_s(const struct hw_server *s, const struct hw_coll_op *op, int nodes, int local) {
  const struct hwi_coll *p = s->nic->coll;
  double rate = rank_Bps(s, op, local) / hw_spine_slowdown(s, op->kind, nodes, op->stride_nodes);
  switch (op->kind) {
  case HW_ALL_TO_ALL: /* what is for other nodes leaves the node */
    return hwi_coll_net_s(&p->net_a2a, rate, op->bytes * (nodes - 1) / nodes, nodes);
  case HW_P2P:
    return hwi_coll_net_s(&p->net_p2p, rate, op->bytes, 2);
  default:
    return hwi_coll_net_s(&p->net, rate, rail_bytes(op, nodes, local), nodes);
  }
}

double hw_coll_s(const struct hw_server *s, const struct hw_coll_op *op) {
  int n = op->ranks, local = op->ranks_per_node < 1 ? 1 : op->ranks_per_node < n ? op->ranks_per_node : n;
  if (n < 2 || !(op->bytes > 0))
    return 0;
  if (local == n)
    return intra_s(s->intra, op->kind, op->bytes, n);
  if (!s->nic || !(s->node_net_Bps > 0))
    return INFINITY;
  int nodes = (n + local - 1) / local;
  double inside = op->kind == HW_P2P
                      ? 0
                      : intra_s(s->intra, op->kind, op->kind == HW_ALL_TO_ALL ? op->bytes / nodes : op->bytes, local);
  return fmax(inside, inter_s(s, op, nodes, local));
}
