/* Many serving instances in one replay: pools of alike replicas behind a router, prompts read and answers decoded together or on instances of their own, pools that follow the load.
 * Every instance keeps its exact clock (sim/serve_instance.h), so coalesced and literal replays give the same times to the nanosecond, whatever the router. O(log replicas) an
 * event (the prefix-aware router asks every cache), memory bounded by the requests in flight. What moves where: docs/models-serving.md. */
#ifndef SIM_SERVE_CLUSTER_H
#define SIM_SERVE_CLUSTER_H
#include <stdbool.h>
#include <stdint.h>
#include "sim/serve.h"
#include "sim/serve_router.h"
#include "sim/serve_scaler.h"

enum sim_role { SIM_BOTH, SIM_PREFILL, SIM_DECODE };
struct sim_pool { /* replicas alike */
  const char *name;
  enum sim_role role;           /* prompts and answers, or one of the two; a cluster has BOTH alone, or PREFILL and DECODE */
  struct sim_replica replica;   /* its layout chosen */
  int replicas;                 /* there at the start */
  int site, per_server;         /* pools of one site (> 0) share its servers, so many replicas of this one on each; site 0 = servers of its own */
  struct sim_scaling scaling;   /* start_s < 0: as long as the model takes to load and the engine to start */
  double usd_per_gpu_h;         /* NaN = unknown */
};
struct sim_class { /* a tenant, or a priority */
  const char *name;
  double share;                 /* of the requests, relative to the others' */
  double ttft_s, tpot_s;        /* limits, 0 = none */
  int priority;                 /* higher is more important */
  double weight;                /* of its fair share, 0 = 1 */
};
struct sim_cluster {
  const struct sim_pool *pool;
  int pools;
  const struct sim_class *class; /* at least one; drawn for each request from the seed */
  int classes;
  const struct sim_router *router, *decode_router; /* NULL = the default */
  double match_share, apart_requests, apart_ratio; /* of the prefix-aware router, see there */
  int concurrency;              /* > 0: closed loop over the whole cluster */
  uint64_t seed;
  enum sim_serve_mode mode;
  bool (*next)(void *ctx, struct sim_request *r); /* in order of arrival, false at the end */
  void *next_ctx;
  const struct sim_listener *requests; /* NULL = no records */
};

struct sim_part { /* the whole, a pool or a class; NaN = not known of such a part */
  const char *name;
  enum sim_role role;           /* of a pool */
  uint64_t arrived, finished, rejected, timed_out, preemptions, swapped /* of those */, iterations, blocks_dropped, starts;
  uint64_t ended;               /* of the finished, those that ended here: not on the side that only read them */
  double span_s;                /* first arrival to last end */
  double input_tokens, output_tokens, hit_tokens;
  double ttft_s[5], tpot_s[5], itl_s[5], e2e_s[5]; /* mean, p50, p90, p95, p99 */
  double slo_attainment;        /* share of the requests that arrived, within both limits of their class */
  double goodput_req_per_s;     /* of those */
  double output_tok_per_s_user; /* 1 / mean time per output token */
  double replicas;              /* mean provisioned */
  double replica_h, gpu_h;      /* provisioned, from the beginning of their start */
  double batch_mean, kv_occupancy; /* of the provisioned replicas' time */
  double busy, compute, memory, network; /* utilization 0..1 of provisioned GPUs and NICs; network: cache transfers alone */
  double transfer_s[5];         /* cache transfers, from room to landed */
  double energy_j, usd;
  double usd_per_mtoken_input, usd_per_mtoken_cached, usd_per_mtoken_output; /* the cost shared out by what each kind keeps the GPUs busy with */
};
enum { SIM_CURVE = 101 };
struct sim_cluster_result {
  struct sim_part whole;
  struct sim_part *pool, *class; /* beside those of the cluster; owned */
  int pools, classes;
  double ttft_curve_s[SIM_CURVE], tpot_curve_s[SIM_CURVE]; /* quantiles 0 %, 1 % .. 100 % */
  struct sim_population { /* owned: replicas provisioned and requests in the system, when either pool count changes or at most so often */
    double t_s, replicas, requests;
  } *population;
  int populations;
};
/* false: reason in why (no layout, no network between the two sides, overflow of the clock). */
bool sim_cluster_replay(const struct sim_cluster *c, struct sim_cluster_result *ret, char *why, size_t why_size);
void sim_cluster_result_free(struct sim_cluster_result *r);
/* From the start of a server that is there to its first request: weights from the node's drives (or network, where it has none) and over PCIe, then the engine. NaN = a rate is not known. */
double sim_start_s(const struct sim_replica *r, double *ret_load_s);
#endif
