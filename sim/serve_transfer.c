/* Prompts are read on one side and decoded on the other; the cache goes over in between. The decode side first finds room (it pulls, as engines with NIXL or Mooncake's transfer engine do), then
 * the transfer runs; until it has landed the reading side keeps the cache, so a decode side that is full holds up the reading one.
 *
 * Links are shared max-min (sim/kernel/fluid.h) rather than one after the other per NIC: a transfer has two ends, many readers may send to one decoder and one reader to many, and with a queue at each
 * end somebody would have to say who waits for whom. */
#include <math.h>
#include "sim/serve_cluster_core.h"

static sim_time client_ns(const struct instance *x) {
  return (sim_time)llround(x->pool->cfg->serve.client_s * 1e9);
}

/* When the first token came, as the writing engine counts; before the clock began where its client is slower than the reader was: negative would say that there was none. */
static sim_time first_at(const struct flight *f, const struct instance *writer) {
  sim_time lag = client_ns(writer);
  return f->first > lag ? f->first - lag : 0;
}

static fluid_link link_of(struct cluster *c, double Bps) {
  return isfinite(Bps) && Bps > 0 ? fluid_add_link(c->fluid, Bps) : 0;
}

void transfer_open(struct cluster *c) {
  for (int i = 0; i < c->n; i++) {
    const struct cluster_pool_config *p = c->x[i].pool->cfg;
    if (p->role == SIM_BOTH)
      continue;
    if (!c->fluid)
      c->fluid = fluid_create(c->engine);
    c->x[i].out = link_of(c, p->path.out_Bps);
    c->x[i].in = link_of(c, p->path.in_Bps);
    c->x[i].near_out = link_of(c, p->near.out_Bps);
    c->x[i].near_in = link_of(c, p->near.in_Bps);
  }
  if (c->fluid)
    leaves_open(c);
}

/* The way from one instance to another: over the links inside a server where both stand on it, and over leaf switches where they stand in different pods. */
struct way {
  bool near;
  fluid_link link[4];
  size_t n;
  double capacity_Bps[4], flow_Bps, latency_s; /* flow 0 = no limit */
};

static struct way way_of(const struct cluster *c, int from, int to) {
  const struct instance *a = &c->x[from], *b = &c->x[to];
  bool near = c->site[from].server >= 0 && c->site[from].server == c->site[to].server;
  const struct cluster_path *p = near ? &a->pool->cfg->near : &a->pool->cfg->path, *q = near ? &b->pool->cfg->near : &b->pool->cfg->path;
  struct way w = {.near = near, .latency_s = p->latency_s};
  w.flow_Bps = p->flow_Bps > 0 && q->flow_Bps > 0 ? fmin(p->flow_Bps, q->flow_Bps) : fmax(p->flow_Bps, q->flow_Bps);
  if (isfinite(p->out_Bps)) {
    w.link[w.n] = near ? a->near_out : a->out;
    w.capacity_Bps[w.n++] = p->out_Bps;
  }
  if (isfinite(q->in_Bps)) {
    w.link[w.n] = near ? b->near_in : b->in;
    w.capacity_Bps[w.n++] = q->in_Bps;
  }
  struct leaf_links leaves = {.n = 0};
  if (!near)
    leaves_between(a, b, &leaves);
  for (size_t k = 0; k < leaves.n; k++) {
    w.link[w.n] = leaves.link[k];
    w.capacity_Bps[w.n++] = leaves.capacity_Bps[k];
  }
  return w;
}

/* ---- handing over ---- */
static void give_up(struct cluster *c, struct flight *f, sim_time t) {
  struct instance *x = &c->x[f->prefill];
  serve_release(c->site[f->prefill].engine, f->prefill_handle, t);
  cluster_touch(c, f->prefill);
  x->held--;
  scaling_emptied(x, t);
}

