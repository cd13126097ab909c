#include "sim/serve_router.h"

/* For caches that are handed over: the fewest requests among those on the server that holds it, so that it crosses the links inside; among all where nobody is there. */
static int pick(struct route *g, const struct sim_request *r, sim_time t) {
  int best = -1, any = g->open[0];
  (void)r, (void)t;
  for (int i = 0; i < g->n; i++) {
    int x = g->open[i];
    if (g->site[x].requests < g->site[any].requests)
      any = x;
    if (g->from >= 0 && g->site[x].server == g->from && (best < 0 || g->site[x].requests < g->site[best].requests))
      best = x;
  }
  return best >= 0 ? best : any;
}
const struct sim_router serve_router_near = {"near", "the least loaded on the server where the prompt was read, else of all", NULL, pick, true};
