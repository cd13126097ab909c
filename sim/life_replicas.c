#include "sim/life_replicas.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/mem.h"
#include "sim/crew.h"

/* ---- playing ---- */
static size_t at(const struct replicas *r, int replica, int option) { return (size_t)replica * (size_t)r->options + (size_t)option; }

static void play_option(struct replicas *r, const struct world *w, int replica, int option, struct errs *errs) {
  struct life l;
  size_t k = at(r, replica, option);
  life_play(&l, w, r->memo, option, NULL, errs);
  struct life_view v = life_view_whole(&l);
  for (int i = 0; i < life_metric_count; i++)
    r->value[k * (size_t)life_metric_count + (size_t)i] = life_metrics[i].of(&v);
  r->cash[k].flow = &r->flow[k * (size_t)(r->months + 1)];
  life_cash_take(&l, &r->cash[k]);
  life_free(&l);
}

static void play_replica(struct replicas *r, struct world *w, int replica, struct errs *errs) {
  size_t before = errs_count(errs);
  world_draw(w, r->seed, (uint64_t)replica);
  r->rate[replica] = w->spec.discount_per_yr.a;
  for (int i = 0; i < r->options; i++)
    play_option(r, w, replica, i, errs);
  r->broken[replica] = errs_count(errs) > before;
}

struct own { /* of a thread */
  struct world *w;
  struct errs *errs;
};

static void *begin(void *ctx) {
  struct replicas *r = ctx;
  struct own *own = mem_alloc(sizeof *own);
  *own = (struct own){world_create(r->spec), errs_create()};
  return own;
}

static void task(void *ctx, void *state, int number) {
  struct own *own = state;
  play_replica(ctx, own->w, number, own->errs);
}

static void end(void *ctx, void *state) {
  struct own *own = state;
  (void)ctx;
  errs_destroy(own->errs);
  world_destroy(own->w);
  mem_free(own);
}

/* Threads keep their messages to themselves, for their order would depend on their number: the first broken replica tells its own. */
static void tell_broken(struct replicas *r, struct errs *errs) {
  int i = 0;
  while (i < r->n && !r->broken[i])
    i++;
  if (i == r->n)
    return;
  struct world *w = world_create(r->spec);
  errs_add(errs, NULL, 0, "uncertainty", "replica %d breaks a law of conservation", i);
  play_replica(r, w, i, errs);
  world_destroy(w);
}

void replicas_play(struct replicas *r, const struct sim_spec *spec, struct memo *memo, uint64_t seed, int n, int jobs, struct errs *errs) {
  *r = (struct replicas){.spec = spec, .memo = memo, .seed = seed, .n = n, .options = spec->n_option, .months = spec->months};
  size_t lives = (size_t)n * (size_t)r->options;
  r->value = mem_array(lives * (size_t)life_metric_count, sizeof *r->value);
  r->flow = mem_array(lives * (size_t)(r->months + 1), sizeof *r->flow);
  r->cash = mem_array(lives, sizeof *r->cash);
  r->rate = mem_array((size_t)n, sizeof *r->rate);
  r->broken = mem_array((size_t)n, sizeof *r->broken);
  crew_run(&(struct crew_work){begin, task, end, r}, n, jobs);
  tell_broken(r, errs);
}

void replicas_free(struct replicas *r) {
  mem_free(r->value);
  mem_free(r->flow);
  mem_free(r->cash);
  mem_free(r->rate);
  mem_free(r->broken);
  *r = (struct replicas){0};
}

/* ---- spreads ---- */
static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double quantile(const double *sorted, size_t n, double q) {
  double pos = q * (double)(n - 1);
  size_t i = (size_t)pos;
  if (i + 1 >= n || sorted[i] == sorted[i + 1]) /* equal infinities too */
    return sorted[i];
  return sorted[i] + (sorted[i + 1] - sorted[i]) * (pos - (double)i);
}

void spread_of(double *x, size_t n, struct life_spread *ret) {
  size_t known = 0;
  for (size_t i = 0; i < n; i++)
    if (!isnan(x[i]))
      x[known++] = x[i];
  *ret = (struct life_spread){FIN_NONE, FIN_NONE, FIN_NONE};
  if (!known)
    return;
  qsort(x, known, sizeof *x, ascending);
  *ret = (struct life_spread){quantile(x, known, 0.1), quantile(x, known, 0.5), quantile(x, known, 0.9)};
}

static double value_of(const struct replicas *r, int replica, int option, int metric) {
  return r->value[at(r, replica, option) * (size_t)life_metric_count + (size_t)metric];
}

static bool works(const struct replicas *r, int replica, int option) {
  const struct life_cash *c = &r->cash[at(r, replica, option)];
  return c->played && c->feasible;
}

void replicas_spread(const struct replicas *r, int option, int metric, struct life_spread *ret) {
  double *x = mem_array((size_t)r->n + 1, sizeof *x);
  for (int i = 0; i < r->n; i++)
    x[i] = works(r, i, option) ? value_of(r, i, option, metric) : FIN_NONE;
  spread_of(x, (size_t)r->n, ret);
  mem_free(x);
}

/* ---- moments and Sobol indices ---- */
struct moments {
  double n, mean, m2;
};

