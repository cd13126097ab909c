#include "sim/kernel/maxmin.h"
#include <math.h>
#include "base/mem.h"

/* Rounding is about 1e-16 of a capacity per flow: what differs by less than these is equal. */
#define SAME_LEVEL 1e-11  /* relative, of levels */
#define FULL 1e-12        /* of the capacity that is left */
#define SAME_RATE 1e-14   /* relative, below which a flow keeps its rate */
#define ROUNDS_MAX 16     /* then the whole connected component is refilled */
#define LOAD_UPDATES 1024 /* then the load is summed afresh, so that rounding does not pile up */

static void list_add(struct maxmin_list *l, uint32_t x) {
  if (l->n == l->cap)
    l->at = mem_grow(l->at, &l->cap, l->n + 1, sizeof *l->at);
  l->at[l->n++] = x;
}

void maxmin_free(struct maxmin *m) {
  for (size_t i = 0; i < m->link_n; i++)
    mem_free(m->link[i].flow);
  for (size_t i = 0; i < m->flow_n; i++)
    mem_free(m->flow[i].hop);
  struct maxmin_list *list[] = {&m->unused, &m->dirty, &m->fresh, &m->changed};
  for (size_t i = 0; i < sizeof list / sizeof *list; i++)
    mem_free(list[i]->at);
  filling_free(&m->set);
  mem_free(m->link);
  mem_free(m->flow);
}

/* --- the network --- */

static void mark_dirty(struct maxmin *m, uint32_t i) {
  if (m->link[i].dirty)
    return;
  m->link[i].dirty = true;
  list_add(&m->dirty, i);
}

uint32_t maxmin_add_link(struct maxmin *m, double capacity) {
  m->link = mem_grow(m->link, &m->link_cap, m->link_n + 1, sizeof *m->link);
  m->link[m->link_n] = (struct maxmin_link){.capacity = capacity};
  return (uint32_t)m->link_n++;
}

void maxmin_set_capacity(struct maxmin *m, uint32_t link, double capacity) {
  m->link[link].capacity = capacity;
  mark_dirty(m, link);
}

static uint32_t flow_take(struct maxmin *m) {
  if (m->unused.n > 0)
    return m->unused.at[--m->unused.n];
  m->flow = mem_grow(m->flow, &m->flow_cap, m->flow_n + 1, sizeof *m->flow);
  m->flow[m->flow_n] = (struct maxmin_flow){.n = 0};
  return (uint32_t)m->flow_n++;
}

static void link_enter(struct maxmin_link *l, uint32_t flow, uint32_t hop, struct maxmin_hop *h) {
  size_t cap = l->cap;
  if (l->n == l->cap)
    l->flow = mem_grow(l->flow, &cap, l->n + 1, sizeof *l->flow);
  l->cap = (uint32_t)cap;
  h->place = l->n;
  l->flow[l->n++] = (struct maxmin_user){flow, hop};
}

uint32_t maxmin_add_flow(struct maxmin *m, const uint32_t *links, size_t n, double weight, double limit) {
  uint32_t i = flow_take(m);
  struct maxmin_flow *f = &m->flow[i];
  size_t cap = f->cap;
  struct maxmin_hop *hop = n > cap ? mem_grow(f->hop, &cap, n, sizeof *hop) : f->hop;
  *f = (struct maxmin_flow){.weight = weight,
                            .limit = limit,
                            .bottleneck = MAXMIN_BY_NONE,
                            .n = (uint32_t)n,
                            .cap = (uint32_t)cap,
                            .hop = hop};
  for (uint32_t k = 0; k < n; k++) {
    hop[k].link = links[k];
    link_enter(&m->link[links[k]], i, k, &hop[k]);
    if (m->link[links[k]].bound > 0)
      mark_dirty(m, links[k]);
  }
  list_add(&m->fresh, i);
  return i;
}

static void link_leave(struct maxmin *m, struct maxmin_link *l, uint32_t place, double rate) {
  struct maxmin_user last = l->flow[--l->n];
  l->flow[place] = last;
  m->flow[last.flow].hop[last.hop].place = place;
  l->load = l->n > 0 ? l->load - rate : 0;
}

void maxmin_remove_flow(struct maxmin *m, uint32_t flow, bool reuse) {
  struct maxmin_flow *f = &m->flow[flow];
  if (f->bottleneck < m->link_n)
    m->link[f->bottleneck].bound--;
  for (uint32_t k = 0; k < f->n; k++) {
    struct maxmin_link *l = &m->link[f->hop[k].link];
    link_leave(m, l, f->hop[k].place, f->rate);
    if (l->bound > 0) /* else nobody waits for what becomes free */
      mark_dirty(m, f->hop[k].link);
  }
  f->n = 0;
  f->weight = 0;
  if (reuse)
    list_add(&m->unused, flow);
}

bool maxmin_is_dirty(const struct maxmin *m) {
  return m->dirty.n > 0 || m->fresh.n > 0;
}

/* --- the set of flows to refill --- */

static void sum_load(const struct maxmin *m, struct maxmin_link *l) {
  l->updates = 0;
  l->load = 0;
  for (uint32_t i = 0; i < l->n; i++)
    l->load += m->flow[l->flow[i].flow].rate;
}

