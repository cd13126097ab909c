/* What the planner's files share: layouts that are screened (serve_plan_ways.c), fleets made of them, and what is simulated (serve_plan.c). */
#ifndef SIM_SERVE_PLAN_PRIV_H
#define SIM_SERVE_PLAN_PRIV_H
#include "sim/serve_plan.h"
#include "sim/serve_screen.h"

enum { PLAN_BOUNDS = 1 + PLAN_TWICE_TTFT + 1 /* as asked, then one for each what-if that moves a limit */, PLAN_MOST_REPLICAS = 1000000 };

/* A layout that was screened, on one side of a split or on both. */
struct way {
  struct sim_replica r;
  enum serve_side side;
  bool published;          /* formats as the model was published in */
  int gpus;
  int table;               /* ways that differ in budget and batch limit alone have the same */
  double transfer_s;       /* SERVE_PREFILL: a mean prompt's cache on its way to where it is decoded */
  double rate[PLAN_BOUNDS]; /* a replica, by the closed form; 0 = not within the limits */
  unsigned char limit[PLAN_BOUNDS];
  double held[PLAN_BOUNDS]; /* by simulation; < 0 = not simulated */
};
struct ways { /* of a server */
  const struct sim_serve_ask *ask;
  const struct hw_server *server;
  struct serve_lengths len;
  double longest;
  struct way *way;
  size_t n, cap;
  size_t screened, fitting, simulated, without_room, too_late[SERVE_LIMITS];
  double screen_s;
  char why[240];           /* when nothing fits: what breaks the smallest layout and the smallest cure */
  struct sim_serve_front *front; /* screened, users ascending */
  size_t n_front, cap_front;
};
void ways_screen(struct ways *w);
void ways_free(struct ways *w);
void ways_bounds(const struct sim_serve_ask *ask, int which, struct serve_bounds *ret);
/* The limits of one side as the simulation judges them: sides of a split are each allowed half of the requests that may be late. */
void ways_slo(const struct sim_serve_ask *ask, int which, enum serve_side side, double transfer_s, struct sim_slo *ret);

/* The whole fleet in one replay: its latencies and attainment go into level. late_first: more requests miss the TTFT than the TPOT. false: it cannot be played. */
struct fleet_of;
bool fleet_play(const struct ways *w, const struct way *decode, const struct way *prefill, const struct fleet_of *f, int which, double rate_req_s,
                struct sim_serve_level *level, uint64_t *ret_played, bool *ret_late_first);

/* Replicas of a server that carry a load: those that decode (or do all), and those that only read. */
struct fleet_of {
  int replicas, prefills, servers;
  double held_req_s;
};
struct fleet_part {
  int gpus;                /* of a replica */
  double rate_req_s;       /* of a replica; gpus 0 = no such part */
};
/* The fewest servers for a load, with at least so many replicas of each part. servers 0 = it cannot be done. */
struct fleet_of fleet_for(const struct hw_server *s, struct fleet_part decode, struct fleet_part prefill, double rate_req_s, int least);
/* The most load on so many servers. */
struct fleet_of fleet_within(const struct hw_server *s, struct fleet_part decode, struct fleet_part prefill, int servers);
/* ---- choosing (serve_plan_choose.c) ---- */
struct plan {
  const struct sim_serve_ask *ask;
  int least; /* replicas of each part */
  const struct sim_offers *offers;
  struct ways *ways; /* of each distinct server */
  int servers;
};
struct combination { /* what an offer's fleet is made of */
  struct way *decode, *prefill; /* prefill NULL = no split */
  double decode_req_s, prefill_req_s;
  struct fleet_of fleet;
  double server_hours; /* an hour, paid */
};
double plan_peak_req_s(const struct sim_serve_ask *a);
double plan_mean_req_s(const struct sim_serve_ask *a);
int plan_least_replicas(const struct sim_serve_ask *a);
bool plan_as_published(const struct combination *c);
/* A way to be simulated under the limits of its side. NULL: meaningless. */
struct serve_trial *plan_trial(const struct ways *w, const struct way *y, int bound);
/* The cheapest fleet (or the one that holds most) on a server under the limits of a bound: finalists by the screen, simulated. decode NULL = there is none. */
void plan_choose(struct plan *p, struct ways *w, bool hourly, int bound, bool published, bool together, struct combination *ret);
#endif
