/* The result database: one SQLite file, runs appended, every run in one transaction. Killing the program at any moment
 * leaves a file that can be read: the row of the run says `running` before its records come, and `done`, `infeasible`,
 * `failed` or `interrupted` after. A run found `running` by the next writer was killed and is marked `interrupted`. */
#ifndef OUTPUT_STORE_H
#define OUTPUT_STORE_H
#include <stdbool.h>
#include <stdint.h>
#include "base/err.h"
#include "sim/record.h"

struct store_run { /* what is known of a run before it starts; NULL strings = unknown. Copied. */
  const char *name, *scenario, *version;
  uint64_t input_hash, seed;
  int replicas;
  const char *as_of, *start; /* ISO dates */
  int months;
  double hours_per_year; /* 0 = calendar */
  const char *basis, *baseline;
  const char *settings; /* the --set of the command line, one a line */
};

struct store;
/* Opens or creates; a file that is not ours or was written by a newer version is refused. NULL with the reason in errs.
 */
struct store *store_open(const char *path, struct errs *errs);
/* Starts a run; returns its number (1, 2 ...), or 0 with the reason in errs. Waits up to a minute for another writer.
 */
int64_t store_begin(struct store *s, const struct store_run *run, struct errs *errs);
/* Takes the records of the run between begin and end; safe from several threads. Valid until store_close. The first
 * failure is kept and told by store_end. */
const struct sim_listener *store_listener(struct store *s);
struct store_validation { /* one line of `rackcast validate` */
  const char *id, *metric, *status, *note;
  double measured, predicted, error_pct; /* NaN = unknown */
};
void store_validation(struct store *s, const struct store_validation *v);
/* Commits with a state: "done", "infeasible" (complete, nothing feasible), "failed". False with the reason in errs. */
bool store_end(struct store *s, const char *state, struct errs *errs);
/* Commits what there is as `interrupted` and lets no further record in: to be called from another thread when the
 * program is being ended. */
void store_interrupt(struct store *s);
/* NULL is fine. A run that was begun and not ended is kept as `failed`. */
void store_close(struct store *s);
#endif
