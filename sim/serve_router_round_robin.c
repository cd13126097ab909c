#include "sim/serve_router.h"

/* The next number after the last one; instances that come and go keep their place in the turn. */
static int pick(struct route *g, const struct sim_request *r, sim_time t) {
  (void)r, (void)t;
  int lo = 0, hi = g->n; /* the first open number beyond the last */
  while (lo < hi) {
    int mid = lo + (hi - lo) / 2;
    if (g->open[mid] > g->last)
      hi = mid;
    else
      lo = mid + 1;
  }
  return g->open[lo < g->n ? lo : 0];
}
const struct sim_router serve_router_round_robin = {"round_robin", "instances in turn", NULL, pick};
