/* What a cluster did, from the sums of its pools and the latencies of its classes. */
#include <math.h>
#include <string.h>
#include "base/mem.h"
#include "sim/serve_cluster_core.h"
#include "sim/serve_setup.h"

void serve_totals_add(struct serve_totals *sum, const struct serve_totals *t) {
  sum->arrived += t->arrived;
  sum->finished += t->finished;
  sum->rejected += t->rejected;
  sum->timed_out += t->timed_out;
  sum->swapped += t->swapped;
  sum->preemptions += t->preemptions;
  sum->iterations += t->iterations;
  sum->input_tokens += t->input_tokens;
  sum->output_tokens += t->output_tokens;
  sum->hit_tokens += t->hit_tokens;
  sum->blocks_dropped += t->blocks_dropped;
  sum->batch_integral += t->batch_integral;
  sum->kv_integral += t->kv_integral;
  for (int i = 0; i < SERVE_CLASSES; i++) {
    sum->work[i].busy_s += t->work[i].busy_s;
    sum->work[i].comm_s += t->work[i].comm_s;
    sum->work[i].span_s += t->work[i].span_s;
    sum->work[i].bytes += t->work[i].bytes;
    sum->work[i].flop += t->work[i].flop;
  }
}

/* ---- latencies as requests end ---- */
static struct latencies *make(int n) {
  struct latencies *x = mem_array((size_t)n, sizeof *x);
  for (int i = 0; i < n; i++)
    x[i] = (struct latencies){.ttft = sketch_create(), .tpot = sketch_create(), .e2e = sketch_create()};
  return x;
}

static void drop(struct latencies *x, int n) {
  for (int i = 0; i < n; i++) {
    sketch_destroy(x[i].ttft);
    sketch_destroy(x[i].tpot);
    sketch_destroy(x[i].e2e);
  }
  mem_free(x);
}

void cluster_stats_make(struct cluster_stats *st, const struct sim_cluster *of) {
  *st = (struct cluster_stats){.of = of, .by_class = make(of->classes), .by_pool = make(of->pools)};
}

void cluster_stats_free(struct cluster_stats *st) {
  drop(st->by_class, st->of->classes);
  drop(st->by_pool, st->of->pools);
}

static void add(struct latencies *x, double ttft, double tpot, double e2e, const struct cluster_finish *f, bool within, bool answers) {
  sketch_add(x->ttft, ttft);
  sketch_add(x->e2e, e2e);
  if (f->output > 1)
    sketch_add(x->tpot, tpot);
  x->finished++;
  x->within += within;
  x->input_tokens += f->input;
  x->output_tokens += answers ? f->output : 0;
}

static void hand_out(const struct sim_listener *to, const struct cluster_finish *f, double ttft) {
  to->request(to->ctx, &(struct rec_request){.option = "", .arrival_s = sim_time_as_s(f->arrival), .ttft_s = ttft, .end_s = sim_time_as_s(f->end), .input_tokens = f->input,
                                             .output_tokens = f->output});
}

void cluster_stats_finish(void *stats, const struct cluster_finish *f) {
  struct cluster_stats *st = stats;
  const struct sim_class *k = &st->of->class[f->class];
  double ttft = sim_time_as_s(f->first - f->arrival), e2e = sim_time_as_s(f->end - f->arrival);
  double tpot = f->output > 1 ? sim_time_as_s(f->end - f->first) / (f->output - 1) : 0;
  bool within = (k->ttft_s <= 0 || ttft <= k->ttft_s) && (k->tpot_s <= 0 || tpot <= k->tpot_s);
  int read = st->pool[f->prefill], wrote = f->decode >= 0 ? st->pool[f->decode] : read;
  bool answers = !st->of->pool[wrote].replica.model->encoder;
  add(&st->by_class[f->class], ttft, tpot, e2e, f, within, answers);
  if (st->of->pools > 1) /* else it is the whole */
    add(&st->by_pool[wrote], ttft, tpot, e2e, f, within, answers);
  if (read != wrote) {
    sketch_add(st->by_pool[read].ttft, ttft);
    st->by_pool[read].finished++;
    st->by_pool[read].within += within;
    st->by_pool[read].input_tokens += f->input;
  }
  if (st->of->requests && st->of->requests->request)
    hand_out(st->of->requests, f, ttft);
}

