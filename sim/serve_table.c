/* What a replica does at each load, from idle to saturation, by simulation with common random numbers. */
#include <math.h>
#include <string.h>
#include "base/mem.h"
#include "sim/kernel/stream.h"
#include "sim/serve_setup.h"

enum { MIN_REQUESTS = 3000, MAX_REQUESTS = 9000, TRIAL_REQUESTS = 30000, GRID = 11, MAX_LEVELS = 24 };

/* The same requests at every load: lengths stratified over the histograms, gaps exponential and scaled with the rate. */
struct draws {
  int32_t *input, *output, *cached;
  double *at; /* arrival at one request per second */
  int n;
};
struct source {
  const struct draws *d;
  double rate;
  int i;
};

static bool source_next(void *ctx, struct sim_request *r) {
  struct source *s = ctx;
  if (s->i >= s->d->n)
    return false;
  *r = (struct sim_request){.arrival_s = s->d->at[s->i] / s->rate, .input = s->d->input[s->i], .output = s->d->output[s->i], .cached = s->d->cached[s->i]};
  s->i++;
  return true;
}

static void shuffle(double *x, int n, struct stream *st) {
  for (int i = n - 1; i > 0; i--) {
    int j = (int)(stream_u64(st) % (uint64_t)(i + 1));
    double t = x[i];
    x[i] = x[j];
    x[j] = t;
  }
}

static void stratify(double *u, int n, struct stream *st) {
  for (int i = 0; i < n; i++)
    u[i] = (i + 0.5) / n;
  shuffle(u, n, st);
}

static int32_t tokens(double x, double lo, double hi) {
  return (int32_t)fmax(lo, fmin(hi, round(x)));
}

static void draw(struct draws *d, int n, const struct wl_hist *input, const struct wl_hist *output, double prefix_hit, double longest, enum serve_side side,
                 uint64_t seed) {
  struct stream in, out, gap;
  stream_init(&in, seed, "serve-input", 0);
  stream_init(&out, seed, "serve-output", 0);
  stream_init(&gap, seed, "serve-gap", 0);
  double *u = mem_array(n, sizeof *u), *v = mem_array(n, sizeof *v), t = 0;
  *d = (struct draws){mem_array(n, sizeof(int32_t)), mem_array(n, sizeof(int32_t)), mem_array(n, sizeof(int32_t)),
                      mem_array(n, sizeof(double)), n};
  stratify(u, n, &in);
  stratify(v, n, &out);
  for (int i = 0; i < n; i++) {
    d->input[i] = tokens(wl_hist_quantile(input, u[i]), 1, longest);
    d->output[i] = tokens(wl_hist_quantile(output, v[i]), 1, fmax(1, longest - d->input[i]));
    d->cached[i] = side == SERVE_DECODE ? d->input[i] : (int32_t)(prefix_hit * d->input[i]);
    d->output[i] = side == SERVE_PREFILL ? 1 : d->output[i];
    d->at[i] = t += stream_exponential(&gap, 1);
  }
  mem_free(u);
  mem_free(v);
}

static void draws_free(struct draws *d) {
  mem_free(d->input);
  mem_free(d->output);
  mem_free(d->cached);
  mem_free(d->at);
}

struct bench { /* what stays the same from level to level */
  const struct sim_replica *rep;
  struct serve_setup setup;
  struct serve_memory memory;
  struct serve_cost cost;
  struct draws draws;
  int warm;        /* requests not counted */
  int concurrency; /* of the closed loop that finds the top where there is no steady state to compute */
  double top_req_s;
  const struct sim_slo *slo;
};

/* One level. Rates, occupancy and watts are taken between the arrivals of the first and the last counted request, so that filling and
 * emptying do not dilute them. concurrency > 0: closed loop instead of a rate. */
