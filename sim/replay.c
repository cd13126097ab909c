#include "sim/replay.h"
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "base/mem.h"
#include "base/units.h"
#include "hwmodels/power.h"
#include "sim/crew.h"
#include "workloads/trace.h"
#include "workloads/trace_make.h"

/* ---- requests ---- */
struct feed {
  const struct sim_replay *of;
  struct wl_trace *trace;
  struct wl_generator made;
  double squeeze; /* arrivals of a trace come so many times faster */
  int left;
};

static bool feed_open(struct feed *f, const struct sim_replay *p, uint64_t seed, struct errs *errs) {
  *f = (struct feed){.of = p, .squeeze = p->scale * pow(1 + p->growth_per_yr, p->ahead_yr), .left = p->most > 0 ? p->most : INT32_MAX};
  if (p->trace)
    return (f->trace = wl_trace_open(p->trace, NULL, 0.01, errs)) != NULL;
  f->made = (struct wl_generator){.kind = (enum wl_arrivals)p->arrivals, .cv = p->cv, .rate = p->rate, .input = p->input, .output = p->output, .end_s = p->duration_s};
  return wl_generator_start(&f->made, seed);
}

static bool feed_next(void *ctx, struct sim_request *r) {
  struct feed *f = ctx;
  struct wl_trace_request q;
  if (f->left-- <= 0 || !(f->trace ? wl_trace_next(f->trace, &q) : wl_generator_next(&f->made, &q)))
    return false;
  *r = (struct sim_request){.arrival_s = f->trace ? q.arrival_s / f->squeeze : q.arrival_s, .input = q.input, .output = q.output, .blocks = q.hashes, .block = q.hash};
  return true;
}

/* ---- an option's servers as pools ---- */
struct plan {
  const struct sim_spec *spec;
  const struct sim_option *option;
  struct sim_pool *pool;
  int pools;
  struct replay *out;
};

static double longest(const struct sim_replay *p) {
  double in = wl_hist_quantile(p->input, 0.999), out = wl_hist_quantile(p->output, 0.999);
  return fmax(in + wl_hist_quantile(p->output, 0.5), out + wl_hist_quantile(p->input, 0.5));
}

/* Replicas smaller than a server share it; larger ones take whole servers. */
static int replicas_on(const struct sim_layer *y, const struct sim_replica *r, int *ret_idle) {
  int per_server = r->gpus > 0 ? y->server->gpus / r->gpus : 1, nodes = r->gpus > 0 || r->nodes < 1 ? 1 : r->nodes;
  *ret_idle = y->count % nodes;
  return y->count / nodes * per_server;
}

static void add_pool(struct plan *p, int i, const struct sim_replica *r, enum sim_role role, int replicas) {
  const struct sim_layer *y = &p->option->layer[i];
  struct sim_scaling g = y->scaling;
  g.max = replicas;
  p->pool[p->pools++] = (struct sim_pool){.name = y->label, .role = role, .replica = *r, .scaling = g, .usd_per_gpu_h = 1,
                                          .replicas = !g.policy ? replicas : y->initial >= 0 ? (int)fmin(y->initial, replicas) : g.policy->to_zero ? 0 : (int)fmin(g.min, replicas)};
}

/* One pool of a layer, or two that share its servers. */
static bool pools_of(struct plan *p, int i, const struct sim_replica *r) {
  const struct sim_layer *y = &p->option->layer[i];
  struct replay_layer *l = &p->out->layer[i];
  int per_server = r->gpus > 0 ? y->server->gpus / r->gpus : 1, servers = l->replicas / per_server, rest = per_server - y->prefill;
  l->pool = p->pools;
  l->pools = y->prefill > 0 ? 2 : 1;
  if (y->prefill == 0) {
    add_pool(p, i, r, y->role, l->replicas);
    return true;
  }
  if (rest < 1) {
    snprintf(p->out->why, sizeof p->out->why, "%s: %d of the %d replica%s on a server are to read prompts, none is left to answer; smallest cure: smaller replicas (replica.gpus)", y->label, y->prefill,
             per_server, units_s(per_server));
    return false;
  }
  add_pool(p, i, r, SIM_PREFILL, servers * y->prefill);
  add_pool(p, i, r, SIM_DECODE, servers * rest);
  for (int k = 0; k < 2; k++) {
    p->pool[l->pool + k].site = i + 1;
    p->pool[l->pool + k].per_server = k ? rest : y->prefill;
  }
  return true;
}

