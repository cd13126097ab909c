/* Shapes of models that no file describes, made up from what is stated of them: their size, parts of their shape, a size in their name.
 * Rules: docs/models-training.md, section 1. */
#ifndef WORKLOADS_MODEL_GUESS_H
#define WORKLOADS_MODEL_GUESS_H
#include "workloads/model.h"
#include "workloads/stack.h"

struct wl_model_size { /* 0 = not stated */
  const char *name;
  double params, active; /* parameters, and those that a token meets */
  int layers, hidden, heads, kv_heads, ffn, vocab;
  int experts, topk, moe_every;
  bool placed_experts; /* ranks hold experts of which nothing else is said */
  int stages;          /* pipeline stages that share the layers alike: layers told by the size alone are rounded to whole ones */
  double year;         /* of publication: vocabulary and heads that were usual then */
};
/* "Foo-13B" -> params, "Bar-30B-A3B" -> params and active, "Baz-8x7B" -> params, active, experts and topk; "350M" and "1T" too. A size is a number of its own:
 * "A3B" alone is no total, "17Bx" and "v1.5B2" are none. What the name does not tell stays as it is; what is stated already is not changed, and layers and width are a size. */
void wl_size_from_name(struct wl_model_size *s);
/* false: neither the size nor layers and width are stated. ret->name is s->name. */
bool wl_model_guess(const struct wl_stacks *k, const struct wl_model_size *s, struct wl_model *ret);
/* Experts that are stated of a known model: made up to the total when it is dense, else their numbers alone. */
void wl_model_set_experts(const struct wl_stacks *k, const struct wl_model_size *s, struct wl_model *m);
#endif
