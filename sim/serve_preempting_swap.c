/* The cache goes to host memory and comes back before the sequence decodes on. Copies stand between iterations, as in vLLM before 0.8, which issues them in front of
 * the model; what finds no room there is recomputed. A prompt that is half read has nothing worth copying. */
#include "sim/serve_policies.h"

static bool keeps(struct serve *s, int32_t i, int64_t fx) {
  (void)i;
  if ((double)(s->swap_fx + fx) > s->cfg.swap_tokens * SERVE_TOKEN_FX)
    return false;
  s->swap_fx += fx;
  s->moved_fx += fx;
  s->tot.swapped++;
  return true;
}

static void returns(struct serve *s, int64_t fx) {
  s->swap_fx -= fx;
  s->moved_fx += fx;
}

const struct serve_preempting serve_preempting_swap = {"swap", "cache is copied to host memory and back", keeps, returns};
