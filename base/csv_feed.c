#include "base/csv_feed.h"
#include <csv.h>
#include <errno.h>
#include <string.h>
#include "base/mem.h"

enum { CHUNK = 1 << 16 };
struct csv_feed {
  FILE *file;
  csv_feed_fn row;
  void *ctx;
  struct csv_parser parser;
  bool quoted;                       /* libcsv has taken over */
  size_t held;                       /* of an unfinished row at the beginning of the buffer */
  size_t n;                          /* fields of the row so far */
  const char *field[CSV_FEED_FIELDS];
  char text[CSV_FEED_FIELDS][CSV_FEED_TEXT]; /* what libcsv handed out */
  char buf[2 * CHUNK + 1];           /* an unfinished row, a chunk, a line end as sentinel */
};

/* ---- through libcsv ---- */

static void on_field(void *s, size_t length, void *ctx) {
  struct csv_feed *f = ctx;
  if (f->n < CSV_FEED_FIELDS) {
    size_t k = !s ? 0 : length < CSV_FEED_TEXT ? length : CSV_FEED_TEXT - 1;
    if (k > 0)
      memcpy(f->text[f->n], s, k);
    f->text[f->n][k] = '\0';
    f->field[f->n] = f->text[f->n];
  }
  f->n++;
}

static void on_row(int terminator, void *ctx) {
  struct csv_feed *f = ctx;
  (void)terminator;
  f->row(f->ctx, f->field, f->n);
  f->n = 0;
}

static bool parse(struct csv_feed *f, size_t bytes, bool end) {
  f->held = 0;
  return csv_parse(&f->parser, f->buf, bytes, on_field, on_row, f) == bytes && (!end || csv_fini(&f->parser, on_field, on_row, f) == 0);
}

/* ---- without quotes ---- */

static bool is_blank(char c) { return c == ' ' || c == '\t'; }

/* The text from..to as the row's next field. */
static void put(struct csv_feed *f, char *from, char *to) {
  while (from < to && is_blank(*from))
    from++;
  while (to > from && is_blank(to[-1]))
    to--;
  if (to - from >= CSV_FEED_TEXT)
    to = from + CSV_FEED_TEXT - 1;
  *to = '\0';
  if (f->n < CSV_FEED_FIELDS)
    f->field[f->n] = from;
  f->n++;
}

/* Is there nothing but blanks: a line that counts for nothing. */
static bool is_empty(const char *from, const char *to) {
  while (from < to && is_blank(*from))
    from++;
  return from == to;
}

/* Splits the row that begins at p into fields, in place; returns where the next begins. A line end must follow. Figures and letters are above the comma, line ends
 * below. */
static char *split(struct csv_feed *f, char *p) {
  char *from = p, *row = p;
  for (;; p++) {
    while ((unsigned char)*p > ',')
      p++;
    if (*p == ',') {
      put(f, from, p);
      from = p + 1;
    } else if (*p == '\n' || *p == '\r') {
      if (from > row || !is_empty(from, p)) {
        put(f, from, p);
        f->row(f->ctx, f->field, f->n);
      }
      f->n = 0;
      return p + 1;
    }
  }
}

/* Whole rows are handed out, what is left moves to the front; at the end of the file a row may lack its line end. */
static void split_all(struct csv_feed *f, size_t bytes, bool end) {
  size_t whole = bytes; /* up to behind the last line end */
  while (!end && whole > 0 && f->buf[whole - 1] != '\n' && f->buf[whole - 1] != '\r')
    whole--;
  f->buf[bytes] = '\n';
  for (char *p = f->buf; p < f->buf + whole;)
    p = split(f, p);
  f->held = end ? 0 : bytes - whole;
  memmove(f->buf, f->buf + bytes - f->held, f->held);
}

/* ---- chunks ---- */

struct csv_feed *csv_feed_create(FILE *file, csv_feed_fn row, void *ctx) {
  struct csv_feed *f = mem_alloc(sizeof *f);
  f->file = file;
  f->row = row;
  f->ctx = ctx;
  csv_init(&f->parser, CSV_STRICT | CSV_STRICT_FINI | CSV_APPEND_NULL | CSV_EMPTY_IS_NULL);
  return f;
}

void csv_feed_destroy(struct csv_feed *f) {
  if (f)
    csv_free(&f->parser);
  mem_free(f);
}

bool csv_feed_chunk(struct csv_feed *f, size_t *ret_bytes, bool *ret_end) {
  bool endless = f->held >= CHUNK; /* a row that fills a chunk is none of figures */
  if (endless && !parse(f, f->held, false))
    return false;
  size_t n = fread(f->buf + f->held, 1, CHUNK, f->file), bytes = f->held + n;
  bool end = n < CHUNK;
  *ret_bytes = n;
  *ret_end = end;
  if (ferror(f->file))
    return false;
  f->quoted = f->quoted || endless || memchr(f->buf + f->held, '"', n);
  if (f->quoted)
    return parse(f, bytes, end);
  split_all(f, bytes, end);
  return true;
}

const char *csv_feed_error(struct csv_feed *f) { return ferror(f->file) ? strerror(errno) : csv_strerror(csv_error(&f->parser)); }