void cluster_stats_lost(void *stats, int class, bool timed_out) {
  struct cluster_stats *st = stats;
  if (timed_out)
    st->by_class[class].timed_out++;
  else
    st->by_class[class].rejected++;
}

/* ---- parts ---- */
static void five(const struct sketch *s, double *ret) {
  static const double q[] = {0, 0.5, 0.9, 0.95, 0.99};
  ret[SERVE_MEAN] = sketch_count(s) ? sketch_mean(s) : (double)NAN;
  for (int i = 1; i < 5; i++)
    ret[i] = sketch_quantile(s, q[i]);
}

static void unknown(struct sim_part *p) {
  double *const of_pools[] = {&p->replicas, &p->replica_h, &p->gpu_h, &p->batch_mean, &p->kv_occupancy, &p->busy, &p->compute, &p->memory, &p->network, &p->energy_j, &p->usd,
                              &p->usd_per_mtoken_input, &p->usd_per_mtoken_cached, &p->usd_per_mtoken_output, &p->hit_tokens};
  for (size_t i = 0; i < sizeof of_pools / sizeof *of_pools; i++)
    *of_pools[i] = NAN;
  for (int i = 0; i < 5; i++)
    p->itl_s[i] = p->transfer_s[i] = NAN;
}

static void part_of(struct sim_part *p, const char *name, const struct latencies *x, double span_s) {
  *p = (struct sim_part){.name = name, .arrived = x->finished + x->rejected + x->timed_out, .finished = x->finished, .ended = sketch_count(x->e2e), .rejected = x->rejected, .timed_out = x->timed_out, .span_s = span_s, .input_tokens = x->input_tokens,
                         .output_tokens = x->output_tokens};
  unknown(p);
  five(x->ttft, p->ttft_s);
  five(x->tpot, p->tpot_s);
  five(x->e2e, p->e2e_s);
  p->slo_attainment = p->arrived ? (double)x->within / (double)p->arrived : (double)NAN;
  p->goodput_req_per_s = span_s > 0 ? (double)x->within / span_s : (double)NAN;
  p->output_tok_per_s_user = 1 / p->tpot_s[SERVE_MEAN];
}

/* Seconds that a token of each kind would keep the replica busy with alone: read in full iterations, found in the cache (what is read attends to it), decoded in the mean batch. */
struct token_s {
  double read, cached, written;
};
static struct token_s token_times(const struct cluster_pool *p) {
  const struct serve_config *k = &p->cfg->serve;
  const struct serve_cost *c = k->cost;
  const struct serve_totals *t = &p->total;
  double ran = 0, m = k->budget_tokens, mean = (t->input_tokens - t->hit_tokens) / fmax(1, (double)t->finished);
  for (int i = 0; i < SERVE_CLASSES; i++)
    ran += t->work[i].span_s;
  double b = fmax(1, t->batch_integral / fmax(ran, 1e-9)), ctx = t->kv_integral / fmax(ran, 1e-9), n = b * k->mtp;
  return (struct token_s){.read = p->cfg->role == SIM_DECODE ? 0 : (serve_device_s(c, m, 1, 0, 0, 0, 1) + serve_host_s(c, 0, 1)) / m + c->pair_s * mean / 2,
                          .cached = p->cfg->role == SIM_DECODE ? 0 : c->pair_s * mean,
                          .written = p->cfg->role == SIM_PREFILL ? 0 : (serve_device_s(c, n, n, b, ctx, 0, 0) + serve_host_s(c, b, 0)) / n};
}

