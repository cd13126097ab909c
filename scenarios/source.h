/* From files and command line to one tree: includes and presets below, the file itself, its variant, --set on top;
 * defaults laid under the layers. */
#ifndef SCENARIOS_SOURCE_H
#define SCENARIOS_SOURCE_H
#include "scenarios/node.h"

enum { SC_MAX_INCLUDES = 64 };

/* `include: FILE` or a list: read beside the including file, in the current directory or among the shipped scenarios.
 * `preset: NAME` is scenarios/presets/NAME.yaml. Later ones win, the including file wins over all; maps merge, lists
 * are replaced. A cycle is an error. sets: "PATH=VALUE" each, VALUE in YAML. NULL, or a tree with errors in errs. */
struct sc_node *sc_source_resolve(struct arena *a, const char *path, const char *const *sets, size_t n_sets,
                                  struct errs *errs);
#endif
