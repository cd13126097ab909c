#include "sim/fleet_load.h"
#include <math.h>
#include <string.h>
#include "base/mem.h"
#include "sim/fleet_replay.h"
#include "sim/life.h"

/* ---- work that is stated, not simulated ---- */
/* So many watts a server, used so much of the time. What is paid by use is there when used only. */
static void account_fixed_layer(struct life *l, struct life_layer *y, double hours) {
  const struct sim_fixed_load *f = &l->spec->fixed;
  double use = f->utilization.a, there = y->servers * hours * (y->spec->scale ? use : 1), used = y->servers * hours * use;
  double kwh = there * f->power_kw.a;
  y->month[SUM_SERVER_H] += there;
  y->month[SUM_USED_H] += used;
  y->month[SUM_IDLE_H] += there - used;
  y->month[SUM_GPU_H] += there * y->spec->server->gpus;
  y->month[SUM_GPU_ALLOCATED_H] += used * y->spec->server->gpus;
  y->month[SUM_GPU_PRODUCTIVE_H] += used * y->spec->server->gpus;
  y->month[SUM_GPU_BUSY_H] += used * y->spec->server->gpus;
  y->month[SUM_TOKENS_OUT] += used * 3600 * f->output_tok_per_s.a;
  y->month[SUM_IT_KWH] += kwh;
  y->month[SUM_IDLE_KWH] += kwh; /* the stated watts do not move with use */
  y->month[SUM_KWH] += kwh * fleet_pue(l, y);
}

static void account_fixed(struct life *l, double hours) {
  double kw = 0;
  for (int i = 0; i < l->option->n; i++) {
    struct life_layer *y = &l->layer[i];
    account_fixed_layer(l, y, hours);
    kw += y->servers * l->spec->fixed.power_kw.a * fleet_pue(l, y);
  }
  l->month[l->now].peak_kw = fmax(l->month[l->now].peak_kw, kw);
}

/* ---- serving ---- */
struct stint { /* one serving on one layer over the interval */
  struct life *l;
  struct life_layer *y;
  struct fleet_pool *p;
  const struct demand *d;
  int serving;
  bool last;        /* takes all that is left, even beyond its capacity */
  double top;       /* highest load that was tabulated */
  double cap, flow, per_cap; /* req/s of a replica within the service level, and at most; 1 / cap */
  bool fails, tells; /* replicas go down; latencies are wanted */
  double pue;
};

/* libm's fmin and fmax mind NaN and are calls; here they are the inner loop. */
static inline double least(double a, double b) { return a < b ? a : b; }
static inline double most(double a, double b) { return a > b ? a : b; }

/* Chances that k of n replicas are down, as a Poisson law (downs are rare and independent); the last lumps what is above. */
enum { DOWNS = 4 };
static void chances_down(double n, double availability, double p[DOWNS]) {
  double mean = n * (1 - availability), left = 1;
  double term = mean < 0.05 ? 1 - mean * (1 - mean / 2 * (1 - mean / 3)) : exp(-mean); /* the series is good to 3e-7 there */
  for (int k = 0; k < DOWNS - 1; k++) {
    p[k] = term;
    left -= term;
    term *= mean / (k + 1);
  }
  p[DOWNS - 1] = fmax(0, left);
}

/* Expected req/s that a load lacks because replicas are down. */
static double expected_short(double load, double n, double each, const double p[DOWNS]) {
  double sum = 0;
  for (int k = 1; k < DOWNS; k++)
    sum += p[k] * most(0, load - most(0, n - k) * each);
  return sum;
}

/* Replicas that a scaling layer has in each window of a day. A unit asked for is granted with p_success, else asked again a retry later: a unit that has been
 * needed for j retries is still missing with (1 - p)^(j+1). The day repeats. */
static void grant(const struct stint *v, double *n, int windows) {
  double p = v->y->spec->p_success.a, lag_h = v->y->spec->retry_s / 3600, need[windows], before[windows];
  if (p >= 1)
    return;
  memcpy(need, n, sizeof need);
  if (p <= 0) {
    memset(n, 0, sizeof need);
    return;
  }
  int lag = (int)fmax(1, round(lag_h / v->d->window_h[0]));
  lag = lag < windows ? lag : windows - 1;
  for (int w = 0; w < windows; w++) { /* least of the retry span before each window */
    before[w] = need[w];
    for (int i = 1; i <= lag; i++)
      before[w] = least(before[w], need[w >= i ? w - i : w - i + windows]);
  }
  for (int w = 0; w < windows; w++) {
    double held = need[w], missing = 0, chance = 1 - p;
    for (int j = 0; chance > 0.005 && j * lag < windows; j++, chance *= 1 - p) {
      int at = w - j * lag;
      double kept = least(held, before[at >= 0 ? at : at + windows]);
      missing += (held - kept) * chance;
      held = kept;
    }
    n[w] = need[w] - missing;
  }
}

