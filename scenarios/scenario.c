#include "scenarios/scenario.h"
#include <string.h>
#include "base/csv.h"
#include "base/datadir.h"
#include "base/hash.h"
#include "scenarios/keys.h"
#include "scenarios/source.h"

/* The first column of a catalog of names; none when there is no such file. */
static const char *const *names_of(struct arena *a, const char *relative, size_t *ret_n) {
  struct errs *quiet = errs_create(); /* the catalog's own reader complains */
  struct csv_table *t = csv_load(datadir_path(a, relative), quiet);
  const char **names = NULL;
  *ret_n = 0;
  if (t) {
    names = arena_alloc(a, (csv_rows(t) + 1) * sizeof *names);
    for (size_t i = 0; i < csv_rows(t); i++)
      if (i == 0 || strcmp(csv_cell(t, i, 0), csv_cell(t, i - 1, 0)) != 0)
        names[(*ret_n)++] = arena_strdup(a, csv_cell(t, i, 0));
  }
  csv_unload(t);
  errs_destroy(quiet);
  return names;
}

/* What the results depend on: every resolved value, whatever file it stood in, and the traces. */
static uint64_t hash_inputs(const struct sc_reader *r) {
  uint64_t h = r->files_hash;
  for (size_t i = 0; i < r->n_row; i++)
    h = hash_str(hash_str(hash_str(h, r->row[i].key), r->row[i].value), r->row[i].unit);
  return h;
}

static void read_spec(struct sc_reader *r, const struct sc_node *root, size_t errors_before) {
  struct sim_spec *s = r->spec;
  sc_read_group(r, root, "", &sc_scenario_table, s);
  if (errs_count(r->errs) == errors_before)
    sc_fact_rows(r);
  s->input = arena_alloc(s->arena, (r->n_row + 1) * sizeof *s->input);
  if (r->n_row)
    memcpy(s->input, r->row, r->n_row * sizeof *s->input);
  s->n_input = (int)r->n_row;
  s->input_hash = hash_inputs(r);
}

struct sim_spec *sc_scenario_load(const char *path, const char *const *sets, size_t n_sets,
                                  const struct hw_catalog *catalog, const struct wl_models *models, struct errs *errs) {
  size_t before = errs_count(errs);
  struct arena *a = arena_create();
  struct sim_spec *s = arena_alloc(a, sizeof *s);
  *s = (struct sim_spec){.arena = a, .catalog = catalog, .models = models, .file = arena_strdup(a, path)};
  struct sc_reader r = {.arena = a, .errs = errs, .spec = s, .catalog = catalog, .models = models};
  const char *dir = datadir_path(a, "workloads/catalog");
  struct wl_engines *engines = wl_engines_load(&dir, 1, errs);
  r.engines = engines;
  r.stacks = names_of(a, "workloads/catalog/stacks.csv", &r.n_stacks);
  const struct sc_node *root = sc_source_resolve(a, path, sets, n_sets, errs);
  if (root)
    read_spec(&r, root, before);
  wl_engines_free(engines);
  mem_free(r.row);
  mem_free(r.said);
  if (errs_count(errs) == before)
    return s;
  arena_destroy(a);
  return NULL;
}

void sc_scenario_free(struct sim_spec *spec) {
  if (spec)
    arena_destroy(spec->arena);
}