static bool plan_layer(struct plan *p, int i) {
  const struct sim_layer *y = &p->option->layer[i];
  struct replay_layer *l = &p->out->layer[i];
  struct sim_replica want = p->spec->replay.replica;
  struct sim_replica_fit fit;
  if (y->count == 0)
    return true;
  want.catalog = p->spec->catalog;
  want.server = y->server;
  want.year = p->spec->year;
  want.prefix_cache = p->option->rules.prefix_cache;
  if (!sim_replica_choose(&want, longest(&p->spec->replay), &fit)) {
    snprintf(p->out->why, sizeof p->out->why, "%s: %s does not fit: %s", y->label, want.model->name, fit.why);
    return false;
  }
  l->replicas = replicas_on(y, &fit.replica, &l->idle_servers);
  l->gpus = sim_replica_gpus(&fit.replica);
  int asked = !y->scaling.policy ? 0 : y->scaling.policy->to_zero ? y->initial : y->scaling.min > y->initial ? y->scaling.min : y->initial;
  if (l->replicas >= 1 && asked > l->replicas) {
    snprintf(p->out->why, sizeof p->out->why, "%s: autoscale asks for %d replicas (min, initial), but count: %d is %d of them, of %d GPU%s each; smallest cure: count: %d", y->label, asked,
             y->count, l->replicas, l->gpus, units_s(l->gpus), (int)ceil((double)asked * y->count / l->replicas));
    return false;
  }
  if (l->replicas < 1) {
    snprintf(p->out->why, sizeof p->out->why, "%s: %d x %s make no replica of %d node%s; smallest cure: count: %d", y->label, y->count, y->server->name, fit.replica.nodes, units_s(fit.replica.nodes),
             fit.replica.nodes);
    return false;
  }
  if ((y->role != SIM_BOTH || y->prefill > 0) && want.model->encoder) {
    snprintf(p->out->why, sizeof p->out->why, "%s: %s writes no answers: there is nothing to decode elsewhere", y->label, want.model->name);
    return false;
  }
  fit.replica.policies = p->option->rules.policies;
  if (!pools_of(p, i, &fit.replica))
    return false;
  if (y->scaling.policy)
    p->out->start_s = fmax(p->out->start_s, y->scaling.start_s >= 0 ? y->scaling.start_s : sim_start_s(&fit.replica, NULL));
  return true;
}

/* Mean watts of a server: its provisioned replicas' energy; when they are off it idles where it is owned, and is not there where it is paid by use. */
static void layer_means(const struct sim_spec *spec, const struct sim_layer *y, const struct sim_cluster_result *r, struct replay_layer *l) {
  double idle_w = hw_server_idle_w(spec->catalog, y->server), span_s = r->whole.span_s, servers = fmax(1, y->count), energy_j = 0, replica_h = 0;
  l->watts = idle_w;
  if (!l->pools || !(span_s > 0))
    return;
  for (int i = 0; i < l->pools; i++) {
    const struct sim_part *p = &r->pool[l->pool + i];
    energy_j += p->energy_j;
    replica_h += p->replica_h;
    l->busy += p->busy * p->replica_h;
    l->requests += (double)p->ended / span_s;
    l->input_tokens += p->role == SIM_DECODE ? 0 : p->input_tokens / span_s;
    l->output_tokens += p->output_tokens / span_s;
  }
  l->busy = replica_h > 0 ? l->busy / replica_h : 0;
  l->up = replica_h * 3600 / span_s * l->gpus / y->server->gpus / servers;
  l->watts = energy_j / span_s / servers + (y->scale ? 0 : (1 - l->up) * idle_w);
  if (y->scale && l->up > 0)
    l->watts /= l->up;
  l->within = l->requests * r->whole.slo_attainment * (double)r->whole.arrived / fmax(1, (double)r->whole.finished);
}

static void play_option(const struct sim_spec *spec, uint64_t seed, int option, struct replay *out) {
  const struct sim_replay *w = &spec->replay;
  const struct sim_option *o = &spec->option[option];
  const struct sim_class all = {.name = w->name, .share = 1, .ttft_s = w->slo.ttft_s, .tpot_s = w->slo.tpot_s};
  struct plan p = {.spec = spec, .option = o, .out = out, .pool = mem_array(2 * (size_t)o->n, sizeof *p.pool)};
  struct errs *quiet = errs_create(); /* the file was read before */
  struct feed feed;
  out->layer = mem_array((size_t)o->n, sizeof *out->layer);
  out->ok = true;
  for (int i = 0; out->ok && i < o->n; i++)
    out->ok = plan_layer(&p, i);
  if (out->ok && feed_open(&feed, w, seed, quiet)) {
    struct sim_cluster c = {.pool = p.pool, .pools = p.pools, .class = w->n_class ? w->class : &all, .classes = w->n_class ? w->n_class : 1, .router = o->rules.router,
                            .decode_router = o->rules.decode_router, .match_share = o->rules.match_share, .apart_requests = o->rules.apart_requests,
                            .apart_ratio = o->rules.apart_ratio, .concurrency = w->concurrency, .seed = seed, .next = feed_next, .next_ctx = &feed};
    out->ok = sim_cluster_replay(&c, &out->r, out->why, sizeof out->why);
    wl_trace_close(feed.trace);
  } else if (out->ok) {
    out->ok = false;
    snprintf(out->why, sizeof out->why, "%s", errs_count(quiet) ? errs_text(quiet, 0) : "the rate makes no requests");
  }
  if (out->ok && out->r.whole.span_s > 0)
    out->lost = (double)(out->r.whole.rejected + out->r.whole.timed_out) / out->r.whole.span_s;
  for (int i = 0; out->ok && i < o->n; i++)
    layer_means(spec, &o->layer[i], &out->r, &out->layer[i]);
  errs_destroy(quiet);
  mem_free(p.pool);
}

struct job {
  const struct sim_spec *spec;
  uint64_t seed;
  struct replay *out;
};

static void task(void *ctx, void *own, int option) {
  struct job *j = ctx;
  (void)own;
  play_option(j->spec, j->seed, option, &j->out[option]);
}

struct replay *replays_play(const struct sim_spec *spec, uint64_t seed, int jobs) {
  if (!spec->replay.present)
    return NULL;
  struct replay *r = mem_array((size_t)spec->n_option, sizeof *r);
  crew_run(&(struct crew_work){.task = task, .ctx = &(struct job){spec, seed, r}}, spec->n_option, jobs);
  return r;
}

void replays_free(struct replay *r, int options) {
  for (int i = 0; r && i < options; i++) {
    sim_cluster_result_free(&r[i].r);
    mem_free(r[i].layer);
  }
  mem_free(r);
}
