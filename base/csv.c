#include "base/csv.h"
#include <csv.h>
#include <errno.h>
#include <string.h>
#include "base/mem.h"
#include "base/units.h"

enum { CHUNK_BYTES = 1 << 18, RECORD_MAX_BYTES = 1 << 26 };

/* ---- streaming ---- */

/* The record being read: the texts of its fields behind each other, and where each begins. */
struct stream {
  csv_row_fn cb;
  void *ctx;
  const char *path;
  struct errs *errs;
  char *text;
  size_t text_len, text_cap;
  size_t *starts;
  size_t starts_cap;
  const char **fields;
  size_t fields_cap;
  size_t n;            /* fields so far */
  size_t row;          /* records so far */
  int line;            /* where the record begins */
  int last_terminator; /* to count \r\n once */
  size_t open_bytes;   /* read since a record ended */
  bool stopped;
};

static void on_field(void *data, size_t len, void *ctx) {
  struct stream *s = ctx;
  if (s->text_len + len + 1 > s->text_cap)
    s->text = mem_grow(s->text, &s->text_cap, s->text_len + len + 1, 1);
  if (s->n == s->starts_cap)
    s->starts = mem_grow(s->starts, &s->starts_cap, s->n + 1, sizeof *s->starts);
  s->starts[s->n++] = s->text_len;
  if (len > 0)
    memcpy(s->text + s->text_len, data, len);
  s->text_len += len;
  s->text[s->text_len++] = '\0';
}

/* Only quoted fields hold line ends. */
static int count_lines(const char *text, size_t len) {
  int lines = 0;
  for (const char *end = text + len; (text = memchr(text, '\n', (size_t)(end - text))); text++)
    lines++;
  return lines;
}

static void hand_out(struct stream *s) {
  if (s->n > s->fields_cap)
    s->fields = mem_grow(s->fields, &s->fields_cap, s->n, sizeof *s->fields);
  for (size_t i = 0; i < s->n; i++)
    s->fields[i] = s->text + s->starts[i];
  if (!s->stopped && !s->cb(s->ctx, s->row, s->line, s->fields, s->n))
    s->stopped = true;
  s->row++;
}

static void on_record(int terminator, void *ctx) {
  struct stream *s = ctx;
  bool crlf = terminator == '\n' && s->last_terminator == '\r' && s->n == 0 && s->open_bytes == 0;
  if (s->n > 0) {
    hand_out(s);
    s->line += count_lines(s->text, s->text_len);
  }
  s->line += !crlf;
  s->last_terminator = terminator;
  s->n = s->text_len = s->open_bytes = 0;
}

static void *csv_realloc(void *p, size_t bytes) { return mem_realloc(p, bytes, 1); }

static bool fail(struct stream *s, int line, const char *what) {
  errs_add(s->errs, s->path, line, NULL, "%s", what);
  return false;
}

static const char *explain(struct csv_parser *p, bool at_end) {
  if (csv_error(p) != CSV_EPARSE)
    return csv_strerror(csv_error(p));
  return at_end ? "a quote is opened and never closed" : "a quote inside a field that is not quoted, or text after a closing quote";
}

static bool parse_chunk(struct stream *s, struct csv_parser *p, const char *chunk, size_t n) {
  if (memchr(chunk, '\0', n))
    return fail(s, s->line, "a zero byte, expected a text file");
  s->open_bytes += n;
  if (csv_parse(p, chunk, n, on_field, on_record, s) != n)
    return fail(s, s->line, explain(p, false));
  if (s->open_bytes > RECORD_MAX_BYTES)
    return fail(s, s->line, "a record without end, a quote is probably never closed");
  return true;
}

static bool parse_file(struct stream *s, struct csv_parser *p, FILE *f, char *chunk) {
  static const char bom[] = "\xef\xbb\xbf";
  bool first = true;
  for (size_t n; !s->stopped && (n = fread(chunk, 1, CHUNK_BYTES, f)) > 0; first = false) {
    size_t skip = first && n >= 3 && memcmp(chunk, bom, 3) == 0 ? 3 : 0;
    if (!parse_chunk(s, p, chunk + skip, n - skip))
      return false;
  }
  if (ferror(f))
    return fail(s, 0, strerror(errno));
  if (s->stopped)
    return true;
  if (csv_fini(p, on_field, on_record, s) != 0)
    return fail(s, s->line, explain(p, true));
  return s->row > 0 || fail(s, 0, "an empty file, expected a header line");
}

bool csv_stream(const char *path, csv_row_fn cb, void *ctx, struct errs *errs) {
  struct stream s = {.cb = cb, .ctx = ctx, .path = path, .errs = errs, .line = 1};
  FILE *f = fopen(path, "rb");
  if (!f)
    return fail(&s, 0, strerror(errno));
  struct csv_parser p;
  /* REPALL_NL: empty lines must be seen, or the line numbers drift. */
  csv_init(&p, CSV_STRICT | CSV_STRICT_FINI | CSV_APPEND_NULL | CSV_EMPTY_IS_NULL | CSV_REPALL_NL);
  csv_set_realloc_func(&p, csv_realloc);
  csv_set_free_func(&p, mem_free);
  csv_set_blk_size(&p, 4096);
  char *chunk = mem_alloc(CHUNK_BYTES);
  bool good = parse_file(&s, &p, f, chunk);
  mem_free(chunk);
  csv_free(&p);
  fclose(f);
  mem_free(s.text);
  mem_free(s.starts);
  mem_free(s.fields);
  return good;
}

