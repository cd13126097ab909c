/* A table in memory, filled once and written as aligned text, Markdown, HTML or CSV. Numbers keep their full value: CSV
 * gets it, the others the rounded form. Unknown (NaN, NULL) is "-" for people and empty in CSV. All strings are copied.
 */
#ifndef OUTPUT_TABLE_H
#define OUTPUT_TABLE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct table_col {
  const char *head; /* '\n' breaks the head into lines */
  const char *unit; /* in the last line of the head; "" = none */
  const char *name; /* column name in CSV; NULL = the head with '_' for blanks */
  bool left;        /* text */
};
struct table;
struct table *table_create(const char *title, const struct table_col *cols, size_t n);
void table_free(struct table *t); /* NULL is fine */

void table_row(struct table *t);                                /* starts a row; missing cells are unknown */
void table_strong(struct table *t);                             /* the current row is the one to look at */
void table_text(struct table *t, const char *text);             /* next cell; NULL or "" = unknown */
void table_number(struct table *t, double value, int decimals); /* with thousands separators; NaN = unknown */
void table_scaled(struct table *t, double value, double scale,
                  int decimals); /* shown divided by scale, CSV too: the head says the unit */
void table_said(struct table *t, double value, const char *text); /* a number shown as words: "never", "yes" */

size_t table_rows(const struct table *t);
const char *table_title(const struct table *t);
/* Takes away columns in which nothing is known and returns their heads, comma-separated ("" = none); caller frees. */
char *table_drop_unknown(struct table *t);

void table_drop(struct table *t, const char *name); /* takes away the column of that CSV name */

void table_write_text(const struct table *t, FILE *f);
void table_write_markdown(const struct table *t, FILE *f);
void table_write_html(const struct table *t, FILE *f);
void table_write_csv(const struct table *t, FILE *f);

/* "1,234,567.89"; "-" for NaN. buf of at least 64. Values beyond 1e15 in scientific form. */
void format_number(double value, int decimals, char buf[64]);
#endif
