/* Flows on a two-level fat tree with full bisection: every host sends to a random other host, an exponential size, and
 * again when it is done. h hosts = k leaves of k hosts and k spines; the spine is chosen by the destination. All links
 * have one capacity. */
#include <math.h>
#include <stdlib.h>
#include "base/mem.h"
#include "bench/bench.h"
#include "bench/workload.h"
#include "sim/kernel/fluid.h"
#include "sim/kernel/stream.h"

struct tree {
  struct fluid *f;
  struct stream st;
  uint32_t hosts, leaves;
  fluid_link *up, *down;             /* of a host */
  fluid_link *to_spine, *from_spine; /* [leaf * leaves + spine] */
  uint64_t done, wanted;
};

struct host {
  struct tree *t;
  uint32_t number;
};

static void send_again(struct engine *e, void *subject, fluid_flow flow) {
  (void)flow;
  struct host *h = subject;
  struct tree *t = h->t;
  if (++t->done == t->wanted)
    engine_stop(e);
  uint32_t to = (uint32_t)stream_below(&t->st, t->hosts - 1);
  to += to >= h->number;
  uint32_t spine = to % t->leaves, leaf = h->number / t->leaves, to_leaf = to / t->leaves;
  fluid_link path[4] = {t->up[h->number]};
  size_t n = 1;
  if (leaf != to_leaf) {
    path[n++] = t->to_spine[leaf * t->leaves + spine];
    path[n++] = t->from_spine[to_leaf * t->leaves + spine];
  }
  path[n++] = t->down[to];
  fluid_start(t->f, path, n, stream_exponential(&t->st, FLOW_BYTES), 1, 0, send_again, h);
}

static fluid_link *add_links(struct fluid *f, size_t n) {
  fluid_link *l = mem_array(n, sizeof *l);
  for (size_t i = 0; i < n; i++)
    l[i] = fluid_add_link(f, LINK_BPS);
  return l;
}

static double flows(uint32_t leaves, uint64_t wanted) {
  struct engine *e = engine_create();
  struct tree t = {.f = fluid_create(e), .hosts = leaves * leaves, .leaves = leaves, .wanted = UINT64_MAX};
  stream_init(&t.st, 1, "flows", 0);
  t.up = add_links(t.f, t.hosts);
  t.down = add_links(t.f, t.hosts);
  t.to_spine = add_links(t.f, t.hosts);
  t.from_spine = add_links(t.f, t.hosts);
  struct host *host = mem_array(t.hosts, sizeof *host);
  for (uint32_t i = 0; i < t.hosts; i++) {
    host[i] = (struct host){&t, i};
    send_again(e, &host[i], 0);
  }
  t.done = 0;
  t.wanted = wanted;
  double t0 = bench_now_s();
  engine_run(e);
  double rate = (double)t.done / (bench_now_s() - t0);
  fluid_destroy(t.f);
  engine_destroy(e);
  mem_free(t.up), mem_free(t.down), mem_free(t.to_spine), mem_free(t.from_spine), mem_free(host);
  return rate;
}

static double flows_64(void) {
  return flows(8, 100000);
}
static double flows_256(void) {
  return flows(16, 50000);
}
static double flows_1024(void) {
  return flows(32, 20000);
}

int main(void) {
  static const struct bench list[] = {
      {"flows_64", "flows/s", flows_64}, {"flows_256", "flows/s", flows_256}, {"flows_1024", "flows/s", flows_1024}};
  return bench_main(list, sizeof list / sizeof *list, 5);
}
