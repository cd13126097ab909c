#include "sim/fleet_surface.h"
#include <math.h>
#include <string.h>
#include "base/mem.h"
#include "sim/crew.h"

/* ---- from a table of the serving simulation to a surface ---- */
static void point_of(const struct sim_serve_level *l, struct surface_point *ret) {
  const int q[SURFACE_QUANTILES] = {SERVE_P50, SERVE_P90, SERVE_P95, SERVE_P99};
  *ret = (struct surface_point){.power_w = l->power_w, .busy = l->r.activity.busy, .within = l->r.slo_attainment};
  for (int i = 0; i < SURFACE_QUANTILES; i++) {
    ret->ttft_s[i] = l->r.ttft_s[q[i]];
    ret->tpot_s[i] = l->r.tpot_s[q[i]];
  }
}

/* Makes the aids of the search. */
static void guide(struct surface *s) {
  int p = 0;
  s->guides_per_load = SURFACE_GUIDES / s->load[s->n - 1];
  for (int i = 0; i + 1 < s->n; i++) {
    const struct surface_point *a = &s->point[i], *b = a + 1;
    double x = s->load[i], per_gap = 1 / (s->load[i + 1] - x);
    struct surface_line *l = &s->line[i];
    l->power_b = (b->power_w - a->power_w) * per_gap;
    l->busy_b = (b->busy - a->busy) * per_gap;
    l->within_b = (b->within - a->within) * per_gap;
    l->power_a = a->power_w - l->power_b * x;
    l->busy_a = a->busy - l->busy_b * x;
    l->within_a = a->within - l->within_b * x;
  }
  for (int g = 0; g < SURFACE_GUIDES; g++) {
    while (p + 2 < s->n && s->load[p + 1] <= g / s->guides_per_load)
      p++;
    s->guide[g] = (unsigned char)p;
  }
}

static void surface_of(const struct sim_serve_table *t, struct surface *ret) {
  double flow = 0;
  *ret = (struct surface){.max_rate_req_s = t->max_rate_req_s};
  for (size_t i = 0; i < t->n; i++)
    flow = fmax(flow, t->level[i].r.req_per_s);
  if (!(t->max_rate_req_s > 0))
    return;
  ret->flow_ratio = fmax(1, flow / t->max_rate_req_s);
  ret->n = (int)(t->n < SURFACE_POINTS ? t->n : SURFACE_POINTS);
  for (int i = 0; i < ret->n; i++) {
    ret->load[i] = t->level[i].rate_req_s / t->max_rate_req_s;
    point_of(&t->level[i], &ret->point[i]);
  }
  for (int k = 0; k < SURFACE_QUANTILES; k++) { /* idle has no latencies: those of the lowest load hold down to it */
    ret->point[0].ttft_s[k] = ret->point[1].ttft_s[k];
    ret->point[0].tpot_s[k] = ret->point[1].tpot_s[k];
  }
  guide(ret);
}

static struct sim_replica replica_for(const struct world *w, const struct surfaces *s) {
  struct sim_replica r = w->spec.serving[s->serving].replica;
  r.catalog = w->spec.catalog;
  r.server = s->server;
  if (!r.year)
    r.year = w->spec.year;
  return r;
}

static bool tabulate(const struct world *w, const struct surfaces *s, const struct sim_replica *r, double hit, uint64_t seed, struct sim_serve_table *t) {
  const struct sim_serving *v = &w->spec.serving[s->serving];
  return sim_serve_tabulate(r, v->input, v->output, hit, &v->slo, seed, t) && t->fit.fits;
}

/* The layout that carries most per GPU within the service level. */
static bool choose_layout(const struct world *w, struct surfaces *s, uint64_t seed, struct sim_replica *ret) {
  const struct sim_serving *v = &w->spec.serving[s->serving];
  struct sim_replica asked = replica_for(w, s);
  struct sim_replica_fit fit;
  bool ok = sim_serve_choose(&asked, v->input, v->output, dist_central(&v->prefix_hit), &v->slo, seed, &fit);
  s->min_nodes = fit.min_nodes;
  memcpy(s->why, fit.why, sizeof s->why);
  *ret = fit.replica;
  return ok;
}

static void hits_of(const struct world *w, struct surfaces *s) {
  const struct dist *d = &w->given->serving[s->serving].prefix_hit;
  s->n_hit = 1;
  s->hit[0] = dist_central(d);
  if (!dist_is_uncertain(d))
    return;
  s->n_hit = SURFACE_HITS;
  s->hit[0] = fmax(0, fmin(dist_low(d), dist_quantile(d, 0.001)));
  s->hit[1] = fmin(1, fmax(0, dist_central(d)));
  s->hit[2] = fmin(1, fmax(dist_high(d), dist_quantile(d, 0.999)));
}

