/* Memory: the one place that calls malloc. Allocation never returns NULL: when memory is gone the installed handler runs
 * (main's prints and exits 1), so callers carry no error path for it. mem_fail_at() makes the nth allocation fail, for tests. */
#ifndef BASE_MEM_H
#define BASE_MEM_H
#include <stddef.h>

void *mem_alloc(size_t bytes);                    /* zeroed */
void *mem_array(size_t count, size_t elem_bytes); /* zeroed; overflow is out-of-memory */
void *mem_realloc(void *p, size_t count, size_t elem_bytes);
char *mem_strdup(const char *s);                  /* NULL gives NULL */
char *mem_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void mem_free(void *p);                           /* NULL is fine; also for what libc allocated (open_memstream, getline) */

/* Grow an array so that it holds at least `need` elements; returns the (moved) array and updates *cap. */
void *mem_grow(void *array, size_t *cap, size_t need, size_t elem_bytes);

void mem_on_exhausted(void (*handler)(size_t bytes)); /* must not return */
void mem_fail_at(unsigned long nth);                  /* 0 = never */

/* Arena: many small objects of one lifetime. Pointers stay valid until arena_destroy. */
struct arena;
struct arena *arena_create(void);
void arena_destroy(struct arena *a); /* NULL is fine */
void *arena_alloc(struct arena *a, size_t bytes); /* zeroed, aligned for any type */
char *arena_strdup(struct arena *a, const char *s);
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
#endif