static void scale_to_demand(const struct stint *v) {
  struct fleet *f = &v->l->fleet;
  double limit = v->y->spec->count >= 0 ? floor(v->y->spec->count / v->p->each) : HUGE_VAL;
  for (int c = 0; c < v->d->cells; c++)
    f->active[c] = least(limit, ceil(f->rest[c] * f->headroom / (v->cap * v->p->availability) - 1e-9));
  for (int t = 0; t < v->d->types; t++)
    grant(v, f->active + t * v->d->windows, v->d->windows);
}

/* Sums over cells, in hours times replicas or req/s; what follows from them is reckoned once. */
struct cells {
  double n, used, load, served, within, productive, busy, power_w;
  double latency[2 * SURFACE_QUANTILES]; /* weighted with what was served: TTFT, then TPOT */
};

static void latencies(struct cells *sum, const struct surface *s, double load, double served) {
  struct surface_point x;
  surface_read(s, load, &x);
  for (int i = 0; i < SURFACE_QUANTILES; i++) {
    sum->latency[i] += served * x.ttft_s[i];
    sum->latency[SURFACE_QUANTILES + i] += served * x.tpot_s[i];
  }
}

/* One cell: n replicas (per_n = 1/n) carry `load` req/s for some hours. Returns their kW. */
static inline double settle(const struct stint *v, struct cells *sum, double n, double per_n, double load, double hours) {
  const struct fleet_pool *p = v->p;
  double up = n * p->availability, busy_replicas = load * v->per_cap, x = busy_replicas * per_n, late = 0, lost = 0;
  double at = least(x, v->top), flowing = least(load, n * v->flow);
  const struct surface_line *line = &p->surface.line[surface_segment(&p->surface, at)];
  double power_w = up * (line->power_a + line->power_b * at);
  if (v->fails && busy_replicas > n - DOWNS + 1) {
    double chance[DOWNS];
    chances_down(n, p->availability, chance);
    late = expected_short(least(load, n * v->cap), n, v->cap, chance);
    lost = expected_short(flowing, n, v->flow, chance);
  }
  double served = (flowing - lost) * hours, within = line->within_a + line->within_b * at;
  sum->n += n * hours;
  sum->load += load * hours;
  sum->used += least(up, ceil(busy_replicas - 1e-9)) * hours;
  sum->served += served;
  sum->within += least(served, (load - late) * within * hours);
  sum->productive += least(x, 1) * up * hours;
  sum->busy += (line->busy_a + line->busy_b * at) * up * hours;
  sum->power_w += power_w * hours;
  if (v->tells)
    latencies(sum, &p->surface, x, served);
  return power_w * 1e-3;
}

static void book(const struct stint *v, const struct cells *c) {
  const struct fleet_pool *p = v->p;
  double *m = v->y->month, server_h = c->n * p->each, up_h = server_h * p->availability, used_h = c->used * p->each;
  m[SUM_SERVER_H] += server_h;
  m[SUM_DOWN_H] += server_h - up_h;
  m[SUM_USED_H] += used_h;
  m[SUM_IDLE_H] += up_h - used_h;
  m[SUM_GPU_H] += server_h * v->y->spec->server->gpus;
  m[SUM_GPU_ALLOCATED_H] += c->used * p->gpus;
  m[SUM_GPU_PRODUCTIVE_H] += c->productive * p->gpus;
  m[SUM_GPU_BUSY_H] += c->busy * p->gpus;
  m[SUM_ARRIVED] += c->load * 3600;
  m[SUM_SERVED] += c->served * 3600;
  m[SUM_WITHIN_SLO] += c->within * 3600;
  m[SUM_TOKENS_IN] += c->served * 3600 * v->d->input_tokens;
  m[SUM_TOKENS_OUT] += c->served * 3600 * v->d->output_tokens;
  m[SUM_EGRESS_GB] += c->served * 3600 * v->d->output_tokens * v->l->spec->serving[v->serving].egress_bytes_per_token.a * 1e-9;
  m[SUM_IT_KWH] += c->power_w * 1e-3;
  m[SUM_IDLE_KWH] += c->n * p->availability * p->surface.point[0].power_w * 1e-3;
  m[SUM_KWH] += c->power_w * 1e-3 * v->pue;
  for (int i = 0; i < 2 * SURFACE_QUANTILES; i++)
    m[SUM_TTFT_P50 + i] += c->latency[i] * 3600;
  v->l->fleet.arrived[v->serving] += c->load * 3600;
  v->l->fleet.within[v->serving] += c->within * 3600;
}