static uint32_t site_of(struct maxmin *m, uint32_t i) {
  struct maxmin_link *l = &m->link[i];
  if (!l->site) {
    if (l->updates++ >= LOAD_UPDATES)
      sum_load(m, l);
    l->site = 1 + filling_add_site(&m->set, l->capacity - l->load, i, l->bound > 0 ? l->level : (double)INFINITY);
  }
  return l->site - 1;
}

static void join(struct maxmin *m, uint32_t i) {
  struct maxmin_flow *f = &m->flow[i];
  if (f->member)
    return;
  f->member = true;
  filling_add_member(&m->set, f->weight, f->limit, f->n, i);
  for (uint32_t k = 0; k < f->n; k++)
    filling_cross(&m->set, site_of(m, f->hop[k].link), f->rate);
  if (f->bottleneck < m->link_n)
    m->link[f->bottleneck].bound--;
}

static void join_bound(struct maxmin *m, uint32_t link) {
  const struct maxmin_link *l = &m->link[link];
  for (uint32_t i = 0; i < l->n && l->bound > 0; i++)
    if (m->flow[l->flow[i].flow].bottleneck == link)
      join(m, l->flow[i].flow);
}

static void join_above(struct maxmin *m, uint32_t link, double level) {
  const struct maxmin_link *l = &m->link[link];
  for (uint32_t i = 0; i < l->n; i++) {
    const struct maxmin_flow *f = &m->flow[l->flow[i].flow];
    if (f->rate > level * f->weight)
      join(m, l->flow[i].flow);
  }
}

static void join_first(struct maxmin *m) {
  for (size_t i = 0; i < m->fresh.n; i++)
    if (m->flow[m->fresh.at[i]].weight > 0) /* not removed since */
      join(m, m->fresh.at[i]);
  m->fresh.n = 0;
  for (size_t i = 0; i < m->dirty.n; i++) {
    struct maxmin_link *l = &m->link[m->dirty.at[i]];
    l->dirty = false;
    join_bound(m, m->dirty.at[i]);
    if (l->load > l->capacity * (1 + FULL)) /* the capacity was lowered */
      join_above(m, m->dirty.at[i], 0);
  }
  m->dirty.n = 0;
}

/* Where a member crosses a full link it can only rise if those whom that link bounds fall: they would join in the next
 * round, most often. */
static void join_opponents(struct maxmin *m) {
  for (size_t i = 0, n = m->set.sites; i < n; i++)
    join_bound(m, m->set.site[i].link);
}

static void join_component(struct maxmin *m) {
  for (size_t i = 0; i < m->set.sites; i++) /* grows while we go */
    join_above(m, m->set.site[i].link, -1);
}

/* --- does everybody have a bottleneck? --- */

/* Joins the flows at this link that have no bottleneck any more or deprive a member of its. */
static void check_site(struct maxmin *m, size_t i) {
  const struct filling_site *s = &m->set.site[i];
  uint32_t link = s->link;
  const struct maxmin_link *l = &m->link[link];
  if (l->n == s->crossings)
    return;
  bool above = s->filled * (1 + SAME_LEVEL) < s->ceiling; /* else nobody here was above */
  double level = s->filled * (1 + SAME_LEVEL);
  if (l->bound > 0 && (s->rest > FULL * l->capacity || s->top > l->level * (1 + SAME_LEVEL)))
    join_bound(m, link); /* s is void then: the array may have moved */
  if (above)
    join_above(m, link, level);
}

static bool join_unfair(struct maxmin *m) {
  size_t members = m->set.members;
  for (size_t i = 0, n = m->set.sites; i < n; i++)
    check_site(m, i);
  return m->set.members > members;
}

/* --- the result --- */

static uint32_t link_of(const struct maxmin *m, uint32_t stop) {
  if (stop == FILLING_BY_LIMIT)
    return MAXMIN_BY_LIMIT;
  return stop == FILLING_BY_NOTHING ? MAXMIN_BY_NONE : m->set.site[stop].link;
}

static void commit(struct maxmin *m) {
  for (size_t i = 0; i < m->set.sites; i++) {
    const struct filling_site *s = &m->set.site[i];
    struct maxmin_link *l = &m->link[s->link];
    l->site = 0;
    l->load = l->capacity - s->rest;
    if (l->bound == 0) /* else those outside the set keep theirs, lest small differences add up */
      l->level = s->filled;
  }
  for (size_t i = 0; i < m->set.members; i++) {
    const struct filling_member *x = &m->set.member[i];
    struct maxmin_flow *f = &m->flow[x->flow];
    f->member = false;
    f->bottleneck = link_of(m, x->stop);
    if (f->bottleneck < m->link_n)
      m->link[f->bottleneck].bound++;
    if (fabs(x->rate - f->rate) <= SAME_RATE * f->rate)
      continue;
    f->rate = x->rate;
    list_add(&m->changed, x->flow);
  }
  filling_clear(&m->set);
}

void maxmin_solve(struct maxmin *m) {
  m->changed.n = 0;
  if (!maxmin_is_dirty(m))
    return;
  join_first(m);
  join_opponents(m);
  filling_run(&m->set);
  for (int round = 1; join_unfair(m); round++) {
    if (round == ROUNDS_MAX)
      join_component(m);
    filling_run(&m->set);
  }
  commit(m);
}
