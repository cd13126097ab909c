#include "sim/kernel/maxmin.h"
#include <math.h>
#include <string.h>
#include "base/mem.h"

/* Rounding is about 1e-16 of a capacity per flow: what differs by less than these is equal. */
#define SAME_LEVEL 1e-11 /* relative, of levels */
#define FULL 1e-12       /* of the capacity that is left */
#define SAME_RATE 1e-14  /* relative, below which a flow keeps its rate */
#define FEW_KEYS 24
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
  struct maxmin_list *list[] = {&m->unused, &m->dirty, &m->fresh, &m->member, &m->touched, &m->changed};
  for (size_t i = 0; i < sizeof list / sizeof *list; i++)
    mem_free(list[i]->at);
  mem_free(m->heap);
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

static struct maxmin_link *touch(struct maxmin *m, uint32_t i) {
  struct maxmin_link *l = &m->link[i];
  if (l->touched)
    return l;
  l->touched = true;
  if (l->updates >= LOAD_UPDATES)
    sum_load(m, l);
  l->ceiling = l->bound > 0 ? l->level : (double)INFINITY;
  l->members = 0;
  l->member_weight = 0;
  l->available = l->capacity - l->load;
  list_add(&m->touched, i);
  return l;
}

static void join(struct maxmin *m, uint32_t i) {
  struct maxmin_flow *f = &m->flow[i];
  if (f->member)
    return;
  f->member = true;
  list_add(&m->member, i);
  for (uint32_t k = 0; k < f->n; k++) {
    struct maxmin_link *l = touch(m, f->hop[k].link);
    l->members++;
    l->member_weight += f->weight;
    l->available += f->rate;
  }
  if (f->bottleneck < m->link_n)
    m->link[f->bottleneck].bound--;
}

static inline void join_bound(struct maxmin *m, uint32_t link) {
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
  for (size_t i = 0, n = m->member.n; i < n; i++) {
    const struct maxmin_flow *f = &m->flow[m->member.at[i]];
    for (uint32_t k = 0; k < f->n; k++)
      join_bound(m, f->hop[k].link);
  }
}

static void join_component(struct maxmin *m) {
  for (size_t i = 0; i < m->touched.n; i++) /* grows while we go */
    join_above(m, m->touched.at[i], -1);
}

/* --- refilling: lowest level first --- */

/* A binary heap; equal levels come in whatever order it gives, which only the history of the network decides. */
static void heap_sift_down(struct maxmin_key *heap, size_t n, size_t i) {
  struct maxmin_key x = heap[i];
  for (size_t c; (c = 2 * i + 1) < n; i = c) {
    if (c + 1 < n && heap[c + 1].level < heap[c].level)
      c++;
    if (heap[c].level >= x.level)
      break;
    heap[i] = heap[c];
  }
  heap[i] = x;
}

/* Of a few keys the first is found faster by looking at all, and they need no order. */
static size_t heap_first(const struct maxmin_key *heap, size_t n) {
  if (n > FEW_KEYS)
    return 0;
  size_t first = 0;
  double level = heap[0].level;
  for (size_t i = 1; i < n; i++)
    if (heap[i].level < level)
      level = heap[first = i].level;
  return first;
}

/* Subtraction loses small weights beside large ones: what is left of those is summed again. */
static void sum_weight(const struct maxmin *m, struct maxmin_link *l) {
  l->weight = 0;
  for (uint32_t i = 0; i < l->n; i++) {
    const struct maxmin_flow *f = &m->flow[l->flow[i].flow];
    l->weight += f->member && !f->fixed ? f->weight : 0;
  }
}

static inline double link_level(const struct maxmin *m, struct maxmin_link *l) {
  if (l->weight < 1e-6 * l->member_weight)
    sum_weight(m, l);
  return l->rest > 0 ? l->rest / l->weight : 0;
}

static void refill_begin(struct maxmin *m) {
  m->heap = mem_grow(m->heap, &m->heap_cap, m->touched.n + m->member.n, sizeof *m->heap);
  struct maxmin_key *put = m->heap;
  for (size_t i = 0; i < m->touched.n; i++) {
    struct maxmin_link *l = &m->link[m->touched.at[i]];
    l->rest = l->available;
    l->weight = l->member_weight;
    l->open = l->members;
    l->top = -1;
    l->filled = INFINITY;
    *put++ = (struct maxmin_key){link_level(m, l), KEY_OF_LINK, m->touched.at[i]};
  }
  for (size_t i = 0; i < m->member.n; i++) {
    struct maxmin_flow *f = &m->flow[m->member.at[i]];
    f->fixed = false;
    f->next = INFINITY;
    f->bottleneck = MAXMIN_BY_NONE;
    if (f->limit < (double)INFINITY)
      *put++ = (struct maxmin_key){f->limit / f->weight, m->member.at[i], MAXMIN_BY_LIMIT};
  }
  m->open = m->member.n;
  m->heap_n = (size_t)(put - m->heap);
  for (size_t i = m->heap_n > FEW_KEYS ? m->heap_n / 2 : 0; i-- > 0;)
    heap_sift_down(m->heap, m->heap_n, i);
}