static void run_layer(const struct stint *v) {
  struct fleet *f = &v->l->fleet;
  struct cells sum = {0};
  double n = v->p->replicas, per_n = 1 / n, largest = 0;
  bool scale = v->y->spec->scale;
  if (scale)
    scale_to_demand(v);
  for (int c = 0; c < v->d->cells; c++) {
    if (scale) {
      n = f->active[c];
      per_n = 1 / n;
    }
    double load = v->last ? f->rest[c] : least(f->rest[c], n * v->cap);
    if (n > 0)
      f->kw[c] += v->pue * settle(v, &sum, n, per_n, load, f->hours[c]);
    else
      sum.load += load * f->hours[c]; /* nobody answers */
    f->rest[c] -= load;
    largest = most(largest, n);
  }
  if (scale)
    v->y->at_once += ceil(largest * v->p->each - 1e-9);
  book(v, &sum);
}

/* The last layer that has or can have a replica; -1 = none. */
static int last_layer(const struct life *l, int serving) {
  int last = -1;
  for (int i = 0; i < l->option->n; i++) {
    const struct fleet_pool *p = fleet_pool(l, i, serving);
    if (p->surface.max_rate_req_s > 0 && (p->replicas > 0 || l->layer[i].spec->scale))
      last = i;
  }
  return last;
}

static void set_cells(struct life *l, int serving, double hours) {
  struct fleet *f = &l->fleet;
  const struct demand *d = &l->memo->demand[serving];
  double growth = fleet_growth(l, serving, l->now), month_h = life_hours_at(l, l->now + 1) - life_hours_at(l, l->now);
  for (int t = 0; t < d->types; t++)
    for (int w = 0; w < d->windows; w++) {
      int c = t * d->windows + w;
      f->rest[c] = growth * d->rate[w] * d->factor[t];
      f->hours[c] = d->days[l->now * d->types + t] * d->window_h[w] * hours / month_h;
      f->kw[c] = 0;
    }
}

/* Returns the highest kW of a cell. */
static double account_serving(struct life *l, int serving, double hours) {
  struct fleet *f = &l->fleet;
  const struct demand *d = &l->memo->demand[serving];
  int last = last_layer(l, serving);
  double peak = 0;
  set_cells(l, serving, hours);
  for (int i = 0; i <= last; i++) {
    struct fleet_pool *p = fleet_pool(l, i, serving);
    if (!(p->surface.max_rate_req_s > 0))
      continue;
    struct stint v = {.l = l, .y = &l->layer[i], .p = p, .d = d, .serving = serving, .last = i == last};
    v.cap = p->surface.max_rate_req_s;
    v.flow = v.cap * p->surface.flow_ratio;
    v.per_cap = 1 / v.cap;
    v.top = p->surface.load[p->surface.n - 1];
    v.fails = p->availability < 1 - 1e-12;
    v.tells = l->out != NULL;
    v.pue = fleet_pue(l, v.y);
    run_layer(&v);
  }
  for (int c = 0; c < d->cells; c++) {
    peak = most(peak, f->kw[c]);
    if (last < 0) { /* nobody is there */
      l->outside[SUM_ARRIVED] += f->rest[c] * f->hours[c] * 3600;
      f->arrived[serving] += f->rest[c] * f->hours[c] * 3600;
    }
  }
  return peak;
}

double fleet_attainment(struct life *l, int serving) {
  struct fleet *f = &l->fleet;
  double arrived = f->arrived[serving], within = f->within[serving], month_h = life_hours_at(l, l->now + 1) - life_hours_at(l, l->now);
  double(*kept)[SUMS] = mem_array((size_t)l->option->n + 1, sizeof *kept);
  for (int i = 0; i < l->option->n; i++)
    memcpy(kept[i], l->layer[i].month, sizeof kept[i]);
  memcpy(kept[l->option->n], l->outside, sizeof l->outside);
  account_serving(l, serving, month_h);
  double share = (f->within[serving] - within) / (f->arrived[serving] - arrived);
  for (int i = 0; i < l->option->n; i++)
    memcpy(l->layer[i].month, kept[i], sizeof kept[i]);
  memcpy(l->outside, kept[l->option->n], sizeof l->outside);
  f->arrived[serving] = arrived;
  f->within[serving] = within;
  mem_free(kept);
  return share;
}

