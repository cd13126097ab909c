/* Collectives: latency + bandwidth + half-bandwidth size, by ring, tree, hierarchy and in-switch reduction (the fastest is taken), parameters
 * fitted on measured collectives per link type and group size, scaled to unmeasured links. golden.md Q15 is the ring form. */
#ifndef HWMODELS_COLLECTIVE_H
#define HWMODELS_COLLECTIVE_H
#include "hwmodels/catalog.h"

enum hw_coll { HW_ALL_REDUCE, HW_ALL_GATHER, HW_REDUCE_SCATTER, HW_ALL_TO_ALL, HW_BROADCAST, HW_P2P, HW_COLL_COUNT };

struct hw_coll_op {
  enum hw_coll kind;
  double bytes;          /* all-reduce, broadcast: the buffer; all-gather, reduce-scatter: the full (gathered) buffer; all-to-all: what one rank sends in all (own
                            part included); p2p: the message */
  int ranks;             /* group size, >= 1; 1 costs nothing */
  int ranks_per_node;    /* how many of the group share a node (scale-up domain) */
  int groups_per_node;   /* groups of this kind that use the NICs of the node (or scale-up domain) at once, >= 1 */
  int stride_nodes;      /* nodes from one of the group's to the next, other groups of the kind lying between; 0 = 1 */
};
/* How much longer the network takes because leaves have less bandwidth up than down, when every port is used alike: the share of the traffic that leaves its pod, times the
 * oversubscription, at least 1. The closed form of contention.h's fabric. */
double hw_spine_slowdown(const struct hw_server *s, enum hw_coll kind, int nodes, int stride_nodes);
double hw_coll_s(const struct hw_server *s, const struct hw_coll_op *op);

/* Closed forms (golden.md Q15): a = latency per hop in s, B in bytes/s. */
double hw_ring_all_reduce_s(int n, double bytes, double B, double a);
double hw_ring_all_gather_s(int n, double bytes, double B, double a);
#endif
