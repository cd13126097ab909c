#include "cli/library.h"
#include "base/datadir.h"
#include "base/mem.h"

enum { MAX_DIRS = 32 };

/* The shipped directory, then the user's in the order given. */
static size_t directories(struct arena *a, const char *shipped, const struct cli_args *args, const char *opt,
                          const char *dir[MAX_DIRS], struct errs *errs) {
  size_t n = 0;
  dir[n++] = datadir_path(a, shipped);
  for (size_t i = 0; cli_value_at(args, opt, i); i++)
    if (n < MAX_DIRS)
      dir[n++] = cli_value_at(args, opt, i);
    else
      errs_add(errs, NULL, 0, NULL, "option '--%s' given more than %d times", opt, MAX_DIRS - 1);
  return n;
}

bool cli_library_open(struct cli_library *l, const struct cli_args *args, struct errs *errs) {
  size_t before = errs_count(errs);
  struct arena *a = arena_create();
  const char *dir[MAX_DIRS];
  *l = (struct cli_library){0};
  l->catalog = hw_catalog_load(dir, directories(a, "hwmodels/catalog", args, "catalog", dir, errs), errs);
  l->models = wl_models_load(dir, directories(a, "workloads/catalog/models", args, "models", dir, errs), errs);
  if (errs_count(errs) == before) { /* a directory that is not there is told once */
    size_t n = directories(a, "workloads/catalog", args, "catalog", dir, errs);
    l->engines = wl_engines_load(dir, n, errs);
    l->stacks = wl_stacks_load(dir, n, errs);
  }
  arena_destroy(a);
  return errs_count(errs) == before;
}

void cli_library_close(struct cli_library *l) {
  hw_catalog_free(l->catalog);
  wl_models_free(l->models);
  wl_engines_free(l->engines);
  wl_stacks_free(l->stacks);
}
