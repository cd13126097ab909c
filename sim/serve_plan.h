/* Planning a serving fleet: which server, how many, how a replica is laid out (tensor, pipeline, expert, data-parallel ranks, formats, batch limit, token budget, prefill and decode
 * together or on replicas of their own), so that a load is carried within its latency limits for the least money; or the most load that given servers hold.
 *
 * Every layout is screened by a closed form over its tabulated iteration costs; the best few of each server are simulated request by request with the same lengths; what is handed
 * out was simulated. The formulas stand in docs/models-serving.md. */
#ifndef SIM_SERVE_PLAN_H
#define SIM_SERVE_PLAN_H
#include "sim/offer.h"
#include "sim/serve.h"

struct sim_hours { /* a share of the time at a rate */
  double rate_req_s, share;
};
struct sim_serve_ask {
  struct sim_replica replica;          /* choices that are kept; the server is the offer's */
  const struct wl_hist *input, *output;
  double hit;                          /* share of prompt tokens found in a prefix cache */
  struct sim_slo slo;
  const struct sim_hours *hours;       /* ascending rates, shares sum to 1: the last is what must be carried */
  int n_hours;
  const struct sim_request *request;   /* of a trace, in order of arrival: the fleet is played with these; NULL = Poisson arrivals at the highest rate */
  size_t n_request;
  int servers;                         /* > 0: not the fewest for the load but the most load that so many hold */
  double headroom;                     /* capacity beyond the load, relative */
  int least_replicas;                  /* of a fleet, of each side; 0 = 1 */
  double least_bits;                   /* of a stored weight or cache value that may be chosen; 0 = 8 */
  bool together;                       /* no prefill and decode on replicas of their own */
  uint64_t seed;
  int jobs;                            /* threads */
};

enum sim_serve_limit { SERVE_BY_LOAD, SERVE_BY_MEMORY, SERVE_BY_BATCH, SERVE_BY_TPOT, SERVE_BY_TTFT, SERVE_BY_COMPUTE, SERVE_LIMITS };
extern const char *const sim_serve_limit_name[SERVE_LIMITS]; /* what stops a replica from carrying more */

struct sim_serve_pick {                /* the best of an offer */
  int offer;
  bool feasible;
  char why[240];                       /* infeasible: the reason and the smallest cure */
  size_t layouts, without_room;        /* screened on its server; of them without room for weights and one longest request */
  size_t too_late[SERVE_LIMITS];       /* and those that keep the limits at no load, by the limit */
  struct sim_replica replica;          /* decodes, and reads prompts when `prefill` is unused */
  struct sim_replica prefill;          /* reads prompts; server NULL = no split */
  double rate_req_s, prefill_req_s;    /* a replica carries within the limits, by simulation */
  double transfer_s;                   /* split: a mean prompt's cache on its way */
  int replicas, prefills, servers, gpus; /* for the asked load; gpus: of whole servers, paid */
  double held_req_s;                   /* what they carry in all */
  enum sim_serve_limit limit;
  struct sim_price price;
  double usd_per_h;                    /* on average over the hours */
  double usd_per_mtok;                 /* of output, input and idle hours paid by it */
  double gpu_hours_per_h;              /* paid */
  struct sim_serve_level at;           /* a replica at its share of the highest load; latencies and attainment are those of the whole fleet behind its router */
  uint64_t played;                     /* requests that the whole fleet was played with */
  bool published;                      /* formats as published */
};
struct sim_serve_front {               /* a point of throughput against interactivity: so many users in flight on one replica */
  int offer;
  struct sim_replica replica;
  double users;
  double tok_per_s_user;               /* 1 / mean time per output token */
  double tok_per_s_gpu, tok_per_usd;   /* output */
  double ttft_s, tpot_s;               /* at the asked quantile */
  bool best;                           /* no other offer's point is as good in both */
};
enum sim_serve_what { PLAN_HALF_TPOT, PLAN_TWICE_TPOT, PLAN_HALF_TTFT, PLAN_TWICE_TTFT, PLAN_PUBLISHED, PLAN_TOGETHER, PLAN_TWO_REPLICAS, PLAN_WHATS };
struct sim_serve_what_if {             /* the cheapest when one thing were different */
  bool asked;                          /* makes a difference to look at */
  struct sim_serve_pick pick;
};
struct sim_serve_plan {
  size_t screened, fitting, simulated; /* layouts looked at, of them within memory and limits, and simulated */
  double screen_s;                     /* processor time of the screen */
  int n;
  struct sim_serve_pick *pick;         /* one for each offer, the best first, infeasible ones last */
  struct sim_serve_what_if what_if[PLAN_WHATS];
  int n_front;
  struct sim_serve_front *front;       /* by offer's server, then users ascending */
};
/* The hours of a scenario's average week at the start of its horizon, as an ask wants them. */
struct sim_hours *sim_serve_hours(struct arena *a, const struct sim_spec *spec, const struct sim_serving *serving, int *ret_n);
void sim_serve_plan(const struct sim_serve_ask *ask, const struct sim_offers *offers, struct sim_serve_plan *ret);
void sim_serve_plan_free(struct sim_serve_plan *p);
#endif