static bool level_run(const struct bench *b, double rate, int concurrency, struct sim_serve_level *ret) {
  struct serve_config cfg;
  struct serve_stats st;
  struct serve_totals t, w;
  struct source src = {&b->draws, rate > 0 ? rate : 1, 0};
  struct serve_source from = {source_next, &src, concurrency};
  serve_config_of(b->rep, &b->setup, &b->cost, b->memory.kv_tokens, &cfg);
  serve_stats_init(&st, b->slo->ttft_s, b->slo->tpot_s, (uint64_t)b->warm);
  cfg.finish = serve_stats_finish;
  cfg.lost = serve_stats_lost;
  cfg.finish_ctx = &st;
  bool ok = sim_time_from_s(b->draws.at[b->warm] / src.rate, &cfg.window_from) &&
            sim_time_from_s(b->draws.at[b->draws.n - 1] / src.rate, &cfg.window_to) && serve_run(&cfg, &from, &t, concurrency ? NULL : &w);
  memset(ret, 0, sizeof *ret);
  ret->rate_req_s = rate;
  if (!ok) { /* totals were never filled */
    serve_stats_free(&st);
    return false;
  }
  if (concurrency)
    w = t;
  serve_stats_result(&st, &w, &ret->r);
  ret->r.energy_j = serve_energy_j(b->rep, &b->setup, &w, &ret->r.activity);
  ret->r.kv_occupancy = isfinite(b->memory.kv_tokens) ? w.kv_integral / fmax(ret->r.span_s, 1e-9) / b->memory.kv_tokens : 0;
  ret->power_w = ret->r.energy_j / fmax(ret->r.span_s, 1e-9);
  serve_stats_free(&st);
  return ret->r.span_s > 0;
}

static void level_idle(const struct bench *b, struct sim_serve_level *ret) {
  memset(ret, 0, sizeof *ret);
  ret->power_w = hw_server_idle_w(b->rep->catalog, b->rep->server) * b->setup.gpus / b->rep->server->gpus;
  ret->r.slo_attainment = 1;
}

static bool meets(const struct bench *b, const struct sim_serve_level *l) {
  double need = b->slo->attainment > 0 ? b->slo->attainment : b->slo->quantile > 0 ? b->slo->quantile : 0.95;
  bool keeps_up = l->r.req_per_s >= 0.9 * l->rate_req_s; /* a queue that grows without end is no service, whatever the limits */
  return keeps_up && l->r.slo_attainment >= need;
}

static double rel(double got, double want) {
  return want > 0 ? fabs(got - want) / want : 0;
}

static void insert(struct sim_serve_table *t, const struct sim_serve_level *l) {
  size_t i = t->n++;
  for (; i > 0 && t->level[i - 1].rate_req_s > l->rate_req_s; i--)
    t->level[i] = t->level[i - 1];
  t->level[i] = *l;
}

/* Simulate the middle of each gap; where a straight line is off by more than 1 % in busy share or watts, the middle becomes a level. */
static bool refine(const struct bench *b, struct sim_serve_table *t) {
  double worst = 0;
  double done[MAX_LEVELS];
  size_t n = t->n;
  for (size_t i = 0; i < n; i++)
    done[i] = t->level[i].rate_req_s;
  for (size_t i = 0; i + 1 < n; i++) {
    struct sim_serve_level mid, line;
    double rate = (done[i] + done[i + 1]) / 2;
    if (!level_run(b, rate, 0, &mid))
      return false;
    sim_serve_at(t, rate, &line);
    double e = fmax(rel(line.r.activity.busy, mid.r.activity.busy), rel(line.power_w, mid.power_w));
    if (e > 0.01 && t->n < MAX_LEVELS)
      insert(t, &mid);
    else
      worst = fmax(worst, e);
  }
  t->interpolation_error = worst;
  return true;
}

/* The last level that keeps the limits and the first that does not become levels too: the share in time falls off a cliff between them. */
static bool find_max_rate(const struct bench *b, struct sim_serve_table *t) {
  struct sim_serve_level found[2] = {0}; /* missed, met */
  size_t i = 1;
  while (i < t->n && meets(b, &t->level[i]))
    i++;
  double lo = i > 1 ? t->level[i - 1].rate_req_s : 0, hi = i < t->n ? t->level[i].rate_req_s : 0;
  if (i == t->n)
    hi = lo;
  for (int k = 0; k < 5 && hi > lo * 1.01; k++) {
    struct sim_serve_level l;
    if (!level_run(b, (lo + hi) / 2, 0, &l))
      return false;
    bool met = meets(b, &l);
    *(met ? &lo : &hi) = l.rate_req_s;
    found[met] = l;
  }
  for (int k = 0; k < 2; k++)
    if (found[k].rate_req_s > 0)
      insert(t, &found[k]);
  t->max_rate_req_s = lo;
  return true;
}

