/* As long as the queue is not full. */
#include "sim/serve_policies.h"

static bool admits(const struct serve *s, const struct sim_request *r) {
  (void)r;
  return s->waiting < s->cfg.max_queue;
}

const struct serve_admission serve_admission_queue = {"queue", "turned away when max_queue requests wait", admits};
