/* Predictions for a table of serving measurements (columns as in scenarios/measured/serving.csv): one answer per row, in order. Rows that share an id before the dot are one
 * simulated run. Never reads `value`, except the sibling limit rows of a run at its limits. */
#ifndef SCENARIOS_VALIDATE_SERVING_H
#define SCENARIOS_VALIDATE_SERVING_H
#include "scenarios/serving_case.h"

struct serving_answer {
  enum case_status status;
  double predicted; /* in the row's unit; NaN unless ok */
  char note[160];
};
/* Whether a row is a serving run: all rows of a table without the column `software`, else those that state a load. */
bool validate_is_serving(const struct csv_table *t, size_t row);
/* answers: one per row of t, the caller's; those of training runs stay as they are. */
void validate_serving(const struct serving_tables *k, const struct csv_table *t, struct serving_answer *answers);
#endif
