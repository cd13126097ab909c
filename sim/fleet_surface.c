#include "sim/fleet_surface.h"
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include "base/mem.h"

enum { LAYOUTS = 4 };

/* ---- from a table of the serving simulation to a surface ---- */
static void point_of(const struct sim_serve_level *l, struct surface_point *ret) {
  const int q[3] = {SERVE_P50, SERVE_P95, SERVE_P99};
  *ret = (struct surface_point){.power_w = l->power_w, .busy = l->r.activity.busy, .within = l->r.slo_attainment};
  for (int i = 0; i < 3; i++) {
    ret->ttft_s[i] = l->r.ttft_s[q[i]];
    ret->tpot_s[i] = l->r.tpot_s[q[i]];
  }
}

static void surface_of(const struct sim_serve_table *t, struct surface *ret) {
  double flow = 0, top = t->level[t->n - 1].rate_req_s;
  *ret = (struct surface){.max_rate_req_s = t->max_rate_req_s};
  for (size_t i = 0; i < t->n; i++)
    flow = fmax(flow, t->level[i].r.req_per_s);
  if (!(t->max_rate_req_s > 0))
    return;
  ret->flow_ratio = fmax(1, flow / t->max_rate_req_s);
  ret->top = top / t->max_rate_req_s;
  for (int i = 0; i <= SURFACE_STEPS; i++) {
    struct sim_serve_level l;
    sim_serve_at(t, top * i * i / (SURFACE_STEPS * SURFACE_STEPS), &l);
    point_of(&l, &ret->point[i]);
  }
}

/* What even steps lose of the table's own levels, in busy share and watts. */
static double error_of(const struct sim_serve_table *t, const struct surface *s) {
  double worst = t->interpolation_error;
  for (size_t i = 1; i < t->n && s->max_rate_req_s > 0; i++) {
    struct surface_point p;
    surface_read(s, t->level[i].rate_req_s / s->max_rate_req_s, &p);
    worst = fmax(worst, fmax(fabs(p.power_w / t->level[i].power_w - 1), fabs(p.busy / t->level[i].r.activity.busy - 1)));
  }
  return worst;
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

static int gpus_of(const struct sim_replica *r) { return r->gpus > 0 ? r->gpus : r->nodes * r->server->gpus; }

/* The k-th larger layout than the smallest that fits; false when there is none or the scenario has fixed it. */
static bool larger(const struct sim_replica *asked, const struct sim_replica *smallest, int k, struct sim_replica *ret) {
  *ret = *asked;
  if (asked->nodes > 0 || asked->gpus > 0)
    return false;
  if (smallest->gpus > 0 && smallest->gpus < smallest->server->gpus) {
    ret->gpus = smallest->gpus << k;
    return ret->gpus <= smallest->server->gpus;
  }
  ret->nodes = smallest->nodes * (k + 1);
  return smallest->server->nic != NULL;
}

/* The layout that carries most per GPU within the service level; of equal ones the smallest. */
static bool choose_layout(const struct world *w, struct surfaces *s, uint64_t seed, struct sim_replica *ret) {
  struct sim_replica asked = replica_for(w, s), r = asked, smallest = asked;
  double best = -1;
  for (int k = 0; k < LAYOUTS; k++) {
    struct sim_serve_table t = {0};
    if (k > 0 && !larger(&asked, &smallest, k, &r))
      break;
    bool ok = tabulate(w, s, &r, w->spec.serving[s->serving].prefix_hit.a, seed, &t);
    if (k == 0) {
      s->min_nodes = t.fit.min_nodes;
      smallest = t.fit.replica;
      memcpy(s->why, t.fit.why, sizeof s->why);
    }
    double rate = ok ? t.max_rate_req_s / gpus_of(&t.fit.replica) : -1;
    if (rate > best * 1.001) {
      best = rate;
      *ret = t.fit.replica;
    }
    sim_serve_table_free(&t);
    if (!ok && k == 0)
      return false;
  }
  return best >= 0;
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
  s->gpus = gpus_of(&chosen);
  s->nodes = s->gpus < s->server->gpus ? 1 : chosen.nodes > 0 ? chosen.nodes : s->gpus / s->server->gpus;
  hits_of(w, s);
  for (int i = 0; i < s->n_hit; i++) {
    struct sim_serve_table t = {0};
    if (tabulate(w, s, &chosen, s->hit[i], seed, &t)) {
      surface_of(&t, &s->surface[i]);
      s->interpolation_error = fmax(s->interpolation_error, error_of(&t, &s->surface[i]));
    }
    sim_serve_table_free(&t);
  }
}

/* ---- all that are needed ---- */
struct crew {
  struct surface_set *set;
  const struct world *w;
  uint64_t seed;
  atomic_int next;
};

static void *work(void *ctx) {
  struct crew *c = ctx;
  for (int i; (i = atomic_fetch_add(&c->next, 1)) < c->set->n;)
    make(c->w, &c->set->of[i], c->seed);
  return NULL;
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
  struct crew crew = {.set = s, .w = w, .seed = seed};
  int threads = jobs < s->n ? jobs : s->n;
  pthread_t t[threads > 1 ? threads : 1];
  int started = 0;
  while (started < threads - 1 && !pthread_create(&t[started], NULL, work, &crew))
    started++;
  work(&crew);
  for (int i = 0; i < started; i++)
    pthread_join(t[i], NULL);
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
  double part;
  int i = surface_place(load / s->top, &part);
  blend((double *)ret, (const double *)&s->point[i], (const double *)&s->point[i + 1], part);
}

void surface_at(const struct surfaces *s, double hit, double throughput, struct surface *ret) {
  int i = 0;
  while (i + 2 < s->n_hit && s->hit[i + 1] < hit)
    i++;
  const struct surface *a = &s->surface[i], *b = &s->surface[i + 1 < s->n_hit ? i + 1 : i];
  double span = i + 1 < s->n_hit ? s->hit[i + 1] - s->hit[i] : 0, f = span > 0 ? fmin(1, fmax(0, (hit - s->hit[i]) / span)) : 0;
  *ret = *a;
  if (f > 0) {
    ret->max_rate_req_s += (b->max_rate_req_s - a->max_rate_req_s) * f;
    ret->flow_ratio += (b->flow_ratio - a->flow_ratio) * f;
    ret->top += (b->top - a->top) * f;
    for (int k = 0; k <= SURFACE_STEPS; k++) {
      double load = ret->top * k * k / (SURFACE_STEPS * SURFACE_STEPS);
      struct surface_point pa, pb;
      surface_read(a, load, &pa);
      surface_read(b, load, &pb);
      blend((double *)&ret->point[k], (const double *)&pa, (const double *)&pb, f);
    }
  }
  ret->max_rate_req_s *= throughput;
  for (int k = 0; k <= SURFACE_STEPS; k++)
    for (int j = 0; j < 3; j++) {
      ret->point[k].ttft_s[j] /= throughput;
      ret->point[k].tpot_s[j] /= throughput;
    }
}
