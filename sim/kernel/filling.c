#include "sim/kernel/filling.h"
#include <math.h>
#include "base/mem.h"

#define FEW_KEYS 24 /* so few are looked through, more are kept in a heap */

void filling_free(struct filling *f) {
  mem_free(f->site);
  mem_free(f->member);
  mem_free(f->crossing);
  mem_free(f->key);
}

void filling_grow(struct filling *f, size_t crossings) {
  f->member = mem_grow(f->member, &f->member_cap, f->members + 1, sizeof *f->member);
  f->crossing = mem_grow(f->crossing, &f->crossing_cap, f->crossings + crossings, sizeof *f->crossing);
  f->site = mem_grow(f->site, &f->site_cap, f->sites + crossings, sizeof *f->site);
}

/* --- keys: a binary heap, but of a few the first is found faster by looking at all, and they need no order --- */

static void key_sift_down(struct filling_key *key, size_t n, size_t i) {
  struct filling_key x = key[i];
  for (size_t c; (c = 2 * i + 1) < n; i = c) {
    if (c + 1 < n && key[c + 1].level < key[c].level)
      c++;
    if (key[c].level >= x.level)
      break;
    key[i] = key[c];
  }
  key[i] = x;
}

static size_t key_first(const struct filling_key *key, size_t n) {
  if (n > FEW_KEYS)
    return 0;
  size_t first = 0;
  double level = key[0].level;
  for (size_t i = 1; i < n; i++)
    if (key[i].level < level)
      level = key[first = i].level;
  return first;
}

/* --- filling --- */

/* Subtraction loses small weights beside large ones: what is left of those is summed again. */
static void sum_open_weight(const struct filling *f, struct filling_site *s) {
  s->open_weight = 0;
  for (uint32_t c = s->first; c > 0; c = f->crossing[c - 1].next) {
    const struct filling_member *m = &f->member[f->crossing[c - 1].member];
    s->open_weight += m->fixed ? 0 : m->weight;
  }
}

static inline double site_level(const struct filling *f, struct filling_site *s) {
  if (s->open_weight < 1e-6 * s->weight)
    sum_open_weight(f, s);
  return s->rest > 0 ? s->rest / s->open_weight : 0;
}

static void begin(struct filling *f) {
  f->key = mem_grow(f->key, &f->key_cap, f->sites + f->members, sizeof *f->key);
  struct filling_key *put = f->key;
  for (size_t i = 0; i < f->members; i++) {
    struct filling_member *m = &f->member[i];
    m->fixed = false;
    m->rate = INFINITY;
    m->stop = FILLING_BY_NOTHING;
    if (m->limit < (double)INFINITY)
      *put++ = (struct filling_key){m->limit / m->weight, (uint32_t)(f->sites + i)};
  }
  for (size_t i = 0; i < f->sites; i++) {
    struct filling_site *s = &f->site[i];
    s->rest = s->available;
    s->open_weight = s->weight;
    s->open = s->crossings;
    s->top = -1;
    s->filled = INFINITY;
    *put++ = (struct filling_key){site_level(f, s), (uint32_t)i};
  }
  f->open = f->members;
  f->keys = (size_t)(put - f->key);
  for (size_t i = f->keys > FEW_KEYS ? f->keys / 2 : 0; i-- > 0;)
    key_sift_down(f->key, f->keys, i);
}

static inline void fix(struct filling *f, struct filling_member *m, double rate, double level, uint32_t stop) {
  m->fixed = true;
  m->rate = rate;
  m->stop = stop;
  f->open--;
  for (const struct filling_crossing *c = f->crossing + m->first, *end = c + m->n; c < end; c++) {
    struct filling_site *s = &f->site[c->site];
    s->rest -= rate;
    s->open_weight -= m->weight;
    s->open--;
    s->top = level;
  }
}

static void fix_crossing(struct filling *f, uint32_t site, double level) {
  f->site[site].filled = level;
  for (uint32_t c = f->site[site].first; c > 0; c = f->crossing[c - 1].next) {
    struct filling_member *m = &f->member[f->crossing[c - 1].member];
    if (!m->fixed)
      fix(f, m, level * m->weight, level, site);
  }
}

/* The level of a site only rises while members of a lower level are fixed, so a key that is out of date is too low: it
 * is renewed when it comes up. True when the key is used up. */
static bool fill_first(struct filling *f, struct filling_key *first) {
  if (first->index >= f->sites) {
    struct filling_member *m = &f->member[first->index - f->sites];
    if (!m->fixed)
      fix(f, m, m->limit, first->level, FILLING_BY_LIMIT);
    return true;
  }
  struct filling_site *s = &f->site[first->index];
  if (s->open == 0)
    return true;
  double level = site_level(f, s);
  if (level > first->level) {
    first->level = level;
    return false;
  }
  fix_crossing(f, first->index, first->level);
  return true;
}

void filling_run(struct filling *f) {
  begin(f);
  while (f->open > 0 && f->keys > 0) {
    struct filling_key *first = &f->key[key_first(f->key, f->keys)];
    if (fill_first(f, first))
      *first = f->key[--f->keys];
    if (f->keys > FEW_KEYS)
      key_sift_down(f->key, f->keys, 0);
  }
}
