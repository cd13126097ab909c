/* One instance and one source of requests. */
#include "sim/serve_instance.h"

struct run {
  struct serve *s;
  const struct serve_source *src;
  struct sim_request ahead;
  sim_time ahead_t;
  bool ahead_ok;
  uint64_t seen;
};

static void look_ahead(struct run *r, sim_time now) {
  r->ahead_ok = r->src->next(r->src->ctx, &r->ahead);
  if (!r->ahead_ok || !sim_time_from_s(r->ahead.arrival_s, &r->ahead_t))
    r->ahead_t = r->ahead_ok ? now : SIM_TIME_MAX;
}

/* In a closed loop a request comes when a place is free. */
static void arrivals(struct run *r, sim_time now) {
  uint64_t most = (uint64_t)r->src->concurrency;
  while (r->ahead_ok && (most > 0 ? serve_totals_of(r->s)->in_system < most : r->ahead_t <= now)) {
    serve_offer(r->s, &r->ahead, most > 0 ? now : r->ahead_t, r->seen++);
    look_ahead(r, now);
  }
}

static sim_time next_event(const struct run *r) {
  sim_time due = serve_due(r->s), came = r->src->concurrency > 0 ? SIM_TIME_MAX : r->ahead_t;
  return due < came ? due : came;
}

bool serve_run(const struct serve_config *cfg, const struct serve_source *src, struct serve_totals *ret, struct serve_totals *window) {
  struct run r = {.s = serve_open(cfg), .src = src};
  bool ok = true;
  look_ahead(&r, 0);
  for (sim_time t = src->concurrency > 0 ? 0 : next_event(&r); ok && t < SIM_TIME_MAX; t = next_event(&r)) {
    if (serve_due(r.s) == t)
      serve_step(r.s);
    arrivals(&r, t);
    ok = serve_go(r.s, t);
  }
  *ret = *serve_totals_of(r.s);
  if (window)
    serve_window_of(r.s, window);
  serve_close(r.s);
  return ok;
}
