/* Everything that `rackcast catalog` shows as one list of facts: the rows of the hardware catalog as they are, then the software's own tables
 * (engines, stacks, recipes, trainers, datasets, in-situ figures) one fact a cell, then the models. */
#ifndef CLI_CATALOG_FACTS_H
#define CLI_CATALOG_FACTS_H
#include "base/mem.h"
#include "cli/library.h"

struct catalog_facts {
  struct hw_fact *fact;
  size_t n, cap;
};
/* The library must be open, so its tables are known to be readable. Strings live as long as the arena and the library. */
void catalog_facts_load(struct catalog_facts *ret, struct arena *a, const struct cli_library *l, const struct cli_args *args, struct errs *errs);
void catalog_facts_free(struct catalog_facts *f);
/* The name of a kind of software or model as its catalog spells it ("vllm 0.7.3" -> "vLLM"); NULL = unknown or another kind. */
const char *catalog_software_name(const struct cli_library *l, const char *kind, const char *name);
#endif
