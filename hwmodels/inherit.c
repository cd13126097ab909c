/* Where a part without measurements takes its constants from. */
#include <string.h>
#include "hwmodels/priv.h"

/* Rows may be written for an architecture; else its reference part stands for it; else its parent. */
static const struct hw_fact *by_arch(const struct hw_catalog *c, const char *kind, const char *arch, const char *metric) {
  for (int depth = 0; arch && *arch && depth < 16; depth++) {
    const struct hw_fact *f = hw_fact_find(c, kind, arch, metric);
    const char *reference = f ? NULL : hwi_text(c, "arch", arch, "reference");
    if (reference)
      f = hw_fact_find(c, kind, reference, metric);
    if (f)
      return f;
    arch = hwi_text(c, "arch", arch, "parent");
  }
  return NULL;
}

const struct hw_fact *hwi_inherit(const struct hw_catalog *c, const char *kind, const struct hw_gpu *g, const char *metric) {
  const struct hw_gpu *part = g;
  for (int depth = 0; part && depth < 8; depth++) {
    const struct hw_fact *f = hw_fact_find(c, kind, part->name, metric);
    if (f)
      return f;
    part = *part->based_on ? hw_gpu_find(c, part->based_on) : NULL;
  }
  const struct hw_fact *f = by_arch(c, kind, g->arch, metric);
  return f ? f : hw_fact_find(c, kind, "any", metric);
}
