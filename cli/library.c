#include "cli/library.h"
#include "base/datadir.h"
#include "base/hash_files.h"
#include "base/mem.h"

size_t cli_library_dirs(struct arena *a, const char *shipped, const struct cli_args *args, const char *opt, const char *dir[CLI_LIBRARY_DIRS],
                        struct errs *errs) {
  size_t n = 0;
  dir[n++] = datadir_path(a, shipped);
  for (size_t i = 0; cli_value_at(args, opt, i); i++)
    if (n < CLI_LIBRARY_DIRS)
      dir[n++] = cli_value_at(args, opt, i);
    else
      errs_add(errs, NULL, 0, NULL, "option '--%s' given more than %d times", opt, CLI_LIBRARY_DIRS - 1);
  return n;
}

static uint64_t hash_dirs(uint64_t h, const char *const *dir, size_t n) {
  for (size_t i = 0; i < n; i++)
    h = hash_tables(h, dir[i]);
  return h;
}

bool cli_library_open(struct cli_library *l, const struct cli_args *args, struct errs *errs) {
  size_t before = errs_count(errs), n;
  struct arena *a = arena_create();
  const char *dir[CLI_LIBRARY_DIRS];
  *l = (struct cli_library){0};
  n = cli_library_dirs(a, "hwmodels/catalog", args, "catalog", dir, errs);
  l->catalog = hw_catalog_load(dir, n, errs);
  l->data_hash = hash_dirs(0, dir, n);
  n = cli_library_dirs(a, "workloads/catalog/models", args, "models", dir, errs);
  l->models = wl_models_load(dir, n, errs);
  l->data_hash = hash_dirs(l->data_hash, dir, n);
  if (errs_count(errs) == before) { /* a directory that is not there is told once */
    n = cli_library_dirs(a, "workloads/catalog", args, "catalog", dir, errs);
    l->engines = wl_engines_load(dir, n, errs);
    l->stacks = wl_stacks_load(dir, n, errs);
    l->data_hash = hash_dirs(l->data_hash, dir, 1); /* the user's are counted already */
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
