/* The replay of a scenario: each option's servers made into a cluster, the scenario's requests played through it once, and what the years are made from. */
#ifndef SIM_REPLAY_H
#define SIM_REPLAY_H
#include "sim/spec.h"

struct replay_layer { /* of one server that is there, means over the replay */
  int pool, pools;      /* its first place among the cluster's and how many it has: 0 no replica, 1, or 2 (prompts, answers) */
  int replicas, gpus, idle_servers; /* whole replicas, GPUs of one, servers that make none */
  double up;            /* share of its time in which the replicas on it are provisioned */
  double busy;          /* share of that in which GPUs are busy */
  double watts;         /* mean, with what is not provisioned idle; by_use: only while it is there */
  double requests, within, input_tokens, output_tokens; /* of the layer, a second; what ends there, and ends in time */
};
struct replay {
  bool ok;
  char why[320];        /* why it cannot be played, and the smallest cure */
  struct sim_cluster_result r; /* priced at 1 USD a GPU-hour */
  struct replay_layer *layer;
  double lost;          /* requests a second, turned away and timed out */
  double start_s;       /* of a replica, the longest of those that scale; 0 = none does */
};
/* All options, on `jobs` threads; the same at any number. NULL when the scenario has no replay. Freed by replays_free. */
struct replay *replays_play(const struct sim_spec *spec, uint64_t seed, int jobs);
static inline double replay_rate(const struct replay *r) { /* requests a second that arrive */
  return r->r.whole.span_s > 0 ? (double)r->r.whole.arrived / r->r.whole.span_s : 0;
}
void replays_free(struct replay *r, int options);

/* ---- records: usd_per_gpu_h of each layer, NaN = unknown ---- */
void replay_tell(const struct sim_spec *spec, int option, const struct replay *r, const double *usd_per_gpu_h, const struct sim_listener *out);
#endif
