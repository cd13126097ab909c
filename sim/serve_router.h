/* Which instance takes a request. A router is a const struct in a file of its own and a line in serve_router.c; it sees what a real one sees: what it has sent, what came back, and what
 * each prefix cache holds. Never the length of an answer that is not there yet.
 *
 * Equal loads go to the lowest number, so that results do not depend on memory or order of asking. */
#ifndef SIM_SERVE_ROUTER_H
#define SIM_SERVE_ROUTER_H
#include <stdbool.h>
#include "sim/kernel/clock.h"
#include "sim/kernel/stream.h"
#include "sim/serve.h"
#include "sim/serve_order.h"

struct serve;
struct route_site { /* an instance as a router sees it */
  int64_t requests;  /* sent there and not over */
  int64_t tokens;    /* of their prompts */
  int64_t sent;      /* tokens of all prompts ever sent there */
  int64_t server;    /* where it stands, if others stand there too; -1 = nobody does */
  struct serve *engine;
};
struct sim_router;
struct route { /* a router at work over the instances of one role */
  const struct sim_router *router;
  struct route_site *site;  /* of all instances, by number; the cluster's */
  int *open, n;             /* numbers that take requests now, ascending */
  struct serve_order order; /* of those, by the router's key */
  struct stream luck;
  int last;                 /* taken last, -1 = none yet */
  int64_t from;             /* server on which the prompt was read; -1 = does not matter */
  double match_share, apart_requests, apart_ratio; /* of the prefix-aware router */
};
struct sim_router {
  const char *name, *doc;
  int64_t (*key)(const struct route_site *x); /* what `order` is kept by; NULL = not kept */
  int (*pick)(struct route *g, const struct sim_request *r, sim_time t); /* g->n > 0 */
  bool asks_all; /* pick looks at every instance: O(replicas) a request */
};
extern const struct sim_router serve_router_round_robin, serve_router_least_loaded, serve_router_least_tokens, serve_router_prefix, serve_router_two,
    serve_router_near;
extern const struct sim_router *const serve_routers[]; /* NULL-ended, the default first */
const struct sim_router *serve_router_find(const char *name); /* NULL = unknown */

void serve_route_make(struct route *g, const struct sim_router *router, struct route_site *site, int most, uint64_t seed, const char *stream);
void serve_route_free(struct route *g);
void serve_route_open(struct route *g, int number);
void serve_route_shut(struct route *g, int number);
void serve_route_moved(struct route *g, int number); /* the load of an instance has changed; one that is shut is fine */
#endif
