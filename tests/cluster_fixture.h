/* Clusters whose iterations take what a test says. */
#ifndef TESTS_CLUSTER_FIXTURE_H
#define TESTS_CLUSTER_FIXTURE_H
#include "sim/serve_cluster_core.h"

/* Seconds of an iteration: fixed, `per_s` a token and sequence, `ctx_s` a cached token. For serve_cost_free. */
void make_cost(struct serve_cost *c, double base_s, double per_s, double ctx_s);
struct serve_config plain(const struct serve_cost *cost); /* prefill first, room for everybody */
/* An instance that reads and one that writes, pool[0] and pool[1]. */
struct cluster_config split(struct cluster_pool_config pool[2], const struct serve_cost *cost, struct cluster_path path, double kv_bytes);
#endif
