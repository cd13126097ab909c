/* The fleet of a plan as it would run: all its replicas behind the default router, prompts handed from readers to decoders over the network, with the requests of a trace or Poisson arrivals at
 * the planned rate. */
#include <math.h>
#include <string.h>
#include "sim/kernel/stats.h"
#include "sim/kernel/stream.h"
#include "sim/serve_cluster.h"
#include "sim/serve_plan_priv.h"

enum { LEAST_REQUESTS = 3000, MOST_REQUESTS = 60000 };

/* ---- requests ---- */
struct source {
  const struct sim_serve_ask *ask;
  struct stream input, output, gap;
  double rate_req_s, t_s, longest;
  size_t i, n;
};

static int32_t tokens(const struct wl_hist *h, struct stream *s, double most) {
  return (int32_t)fmax(1, fmin(most, round(wl_hist_quantile(h, stream_uniform(s)))));
}

static bool next(void *ctx, struct sim_request *r) {
  struct source *s = ctx;
  if (s->i >= s->n)
    return false;
  if (s->ask->request) {
    *r = s->ask->request[s->i++];
    return true;
  }
  s->i++;
  s->t_s += stream_exponential(&s->gap, 1 / s->rate_req_s);
  *r = (struct sim_request){.arrival_s = s->t_s, .input = tokens(s->ask->input, &s->input, s->longest)};
  r->output = tokens(s->ask->output, &s->output, fmax(1, s->longest - r->input));
  r->cached = (int32_t)(s->ask->hit * r->input);
  return true;
}

/* ---- what came of them ---- */
struct seen {
  struct sketch *ttft, *tpot;
  double ttft_s, tpot_s, from_s; /* limits, 0 = none; arrivals before are not counted */
  uint64_t n, within, late_first, late_token;
};

static void see(void *ctx, const struct rec_request *r) {
  struct seen *s = ctx;
  if (r->arrival_s < s->from_s)
    return;
  double tpot = r->output_tokens > 1 ? (r->end_s - r->arrival_s - r->ttft_s) / (double)(r->output_tokens - 1) : 0;
  bool first = s->ttft_s > 0 && r->ttft_s > s->ttft_s, token = s->tpot_s > 0 && tpot > s->tpot_s;
  sketch_add(s->ttft, r->ttft_s);
  if (r->output_tokens > 1)
    sketch_add(s->tpot, tpot);
  s->n++;
  s->late_first += first;
  s->late_token += token;
  s->within += !first && !token;
}

static void five(const struct sketch *s, double *ret) {
  static const double q[] = {0, 0.5, 0.9, 0.95, 0.99};
  for (int i = 0; i < 5; i++)
    ret[i] = sketch_count(s) == 0 ? (double)NAN : i == 0 ? sketch_mean(s) : sketch_quantile(s, q[i]);
}

/* ---- the fleet ---- */
static double longest_of(const struct ways *w) {
  int positions = w->ask->replica.model->max_positions;
  return positions > 0 ? positions : 1e9;
}

/* Enough to see the fleet full: as the trials of single replicas. */
static void source_init(struct source *s, const struct ways *w, double rate, double in_system_s, struct seen *seen) {
  *s = (struct source){.ask = w->ask, .rate_req_s = rate, .longest = longest_of(w), .n = w->ask->n_request};
  if (w->ask->request)
    return;
  stream_init(&s->input, w->ask->seed, "plan-input", 0);
  stream_init(&s->output, w->ask->seed, "plan-output", 0);
  stream_init(&s->gap, w->ask->seed, "plan-gap", 0);
  s->n = (size_t)fmax(LEAST_REQUESTS, fmin(MOST_REQUESTS, 3.5 * rate * in_system_s));
  seen->from_s = (double)s->n / 3 / rate;
}

bool fleet_play(const struct ways *w, const struct way *decode, const struct way *prefill, const struct fleet_of *f, int which, double rate_req_s,
                struct sim_serve_level *level, uint64_t *ret_played, bool *ret_late_first) {
  struct sim_pool pool[2] = {{.name = "decode", .role = prefill ? SIM_DECODE : SIM_BOTH, .replica = decode->r, .replicas = f->replicas, .usd_per_gpu_h = NAN}};
  struct serve_bounds b;
  struct sim_cluster_result r;
  struct source source;
  char why[240];
  ways_bounds(w->ask, which, &b);
  if (prefill)
    pool[1] = (struct sim_pool){.name = "prefill", .role = SIM_PREFILL, .replica = prefill->r, .replicas = f->prefills, .usd_per_gpu_h = NAN};
  struct seen seen = {.ttft = sketch_create(), .tpot = sketch_create(), .ttft_s = b.ttft_s, .tpot_s = b.tpot_s};
  source_init(&source, w, rate_req_s, level->r.e2e_s[SERVE_MEAN], &seen);
  struct sim_listener to = {.ctx = &seen, .request = see};
  const struct sim_class all = {.name = "all", .share = 1, .ttft_s = b.ttft_s, .tpot_s = b.tpot_s};
  struct sim_cluster c = {.pool = pool, .pools = prefill ? 2 : 1, .class = &all, .classes = 1, .seed = w->ask->seed, .next = next, .next_ctx = &source, .requests = &to};
  bool ok = sim_cluster_replay(&c, &r, why, sizeof why) && seen.n > 0;
  if (ok) {
    five(seen.ttft, level->r.ttft_s);
    five(seen.tpot, level->r.tpot_s);
    level->r.slo_attainment = (double)seen.within / (double)seen.n;
    *ret_played = source.i;
    *ret_late_first = seen.late_first > seen.late_token;
    sim_cluster_result_free(&r);
  }
  sketch_destroy(seen.ttft);
  sketch_destroy(seen.tpot);
  return ok;
}
