/* The plots of a report: each writes a gnuplot script with its data inside, so that it can be redrawn or restyled by
 * hand. */
#ifndef OUTPUT_PLOTS_H
#define OUTPUT_PLOTS_H
#include <stdbool.h>
#include <stdio.h>
#include "output/outcome.h"

struct plot {
  const char *name; /* of its files */
  const char *title;
  const char *about;                                /* how to read it */
  bool (*script)(const struct outcome *o, FILE *f); /* false = the run holds no data for it, what was written is void */
};
const struct plot *plots_at(size_t i); /* NULL at the end */

/* The script for plot p, complete with its two terminals (NAME.svg and NAME.png in the current directory), into f;
 * false = no data. */
bool plots_write(const struct plot *p, const struct outcome *o, FILE *f);
#endif
