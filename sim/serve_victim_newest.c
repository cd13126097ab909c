/* Who joined last goes first. */
#include "sim/serve_policies.h"

static int32_t pick(const struct serve *s) {
  return s->newest;
}

const struct serve_victim serve_victim_newest = {"newest", "the sequence that joined last", pick};