/* ---- tables ---- */

struct csv_table {
  struct arena *arena;
  const char *path;
  const char **header;
  size_t columns;
  const char **cells; /* row by row */
  size_t cells_cap;
  int *lines;
  size_t lines_cap;
  size_t rows;
};

struct loading {
  struct csv_table *t;
  struct errs *errs;
};

static void take_header(struct loading *l, int line, const char *const *fields, size_t n) {
  struct csv_table *t = l->t;
  t->columns = n;
  t->header = arena_alloc(t->arena, n * sizeof *t->header);
  for (size_t i = 0; i < n; i++) {
    if (*fields[i] && csv_column(t, fields[i]) >= 0)
      errs_add(l->errs, t->path, line, NULL, "the column '%s' appears twice", fields[i]);
    t->header[i] = arena_strdup(t->arena, fields[i]);
  }
}

static bool take_row(void *ctx, size_t row, int line, const char *const *fields, size_t n) {
  struct loading *l = ctx;
  struct csv_table *t = l->t;
  if (row == 0) {
    take_header(l, line, fields, n);
    return true;
  }
  if (n != t->columns) {
    errs_add(l->errs, t->path, line, NULL, "a row with another number of fields than the header, got %zu, expected %zu", n, t->columns);
    return true;
  }
  t->cells = mem_grow(t->cells, &t->cells_cap, (t->rows + 1) * n, sizeof *t->cells);
  t->lines = mem_grow(t->lines, &t->lines_cap, t->rows + 1, sizeof *t->lines);
  for (size_t i = 0; i < n; i++)
    t->cells[t->rows * n + i] = *fields[i] ? arena_strdup(t->arena, fields[i]) : "";
  t->lines[t->rows++] = line;
  return true;
}

struct csv_table *csv_load(const char *path, struct errs *errs) {
  struct csv_table *t = mem_alloc(sizeof *t);
  t->arena = arena_create();
  t->path = arena_strdup(t->arena, path);
  size_t before = errs_count(errs);
  if (csv_stream(path, take_row, &(struct loading){t, errs}, errs) && errs_count(errs) == before)
    return t;
  csv_unload(t);
  return NULL;
}

void csv_unload(struct csv_table *t) {
  if (!t)
    return;
  mem_free(t->cells);
  mem_free(t->lines);
  arena_destroy(t->arena);
  mem_free(t);
}

size_t csv_rows(const struct csv_table *t) { return t->rows; }
size_t csv_columns(const struct csv_table *t) { return t->columns; }
const char *csv_header(const struct csv_table *t, size_t col) { return t->header[col]; }
int csv_line(const struct csv_table *t, size_t row) { return t->lines[row]; }
const char *csv_path(const struct csv_table *t) { return t->path; }

int csv_column(const struct csv_table *t, const char *name) {
  for (size_t i = 0; i < t->columns; i++)
    if (t->header[i] && strcmp(t->header[i], name) == 0)
      return (int)i;
  return -1;
}

const char *csv_cell(const struct csv_table *t, size_t row, int col) {
  return col < 0 ? "" : t->cells[row * t->columns + (size_t)col];
}

bool csv_require(const struct csv_table *t, const char *const *names, size_t n, struct errs *errs) {
  bool all = true;
  for (size_t i = 0; i < n; i++) {
    if (csv_column(t, names[i]) >= 0)
      continue;
    const char *near = err_nearest_in(names[i], t->header, t->columns);
    errs_add(errs, t->path, 1, NULL, "the column '%s' is missing%s%s%s", names[i], near ? ", the nearest there is '" : "",
             near ? near : "", near ? "'" : "");
    all = false;
  }
  return all;
}

bool csv_known(const struct csv_table *t, const char *(*get)(const void *ctx, size_t i), const void *ctx, struct errs *errs) {
  bool all = true;
  for (size_t k = 0; k < t->columns; k++) {
    size_t i = 0;
    while (get(ctx, i) && strcmp(get(ctx, i), t->header[k]) != 0)
      i++;
    if (get(ctx, i))
      continue;
    const char *near = err_nearest(t->header[k], get, ctx);
    errs_add(errs, t->path, 1, t->header[k], "unknown column%s%s%s", near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
    all = false;
  }
  return all;
}

struct names {
  const char *const *list;
  size_t n;
};

static const char *name_at(const void *ctx, size_t i) {
  const struct names *names = ctx;
  return i < names->n ? names->list[i] : NULL;
}

bool csv_known_in(const struct csv_table *t, const char *const *names, size_t n, struct errs *errs) {
  return csv_known(t, name_at, &(struct names){names, n}, errs);
}

/* ---- writing ---- */

static bool looks_like_formula(const char *text) {
  double number;
  return *text && strchr("=+-@\t\r", *text) && !units_number(text, &number);
}

static bool needs_quotes(const char *text) {
  size_t len = strlen(text);
  return strpbrk(text, ",\"\r\n") || (len > 0 && (strchr(" \t", text[0]) || strchr(" \t", text[len - 1])));
}

void csv_write_field(FILE *f, const char *text) {
  bool quote = needs_quotes(text);
  if (quote)
    fputc('"', f);
  if (looks_like_formula(text))
    fputc('\'', f);
  for (; *text; text++) {
    if (*text == '"')
      fputc('"', f);
    fputc(*text, f);
  }
  if (quote)
    fputc('"', f);
}