static void add(struct moments *m, double x) {
  double d = x - m->mean;
  m->mean += d / ++m->n;
  m->m2 += d * (x - m->mean);
}

/* First-order index from the replicas at hand: the part of the variance that lies between bins of equal probability of the input, less what chance alone would put
 * there (omega squared of an analysis of variance). Clipped at 0. */
double replicas_sobol(const struct replicas *r, const struct world *w, int option, int input) {
  enum { MOST_BINS = 32 };
  struct moments bin[MOST_BINS] = {0}, all = {0};
  int bins = r->n / 25 < MOST_BINS ? r->n / 25 : MOST_BINS, tco = life_metric_index("tco_usd");
  if (bins < 4)
    return FIN_NONE;
  for (int i = 0; i < r->n; i++)
    if (works(r, i, option)) {
      double y = value_of(r, i, option, tco);
      add(&bin[(int)(world_uniform(w, input, r->seed, (uint64_t)i) * bins)], y);
      add(&all, y);
    }
  double within = 0;
  for (int k = 0; k < bins; k++)
    within += bin[k].m2;
  double noise = within / fmax(1, all.n - bins); /* variance inside bins */
  return all.m2 > 0 ? fmax(0, (all.m2 - within - (bins - 1) * noise) / (all.m2 + noise)) : FIN_NONE;
}

static void tell_tco(const struct replicas *r, int option, const struct sim_listener *out) {
  const char *name = r->spec->option[option].name;
  int tco = life_metric_index("tco_usd"), working = 0;
  struct moments m = {0};
  for (int i = 0; i < r->n; i++) {
    if (!works(r, i, option))
      continue;
    working++;
    add(&m, value_of(r, i, option, tco));
    life_tell_point(out, name, "tco_sample", i, value_of(r, i, option, tco));
  }
  life_tell_metric(out, name, "whole", "prob_feasible", "", (double)working / r->n, "", NULL);
  if (m.n < 2)
    return;
  life_tell_metric(out, name, "whole", "tco_mean_usd", "", m.mean, "USD", NULL);
  life_tell_metric(out, name, "whole", "tco_sd_usd", "", sqrt(m.m2 / (m.n - 1)), "USD", NULL);
}

static double month_end_h(const struct replicas *r, int month) {
  if (r->spec->hours_per_yr > 0)
    return month * r->spec->hours_per_yr / 12;
  return 24.0 * (double)(date_days(date_add_months(r->spec->start, month)) - date_days(r->spec->start));
}

static void tell_band(const struct replicas *r, int option, const struct sim_listener *out) {
  double *sum = mem_array((size_t)r->n, sizeof *sum), *x = mem_array((size_t)r->n, sizeof *x);
  for (int m = 0; m <= r->months; m++) {
    struct life_spread s;
    for (int i = 0; i < r->n; i++) {
      sum[i] += r->cash[at(r, i, option)].flow[m];
      x[i] = works(r, i, option) ? sum[i] : FIN_NONE;
    }
    spread_of(x, (size_t)r->n, &s);
    if (isnan(s.p10))
      break;
    life_tell_point(out, r->spec->option[option].name, "cumulative_p10_usd", month_end_h(r, m), s.p10);
    life_tell_point(out, r->spec->option[option].name, "cumulative_p90_usd", month_end_h(r, m), s.p90);
  }
  mem_free(sum);
  mem_free(x);
}

void replicas_tell(const struct replicas *r, int option, const struct sim_listener *out) {
  if (r->n < 1)
    return;
  tell_tco(r, option, out);
  tell_band(r, option, out);
}

/* ---- pairs ---- */
void replicas_pair(const struct replicas *r, int option, int versus, struct pair_spread *ret) {
  enum { FIGURES = 6 };
  double *x = mem_array((size_t)(r->n * FIGURES) + 1, sizeof *x);
  struct life_spread *to[FIGURES] = {&ret->saving_usd, &ret->npv_usd, &ret->irr, &ret->payback_month, &ret->breakeven_month, &ret->breakeven_utilization};
  struct sim_spec s = *r->spec;
  int cheaper = 0;
  for (int i = 0; i < r->n; i++) {
    const struct life_cash *a = &r->cash[at(r, i, option)], *b = &r->cash[at(r, i, versus)];
    struct life_pair p = {FIN_NONE, FIN_NONE, FIN_NONE, FIN_NONE, FIN_NONE, {FIN_NONE}, 0};
    s.discount_per_yr = dist_point(r->rate[i]);
    if (works(r, i, option) && works(r, i, versus))
      life_pair_of(&s, a, b, &p);
    cheaper += works(r, i, option) && (!works(r, i, versus) || p.saving_usd > 0);
    const double figure[FIGURES] = {p.saving_usd, p.npv_usd, p.irr, p.payback_month, p.breakeven_month[0], p.breakeven_utilization};
    for (int k = 0; k < FIGURES; k++)
      x[k * r->n + i] = figure[k];
  }
  ret->prob_cheaper = r->n ? (double)cheaper / r->n : FIN_NONE;
  for (int k = 0; k < FIGURES; k++)
    spread_of(x + k * r->n, (size_t)r->n, to[k]);
  mem_free(x);
}
