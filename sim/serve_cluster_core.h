/* Inside a cluster (sim/serve_cluster.h): instances and what goes on between them, on one clock.
 *
 * A moment t is played in the order that sim/serve_instance.h asks for: instances due at t step; then what comes at t from outside them happens (transfers that end, replicas that are ready, decisions
 * to scale, requests handed over, requests that arrive); then all that were touched begin their next iteration, by number. What an instance does between two such touches is its own, so it
 * may be played in one go or iteration by iteration. */
#ifndef SIM_SERVE_CLUSTER_CORE_H
#define SIM_SERVE_CLUSTER_CORE_H
#include "sim/kernel/engine.h"
#include "sim/kernel/fluid.h"
#include "sim/serve_cluster.h"
#include "sim/serve_instance.h"

enum { ROUTE_PROMPTS, ROUTE_DECODES, ROUTES };

struct cluster_path { /* what a cache transfer of a pool's instance goes over; bytes a second */
  double out_Bps, in_Bps; /* of the instance's NICs together; INFINITY = takes no time */
  double flow_Bps;        /* most for one request: the NICs of the ranks that hold it; 0 = no limit */
  double latency_s;
};
struct cluster_pool_config {
  const char *name;
  enum sim_role role;
  struct serve_config serve; /* its finish, room and itl are the cluster's */
  int replicas;
  struct sim_scaling scaling;
  struct cluster_path path, near; /* to other servers; inside one, where pools share it */
  int site, per_server;      /* as of sim_pool */
  double servers;            /* that an instance takes; part of one where several share it */
  int pod_servers;           /* behind one set of leaf switches; 0 = all */
  double leaf_Bps;           /* of a pod's leaves to the spine, per direction; 0 = as much as the NICs below them */
  double kv_bytes_per_token; /* of a request, as it is sent */
  double overlap;            /* 0..1 of a prompt's cache goes out while the prompt is read, as far as the links are free */
  bool first_at_decode;      /* the first token reaches the client from the decode side, after the transfer */
};
struct cluster_class {
  double share; /* of the requests, relative */
  int priority;
  double weight; /* of its fair share */
};
struct cluster_finish {
  sim_time arrival, first, end;
  int32_t input, output;
  uint64_t index;
  int class, prefill, decode; /* instances; the same where one does both */
};
struct cluster_config {
  const struct cluster_pool_config *pool;
  int pools;
  const struct cluster_class *class; /* its number is the tenant's */
  int classes;
  const struct sim_router *router[ROUTES];
  double match_share, apart_requests, apart_ratio;
  int concurrency;
  uint64_t seed;
  bool (*next)(void *ctx, struct sim_request *r);
  void *next_ctx;
  void (*finish)(void *ctx, const struct cluster_finish *f); /* may be NULL */
  void (*lost)(void *ctx, int class, bool timed_out); /* turned away, or without a first token in time; may be NULL */
  void *ctx;
};

struct flight { /* a request in the system */
  struct cluster *c;
  struct flight *next;      /* in its hash chain, or the free list */
  uint64_t index;
  sim_time arrival, first, asked /* for room */, sent;
  int32_t input, output;
  int32_t *block;           /* own copy while it waits at the gate */
  int32_t blocks, cached;
  int class, prefill, decode;
  int32_t prefill_handle, decode_handle;
};
struct cluster_flights {
  struct flight **bucket, *free, **chunk;
  size_t buckets, n, chunks, cap_chunks;
};

enum instance_state { INSTANCE_OFF, INSTANCE_STARTING, INSTANCE_OPEN, INSTANCE_DRAINING };
struct instance {
  struct cluster *c;
  struct cluster_pool *pool;
  int number;
  enum instance_state state;
  sim_time since;           /* provisioned from */
  event_id ready;
  int64_t held;             /* finished prompts whose cache has not been taken */
  fluid_link out, in, near_out, near_in, up, down; /* up, down: of its pod, where its network has leaf_Bps */
  int network, pod;
  bool touched;
};
struct cluster_pool {
  const struct cluster_pool_config *cfg;
  struct cluster *c;
  int first, n;             /* its instances' numbers */
  int up, starting;         /* open; starting */
  int64_t requests;         /* in its instances */
  sim_time changed, low_since; /* requests last counted; fewer replicas wanted since, -1 = not */
  int64_t request_ns;       /* integral of requests, of the period */
  int64_t provisioned_ns;
  uint64_t starts;
  double transfer_bytes;
  struct sketch *itl, *transfer;
  struct serve_totals total; /* of instances that are closed */
};
struct gate { /* requests that find nobody open, first come first served */
  struct flight **at;
  size_t head, n, cap;
};
struct ended {
  int instance;
  bool timed_out;
  struct serve_finish f;
};
struct cluster {
  struct cluster_config cfg;
  struct cluster_pool *pool;
  struct instance *x;
  struct route_site *site;
  int n;
  struct serve_order due;
  struct route route[ROUTES];
  struct gate gate[ROUTES];
  struct engine *engine;    /* transfers, replicas that come, decisions */
  bool timed;               /* there are any of those */
  struct fluid *fluid;
  struct cluster_flights flights;
  int *touched;
  int touched_n;
  struct ended *ended;
  size_t ended_n, cap_ended;
  bool ahead_ok, dry, failed, offering;
  struct sim_request ahead;
  sim_time ahead_t, now;
  uint64_t arrived, in_system;
  sim_time start, end;
  struct stream classes;
  double share_sum;
  struct population { /* replicas and requests, at even times */
    struct sim_population *at;
    int n;
    sim_time step, next;
  } population;
};

