/* Collectives of several groups at once, as flows on one network (sim/kernel/fluid.h): what groups on the same links
 * take from each other. Rings go in steps with a latency each, everything else as direct flows; a group waits for its
 * slowest flow after every step. Alone and at full rate a ring takes hw_ring_all_reduce_s (golden.md Q15) to 1e-12.
 *
 * Links: every GPU into and out of the scale-up fabric; every NIC port out and in; every leaf switch to and from the
 * spine, which is taken to balance perfectly and never to block. Nodes are in pods of pod_nodes. With rails the ports
 * of one number in a pod share a leaf, else all ports of a pod do; traffic between leaves crosses the spine.
 *
 * A rank of a group counts once for each of its NICs on a link that it shares with others, however many peers it sends
 * to at a time: libraries keep a bounded number of messages in flight (assumed). No congestion loss, no routing
 * collisions: those are in the shares that collective.h's constants carry. */
#ifndef HWMODELS_CONTENTION_H
#define HWMODELS_CONTENTION_H
#include "hwmodels/collective.h"

struct hw_fabric {
  int nodes, gpus; /* gpus: of a node (or scale-up domain) */
  double gpu_Bps;  /* of one GPU's scale-up links, per direction; 0 = none: traffic inside a node never ends */
  int ports;       /* NIC ports of a node; GPU g is behind port g * ports / gpus */
  double port_Bps; /* per direction */
  int pod_nodes;   /* nodes behind one set of leaves; 0 = all of them */
  bool rails;
  double oversubscription; /* leaf: bandwidth down / up, > 0; 1 = full bisection */
};
/* `nodes` scale-up domains of a server behind its leaves, each port with the NICs that its GPUs share. */
struct hw_fabric hw_fabric_of(const struct hw_server *s, int nodes);

struct hw_traffic { /* one group and what it does */
  enum hw_coll kind;
  double bytes;    /* as in hw_coll_op */
  int ranks;       /* of the group: steps and bytes follow from it */
  const int *seat; /* [seats] GPUs (node * gpus + GPU) in ring order; not owned. Fewer than ranks stand for all. p2p: a
                      chain, each sends to the next */
  int seats;
  int channels;  /* NIC ports that a rank spreads its traffic over, from its own on; 0 = 1 */
  double step_s; /* latency of a step */
};

/* Seconds for t[0], while t[1] ... t[n - 1] run over and over from the same start. INFINITY when it never ends, NaN
 * when a seat is not on the fabric. ret_bytes (NULL or [n]): what each put on the wires in that time. */
double hw_contended_s(const struct hw_fabric *f, const struct hw_traffic *t, size_t n, double *ret_bytes);
/* The same time over that among the first `own` of them only (1 = alone); 1 when t[0] sends nothing or never ends
 * even so. */
double hw_contended_slowdown(const struct hw_fabric *f, const struct hw_traffic *t, size_t own, size_t n);
#endif
