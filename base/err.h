/* Bad input is collected, never printed here: every reader adds what it finds wrong and goes on, so that all errors of a file
 * are shown at once. Form of a message: `file:line: key: what is wrong, got 'x', expected y, did you mean 'z'?`. */
#ifndef BASE_ERR_H
#define BASE_ERR_H
#include <stddef.h>

struct errs;
struct errs *errs_create(void);
void errs_destroy(struct errs *e); /* NULL is fine */

/* file and key may be NULL; line 0 = no line. The text is copied. */
void errs_add(struct errs *e, const char *file, int line, const char *key, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));
size_t errs_count(const struct errs *e);
const char *errs_text(const struct errs *e, size_t i); /* "file:line: key: text", owned by e, i < count */

/* The candidate nearest to `word` (Damerau-Levenshtein, at most a third of its length away, case ignored), or NULL.
 * `get(ctx, i)` returns the i-th candidate or NULL at the end. */
const char *err_nearest(const char *word, const char *(*get)(const void *ctx, size_t i), const void *ctx);
const char *err_nearest_in(const char *word, const char *const *list, size_t n);
#endif
