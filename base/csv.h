/* CSV through libcsv in its strict mode (RFC 4180, broken quotes are errors, the last row without newline counts). Two ways: a
 * whole table in memory for catalogs, a row callback for traces of any length. Files have a header line; '#' is not special. */
#ifndef BASE_CSV_H
#define BASE_CSV_H
#include <stddef.h>
#include <stdbool.h>
#include <stdio.h>
#include "base/err.h"

struct csv_table;
/* NULL on failure, with the reasons in errs. Rows with another number of fields than the header are errors. */
struct csv_table *csv_load(const char *path, struct errs *errs);
void csv_unload(struct csv_table *t); /* NULL is fine; csv_free is taken by libcsv */
size_t csv_rows(const struct csv_table *t);
size_t csv_columns(const struct csv_table *t);
const char *csv_header(const struct csv_table *t, size_t col);
int csv_column(const struct csv_table *t, const char *name); /* -1 = no such column */
const char *csv_cell(const struct csv_table *t, size_t row, int col); /* never NULL: "" when empty or col < 0 */
int csv_line(const struct csv_table *t, size_t row);                  /* 1-based line in the file */
const char *csv_path(const struct csv_table *t);
/* Adds an error for every name of names[n] that the table has not; true when all are there. */
bool csv_require(const struct csv_table *t, const char *const *names, size_t n, struct errs *errs);
/* Adds an error, with the nearest known name, for every column that is none of those that get(ctx, i) lists (NULL at the end): a misspelt
 * column would be without effect in silence. True when all are known. */
bool csv_known(const struct csv_table *t, const char *(*get)(const void *ctx, size_t i), const void *ctx, struct errs *errs);
bool csv_known_in(const struct csv_table *t, const char *const *names, size_t n, struct errs *errs);

/* Streaming: cb is called for each record (the header too, row 0); fields are valid during the call only and never NULL.
 * cb returns false to stop. Returns false when the file cannot be read or is malformed (reason in errs). */
typedef bool (*csv_row_fn)(void *ctx, size_t row, int line, const char *const *fields, size_t n);
bool csv_stream(const char *path, csv_row_fn cb, void *ctx, struct errs *errs);

/* Write one field quoted where needed; a field that a spreadsheet would take for a formula (= + - @ at the start, unless a plain number) gets a leading
 * apostrophe. */
void csv_write_field(FILE *f, const char *text);
#endif
