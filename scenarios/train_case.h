/* One row of a training table as a job. Every cell that is empty gets what the software stack, the model's publication
 * or the date suggests. */
#ifndef SCENARIOS_TRAIN_CASE_H
#define SCENARIOS_TRAIN_CASE_H
#include "scenarios/validate_training.h"
#include "sim/train.h"

struct train_case {
  enum val_status status;
  char note[200]; /* why not, or what was assumed */
  struct wl_model model;
  struct sim_train_job job;           /* points to `model` and `software`: a case must not be copied */
  const struct wl_trainer *published; /* how the model was trained, when the row may be about that run; else NULL */
  char software[96];
  bool search;   /* parts of the layout are not stated: the fastest that fits */
  double tokens; /* of the whole run; 0 = not stated */
  const char *precision;
  bool guessed_gpus;
  int micro_batches; /* of a step per pipeline stage, as the framework cuts it; 0 = as it likes */
};
void train_case_read(const struct training_tables *k, const struct csv_table *t, size_t row, struct train_case *ret);
#endif