static bool run_levels(const struct bench *b, struct sim_serve_table *t) {
  struct sim_serve_level full = {.r.req_per_s = b->top_req_s};
  if (b->top_req_s <= 0 && !level_run(b, 0, b->concurrency, &full))
    return false;
  double top = SERVE_TOP * full.r.req_per_s;
  t->level = mem_array(MAX_LEVELS + 2, sizeof *t->level); /* find_max_rate adds two */
  level_idle(b, &t->level[t->n++]);
  for (int i = 1; i < GRID; i++) {
    struct sim_serve_level l;
    if (!level_run(b, top * i / (GRID - 1), 0, &l))
      return false;
    insert(t, &l);
  }
  return refine(b, t) && find_max_rate(b, t);
}

double serve_longest(const struct wl_model *m, const struct wl_hist *input, const struct wl_hist *output) {
  double a = wl_hist_quantile(input, 0.999) + wl_hist_quantile(output, 0.5), b = wl_hist_quantile(input, 0.5) + wl_hist_quantile(output, 0.999);
  return m->max_positions > 0 ? fmin(fmax(a, b), m->max_positions) : fmax(a, b);
}

/* The load above which no steady state exists, and enough requests to see the replica full: of a trial 3.5 times those in flight within the limits, the first third of which fill it. */
static void size_of(struct bench *b, const struct wl_hist *input, const struct wl_hist *output, double hit, enum serve_side side, int seqs, bool trial, int *ret_requests) {
  struct serve_mix mix = {wl_hist_mean(input), side == SERVE_PREFILL ? 1 : fmax(1, wl_hist_mean(output)), side == SERVE_DECODE ? 1 : hit};
  double n = serve_steady_seqs(&b->cost, &mix, b->memory.kv_tokens, seqs, 0);
  double busy = trial && b->slo->tpot_s > 0 ? serve_steady_seqs(&b->cost, &mix, b->memory.kv_tokens, seqs, b->slo->tpot_s) : n;
  b->top_req_s = b->setup.model->encoder ? 0 : serve_steady_rate(&b->cost, &mix, n);
  *ret_requests = (int)fmax(MIN_REQUESTS, trial ? fmin(TRIAL_REQUESTS, 3.5 * busy) : fmin(MAX_REQUESTS, 4 * n));
  b->warm = *ret_requests / (trial ? 3 : 5);
  b->concurrency = seqs < *ret_requests / 4 ? seqs : *ret_requests / 4;
}

/* rep's layout is chosen. */
static bool bench_init(struct bench *b, const struct sim_replica *rep, const struct wl_hist *input, const struct wl_hist *output, double hit,
                       const struct sim_slo *slo, enum serve_side side, bool trial, uint64_t seed, char *why, size_t why_size) {
  *b = (struct bench){.rep = rep, .slo = slo};
  if (!serve_setup_make(rep, &b->setup, why, why_size))
    return false;
  serve_memory_of(&b->setup, rep, &b->memory);
  int seqs = serve_max_seqs(rep, &b->setup), requests;
  serve_cost_build(&b->cost, &b->setup, (int)fmax(serve_budget(rep, &b->setup), seqs), seqs);
  size_of(b, input, output, hit, side, seqs, trial, &requests);
  draw(&b->draws, requests, input, output, hit, serve_longest(rep->model, input, output), side, seed);
  return true;
}

static void bench_free(struct bench *b) {
  draws_free(&b->draws);
  serve_cost_free(&b->cost);
}

bool sim_serve_tabulate(const struct sim_replica *rep, const struct wl_hist *input, const struct wl_hist *output, double prefix_hit,
                        const struct sim_slo *slo, uint64_t seed, struct sim_serve_table *ret) {
  struct bench b;
  memset(ret, 0, sizeof *ret);
  if (!sim_replica_choose(rep, serve_longest(rep->model, input, output), &ret->fit) ||
      !bench_init(&b, &ret->fit.replica, input, output, prefix_hit, slo, SERVE_WHOLE, false, seed, ret->fit.why, sizeof ret->fit.why))
    return false;
  bool ok = run_levels(&b, ret);
  bench_free(&b);
  return ok;
}

double serve_capacity(const struct sim_replica *rep, const struct wl_hist *input, const struct wl_hist *output, double hit, const struct sim_slo *slo,
                      uint64_t seed) {
  struct bench b;
  struct sim_serve_level l;
  char why[240];
  if (!bench_init(&b, rep, input, output, hit, slo, SERVE_WHOLE, false, seed, why, sizeof why))
    return 0;
  double lo = 0, hi = SERVE_TOP * b.top_req_s;
  for (int k = 0; k < 7; k++) {
    bool ok = level_run(&b, (lo + hi) / 2, 0, &l) && meets(&b, &l);
    *(ok ? &lo : &hi) = (lo + hi) / 2;
  }
  bench_free(&b);
  return lo;
}

