#include "workloads/trace_make.h"

#include <math.h>
#include <string.h>

static const char *const names[] = {"poisson", "gamma", "weibull"};

bool wl_arrivals_parse(const char *name, enum wl_arrivals *ret) {
  for (int i = 0; i < 3; i++)
    if (strcmp(name, names[i]) == 0) {
      *ret = (enum wl_arrivals)i;
      return true;
    }
  return false;
}

/* Weibull shape k whose coefficient of variation is cv: cv^2 + 1 = G(1 + 2/k) / G(1 + 1/k)^2, falling in k; by bisection. */
static double weibull_shape(double cv) {
  double lo = 0.1, hi = 50;
  for (int i = 0; i < 80; i++) {
    double k = sqrt(lo * hi), got = exp(lgamma(1 + 2 / k) - 2 * lgamma(1 + 1 / k)) - 1;
    if (got > cv * cv)
      lo = k;
    else
      hi = k;
  }
  return sqrt(lo * hi);
}

bool wl_generator_start(struct wl_generator *g, uint64_t seed) {
  if (!(wl_curve_max(g->rate) > 0) || (g->kind != WL_ARRIVE_POISSON && !(g->cv >= 0.05 && g->cv <= 20)))
    return false;
  stream_init(&g->gap, seed, "trace-gap", 0);
  stream_init(&g->in, seed, "trace-input", 0);
  stream_init(&g->out, seed, "trace-output", 0);
  g->t_s = 0;
  g->made = 0;
  g->shape = g->kind == WL_ARRIVE_WEIBULL ? weibull_shape(g->cv) : 1;
  g->scale = 1 / tgamma(1 + 1 / g->shape);
  return true;
}

/* Gaps of mean 1 in the time that counts expected arrivals. */
static double unit_gap(struct wl_generator *g) {
  switch (g->kind) {
  case WL_ARRIVE_GAMMA: return stream_gamma(&g->gap, 1, g->cv);
  case WL_ARRIVE_WEIBULL: return stream_weibull(&g->gap, g->scale, g->shape);
  case WL_ARRIVE_POISSON: break;
  }
  return stream_exponential(&g->gap, 1);
}

static double rate_at(const struct wl_generator *g, double t_s) {
  return wl_curve_at(g->rate, t_s) * pow(1 + g->growth_per_yr, t_s / (365.0 * 86400));
}

/* End of the curve's interval that holds t. */
static double interval_end(const struct wl_curve *c, double t_s) {
  double base = floor(t_s / c->period_s) * c->period_s, t = t_s - base;
  for (size_t i = 0; i < c->n; i++)
    if (c->t_s[i] > t)
      return base + c->t_s[i];
  return base + c->period_s;
}

/* Walk the rate curve until the gap is used up. */
static bool advance(struct wl_generator *g) {
  double left = unit_gap(g);
  while (g->t_s < g->end_s) {
    double end = interval_end(g->rate, g->t_s), rate = rate_at(g, g->t_s), room = rate * (end - g->t_s);
    if (left <= room) {
      g->t_s += left / rate;
      return g->t_s < g->end_s;
    }
    left -= room;
    g->t_s = end;
  }
  return false;
}

static int32_t length(const struct wl_hist *h, struct stream *st) {
  return (int32_t)fmax(1, fmin(WL_TRACE_TOKENS_MAX, round(wl_hist_quantile(h, stream_uniform(st)))));
}

bool wl_generator_next(struct wl_generator *g, struct wl_trace_request *r) {
  if ((g->most > 0 && g->made >= g->most) || !advance(g))
    return false;
  *r = (struct wl_trace_request){.arrival_s = g->t_s, .input = length(g->input, &g->in), .output = length(g->output, &g->out)};
  g->made++;
  return true;
}
