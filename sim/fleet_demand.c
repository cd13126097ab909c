#include "sim/fleet_demand.h"
#include <math.h>
#include <stdlib.h>
#include "base/mem.h"

/* Weekday -> type, equal factors sharing one. No factors at all: every day is as the curve. */
static void types_of(struct demand *d, const double weekly[7], int type[7]) {
  double sum = 0;
  for (int day = 0; day < 7; day++)
    sum += weekly[day];
  for (int day = 0; day < 7; day++) {
    double f = sum > 0 ? weekly[day] : 1;
    int t = 0;
    while (t < d->types && d->factor[t] != f)
      t++;
    if (t == d->types)
      d->factor[d->types++] = f;
    type[day] = t;
  }
}

static void count_days(struct demand *d, const struct sim_spec *spec, const int type[7]) {
  d->days = mem_array((size_t)(spec->months * d->types), sizeof *d->days);
  for (int m = 0; m < spec->months; m++) {
    double *days = &d->days[m * d->types];
    if (spec->hours_per_yr > 0) {
      for (int day = 0; day < 7; day++)
        days[type[day]] += spec->hours_per_yr / 12 / 24 / 7;
      continue;
    }
    struct date first = date_add_months(spec->start, m);
    long from = date_days(first), to = date_days(date_add_months(spec->start, m + 1));
    int weekday = date_weekday(first);
    for (long i = from; i < to; i++)
      days[type[(weekday + (i - from)) % 7]] += 1;
  }
}

struct cell {
  double rate, share;
};

static int by_rate(const void *a, const void *b) {
  double x = ((const struct cell *)a)->rate, y = ((const struct cell *)b)->rate;
  return (x > y) - (x < y);
}

static void sort_cells(struct demand *d, const int type[7]) {
  struct cell *c = mem_array((size_t)d->cells, sizeof *c);
  double above = 1;
  for (int day = 0; day < 7; day++)
    for (int w = 0; w < d->windows; w++) {
      struct cell *x = &c[type[day] * d->windows + w];
      x->rate = d->rate[w] * d->factor[type[day]];
      x->share += d->window_h[w] / (7 * 24);
    }
  qsort(c, (size_t)d->cells, sizeof *c, by_rate);
  for (int i = 0; i < d->cells; i++) {
    d->level[i] = c[i].rate;
    d->above[i] = above -= c[i].share;
    d->mean += c[i].rate * c[i].share;
  }
  d->trough = c[0].rate;
  d->peak = c[d->cells - 1].rate;
  mem_free(c);
}

void demand_make(struct demand *d, const struct sim_spec *spec, const struct sim_serving *serving) {
  const struct wl_curve *c = serving->rate;
  int type[7];
  *d = (struct demand){.windows = (int)c->n, .input_tokens = wl_hist_mean(serving->input), .output_tokens = wl_hist_mean(serving->output)};
  d->rate = mem_array(c->n, sizeof *d->rate);
  d->window_h = mem_array(c->n, sizeof *d->window_h);
  for (size_t i = 0; i < c->n; i++) {
    d->rate[i] = c->rate[i];
    /* a period other than a day is stretched to one: cells need its shape alone */
    d->window_h[i] = 24 * ((i + 1 < c->n ? c->t_s[i + 1] : c->period_s) - c->t_s[i]) / c->period_s;
  }
  types_of(d, serving->weekly, type);
  count_days(d, spec, type);
  d->cells = d->windows * d->types;
  d->level = mem_array((size_t)d->cells, sizeof *d->level);
  d->above = mem_array((size_t)d->cells, sizeof *d->above);
  sort_cells(d, type);
}

void demand_free(struct demand *d) {
  mem_free(d->rate);
  mem_free(d->window_h);
  mem_free(d->days);
  mem_free(d->level);
  mem_free(d->above);
  *d = (struct demand){0};
}

double demand_exceeded(const struct demand *d, double share) {
  int i = 0;
  while (i + 1 < d->cells && d->above[i] > share + 1e-12)
    i++;
  return d->level[i];
}
