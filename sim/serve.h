/* Serving: one replica (an engine process group on one or more nodes) by continuous batching with paged KV cache, request by request; and
 * the table of what such a replica does at each load, which the years are made from. Joins workloads with hwmodels. */
#ifndef SIM_SERVE_H
#define SIM_SERVE_H
#include <stdbool.h>
#include <stdint.h>
#include "hwmodels/catalog.h"
#include "hwmodels/power.h"
#include "sim/record.h"
#include "workloads/demand.h"
#include "workloads/engines.h"
#include "workloads/model.h"

enum sim_prefix { SIM_PREFIX_OF_ENGINE, SIM_PREFIX_ON, SIM_PREFIX_OFF };
enum sim_chunking { SIM_CHUNKING_OF_ENGINE, SIM_CHUNKED, SIM_NOT_CHUNKED };
struct sim_policies { /* of an engine; names as in sim/serve_policies.c, NULL or "" = the first */
  const char *queue;          /* who is let in next: "fcfs", "priority", "fair" */
  double fair_output;         /* "fair": what a written token counts, in read ones; 0 = the engine catalog's */
  const char *victim;         /* who goes when the cache is full: "newest", "lowest" (priority), "smallest" (cache) */
  const char *preemption;     /* what becomes of its cache: "recompute", "swap" to host memory */
  double swap_bytes;          /* host memory for that, per GPU; 0 = the engine catalog's */
  const char *admission;      /* who may wait: "all", "queue", "wait"; the others are turned away */
  int max_queue;              /* "queue": requests that may wait, at least 1 */
  double max_wait_s;          /* "wait": the predicted time in the queue, above 0 */
  double timeout_s;           /* a request without its first token by then leaves; 0 = never */
};
struct sim_replica { /* 0, DT_COUNT or NULL = choose */
  const struct hw_catalog *catalog;
  const struct hw_server *server;
  const struct wl_model *model;
  const char *engine;         /* row of workloads/catalog/engines.csv; "" = default for the GPU and year */
  int year;
  enum dtype weights, kv;     /* storage formats; the compute format follows from the GPU */
  int nodes, tp, pp, ep;      /* GPUs = nodes x gpus of the server unless gpus > 0 */
  int gpus;                   /* GPUs of the replica when smaller than a node; several replicas then share it */
  bool dp_attention;
  int max_batch;              /* sequences */
  double mtp_tokens;          /* tokens accepted per step, 1 = no speculation */
  /* may stay 0 */
  const struct wl_engines *engines; /* NULL = the shipped catalog */
  int month;                  /* of `year`, for engines without a version */
  enum dtype compute;         /* format of the matrix units: 0 = what the GPU does with the weights */
  bool mixed_checkpoint;      /* quantised file that leaves attention in 2 bytes */
  enum sim_chunking chunking; /* prompts in pieces beside decoding, or whole before it */
  double budget_tokens;       /* tokens of one iteration, 0 = the engine's */
  int poll_steps;             /* new requests are looked for every so many decode steps; 0 = at each */
  bool offline;               /* called as a library: nothing is streamed to clients */
  double widen_rows;          /* 4-bit weights by plain GPTQ kernels, which widen them all for more rows than this; 0 = as the engine does */
  bool eager;                 /* told not to replay graphs */
  bool embedded;              /* driven by the program that makes the requests, without a server in between */
  bool one_batch;             /* filled once and run to its end */
  bool top_p;                 /* requests sample within a share of probability (nucleus): every logit is looked at */
  int beams;                  /* beam search: sequences a request decodes at once, 0 = 1 */
  double power_cap_w;         /* of a GPU, set by the operator; 0 = its TDP */
  enum sim_prefix prefix_cache; /* prompts that carry block numbers share cached blocks */
  double clock;               /* sustained / boost clock, 0 = 1 */
  struct sim_policies policies;
};
/* Of a replica whose layout is chosen. */
static inline int sim_replica_gpus(const struct sim_replica *r) {
  return r->gpus > 0 ? r->gpus : r->nodes * r->server->gpus;
}
struct sim_replica_fit {
  bool fits;
  char why[240];              /* what breaks it and the smallest change that cures it */
  struct sim_replica replica; /* choices made */
  int min_nodes;              /* fewest nodes that hold weights, workspace and one longest request */
  double weights_bytes, kv_bytes, workspace_bytes; /* per GPU, fullest */
  double kv_tokens;           /* capacity of the replica */
};
bool sim_replica_choose(const struct sim_replica *want, double longest_request_tokens, struct sim_replica_fit *ret);

