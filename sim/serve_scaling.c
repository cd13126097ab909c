/* Replicas that are ordered, start, take requests, are drained and leave. One that leaves loses its prefix cache. */
#include <math.h>
#include "base/mem.h"
#include "sim/serve_cluster_core.h"

static struct instance *begin(const struct cluster_pool *p) {
  return p->c->x + p->first;
}

static void open_for_requests(struct instance *x) {
  struct cluster *c = x->c;
  x->state = INSTANCE_OPEN;
  x->pool->up++;
  for (int g = 0; g < ROUTES; g++)
    if (pool_takes(x->pool, g))
      serve_route_open(&c->route[g], x->number);
}

/* What is there before the first request comes is not counted. */
static void count_hours(const struct instance *x, sim_time t) {
  sim_time from = x->since > x->c->start ? x->since : x->c->start;
  if (from < t && x->c->arrived > 0)
    x->pool->provisioned_ns += t - from;
}

static void leave(struct instance *x, sim_time t) {
  struct cluster *c = x->c;
  struct serve *s = c->site[x->number].engine;
  x->state = INSTANCE_OFF;
  count_hours(x, t);
  if (!s)
    return;
  serve_totals_add(&x->pool->total, serve_totals_of(s));
  serve_close(s);
  c->site[x->number].engine = NULL;
  serve_order_drop(&c->due, x->number);
}

void scaling_emptied(struct instance *x, sim_time t) {
  if (x->state == INSTANCE_DRAINING && x->c->site[x->number].requests == 0 && x->held == 0)
    leave(x, t);
}

static void on_ready(struct engine *e, void *subject, void *object) {
  struct instance *x = subject;
  (void)object;
  x->pool->starting--;
  instance_open(x);
  open_for_requests(x);
  cluster_admit_gates(x->c, engine_now(e));
}

static void start(struct instance *x, sim_time t) {
  sim_time lag;
  if (!sim_time_from_s(x->pool->cfg->scaling.start_s, &lag))
    lag = 0;
  x->state = INSTANCE_STARTING;
  x->since = t;
  x->pool->starting++;
  x->pool->starts++;
  x->ready = engine_at(x->c->engine, t + lag, BAND_STATE, on_ready, x, NULL);
}

/* Those being drained are taken back first: they are warm. */
static void grow(struct cluster_pool *p, int by, sim_time t) {
  struct instance *x = begin(p);
  for (int i = 0; i < p->n && by > 0; i++)
    if (x[i].state == INSTANCE_DRAINING) {
      open_for_requests(&x[i]);
      by--;
    }
  for (int i = 0; i < p->n && by > 0; i++)
    if (x[i].state == INSTANCE_OFF) {
      start(&x[i], t);
      by--;
    }
  cluster_admit_gates(p->c, t);
}

static void drain(struct instance *x, sim_time t) {
  x->state = INSTANCE_DRAINING;
  x->pool->up--;
  serve_route_shut(&x->c->route[pool_route(x->pool)], x->number);
  scaling_emptied(x, t);
}

/* Those that are not there yet go first, then the highest numbers. */
static void shrink(struct cluster_pool *p, int by, sim_time t) {
  struct instance *x = begin(p);
  for (int i = p->n - 1; i >= 0 && by > 0; i--)
    if (x[i].state == INSTANCE_STARTING) {
      engine_cancel(p->c->engine, x[i].ready);
      p->starting--;
      leave(&x[i], t);
      by--;
    }
  for (int i = p->n - 1; i >= 0 && by > 0; i--)
    if (x[i].state == INSTANCE_OPEN) {
      drain(&x[i], t);
      by--;
    }
}

static void decide(struct cluster_pool *p, double period_s, sim_time t) {
  const struct sim_scaling *g = &p->cfg->scaling;
  double slots = fmax(1, p->up) * p->cfg->serve.max_seqs;
  struct scaler_view v = {.replicas = p->up + p->starting, .requests = p->requests + (int64_t)p->c->gate[pool_route(p)].n,
                          .utilization = period_s > 0 ? (double)p->request_ns * 1e-9 / period_s / slots : (double)p->requests / slots};
  int want = serve_scaler_want(&v, g);
  if (want >= v.replicas)
    p->low_since = -1;
  else if (p->low_since < 0)
    p->low_since = t;
  if (want > v.replicas)
    grow(p, want - v.replicas, t);
  else if (want < v.replicas && sim_time_as_s(t - p->low_since) >= g->cooldown_s) {
    shrink(p, v.replicas - want, t);
    p->low_since = -1;
  }
}

static void on_period(struct engine *e, void *subject, void *object) {
  struct cluster_pool *p = subject;
  sim_time t = engine_now(e);
  (void)object;
  cluster_count(p, 0, t);
  decide(p, p->cfg->scaling.period_s, t);
  p->request_ns = 0;
  if (cluster_works(p->c))
    engine_after_s(e, p->cfg->scaling.period_s, BAND_STATISTICS, on_period, p, NULL);
}

void scaling_wake(struct cluster *c, int route, sim_time t) {
  for (int i = 0; i < c->cfg.pools; i++) {
    struct cluster_pool *p = &c->pool[i];
    if (p->cfg->scaling.policy && pool_takes(p, route) && p->up + p->starting == 0)
      grow(p, 1, t);
  }
}

void scaling_open(struct cluster *c) {
  for (int i = 0; i < c->cfg.pools; i++) {
    struct cluster_pool *p = &c->pool[i];
    for (int k = 0; k < p->cfg->replicas; k++) {
      instance_open(&begin(p)[k]);
      open_for_requests(&begin(p)[k]);
    }
    if (p->cfg->scaling.policy)
      engine_after_s(c->engine, p->cfg->scaling.period_s, BAND_STATISTICS, on_period, p, NULL);
  }
}

void scaling_close(struct cluster *c, sim_time t) {
  for (int i = 0; i < c->n; i++) {
    struct instance *x = &c->x[i];
    if (x->state == INSTANCE_OFF)
      continue;
    count_hours(x, t);
    if (c->site[i].engine)
      serve_totals_add(&x->pool->total, serve_totals_of(c->site[i].engine));
  }
}
