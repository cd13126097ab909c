/* How long a replica takes from an order to its first request, on servers that are there: weights from the node's own drives, or over its network where it has none, and from the host to the GPUs, both at
 * once; then what the engine needs to start. The slower of the two counts; every node loads its own share. */
#include <math.h>
#include "sim/serve_cluster.h"
#include "sim/serve_setup.h"

static double link_Bps(const struct hw_link *l) {
  return !l ? (double)NAN : l->eff_Bps > 0 ? l->eff_Bps : l->raw_Bps;
}

double sim_start_s(const struct sim_replica *r, double *ret_load_s) {
  struct serve_setup s;
  struct serve_memory m;
  char why[240];
  if (!serve_setup_make(r, &s, why, sizeof why))
    return NAN;
  serve_memory_of(&s, r, &m);
  double in_node = fmin(s.gpus, s.server->gpus), share = in_node / s.server->gpus; /* several replicas may share a node and its drives */
  double store_Bps = share * (s.server->local_storage_Bps > 0 ? s.server->local_storage_Bps : s.server->node_net_Bps);
  double load_s = fmax(m.weights * in_node / store_Bps, m.weights / link_Bps(s.gpu->pcie));
  if (ret_load_s)
    *ret_load_s = load_s;
  return store_Bps > 0 ? load_s + s.engine.start_s : (double)NAN;
}
