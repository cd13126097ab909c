#include "scenarios/serving_predict.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include "base/datadir.h"
#include "base/mem.h"
#include "sim/kernel/stream.h"
#include "sim/serve_setup.h"
#include "workloads/trace.h"

/* ---- requests ---- */
enum { MOST_REQUESTS = 20000, STEADY_REQUESTS = 4000 };

struct load {
  int n;
  int32_t *input, *output;
  double *at;   /* seconds at one request per second, or 0 */
  int first_seen; /* from this one on prompts are cached but for their last block; n = none */
  int block;      /* tokens of such a block */
};
struct source {
  const struct load *l;
  double rate; /* 0 = all at once */
  int i;
};

static bool source_next(void *ctx, struct sim_request *r) {
  struct source *s = ctx;
  if (s->i >= s->l->n)
    return false;
  *r = (struct sim_request){.arrival_s = s->rate > 0 ? s->l->at[s->i] / s->rate : 0, .input = s->l->input[s->i], .output = s->l->output[s->i]};
  if (s->i >= s->l->first_seen)
    r->cached = (r->input - 1) / s->l->block * s->l->block;
  s->i++;
  return true;
}

/* Lengths stratified over their distribution, in an order drawn from a named stream: the mean is that of the distribution at any n. */
static void draw_lengths(int32_t *x, int n, const struct wl_lengths *l, const char *name) {
  struct stream st;
  stream_init(&st, 1, name, 0);
  for (int i = 0; i < n; i++)
    x[i] = (int32_t)wl_lengths_at(l, (i + 0.5) / n);
  for (int i = n - 1; i > 0 && (!l->fixed || l->least > 0); i--) {
    int j = (int)(stream_u64(&st) % (uint64_t)(i + 1));
    int32_t t = x[i];
    x[i] = x[j];
    x[j] = t;
  }
}

/* All requests at once over HTTP from one client: it is part of what is measured. */
static bool is_flood(const struct serving_case *c) {
  return c->load == LOAD_OFFLINE && !c->rep.offline;
}

/* The server's process takes all requests through each of its steps before any goes on to the next (they stand in one event loop), so they reach the engine together. */
static void hold_flood(struct load *l, const struct serving_case *c) {
  struct wl_engine e;
  double t = 0;
  if (!wl_engine_get(c->rep.engines, c->rep.engine, c->rep.year, c->rep.month, c->rep.server->host_class, &e))
    return;
  for (int i = 0; i < l->n; i++)
    t += (c->rep.model->own_prompts ? e.flood_encoded_s : e.flood_request_s) + e.flood_input_s * l->input[i];
  for (int i = 0; i < l->n; i++)
    l->at[i] = t;
}

static void load_make(struct load *l, const struct serving_case *c, int n) {
  struct stream gap;
  double t = 0;
  stream_init(&gap, 1, "validate-gap", 0);
  *l = (struct load){n, mem_array((size_t)n, sizeof(int32_t)), mem_array((size_t)n, sizeof(int32_t)), mem_array((size_t)n, sizeof(double)), n, 1};
  draw_lengths(l->input, n, &c->input, "validate-input");
  draw_lengths(l->output, n, &c->output, "validate-output");
  for (int i = 0; i < n; i++)
    l->at[i] = t += stream_exponential(&gap, 1);
  if (is_flood(c))
    hold_flood(l, c);
}

/* Arrivals and lengths as published. false when the file cannot be read. */
static bool load_read(struct load *l, const struct serving_case *c) {
  struct errs *errs = errs_create();
  struct arena *a = arena_create();
  struct wl_trace *t = wl_trace_open(datadir_path(a, c->trace), NULL, 0, errs);
  struct wl_trace_request r;
  size_t cap = 0, cap_in = 0, cap_out = 0;
  *l = (struct load){0};
  while (t && wl_trace_next(t, &r)) {
    size_t n = (size_t)l->n + 1;
    l->at = mem_grow(l->at, &cap, n, sizeof *l->at);
    l->input = mem_grow(l->input, &cap_in, n, sizeof *l->input);
    l->output = mem_grow(l->output, &cap_out, n, sizeof *l->output);
    l->at[l->n] = r.arrival_s * c->load_value; /* source_next divides by the rate */
    l->input[l->n] = r.input;
    l->output[l->n++] = r.output;
  }
  l->first_seen = l->n;
  wl_trace_close(t);
  arena_destroy(a);
  errs_destroy(errs);
  return l->n > 0;
}

