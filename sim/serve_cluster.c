/* The loop over moments. */
#include "sim/serve_cluster_core.h"
#include <math.h>
#include <string.h>
#include "base/mem.h"

enum { POPULATION = 512 };

void cluster_touch(struct cluster *c, int i) {
  if (!c->x[i].touched) {
    c->x[i].touched = true;
    c->touched[c->touched_n++] = i;
  }
}

void cluster_count(struct cluster_pool *p, int delta, sim_time t) {
  p->request_ns += p->requests * (t - p->changed);
  p->changed = t;
  p->requests += delta;
}

static void load(struct cluster *c, struct instance *x, int requests, int64_t tokens, sim_time t) {
  struct route_site *s = &c->site[x->number];
  s->requests += requests;
  s->tokens += tokens;
  if (c->timed)
    cluster_count(x->pool, requests, t);
  serve_route_moved(&c->route[pool_route(x->pool)], x->number);
}

/* ---- what instances say: kept until all that is due has stepped ---- */
static void on_finish(void *ctx, const struct serve_finish *f) {
  struct instance *x = ctx;
  struct cluster *c = x->c;
  c->ended = mem_grow(c->ended, &c->cap_ended, c->ended_n + 1, sizeof *c->ended);
  c->ended[c->ended_n++] = (struct ended){x->number, f->first < 0, *f};
}

static void on_lost(void *ctx, const struct serve_finish *f) {
  const struct instance *x = ctx;
  if (!x->c->offering) /* who is turned away is told by the offer itself */
    on_finish(ctx, f);
}

void instance_open(struct instance *x) {
  struct serve_config cfg = x->pool->cfg->serve;
  cfg.reads_only = x->pool->cfg->role == SIM_PREFILL;
  cfg.finish = on_finish;
  cfg.lost = on_lost;
  cfg.finish_ctx = x;
  cfg.itl = x->pool->itl;
  if (x->pool->cfg->role == SIM_DECODE) {
    cfg.room = transfer_room;
    cfg.room_ctx = x;
  }
  x->c->site[x->number].engine = serve_open(&cfg);
}

/* ---- requests ---- */
void cluster_lost(struct cluster *c, struct flight *f, bool timed_out) {
  if (c->cfg.lost)
    c->cfg.lost(c->cfg.ctx, f->class, timed_out);
  flight_free(c, f);
  c->in_system--;
}

struct sim_request cluster_request(const struct cluster *c, const struct flight *f) {
  struct sim_request r = {.arrival_s = sim_time_as_s(f->arrival), .input = f->input, .output = f->output, .cached = f->cached, .blocks = f->blocks, .block = f->block, .tenant = f->class};
  if (c->cfg.class) {
    r.priority = c->cfg.class[f->class].priority;
    r.weight = (float)c->cfg.class[f->class].weight;
  }
  return r;
}

void cluster_offer(struct cluster *c, struct flight *f, const struct sim_request *r, sim_time t) {
  struct route *g = &c->route[ROUTE_PROMPTS];
  if (!g->n) {
    gate_push(&c->gate[ROUTE_PROMPTS], f, r);
    scaling_wake(c, ROUTE_PROMPTS, t);
    return;
  }
  int i = g->last = g->router->pick(g, r, t);
  struct instance *x = &c->x[i];
  f->prefill = f->decode = i;
  c->site[i].sent += r->input;
  cluster_touch(c, i);
  c->offering = true;
  bool taken = serve_offer(c->site[i].engine, r, t, f->index);
  c->offering = false;
  if (taken)
    load(c, x, 1, f->input, t);
  else
    cluster_lost(c, f, false);
}

static double share_of(const struct cluster *c, int class) {
  return c->cfg.class ? c->cfg.class[class].share : 1;
}

static int draw_class(struct cluster *c) {
  if (c->cfg.classes < 2)
    return 0;
  double u = stream_uniform(&c->classes) * c->share_sum;
  int k = 0;
  while (k + 1 < c->cfg.classes && u >= share_of(c, k))
    u -= share_of(c, k++);
  return k;
}

static void look_ahead(struct cluster *c) {
  if (c->ahead_ok || c->dry)
    return;
  c->ahead_ok = c->cfg.next(c->cfg.next_ctx, &c->ahead);
  c->dry = !c->ahead_ok;
  if (c->ahead_ok && !sim_time_from_s(c->ahead.arrival_s, &c->ahead_t))
    c->ahead_t = c->now;
}

