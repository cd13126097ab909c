/* What collectives across nodes lose in a cluster at work: to the slowest of their members' ways, and, of gradients and weights, to
 * the experts' all-to-all on the same NICs. */
#include <gsl/gsl_cdf.h>
#include <math.h>
#include "hwmodels/contention.h"
#include "sim/train_priv.h"

enum { MOST = 16 }; /* GPUs behind one port that are played; they stand for more */

double train_slowest_of(double n) {
  return n > 1 ? gsl_cdf_ugaussian_Pinv((n - 0.375) / (n + 0.25)) : 0;
}

double train_network_slowdown(const struct train_env *e, int nodes) {
  return 1 + e->network_spread * train_slowest_of(nodes);
}

static bool crosses_nodes(const struct train_env *e, int ranks, int stride) {
  return train_ranks_per_node(e, ranks, stride) < ranks;
}

/* Rails are alike and so are nodes: two nodes with the GPUs of one port stand for all. Every GPU has its part of a
 * gradient ring and of an all-to-all. */
static double slowdown_beside_experts(const struct train_env *e) {
  struct hw_fabric f = hw_fabric_of(e->server, 2);
  f.gpus = (int)fmin((double)f.gpus / f.ports, MOST);
  f.ports = 1;
  struct hw_traffic t[2 * MOST];
  int seat[MOST][2];
  for (int g = 0; g < f.gpus; g++) {
    seat[g][0] = g;
    seat[g][1] = f.gpus + g;
    t[g] = (struct hw_traffic){HW_REDUCE_SCATTER, 1, 2, seat[g], 2, 1, 0}; /* any size: the ratio counts */
    t[f.gpus + g] = t[g];
    t[f.gpus + g].kind = HW_ALL_TO_ALL;
  }
  return hw_contended_slowdown(&f, t, (size_t)f.gpus, 2 * (size_t)f.gpus);
}

double train_crowded_s(const struct train_env *e, double comm_s, double experts_s, double window_s) {
  int ranks = e->plan.zero >= 1 ? e->plan.shard : e->data_ranks;
  if (!(experts_s > 0) || !(window_s > 0) || !(comm_s > 0) || !crosses_nodes(e, ranks, e->plan.tp))
    return comm_s;
  return comm_s * (1 + fmin(experts_s / window_s, 1) * (slowdown_beside_experts(e) - 1));
}
