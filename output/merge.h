/* Runs from one result database into another, for sweeps whose points were run beside each other. */
#ifndef OUTPUT_MERGE_H
#define OUTPUT_MERGE_H
#include <stdbool.h>
#include <stdint.h>
#include "base/err.h"

/* Appends run `run` of the file `from` to `into` (created when missing) under the next number, in one transaction.
 * Returns that number, 0 with the reason in errs. */
int64_t merge_run(const char *into, const char *from, int64_t run, struct errs *errs);
#endif