void transfer_offer(struct cluster *c, struct flight *f, sim_time t) {
  struct route *g = &c->route[ROUTE_DECODES];
  struct sim_request r = cluster_request(c, f);
  if (!g->n) {
    gate_push(&c->gate[ROUTE_DECODES], f, NULL);
    scaling_wake(c, ROUTE_DECODES, t);
    return;
  }
  g->from = c->site[f->prefill].server;
  int i = f->decode = g->last = g->router->pick(g, &r, t);
  f->asked = t;
  c->site[i].sent += r.input;
  cluster_touch(c, i);
  c->offering = true;
  bool taken = serve_offer_read(c->site[i].engine, &r, first_at(f, &c->x[i]), t, f->index);
  c->offering = false;
  if (taken) {
    c->site[i].requests++;
    c->site[i].tokens += f->input;
    cluster_count(c->x[i].pool, 1, t);
    serve_route_moved(g, i);
    return;
  }
  give_up(c, f, t);
  cluster_lost(c, f, false);
}

void transfer_read_done(struct cluster *c, struct flight *f, const struct serve_finish *g, sim_time t) {
  struct instance *x = &c->x[f->decode];
  if (x->pool->cfg->role == SIM_DECODE) {
    struct serve_finish end = *g;
    end.first = f->first;
    cluster_over(c, f, &end, t);
    return;
  }
  f->first = g->first;
  f->prefill_handle = g->handle;
  x->held++;
  if (f->output > 1) {
    transfer_offer(c, f, t);
    return;
  }
  give_up(c, f, t);
  cluster_over(c, f, g, t);
}

/* ---- the transfer ---- */
static void landed(struct engine *e, void *subject, void *object) {
  struct flight *f = subject;
  struct cluster *c = f->c;
  struct cluster_pool *p = c->x[f->prefill].pool;
  sim_time t = engine_now(e), took = t - f->sent;
  (void)object;
  sketch_add(p->transfer, sim_time_as_s(took));
  if (p->cfg->first_at_decode)
    f->first = t + client_ns(&c->x[f->decode]);
  else /* the client waits for its second token meanwhile */
    sketch_add(c->x[f->decode].pool->itl, sim_time_as_s(t - f->first + client_ns(&c->x[f->prefill])));
  serve_landed(c->site[f->decode].engine, f->decode_handle, t);
  cluster_touch(c, f->decode);
  give_up(c, f, t);
}

static void sent(struct engine *e, void *subject, fluid_flow flow) {
  struct flight *f = subject;
  double latency = way_of(f->c, f->prefill, f->decode).latency_s;
  (void)flow;
  if (latency > 0)
    engine_after_s(e, latency, BAND_STATE, landed, f, NULL);
  else
    landed(e, f, NULL);
}

/* What has gone out while the prompt was read: at most the engine's share of it, and what the links had free in the time that reading the prompt alone takes. */
static double gone_ahead(struct cluster *c, const struct flight *f, const struct way *w, double bytes) {
  const struct cluster_pool_config *p = c->x[f->prefill].pool->cfg;
  double n = f->input, read_s = serve_device_s(p->serve.cost, n, 1, 0, 0, n * n / 2, 1), room = w->flow_Bps > 0 ? w->flow_Bps : (double)INFINITY;
  if (p->overlap <= 0)
    return 0;
  for (size_t i = 0; i < w->n; i++)
    room = fmin(room, w->capacity_Bps[i] - fluid_link_load_Bps(c->fluid, w->link[i]));
  return fmin(bytes * p->overlap, fmax(0, room) * read_s);
}

void transfer_room(void *ctx, uint64_t index, int32_t handle, sim_time t) {
  struct instance *x = ctx;
  struct cluster *c = x->c;
  struct flight *f = flight_find(c, index);
  struct cluster_pool *from = c->x[f->prefill].pool;
  struct way w = way_of(c, f->prefill, x->number);
  double bytes = from->cfg->kv_bytes_per_token * f->input, ahead = w.n ? gone_ahead(c, f, &w, bytes) : bytes;
  f->decode_handle = handle;
  f->sent = t;
  from->transfer_bytes += w.near ? 0 : bytes; /* of NICs */
  x->pool->transfer_bytes += w.near ? 0 : bytes;
  fluid_start(c->fluid, w.link, w.n, bytes - ahead, 1, w.n ? w.flow_Bps : 0, sent, f);
}
