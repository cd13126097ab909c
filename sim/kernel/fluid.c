#include "sim/kernel/fluid.h"
#include <math.h>
#include <string.h>
#include "base/mem.h"

struct flow {
  struct flow *next, *prev; /* in creation order */
  fluid_flow id;
  struct fluid *fluid;
  fluid_link *link;
  size_t n;
  double remaining, weight, limit, rate;
  sim_time since;
  event_id end;
  fluid_done_fn done;
  void *subject;
  bool fixed;
};

struct link {
  double capacity, load, rest, weight;
};

struct fluid {
  struct engine *engine;
  struct link *link;
  size_t link_n, link_cap;
  struct flow *first, *last;
  fluid_flow next_id;
  event_id solve_event;
  bool dirty;
};

struct fluid *fluid_create(struct engine *e) {
  struct fluid *f = mem_alloc(sizeof *f);
  f->engine = e;
  return f;
}

static void flow_free(struct fluid *f, struct flow *x) {
  if (x->end)
    engine_cancel(f->engine, x->end);
  *(x->prev ? &x->prev->next : &f->first) = x->next;
  *(x->next ? &x->next->prev : &f->last) = x->prev;
  mem_free(x->link);
  mem_free(x);
}

void fluid_destroy(struct fluid *f) {
  if (!f)
    return;
  while (f->first)
    flow_free(f, f->first);
  if (f->solve_event)
    engine_cancel(f->engine, f->solve_event);
  mem_free(f->link);
  mem_free(f);
}

static sim_time now(const struct fluid *f) {
  return f->engine ? engine_now(f->engine) : 0;
}

static void settle(struct fluid *f, struct flow *x) {
  sim_time t = now(f);
  if (t > x->since)
    x->remaining = fmax(0, x->remaining - x->rate * sim_time_as_s(t - x->since));
  x->since = t;
}

/* Progressive filling: the link or limit with the lowest level fixes its flows. */
static void fill(struct fluid *f) {
  for (size_t l = 0; l < f->link_n; l++) {
    f->link[l].rest = f->link[l].capacity;
    f->link[l].weight = 0;
  }
  size_t open = 0;
  for (struct flow *x = f->first; x; x = x->next, open++) {
    x->fixed = false;
    for (size_t i = 0; i < x->n; i++)
      f->link[x->link[i]].weight += x->weight;
  }
  while (open > 0) {
    double level = INFINITY;
    for (size_t l = 0; l < f->link_n; l++)
      if (f->link[l].weight > 1e-12)
        level = fmin(level, fmax(0, f->link[l].rest) / f->link[l].weight);
    for (struct flow *x = f->first; x; x = x->next)
      if (!x->fixed)
        level = fmin(level, x->limit / x->weight);
    size_t before = open;
    for (struct flow *x = f->first; x; x = x->next) {
      bool bound = !x->fixed && x->limit / x->weight <= level;
      for (size_t i = 0; i < x->n && !x->fixed; i++) {
        struct link *l = &f->link[x->link[i]];
        bound = bound || fmax(0, l->rest) <= level * l->weight * (1 + 1e-12);
      }
      if (!bound)
        continue;
      x->fixed = true;
      x->rate = fmin(x->limit, level * x->weight);
      open--;
      for (size_t i = 0; i < x->n; i++) {
        f->link[x->link[i]].rest -= x->rate;
        f->link[x->link[i]].weight -= x->weight;
      }
    }
    if (open == before) {
      for (struct flow *x = f->first; x; x = x->next)
        if (!x->fixed)
          x->rate = INFINITY;
      break;
    }
  }
  for (size_t l = 0; l < f->link_n; l++)
    f->link[l].load = f->link[l].capacity - f->link[l].rest;
}

static void ended(struct engine *e, void *subject, void *object) {
  struct flow *x = subject;
  struct fluid *f = object;
  fluid_done_fn done = x->done;
  void *who = x->subject;
  fluid_flow id = x->id;
  x->end = 0;
  fluid_stop(f, id);
  if (done)
    done(e, who, id);
}

static void solve(struct fluid *f) {
  if (!f->dirty)
    return;
  f->dirty = false;
  for (struct flow *x = f->first; x; x = x->next)
    settle(f, x);
  fill(f);
  for (struct flow *x = f->first; f->engine && x; x = x->next) {
    if (x->end)
      engine_cancel(f->engine, x->end);
    double s = x->remaining > 0 ? x->remaining / x->rate : 0;
    sim_time d;
    x->end = sim_time_from_s(s, &d) ? engine_at(f->engine, now(f) + d, BAND_STATE, ended, x, f) : 0;
  }
}

static void solve_event(struct engine *e, void *subject, void *object) {
  (void)e, (void)object;
  struct fluid *f = subject;
  f->solve_event = 0;
  solve(f);
}

static void touch(struct fluid *f) {
  f->dirty = true;
  if (f->engine && !f->solve_event)
    f->solve_event = engine_at(f->engine, now(f), BAND_END, solve_event, f, NULL);
}

fluid_link fluid_add_link(struct fluid *f, double capacity_Bps) {
  f->link = mem_grow(f->link, &f->link_cap, f->link_n + 1, sizeof *f->link);
  f->link[f->link_n] = (struct link){.capacity = capacity_Bps};
  return (fluid_link)f->link_n++;
}

void fluid_set_capacity(struct fluid *f, fluid_link link, double capacity_Bps) {
  f->link[link].capacity = capacity_Bps;
  touch(f);
}

fluid_flow fluid_start(struct fluid *f, const fluid_link *links, size_t n, double bytes, double weight, double rate_limit_Bps,
                       fluid_done_fn done, void *subject) {
  struct flow *x = mem_alloc(sizeof *x);
  *x = (struct flow){.prev = f->last, .id = ++f->next_id, .fluid = f, .n = n, .remaining = bytes, .weight = weight, .done = done,
                     .subject = subject, .since = now(f), .limit = rate_limit_Bps > 0 ? rate_limit_Bps : (double)INFINITY};
  x->link = mem_array(n + 1, sizeof *links);
  if (n > 0)
    memcpy(x->link, links, n * sizeof *links);
  *(f->last ? &f->last->next : &f->first) = x;
  f->last = x;
  touch(f);
  return x->id;
}

static struct flow *find(const struct fluid *f, fluid_flow id) {
  struct flow *x = f->first;
  while (x && x->id != id)
    x = x->next;
  return x;
}

bool fluid_stop(struct fluid *f, fluid_flow flow) {
  struct flow *x = find(f, flow);
  if (!x)
    return false;
  flow_free(f, x);
  touch(f);
  return true;
}

double fluid_rate_Bps(struct fluid *f, fluid_flow flow) {
  solve(f);
  struct flow *x = find(f, flow);
  return x ? x->rate : 0;
}

double fluid_remaining_bytes(struct fluid *f, fluid_flow flow) {
  struct flow *x = find(f, flow);
  if (!x)
    return 0;
  settle(f, x);
  return x->remaining;
}

double fluid_link_load_Bps(struct fluid *f, fluid_link link) {
  solve(f);
  return f->link[link].load;
}