static void load_free(struct load *l) {
  mem_free(l->input);
  mem_free(l->output);
  mem_free(l->at);
}

/* How many requests one replica gets. */
static int requests_of(const struct serving_case *c) {
  double each = c->load_value / c->replicas, stated = c->requests;
  switch (c->load) {
  case LOAD_STATIC: return (int)fmax(1, each);
  case LOAD_CLOSED: return (int)fmin(MOST_REQUESTS, fmax(stated > 0 ? stated / c->replicas : 10 * each, each));
  case LOAD_OFFLINE:
    if (isfinite(c->load_value) && c->load_value >= 1)
      stated = c->load_value;
    stated = fmax(1, (stated > 0 ? stated : 5000) / c->replicas);
    return (int)fmin(MOST_REQUESTS, c->least_requests > stated ? c->least_requests : stated);
  case LOAD_RATE: return (int)fmin(MOST_REQUESTS, fmax(1, (stated > 0 ? stated : 1000) / c->replicas));
  default: return STEADY_REQUESTS;
  }
}

/* ---- a simulated replica ---- */
struct play {
  const struct serving_case *c;
  struct serve_setup setup;
  struct serve_memory memory;
  struct serve_cost cost;
  struct serve_config cfg;
};

/* What was measured fitted: where weights leave room for a request, the engine's share of memory and its workspace, as the catalog has them, give way. */
static void make_room(struct serve_memory *m, const struct serve_setup *s, double need) {
  double room = floor((m->usable - m->weights) / s->ops.kv_bytes_per_token) * s->layout.dp;
  if (m->kv_tokens < need && room >= need)
    m->kv_tokens = room;
}

static bool play_start(struct play *p, const struct serving_case *c, char *why, size_t why_size) {
  p->c = c;
  if (!serve_setup_make(&c->rep, &p->setup, why, why_size))
    return false;
  serve_memory_of(&p->setup, &c->rep, &p->memory);
  double need = c->load == LOAD_PREFILL_UNIT ? 1 : wl_lengths_at(&c->input, 0.5) + wl_lengths_at(&c->output, 0.5);
  make_room(&p->memory, &p->setup, need);
  if (p->memory.kv_tokens < need) {
    snprintf(why, why_size, "does not fit: cache for %.0f tokens beside %.1f GB of weights on %.1f GB", p->memory.kv_tokens, p->memory.weights * 1e-9,
             p->memory.usable * 1e-9);
    return false;
  }
  if (!(p->setup.gpu->peak_flops[p->setup.compute] > 0)) {
    snprintf(why, why_size, "no figure for %s matrix units of %s", dtype_name(p->setup.compute), p->setup.gpu->name);
    return false;
  }
  int seqs = serve_max_seqs(&c->rep, &p->setup);
  if (c->load == LOAD_STATIC && c->load_value > seqs)
    seqs = (int)c->load_value;
  if (seqs > 20000)
    seqs = 20000;
  double budget = serve_budget(&c->rep, &p->setup);
  double most = c->load == LOAD_PREFILL_UNIT ? fmin(1 << 20, fmax(budget, c->load_value * p->setup.layout.dp)) : fmin(budget, 32768);
  serve_cost_build(&p->cost, &p->setup, (int)fmax(most, seqs), seqs);
  if (is_flood(c)) /* the same process takes the tokens of an iteration away while the next runs */
    p->cost.floor_seq_s = fmax(p->cost.floor_seq_s, p->setup.engine.flood_token_s);
  serve_config_of(&c->rep, &p->setup, &p->cost, p->memory.kv_tokens, &p->cfg);
  p->cfg.max_seqs = seqs;
  return true;
}

/* A flood is sent at one moment, however slowly the client gets its requests out. */
static void flood_finish(void *ctx, const struct serve_finish *f) {
  struct serve_finish at_once = *f;
  at_once.arrival = 0;
  serve_stats_finish(ctx, &at_once);
}

/* Prompts sent again and again are found where the cache holds all of them with their answers: the least recently used goes first, so that a set too large is never found. */
static void load_see_again(struct load *l, const struct play *p) {
  double tokens = 0;
  for (int i = 0; i < l->n; i++)
    tokens += l->input[i];
  if (p->cfg.prefix_cache && p->setup.engine.repeat_found && tokens <= p->memory.kv_tokens) {
    l->first_seen = (int)round((1 - p->c->seen_share) * l->n);
    l->block = (int)p->setup.engine.block_tokens;
  }
}

