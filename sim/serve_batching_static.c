/* A batch is filled once and runs until all of its members are done. */
#include "sim/serve_policies.h"

static bool open(const struct serve *s) {
  return s->running == 0;
}

static bool admit(struct serve *s) {
  if (s->running == 0)
    serve_take_prompts(s);
  return false;
}

const struct serve_batching serve_batching_static = {"static", "a batch is filled once and runs until all its members are done", open, admit};
