#include "base/mem.h"
#include <stdarg.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void (*exhausted_handler)(size_t bytes);
static atomic_ulong allocations_left; /* until the one that is made to fail; 0 = none is */

void mem_on_exhausted(void (*handler)(size_t bytes)) { exhausted_handler = handler; }

void mem_fail_at(unsigned long nth) { atomic_store(&allocations_left, nth); }

_Noreturn static void exhausted(size_t bytes) {
  if (exhausted_handler)
    exhausted_handler(bytes);
  abort();
}

static bool must_fail(void) {
  if (atomic_load_explicit(&allocations_left, memory_order_relaxed) == 0)
    return false;
  return atomic_fetch_sub(&allocations_left, 1) == 1;
}

void *mem_alloc(size_t bytes) { return mem_array(1, bytes); }

void *mem_array(size_t count, size_t elem_bytes) {
  size_t bytes;
  if (__builtin_mul_overflow(count, elem_bytes, &bytes) || must_fail())
    exhausted(SIZE_MAX);
  void *p = calloc(1, bytes ? bytes : 1);
  if (!p)
    exhausted(bytes);
  return p;
}

void *mem_realloc(void *p, size_t count, size_t elem_bytes) {
  size_t bytes;
  if (__builtin_mul_overflow(count, elem_bytes, &bytes) || must_fail())
    exhausted(SIZE_MAX);
  void *moved = realloc(p, bytes ? bytes : 1);
  if (!moved)
    exhausted(bytes);
  return moved;
}

void mem_free(void *p) { free(p); }

char *mem_strdup(const char *s) {
  if (!s)
    return NULL;
  size_t bytes = strlen(s) + 1;
  return memcpy(mem_alloc(bytes), s, bytes);
}

char *mem_printf(const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  int len = vsnprintf(NULL, 0, fmt, args);
  va_end(args);
  if (len < 0)
    return mem_strdup("");
  char *text = mem_alloc((size_t)len + 1);
  va_start(args, fmt);
  vsnprintf(text, (size_t)len + 1, fmt, args);
  va_end(args);
  return text;
}

void *mem_grow(void *array, size_t *cap, size_t need, size_t elem_bytes) {
  if (need <= *cap)
    return array;
  size_t old = *cap, grown = old < 8 ? 8 : old + old / 2 + old / 4;
  if (grown < need)
    grown = need;
  array = mem_realloc(array, grown, elem_bytes);
  memset((char *)array + old * elem_bytes, 0, (grown - old) * elem_bytes);
  *cap = grown;
  return array;
}

/* Arena: a list of blocks, the newest first; only the newest is filled. Blocks double up to a limit, so that a small arena stays
 * small and a large one does not call the allocator often. */
enum { ARENA_FIRST_BYTES = 4096, ARENA_MAX_BYTES = 1 << 20 };

struct block {
  struct block *next;
  size_t used, size;
  max_align_t data[];
};
struct arena {
  struct block *newest;
  size_t next_bytes;
};

struct arena *arena_create(void) {
  struct arena *a = mem_alloc(sizeof *a);
  a->next_bytes = ARENA_FIRST_BYTES;
  return a;
}

void arena_destroy(struct arena *a) {
  if (!a)
    return;
  for (struct block *b = a->newest, *next; b; b = next) {
    next = b->next;
    mem_free(b);
  }
  mem_free(a);
}

static struct block *add_block(struct arena *a, size_t bytes) {
  size_t size = bytes > a->next_bytes ? bytes : a->next_bytes, whole;
  if (__builtin_add_overflow(size, sizeof(struct block), &whole))
    exhausted(SIZE_MAX);
  struct block *b = mem_alloc(whole);
  b->size = size;
  b->next = a->newest;
  a->newest = b;
  if (a->next_bytes < ARENA_MAX_BYTES)
    a->next_bytes *= 2;
  return b;
}

void *arena_alloc(struct arena *a, size_t bytes) {
  const size_t align = alignof(max_align_t);
  if (bytes > SIZE_MAX - align)
    exhausted(bytes);
  bytes = (bytes + align - 1) / align * align;
  struct block *b = a->newest;
  if (!b || b->size - b->used < bytes)
    b = add_block(a, bytes);
  void *p = (char *)b->data + b->used;
  b->used += bytes;
  return p;
}

char *arena_strdup(struct arena *a, const char *s) {
  if (!s)
    return NULL;
  size_t bytes = strlen(s) + 1;
  return memcpy(arena_alloc(a, bytes), s, bytes);
}

char *arena_printf(struct arena *a, const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  int len = vsnprintf(NULL, 0, fmt, args);
  va_end(args);
  if (len < 0)
    return arena_strdup(a, "");
  char *text = arena_alloc(a, (size_t)len + 1);
  va_start(args, fmt);
  vsnprintf(text, (size_t)len + 1, fmt, args);
  va_end(args);
  return text;
}
