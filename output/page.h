/* The report's text, as one self-contained HTML page and as Markdown. */
#ifndef OUTPUT_PAGE_H
#define OUTPUT_PAGE_H
#include <stdbool.h>
#include <stdio.h>
#include "output/outcome.h"

/* drawn[i]: plot i of plots_at() is there, in `dir`/plots. */
void page_html(const struct outcome *o, const char *db_path, const char *dir, const bool *drawn, FILE *f);
void page_markdown(const struct outcome *o, const char *db_path, const bool *drawn, FILE *f);
#endif
