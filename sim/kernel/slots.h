/* Private to sim/kernel: where the facts of a pending event lie, found by its id in one step.
 *
 * An id is generation << 32 | index: the generation counts the events a slot has held, and a slot whose generations are
 * used up is never used again, so an id never comes back. The tag says which queue entry of the slot is the live one:
 * entries with another tag were cancelled or rescheduled and are dropped when met. */
#ifndef SIM_KERNEL_SLOTS_H
#define SIM_KERNEL_SLOTS_H
#include "sim/kernel/engine.h"

#define TAG_BAND_SHIFT 29
/* A test makes these two small, to see versions begin anew and slots end. */
#ifndef TAG_VERSION_BITS
#define TAG_VERSION_BITS 29
#endif
#ifndef SLOT_GENERATIONS
#define SLOT_GENERATIONS UINT32_MAX
#endif
#define TAG_VERSION_MASK ((1u << TAG_VERSION_BITS) - 1)
#define TAG_FREE ((uint32_t)BAND_COUNT << TAG_BAND_SHIFT) /* a band that no entry has */

struct slot {
  event_fn fn;
  void *subject;
  union {
    void *object;
    uint32_t next_free; /* index + 1 */
  };
  uint32_t generation;
  uint32_t tag; /* band << TAG_BAND_SHIFT | version */
};

struct slots {
  struct slot *at;
  size_t n, cap;
  uint32_t free_head; /* index + 1, 0 = none: the slot freed last, still in the cache, is used first */
};

uint32_t slots_take_new(struct slots *s); /* one never used before */
void slots_free(struct slots *s);

static inline uint32_t slots_take(struct slots *s) {
  if (!s->free_head)
    return slots_take_new(s);
  uint32_t i = s->free_head - 1;
  s->free_head = s->at[i].next_free;
  return i;
}

static inline void slots_release(struct slots *s, uint32_t i) {
  struct slot *x = &s->at[i];
  x->tag = TAG_FREE | (x->tag & TAG_VERSION_MASK);
  if (++x->generation == SLOT_GENERATIONS)
    return;
  x->next_free = s->free_head;
  s->free_head = i + 1;
}

static inline uint64_t slots_id(const struct slots *s, uint32_t i) {
  return (uint64_t)s->at[i].generation << 32 | i;
}

static inline struct slot *slots_find(const struct slots *s, uint64_t id) {
  uint32_t i = (uint32_t)id;
  if (i >= s->n || s->at[i].generation != id >> 32 || s->at[i].tag >= TAG_FREE)
    return NULL;
  return &s->at[i];
}
#endif