/* cfg is copied, what it points to must outlive it. */
void cluster_open(struct cluster *c, const struct cluster_config *cfg);
bool cluster_run(struct cluster *c); /* false: clock overflow, or an iteration without duration */
void cluster_close(struct cluster *c);
void cluster_touch(struct cluster *c, int instance);
void cluster_offer(struct cluster *c, struct flight *f, const struct sim_request *r, sim_time t); /* to an instance, or the gate */
struct sim_request cluster_request(const struct cluster *c, const struct flight *f);
void cluster_lost(struct cluster *c, struct flight *f, bool timed_out);
void cluster_admit_gates(struct cluster *c, sim_time t);  /* somebody is open again */
void cluster_count(struct cluster_pool *p, int delta, sim_time t); /* requests of a pool */
void cluster_over(struct cluster *c, struct flight *f, const struct serve_finish *g, sim_time t);
bool cluster_works(const struct cluster *c); /* is anything left to do? */

/* ---- requests in flight (sim/serve_flight.c) ---- */
struct flight *flight_new(struct cluster *c, uint64_t index);
struct flight *flight_find(struct cluster *c, uint64_t index);
void flight_free(struct cluster *c, struct flight *f);
void flight_close(struct cluster *c);
void gate_push(struct gate *g, struct flight *f, const struct sim_request *r); /* keeps the block numbers */
struct flight *gate_pop(struct gate *g); /* NULL = empty */

/* ---- prompts read here, decoded there (sim/serve_transfer.c) ---- */
void transfer_open(struct cluster *c);
void transfer_read_done(struct cluster *c, struct flight *f, const struct serve_finish *g, sim_time t); /* the prompt is read */
void transfer_offer(struct cluster *c, struct flight *f, sim_time t); /* to a decode instance, or the gate */
void transfer_room(void *instance, uint64_t index, int32_t handle, sim_time t); /* serve_config.room */

/* ---- leaf switches (sim/serve_leaves.c) ---- */
struct leaf_links { /* that a transfer crosses */
  fluid_link link[2];
  double capacity_Bps[2];
  size_t n;
};
void leaves_open(struct cluster *c); /* with c->fluid */
void leaves_between(const struct instance *a, const struct instance *b, struct leaf_links *ret);

/* ---- replicas that come and go (sim/serve_scaling.c) ---- */
void scaling_open(struct cluster *c);
void scaling_wake(struct cluster *c, int route, sim_time t); /* a request waits at the gate */
void scaling_emptied(struct instance *x, sim_time t);        /* may leave if it is draining */
void scaling_close(struct cluster *c, sim_time t);           /* counts what is provisioned up to the end */
void instance_open(struct instance *x);                      /* makes its engine */
static inline bool pool_takes(const struct cluster_pool *p, int route) {
  return p->cfg->role == SIM_BOTH ? route == ROUTE_PROMPTS : (p->cfg->role == SIM_DECODE) == (route == ROUTE_DECODES);
}
static inline int pool_route(const struct cluster_pool *p) {
  return p->cfg->role == SIM_DECODE ? ROUTE_DECODES : ROUTE_PROMPTS;
}
void serve_totals_add(struct serve_totals *sum, const struct serve_totals *t); /* all but start, end and in_system */

/* ---- what came of it (sim/serve_cluster_report.c) ---- */
struct latencies {
  struct sketch *ttft, *tpot, *e2e;
  uint64_t within, finished, rejected, timed_out;
  double input_tokens, output_tokens;
};
struct cluster_stats { /* ctx of a cluster's callbacks */
  const struct sim_cluster *of;
  const int *pool;          /* of each instance */
  struct latencies *by_class, *by_pool;
};
void cluster_stats_make(struct cluster_stats *st, const struct sim_cluster *of);
void cluster_stats_free(struct cluster_stats *st);
void cluster_stats_finish(void *stats, const struct cluster_finish *f);
void cluster_stats_lost(void *stats, int class, bool timed_out);
struct serve_setup;
/* setup: of each pool. */
void cluster_report(const struct cluster *c, const struct cluster_stats *st, const struct serve_setup *setup, struct sim_cluster_result *ret);
#endif