static void run(const struct play *p, const struct load *l, double rate, int concurrency, struct serve_stats *st, struct sketch *itl, struct serve_totals *t) {
  struct source src = {l, rate, 0};
  struct serve_config cfg = p->cfg;
  cfg.finish = p->c->load == LOAD_OFFLINE ? flood_finish : serve_stats_finish;
  cfg.finish_ctx = st;
  cfg.itl = itl;
  serve_run(&cfg, &(struct serve_source){source_next, &src, concurrency}, t, NULL);
  if (p->c->load == LOAD_OFFLINE)
    t->start = 0;
}

/* A closed loop is steady from when its first requests are all being answered until the last has come. Both moments are known from a run of its own. */
struct steady {
  uint64_t places;
  sim_time from, to;
  double tokens; /* written between them */
};

static void steady_find(void *ctx, const struct serve_finish *f) {
  struct steady *s = ctx;
  if (f->index < s->places && f->first > s->from)
    s->from = f->first;
  if (f->arrival > s->to)
    s->to = f->arrival;
}

/* An answer is written evenly from its first token to its last. */
static void steady_count(void *ctx, const struct serve_finish *f) {
  struct steady *s = ctx;
  sim_time from = f->first > s->from ? f->first : s->from, to = f->end < s->to ? f->end : s->to;
  if (to > from)
    s->tokens += f->output * (double)(to - from) / (double)(f->end - f->first);
}

static void steady_run(const struct play *p, const struct load *l, struct steady *s, void (*finish)(void *, const struct serve_finish *), struct serve_totals *window) {
  struct source src = {l, 0, 0};
  struct serve_config cfg = p->cfg;
  struct serve_totals all;
  cfg.finish = finish;
  cfg.finish_ctx = s;
  cfg.window_from = s->from;
  cfg.window_to = s->to;
  serve_run(&cfg, &(struct serve_source){source_next, &src, (int)s->places}, &all, window);
}

static void run_steady(const struct play *p, const struct load *l, int concurrency, struct serve_totals *window) {
  struct steady s = {.places = (uint64_t)concurrency};
  steady_run(p, l, &s, steady_find, NULL);
  steady_run(p, l, &s, steady_count, window);
  window->output_tokens = s.tokens;
}

static void five(const struct sketch *s, double *ret) {
  static const double q[] = {0, 0.5, 0.9, 0.95, 0.99};
  ret[0] = sketch_count(s) ? sketch_mean(s) : (double)NAN;
  for (int i = 1; i < 5; i++)
    ret[i] = sketch_quantile(s, q[i]);
}

static void collect(const struct play *p, const struct serve_stats *st, const struct sketch *itl, const struct serve_totals *t, struct serving_outcome *o) {
  const struct serving_case *c = p->c;
  serve_stats_result(st, t, &o->r);
  five(itl, o->itl_s);
  o->r.energy_j = serve_energy_j(&c->rep, &p->setup, t, &o->r.activity);
  o->tok_per_s = o->r.output_tok_per_s * c->replicas;
  o->req_per_s = o->r.req_per_s * c->replicas;
  o->input_tok_per_s = o->r.input_tok_per_s * c->replicas;
  o->power_w = o->r.energy_j / fmax(o->r.span_s, 1e-9) * c->replicas;
  double gpu_j = serve_gpu_energy_j(&c->rep, &p->setup, t) * c->replicas;
  o->gpu_power_w = gpu_j / fmax(o->r.span_s, 1e-9) / (p->setup.gpus * c->replicas);
  o->gpu_j_per_output_tok = gpu_j / fmax(o->tok_per_s * o->r.span_s, 1e-9);
}

static void play_load(struct play *p, const struct load *l, struct serving_outcome *o) {
  const struct serving_case *c = p->c;
  struct serve_stats st;
  struct serve_totals t;
  struct sketch *itl = sketch_create();
  double rate = c->load == LOAD_RATE || c->load == LOAD_LIMIT ? c->load_value / c->replicas : 0;
  if (is_flood(c))
    rate = 1; /* load_make knows when */
  int concurrency = c->load == LOAD_CLOSED ? (int)fmax(1, round(c->load_value / c->replicas)) : 0;
  if (c->load == LOAD_STATIC) {
    p->cfg.batching = serve_batchings[WL_POLICY_STATIC];
    p->cfg.budget_tokens = INFINITY;
    p->cfg.client_s = 0;
  }
  serve_stats_init(&st, 0, 0, 0);
  run(p, l, rate, concurrency, &st, itl, &t);
  if (c->steady)
    run_steady(p, l, concurrency, &t);
  collect(p, &st, itl, &t, o);
  o->prefill_s = o->r.ttft_s[SERVE_MEAN];
  serve_stats_free(&st);
  sketch_destroy(itl);
}

