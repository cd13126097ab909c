/* CSV files: read whole, streamed, written. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/csv.h"
#include "base/csv_feed.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/units.h"
#include "tests/cu.h"
#include "tests/noise.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

static const char *const scratch = "test_csv.tmp";

static void write_bytes(const void *bytes, size_t n) {
  FILE *f = fopen(scratch, "wb");
  CU_ASSERT_PTR_NOT_NULL_FATAL(f);
  CU_ASSERT_EQUAL(fwrite(bytes, 1, n, f), n);
  fclose(f);
}

static void write_text(const char *text) { write_bytes(text, strlen(text)); }

static struct csv_table *load_text(const char *text, struct errs *e) {
  write_text(text);
  struct csv_table *t = csv_load(scratch, e);
  unlink(scratch);
  return t;
}

static void csv_tables(void) {
  struct errs *e = errs_create();
  struct csv_table *t = load_text("name,value, note\nA100, 312 ,\"dense, not \"\"sparse\"\"\"\n\nH100,,\"two\nlines\"\r\nT4,65,", e);
  CU_ASSERT_PTR_NOT_NULL_FATAL(t);
  CU_ASSERT_EQUAL(csv_rows(t), 3);
  CU_ASSERT_EQUAL(csv_columns(t), 3);
  CU_ASSERT_STRING_EQUAL(csv_header(t, 2), "note");
  CU_ASSERT_EQUAL(csv_column(t, "value"), 1);
  CU_ASSERT_EQUAL(csv_column(t, "Value"), -1);
  CU_ASSERT_STRING_EQUAL(csv_cell(t, 0, 1), "312");
  CU_ASSERT_STRING_EQUAL(csv_cell(t, 0, 2), "dense, not \"sparse\"");
  CU_ASSERT_STRING_EQUAL(csv_cell(t, 1, 1), "");
  CU_ASSERT_STRING_EQUAL(csv_cell(t, 1, 2), "two\nlines");
  CU_ASSERT_STRING_EQUAL(csv_cell(t, 2, 0), "T4"); /* a last row without a newline counts */
  CU_ASSERT_STRING_EQUAL(csv_cell(t, 2, -1), "");
  CU_ASSERT_EQUAL(csv_line(t, 0), 2);
  CU_ASSERT_EQUAL(csv_line(t, 1), 4);
  CU_ASSERT_EQUAL(csv_line(t, 2), 6);
  CU_ASSERT_STRING_EQUAL(csv_path(t), scratch);
  static const char *const names[] = {"name", "valeu", "date"};
  CU_ASSERT(csv_require(t, names, 1, e));
  CU_ASSERT_FALSE(csv_require(t, names, 3, e));
  CU_ASSERT_EQUAL(errs_count(e), 2);
  CU_ASSERT_STRING_EQUAL(errs_text(e, 0), "test_csv.tmp:1: the column 'valeu' is missing, the nearest there is 'value'");
  CU_ASSERT_STRING_EQUAL(errs_text(e, 1), "test_csv.tmp:1: the column 'date' is missing");
  csv_unload(t);
  csv_unload(NULL);
  errs_destroy(e);
}

static void csv_line_ends(void) {
  static const char *const texts[] = {"a,b\n1,2\n3,4\n", "a,b\r\n1,2\r\n3,4", "\xef\xbb\xbf" "a,b\n1,2\n3,4", "a,b\r1,2\r3,4\r"};
  for (size_t i = 0; i < COUNT(texts); i++) {
    struct errs *e = errs_create();
    struct csv_table *t = load_text(texts[i], e);
    CU_ASSERT_PTR_NOT_NULL_FATAL(t);
    CU_ASSERT(csv_rows(t) == 2 && csv_column(t, "a") == 0 && csv_line(t, 1) == 3);
    CU_ASSERT_STRING_EQUAL(csv_cell(t, 1, 1), "4");
    csv_unload(t);
    errs_destroy(e);
  }
}

