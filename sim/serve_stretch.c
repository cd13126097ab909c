/* A stretch of decode iterations with the same members: sums in closed form, and how far it goes. */
#include <math.h>
#include "sim/serve_core.h"

static fx_time sum(const struct serve_stretch *st, int64_t k) {
  int64_t j = k < st->j_cross ? k : st->j_cross;
  int64_t tri = (k * (k - 1) - j * (j - 1)) / 2;
  return j * st->floor + (k - j) * st->a + st->b * tri;
}

static sim_time boundary(const struct serve_stretch *st, int64_t k) {
  return st->t0 + serve_fx_round(sum(st, k));
}

bool serve_stretch_begin(struct serve *s) {
  const struct serve_cost *c = s->cfg.cost;
  double nd = s->decoding * s->cfg.beams, ctx = (double)s->ctx_fx / SERVE_TOKEN_FX;
  double device = serve_device_s(c, nd * s->cfg.mtp, nd * s->cfg.mtp, nd, ctx, 0, 0), host = serve_host_s(c, nd, 0);
  double grow = serve_table(c->att1_s, c->max_s, nd) * nd * s->cfg.mtp;
  struct serve_stretch *st = &s->stretch;
  *st = (struct serve_stretch){.open = true, .t0 = s->now, .a = serve_fx_of_s(c->overlap ? device : device + host), .b = serve_fx_of_s(grow),
                               .due = s->heap[0].step - s->step};
  st->floor = serve_fx_of_s(c->overlap ? fmax(host, serve_floor_s(c, nd)) : serve_floor_s(c, nd));
  st->host_s = host;
  if (st->a < st->floor)
    st->j_cross = st->b > 0 ? (st->floor - st->a + st->b - 1) / st->b : INT64_MAX / 4;
  double longest = (double)st->due * fmax((double)st->floor, (double)st->a + (double)st->b * (double)st->due);
  return st->a > 0 && longest <= 4e18 && s->now <= SIM_TIME_MAX / 2;
}

/* Smallest k > done with boundary(k) >= t; at most `most`. */
static int64_t reach(const struct serve_stretch *st, sim_time t, int64_t most) {
  if (boundary(st, most) < t)
    return most;
  int64_t lo = st->done, hi = most; /* boundary(lo) is before t, boundary(hi) is not */
  double x = (double)(t - st->t0) * SERVE_TIME_FX, a = (double)st->a, b = (double)st->b;
  if (st->j_cross == 0) { /* a k + b k (k - 1) / 2 = x */
    double h = a - b / 2, k = b > 0 ? 2 * x / (h + sqrt(h * h + 2 * b * x)) : x / a;
    int64_t g = (int64_t)k;
    if (g - 2 > lo && g - 2 < hi && boundary(st, g - 2) < t)
      lo = g - 2;
    if (g + 2 > lo && g + 2 < hi && boundary(st, g + 2) >= t)
      hi = g + 2;
  }
  while (hi - lo > 1) {
    int64_t mid = lo + (hi - lo) / 2;
    if (boundary(st, mid) >= t)
      hi = mid;
    else
      lo = mid;
  }
  return hi;
}

/* The literal mode adds up term by term. */
static fx_time sum_to(const struct serve *s, int64_t to) {
  const struct serve_stretch *st = &s->stretch;
  if (s->cfg.mode != SERVE_LITERAL)
    return sum(st, to);
  fx_time all = st->sum;
  for (int64_t j = st->done; j < to; j++)
    all += j < st->j_cross ? st->floor : st->a + st->b * j;
  return all;
}

static void plan(struct serve *s, int64_t to) {
  s->stretch.to = to;
  s->stretch.to_sum = sum_to(s, to);
  s->flight_end = s->stretch.t0 + serve_fx_round(s->stretch.to_sum);
}

static int64_t least(int64_t a, int64_t b) {
  return a < b ? a : b;
}

/* Decode iterations before somebody else may be the head of the queue. */
static int64_t steady(const struct serve *s) {
  bool moves = s->cfg.queueing->steady && serve_waiting(s) && s->cfg.batching->open(s);
  return moves ? s->cfg.queueing->steady(s) : INT64_MAX / 4;
}

