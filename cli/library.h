/* What a command looks names up in: the shipped catalogs and model library, and the user's own in front of them. */
#ifndef CLI_LIBRARY_H
#define CLI_LIBRARY_H
#include <stdint.h>
#include "base/mem.h"
#include "cli/cli.h"
#include "hwmodels/catalog.h"
#include "workloads/engines.h"
#include "workloads/model.h"
#include "workloads/stack.h"

struct cli_library {
  struct hw_catalog *catalog;
  struct wl_models *models;
  struct wl_engines *engines;
  struct wl_stacks *stacks;
  uint64_t data_hash; /* of every table that they were read from */
};
/* Lines for a command's table of options. */
#define CLI_LIBRARY_OPTS                                                                                               \
  {"catalog", 0, "DIR", "your own catalog rows; they win over the shipped ones"}, {                                    \
    "models", 0, "DIR", "your own config.json files"                                                                   \
  }

/* The shipped directory, then the user's that were given with an option, in their order; how many. */
enum { CLI_LIBRARY_DIRS = 32 };
size_t cli_library_dirs(struct arena *a, const char *shipped, const struct cli_args *args, const char *opt, const char *dir[CLI_LIBRARY_DIRS],
                        struct errs *errs);
/* Reads --catalog and --models (each may be repeated). False with entries in errs; close in any case. */
bool cli_library_open(struct cli_library *l, const struct cli_args *args, struct errs *errs);
void cli_library_close(struct cli_library *l);
#endif