/* ---- highest rate under the limits ---- */
static bool holds(struct play *p, const struct load *l, double rate) {
  const struct serving_case *c = p->c;
  struct serve_stats st;
  struct serve_totals t;
  struct sim_serve_result r;
  serve_stats_init(&st, 0, 0, (uint64_t)l->n / 10);
  run(p, l, rate, 0, &st, NULL, &t);
  serve_stats_result(&st, &t, &r);
  serve_stats_free(&st);
  return (c->ttft_limit_s <= 0 || r.ttft_s[SERVE_P99] <= c->ttft_limit_s) && (c->tpot_limit_s <= 0 || !(r.tpot_s[SERVE_P99] > c->tpot_limit_s)) &&
         (c->e2e_limit_s <= 0 || r.e2e_s[SERVE_P99] <= c->e2e_limit_s);
}

/* Long enough for a queue to show: LIMIT_SECONDS of the offline rate, within bounds. */
enum { LIMIT_SECONDS = 120 };

static double rate_at_limit(struct play *p, const struct load *first) {
  struct serve_stats st;
  struct load longer;
  const struct load *l = first;
  struct serve_totals t;
  struct sim_serve_result r;
  serve_stats_init(&st, 0, 0, 0);
  run(p, l, 0, 0, &st, NULL, &t);
  serve_stats_result(&st, &t, &r);
  serve_stats_free(&st);
  load_make(&longer, p->c, (int)fmin(MOST_REQUESTS, fmax(STEADY_REQUESTS, LIMIT_SECONDS * r.req_per_s)));
  double lo = 0, hi = 1.2 * r.req_per_s;
  for (int i = 0; i < 7; i++) {
    double mid = (lo + hi) / 2;
    if (holds(p, &longer, mid))
      lo = mid;
    else
      hi = mid;
  }
  load_free(&longer);
  return lo;
}

/* ---- one side of a split fleet: an iteration of the stated batch, over and over ---- */

/* Tokens of the fullest rank / mean, when n prompts of a spread are dealt as they come, each to the emptiest rank, in pieces of at most `most` tokens. */
static double fullest_rank(const struct wl_lengths *l, double share, int n, int ranks, double most) {
  int32_t *x = mem_array((size_t)n, sizeof *x);
  double *sum = mem_array((size_t)ranks, sizeof *sum), all = 0, top = 0;
  draw_lengths(x, n, l, "validate-input");
  memset(sum, 0, (size_t)ranks * sizeof *sum);
  for (int i = 0; i < n; i++) {
    int least = 0;
    for (int j = 1; j < ranks; j++)
      least = sum[j] < sum[least] ? j : least;
    double piece = fmin(most, share * x[i]);
    sum[least] += piece;
    all += piece;
    top = fmax(top, sum[least]);
  }
  mem_free(x);
  mem_free(sum);
  return all > 0 ? fmax(1, top * ranks / all) : 1;
}

/* Live traffic: the rate of a day's mean, which its best hour exceeds. */
static double live_share(const struct serving_case *c) {
  return c->live ? serve_constant(c->rep.catalog, "fleet", "mean_of_peak") : 1;
}

/* Cached tokens of a prompt are not read again but attended to. Prompts of one length fill all ranks alike. */
static void unit_prefill(const struct play *p, struct serving_outcome *o) {
  const struct serving_case *c = p->c;
  const struct serve_cost *q = &p->cost;
  int ranks = p->setup.layout.dp;
  double each = c->load_value > 0 ? c->load_value : serve_budget(&c->rep, &p->setup) / ranks, m = each * ranks;
  double fresh = 1 - fmin(0.99, c->hit_share), n = wl_lengths_mean(&c->input), read = n * fresh, prompts = m / read;
  double w = c->live ? fullest_rank(&c->input, fresh, (int)fmax(1, prompts), ranks, each) : 1;
  double pairs = prompts * read * (n - read + read / 2);
  double t = serve_device_s(q, m * w, prompts, 0, 0, pairs * w, 0) + serve_host_s(q, 0, prompts);
  if (q->moe_s && w > 1) /* experts are everybody's: they see what there is */
    t -= serve_table(q->moe_s, q->max_m, m * w) - serve_table(q->moe_s, q->max_m, m);
  o->input_tok_per_s = m / t / fresh * live_share(c);
  o->tok_per_s = NAN;
}

