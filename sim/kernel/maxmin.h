/* Private to sim/kernel: weighted max-min fair rates of flows over links, without time.
 *
 * Level of a flow = rate / weight. An allocation is max-min fair if and only if no link is overfull and each flow has a
 * bottleneck: its own rate limit, or a full link on its way on which no flow has a higher level (Bertsekas, Gallager:
 * Data Networks, 6.5.2). A change is therefore solved locally: the flows that the changed links bound are refilled with
 * all others held; whoever then lacks a bottleneck joins, until nobody does. The result is the one global optimum, up
 * to 1e-10 of a rate or 1e-11 of the capacities. */
#ifndef SIM_KERNEL_MAXMIN_H
#define SIM_KERNEL_MAXMIN_H
#include "sim/kernel/filling.h"

#define MAXMIN_BY_LIMIT UINT32_MAX      /* bottleneck of a flow that its own limit holds */
#define MAXMIN_BY_NONE (UINT32_MAX - 1) /* not solved yet, or no link and no limit: infinite rate */

struct maxmin_hop {
  uint32_t link, place; /* link->flow[place] is this hop */
};
struct maxmin_flow {
  double rate, weight, limit; /* limit INFINITY = none; weight 0: unused */
  uint32_t bottleneck;        /* a link, or one of the above */
  uint32_t n, cap;            /* hops */
  bool member;                /* of the set that is refilled */
  struct maxmin_hop *hop;
};

struct maxmin_user {
  uint32_t flow, hop;
};
struct maxmin_link {
  double capacity, load;
  double level;     /* of the flows that it bounds, if bound > 0; no other flow here is above */
  uint32_t bound;   /* number of flows outside the set whose bottleneck it is */
  uint32_t updates; /* of load since it was summed afresh */
  uint32_t n, cap;
  struct maxmin_user *flow;
  uint32_t site; /* its place in the filling + 1 */
  bool dirty;
};

struct maxmin_list {
  uint32_t *at;
  size_t n, cap;
};
struct maxmin {
  struct maxmin_link *link;
  size_t link_n, link_cap;
  struct maxmin_flow *flow;
  size_t flow_n, flow_cap;
  struct maxmin_list unused, dirty, fresh; /* flows, links, flows */
  struct maxmin_list changed;
  struct filling set; /* the flows that are refilled and the links they cross */
};

void maxmin_free(struct maxmin *m);
uint32_t maxmin_add_link(struct maxmin *m, double capacity);
void maxmin_set_capacity(struct maxmin *m, uint32_t link, double capacity);
/* Its rate is 0 until solved. */
uint32_t maxmin_add_flow(struct maxmin *m, const uint32_t *links, size_t n, double weight, double limit);
void maxmin_remove_flow(struct maxmin *m, uint32_t flow, bool reuse); /* reuse: may its number be given again? */
/* m->changed then lists the flows with a new rate. */
void maxmin_solve(struct maxmin *m);
bool maxmin_is_dirty(const struct maxmin *m);
#endif
