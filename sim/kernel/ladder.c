#include "sim/kernel/ladder.h"
#include <assert.h>
#include <string.h>
#include "base/mem.h"

/* Measured: neither of these changes the hold model's rate by a tenth when halved or doubled. */
#define BOTTOM_LOAD 24 /* a bucket with more is dealt into a finer rung */
#define BOTTOM_MAX 64  /* insertions beyond this deal bottom itself into a rung */
#define PER_BUCKET 4   /* aimed at, at least, when dealing */

#define SLAB_CHUNKS 128
#define CHUNK_ENTRIES (CHUNK_BYTES / sizeof(struct entry) - 1)
struct chunk {
  struct chunk *next;
  void *pad;
  struct entry at[CHUNK_ENTRIES];
};
_Static_assert(sizeof(struct chunk) == CHUNK_BYTES, "a chunk fills its alignment");

/* --- chunks and buckets --- */

static void chunks_cut(struct ladder *q) {
  char *slab = mem_alloc((SLAB_CHUNKS + 1) * CHUNK_BYTES);
  *(void **)slab = q->slab;
  q->slab = slab;
  char *at = slab + CHUNK_BYTES - (uintptr_t)slab % CHUNK_BYTES; /* at least 16 bytes on, for the chain's pointer */
  for (; at + CHUNK_BYTES <= slab + (SLAB_CHUNKS + 1) * CHUNK_BYTES; at += CHUNK_BYTES) {
    struct chunk *c = (struct chunk *)at;
    c->next = q->free_chunk;
    q->free_chunk = c;
  }
}

static struct chunk *chunk_new(struct ladder *q) {
  if (!q->free_chunk)
    chunks_cut(q);
  struct chunk *c = q->free_chunk;
  q->free_chunk = c->next;
  c->next = NULL;
  return c;
}

static void chunk_release(struct ladder *q, struct chunk *c) {
  c->next = q->free_chunk;
  q->free_chunk = c;
}

static struct chunk *chunk_of_end(const struct entry *put) {
  return (struct chunk *)(((uintptr_t)put - 1) & ~(uintptr_t)(CHUNK_BYTES - 1));
}

void ladder_add_extend(struct ladder *q, struct bucket *b, struct entry x) {
  struct chunk *c = chunk_new(q);
  if (b->put)
    chunk_of_end(b->put)->next = c;
  else
    b->first = c;
  c->at[0] = x;
  b->put = c->at + 1;
}

static inline struct entry *chunk_end(const struct bucket *b, struct chunk *c) {
  return c == chunk_of_end(b->put) ? b->put : c->at + CHUNK_ENTRIES;
}

/* The chunks of bucket b in order; the body may release c. */
#define EACH_CHUNK(b, c, next)                                                                                         \
  for (struct chunk *c = (b)->put ? (b)->first : NULL, *next; c && (next = c->next, 1); c = next)

static size_t bucket_count(const struct bucket *b) {
  size_t n = 0;
  EACH_CHUNK(b, c, next) {
    n += (size_t)(chunk_end(b, c) - c->at);
  }
  return n;
}

static void bucket_span(const struct bucket *b, sim_time *min, sim_time *max) {
  *min = SIM_TIME_MAX;
  *max = 0;
  EACH_CHUNK(b, c, next) {
    for (const struct entry *x = c->at, *end = chunk_end(b, c); x < end; x++) {
      *min = x->time < *min ? x->time : *min;
      *max = x->time > *max ? x->time : *max;
    }
  }
}

/* --- lines --- */

static void line_add(struct line *l, struct entry x) {
  if (l->n == l->cap) {
    if (l->head > l->n / 2) { /* mostly taken out: move instead of growing */
      memmove(l->at, l->at + l->head, (l->n - l->head) * sizeof *l->at);
      l->n -= l->head;
      l->head = 0;
    } else {
      l->at = mem_grow(l->at, &l->cap, l->n + 1, sizeof *l->at);
    }
  }
  l->at[l->n++] = x;
}

static inline bool comes_after(struct entry a, struct entry b) {
  return a.time > b.time || (a.time == b.time && ENTRY_BAND(a) > ENTRY_BAND(b));
}

/* Moves x, for which at[-1] etc. down to first must make room, to its place; returns how many did. Stable: an equal
 * entry stays before the one that came later. */
static inline size_t sift(struct entry *first, struct entry *at, struct entry x) {
  struct entry *from = at;
  for (; at > first && comes_after(at[-1], x); at--)
    *at = at[-1];
  *at = x;
  return (size_t)(from - at);
}

/* --- life --- */

void ladder_init(struct ladder *q, struct slots *slots) {
  *q = (struct ladder){.slots = slots, .bottom_last = -1};
  q->rung[0] = (struct rung){.limit = SIM_TIME_MAX, .n = 1, .bucket = mem_array(1, sizeof(struct bucket))};
  q->bottom.at = mem_grow(NULL, &q->bottom.cap, BOTTOM_MAX + BOTTOM_LOAD, sizeof(struct entry));
}

