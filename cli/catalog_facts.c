#include "cli/catalog_facts.h"
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "base/csv.h"
#include "base/units.h"

static void add(struct catalog_facts *list, const struct hw_fact *f) {
  list->fact = mem_grow(list->fact, &list->cap, list->n + 1, sizeof *list->fact);
  list->fact[list->n++] = *f;
}

/* ---- tables of the software ---- */

static const struct software_table {
  const char *file, *kind, *name;
  const char *unnamed;   /* rows without a name are about that */
  const char *metric;    /* the column that names the row's only figure; NULL: every other column is one */
  const char *date;      /* NULL = none */
  const char *where[2];  /* columns that say what a row is for; NULL = none */
} tables[] = {
    {"engines.csv", "engine", "engine", "", "metric", "from", {"host", NULL}},
    {"stacks.csv", "stack", "framework", "", NULL, "since", {"arch", NULL}},
    {"frameworks.csv", "stack", "framework", "", NULL, NULL, {NULL, NULL}},
    {"recipes.csv", "recipe", "framework", "", NULL, "since", {"model", "arch"}},
    {"trainers.csv", "trainer", "model", "usual", NULL, "since", {"arch", NULL}},
    {"datasets.csv", "dataset", "dataset", "", NULL, NULL, {NULL, NULL}},
    {"insitu.csv", "insitu", "scope", "any", "name", NULL, {NULL, NULL}},
};

static const char *cell(const struct csv_table *t, size_t row, const char *column) {
  return column ? csv_cell(t, row, csv_column(t, column)) : "";
}

static bool is_figure(const struct software_table *s, const char *column) {
  const char *const other[] = {s->name, s->date, s->where[0], s->where[1], "source", "grade"};
  for (size_t i = 0; i < sizeof other / sizeof *other; i++)
    if (other[i] && strcmp(other[i], column) == 0)
      return false;
  return true;
}

/* The same name in every fact that is about it, so that "vllm" in one row and "vLLM" in another is one engine. */
static struct hw_fact about(struct arena *a, const struct software_table *s, const struct csv_table *t, size_t row, bool own) {
  const char *first = cell(t, row, s->where[0]), *second = cell(t, row, s->where[1]), *name = cell(t, row, s->name);
  return (struct hw_fact){.kind = s->kind,
                          .name = arena_strdup(a, *name ? name : s->unnamed),
                          .unit = "",
                          .source = arena_strdup(a, cell(t, row, "source")),
                          .where = arena_printf(a, "%s%s%s%s", *first || *second ? "for " : "", first, *first && *second ? ", " : "", second),
                          .date = arena_strdup(a, cell(t, row, s->date)),
                          .grade = arena_strdup(a, cell(t, row, "grade")),
                          .file = arena_strdup(a, csv_path(t)),
                          .line = csv_line(t, row),
                          .own = own};
}

static void add_figure(struct catalog_facts *list, struct arena *a, struct hw_fact f, const char *metric, const char *text, const char *unit) {
  if (!*text)
    return;
  f.metric = arena_strdup(a, metric);
  f.text = arena_strdup(a, text);
  f.unit = arena_strdup(a, unit);
  f.value = (double)NAN;
  units_number(f.text, &f.value);
  add(list, &f);
}

static void add_table(struct catalog_facts *list, struct arena *a, const struct software_table *s, const char *dir, bool own, struct errs *errs) {
  const char *path = arena_printf(a, "%s/%s", dir, s->file);
  FILE *f = fopen(path, "r"); /* a user's directory may hold some of them */
  struct csv_table *t = f ? csv_load(path, errs) : NULL;
  if (f)
    fclose(f);
  for (size_t row = 0; t && row < csv_rows(t); row++) {
    struct hw_fact r = about(a, s, t, row, own);
    if (s->metric)
      add_figure(list, a, r, cell(t, row, s->metric), cell(t, row, "value"), cell(t, row, "unit"));
    for (size_t k = 0; !s->metric && k < csv_columns(t); k++)
      if (is_figure(s, csv_header(t, k)))
        add_figure(list, a, r, csv_header(t, k), csv_cell(t, row, (int)k), "");
  }
  csv_unload(t);
}

/* ---- models ---- */

static void add_model(struct catalog_facts *list, struct arena *a, const struct wl_model *m) {
  struct hw_fact f = {.kind = "model", .name = m->name, .source = m->source, .where = "", .date = "", .grade = m->grade};
  char text[32];
  const char *metric;
  for (size_t i = 0; (metric = wl_model_figure(m, i, text, sizeof text)); i++)
    add_figure(list, a, f, metric, text, "");
}

void catalog_facts_load(struct catalog_facts *ret, struct arena *a, const struct cli_library *l, const struct cli_args *args, struct errs *errs) {
  const char *dir[CLI_LIBRARY_DIRS];
  size_t n = cli_library_dirs(a, "workloads/catalog", args, "catalog", dir, errs);
  *ret = (struct catalog_facts){0};
  for (size_t i = 0; hw_fact_at(l->catalog, i); i++)
    add(ret, hw_fact_at(l->catalog, i));
  for (size_t k = 0; k < sizeof tables / sizeof *tables; k++)
    for (size_t i = 0; i < n; i++)
      add_table(ret, a, &tables[k], dir[i], i > 0, errs);
  for (size_t i = 0; wl_model_at(l->models, i); i++)
    add_model(ret, a, wl_model_at(l->models, i));
}

void catalog_facts_free(struct catalog_facts *f) { mem_free(f->fact); }

const char *catalog_software_name(const struct cli_library *l, const char *kind, const char *name) {
  const struct wl_model *m = strcmp(kind, "model") == 0 ? wl_model_find(l->models, name) : NULL;
  bool known = false;
  const struct wl_stack *s = strcmp(kind, "stack") == 0 ? wl_stack_find(l->stacks, name, "", 0, "", "", WL_CUT, &known) : NULL;
  return m ? m->name : known ? s->framework : strcmp(kind, "engine") == 0 ? wl_engine_resolve(l->engines, name) : NULL;
}