struct bill { /* of each kind */
  double read, cached, written;
};

static void share_out(struct sim_part *r, const struct cluster_pool *p, struct bill *ret) {
  const struct serve_totals *t = &p->total;
  struct token_s s = token_times(p);
  double read = (t->input_tokens - t->hit_tokens) * s.read, cached = t->hit_tokens * s.cached, written = r->output_tokens * s.written, all = fmax(read + cached + written, 1e-300);
  *ret = (struct bill){r->usd * read / all, r->usd * cached / all, r->usd * written / all};
}

static double per_million(double usd, double tokens) {
  return tokens > 0 && usd > 0 ? 1e6 * usd / tokens : (double)NAN;
}

static void price(struct sim_part *r, const struct bill *b) {
  r->usd_per_mtoken_input = per_million(b->read, r->input_tokens - r->hit_tokens);
  r->usd_per_mtoken_cached = per_million(b->cached, r->hit_tokens);
  r->usd_per_mtoken_output = per_million(b->written, r->output_tokens);
}

static void pool_report(const struct cluster *c, int k, const struct sim_pool *of, const struct serve_setup *setup, struct sim_part *r, struct bill *ret) {
  const struct cluster_pool *p = &c->pool[k];
  const struct cluster_path *path = &p->cfg->path;
  struct serve_totals t = p->total;
  struct hw_activity a;
  double s = (double)p->provisioned_ns * 1e-9;
  t.start = 0;
  t.end = p->provisioned_ns;
  r->role = p->cfg->role;
  r->arrived = t.arrived;
  r->rejected = t.rejected;
  r->timed_out = t.timed_out;
  r->swapped = t.swapped;
  r->preemptions = t.preemptions;
  r->iterations = t.iterations;
  r->blocks_dropped = t.blocks_dropped;
  r->hit_tokens = t.hit_tokens;
  r->starts = p->starts;
  five(p->itl, r->itl_s);
  five(p->transfer, r->transfer_s);
  r->replica_h = s / 3600;
  r->gpu_h = r->replica_h * setup->gpus;
  r->replicas = r->span_s > 0 ? s / r->span_s : (double)NAN;
  r->batch_mean = t.batch_integral / fmax(s, 1e-9);
  r->kv_occupancy = isfinite(p->cfg->serve.kv_tokens) ? t.kv_integral / fmax(s, 1e-9) / p->cfg->serve.kv_tokens : (double)NAN;
  r->energy_j = serve_energy_j(&of->replica, setup, &t, &a);
  r->busy = a.busy;
  r->compute = a.u_comp;
  r->memory = a.u_mem;
  if (p->cfg->role != SIM_BOTH)
    r->network = p->transfer_bytes / fmax(s, 1e-9) / (p->cfg->role == SIM_PREFILL ? path->out_Bps : path->in_Bps);
  r->usd = of->usd_per_gpu_h * r->gpu_h;
  share_out(r, p, ret);
  price(r, ret);
}

static double mean_by_gpu(double a, double h, double b, double g) {
  return isnan(b) ? a : isnan(a) ? b : (a * h + b * g) / fmax(h + g, 1e-300);
}