static double decode_round_s(const struct play *p, double seqs) {
  const struct serving_case *c = p->c;
  double ctx = seqs * (wl_lengths_mean(&c->input) + wl_lengths_mean(&c->output) / 2), m = seqs * c->rep.mtp_tokens;
  double device = serve_device_s(&p->cost, m, m, seqs, ctx, 0, 0), host = serve_host_s(&p->cost, seqs, 0);
  return p->cost.overlap ? fmax(device, host) : device + host;
}

/* As many sequences as stated, else as many as keep the stated time per token. */
static void unit_decode(const struct play *p, struct serving_outcome *o) {
  const struct serving_case *c = p->c;
  double seqs = c->load_value * p->setup.layout.dp, lo = 1, hi = p->memory.kv_tokens / fmax(1, wl_lengths_mean(&c->input));
  for (int i = 0; seqs <= 0 && i < 40; i++) {
    double mid = (lo + hi) / 2;
    if (decode_round_s(p, mid) / c->rep.mtp_tokens <= c->tpot_limit_s)
      lo = mid;
    else
      hi = mid;
  }
  if (seqs <= 0)
    seqs = lo;
  o->input_tok_per_s = NAN;
  o->tok_per_s = seqs * c->rep.mtp_tokens / decode_round_s(p, seqs) * live_share(c);
}

bool serving_play(const struct serving_case *c, struct serving_outcome *o, char *why, size_t why_size) {
  struct play p;
  struct load l;
  memset(o, 0, sizeof *o);
  if (!play_start(&p, c, why, why_size))
    return false;
  if (c->load == LOAD_PREFILL_UNIT)
    unit_prefill(&p, o);
  else if (c->load == LOAD_DECODE_UNIT)
    unit_decode(&p, o);
  else {
    if (!(c->trace && c->trace[0] && c->load == LOAD_RATE && load_read(&l, c)))
      load_make(&l, c, requests_of(c));
    load_see_again(&l, &p);
    play_load(&p, &l, o);
    if (c->load == LOAD_LIMIT)
      o->rate_at_limit = rate_at_limit(&p, &l) * c->replicas;
    load_free(&l);
  }
  serve_cost_free(&p.cost);
  return true;
}

/* ---- metrics ---- */
static bool latency(const char *metric, const char *prefix, const double *v, double *ret) {
  static const char *const stat[] = {"mean_ms", "p50_ms", "p90_ms", "p95_ms", "p99_ms"};
  size_t n = strlen(prefix);
  if (strncmp(metric, prefix, n) != 0)
    return false;
  for (int i = 0; i < 5; i++)
    if (strcmp(metric + n, stat[i]) == 0) {
      *ret = v[i] * 1e3;
      return true;
    }
  return false;
}

double serving_metric(const struct serving_case *c, const struct serving_outcome *o, const char *metric) {
  double v, gpus = c->rep.gpus * c->replicas, nodes = gpus / c->node_gpus;
  if (latency(metric, "ttft_", o->r.ttft_s, &v) || latency(metric, "tpot_", o->r.tpot_s, &v) || latency(metric, "e2e_", o->r.e2e_s, &v) ||
      latency(metric, "itl_", o->itl_s, &v))
    return v;
  const struct {
    const char *name;
    double value;
  } plain[] = {
    {"output_tok_per_s", o->tok_per_s},
    {"output_tok_per_s_per_gpu", o->tok_per_s / gpus},
    {"output_tok_per_s_per_node", o->tok_per_s / nodes},
    {"input_tok_per_s_per_node", o->input_tok_per_s / nodes},
    {"total_tok_per_s", o->tok_per_s + o->input_tok_per_s},
    {"requests_per_s", c->load == LOAD_LIMIT ? o->rate_at_limit : o->req_per_s},
    {"batch_prefill_ms", o->prefill_s * 1e3},
    {"batch_latency_mean_ms", o->r.e2e_s[SERVE_MEAN] * 1e3},
    {"gpu_power_mean_of_tdp", o->gpu_power_w / c->rep.server->gpu->tdp_w},
    {"gpu_power_mean_w", o->gpu_power_w},
    {"gpu_j_per_output_tok", o->gpu_j_per_output_tok},
    {"system_power_mean_w", o->power_w},
  };
  for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
    if (strcmp(metric, plain[i].name) == 0)
      return plain[i].value;
  return NAN;
}
