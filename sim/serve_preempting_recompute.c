/* The cache is given up and made again: the prompt and what was written are read when the sequence comes back. */
#include "sim/serve_policies.h"

static bool keeps(struct serve *s, int32_t i, int64_t fx) {
  (void)s;
  (void)i;
  (void)fx;
  return false;
}

const struct serve_preempting serve_preempting_recompute = {"recompute", "cache is dropped and made again", keeps, NULL};