void ladder_free(struct ladder *q) {
  mem_free(q->bottom.at);
  for (int b = 0; b < BAND_COUNT; b++)
    mem_free(q->instant[b].at);
  for (int r = 0; r < LADDER_RUNGS; r++)
    mem_free(q->rung[r].bucket);
  for (void *slab = q->slab, *next; slab; slab = next) {
    next = *(void **)slab;
    mem_free(slab);
  }
}

/* --- dealing --- */

/* A new finest rung from `start` on for n entries up to max, which takes all later insertions up to limit as well. When
 * all are at `start` its first bucket spans that one instant. */
static struct rung *rung_push(struct ladder *q, size_t n, sim_time start, sim_time max, sim_time limit) {
  assert(q->depth + 1 < LADDER_RUNGS);
  struct rung *r = &q->rung[++q->depth];
  if (!r->bucket)
    r->bucket = mem_array(LADDER_BUCKETS, sizeof *r->bucket);
  uint64_t span = (uint64_t)(max - start), wanted = n / PER_BUCKET;
  wanted = wanted < 2 ? 2 : wanted > LADDER_BUCKETS ? LADDER_BUCKETS : wanted;
  r->shift = 0;
  while (span >> r->shift >= wanted)
    r->shift++;
  r->n = span == 0 ? 2 : (uint32_t)(span >> r->shift) + 1;
  r->start = start;
  r->limit = limit;
  r->next = 0;
  q->bottom_last = start - 1;
  return r;
}

/* Deals bucket b, which holds n entries and whose span ends at limit, into a new rung. */
static void deal(struct ladder *q, struct bucket b, size_t n, sim_time min, sim_time max, sim_time limit) {
  struct rung *r = rung_push(q, n, min, max, limit);
  q->work += n;
  EACH_CHUNK(&b, c, next) {
    for (const struct entry *x = c->at, *end = chunk_end(&b, c); x < end; x++)
      bucket_add(q, rung_bucket(r, x->time), *x);
    chunk_release(q, c);
  }
}

/* Too many insertions into bottom: those after the present instant go to a new rung. It spans all that bottom did, lest
 * insertions at ever earlier times stack up rungs. */
static void deal_bottom(struct ladder *q) {
  struct line *l = &q->bottom;
  size_t keep = l->head;
  while (keep < l->n && l->at[keep].time == q->now)
    keep++;
  if (keep == l->n)
    return;
  struct rung *r = rung_push(q, l->n - keep, q->now + 1, q->bottom_last, q->bottom_last);
  for (size_t i = keep; i < l->n; i++)
    bucket_add(q, rung_bucket(r, l->at[i].time), l->at[i]);
  q->work += l->n - keep;
  l->n = keep;
}

void ladder_add_near(struct ladder *q, struct entry x) {
  if (x.time == q->now) {
    line_add(&q->instant[ENTRY_BAND(x)], x);
    q->instant_mask |= 1u << ENTRY_BAND(x);
    return;
  }
  struct line *l = &q->bottom;
  line_add(l, x);
  q->work += sift(l->at + l->head, l->at + l->n - 1, x);
  if (l->n - l->head > BOTTOM_MAX)
    deal_bottom(q);
}

/* Stable, and without a branch that a processor could guess wrongly: each entry's place is the number of those before
 * it. */
static void sort(const struct entry *in, size_t n, struct entry *out) {
  uint8_t place[BOTTOM_LOAD];
  for (size_t i = 0; i < n; i++) {
    unsigned before = 0;
    for (size_t j = 0; j < i; j++) {
      unsigned first = in[j].time <= in[i].time;
      before += first;
      place[j] = (uint8_t)(place[j] + !first);
    }
    place[i] = (uint8_t)before;
  }
  for (size_t i = 0; i < n; i++)
    out[place[i]] = in[i];
  for (size_t i = 1; i < n; i++)
    if (out[i].time == out[i - 1].time) /* rare, else it would be an instant's bucket: now the bands */
      sift(out, out + i, out[i]);
}

/* Bucket b holds n <= BOTTOM_LOAD entries: sorted into the empty bottom. */
static void load_bottom(struct ladder *q, struct bucket b, size_t n) {
  struct entry in[BOTTOM_LOAD], *put = in;
  EACH_CHUNK(&b, c, next) {
    for (const struct entry *x = c->at, *end = chunk_end(&b, c); x < end; x++) {
      __builtin_prefetch(&q->slots->at[ENTRY_SLOT(*x)]);
      *put++ = *x;
    }
    chunk_release(q, c);
  }
  q->work += n;
  sort(in, n, q->bottom.at);
  q->bottom.head = 0;
  q->bottom.n = n;
}

/* Bucket b holds only entries of one instant: its live ones become the present. */
static void load_instant(struct ladder *q, struct bucket b) {
  EACH_CHUNK(&b, c, next) {
    for (const struct entry *x = c->at, *end = chunk_end(&b, c); x < end; x++) {
      q->work++;
      if (entry_is_stale(q, *x)) {
        q->stale--;
        continue;
      }
      q->now = x->time;
      line_add(&q->instant[ENTRY_BAND(*x)], *x);
      q->instant_mask |= 1u << ENTRY_BAND(*x);
    }
    chunk_release(q, c);
  }
}

