/* A scenario file as the simulation wants it: read, merged, checked against the parameter tables, resolved against
 * catalog and library. */
#ifndef SCENARIOS_SCENARIO_H
#define SCENARIOS_SCENARIO_H
#include <stdint.h>
#include <stdio.h>
#include "base/err.h"
#include "sim/spec.h"

struct sc_library { /* borrowed; must outlive the scenario */
  const struct hw_catalog *catalog;
  const struct wl_models *models;
  const struct wl_engines *engines; /* NULL = the shipped ones */
  const struct wl_stacks *stacks;   /* NULL = the shipped ones */
  uint64_t data_hash;               /* of the tables that all of these were read from: part of input_hash */
};
/* sets: "PATH=VALUE" of the command line. NULL when errs got entries (all that were found, traces included). To be freed
 * with sc_scenario_free. */
struct sim_spec *sc_scenario_load(const char *path, const char *const *sets, size_t n_sets, const struct sc_library *library,
                                  struct errs *errs);
void sc_scenario_free(struct sim_spec *spec); /* NULL is fine */

/* What a scenario may hold, made from the tables. */
void sc_reference_text(FILE *f);     /* for --help-keys */
void sc_reference_markdown(FILE *f); /* the reference part of docs/scenarios.md */
#endif
