/* How much a replay will ask of the machine, known before it is played: for a word to who has to wait. */
#ifndef SIM_REPLAY_SIZE_H
#define SIM_REPLAY_SIZE_H
#include "sim/spec.h"

struct replay_size {
  double requests, replicas;
  double cpu_s, bytes;      /* about: on the machine of docs/architecture.md, with every layer fully used */
  double waiting_bytes;     /* more, for each request in the system */
  bool asks_all;            /* a router looks at every replica for every request: time goes by their product */
};
/* Of one option; all 0 without a replay. Replicas are as many as the layout allows that the scenario states, one a server where it states none. */
void replay_size(const struct sim_spec *spec, int option, struct replay_size *ret);
#endif
