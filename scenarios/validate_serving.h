/* Predictions for a table of serving measurements (columns as in docs/accuracy.md): one answer per row, in order. Rows that share an id before the dot are one
 * simulated run. Never reads `value`, except the sibling limit rows of a run at its limits. */
#ifndef SCENARIOS_VALIDATE_SERVING_H
#define SCENARIOS_VALIDATE_SERVING_H
#include "scenarios/serving_case.h"

struct serving_answer {
  enum case_status status;
  double predicted; /* in the row's unit; NaN unless ok */
  char note[160];
};
/* answers: one per row of t, the caller's. */
void validate_serving(const struct serving_tables *k, const struct csv_table *t, struct serving_answer *answers);
#endif
