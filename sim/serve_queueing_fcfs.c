/* First come, first served. */
#include "sim/serve_policies.h"

static int32_t key(const struct sim_request *r) {
  (void)r;
  return 0;
}

static int next(const struct serve *s) {
  (void)s;
  return 0;
}

const struct serve_queueing serve_queueing_fcfs = {.name = "fcfs", .doc = "first come, first served", .key = key, .next = next, .ahead = serve_queued_all};
