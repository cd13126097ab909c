/* Predictions for a table of training measurements. Never reads `value`. */
#ifndef SCENARIOS_VALIDATE_TRAINING_H
#define SCENARIOS_VALIDATE_TRAINING_H
#include "base/csv.h"
#include "hwmodels/catalog.h"
#include "scenarios/validate.h"
#include "workloads/datasets.h"
#include "workloads/model.h"
#include "workloads/stack.h"

struct training_tables {
  struct hw_catalog *catalog;
  const struct wl_models *models;
  const struct wl_stacks *stacks;
  const struct wl_datasets *datasets; /* of samples to fine-tune on */
};
struct training_answer {
  enum val_status status;
  double predicted, tflops; /* in the row's unit; model TFLOPS per GPU behind it */
  bool inverse;
  const char *precision; /* "16bit", "fp8", "fp4" */
  bool moe;
  char gpu[48], note[480];
};
void validate_training_row(const struct training_tables *k, const struct csv_table *t, size_t row,
                           struct training_answer *ret);
#endif
