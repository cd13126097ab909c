/* What the tests of training share: the shipped catalogs and jobs on them. */
#ifndef TESTS_TRAIN_FIXTURE_H
#define TESTS_TRAIN_FIXTURE_H
#include "base/mem.h"
#include "sim/train.h"
#include "tests/cu.h"

struct train_shared {
  struct arena *arena;
  struct hw_catalog *catalog;
  struct wl_models *models;
};
extern struct train_shared shared; /* while train_main runs the cases */

/* A job of Megatron-Core on generic servers of eight; what is not in the catalogs fails the case. */
struct sim_train_job job(const char *gpu, const char *model, int gpus, double seq_len, double batch, struct sim_plan plan);
struct sim_step step(struct sim_train_job j); /* that can be taken */

/* A suite's main: loads the catalogs, runs the cases. */
int train_main(const char *suite, const struct cu_case *cases, size_t n);
#endif
