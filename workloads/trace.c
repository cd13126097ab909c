#include "workloads/trace.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include "base/csv_feed.h"
#include "base/mem.h"

struct wl_trace {
  char *path;
  FILE *file;
  const struct wl_trace_format *format;
  struct errs *errs;
  double bad_share;
  uint64_t rows, bad, failures, bytes;
  char *named[WL_TRACE_NAMED_BAD];
  bool stop, eof;
  double first_s, last_s;
  int line;
  /* CSV: rows parsed ahead from one chunk */
  struct csv_feed *feed;
  bool header_seen;
  int col[WL_TRACE_FIELDS];   /* format's column of each file column, -1 = not wanted */
  int fields;                 /* file columns */
  struct wl_trace_request *ready;
  size_t ready_n, ready_i, ready_cap;
  /* JSON lines */
  char *linebuf;
  size_t line_cap;
  int32_t *hash;
  size_t hash_cap;
};

/* ---- bad rows ---- */
static void bad_row(struct wl_trace *t, const char *why) {
  if (t->bad < WL_TRACE_NAMED_BAD)
    t->named[t->bad] = mem_printf("%s:%d: %s", t->path, t->line, why);
  t->bad++;
}

static void check_share(struct wl_trace *t, bool at_end) {
  if (t->stop || t->bad == 0 || (!at_end && t->rows < 100) || (double)t->bad <= t->bad_share * (double)t->rows)
    return;
  t->stop = true;
  for (size_t i = 0; i < WL_TRACE_NAMED_BAD && t->named[i]; i++)
    errs_add(t->errs, NULL, 0, NULL, "%s", t->named[i]);
  errs_add(t->errs, t->path, 0, NULL, "%llu of %llu rows are bad, more than the %.3g %% allowed", (unsigned long long)t->bad, (unsigned long long)t->rows,
           100 * t->bad_share);
}

/* Order and origin of time are the same for all formats. */
static bool settle(struct wl_trace *t, enum wl_trace_row kind, struct wl_trace_request *r, const char *why) {
  t->rows++;
  if (kind == WL_ROW_BAD) {
    bad_row(t, why);
    return false;
  }
  if (t->rows - t->bad == 1)
    t->first_s = t->last_s = r->arrival_s;
  if (r->arrival_s < t->last_s) {
    bad_row(t, "arrives before the row above it");
    return false;
  }
  t->last_s = r->arrival_s;
  r->arrival_s -= t->first_s;
  t->failures += kind == WL_ROW_FAILED;
  return kind == WL_ROW_OK;
}

/* ---- CSV ---- */
static bool match_header(const struct wl_trace_format *f, const char *const *name, int n, int *col) {
  for (int i = 0; i < n; i++)
    col[i] = -1;
  for (int k = 0; k < 5 && f->column[k]; k++) {
    int found = -1;
    for (int i = 0; i < n; i++)
      if (strcmp(name[i], f->column[k]) == 0)
        found = i;
    if (found < 0)
      return false;
    col[found] = k;
  }
  return true;
}

static void header_row(struct wl_trace *t, const char *const *name, int n) {
  t->header_seen = true;
  t->fields = n;
  bool matches = t->format && match_header(t->format, name, n, t->col);
  for (size_t i = 0; wl_trace_formats[i] && !t->format; i++)
    if (wl_trace_formats[i]->row && match_header(wl_trace_formats[i], name, n, t->col)) {
      t->format = wl_trace_formats[i];
      matches = true;
    }
  if (!matches) {
    errs_add(t->errs, t->path, t->line, "header", "got '%s%s%s..', expected the columns of a known trace format (see `rackcast trace --help`)", name[0],
             n > 1 ? "," : "", n > 1 ? name[1] : "");
    t->stop = true;
  }
}

static void data_row(struct wl_trace *t, const char *const *text, int n) {
  const char *field[5] = {"", "", "", "", ""};
  char why[80] = "";
  struct wl_trace_request r = {0};
  enum wl_trace_row kind = WL_ROW_BAD;
  if (n != t->fields)
    snprintf(why, sizeof why, "got %d fields, expected %d", n, t->fields);
  else {
    for (int i = 0; i < t->fields; i++)
      if (t->col[i] >= 0)
        field[t->col[i]] = text[i];
    kind = t->format->row(field, &r, why);
  }
  if (settle(t, kind, &r, why)) {
    t->ready = mem_grow(t->ready, &t->ready_cap, t->ready_n + 1, sizeof *t->ready);
    t->ready[t->ready_n++] = r;
  }
  check_share(t, false);
}

