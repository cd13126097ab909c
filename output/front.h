/* The picture of a serving plan: what a dollar buys against how fast a user is served, one line for each way of getting servers. */
#ifndef OUTPUT_FRONT_H
#define OUTPUT_FRONT_H
#include <stdbool.h>
#include <stddef.h>
#include "base/err.h"

struct front_point {
  const char *series;      /* points of a series stand together */
  double tok_per_s;        /* of a user */
  double mtok_per_usd;
  bool best;               /* no other point is as good in both: circled */
};
struct front_plot {
  const char *title;
  const struct front_point *point;
  size_t n;
  double least_tok_per_s;  /* the limit on time per token, drawn as a line; 0 = none */
};
/* Writes STEM.gp, which holds its data, and by gnuplot STEM.svg and STEM.png. False with the reason in errs. */
bool front_draw(const struct front_plot *p, const char *stem, struct errs *errs);
#endif
