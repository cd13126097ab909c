/* One measured serving run (the rows of a table that share an id before the dot) as a simulated replica under a load. Every rule by which a cell is read is
 * stated in docs/accuracy.md; none looks at the id, the source's name or the value. */
#ifndef SCENARIOS_SERVING_CASE_H
#define SCENARIOS_SERVING_CASE_H
#include <stdbool.h>
#include "base/csv.h"
#include "sim/serve.h"
#include "workloads/datasets.h"
#include "workloads/launches.h"
#include "workloads/stack.h"

enum case_status { CASE_OK, CASE_UNSUPPORTED, CASE_INCOMPLETE };
enum case_load { LOAD_STATIC, LOAD_CLOSED, LOAD_RATE, LOAD_LIMIT, LOAD_OFFLINE, LOAD_PREFILL_UNIT, LOAD_DECODE_UNIT };
struct serving_tables {
  struct hw_catalog *catalog;
  const struct wl_models *models;
  const struct wl_engines *engines;
  const struct wl_datasets *datasets;
  const struct wl_launches *launches;
  const struct wl_stacks *stacks; /* what is usual of models made up from their size */
};
struct serving_case {
  enum case_status status;
  char note[160];          /* why not, or what was assumed */
  struct sim_replica rep;  /* points to `engine` and `made_up` below: a case must not be copied */
  char engine[64];
  struct wl_model made_up; /* of a model that the library does not know */
  int replicas;            /* alike, sharing the load */
  struct wl_lengths input, output;
  enum case_load load;
  double load_value;       /* batch, requests in flight, requests/s */
  int requests;            /* in all; 0 = not stated */
  const char *trace;       /* replay these arrivals and lengths; NULL or "" = draw them */
  int least_requests;      /* of one replica, where rules ask for a minimum duration */
  double ttft_limit_s, tpot_limit_s, e2e_limit_s; /* of a run at its limit; 0 = none. From the run's own p99 rows, else its stated limits */
  double hit_share;        /* of prompt tokens that are counted but came from a cache */
  double seen_share;       /* of requests whose whole prompt was sent before: a cache of prefixes still has it if it holds the whole set */
  bool steady;             /* measured while all places were taken, without filling and emptying */
  bool live;               /* a service's own traffic: prompts of many lengths, rates that are a day's mean */
  double node_gpus;
};
/* rows[n]: the run's rows. */
void serving_case_read(const struct serving_tables *k, const struct csv_table *t, const size_t *rows, size_t n, struct serving_case *ret);
#endif