static void on_row(void *ctx, const char *const *field, size_t count) {
  struct wl_trace *t = ctx;
  int n = count < WL_TRACE_FIELDS ? (int)count : WL_TRACE_FIELDS;
  t->line++;
  if (t->stop || (n == 1 && field[0][0] == '\0'))
    return;
  if (t->header_seen)
    data_row(t, field, n);
  else
    header_row(t, field, n);
}

static void csv_chunk(struct wl_trace *t) {
  size_t n;
  t->ready_n = t->ready_i = 0;
  bool ok = csv_feed_chunk(t->feed, &n, &t->eof);
  t->bytes += n;
  if (ok && t->eof)
    check_share(t, true);
  if (!ok && !t->stop) {
    errs_add(t->errs, t->path, t->line + 1, NULL, "%s", csv_feed_error(t->feed));
    t->stop = true;
  }
}

static bool csv_next(struct wl_trace *t, struct wl_trace_request *r) {
  while (t->ready_i == t->ready_n) {
    if (t->eof || t->stop)
      return false;
    csv_chunk(t);
  }
  *r = t->ready[t->ready_i++];
  return true;
}

/* ---- JSON lines ---- */
static bool json_tokens(const json_t *o, const char *key, int32_t *ret, char *why) {
  const json_t *v = json_object_get(o, key);
  if (json_is_integer(v) && json_integer_value(v) >= 1 && json_integer_value(v) <= WL_TRACE_TOKENS_MAX) {
    *ret = (int32_t)json_integer_value(v);
    return true;
  }
  snprintf(why, 80, "%s: expected a whole number of at least 1", key);
  return false;
}

/* hash_ids, which a row may lack, into t->hash. */
static bool json_blocks(struct wl_trace *t, const json_t *o, struct wl_trace_request *r, char *why) {
  const json_t *ids = json_object_get(o, "hash_ids");
  if (ids && !json_is_array(ids)) {
    snprintf(why, 80, "hash_ids: expected a list");
    return false;
  }
  size_t n = json_array_size(ids);
  t->hash = mem_grow(t->hash, &t->hash_cap, n + 1, sizeof *t->hash);
  for (size_t i = 0; i < n; i++) {
    const json_t *v = json_array_get(ids, i);
    if (!json_is_integer(v) || json_integer_value(v) < 0 || json_integer_value(v) > INT32_MAX) {
      snprintf(why, 80, "hash_ids: expected whole numbers from 0 to %d", INT32_MAX);
      return false;
    }
    t->hash[i] = (int32_t)json_integer_value(v);
  }
  r->hash = n ? t->hash : NULL;
  r->hashes = (int32_t)n;
  return true;
}

static enum wl_trace_row json_row(struct wl_trace *t, const json_t *o, struct wl_trace_request *r, char *why) {
  const json_t *at = json_object_get(o, "timestamp");
  if (!json_is_number(at) || json_number_value(at) < 0) {
    snprintf(why, 80, "timestamp: expected milliseconds");
    return WL_ROW_BAD;
  }
  if (!json_tokens(o, "input_length", &r->input, why) || !json_tokens(o, "output_length", &r->output, why))
    return WL_ROW_BAD;
  r->arrival_s = json_number_value(at) * 1e-3;
  return json_blocks(t, o, r, why) ? WL_ROW_OK : WL_ROW_BAD;
}

/* One line of any length into linebuf; its length, 0 at the end of the file. */
static size_t read_line(struct wl_trace *t) {
  size_t n = 0;
  do {
    t->linebuf = mem_grow(t->linebuf, &t->line_cap, n + 4096, 1);
    if (!fgets(t->linebuf + n, (int)(t->line_cap - n), t->file))
      break;
    n += strlen(t->linebuf + n);
  } while (n > 0 && t->linebuf[n - 1] != '\n');
  return n;
}

