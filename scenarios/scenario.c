#include "scenarios/scenario.h"
#include <string.h>
#include "base/hash.h"
#include "scenarios/keys.h"
#include "scenarios/source.h"
#include "sim/serve_setup.h"

/* What the results depend on: every resolved value, whatever file it stood in, the traces, and the tables of
 * hardware, software and models. */
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

struct sim_spec *sc_scenario_load(const char *path, const char *const *sets, size_t n_sets, const struct sc_library *library,
                                  struct errs *errs) {
  size_t before = errs_count(errs);
  struct arena *a = arena_create();
  struct sim_spec *s = arena_alloc(a, sizeof *s);
  char why[200];
  *s = (struct sim_spec){.arena = a, .catalog = library->catalog, .models = library->models, .file = arena_strdup(a, path),
                         .engines = library->engines ? library->engines : serve_engines_shipped(why, sizeof why),
                         .stacks = library->stacks ? library->stacks : wl_stacks_shipped()};
  struct sc_reader r = {.arena = a, .errs = errs, .spec = s, .catalog = s->catalog, .models = s->models, .files_hash = library->data_hash};
  const struct sc_node *root = sc_source_resolve(a, path, sets, n_sets, errs);
  if (root)
    read_spec(&r, root, before);
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
