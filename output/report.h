/* A run as a directory: index.html (one page, nothing loaded from elsewhere), report.md, plots/NAME.{svg,png,gp},
 * tables/NAME.csv. */
#ifndef OUTPUT_REPORT_H
#define OUTPUT_REPORT_H
#include <stdbool.h>
#include "base/err.h"
#include "output/outcome.h"

struct report_result {
  int plots, tables;    /* written */
  bool gnuplot_missing; /* then everything but the plots is there */
};
/* Makes `dir` if needed and overwrites files of the same names. False when something could not be written (reason in
 * errs; the rest is written still). */
bool report_write(const struct outcome *o, const char *db_path, const char *dir, struct report_result *ret,
                  struct errs *errs);
#endif