static void arrive(struct cluster *c, sim_time t) {
  struct flight *f = flight_new(c, c->arrived);
  f->arrival = t;
  f->input = c->ahead.input;
  f->output = c->ahead.output;
  f->cached = c->ahead.cached;
  f->class = draw_class(c);
  c->ahead_ok = false;
  if (c->arrived++ == 0)
    c->start = t;
  c->in_system++;
  struct sim_request r = cluster_request(c, f);
  r.block = c->ahead.block;
  r.blocks = c->ahead.blocks;
  cluster_offer(c, f, &r, t);
}

static void arrivals(struct cluster *c, sim_time t) {
  uint64_t most = c->cfg.concurrency > 0 ? (uint64_t)c->cfg.concurrency : UINT64_MAX;
  for (look_ahead(c); c->ahead_ok && c->in_system < most && (c->cfg.concurrency > 0 || c->ahead_t <= t); look_ahead(c))
    arrive(c, t);
}

/* Whoever has waited at the gate beyond its time-out has left meanwhile. */
void cluster_admit_gates(struct cluster *c, sim_time t) {
  double limit = c->cfg.pool[0].serve.timeout_s;
  struct flight *f;
  while (c->route[ROUTE_PROMPTS].n && (f = gate_pop(&c->gate[ROUTE_PROMPTS]))) {
    struct sim_request r = cluster_request(c, f);
    if (limit > 0 && sim_time_as_s(t - f->arrival) >= limit)
      cluster_lost(c, f, true);
    else
      cluster_offer(c, f, &r, t);
  }
  while (c->route[ROUTE_DECODES].n && (f = gate_pop(&c->gate[ROUTE_DECODES])))
    transfer_offer(c, f, t);
}

void cluster_over(struct cluster *c, struct flight *f, const struct serve_finish *g, sim_time t) {
  struct cluster_finish x = {.arrival = f->arrival, .first = g->first, .end = g->end, .input = f->input, .output = f->output, .index = f->index, .class = f->class,
                             .prefill = f->prefill, .decode = f->decode};
  c->end = t;
  c->in_system--;
  if (c->cfg.finish)
    c->cfg.finish(c->cfg.ctx, &x);
  flight_free(c, f);
}

static void settle(struct cluster *c, sim_time t) {
  for (size_t i = 0; i < c->ended_n; i++) {
    struct ended e = c->ended[i];
    struct instance *x = &c->x[e.instance];
    struct flight *f = flight_find(c, e.f.index);
    load(c, x, -1, -f->input, t);
    if (e.timed_out)
      cluster_lost(c, f, true);
    else if (x->pool->cfg->role != SIM_BOTH)
      transfer_read_done(c, f, &e.f, t);
    else
      cluster_over(c, f, &e.f, t);
    if (x->state == INSTANCE_DRAINING)
      scaling_emptied(x, t);
  }
  c->ended_n = 0;
}

bool cluster_works(const struct cluster *c) {
  return c->in_system > 0 || c->ahead_ok || !c->dry;
}

/* ---- time ---- */
static void thin(struct population *p) {
  for (int i = 0; i < POPULATION / 2; i++)
    p->at[i] = p->at[2 * i];
  p->n = POPULATION / 2;
  p->step *= 2;
  p->next = p->step * p->n;
}

/* What has been the state since the last moment, at the even times before t. */
static void sample(struct cluster *c, sim_time t) {
  struct population *p = &c->population;
  while (c->arrived > 0 && c->start + p->next < t) {
    if (p->n == POPULATION) {
      thin(p);
      continue;
    }
    int replicas = 0;
    for (int i = 0; i < c->cfg.pools; i++)
      replicas += c->pool[i].up + c->pool[i].starting;
    p->at[p->n++] = (struct sim_population){sim_time_as_s(p->next), replicas, (double)c->in_system};
    p->next += p->step;
  }
}

static void go(struct cluster *c, sim_time t) {
  for (int i = 1; i < c->touched_n; i++) /* by number */
    for (int k = i; k > 0 && c->touched[k] < c->touched[k - 1]; k--) {
      int x = c->touched[k];
      c->touched[k] = c->touched[k - 1];
      c->touched[k - 1] = x;
    }
  for (int i = 0; i < c->touched_n; i++) {
    int x = c->touched[i];
    struct serve *s = c->site[x].engine;
    c->x[x].touched = false;
    if (!s) /* gone */
      continue;
    if (!serve_go(s, t))
      c->failed = true;
    sim_time due = serve_due(s);
    if (due == SIM_TIME_MAX)
      serve_order_drop(&c->due, x);
    else
      serve_order_set(&c->due, x, due);
  }
  c->touched_n = 0;
}

static void steps(struct cluster *c, sim_time t) {
  while (serve_order_least(&c->due) == t) {
    int i = serve_order_first(&c->due);
    serve_step(c->site[i].engine);
    cluster_touch(c, i);
    serve_order_drop(&c->due, i);
  }
}

