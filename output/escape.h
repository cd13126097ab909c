/* Text that came from a file (names of options, models, traces) on its way into another language. Each writes `s` so
 * that it can only ever be text there; control characters become blanks and bytes that are not UTF-8 become U+FFFD. CSV
 * has its own in base/csv.h. */
#ifndef OUTPUT_ESCAPE_H
#define OUTPUT_ESCAPE_H
#include <stddef.h>
#include <stdio.h>

void escape_html(FILE *f, const char *s);     /* element content and quoted attributes */
void escape_markdown(FILE *f, const char *s); /* also inside a table cell */
void escape_gnuplot(FILE *f, const char *s);  /* with the quotes around it; to be used with `noenhanced` */
void escape_terminal(FILE *f, const char *s);
void escape_json(FILE *f, const char *s); /* with the double quotes around it */
size_t escape_width(const char *s);       /* columns on a terminal, one per character */
#endif
