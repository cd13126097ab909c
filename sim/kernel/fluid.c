#include "sim/kernel/fluid.h"
#include <assert.h>
#include <math.h>
#include "base/mem.h"
#include "sim/kernel/maxmin.h"

/* What time adds to a flow of the solver; same index. */
struct transfer {
  double remaining_bytes; /* at `since` */
  double rate_Bps;        /* since then */
  sim_time since;
  event_id end;
  fluid_done_fn done;
  void *subject;
  uint32_t generation; /* upper half of the handle; odd while in use, and used up it ends the number's use */
};

struct fluid {
  struct engine *engine;
  struct maxmin net;
  struct transfer *transfer;
  size_t transfer_n, transfer_cap;
  event_id solve_event;
};

static sim_time now(const struct fluid *f) {
  return f->engine ? engine_now(f->engine) : 0;
}

struct fluid *fluid_create(struct engine *e) {
  struct fluid *f = mem_alloc(sizeof *f);
  f->engine = e;
  return f;
}

void fluid_destroy(struct fluid *f) {
  if (!f)
    return;
  for (size_t i = 0; f->engine && i < f->transfer_n; i++)
    engine_cancel(f->engine, f->transfer[i].end);
  if (f->engine)
    engine_cancel(f->engine, f->solve_event);
  maxmin_free(&f->net);
  mem_free(f->transfer);
  mem_free(f);
}

/* --- time --- */

/* Closes the interval at the old rate. */
static void settle(const struct fluid *f, struct transfer *x) {
  sim_time t = now(f);
  if (t > x->since && x->rate_Bps > 0)
    x->remaining_bytes = fmax(0, x->remaining_bytes - x->rate_Bps * sim_time_as_s(t - x->since));
  x->since = t;
}

static void drop(struct fluid *f, uint32_t i) {
  maxmin_remove_flow(&f->net, i, ++f->transfer[i].generation != 0);
}

static void solve(struct fluid *f);

static void solve_later(struct engine *e, void *subject, void *object) {
  (void)e, (void)object;
  struct fluid *f = subject;
  f->solve_event = 0;
  solve(f);
}

/* All changes of one instant are solved together, at its end. */
static void changed(struct fluid *f) {
  if (f->engine && !f->solve_event && maxmin_is_dirty(&f->net))
    f->solve_event = engine_at(f->engine, now(f), BAND_END, solve_later, f, NULL);
}

static uint64_t handle(const struct fluid *f, uint32_t i) {
  return (uint64_t)f->transfer[i].generation << 32 | i;
}

static void end(struct engine *e, void *subject, void *object) {
  struct fluid *f = subject;
  uint32_t i = (uint32_t)(uintptr_t)object;
  struct transfer x = f->transfer[i];
  uint64_t flow = handle(f, i);
  f->transfer[i].end = 0;
  drop(f, i);
  changed(f);
  if (x.done)
    x.done(e, x.subject, flow);
}

static void schedule_end(struct fluid *f, uint32_t i) {
  struct transfer *x = &f->transfer[i];
  double s = x->remaining_bytes > 0 ? x->remaining_bytes / x->rate_Bps : 0;
  sim_time d;
  if (!sim_time_from_s(s, &d) || d > SIM_TIME_MAX - now(f)) { /* stalled, or beyond the clock */
    engine_cancel(f->engine, x->end);
    x->end = 0;
  } else if (!x->end) {
    x->end = engine_at(f->engine, now(f) + d, BAND_STATE, end, f, (void *)(uintptr_t)i);
  } else {
    engine_reschedule(f->engine, x->end, now(f) + d);
  }
}

static void solve(struct fluid *f) {
  maxmin_solve(&f->net);
  for (size_t k = 0; k < f->net.changed.n; k++) {
    uint32_t i = f->net.changed.at[k];
    struct transfer *x = &f->transfer[i];
    settle(f, x);
    x->rate_Bps = f->net.flow[i].rate;
    if (f->engine)
      schedule_end(f, i);
  }
  f->net.changed.n = 0;
}

/* --- links and flows --- */

fluid_link fluid_add_link(struct fluid *f, double capacity_Bps) {
  assert(capacity_Bps >= 0 && capacity_Bps < (double)INFINITY);
  return maxmin_add_link(&f->net, capacity_Bps);
}

void fluid_set_capacity(struct fluid *f, fluid_link link, double capacity_Bps) {
  assert(link < f->net.link_n && capacity_Bps >= 0 && capacity_Bps < (double)INFINITY);
  maxmin_set_capacity(&f->net, link, capacity_Bps);
  changed(f);
}

fluid_flow fluid_start(struct fluid *f, const fluid_link *links, size_t n, double bytes, double weight,
                       double rate_limit_Bps, fluid_done_fn done, void *subject) {
  assert(weight > 0 && bytes >= 0);
  uint32_t i = maxmin_add_flow(&f->net, links, n, weight, rate_limit_Bps > 0 ? rate_limit_Bps : (double)INFINITY);
  f->transfer = mem_grow(f->transfer, &f->transfer_cap, i + 1, sizeof *f->transfer);
  f->transfer_n = i >= f->transfer_n ? i + 1 : f->transfer_n;
  struct transfer *x = &f->transfer[i];
  *x = (struct transfer){
      .remaining_bytes = bytes, .since = now(f), .done = done, .subject = subject, .generation = x->generation + 1};
  if (f->engine && !(bytes > 0)) /* ends even where there is no capacity */
    schedule_end(f, i);
  changed(f);
  return handle(f, i);
}

static struct transfer *find(const struct fluid *f, fluid_flow flow) {
  uint32_t i = (uint32_t)flow, generation = (uint32_t)(flow >> 32);
  if (i >= f->transfer_n || f->transfer[i].generation != generation || generation % 2 == 0)
    return NULL;
  return &f->transfer[i];
}

bool fluid_stop(struct fluid *f, fluid_flow flow) {
  struct transfer *x = find(f, flow);
  if (!x)
    return false;
  if (x->end)
    engine_cancel(f->engine, x->end);
  x->end = 0;
  drop(f, (uint32_t)flow);
  changed(f);
  return true;
}

double fluid_rate_Bps(struct fluid *f, fluid_flow flow) {
  solve(f);
  const struct transfer *x = find(f, flow);
  return x ? x->rate_Bps : 0;
}

double fluid_remaining_bytes(struct fluid *f, fluid_flow flow) {
  struct transfer *x = find(f, flow);
  if (!x)
    return 0;
  settle(f, x);
  return x->remaining_bytes;
}

double fluid_link_load_Bps(struct fluid *f, fluid_link link) {
  solve(f);
  return f->net.link[link].load;
}