static void csv_refused(void) {
  static const struct {
    const char *text;
    size_t n; /* errors */
    const char *first;
  } rows[] = {
      {"a,b\n1,2\n3,\"x\n4,5\n", 1, "test_csv.tmp:3: a quote is opened and never closed"},
      {"a,b\n1,2\n3,x\"y\n", 1, "test_csv.tmp:3: a quote inside a field that is not quoted, or text after a closing quote"},
      {"a,b\n\"1\"x,2\n", 1, "test_csv.tmp:2: a quote inside a field that is not quoted, or text after a closing quote"},
      {"a,b\n1\n1,2\n1,2,3\n", 2, "test_csv.tmp:2: a row with another number of fields than the header, got 1, expected 2"},
      {"a,b,a\n1,2,3\n", 1, "test_csv.tmp:1: the column 'a' appears twice"},
      {"", 1, "test_csv.tmp: an empty file, expected a header line"},
      {"\n\n", 1, "test_csv.tmp: an empty file, expected a header line"},
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    struct errs *e = errs_create();
    CU_ASSERT_PTR_NULL(load_text(rows[i].text, e));
    CU_ASSERT_EQUAL_FATAL(errs_count(e), rows[i].n);
    CU_ASSERT_STRING_EQUAL(errs_text(e, 0), rows[i].first);
    errs_destroy(e);
  }
}

static void csv_unreadable(void) {
  struct errs *e = errs_create();
  CU_ASSERT_PTR_NULL(csv_load("no/such/file.csv", e));
  CU_ASSERT_PTR_NULL(csv_load("/", e));
  write_bytes("a,b\n1,\0\n", 8);
  CU_ASSERT_PTR_NULL(csv_load(scratch, e));
  unlink(scratch);
  CU_ASSERT_EQUAL_FATAL(errs_count(e), 3);
  CU_ASSERT_STRING_EQUAL(errs_text(e, 0), "no/such/file.csv: No such file or directory");
  CU_ASSERT_STRING_EQUAL(errs_text(e, 2), "test_csv.tmp:1: a zero byte, expected a text file");
  errs_destroy(e);
}

struct counting {
  size_t rows, stop_at;
  long long sum;
  int last_line;
  bool in_order;
};

static bool count_row(void *ctx, size_t row, int line, const char *const *fields, size_t n) {
  struct counting *c = ctx;
  c->in_order = c->in_order && row == c->rows && n == 2;
  c->rows++;
  c->last_line = line;
  long long v = 0;
  if (row > 0 && units_integer(fields[1], &v))
    c->sum += v;
  return row != c->stop_at;
}

/* Larger than one read, so that records lie across its border. */
static void csv_streams_large_files(void) {
  enum { ROWS = 60000 };
  FILE *f = fopen(scratch, "w");
  CU_ASSERT_PTR_NOT_NULL_FATAL(f);
  fputs("text,value\n", f);
  for (int i = 1; i <= ROWS; i++)
    fprintf(f, i % 7 ? "row %d,%d\n" : "\"row\n%d\",%d\r\n", i, i);
  fclose(f);
  struct errs *e = errs_create();
  struct counting all = {.stop_at = SIZE_MAX, .in_order = true}, some = {.stop_at = 10, .in_order = true};
  CU_ASSERT(csv_stream(scratch, count_row, &all, e));
  CU_ASSERT(all.in_order && all.rows == ROWS + 1);
  CU_ASSERT_EQUAL(all.sum, (long long)ROWS * (ROWS + 1) / 2);
  CU_ASSERT_EQUAL(all.last_line, ROWS + 1 + (ROWS - 1) / 7);
  CU_ASSERT(csv_stream(scratch, count_row, &some, e));
  CU_ASSERT_EQUAL(some.rows, 11);
  CU_ASSERT_EQUAL(errs_count(e), 0);
  unlink(scratch);
  errs_destroy(e);
}

