/* Figures that follow from catalog rows: what `rackcast catalog` shows below them. */
#ifndef HWMODELS_DERIVE_H
#define HWMODELS_DERIVE_H
#include "hwmodels/catalog.h"

enum { HW_DERIVED_MAX = 24 };
struct hw_derived {
  const char *metric, *unit;
  double value;
  char how[160]; /* the formula with its rows */
};
/* Fills out[HW_DERIVED_MAX]; returns how many. What cannot be known (no price, no link) is left out, never 0. */
size_t hw_derive_gpu(const struct hw_catalog *c, const struct hw_gpu *g, struct hw_derived *out);
/* Prices are those in force on `on`. */
size_t hw_derive_server(const struct hw_catalog *c, const struct hw_server *s, struct date on, struct hw_derived *out);
#endif
