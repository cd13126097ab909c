/* The keys of a scenario as text and as Markdown, straight from the tables that read them. */
#include "scenarios/scenario.h"
#include <string.h>
#include "scenarios/keys.h"

struct writer {
  FILE *f;
  bool markdown;
};

static void put_words(FILE *f, const char *const *words) {
  for (size_t i = 0; words[i]; i++)
    fprintf(f, "%s%s", i ? ", " : "", words[i]);
}

static void put_number(FILE *f, const char *what, const struct sc_param *p) {
  char bounds[120];
  sc_bounds_text(p, bounds, sizeof bounds);
  fprintf(f, "%s, %s%s", what, bounds, p->kind != SC_COUNT && !*p->unit ? " (ratio or %)" : "");
}

/* What may be written for a key: "distribution, 0 to 100 USD/kWh", "none, fraction", "whole number, 1 to 64 or auto".
 */
static void put_form(FILE *f, const struct sc_param *p) {
  static const char *const yes_no[] = {"no", "yes", NULL};
  switch (p->kind) {
  case SC_TEXT:
    fputs("text", f);
    break;
  case SC_COUNT:
    put_number(f, "whole number", p);
    break;
  case SC_NUMBER:
    put_number(f, "quantity", p);
    break;
  case SC_DIST:
    put_number(f, "distribution", p);
    break;
  case SC_SWITCH:
    put_words(f, p->choices ? p->choices : yes_no);
    break;
  case SC_DATE:
    fputs("date", f);
    break;
  case SC_CHOICE:
    put_words(f, p->choices);
    break;
  case SC_SPECIAL:
    if (p->special == &sc_word)
      put_words(f, p->choices);
    else
      fputs(p->special->form, f);
    break;
  case SC_GROUP:
    fputs("map", f);
    break;
  case SC_LIST:
    fputs("list of maps", f);
    break;
  case SC_NAMED:
    fputs("map of names", f);
    break;
  }
}

static void put_default(FILE *f, const struct sc_param *p) {
  if (p->required)
    fputs("required", f);
  else if (p->def && *p->def)
    fputs(p->def, f);
}

static void put_row(const struct writer *w, const char *path, const struct sc_param *p) {
  const char *dot = *path ? "." : "";
  fprintf(w->f, w->markdown ? "| `%s%s%s` | " : "  %s%s%s\n      ", path, dot, p->key);
  put_form(w->f, p);
  fputs(w->markdown ? " | " : p->required || (p->def && *p->def) ? "; default: " : "", w->f);
  put_default(w->f, p);
  fprintf(w->f, w->markdown ? " | %s |\n" : "\n      %s\n", p->meaning);
}

static void put_table(const struct writer *w, const char *path, const struct sc_table *t);

static const struct sc_table *table_below(const struct sc_param *p) {
  return p->table ? p->table : p->special ? p->special->table : NULL;
}

static void put_keys(const struct writer *w, const char *path, const struct sc_table *t) {
  for (size_t i = 0; i < t->n; i++)
    put_row(w, path, &t->param[i]);
  for (size_t i = 0; i < t->n; i++) {
    const struct sc_param *p = &t->param[i];
    char below[200];
    snprintf(below, sizeof below, "%s%s%s%s", path, *path ? "." : "", p->key,
             p->kind == SC_LIST    ? ".N"
             : p->kind == SC_NAMED ? ".NAME"
                                   : "");
    if (table_below(p))
      put_table(w, below, table_below(p));
  }
}

static void put_heading(const struct writer *w, const char *path, const struct sc_table *t) {
  const char *what = strncmp(t->name, "a ", 2) == 0     ? t->name + 2
                     : strncmp(t->name, "an ", 3) == 0  ? t->name + 3
                     : strncmp(t->name, "the ", 4) == 0 ? t->name + 4
                                                        : t->name;
  if (w->markdown)
    fprintf(w->f, "\n### %s%s%s%s\n\n| key | what it may hold | default | meaning |\n|---|---|---|---|\n", what,
            *path ? ": `" : "", path, *path ? "`" : "");
  else
    fprintf(w->f, "\n%s%s%s\n", what, *path ? ": " : "", path);
}

static void put_table(const struct writer *w, const char *path, const struct sc_table *t) {
  for (size_t i = 0; t->faces && t->faces[i]; i++)
    put_table(w, path, t->faces[i]);
  if (t->faces)
    return;
  put_heading(w, path, t);
  put_keys(w, path, t);
}

void sc_reference_text(FILE *f) {
  struct writer w = {f, false};
  fputs("Keys of a scenario file. A quantity carries its unit; a distribution is a quantity, or tri(lo, mode, hi) "
        "unit, uniform(lo, hi) unit,\n"
        "normal(mean unit, sd x) or lognormal(mean unit, sd x). Any value may be {value: ..., source: ..., date: ..., "
        "grade: ...}.\n",
        f);
  put_table(&w, "", &sc_scenario_table);
}

void sc_reference_markdown(FILE *f) {
  struct writer w = {f, true};
  put_table(&w, "", &sc_scenario_table);
}