static bool json_next(struct wl_trace *t, struct wl_trace_request *r) {
  while (!t->stop && !t->eof) {
    size_t n = read_line(t);
    if (n == 0) {
      t->eof = true;
      check_share(t, true);
      return false;
    }
    t->line++;
    t->bytes += n;
    if (strspn(t->linebuf, " \t\r\n") == n)
      continue;
    char why[80] = "";
    json_error_t e;
    json_t *o = json_loads(t->linebuf, JSON_REJECT_DUPLICATES, &e);
    memset(r, 0, sizeof *r);
    enum wl_trace_row kind = WL_ROW_BAD;
    if (o)
      kind = json_row(t, o, r, why);
    else
      snprintf(why, sizeof why, "%.70s", e.text);
    bool ok = settle(t, kind, r, why);
    json_decref(o);
    check_share(t, false);
    if (ok && !t->stop)
      return true;
  }
  return false;
}

/* ---- opening ---- */
static const char *format_name(const void *ctx, size_t i) {
  (void)ctx;
  return wl_trace_formats[i] ? wl_trace_formats[i]->name : NULL;
}

static bool find_format(struct wl_trace *t, const char *name) {
  if (!name || !name[0])
    return true;
  for (size_t i = 0; wl_trace_formats[i]; i++)
    if (strcmp(wl_trace_formats[i]->name, name) == 0) {
      t->format = wl_trace_formats[i];
      return true;
    }
  const char *near = err_nearest(name, format_name, NULL);
  errs_add(t->errs, NULL, 0, "format", "unknown trace format '%s', expected azure, vidur, vidur-lengths, burstgpt, rackcast or mooncake%s%s", name,
           near ? "; did you mean " : "", near ? near : "");
  return false;
}

static bool is_json(struct wl_trace *t) {
  int c = getc(t->file);
  if (c != EOF)
    ungetc(c, t->file);
  return c == '{';
}

struct wl_trace *wl_trace_open(const char *path, const char *format, double bad_share, struct errs *errs) {
  struct wl_trace *t = mem_alloc(sizeof *t);
  t->path = mem_strdup(path);
  t->errs = errs;
  t->bad_share = bad_share;
  t->file = fopen(path, "rb");
  if (!t->file)
    errs_add(errs, path, 0, NULL, "%s", strerror(errno));
  if (!t->file || !find_format(t, format)) {
    wl_trace_close(t);
    return NULL;
  }
  if (!t->format && is_json(t))
    find_format(t, "mooncake");
  if (t->format && !t->format->row)
    return t;
  t->feed = csv_feed_create(t->file, on_row, t);
  while (!t->header_seen && !t->stop && !t->eof) /* the header, so that a wrong file is refused at once */
    csv_chunk(t);
  if (!t->header_seen && !t->stop)
    errs_add(errs, path, 0, NULL, "empty, expected a request trace");
  if (t->header_seen && !t->stop)
    return t;
  wl_trace_close(t);
  return NULL;
}

bool wl_trace_next(struct wl_trace *t, struct wl_trace_request *r) {
  return t->format->row ? csv_next(t, r) : json_next(t, r);
}

void wl_trace_close(struct wl_trace *t) {
  if (!t)
    return;
  csv_feed_destroy(t->feed);
  if (t->file)
    fclose(t->file);
  for (int i = 0; i < WL_TRACE_NAMED_BAD; i++)
    mem_free(t->named[i]);
  mem_free(t->linebuf);
  mem_free(t->hash);
  mem_free(t->ready);
  mem_free(t->path);
  mem_free(t);
}

bool wl_trace_failed(const struct wl_trace *t) {
  return t->stop;
}
const struct wl_trace_format *wl_trace_format_of(const struct wl_trace *t) {
  return t->format;
}
uint64_t wl_trace_rows(const struct wl_trace *t) {
  return t->rows;
}
uint64_t wl_trace_bad(const struct wl_trace *t) {
  return t->bad;
}
uint64_t wl_trace_failures(const struct wl_trace *t) {
  return t->failures;
}
uint64_t wl_trace_bytes(const struct wl_trace *t) {
  return t->bytes;
}
const char *wl_trace_bad_text(const struct wl_trace *t, size_t i) {
  return i < WL_TRACE_NAMED_BAD ? t->named[i] : NULL;
}
