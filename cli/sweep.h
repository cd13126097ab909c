/* The points of a sweep: every combination of the varied values. */
#ifndef CLI_SWEEP_H
#define CLI_SWEEP_H
#include <stdbool.h>
#include <stddef.h>
#include "base/err.h"
#include "base/mem.h"

enum { SWEEP_MOST_POINTS = 100000 };
struct sweep_vary {
  const char *key;
  const char **value;
  size_t n;
};
/* "KEY=V1,V2,..." (commas inside brackets do not count) or "KEY=LO:HI:STEP", the unit behind the last
 * ("site.pue=1.1:1.5:0.1", "site.tariff=0.06:0.12:0.02 USD/kWh"); HI is included. False with an entry in errs. Strings
 * in the arena. */
bool sweep_parse(const char *text, struct arena *a, struct sweep_vary *ret, struct errs *errs);

/* How many points n variations have; 0 with an entry in errs when too many. */
size_t sweep_points(const struct sweep_vary *v, size_t n, struct errs *errs);
/* "KEY=VALUE" of variation k at a point; the last variation changes fastest. In the arena. */
const char *sweep_setting(const struct sweep_vary *v, size_t n, size_t point, size_t k, struct arena *a);
#endif
