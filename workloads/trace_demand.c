#include "workloads/trace_demand.h"
#include "workloads/trace.h"

static const double BAD_SHARE = 0.01;

/* All rows of a trace go to `each`; false when it could not be read to its end. */
static bool read_all(const char *path, struct errs *errs, void (*each)(void *ctx, const struct wl_trace_request *r),
                     void *ctx) {
  struct wl_trace_request r;
  struct wl_trace *t = wl_trace_open(path, NULL, BAD_SHARE, errs);
  while (t && wl_trace_next(t, &r))
    each(ctx, &r);
  bool whole = t && !wl_trace_failed(t);
  wl_trace_close(t);
  return whole;
}

/* ---- rate ---- */

struct arrivals {
  double last_s, n;
  struct wl_curve *curve; /* NULL in the first pass, which only measures */
};

static void count(void *ctx, const struct wl_trace_request *r) {
  struct arrivals *a = ctx;
  struct wl_curve *c = a->curve;
  if (!c) {
    a->n++;
    a->last_s = r->arrival_s > a->last_s ? r->arrival_s : a->last_s;
    return;
  }
  double w = r->arrival_s / c->period_s * (double)c->n;
  c->rate[w < (double)c->n ? (size_t)w : c->n - 1]++;
}

struct wl_curve *wl_trace_curve(struct arena *a, const char *path, struct errs *errs) {
  struct arrivals all = {0};
  if (!read_all(path, errs, count, &all))
    return NULL;
  if (!(all.last_s > 0)) {
    errs_add(errs, path, 0, NULL, "has no arrival times to take a rate from");
    return NULL;
  }
  struct wl_curve *c = arena_alloc(a, sizeof *c);
  double windows = all.n / WL_TRACE_WINDOW_REQUESTS;
  c->n = windows < 1 ? 1 : windows > WL_TRACE_WINDOWS ? WL_TRACE_WINDOWS : (size_t)windows;
  c->period_s = all.last_s * all.n / (all.n - 1); /* the gap after the last request is a mean one */
  c->t_s = arena_alloc(a, c->n * sizeof *c->t_s);
  c->rate = arena_alloc(a, c->n * sizeof *c->rate);
  all.curve = c;
  if (!read_all(path, errs, count, &all))
    return NULL;
  for (size_t i = 0; i < c->n; i++) {
    c->t_s[i] = c->period_s * (double)i / (double)c->n;
    c->rate[i] *= (double)c->n / c->period_s;
  }
  return c;
}

/* ---- lengths ---- */

enum { EVEN_TOKENS = 16, EVEN_UP_TO = 1024, EVEN = EVEN_UP_TO / EVEN_TOKENS, BINS = EVEN + 220 };

struct lengths {
  enum wl_trace_length which;
  double n, seen[BINS], start[BINS + 1];
};

static void bins(struct lengths *l) {
  double at = 0;
  for (int i = 0; i <= BINS; i++) {
    l->start[i] = at;
    at += i < EVEN ? EVEN_TOKENS : (double)(int64_t)(at / EVEN_TOKENS);
  }
}

static void measure(void *ctx, const struct wl_trace_request *r) {
  struct lengths *l = ctx;
  double tokens = l->which == WL_TRACE_INPUT ? r->input : r->output;
  int lo = 0, hi = BINS; /* start[lo] <= tokens < start[hi] */
  while (hi - lo > 1)
    *(l->start[(lo + hi) / 2] <= tokens ? &lo : &hi) = (lo + hi) / 2;
  l->seen[lo]++;
  l->n++;
}

struct wl_hist *wl_trace_lengths(struct arena *a, const char *path, enum wl_trace_length which, struct errs *errs) {
  struct lengths l = {.which = which};
  bins(&l);
  if (!read_all(path, errs, measure, &l))
    return NULL;
  if (l.n == 0) {
    errs_add(errs, path, 0, NULL, "has no requests");
    return NULL;
  }
  struct wl_hist *h = arena_alloc(a, sizeof *h);
  h->start = arena_alloc(a, BINS * sizeof(double));
  h->width = arena_alloc(a, BINS * sizeof(double));
  h->p = arena_alloc(a, BINS * sizeof(double));
  for (int i = 0; i < BINS; i++)
    if (l.seen[i] > 0) {
      h->start[h->n] = l.start[i];
      h->width[h->n] = l.start[i + 1] - l.start[i];
      h->p[h->n++] = l.seen[i] / l.n;
    }
  return h;
}