struct sim_request {
  double arrival_s;
  int32_t input, output;
  int32_t cached;             /* prompt tokens found in the prefix cache; not looked at where the cache is simulated by block numbers */
  int32_t blocks;             /* how many block numbers there are */
  int32_t priority;           /* higher is more important; looked at by the policies that say so */
  int32_t tenant;
  float weight;               /* of the tenant's fair share, 0 = 1 */
  const int32_t *block;       /* of the prompt's blocks of WL_TRACE_BLOCK_TOKENS, equal = same content and same prefix; NULL = none. Valid until the next request */
};
enum sim_serve_mode { SERVE_COALESCED, SERVE_LITERAL };
enum { SIM_SERVE_CLASSES = 16, SIM_SERVE_OTHERS = INT32_MIN };
struct sim_serve_class {      /* requests of one priority and tenant; both SIM_SERVE_OTHERS: of all that found no place */
  int32_t priority, tenant;
  uint64_t finished, lost;    /* lost: turned away or timed out */
  double slo_attainment;      /* of both */
  double goodput_req_per_s, goodput_tok_per_s;
};
struct sim_serve_result {
  uint64_t arrived, finished, rejected /* turned away: too long, or by admission */, timed_out, preemptions, swapped /* of the preemptions */, iterations;
  double span_s;
  double req_per_s, input_tok_per_s, output_tok_per_s;
  double ttft_s[5], tpot_s[5], e2e_s[5]; /* mean, p50, p90, p95, p99 */
  double slo_attainment;      /* share of requests within both limits, of those that finished, timed out or were turned away */
  double goodput_req_per_s, goodput_tok_per_s; /* requests within both limits, and their output tokens */
  double batch_mean, kv_occupancy; /* occupancy without cached blocks that nobody holds */
  double hit_share;           /* of prompt tokens, found in the prefix cache */
  uint64_t blocks_dropped;    /* prefix blocks that gave way for want of room */
  double energy_j;            /* all servers of the replica */
  struct hw_activity activity;
  int classes;                /* in order of appearance */
  struct sim_serve_class of_class[SIM_SERVE_CLASSES];
};
enum { SERVE_MEAN, SERVE_P50, SERVE_P90, SERVE_P95, SERVE_P99 };
/* next(ctx, &r) gives requests in order of arrival, false at the end. Times are exact ns on an engine clock. */
bool sim_serve_replay(const struct sim_replica *rep, bool (*next)(void *ctx, struct sim_request *r), void *ctx, double ttft_limit_s,
                      double tpot_limit_s, enum sim_serve_mode mode, const struct sim_listener *requests, struct sim_serve_result *ret);

/* What a replica does as a function of the offered load, for lengths drawn from the histograms. */
struct sim_serve_level {
  double rate_req_s;          /* offered per replica */
  struct sim_serve_result r;
  double power_w;             /* mean, all servers of the replica */
};
struct sim_serve_table {
  struct sim_replica_fit fit;
  size_t n;
  struct sim_serve_level *level; /* ascending rate, [0] idle; owned */
  double max_rate_req_s;      /* highest rate that keeps the limits at the asked attainment; 0 = none does */
  double interpolation_error; /* measured at mid-points, relative, on busy and power */
};
struct sim_slo {
  double ttft_s, tpot_s;      /* 0 = no limit */
  double quantile;            /* of the latency limits, e.g. 0.95 */
  double attainment;          /* 0..1 */
};
/* The layout (nodes, GPUs, tensor or data parallel attention) that carries most per GPU within the limits; choices that `want` makes
 * are kept. min_nodes and why tell of the smallest that holds the model. */
bool sim_serve_choose(const struct sim_replica *want, const struct wl_hist *input, const struct wl_hist *output, double prefix_hit,
                      const struct sim_slo *slo, uint64_t seed, struct sim_replica_fit *ret);
bool sim_serve_tabulate(const struct sim_replica *rep, const struct wl_hist *input, const struct wl_hist *output, double prefix_hit,
                        const struct sim_slo *slo, uint64_t seed, struct sim_serve_table *ret);
void sim_serve_table_free(struct sim_serve_table *t);
/* Linear between levels; rate beyond the last level = the last. */
void sim_serve_at(const struct sim_serve_table *t, double rate_req_s, struct sim_serve_level *ret);
#endif
