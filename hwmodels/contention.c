/* One engine and one fluid solver per question; players put their groups' flows on it step by step. */
#include "hwmodels/contention.h"
#include <math.h>
#include "base/mem.h"
#include "hwmodels/coll.h"
#include "sim/kernel/fluid.h"

struct net {
  const struct hw_fabric *fabric;
  struct engine *engine;
  struct fluid *fluid;
  double slow; /* engine seconds a second */
};
struct player {
  struct net *net;
  const struct hw_traffic *t;
  bool first; /* ends the run, the others repeat */
  int step, steps;
  size_t flows, open; /* of a step; still under way */
  fluid_flow *flow;   /* [flows] of the last step begun */
  double flow_bytes, weight;
  double sent_bytes; /* by steps that are over */
  double end_s;
};

/* The clock counts whole nanoseconds; a run is stretched so that they are about 1e-15 of it. */
static const double stretched_s = 1e6;

/* ---- the network ---- */

struct hw_fabric hw_fabric_of(const struct hw_server *s, int nodes) {
  int gpus = s->scaleup_domain > 0 ? s->scaleup_domain : s->gpus;
  int sharers = s->gpus_per_nic_port > 0 ? s->gpus_per_nic_port : 1, ports = (gpus + sharers - 1) / sharers;
  return (struct hw_fabric){.nodes = nodes,
                            .gpus = gpus,
                            .gpu_Bps = s->intra ? s->intra->raw_Bps : 0,
                            .ports = ports,
                            .port_Bps = s->node_net_Bps / s->gpus * sharers,
                            .pod_nodes = s->pod_nodes,
                            .rails = true,
                            .oversubscription = s->oversubscription};
}

static int pod_nodes(const struct hw_fabric *f) {
  return f->pod_nodes > 0 ? f->pod_nodes : f->nodes;
}
static int leaves(const struct hw_fabric *f) {
  return (f->nodes + pod_nodes(f) - 1) / pod_nodes(f) * (f->rails ? f->ports : 1);
}
static int leaf_of(const struct hw_fabric *f, int node, int port) {
  int pod = node / pod_nodes(f);
  return f->rails ? pod * f->ports + port : pod;
}

static void add_links(const struct net *net, int n, double Bps) {
  for (int i = 0; i < n; i++)
    fluid_add_link(net->fluid, Bps / net->slow);
}

/* In this order: GPUs out, in; ports out, in; leaves up, down. Links are numbered from 0. */
static void net_open(struct net *net, const struct hw_fabric *f, double expected_s) {
  net->fabric = f;
  net->slow = stretched_s / expected_s;
  net->engine = engine_create();
  net->fluid = fluid_create(net->engine);
  add_links(net, 2 * f->nodes * f->gpus, f->gpu_Bps);
  add_links(net, 2 * f->nodes * f->ports, f->port_Bps);
  double leaf_ports = (double)pod_nodes(f) * (f->rails ? 1 : f->ports);
  add_links(net, 2 * leaves(f), leaf_ports * f->port_Bps / f->oversubscription);
}
static void net_close(struct net *net) {
  fluid_destroy(net->fluid);
  engine_destroy(net->engine);
}

/* The links between two GPUs; returns how many. Both ends use the same shift of ports, so that a rail stays a rail. */
static size_t path(const struct hw_fabric *f, int from, int to, int shift, fluid_link link[4]) {
  int gpus = f->nodes * f->gpus, ports = f->nodes * f->ports, a = from / f->gpus, b = to / f->gpus;
  if (a == b) {
    link[0] = (fluid_link)from;
    link[1] = (fluid_link)(gpus + to);
    return 2;
  }
  int port_a = (from % f->gpus * f->ports / f->gpus + shift) % f->ports;
  int port_b = (to % f->gpus * f->ports / f->gpus + shift) % f->ports;
  int leaf_a = leaf_of(f, a, port_a), leaf_b = leaf_of(f, b, port_b);
  link[0] = (fluid_link)(2 * gpus + a * f->ports + port_a);
  link[1] = (fluid_link)(2 * gpus + ports + b * f->ports + port_b);
  link[2] = (fluid_link)(2 * (gpus + ports) + leaf_a);
  link[3] = (fluid_link)(2 * (gpus + ports) + leaves(f) + leaf_b);
  return leaf_a == leaf_b ? 2 : 4;
}

/* ---- a group at work ---- */

static bool is_chain(enum hw_coll kind) { /* each seat sends to the next, the last to nobody */
  return kind == HW_P2P || kind == HW_BROADCAST;
}
static bool is_idle(const struct hw_traffic *t) {
  return t->ranks < 2 || t->seats < 2 || !(t->bytes > 0);
}
static int channels_of(const struct hw_traffic *t) {
  return t->channels > 0 ? t->channels : 1;
}
static int peers_of(const struct hw_traffic *t) {
  return t->kind == HW_ALL_TO_ALL ? t->seats - 1 : 1;
}
static int steps_of(const struct hw_traffic *t) {
  int ring = t->ranks - 1;
  return t->kind == HW_ALL_REDUCE ? 2 * ring : t->kind == HW_ALL_GATHER || t->kind == HW_REDUCE_SCATTER ? ring : 1;
}

