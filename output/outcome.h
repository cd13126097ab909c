/* What a run found, read from the database: its options in order of merit, the winner, its rival, and what decides
 * between the two. The printed answer and the report say the same because both say this. */
#ifndef OUTPUT_OUTCOME_H
#define OUTPUT_OUTCOME_H
#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/mem.h"

enum outcome_class {
  OUTCOME_UNKNOWN,
  OUTCOME_OWNED,
  OUTCOME_RENTED,
  OUTCOME_MIXED
}; /* by its charges: buys servers, pays rent, or both; blocks rented for trainings aside */

struct outcome_option {
  const char *name;
  bool feasible; /* unknown counts as feasible: a money-only scenario asks no such question */
  enum outcome_class class;
  const char *reason; /* of an infeasible one; NULL = none given */
  double servers, gpus, nodes_per_replica, tco_usd, p10_usd, p50_usd, p90_usd, usd_per_mtoken_out, usd_per_mtoken_in,
      usd_per_gpu_hour, usd_per_training_run, time_to_train_s, utilization, load, prob_feasible, slo_attainment,
      unserved, energy_mwh, peak_kw, carbon_t;   /* NaN = unknown */
  double breakeven_month, prob_cheaper, npv_usd; /* against the baseline; infinite = never */
};
struct outcome_money { /* how dollars are shown: by the largest figure of the run */
  double scale;
  const char *unit;
  int decimals;
};
struct outcome {
  struct arena *arena;
  sqlite3 *db;
  int64_t run;
  const char *name, *state, *scenario, *version, *input_hash, *as_of, *start, *basis, *baseline, *settings;
  int64_t seed;
  int months, replicas;
  double hours_per_year;         /* 0 = calendar, NaN = unknown */
  struct outcome_option *option; /* feasible by rising TCO, then the others by name */
  size_t n, n_feasible;
  const struct outcome_option *best;  /* NULL = none feasible, or no TCO known */
  const struct outcome_option *rival; /* what best is compared with: owned with the cheapest rented and the other way
                                         round, else the next cheapest; NULL = none */
  struct outcome_money money;
};

/* The run must exist. Freed by outcome_free (NULL is fine); the database stays open as long. */
struct outcome *outcome_load(sqlite3 *db, int64_t run);
void outcome_free(struct outcome *o);

const struct outcome_option *outcome_find(const struct outcome *o, const char *name); /* NULL = no such option */
const char *outcome_class_name(enum outcome_class c); /* "unknown", "owned", "rented", "mixed" */

/* The month (fraction, linear within a month) from which the cumulative billed cost of `a` stays below that of `b` to
 * the end of the horizon: 0 = from the start, NaN = never. */
double outcome_crossing(const struct outcome *o, const char *a, const char *b);
/* Share of the replicas in which `a` costs less than `b`; NaN without replicas. */
double outcome_prob_cheaper(const struct outcome *o, const char *a, const char *b);

/* What a reader must know about the state of the run, with a blank in front; "" when it is complete. */
const char *outcome_caveat(const struct outcome *o);
/* The answer as sentences of plain text (not yet escaped), NULL-terminated, in the arena of the outcome. */
const char *const *outcome_answer(const struct outcome *o);
/* "12.34 M USD" with no-break blanks (U+00A0); in the arena. */
const char *outcome_usd(const struct outcome *o, double usd);
/* "2028-01" of the month that holds the given fraction; in the arena. */
const char *outcome_month(const struct outcome *o, double month);
#endif
