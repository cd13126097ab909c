/* Requests in flight by their index: a chained hash table of records that stay where they are, since transfers point at them; and the gates at which requests wait for somebody to open. */
#include <string.h>
#include "base/mem.h"
#include "sim/serve_cluster_core.h"

enum { CHUNK = 256 };

/* Numbers are given in turn, so most of those in flight follow each other: as they are they spread better than any hash. */
static size_t bucket_of(const struct cluster_flights *t, uint64_t index) {
  return (size_t)index & (t->buckets - 1);
}

static void enter(struct cluster_flights *t, struct flight *f) {
  struct flight **b = &t->bucket[bucket_of(t, f->index)];
  f->next = *b;
  *b = f;
}

static void widen(struct cluster_flights *t) {
  struct flight **old = t->bucket;
  size_t n = t->buckets;
  t->buckets = n ? 2 * n : CHUNK;
  t->bucket = mem_array(t->buckets, sizeof(struct flight *));
  for (size_t i = 0; i < n; i++)
    for (struct flight *f = old[i], *next; f; f = next) {
      next = f->next;
      enter(t, f);
    }
  mem_free(old);
}

static void more(struct cluster_flights *t) {
  struct flight *f = mem_array(CHUNK, sizeof *f);
  t->chunk = mem_grow(t->chunk, &t->cap_chunks, t->chunks + 1, sizeof *t->chunk);
  t->chunk[t->chunks++] = f;
  for (int i = CHUNK - 1; i >= 0; i--) {
    f[i].next = t->free;
    t->free = &f[i];
  }
}

struct flight *flight_new(struct cluster *c, uint64_t index) {
  struct cluster_flights *t = &c->flights;
  if (2 * t->n >= t->buckets)
    widen(t);
  if (!t->free)
    more(t);
  struct flight *f = t->free;
  t->free = f->next;
  *f = (struct flight){.c = c, .index = index, .prefill = -1, .decode = -1};
  enter(t, f);
  t->n++;
  return f;
}

struct flight *flight_find(struct cluster *c, uint64_t index) {
  struct flight *f = c->flights.bucket[bucket_of(&c->flights, index)];
  while (f->index != index)
    f = f->next;
  return f;
}

void flight_free(struct cluster *c, struct flight *f) {
  struct cluster_flights *t = &c->flights;
  struct flight **at = &t->bucket[bucket_of(t, f->index)];
  while (*at != f)
    at = &(*at)->next;
  *at = f->next;
  mem_free(f->block);
  f->block = NULL;
  f->next = t->free;
  t->free = f;
  t->n--;
}

void flight_close(struct cluster *c) {
  struct cluster_flights *t = &c->flights;
  for (size_t i = 0; i < t->buckets; i++)
    for (struct flight *f = t->bucket[i]; f; f = f->next)
      mem_free(f->block);
  for (size_t i = 0; i < t->chunks; i++)
    mem_free(t->chunk[i]);
  mem_free(t->chunk);
  mem_free(t->bucket);
}

void gate_push(struct gate *g, struct flight *f, const struct sim_request *r) {
  if (r && r->block && r->blocks > 0) {
    f->blocks = r->blocks;
    f->block = mem_array((size_t)r->blocks, sizeof *f->block);
    memcpy(f->block, r->block, (size_t)r->blocks * sizeof *f->block);
  }
  if (g->head > g->cap / 2) { /* what has left makes room before more is taken */
    memmove(g->at, g->at + g->head, g->n * sizeof(struct flight *));
    g->head = 0;
  }
  g->at = mem_grow(g->at, &g->cap, g->head + g->n + 1, sizeof(struct flight *));
  g->at[g->head + g->n++] = f;
}

struct flight *gate_pop(struct gate *g) {
  if (!g->n)
    return NULL;
  g->n--;
  return g->at[g->head++];
}
