/* The two halves of `rackcast plan`: trainings and serving fleets. Each prints to stdout and tells what came of it. */
#ifndef CLI_PLAN_H
#define CLI_PLAN_H
#include "cli/cli.h"
#include "cli/library.h"
#include "scenarios/scenario.h"
#include "sim/offer.h"

struct plan_call {
  const struct cli_args *args;
  struct cli_library library;
  struct sim_spec *spec;
  struct sim_offers offers;
  struct errs *errs;
  struct arena *arena;
  long long gpus, top, servers, jobs, seed;
  const char *csv; /* "plans", "front"; NULL = the answer in words */
  bool planned;    /* something was there to plan */
  bool infeasible; /* and something of it cannot be done */
};
void plan_trainings(struct plan_call *c);
void plan_servings(struct plan_call *c);
#endif
