#include "sim/serve_prefix.h"

#include <assert.h>
#include <stddef.h>
#include "base/mem.h"

enum { NONE = -1, FIRST_CAP = 1024 };

struct block {
  int32_t id, holders;
  int32_t older, newer; /* among blocks without holders */
  int32_t next;         /* in its bucket, or of the unused */
};
struct serve_prefix {
  struct block *block;
  int32_t *bucket;      /* as many as blocks, a power of two */
  int32_t cap, unused;
  int32_t oldest, newest;
  int64_t idle;
};

static uint32_t bucket_of(const struct serve_prefix *p, int32_t id) {
  return ((uint32_t)id * 0x9E3779B1u >> 7) & (uint32_t)(p->cap - 1);
}

static void bucket_put(struct serve_prefix *p, int32_t b) {
  int32_t *head = &p->bucket[bucket_of(p, p->block[b].id)];
  p->block[b].next = *head;
  *head = b;
}

static int32_t find(const struct serve_prefix *p, int32_t id) {
  int32_t b = p->bucket[bucket_of(p, id)];
  while (b != NONE && p->block[b].id != id)
    b = p->block[b].next;
  return b;
}

/* Called when every block is in use, so all go into the wider table. */
static void widen(struct serve_prefix *p) {
  int32_t old = p->cap;
  p->cap = old ? 2 * old : FIRST_CAP;
  p->block = mem_realloc(p->block, (size_t)p->cap, sizeof *p->block);
  p->bucket = mem_realloc(p->bucket, (size_t)p->cap, sizeof *p->bucket);
  for (int32_t i = 0; i < p->cap; i++)
    p->bucket[i] = NONE;
  for (int32_t i = 0; i < old; i++)
    bucket_put(p, i);
  p->unused = NONE;
  for (int32_t i = p->cap - 1; i >= old; i--) {
    p->block[i].next = p->unused;
    p->unused = i;
  }
}

struct serve_prefix *serve_prefix_create(void) {
  struct serve_prefix *p = mem_alloc(sizeof *p);
  *p = (struct serve_prefix){.oldest = NONE, .newest = NONE, .unused = NONE};
  widen(p);
  return p;
}

void serve_prefix_destroy(struct serve_prefix *p) {
  if (!p)
    return;
  mem_free(p->block);
  mem_free(p->bucket);
  mem_free(p);
}

int32_t serve_prefix_find(const struct serve_prefix *p, const int32_t *id, int32_t n, int32_t *ret_held) {
  int32_t found = 0, held = 0, b;
  for (; found < n && (b = find(p, id[found])) != NONE; found++)
    held += p->block[b].holders > 0;
  if (ret_held)
    *ret_held = held;
  return found;
}

/* ---- the list of blocks that nobody holds ---- */
static void idle_append(struct serve_prefix *p, int32_t b) {
  p->block[b].older = p->newest;
  p->block[b].newer = NONE;
  if (p->newest != NONE)
    p->block[p->newest].newer = b;
  else
    p->oldest = b;
  p->newest = b;
  p->idle++;
}

static void idle_remove(struct serve_prefix *p, int32_t b) {
  const struct block *x = &p->block[b];
  if (x->older != NONE)
    p->block[x->older].newer = x->newer;
  else
    p->oldest = x->newer;
  if (x->newer != NONE)
    p->block[x->newer].older = x->older;
  else
    p->newest = x->older;
  p->idle--;
}

static int32_t add(struct serve_prefix *p, int32_t id) {
  if (p->unused == NONE)
    widen(p);
  int32_t b = p->unused;
  p->unused = p->block[b].next;
  p->block[b] = (struct block){.id = id};
  bucket_put(p, b);
  return b;
}

static void drop(struct serve_prefix *p, int32_t b) {
  int32_t *at = &p->bucket[bucket_of(p, p->block[b].id)];
  while (*at != b)
    at = &p->block[*at].next;
  *at = p->block[b].next;
  p->block[b].next = p->unused;
  p->unused = b;
}

/* ---- holding and releasing ---- */
bool serve_prefix_hold(struct serve_prefix *p, int32_t id) {
  int32_t b = find(p, id);
  if (b == NONE)
    b = add(p, id);
  else if (p->block[b].holders == 0)
    idle_remove(p, b);
  return p->block[b].holders++ == 0;
}

bool serve_prefix_release(struct serve_prefix *p, int32_t id) {
  int32_t b = find(p, id);
  assert(b != NONE && p->block[b].holders > 0);
  if (--p->block[b].holders > 0)
    return false;
  idle_append(p, b);
  return true;
}

uint64_t serve_prefix_trim(struct serve_prefix *p, int64_t most) {
  uint64_t gone = 0;
  for (; p->idle > 0 && p->idle > most; gone++) {
    int32_t b = p->oldest;
    idle_remove(p, b);
    drop(p, b);
  }
  return gone;
}

int64_t serve_prefix_idle(const struct serve_prefix *p) {
  return p->idle;
}