/* --- taking --- */

/* The first bucket that is not empty, out of the finest rung. */
struct next {
  struct bucket b;
  sim_time min, max;
  sim_time last; /* of its span */
  bool instant;  /* its span is this one instant */
};

/* Last instant of the span of bucket i. */
static sim_time rung_last(const struct rung *r, uint32_t i) {
  return i + 1 < r->n ? r->start + ((sim_time)(i + 1) << r->shift) - 1 : r->limit;
}

/* False when nothing is left, or only an instant after limit. */
static bool next_bucket(struct ladder *q, sim_time limit, struct next *x) {
  for (; q->depth > 0; q->depth--) {
    struct rung *r = &q->rung[q->depth];
    for (; r->next < r->n && !r->bucket[r->next].put; q->work++)
      r->next++;
    if (r->next == r->n)
      continue;
    struct bucket *b = &r->bucket[r->next];
    *x = (struct next){.b = *b, .last = rung_last(r, r->next), .instant = r->shift == 0 && r->next + 1 < r->n};
    if (x->instant && x->last > limit)
      return false;
    b->put = NULL;
    if (++r->next == r->n)
      q->depth--; /* used up: what is made of its last bucket takes its place */
    return true;
  }
  struct bucket *top = q->rung[0].bucket;
  *x = (struct next){.b = *top};
  bucket_span(top, &x->min, &x->last);
  top->put = NULL;
  return x->b.put != NULL;
}

/* Bottom and the present are empty: brings the next entries there. False when none is left, or none up to limit. */
static bool refill(struct ladder *q, sim_time limit) {
  struct next x;
  while (next_bucket(q, limit, &x)) {
    q->bottom_last = x.last;
    if (x.instant) {
      load_instant(q, x.b);
      if (q->instant_mask)
        return true;
      continue; /* all were stale */
    }
    size_t n = bucket_count(&x.b);
    if (n <= BOTTOM_LOAD) {
      load_bottom(q, x.b, n);
      return true;
    }
    bucket_span(&x.b, &x.min, &x.max);
    deal(q, x.b, n, x.min, x.max, x.last);
  }
  return false;
}

static inline struct entry line_take(struct line *l) {
  struct entry x = l->at[l->head++];
  if (l->head == l->n)
    l->head = l->n = 0;
  return x;
}

/* Of the present instant: what bottom still holds is older than what the lists hold. */
static struct entry take_instant(struct ladder *q) {
  unsigned band = (unsigned)__builtin_ctz(q->instant_mask);
  struct line *l = &q->bottom;
  if (l->head < l->n && l->at[l->head].time == q->now && ENTRY_BAND(l->at[l->head]) <= band)
    return line_take(l);
  l = &q->instant[band];
  struct entry x = line_take(l);
  if (l->n == 0)
    q->instant_mask &= ~(1u << band);
  return x;
}

bool ladder_take_slow(struct ladder *q, sim_time limit, struct entry *ret) {
  for (;;) {
    struct entry x;
    if (q->instant_mask) {
      x = take_instant(q);
    } else if (q->bottom.head < q->bottom.n) {
      if (q->bottom.at[q->bottom.head].time > limit)
        return false;
      x = line_take(&q->bottom);
    } else {
      if (!refill(q, limit))
        return false;
      continue;
    }
    if (!entry_is_stale(q, x)) {
      q->now = x.time;
      *ret = x;
      return true;
    }
    q->stale--;
  }
}

/* --- stale entries --- */

static size_t keep_live(struct ladder *q, struct entry *at, size_t n) {
  size_t kept = 0;
  q->work += n;
  for (size_t i = 0; i < n; i++)
    if (!entry_is_stale(q, at[i]))
      at[kept++] = at[i];
  return kept;
}

static void line_purge(struct ladder *q, struct line *l) {
  l->n = keep_live(q, l->at + l->head, l->n - l->head) + l->head;
  if (l->head == l->n)
    l->head = l->n = 0;
}

static void bucket_purge(struct ladder *q, struct bucket *b) {
  struct bucket old = *b;
  b->put = NULL;
  q->work += 1 + bucket_count(&old);
  EACH_CHUNK(&old, c, next) {
    for (const struct entry *x = c->at, *end = chunk_end(&old, c); x < end; x++)
      if (!entry_is_stale(q, *x))
        bucket_add(q, b, *x);
    chunk_release(q, c);
  }
}

void ladder_purge(struct ladder *q) {
  line_purge(q, &q->bottom);
  for (unsigned b = 0; b < BAND_COUNT; b++) {
    line_purge(q, &q->instant[b]);
    if (q->instant[b].n == 0)
      q->instant_mask &= ~(1u << b);
  }
  for (uint32_t d = 0; d <= q->depth; d++)
    for (uint32_t i = q->rung[d].next; i < q->rung[d].n; i++)
      bucket_purge(q, &q->rung[d].bucket[i]);
  q->stale = 0;
}

void ladder_dropped(struct ladder *q, size_t live) {
  q->stale++;
  if (q->stale > live + (size_t)LADDER_BUCKETS * (q->depth + 1))
    ladder_purge(q);
}
