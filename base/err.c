#include "base/err.h"
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "base/mem.h"

struct errs {
  char **texts;
  size_t count, cap;
};

struct errs *errs_create(void) { return mem_alloc(sizeof(struct errs)); }

void errs_destroy(struct errs *e) {
  if (!e)
    return;
  for (size_t i = 0; i < e->count; i++)
    mem_free(e->texts[i]);
  mem_free(e->texts);
  mem_free(e);
}

/* "file:line: key: ", each part only when known */
static char *prefix(const char *file, int line, const char *key) {
  char number[16] = "";
  if (line > 0)
    snprintf(number, sizeof number, file ? ":%d" : "line %d", line);
  return mem_printf("%s%s%s%s%s", file ? file : "", number, file || line > 0 ? ": " : "", key ? key : "", key ? ": " : "");
}

void errs_add(struct errs *e, const char *file, int line, const char *key, const char *fmt, ...) {
  va_list args, again;
  va_start(args, fmt);
  va_copy(again, args);
  int len = vsnprintf(NULL, 0, fmt, args);
  va_end(args);
  size_t bytes = len < 0 ? 1 : (size_t)len + 1;
  char *what = mem_alloc(bytes);
  vsnprintf(what, bytes, fmt, again);
  va_end(again);

  char *where = prefix(file, line, key);
  e->texts = mem_grow(e->texts, &e->cap, e->count + 1, sizeof *e->texts);
  e->texts[e->count++] = mem_printf("%s%s", where, what);
  mem_free(where);
  mem_free(what);
}

size_t errs_count(const struct errs *e) { return e->count; }

const char *errs_text(const struct errs *e, size_t i) { return e->texts[i]; }

enum { NEAREST_MAX = 80 }; /* longer words get no suggestion */

static int min2(int a, int b) { return a < b ? a : b; }

/* Damerau-Levenshtein with adjacent transpositions (optimal string alignment), case ignored. */
static int distance(const char *a, size_t na, const char *b, size_t nb) {
  int rows[3][NEAREST_MAX + 1]; /* rows i-2, i-1 and i of the table, in turn */
  for (size_t j = 0; j <= nb; j++)
    rows[0][j] = (int)j;
  for (size_t i = 1; i <= na; i++) {
    const int *before = rows[(i + 1) % 3], *last = rows[(i + 2) % 3];
    int *row = rows[i % 3];
    row[0] = (int)i;
    for (size_t j = 1; j <= nb; j++) {
      int ca = tolower((unsigned char)a[i - 1]), cb = tolower((unsigned char)b[j - 1]);
      row[j] = min2(min2(last[j], row[j - 1]) + 1, last[j - 1] + (ca != cb));
      if (i > 1 && j > 1 && ca == tolower((unsigned char)b[j - 2]) && cb == tolower((unsigned char)a[i - 2]))
        row[j] = min2(row[j], before[j - 2] + 1);
    }
  }
  return rows[na % 3][nb];
}

const char *err_nearest(const char *word, const char *(*get)(const void *ctx, size_t i), const void *ctx) {
  size_t len = strlen(word);
  if (len > NEAREST_MAX)
    return NULL;
  const char *best = NULL, *candidate;
  int best_distance = (int)len / 3 + 1;
  for (size_t i = 0; (candidate = get(ctx, i)); i++) {
    size_t n = strlen(candidate);
    int d = n > NEAREST_MAX ? best_distance : distance(word, len, candidate, n);
    if (d < best_distance) {
      best = candidate;
      best_distance = d;
    }
  }
  return best;
}

struct word_list {
  const char *const *words;
  size_t n;
};

static const char *list_get(const void *ctx, size_t i) {
  const struct word_list *l = ctx;
  return i < l->n ? l->words[i] : NULL;
}

const char *err_nearest_in(const char *word, const char *const *list, size_t n) {
  return err_nearest(word, list_get, &(struct word_list){list, n});
}
