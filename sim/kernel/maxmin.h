/* Private to sim/kernel: weighted max-min fair rates of flows over links, without time.
 *
 * Level of a flow = rate / weight. An allocation is max-min fair if and only if no link is overfull and each flow has a
 * bottleneck: its own rate limit, or a full link on its way on which no flow has a higher level (Bertsekas, Gallager:
 * Data Networks, 6.5.2). A change is therefore solved locally: the flows that the changed links bound are refilled with
 * all others held; whoever then lacks a bottleneck joins, until nobody does. The result is the one global optimum, up
 * to 1e-10 of a rate or 1e-11 of the capacities. */
#ifndef SIM_KERNEL_MAXMIN_H
#define SIM_KERNEL_MAXMIN_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MAXMIN_BY_LIMIT UINT32_MAX      /* bottleneck of a flow that its own limit holds */
#define MAXMIN_BY_NONE (UINT32_MAX - 1) /* not solved yet, or no link and no limit: infinite rate */

struct maxmin_hop {
  uint32_t link, place; /* link->flow[place] is this hop */
};
struct maxmin_flow {
  double rate, weight, limit; /* limit INFINITY = none */
  double next;                /* tentative rate */
  uint32_t bottleneck;
  uint32_t n, cap; /* hops; n 0 and weight 0: unused */
  struct maxmin_hop *hop;
  bool member, fixed; /* of the set being refilled; has its tentative rate */
};

struct maxmin_user {
  uint32_t flow, hop;
};
struct maxmin_link {
  double capacity, load;
  double level;   /* of the flows that it bounds, if bound > 0 */
  uint32_t bound; /* number of flows outside the set whose bottleneck it is */
  uint32_t n, cap;
  uint32_t updates; /* of load since it was summed afresh */
  struct maxmin_user *flow;
  bool dirty, touched;
  /* while the set is refilled: */
  uint32_t members, open;                        /* its flows here, and those without a tentative rate */
  double available, rest, member_weight, weight; /* capacity for the former and the latter, and their weight */
  double top;                                    /* highest level of a member, -1 = none */
  double filled;  /* level at which it became a member's bottleneck, INFINITY = it did not */
  double ceiling; /* no flow outside the set is above, as far as known without looking */
};

struct maxmin_list {
  uint32_t *at;
  size_t n, cap;
};
struct maxmin_key { /* what stops flows at `level` */
  double level;
  uint32_t flow, link; /* a link, for all its members: KEY_OF_LINK, link; for one: flow, link or MAXMIN_BY_LIMIT */
};
#define KEY_OF_LINK UINT32_MAX
struct maxmin {
  struct maxmin_link *link;
  size_t link_n, link_cap;
  struct maxmin_flow *flow;
  size_t flow_n, flow_cap;
  struct maxmin_list unused, dirty, fresh; /* flows, links, flows */
  struct maxmin_list member, touched, changed;
  struct maxmin_key *heap;
  size_t heap_n, heap_cap;
  size_t open; /* members without rate */
};

void maxmin_free(struct maxmin *m);
uint32_t maxmin_add_link(struct maxmin *m, double capacity);
void maxmin_set_capacity(struct maxmin *m, uint32_t link, double capacity);
uint32_t maxmin_add_flow(struct maxmin *m, const uint32_t *links, size_t n, double weight,
                         double limit);                               /* its rate is 0 until solved */
void maxmin_remove_flow(struct maxmin *m, uint32_t flow, bool reuse); /* reuse: may its number be given again? */
/* m->changed then lists the flows with a new rate. */
void maxmin_solve(struct maxmin *m);
bool maxmin_is_dirty(const struct maxmin *m);
#endif
