/* What a replica does at any share of its capacity: the serving simulation, tabulated once for each (server, workload, layout, prefix hit rate) and shared by all
 * options, months and worlds. Capacity is the highest rate that keeps the service level. */
#ifndef SIM_FLEET_SURFACE_H
#define SIM_FLEET_SURFACE_H
#include "sim/uncertainty.h"

enum { SURFACE_POINTS = 64, SURFACE_GUIDES = 256, SURFACE_HITS = 3, SURFACE_QUANTILES = 4 };

struct surface_point {
  double power_w;            /* of the replica's servers (or share of one) */
  double busy;               /* 0..1 */
  double within;             /* share of requests inside the limits */
  double ttft_s[SURFACE_QUANTILES], tpot_s[SURFACE_QUANTILES]; /* p50, p90, p95, p99 */
};
struct surface {
  double max_rate_req_s;     /* capacity; 0 = no load keeps the service level */
  double flow_ratio;         /* the most that flows through at all / capacity, >= 1 */
  int n;                     /* points: the levels that were simulated */
  double load[SURFACE_POINTS]; /* in shares of capacity, ascending from 0 */
  struct surface_point point[SURFACE_POINTS];
  struct surface_line {      /* between point i and i + 1: value = a + b x load */
    double power_a, power_b, busy_a, busy_b, within_a, within_b;
  } line[SURFACE_POINTS];
  double guides_per_load;    /* a load falls into a guide, which tells the point to search from */
  unsigned char guide[SURFACE_GUIDES];
};
struct surfaces { /* of one server type and workload */
  const struct hw_server *server;
  int serving;               /* index in the spec */
  bool fits;
  char why[240];
  int min_nodes;             /* the fewest that hold it */
  int gpus, nodes;           /* of a replica; nodes 1 with gpus below the server's: several share a server */
  double interpolation_error;
  int n_hit;
  double hit[SURFACE_HITS];
  struct surface surface[SURFACE_HITS];
};
struct surface_set {
  struct surfaces *of;
  int n;
};
/* Tabulates all pairs that the options of the world need, on `jobs` threads. */
void surface_set_make(struct surface_set *s, const struct world *w, uint64_t seed, int jobs);
void surface_set_free(struct surface_set *s);
const struct surfaces *surface_find(const struct surface_set *s, const struct hw_server *server, int serving);
/* The surface at a prefix hit rate (straight between tabulated ones) when what is achieved differs from the prediction by factors: capacity and speed scale
 * with one, watts at a share of capacity with the other. */
void surface_at(const struct surfaces *s, double hit, double throughput, double power, struct surface *ret);
/* Straight between points; load in shares of capacity, beyond the top = the top. */
void surface_read(const struct surface *s, double load, struct surface_point *ret);
/* The point below a load, which is at most that of the last point. */
static inline int surface_segment(const struct surface *s, double load) {
  int guide = (int)(load * s->guides_per_load), i = s->guide[guide < SURFACE_GUIDES - 1 ? guide : SURFACE_GUIDES - 1];
  while (i + 2 < s->n && s->load[i + 1] < load)
    i++;
  return i;
}
#endif
