#include "bench/models.h"
#include "base/mem.h"
#include "bench/bench.h"
#include "sim/kernel/fluid.h"
#include "sim/kernel/stream.h"

struct tree {
  struct fluid *f;
  uint32_t hosts, leaves;
  fluid_link *up, *down;             /* of a host */
  fluid_link *to_spine, *from_spine; /* [leaf * leaves + spine] */
  uint64_t done, wanted;
  double start_cpu_s;
};

struct host {
  struct tree *t;
  struct stream st;
  uint32_t number;
};

static void send_again(struct engine *e, void *subject, fluid_flow flow) {
  struct host *h = subject;
  struct tree *t = h->t;
  t->done += flow != 0;
  if (t->done == t->hosts && flow != 0)
    t->start_cpu_s = bench_cpu_s();
  if (t->done == t->hosts + t->wanted)
    engine_stop(e);
  uint32_t to = (uint32_t)stream_below(&h->st, t->hosts - 1);
  to += to >= h->number;
  uint32_t spine = to % t->leaves, leaf = h->number / t->leaves, to_leaf = to / t->leaves;
  fluid_link path[4] = {t->up[h->number]};
  size_t n = 1;
  if (leaf != to_leaf) {
    path[n++] = t->to_spine[leaf * t->leaves + spine];
    path[n++] = t->from_spine[to_leaf * t->leaves + spine];
  }
  path[n++] = t->down[to];
  fluid_start(t->f, path, n, stream_exponential(&h->st, FLOW_BYTES), 1, 0, send_again, h);
}

static fluid_link *add_links(struct fluid *f, size_t n) {
  fluid_link *l = mem_array(n, sizeof *l);
  for (size_t i = 0; i < n; i++)
    l[i] = fluid_add_link(f, LINK_BPS);
  return l;
}

double model_flows(uint32_t leaves, uint64_t wanted, double *ret_end_s) {
  struct engine *e = engine_create();
  struct tree t = {.f = fluid_create(e), .hosts = leaves * leaves, .leaves = leaves, .wanted = wanted};
  t.up = add_links(t.f, t.hosts);
  t.down = add_links(t.f, t.hosts);
  t.to_spine = add_links(t.f, t.hosts);
  t.from_spine = add_links(t.f, t.hosts);
  struct host *host = mem_array(t.hosts, sizeof *host);
  for (uint32_t i = 0; i < t.hosts; i++) {
    host[i] = (struct host){.t = &t, .number = i};
    stream_init(&host[i].st, 1, "flows", i);
    send_again(e, &host[i], 0);
  }
  engine_run(e);
  double rate = (double)wanted / (bench_cpu_s() - t.start_cpu_s);
  if (ret_end_s)
    *ret_end_s = engine_now_s(e);
  fluid_destroy(t.f);
  engine_destroy(e);
  mem_free(t.up), mem_free(t.down), mem_free(t.to_spine), mem_free(t.from_spine), mem_free(host);
  return rate;
}
