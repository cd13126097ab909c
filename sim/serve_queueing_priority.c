/* The highest priority first, within it by arrival. Nobody is put out of the batch for a request of higher priority; that needs a full cache. */
#include "sim/serve_policies.h"

static int32_t key(const struct sim_request *r) {
  return r->priority;
}

static int next(const struct serve *s) {
  int best = -1;
  for (int l = 0; l < (int)s->lanes; l++)
    if (s->lane[l].n > 0 && (best < 0 || s->lane[l].key > s->lane[best].key))
      best = l;
  return best;
}

static int64_t ahead(const struct serve *s, const struct sim_request *r) {
  int64_t tokens = 0;
  for (size_t l = 0; l < s->lanes; l++)
    tokens += s->lane[l].key >= r->priority ? s->lane[l].tokens : 0;
  return tokens;
}

const struct serve_queueing serve_queueing_priority = {
  .name = "priority", .doc = "highest priority first, then first come, first served", .key = key, .next = next, .ahead = ahead};