/* ---- single trials ---- */
struct serve_trial {
  struct bench bench;
  struct sim_replica rep;
  struct sim_slo slo;
};

struct serve_trial *serve_trial_create(const struct sim_replica *rep, const struct wl_hist *input, const struct wl_hist *output, double hit,
                                       const struct sim_slo *slo, enum serve_side side, uint64_t seed) {
  struct serve_trial *t = mem_alloc(sizeof *t);
  char why[240];
  t->rep = *rep;
  t->slo = *slo;
  if (bench_init(&t->bench, &t->rep, input, output, hit, &t->slo, side, true, seed, why, sizeof why))
    return t;
  mem_free(t);
  return NULL;
}

void serve_trial_destroy(struct serve_trial *t) {
  if (!t)
    return;
  bench_free(&t->bench);
  mem_free(t);
}

bool serve_trial_at(const struct serve_trial *t, double rate, int users, struct sim_serve_level *ret) {
  return level_run(&t->bench, rate, users, ret);
}

int serve_trial_users(const struct serve_trial *t) {
  return t->bench.draws.n / 3;
}

/* Brackets the highest rate from a first guess outwards, then halves to 2 %. */
double serve_trial_capacity(const struct serve_trial *t, double guess) {
  const struct bench *b = &t->bench;
  struct sim_serve_level l;
  double lo = 0, hi = b->top_req_s;
  if (hi <= 0 && level_run(b, 0, b->concurrency, &l)) /* no steady state to compute: a closed loop finds the top */
    hi = l.r.req_per_s;
  double at = guess > 0 && guess < hi ? guess : hi / 2, step = 1.15;
  for (int k = 0; k < 12 && hi > 1.02 * lo; k++) {
    bool ok = level_run(b, at, 0, &l) && meets(b, &l);
    bool bracketed = (ok && hi < b->top_req_s) || (!ok && lo > 0);
    *(ok ? &lo : &hi) = at;
    at = bracketed ? (lo + hi) / 2 : ok ? fmin(at * step, (lo + hi) / 2) : at / step;
    step *= step;
  }
  return lo;
}

void sim_serve_table_free(struct sim_serve_table *t) {
  mem_free(t->level);
  t->level = NULL;
  t->n = 0;
}

/* ---- reading between levels ---- */
static void blend(double *d, const double *a, const double *b, size_t n, double f) {
  for (size_t i = 0; i < n; i++)
    d[i] = a[i] + (b[i] - a[i]) * f;
}

static void mix(struct sim_serve_level *d, const struct sim_serve_level *a, const struct sim_serve_level *b, double f) {
  *d = *b; /* counts are those of the upper level */
#define MIX(field) blend(&d->field, &a->field, &b->field, 1, f)
  MIX(rate_req_s);
  MIX(power_w);
  MIX(r.req_per_s);
  MIX(r.input_tok_per_s);
  MIX(r.output_tok_per_s);
  MIX(r.slo_attainment);
  MIX(r.goodput_req_per_s);
  MIX(r.goodput_tok_per_s);
  MIX(r.batch_mean);
  MIX(r.kv_occupancy);
  MIX(r.activity.busy);
  MIX(r.activity.u_mem);
  MIX(r.activity.u_comp);
#undef MIX
  if (a->rate_req_s > 0) { /* idle has no latencies: those of the lowest load hold down to it */
    blend(d->r.ttft_s, a->r.ttft_s, b->r.ttft_s, 5, f);
    blend(d->r.tpot_s, a->r.tpot_s, b->r.tpot_s, 5, f);
    blend(d->r.e2e_s, a->r.e2e_s, b->r.e2e_s, 5, f);
  }
}

void sim_serve_at(const struct sim_serve_table *t, double rate, struct sim_serve_level *ret) {
  size_t i = 1;
  while (i + 1 < t->n && t->level[i].rate_req_s < rate)
    i++;
  const struct sim_serve_level *a = &t->level[i - 1], *b = &t->level[i];
  double f = (rate - a->rate_req_s) / (b->rate_req_s - a->rate_req_s);
  mix(ret, a, b, f < 0 ? 0 : f > 1 ? 1 : f);
}