static void csv_writes_what_it_reads(void) {
  static const struct {
    const char *text, *written;
  } rows[] = {{"plain", "plain"}, {"a,b", "\"a,b\""}, {"say \"x\"", "\"say \"\"x\"\"\""}, {"two\nlines", "\"two\nlines\""}, {"", ""}, {" pad ", "\" pad \""},
              {"=1+2", "'=1+2"}, {"@x", "'@x"}, {"-x,y", "\"'-x,y\""}, {"-5.5", "-5.5"}, {"+1e3", "+1e3"}, {"a=b", "a=b"}};
  for (size_t i = 0; i < COUNT(rows); i++) {
    char buf[64] = "";
    FILE *f = fmemopen(buf, sizeof buf, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    csv_write_field(f, rows[i].text);
    fclose(f);
    CU_ASSERT_STRING_EQUAL(buf, rows[i].written);
  }
}

static void hostile_tables(void) {
  uint64_t state = 2;
  int taken = 0, silent = 0;
  for (int i = 0; i < 500; i++) {
    char text[160] = "name,value,note\r\nA100,312,\"dense, \"\"not\"\" sparse\"\nH100,,\"two\nlines\"\n\nT4,65,";
    spoil(text, sizeof text, &state);
    struct errs *e = errs_create();
    struct csv_table *t = load_text(text, e);
    taken += t != NULL;
    silent += !t && errs_count(e) == 0;
    for (size_t row = 0; t && row < csv_rows(t); row++)
      CU_ASSERT(csv_line(t, row) > 1 && csv_cell(t, row, 0) != NULL);
    csv_unload(t);
    errs_destroy(e);
  }
  CU_ASSERT(taken > 50 && taken < 450);
  CU_ASSERT_EQUAL(silent, 0);
}

/* ---- fed in chunks: what is split here is what libcsv splits ---- */

struct heard { /* fields and rows as one text */
  char *text;
  size_t n, cap, rows;
};

static void hear(void *ctx, const char *const *field, size_t n) {
  struct heard *h = ctx;
  for (size_t i = 0; i < n && i < CSV_FEED_FIELDS; i++) {
    size_t length = strlen(field[i]);
    h->text = mem_grow(h->text, &h->cap, h->n + length + 2, 1);
    memcpy(h->text + h->n, field[i], length);
    h->n += length;
    h->text[h->n++] = '|';
  }
  h->text = mem_grow(h->text, &h->cap, h->n + 2, 1);
  h->text[h->n++] = '\n';
  h->text[h->n] = '\0';
  h->rows++;
}

static bool feed(const char *text, size_t n, struct heard *ret) {
  *ret = (struct heard){0};
  write_bytes(text, n);
  FILE *f = fopen(scratch, "rb");
  CU_ASSERT_PTR_NOT_NULL_FATAL(f);
  struct csv_feed *c = csv_feed_create(f, hear, ret);
  size_t bytes, all = 0;
  bool end = false, good = true;
  while (good && !end) {
    good = csv_feed_chunk(c, &bytes, &end);
    all += bytes;
  }
  CU_ASSERT_EQUAL(all, n);
  csv_feed_destroy(c);
  fclose(f);
  unlink(scratch);
  return good;
}

/* The text alone, and behind a quoted row, which libcsv must read; n bytes. */
static void same_both_ways(const char *text, size_t n) {
  static const char quoted[] = "\"q\"\n";
  struct heard plain, by_library;
  char *behind = mem_array(n + sizeof quoted, 1);
  memcpy(behind, quoted, sizeof quoted - 1);
  memcpy(behind + sizeof quoted - 1, text, n);
  CU_ASSERT(feed(text, n, &plain));
  CU_ASSERT(feed(behind, n + sizeof quoted - 1, &by_library));
  CU_ASSERT_EQUAL_FATAL(plain.rows + 1, by_library.rows);
  CU_ASSERT(!plain.text || strcmp(plain.text, by_library.text + strlen("q|\n")) == 0);
  mem_free(behind);
  mem_free(plain.text);
  mem_free(by_library.text);
}

static void csv_feeds_alike(void) {
  static const char letters[] = ",,,,\n\n\r \tab1.-!\x80";
  uint64_t state = 7;
  char text[200];
  for (int i = 0; i < 2000; i++) {
    size_t n = noise(&state) % (sizeof text);
    for (size_t k = 0; k < n; k++)
      text[k] = letters[noise(&state) % (sizeof letters - 1)];
    same_both_ways(text, n);
  }
  size_t n = 300000; /* rows across chunks, one of them longer than a chunk */
  char *large = mem_array(n, 1);
  for (size_t k = 0; k < n; k++)
    large[k] = k > 80000 && k < 170000 ? 'x' : letters[noise(&state) % (sizeof letters - 1)];
  same_both_ways(large, n);
  mem_free(large);
}

static void csv_feed_breaks(void) {
  struct heard h;
  CU_ASSERT_FALSE(feed("a,b\n1,\"2", 8, &h));
  mem_free(h.text);
  CU_ASSERT(feed("a,b\n1,\"2,\"", 10, &h));
  CU_ASSERT_STRING_EQUAL(h.text, "a|b|\n1|2,|\n");
  mem_free(h.text);
}

int main(void) {
  static const struct cu_case cases[] = {
      {"csv: tables", csv_tables},
      {"csv: line ends", csv_line_ends},
      {"csv: what is refused", csv_refused},
      {"csv: unreadable files", csv_unreadable},
      {"csv: large files are streamed", csv_streams_large_files},
      {"csv: what is written", csv_writes_what_it_reads},
      {"hostile tables", hostile_tables},
      {"csv: fed in chunks, quotes or none", csv_feeds_alike},
      {"csv: fed broken quotes", csv_feed_breaks},
  };
  return cu_main("csv", cases, COUNT(cases));
}
