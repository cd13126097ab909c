/* Least of something that an ordered set keeps: O(log n) a request. */
#include "sim/serve_router.h"

static int first(struct route *g, const struct sim_request *r, sim_time t) {
  (void)r, (void)t;
  return serve_order_first(&g->order);
}

static int64_t requests(const struct route_site *x) {
  return x->requests;
}
const struct sim_router serve_router_least_loaded = {"least_loaded", "fewest requests outstanding", requests, first};

/* Answers are as long as they turn out: prompts are all that is known. */
static int64_t tokens(const struct route_site *x) {
  return x->tokens;
}
const struct sim_router serve_router_least_tokens = {"least_tokens", "fewest prompt tokens of requests outstanding", tokens, first};
