#include "tests/cluster_fixture.h"
#include "base/mem.h"

enum { MOST_M = 4096, MOST_S = 512 };

void make_cost(struct serve_cost *c, double base_s, double per_s, double ctx_s) {
  *c = (struct serve_cost){.max_m = MOST_M, .max_s = MOST_S, .dp = 1, .peak_flops = 1e15, .mem_Bps = 1e12};
  double **table[] = {&c->lin_s, &c->lin_bytes, &c->log_s, &c->att0_s, &c->att1_s};
  for (int k = 0; k < 5; k++)
    *table[k] = mem_array(MOST_M + 1, sizeof(double));
  for (int i = 0; i <= MOST_M; i++) {
    c->lin_s[i] = base_s + per_s * i;
    c->lin_bytes[i] = 1e9;
    c->att1_s[i] = ctx_s;
  }
}

struct serve_config plain(const struct serve_cost *cost) {
  return (struct serve_config){.cost = cost, .batching = serve_batchings[WL_POLICY_PREFILL_FIRST], .max_seqs = 64, .budget_tokens = 2048, .kv_tokens = 1e7, .mtp = 1, .beams = 1};
}

struct cluster_config split(struct cluster_pool_config pool[2], const struct serve_cost *cost, struct cluster_path path, double kv_bytes) {
  pool[0] = (struct cluster_pool_config){.name = "read", .role = SIM_PREFILL, .serve = plain(cost), .replicas = 1, .path = path, .kv_bytes_per_token = kv_bytes};
  pool[1] = pool[0];
  pool[1].role = SIM_DECODE;
  return (struct cluster_config){.pool = pool, .pools = 2, .classes = 1, .router = {&serve_router_least_loaded, &serve_router_least_loaded}};
}
