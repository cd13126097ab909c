/* Where a part without measurements takes its constants from: its own rows, those of the part that it is a variant of,
 * those written for its architecture, those of the architecture's reference part, the same of the architecture's
 * parents, at last those of `any`. */
#include <string.h>
#include "base/hash.h"
#include "hwmodels/priv.h"

static void add(const struct hw_catalog *c, struct hwi_chain *chain, const char *kind, const char *name) {
  if (chain->n < HWI_CHAIN)
    chain->name[chain->n++] = hwi_name_hash(kind, hwi_canonical(c, kind, name), NULL);
}

struct hwi_chain hwi_chain_of(const struct hw_catalog *c, const char *kind, const struct hw_gpu *g) {
  struct hwi_chain chain = {.n = 0};
  const struct hw_gpu *part = g;
  for (int depth = 0; part && depth < 8; depth++) {
    add(c, &chain, kind, part->name);
    part = *part->based_on ? hw_gpu_find(c, part->based_on) : NULL;
  }
  const char *arch = g->arch;
  for (int depth = 0; arch && *arch && depth < 16; depth++) {
    const char *reference = hwi_text(c, "arch", arch, "reference");
    add(c, &chain, kind, arch);
    if (reference)
      add(c, &chain, kind, reference);
    arch = hwi_text(c, "arch", arch, "parent");
  }
  chain.n = chain.n < HWI_CHAIN ? chain.n : HWI_CHAIN - 1;
  add(c, &chain, kind, "any");
  return chain;
}

const struct hw_fact *hwi_inherited(const struct hw_catalog *c, const struct hwi_chain *chain, const char *metric) {
  size_t at;
  for (int i = 0; i < chain->n; i++)
    if (hwi_index_get(&c->by_key, hash_str(chain->name[i], metric), &at))
      return &c->fact[at];
  return NULL;
}

const struct hw_fact *hwi_inherit(const struct hw_catalog *c, const char *kind, const struct hw_gpu *g,
                                  const char *metric) {
  struct hwi_chain chain = hwi_chain_of(c, kind, g);
  return hwi_inherited(c, &chain, metric);
}
