/* What all lives of a study share and none changes: serving surfaces, the shape of demand, and training runs, each reckoned once. */
#ifndef SIM_LIFE_MEMO_H
#define SIM_LIFE_MEMO_H
#include <pthread.h>
#include "sim/fleet_demand.h"
#include "sim/fleet_surface.h"
#include "sim/train.h"

struct memo_train { /* one training of the spec on so many servers of a type */
  int training;
  const struct hw_server *server;
  int gpus;
  struct sim_train_run run; /* its phases are dropped */
  double step_time_s;       /* of the longest phase */
  bool ready;               /* else another thread is at it */
};
struct memo {
  const struct sim_spec *spec;
  uint64_t seed;
  struct surface_set surfaces;
  struct demand *demand;     /* of each serving */
  struct replay *replay;     /* of each option; NULL = the scenario has none */
  pthread_cond_t news;       /* an entry has become ready */
  pthread_mutex_t lock;      /* of what follows: entries are pure functions of their key, so the order in which they come does not matter */
  struct memo_train **train;
  size_t n_train, cap_train;
};
struct memo *memo_create(const struct world *central, uint64_t seed, int jobs);
void memo_destroy(struct memo *m);
/* Plays it on the first call; the result lives as long as the memo. */
const struct memo_train *memo_train(struct memo *m, int training, const struct hw_server *server, int gpus);
#endif