/* Sums a pool into the whole; shares are means by GPU-hours. */
static void whole_add(struct sim_part *w, const struct sim_part *p, bool first) {
  double h = first ? 0 : w->gpu_h;
  if (first) {
    w->replicas = w->replica_h = w->gpu_h = w->energy_j = w->usd = w->hit_tokens = w->batch_mean = 0;
    w->kv_occupancy = w->network = NAN;
    w->busy = w->compute = w->memory = 0;
  }
  w->preemptions += p->preemptions;
  w->swapped += p->swapped;
  w->iterations += p->iterations;
  w->blocks_dropped += p->blocks_dropped;
  w->starts += p->starts;
  w->hit_tokens += p->hit_tokens;
  w->batch_mean = mean_by_gpu(w->batch_mean, h, p->batch_mean, p->gpu_h);
  w->kv_occupancy = mean_by_gpu(w->kv_occupancy, h, p->kv_occupancy, p->gpu_h);
  w->busy = mean_by_gpu(w->busy, h, p->busy, p->gpu_h);
  w->compute = mean_by_gpu(w->compute, h, p->compute, p->gpu_h);
  w->memory = mean_by_gpu(w->memory, h, p->memory, p->gpu_h);
  w->network = mean_by_gpu(w->network, h, p->network, p->gpu_h);
  w->replicas += p->replicas;
  w->replica_h += p->replica_h;
  w->gpu_h += p->gpu_h;
  w->energy_j += p->energy_j;
  w->usd += p->usd;
}

static void merge(struct latencies *to, const struct latencies *x) {
  sketch_merge(to->ttft, x->ttft);
  sketch_merge(to->tpot, x->tpot);
  sketch_merge(to->e2e, x->e2e);
  to->within += x->within;
  to->finished += x->finished;
  to->rejected += x->rejected;
  to->timed_out += x->timed_out;
  to->input_tokens += x->input_tokens;
  to->output_tokens += x->output_tokens;
}

static void gaps_of_all(const struct cluster *c, struct sim_part *w) {
  struct sketch *itl = sketch_create(), *transfer = sketch_create();
  for (int i = 0; i < c->cfg.pools; i++) {
    sketch_merge(itl, c->pool[i].itl);
    sketch_merge(transfer, c->pool[i].transfer);
  }
  five(itl, w->itl_s);
  five(transfer, w->transfer_s);
  sketch_destroy(itl);
  sketch_destroy(transfer);
}

void cluster_report(const struct cluster *c, const struct cluster_stats *st, const struct serve_setup *setup, struct sim_cluster_result *ret) {
  const struct sim_cluster *of = st->of;
  double span_s = sim_time_as_s(c->end > c->start ? c->end - c->start : 0);
  struct latencies *all = make(1);
  struct bill sum = {0};
  ret->pools = of->pools;
  ret->classes = of->classes;
  ret->pool = mem_array((size_t)of->pools, sizeof *ret->pool);
  ret->class = mem_array((size_t)of->classes, sizeof *ret->class);
  for (int i = 0; i < of->classes; i++) {
    part_of(&ret->class[i], of->class[i].name, &st->by_class[i], span_s);
    merge(all, &st->by_class[i]);
  }
  part_of(&ret->whole, "", all, span_s);
  for (int i = 0; i < of->pools; i++) {
    struct bill b;
    part_of(&ret->pool[i], of->pool[i].name, of->pools > 1 ? &st->by_pool[i] : all, span_s);
    pool_report(c, i, &of->pool[i], &setup[i], &ret->pool[i], &b);
    whole_add(&ret->whole, &ret->pool[i], i == 0);
    sum = (struct bill){sum.read + b.read, sum.cached + b.cached, sum.written + b.written};
  }
  price(&ret->whole, &sum);
  gaps_of_all(c, &ret->whole);
  for (int i = 0; i < SIM_CURVE; i++) {
    ret->ttft_curve_s[i] = sketch_quantile(all->ttft, (double)i / (SIM_CURVE - 1));
    ret->tpot_curve_s[i] = sketch_quantile(all->tpot, (double)i / (SIM_CURVE - 1));
  }
  ret->populations = c->population.n;
  ret->population = mem_array((size_t)c->population.n + 1, sizeof *ret->population);
  memcpy(ret->population, c->population.at, (size_t)c->population.n * sizeof *ret->population);
  drop(all, 1);
}

void sim_cluster_result_free(struct sim_cluster_result *r) {
  mem_free(r->pool);
  mem_free(r->class);
  mem_free(r->population);
}
