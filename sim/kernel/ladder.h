/* Private to sim/kernel: the queue of pending events in the order (time, band, insertion), O(1) amortised.
 *
 * A ladder queue (Tang, Goh, Thng 2005) on arrays. A rung is a row of buckets, equal spans of time, unsorted. Far
 * events lie in the only bucket of rung 0. When all nearer ones are gone, that one is dealt into the buckets of rung 1;
 * the first bucket, when it holds too many, is dealt into rung 2, and so on; a bucket of few events is sorted into
 * `bottom`, from whose head events are taken. Each container has a span of time of its own, falling from rung 0 to rung
 * `depth` to bottom.
 *
 * Every move keeps the order of what has equal times, so insertion order needs no number: sorting by (time, band) is
 * stable. Events at the present instant go to one first-in-first-out list per band, so that neither a burst of equal
 * times nor a chain of zero delays costs more than O(1) each. Entries of cancelled events stay until met, or until they
 * outnumber the live ones. */
#ifndef SIM_KERNEL_LADDER_H
#define SIM_KERNEL_LADDER_H
#include "sim/kernel/slots.h"

struct entry {
  sim_time time;
  uint64_t key; /* tag << 32 | slot: one word, so that an entry moves in two registers */
};
#define ENTRY_SLOT(x) ((uint32_t)(x).key)
#define ENTRY_TAG(x) ((uint32_t)((x).key >> 32))
#define ENTRY_BAND(x) ((unsigned)((x).key >> (32 + TAG_BAND_SHIFT)))

struct line { /* entries at[head..n) */
  struct entry *at;
  size_t head, n, cap;
};

/* A chain of chunks. Chunks are aligned to their size, so that the place of the next entry tells by its address alone
 * that its chunk is full (or, being NULL, that there is none). */
#define CHUNK_BYTES 512
struct chunk;
struct bucket {
  struct chunk *first;
  struct entry *put; /* where the next entry goes */
};

#define LADDER_BUCKETS 1024 /* of a rung: their open ends fit the level-2 cache */
#define LADDER_RUNGS 128    /* a bucket is at most half as wide as one two rungs before it, and 2^63 ns at most */
struct rung {
  sim_time start, limit; /* limit: last instant of its span; the last bucket takes all up to it */
  uint32_t shift;        /* a bucket spans 2^shift ns */
  uint32_t n, next;      /* buckets, and the first that was not yet taken out */
  struct bucket *bucket;
};

struct ladder {
  struct slots *slots;
  sim_time now;          /* time of the last event taken */
  sim_time bottom_last;  /* last instant of bottom's span */
  uint32_t instant_mask; /* bit b: instant[b] is not empty */
  uint32_t depth;        /* the finest rung */
  struct line bottom;    /* sorted */
  size_t stale;
  uint64_t work; /* entries moved and buckets passed over so far, for a test of the cost */
  struct chunk *free_chunk;
  void *slab; /* chain of the blocks that chunks are cut from */
  struct line instant[BAND_COUNT];
  struct rung rung[LADDER_RUNGS];
};

void ladder_init(struct ladder *q, struct slots *slots);
void ladder_free(struct ladder *q);
/* Tells that an entry has become stale, and how many are not. */
void ladder_dropped(struct ladder *q, size_t live);
/* Removes all stale entries. */
void ladder_purge(struct ladder *q);

/* The two below for what is rare. */
void ladder_add_near(struct ladder *q, struct entry x);
void ladder_add_extend(struct ladder *q, struct bucket *b, struct entry x);
bool ladder_take_slow(struct ladder *q, sim_time limit, struct entry *ret);

static inline struct bucket *rung_bucket(struct rung *r, sim_time t) {
  uint64_t i = (uint64_t)(t - r->start) >> r->shift, last = r->n - 1;
  return &r->bucket[i < last ? i : last];
}

static inline void bucket_add(struct ladder *q, struct bucket *b, struct entry x) {
  if (__builtin_expect((uintptr_t)b->put % CHUNK_BYTES == 0, 0))
    ladder_add_extend(q, b, x);
  else
    *b->put++ = x;
}

/* Enters the live entry of a slot; time >= q->now. */
static inline void ladder_add(struct ladder *q, sim_time time, uint32_t slot, uint32_t tag) {
  struct entry x = {time, (uint64_t)tag << 32 | slot};
  if (time <= q->bottom_last || time == q->now) {
    ladder_add_near(q, x);
    return;
  }
  struct rung *r = &q->rung[q->depth];
  while (time > r->limit)
    r--;
  bucket_add(q, rung_bucket(r, time), x);
}

static inline bool entry_is_stale(const struct ladder *q, struct entry x) {
  return q->slots->at[ENTRY_SLOT(x)].tag != ENTRY_TAG(x);
}

/* Takes out the first live entry if its time is <= limit (limit >= q->now), and moves q->now to it; else false and
 * q->now stays. */
static inline bool ladder_take(struct ladder *q, sim_time limit, struct entry *ret) {
  if (!q->instant_mask && q->bottom.head < q->bottom.n) {
    struct entry x = q->bottom.at[q->bottom.head];
    if (x.time <= limit && !entry_is_stale(q, x)) {
      q->bottom.head++;
      q->now = x.time;
      *ret = x;
      return true;
    }
  }
  return ladder_take_slow(q, limit, ret);
}
#endif