static void make(const struct world *w, struct surfaces *s, uint64_t seed) {
  struct sim_replica chosen;
  s->fits = choose_layout(w, s, seed, &chosen);
  if (!s->fits)
    return;
  s->gpus = sim_replica_gpus(&chosen);
  s->nodes = s->gpus < s->server->gpus ? 1 : chosen.nodes > 0 ? chosen.nodes : s->gpus / s->server->gpus;
  hits_of(w, s);
  for (int i = 0; i < s->n_hit; i++) {
    struct sim_serve_table t = {0};
    if (tabulate(w, s, &chosen, s->hit[i], seed, &t)) {
      surface_of(&t, &s->surface[i]);
      s->interpolation_error = fmax(s->interpolation_error, t.interpolation_error);
    }
    sim_serve_table_free(&t);
  }
}

/* ---- all that are needed ---- */
struct making {
  struct surface_set *set;
  const struct world *w;
  uint64_t seed;
};

static void make_one(void *ctx, void *own, int number) {
  struct making *m = ctx;
  (void)own;
  make(m->w, &m->set->of[number], m->seed);
}

static void need(struct surface_set *s, size_t *cap, const struct hw_server *server, int serving) {
  if (!server || surface_find(s, server, serving))
    return;
  s->of = mem_grow(s->of, cap, (size_t)s->n + 1, sizeof *s->of);
  s->of[s->n] = (struct surfaces){.server = server, .serving = serving};
  s->n++;
}

void surface_set_make(struct surface_set *s, const struct world *w, uint64_t seed, int jobs) {
  size_t cap = 0;
  *s = (struct surface_set){0};
  for (int i = 0; i < w->spec.n_option; i++)
    for (int j = 0; j < w->spec.option[i].n; j++)
      for (int k = 0; k < w->spec.n_serving; k++)
        need(s, &cap, w->spec.option[i].layer[j].server, k);
  crew_run(&(struct crew_work){.task = make_one, .ctx = &(struct making){s, w, seed}}, s->n, jobs);
}

void surface_set_free(struct surface_set *s) {
  mem_free(s->of);
  *s = (struct surface_set){0};
}

const struct surfaces *surface_find(const struct surface_set *s, const struct hw_server *server, int serving) {
  for (int i = 0; i < s->n; i++)
    if (s->of[i].server == server && s->of[i].serving == serving)
      return &s->of[i];
  return NULL;
}

/* ---- reading ---- */
/* Points are rows of plain doubles. */
static void blend(double *d, const double *a, const double *b, double f) {
  for (size_t i = 0; i < sizeof(struct surface_point) / sizeof(double); i++)
    d[i] = a[i] + (b[i] - a[i]) * f;
}

void surface_read(const struct surface *s, double load, struct surface_point *ret) {
  double x = fmin(load, s->load[s->n - 1]);
  int i = surface_segment(s, x);
  double part = (x - s->load[i]) / (s->load[i + 1] - s->load[i]);
  blend((double *)ret, (const double *)&s->point[i], (const double *)&s->point[i + 1], part);
}

/* The loads of both, in order; of two that are close one is enough. */
static int merge(const struct surface *a, const struct surface *b, double *load) {
  int n = 0;
  for (int i = 0, j = 0; n < SURFACE_POINTS && (i < a->n || j < b->n);) {
    double x = j >= b->n || (i < a->n && a->load[i] <= b->load[j]) ? a->load[i++] : b->load[j++];
    if (!n || x > load[n - 1] + 1e-3)
      load[n++] = x;
  }
  return n;
}

static void mix(const struct surface *a, const struct surface *b, double f, struct surface *ret) {
  ret->max_rate_req_s = a->max_rate_req_s > 0 && b->max_rate_req_s > 0 ? a->max_rate_req_s + (b->max_rate_req_s - a->max_rate_req_s) * f : 0;
  ret->flow_ratio = a->flow_ratio + (b->flow_ratio - a->flow_ratio) * f;
  ret->n = merge(a, b, ret->load);
  for (int k = 0; k < ret->n && ret->max_rate_req_s > 0; k++) {
    struct surface_point pa, pb;
    surface_read(a, ret->load[k], &pa);
    surface_read(b, ret->load[k], &pb);
    blend((double *)&ret->point[k], (const double *)&pa, (const double *)&pb, f);
  }
  if (ret->n > 1)
    guide(ret);
}

void surface_at(const struct surfaces *s, double hit, double throughput, double power, struct surface *ret) {
  int i = 0;
  while (i + 2 < s->n_hit && s->hit[i + 1] < hit)
    i++;
  const struct surface *a = &s->surface[i], *b = &s->surface[i + 1 < s->n_hit ? i + 1 : i];
  double span = i + 1 < s->n_hit ? s->hit[i + 1] - s->hit[i] : 0, f = span > 0 ? fmin(1, fmax(0, (hit - s->hit[i]) / span)) : 0;
  if (f > 0 && f < 1)
    mix(a, b, f, ret);
  else
    *ret = f > 0 ? *b : *a;
  ret->max_rate_req_s *= throughput;
  for (int k = 0; k < ret->n; k++) {
    ret->point[k].power_w *= power;
    ret->line[k].power_a *= power;
    ret->line[k].power_b *= power;
    for (int j = 0; j < SURFACE_QUANTILES; j++) {
      ret->point[k].ttft_s[j] /= throughput;
      ret->point[k].tpot_s[j] /= throughput;
    }
  }
}
