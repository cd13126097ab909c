/* Several runs beside each other, of one or of several databases: what differs in their inputs, and in what came of it.
 */
#ifndef OUTPUT_COMPARE_H
#define OUTPUT_COMPARE_H
#include <stdbool.h>
#include <stdio.h>
#include "base/err.h"
#include "output/table.h"

enum { COMPARE_MOST = 9 }; /* SQLite attaches no more than ten files */
struct compare_run {
  const char *label; /* head of its column */
  const char *path;
  long long run; /* 0 = the newest; set to the one taken */
};
struct compare;
/* NULL with the reasons in errs; freed by compare_free (NULL is fine). */
struct compare *compare_open(struct compare_run *runs, size_t n, struct errs *errs);
void compare_free(struct compare *c);

struct table *compare_runs(const struct compare *c);   /* a row per run: scenario, cheapest option, its cost */
struct table *compare_inputs(const struct compare *c); /* inputs that differ */
/* Figures that differ, the costs first; change of the last run against the first. all false: those that a decision
 * hangs on. */
struct table *compare_outcomes(const struct compare *c, bool all);
const char *compare_answer(const struct compare *c, size_t i); /* the first sentence of a run's answer; in c's memory */
#endif