static void player_init(struct player *p, struct net *net, const struct hw_traffic *t, bool first) {
  int split = peers_of(t) * channels_of(t);
  *p = (struct player){.net = net, .t = t, .first = first, .end_s = INFINITY};
  if (is_idle(t))
    return;
  p->steps = steps_of(t);
  p->flow_bytes = hwi_wire_bytes(t->kind, t->bytes, t->ranks) / p->steps / split;
  p->weight = 1.0 / peers_of(t);
  p->flows = (size_t)(t->seats - is_chain(t->kind)) * (size_t)split;
  p->flow = mem_array(p->flows, sizeof *p->flow);
}

static void wait_step(struct player *p);

static void flow_done(struct engine *e, void *subject, fluid_flow flow) {
  (void)flow;
  struct player *p = subject;
  if (--p->open > 0)
    return;
  p->sent_bytes += (double)p->flows * p->flow_bytes;
  p->step++;
  if (p->step < p->steps) {
    wait_step(p);
  } else if (p->first) {
    p->end_s = engine_now_s(e) / p->net->slow;
    engine_stop(e);
  } else {
    p->step = 0;
    wait_step(p);
  }
}

static void begin_step(struct engine *e, void *subject, void *object) {
  (void)e, (void)object;
  struct player *p = subject;
  const struct hw_traffic *t = p->t;
  int peers = peers_of(t), channels = channels_of(t), senders = t->seats - is_chain(t->kind);
  size_t k = 0;
  p->open = p->flows; /* before the first can end */
  for (int i = 0; i < senders; i++)
    for (int j = 1; j <= peers; j++)
      for (int c = 0; c < channels; c++) {
        fluid_link link[4];
        size_t n = path(p->net->fabric, t->seat[i], t->seat[(i + j) % t->seats], c, link);
        p->flow[k++] = fluid_start(p->net->fluid, link, n, p->flow_bytes, p->weight, 0, flow_done, p);
      }
}

static void wait_step(struct player *p) {
  engine_after_s(p->net->engine, p->t->step_s * p->net->slow, BAND_STATE, begin_step, p, NULL);
}

/* Bytes of the steps that are over and of the one under way. */
static double bytes_so_far(const struct player *p) {
  double bytes = p->sent_bytes;
  for (size_t i = 0; p->open > 0 && i < p->flows; i++)
    bytes += p->flow_bytes - fluid_remaining_bytes(p->net->fluid, p->flow[i]);
  return bytes;
}

/* ---- questions ---- */

static bool on_fabric(const struct hw_fabric *f, const struct hw_traffic *t) {
  for (int i = 0; i < t->seats; i++)
    if (t->seat[i] < 0 || t->seat[i] >= f->nodes * f->gpus)
      return false;
  return true;
}

/* Of the right size is enough: it only sets how fine the clock is. */
static double expected_s(const struct hw_fabric *f, const struct hw_traffic *t) {
  double Bps = f->gpu_Bps > 0 && f->port_Bps > 0 ? fmin(f->gpu_Bps, f->port_Bps) : fmax(f->gpu_Bps, f->port_Bps);
  return steps_of(t) * t->step_s + hwi_wire_bytes(t->kind, t->bytes, t->ranks) / (Bps > 0 ? Bps : 1);
}

double hw_contended_s(const struct hw_fabric *f, const struct hw_traffic *t, size_t n, double *ret_bytes) {
  for (size_t i = 0; i < n; i++) {
    if (!on_fabric(f, &t[i]))
      return NAN;
    if (ret_bytes)
      ret_bytes[i] = 0;
  }
  if (is_idle(&t[0]))
    return 0;
  struct net net;
  net_open(&net, f, expected_s(f, &t[0]));
  struct player *p = mem_array(n, sizeof *p);
  for (size_t i = 0; i < n; i++) {
    player_init(&p[i], &net, &t[i], i == 0);
    if (!is_idle(&t[i]))
      wait_step(&p[i]);
  }
  engine_run(net.engine);
  double s = p[0].end_s;
  for (size_t i = 0; i < n; i++) {
    if (ret_bytes)
      ret_bytes[i] = bytes_so_far(&p[i]);
    mem_free(p[i].flow);
  }
  mem_free(p);
  net_close(&net);
  return s;
}

double hw_contended_slowdown(const struct hw_fabric *f, const struct hw_traffic *t, size_t own, size_t n) {
  double alone = hw_contended_s(f, t, own, NULL);
  return alone > 0 && isfinite(alone) ? hw_contended_s(f, t, n, NULL) / alone : 1;
}