/* The next thing between instances, if it comes before t; its time in *ret. */
static bool between(struct cluster *c, sim_time t, sim_time *ret) {
  if (!c->timed || !engine_pending_count(c->engine) || !engine_step_until(c->engine, t - 1))
    return false;
  *ret = engine_now(c->engine);
  return true;
}

static sim_time next_arrival(struct cluster *c) {
  if (c->cfg.concurrency > 0)
    return c->arrived || c->dry ? SIM_TIME_MAX : 0;
  look_ahead(c);
  return c->ahead_ok ? c->ahead_t > c->now ? c->ahead_t : c->now : SIM_TIME_MAX;
}

static bool moment(struct cluster *c) {
  sim_time due = serve_order_least(&c->due), arrival = next_arrival(c), t = due < arrival ? due : arrival;
  if (!between(c, t, &t) && t == SIM_TIME_MAX)
    return false;
  sample(c, t);
  c->now = t;
  steps(c, t);
  if (c->timed)
    engine_run_until(c->engine, t);
  settle(c, t);
  arrivals(c, t);
  go(c, t);
  return !c->failed && (!c->timed || engine_status(c->engine) == ENGINE_OK);
}

bool cluster_run(struct cluster *c) {
  while (moment(c)) {
  }
  sample(c, c->end);
  scaling_close(c, c->end);
  return !c->failed && (!c->timed || engine_status(c->engine) == ENGINE_OK);
}

/* ---- making and ending ---- */
static void make_pool(struct cluster *c, int k, int *number) {
  struct cluster_pool *p = &c->pool[k];
  const struct cluster_pool_config *g = &c->cfg.pool[k];
  int most = g->scaling.policy && g->scaling.max > g->replicas ? g->scaling.max : g->replicas;
  *p = (struct cluster_pool){.cfg = g, .c = c, .first = *number, .n = most, .low_since = -1, .itl = sketch_create(), .transfer = sketch_create()};
  for (int i = 0; i < most; i++, ++*number) {
    c->x[*number] = (struct instance){.c = c, .pool = p, .number = *number};
    c->site[*number].server = g->site > 0 ? ((int64_t)g->site << 32) + i / g->per_server : -1;
  }
  c->timed |= g->scaling.policy || g->role != SIM_BOTH;
}

void cluster_open(struct cluster *c, const struct cluster_config *cfg) {
  static const char *const luck[ROUTES] = {"router", "decode-router"};
  int number = 0;
  *c = (struct cluster){.cfg = *cfg};
  for (int i = 0; i < cfg->pools; i++) {
    const struct cluster_pool_config *g = &cfg->pool[i];
    c->n += g->scaling.policy && g->scaling.max > g->replicas ? g->scaling.max : g->replicas;
  }
  c->pool = mem_array((size_t)cfg->pools, sizeof *c->pool);
  c->x = mem_array((size_t)c->n, sizeof *c->x);
  c->site = mem_array((size_t)c->n, sizeof *c->site);
  c->touched = mem_array((size_t)c->n, sizeof *c->touched);
  c->population.at = mem_array(POPULATION, sizeof *c->population.at);
  c->population.step = 1000000000;
  serve_order_make(&c->due, c->n);
  for (int g = 0; g < ROUTES; g++) {
    serve_route_make(&c->route[g], cfg->router[g] ? cfg->router[g] : serve_routers[0], c->site, c->n, cfg->seed, luck[g]);
    c->route[g].match_share = cfg->match_share;
    c->route[g].apart_requests = cfg->apart_requests;
    c->route[g].apart_ratio = cfg->apart_ratio;
  }
  for (int i = 0; i < cfg->pools; i++)
    make_pool(c, i, &number);
  for (int k = 0; k < cfg->classes; k++)
    c->share_sum += share_of(c, k);
  stream_init(&c->classes, cfg->seed, "class", 0);
  if (c->timed)
    c->engine = engine_create();
  transfer_open(c);
  scaling_open(c);
}

void cluster_close(struct cluster *c) {
  for (int i = 0; i < c->n; i++)
    serve_close(c->site[i].engine);
  for (int i = 0; i < c->cfg.pools; i++) {
    sketch_destroy(c->pool[i].itl);
    sketch_destroy(c->pool[i].transfer);
  }
  for (int g = 0; g < ROUTES; g++) {
    serve_route_free(&c->route[g]);
    mem_free(c->gate[g].at);
  }
  fluid_destroy(c->fluid);
  engine_destroy(c->engine);
  flight_close(c);
  serve_order_free(&c->due);
  mem_free(c->population.at);
  mem_free(c->pool);
  mem_free(c->x);
  mem_free(c->site);
  mem_free(c->touched);
  mem_free(c->ended);
}
