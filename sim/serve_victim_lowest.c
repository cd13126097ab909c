/* The lowest priority goes first, within it who joined last. */
#include "sim/serve_policies.h"

static int32_t pick(const struct serve *s) {
  int32_t worst = s->newest;
  for (int32_t i = s->newest; i >= 0; i = s->seq[i].prev)
    if (s->seq[i].priority < s->seq[worst].priority)
      worst = i;
  return worst;
}

const struct serve_victim serve_victim_lowest = {"lowest", "the lowest priority, within it the sequence that joined last", pick};
