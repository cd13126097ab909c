#include "sim/serve_router.h"

/* Two at random, the less loaded of them (Mitzenmacher, IEEE TPDS 12(10), 2001): nearly as good as asking all, without asking all. */
static int pick(struct route *g, const struct sim_request *r, sim_time t) {
  (void)r, (void)t;
  if (g->n == 1)
    return g->open[0];
  int i = (int)stream_below(&g->luck, (uint64_t)g->n), j = (int)stream_below(&g->luck, (uint64_t)g->n - 1);
  int a = g->open[i], b = g->open[j + (j >= i)];
  return g->site[b].requests < g->site[a].requests ? b : a;
}
const struct sim_router serve_router_two = {"power_of_two", "the less loaded of two at random", NULL, pick};