/* ---- training ---- */
/* A run holds its servers and draws its mean power while it lasts. Returns its kW at the meter at most. */
static double account_run(struct life *l, const struct life_run *r, double hours) {
  const struct sim_train_run *t = &r->of->run;
  struct life_layer *y = r->layer >= 0 ? &l->layer[r->layer] : NULL;
  double *sum = r->layer >= 0 ? l->layer[r->layer].month : l->outside, span_h = r->end_h - r->start_h;
  double pue = y ? fleet_pue(l, y) : l->spec->rent_pue.a > 0 ? l->spec->rent_pue.a : 1, share = hours / span_h;
  double gpu_h = r->servers * r->of->server->gpus * hours, kwh = r->power * t->energy_j / 3.6e6 * share;
  double idle_kwh = r->power * r->servers * hw_server_idle_w(l->spec->catalog, r->of->server) * hours * 1e-3;
  if (y && y->spec->scale) /* rented for the run alone, never in y->servers */
    y->at_once += r->servers;
  sum[SUM_SERVER_H] += r->servers * hours;
  sum[SUM_USED_H] += r->servers * hours;
  sum[SUM_GPU_H] += gpu_h;
  sum[SUM_GPU_ALLOCATED_H] += fmin(gpu_h, t->gpu_hours * share / r->throughput);
  sum[SUM_GPU_PRODUCTIVE_H] += t->gpu_hours_productive * share / r->throughput;
  sum[SUM_GPU_BUSY_H] += t->gpu_hours_productive * share / r->throughput;
  sum[SUM_IT_KWH] += kwh / r->throughput;
  sum[SUM_IDLE_KWH] += fmin(kwh / r->throughput, idle_kwh);
  sum[SUM_KWH] += kwh / r->throughput * pue;
  return r->power * t->peak_w * 1e-3 * pue;
}

static double account_training(struct life *l, double hours) {
  double kw = 0, middle = l->last_h + hours / 2;
  for (size_t i = 0; i < l->n_run; i++)
    if (l->run[i].start_h <= middle && middle < l->run[i].end_h)
      kw += account_run(l, &l->run[i], hours);
  return kw;
}

/* ---- machines that make no replica and train nothing ---- */
static double account_leftover(struct life *l, struct life_layer *y, double hours) {
  double left = y->servers - y->training;
  for (int s = 0; s < l->fleet.servings; s++)
    left -= fleet_pool(l, y->index, s)->replicas * fleet_pool(l, y->index, s)->each;
  if (left <= 1e-9 || y->spec->scale)
    return 0;
  double kw = left * hw_server_idle_w(l->spec->catalog, y->spec->server) * 1e-3, pue = fleet_pue(l, y);
  y->month[SUM_SERVER_H] += left * hours;
  y->month[SUM_IDLE_H] += left * hours;
  y->month[SUM_GPU_H] += left * y->spec->server->gpus * hours;
  y->month[SUM_IT_KWH] += kw * hours;
  y->month[SUM_IDLE_KWH] += kw * hours;
  y->month[SUM_KWH] += kw * hours * pue;
  return kw * pue;
}

/* Layers may have their most at different times: what an option has at once is less than the sum of that. */
static void note_peaks(struct life *l) {
  double servers = 0, gpus = 0;
  for (int i = 0; i < l->option->n; i++) {
    struct life_layer *y = &l->layer[i];
    y->peak_servers = fmax(y->peak_servers, y->at_once);
    servers += y->at_once;
    gpus += y->at_once * y->spec->server->gpus;
  }
  l->peak_servers = fmax(l->peak_servers, servers);
  l->peak_gpus = fmax(l->peak_gpus, gpus);
}

static void account_work(struct life *l, double hours) {
  double kw = 0;
  fleet_refresh(l);
  for (int s = 0; s < l->fleet.servings; s++)
    kw += account_serving(l, s, hours); /* peaks of workloads are added as if they came together */
  for (int i = 0; i < l->option->n; i++)
    kw += account_leftover(l, &l->layer[i], hours);
  kw += account_training(l, hours);
  l->month[l->now].peak_kw = fmax(l->month[l->now].peak_kw, kw);
}

void fleet_account(struct life *l, double hours) {
  for (int i = 0; i < l->option->n; i++) /* what scales adds its own to it */
    l->layer[i].at_once = l->layer[i].servers;
  if (l->spec->fixed.present)
    account_fixed(l, hours);
  else if (l->spec->replay.present)
    fleet_account_replay(l, hours);
  else
    account_work(l, hours);
  note_peaks(l);
}
