/* Continuous batching; waiting prompts are read whole, before the batch decodes on. */
#include "sim/serve_policies.h"

static bool open(const struct serve *s) {
  (void)s;
  return true;
}

static bool admit(struct serve *s) {
  serve_take_prompts(s);
  return false;
}

const struct serve_batching serve_batching_prefill_first = {
  "prefill-first", "continuous batching; waiting prompts are read before the batch decodes on", open, admit};
