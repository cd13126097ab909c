/* One training step as Chrome-trace JSON, for chrome://tracing and Perfetto: a process for each pipeline stage, a thread
 * for each of its streams, both named; microseconds. */
#ifndef CLI_TIMELINE_H
#define CLI_TIMELINE_H
#include "base/err.h"
#include "sim/train.h"

/* plan: of the step, every choice made. Trouble goes to errs. */
void timeline_write(const char *path, const struct sim_train_job *job, const struct sim_plan *plan, struct errs *errs);
#endif