void serve_stretch_plan(struct serve *s) {
  const struct serve_stretch *st = &s->stretch;
  if (s->cfg.mode == SERVE_LITERAL) {
    plan(s, st->done + 1);
    return;
  }
  int64_t room = serve_room_steps(s); /* at least one, made sure of before */
  plan(s, least(st->due, st->done + least(room, steady(s))));
  if (serve_waiting(s) && serve_seen_step(s, serve_head(s)) > s->step && s->cfg.batching->open(s) && serve_head_fits(s))
    serve_stretch_cut_at(s, serve_seen_step(s, serve_head(s)));
  sim_time deadline = serve_reading_deadline(s); /* prompts may be kept waiting half read by a batch that fills the budget */
  if (deadline < s->flight_end)
    serve_stretch_cut(s, deadline);
}

void serve_stretch_replan(struct serve *s) {
  int64_t to = s->stretch.done + steady(s);
  if (s->cfg.mode != SERVE_LITERAL && to < s->stretch.to)
    plan(s, to);
}

/* A view of this moment has passed the boundary already. */
static int64_t next_boundary(const struct serve_stretch *st, sim_time t) {
  return boundary(st, st->done) >= t ? st->done : reach(st, t, st->to);
}

int64_t serve_stretch_step(const struct serve *s, sim_time t) {
  return s->flight == FLIGHT_DECODING ? s->step + next_boundary(&s->stretch, t) - s->stretch.done : s->step;
}

void serve_stretch_cut_at(struct serve *s, int64_t step) {
  const struct serve_stretch *st = &s->stretch;
  int64_t to = step - s->step + st->done;
  if (s->cfg.mode != SERVE_LITERAL && to < st->to) /* the boundary that comes is the first in literal mode */
    plan(s, to > st->done ? to : st->done);
}

void serve_stretch_cut(struct serve *s, sim_time t) {
  if (s->cfg.mode != SERVE_LITERAL)
    serve_stretch_cut_at(s, serve_stretch_step(s, t));
}

/* Sum over iterations from .. to - 1 of how many lie before each, times its duration: what a cache that grows by one a step adds up to, in seconds. */
static double growth_s(const struct serve_stretch *st, int64_t from, int64_t to) {
  int64_t c = st->j_cross < from ? from : st->j_cross < to ? st->j_cross : to;
  double m = (double)(c - from), n = (double)(to - c), a = (double)st->a + (double)st->b * (double)c, b = (double)st->b;
  double flat = (double)st->floor * m * (m - 1) / 2, durations = n * a + b * n * (n - 1) / 2;
  return (flat + m * durations + a * n * (n - 1) / 2 + b * (n - 1) * n * (2 * n - 1) / 6) / SERVE_TIME_FX * 1e-9;
}

void serve_stretch_advance(struct serve *s, int64_t to) {
  struct serve_stretch *st = &s->stretch;
  int64_t from = st->done;
  fx_time before = st->sum;
  st->sum = to == st->to ? st->to_sum : sum_to(s, to);
  st->done = to;
  double n = (double)(to - from), nd = s->decoding * s->cfg.beams, m = nd * s->cfg.mtp;
  double span = (double)(st->sum - before) / SERVE_TIME_FX * 1e-9;
  double mid = ((double)from + (double)to - 1) / 2; /* mean iteration number */
  double ctx = n * ((double)s->ctx_fx + (mid - (double)from) * (double)(s->decoding * s->grow_fx)) / SERVE_TOKEN_FX;
  double busy = n * ((double)st->a + (double)st->b * mid) / SERVE_TIME_FX * 1e-9 - (s->cfg.cost->overlap ? 0 : n * st->host_s);
  serve_meter(s, span, busy, m, nd, ctx, 0, n);
  serve_gaps(s, span / n, nd, n);
  if (!s->cfg.reserve && to > from + 1)
    s->tot.kv_integral += growth_s(st, from, to) * (double)(s->decoding * s->grow_fx) / SERVE_TOKEN_FX;
  s->now = st->t0 + serve_fx_round(st->sum);
  s->step += to - from;
  s->ctx_fx += (to - from) * s->decoding * s->grow_fx;
  if (!s->cfg.reserve)
    s->kv_fx += (to - from) * s->decoding * s->grow_fx;
  if (s->share)
    serve_share_trim(s);
}

void serve_stretch_sync(struct serve *s, sim_time t) {
  const struct serve_stretch *st = &s->stretch;
  if (s->flight != FLIGHT_DECODING || s->cfg.mode == SERVE_LITERAL || st->to - st->done < 2 || boundary(st, st->done + 1) > t)
    return;
  int64_t past = reach(st, t + 1, st->to) - 1;
  if (past > st->done)
    serve_stretch_advance(s, past);
}
