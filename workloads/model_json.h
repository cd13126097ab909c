/* Private to workloads: one Hugging Face config.json into a shape. */
#ifndef WORKLOADS_MODEL_JSON_H
#define WORKLOADS_MODEL_JSON_H
#include "base/mem.h"
#include "workloads/model.h"

/* Fills *ret (name included, copied into a); false with the reasons in errs. */
bool wl_model_from_json(struct arena *a, const char *path, const char *name, struct wl_model *ret, struct errs *errs);
/* Fills what can be derived from what is there (head_dim, kv_heads, ffn, expert sizes); false and why when the shape is
 * no shape. */
bool wl_model_complete(struct wl_model *m, char *why, size_t why_size);
#endif