static void fix(struct maxmin *m, struct maxmin_flow *f, double rate, double level, uint32_t bottleneck) {
  f->fixed = true;
  f->next = rate;
  f->bottleneck = bottleneck;
  m->open--;
  for (uint32_t k = 0; k < f->n; k++) {
    struct maxmin_link *l = &m->link[f->hop[k].link];
    l->rest -= rate;
    l->weight -= f->weight;
    l->open--;
    l->top = level;
  }
}

static void fix_users(struct maxmin *m, uint32_t link, double level) {
  struct maxmin_link *l = &m->link[link];
  l->filled = level;
  for (uint32_t i = 0; l->open > 0; i++) {
    struct maxmin_flow *f = &m->flow[l->flow[i].flow];
    if (f->member && !f->fixed)
      fix(m, f, level * f->weight, level, link);
  }
}

/* The level of a link only rises while flows of a lower level are fixed, so a key that is out of date is too low: it is
 * renewed when it comes up. True when the key is used up. */
static bool fill_first(struct maxmin *m, struct maxmin_key *first) {
  if (first->flow != KEY_OF_LINK) {
    struct maxmin_flow *f = &m->flow[first->flow];
    if (!f->fixed)
      fix(m, f, f->limit, first->level, MAXMIN_BY_LIMIT);
    return true;
  }
  struct maxmin_link *l = &m->link[first->link];
  if (l->open == 0)
    return true;
  double level = link_level(m, l);
  if (level > first->level) {
    first->level = level;
    return false;
  }
  fix_users(m, first->link, first->level);
  return true;
}

static void refill(struct maxmin *m) {
  refill_begin(m);
  while (m->open > 0 && m->heap_n > 0) {
    struct maxmin_key *first = &m->heap[heap_first(m->heap, m->heap_n)];
    if (fill_first(m, first))
      *first = m->heap[--m->heap_n];
    if (m->heap_n > FEW_KEYS)
      heap_sift_down(m->heap, m->heap_n, 0);
  }
}

/* --- does everybody have a bottleneck? --- */

/* Joins the flows at this link that have no bottleneck any more or deprive a member of its. */
static inline void check_link(struct maxmin *m, uint32_t i) {
  const struct maxmin_link *l = &m->link[i];
  if (l->n == l->members)
    return;
  if (l->bound > 0 && (l->rest > FULL * l->capacity || l->top > l->level * (1 + SAME_LEVEL)))
    join_bound(m, i);
  if (l->filled * (1 + SAME_LEVEL) < l->ceiling) /* else nobody here was above */
    join_above(m, i, l->filled * (1 + SAME_LEVEL));
}

static bool join_unfair(struct maxmin *m) {
  size_t members = m->member.n;
  for (size_t i = 0, n = m->touched.n; i < n; i++)
    check_link(m, m->touched.at[i]);
  return m->member.n > members;
}

/* --- the result --- */

static void commit(struct maxmin *m) {
  for (size_t i = 0; i < m->touched.n; i++) {
    struct maxmin_link *l = &m->link[m->touched.at[i]];
    l->touched = false;
    l->load = l->capacity - l->rest;
    l->updates++;
    if (l->bound == 0) /* else those outside the set keep theirs, lest small differences add up */
      l->level = l->filled;
  }
  for (size_t i = 0; i < m->member.n; i++) {
    struct maxmin_flow *f = &m->flow[m->member.at[i]];
    f->member = false;
    if (f->bottleneck < m->link_n)
      m->link[f->bottleneck].bound++;
    if (fabs(f->next - f->rate) <= SAME_RATE * f->rate)
      continue;
    f->rate = f->next;
    list_add(&m->changed, m->member.at[i]);
  }
  m->touched.n = m->member.n = 0;
}

void maxmin_solve(struct maxmin *m) {
  m->changed.n = 0;
  if (!maxmin_is_dirty(m))
    return;
  join_first(m);
  join_opponents(m);
  refill(m);
  for (int round = 1; join_unfair(m); round++) {
    if (round == ROUNDS_MAX)
      join_component(m);
    refill(m);
  }
  commit(m);
}
