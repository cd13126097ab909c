/* Who loses least goes first: the sequence with the fewest tokens to read again, among equals who joined last. */
#include "sim/serve_policies.h"

static int64_t loses(const struct serve *s, int32_t i) {
  const struct serve_seq *q = &s->seq[i];
  return q->decoding ? q->base_fx + (s->step - q->join_step) * s->grow_fx : (int64_t)q->done * s->cfg.beams * SERVE_TOKEN_FX;
}

static int32_t pick(const struct serve *s) {
  int32_t least = s->newest;
  for (int32_t i = s->newest; i >= 0; i = s->seq[i].prev)
    if (loses(s, i) < loses(s, least))
      least = i;
  return least;
}

const struct serve_victim serve_victim_smallest = {"smallest", "the sequence with the least cache to make again", pick};
