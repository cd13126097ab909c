/* Errors of many tables as one spread a kind of prediction: what a scenario takes for its own model error. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "scenarios/validate.h"

enum { WHOLE_FAMILY = 10 }; /* rows from which a family counts in full */

struct point {
  const char *family;
  double log_ratio, weight; /* ln(measured / predicted), of times its negative */
};
struct points {
  struct point *p;
  size_t n, cap;
};

static bool counts(const struct val_row *v, const char *kind) {
  return v->status == VAL_OK && strcmp(v->kind, kind) == 0 && v->measured > 0 && v->predicted > 0 && isfinite(v->predicted);
}

static void gather(struct points *all, const struct val_report *r, const char *kind, const char **date) {
  for (size_t i = 0; i < r->n; i++) {
    const struct val_row *v = &r->row[i];
    if (!counts(v, kind))
      continue;
    all->p = mem_grow(all->p, &all->cap, all->n + 1, sizeof *all->p);
    double log_ratio = log(v->measured / v->predicted);
    all->p[all->n++] = (struct point){v->family, v->inverse ? -log_ratio : log_ratio, 0};
    if (strcmp(v->date, *date) > 0)
      *date = v->date;
  }
}

/* Returns the number of families. */
static size_t weigh(struct points *all) {
  size_t families = 0;
  for (size_t i = 0; i < all->n; i++) {
    size_t rows = 0, first = i;
    for (size_t k = 0; k < all->n; k++)
      if (strcmp(all->p[k].family, all->p[i].family) == 0) {
        rows++;
        first = k < first ? k : first;
      }
    all->p[i].weight = fmin(1, (double)rows / WHOLE_FAMILY) / (double)rows;
    families += first == i;
  }
  return families;
}

static int by_ratio(const void *a, const void *b) {
  const struct point *x = a, *y = b;
  return (x->log_ratio > y->log_ratio) - (x->log_ratio < y->log_ratio);
}

static double quantile(struct points *all, double q) {
  double sum = 0, at = 0;
  qsort(all->p, all->n, sizeof *all->p, by_ratio);
  for (size_t i = 0; i < all->n; i++)
    sum += all->p[i].weight;
  for (size_t i = 0; i < all->n; i++) {
    at += all->p[i].weight;
    if (at >= q * sum)
      return all->p[i].log_ratio;
  }
  return NAN;
}

static void spread_of(struct val_report *const *report, size_t n, struct val_spread *s) {
  struct points all = {0};
  for (size_t i = 0; i < n; i++)
    gather(&all, report[i], s->kind, &s->date);
  s->rows = all.n;
  s->families = weigh(&all);
  s->median = exp(quantile(&all, 0.5));
  for (size_t i = 0; i < all.n; i++)
    all.p[i].log_ratio = fabs(all.p[i].log_ratio);
  s->sd = quantile(&all, 0.68);
  mem_free(all.p);
}

size_t validate_spread(struct val_report *const *report, size_t n, struct val_spread ret[VAL_KINDS_MAX]) {
  size_t kinds = 0;
  for (size_t i = 0; i < n; i++)
    for (size_t k = 0; k < report[i]->n && kinds < VAL_KINDS_MAX; k++) {
      const struct val_row *v = &report[i]->row[k];
      bool known = !*v->kind || !counts(v, v->kind);
      for (size_t j = 0; j < kinds && !known; j++)
        known = strcmp(ret[j].kind, v->kind) == 0;
      if (!known)
        ret[kinds++] = (struct val_spread){.kind = v->kind, .date = ""};
    }
  for (size_t j = 0; j < kinds; j++)
    spread_of(report, n, &ret[j]);
  return kinds;
}
