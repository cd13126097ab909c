#include "scenarios/table.h"
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "base/datadir.h"
#include "base/hash.h"
#include "base/units.h"

void sc_error(struct sc_reader *r, const struct sc_node *n, const char *path, const char *fmt, ...) {
  char text[600];
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(text, sizeof text, fmt, ap);
  va_end(ap);
  const char *file = n->file ? n->file : "default";
  uint64_t h = hash_str(hash_str((uint64_t)n->line, file), text);
  for (size_t i = 0; n->line && i < r->n_said; i++)
    if (r->said[i] == h)
      return;
  r->said = mem_grow(r->said, &r->cap_said, r->n_said + 1, sizeof *r->said);
  r->said[r->n_said++] = h;
  errs_add(r->errs, file, n->line, path, "%s", text);
}

/* ---- where a value came from ---- */

static const char *const grades[] = {"measured", "vendor", "derived", "assumed", "fitted", NULL};

static const char *const provenance_keys[] = {"value", "source", "date", "grade"};
enum { PROVENANCE_KEYS = sizeof provenance_keys / sizeof *provenance_keys };

static bool carries_provenance(const struct sc_node *n) {
  return n->kind == SC_MAP && sc_node_entry(n, "value");
}

static void check_provenance(struct sc_reader *r, const struct sc_node *n, const char *path) {
  for (size_t i = 0; i < n->n; i++) {
    size_t k = 0;
    while (k < PROVENANCE_KEYS && strcmp(provenance_keys[k], n->entry[i].key) != 0)
      k++;
    if (k == PROVENANCE_KEYS)
      sc_error(r, n->entry[i].node, path, "unknown key '%s' beside value, expected value, source, date or grade",
               n->entry[i].key);
  }
  const struct sc_node *grade = sc_node_get(n, "grade");
  size_t g = 0;
  while (grade && grade->kind == SC_SCALAR && grades[g] && strcmp(grades[g], grade->text) != 0)
    g++;
  if (grade && (grade->kind != SC_SCALAR || !grades[g]))
    sc_error(r, grade, path, "unknown grade, got '%s', expected measured, vendor, derived, assumed or fitted",
             grade->kind == SC_SCALAR ? grade->text : "a list or map");
}

const struct sc_node *sc_scalar(struct sc_reader *r, const struct sc_node *n, const char *path) {
  const struct sc_node *v = n;
  if (carries_provenance(n)) {
    check_provenance(r, n, path);
    v = sc_node_get(n, "value");
  }
  if (v->kind == SC_SCALAR && !v->bare_null)
    return v;
  if (v->kind == SC_SCALAR)
    sc_error(r, v, path, "has no value");
  else
    sc_error(r, v, path, "got %s, expected %s", sc_node_kind_name(v),
             r->special && strcmp(r->special->path, path) == 0 ? r->special->param->special->form : "a single value");
  return NULL;
}

static const char *text_at(const struct sc_node *map, const char *key, const char *otherwise) {
  const struct sc_node *n = sc_node_get(map, key);
  return n && n->kind == SC_SCALAR ? n->text : otherwise;
}

/* "options.own-h100.layers.0.count" speaks of one option, "site.pue" of all. */
static const char *option_of(struct arena *a, const char *path) {
  static const char under[] = "options.";
  size_t n = sizeof under - 1;
  return strncmp(path, under, n) == 0 ? arena_printf(a, "%.*s", (int)strcspn(path + n, "."), path + n) : "";
}

/* Shipped files are named alike on every machine, so that results are too. */
static const char *below_datadir(const char *file) {
  size_t n = strlen(datadir());
  return strncmp(file, datadir(), n) == 0 && file[n] == '/' ? file + n + 1 : file;
}

void sc_row(struct sc_reader *r, const struct sc_node *n, const char *path, const char *value, const char *unit) {
  bool marked = carries_provenance(n);
  const char *place =
      n->file ? arena_printf(r->arena, n->line ? "%s:%d" : "%s", below_datadir(n->file), n->line) : "default";
  const char *said = marked ? text_at(n, "source", NULL) : NULL;
  r->row = mem_grow(r->row, &r->cap_row, r->n_row + 1, sizeof *r->row);
  r->row[r->n_row++] = (struct rec_input){
      .option = option_of(r->arena, path),
      .key = path,
      .value = arena_strdup(r->arena, value),
      .unit = unit ? unit : "",
      .source = said ? arena_printf(r->arena, "%s (%s)", said, place) : place,
      .date = marked ? text_at(n, "date", "") : "",
      .grade = marked    ? text_at(n, "grade", "scenario")
               : n->file ? "scenario"
                         : "default",
  };
}

/* ---- single values ---- */

static void row_number(struct sc_reader *r, const struct sc_node *n, const char *path, double value, const char *unit) {
  char buf[160];
  struct dist d = dist_point(value);
  dist_format(&d, "", buf, sizeof buf);
  sc_row(r, n, path, buf, unit);
}

void sc_bounds_text(const struct sc_param *p, char *buf, size_t size) {
  const char *gap = p->unit && *p->unit ? " " : "", *unit = p->unit ? p->unit : "";
  const char *either = p->word ? " or " : "", *word = p->word ? p->word : "";
  if (p->hi >= 1e15)
    snprintf(buf, size, "at least %.15g%s%s%s%s", p->lo, gap, unit, either, word);
  else if (p->lo == p->hi)
    snprintf(buf, size, "%.15g%s%s%s%s", p->lo, gap, unit, either, word);
  else
    snprintf(buf, size, "%.15g to %.15g%s%s%s%s", p->lo, p->hi, gap, unit, either, word);
}

static bool in_bounds(struct sc_reader *r, const struct sc_node *n, const char *path, const struct sc_param *p,
                      double lo, double hi, const char *text) {
  char want[120];
  if (lo >= p->lo && hi <= p->hi)
    return true;
  sc_bounds_text(p, want, sizeof want);
  sc_error(r, n, path, "%s, got '%s', expected %s", lo < 0 && p->lo == 0 ? "negative" : "out of range", text, want);
  return false;
}

static bool read_number(struct sc_reader *r, const struct sc_node *n, const char *path, const struct sc_param *p,
                        const char *text, double *ret) {
  char why[300];
  double v;
  if (!units_parse(text, p->unit, &v, why, sizeof why)) {
    sc_error(r, n, path, "%s", why);
    return false;
  }
  if (!in_bounds(r, n, path, p, v, v, text))
    return false;
  *ret = v;
  row_number(r, n, path, v, p->unit);
  return true;
}

static bool read_dist(struct sc_reader *r, const struct sc_node *n, const char *path, const struct sc_param *p,
                      const char *text, struct dist *ret) {
  char why[300], buf[200];
  struct dist d;
  if (!dist_parse(text, p->unit, &d, why, sizeof why)) {
    sc_error(r, n, path, "%s", why);
    return false;
  }
  double lo = d.a, hi = d.kind == DIST_TRI ? d.c : d.kind == DIST_UNIFORM ? d.b : d.a;
  if (!in_bounds(r, n, path, p, lo, hi, text))
    return false;
  *ret = d;
  dist_format(&d, "", buf, sizeof buf);
  sc_row(r, n, path, buf, p->unit);
  return true;
}

static bool read_count(struct sc_reader *r, const struct sc_node *n, const char *path, const struct sc_param *p,
                       const char *text, int *ret) {
  long long v;
  if (!units_integer(text, &v)) {
    sc_error(r, n, path, "not a whole number, got '%s', expected a bare count%s%s%s", text, p->word ? " or '" : "",
             p->word ? p->word : "", p->word ? "'" : "");
    return false;
  }
  if (!in_bounds(r, n, path, p, (double)v, (double)v, text))
    return false;
  *ret = (int)v;
  row_number(r, n, path, (double)v, "");
  return true;
}

static bool read_switch(struct sc_reader *r, const struct sc_node *n, const char *path, const struct sc_param *p,
                        const char *text, bool *ret) {
  static const char *const yes_no[] = {"no", "yes", "false", "true", "off", "on"};
  const char *const *words = p->choices ? p->choices : yes_no;
  for (size_t i = 0; i < (p->choices ? 2 : sizeof yes_no / sizeof *yes_no); i++)
    if (strcasecmp(text, words[i]) == 0) {
      *ret = i & 1;
      sc_row(r, n, path, words[*ret], "");
      return true;
    }
  sc_error(r, n, path, "unknown word, got '%s', expected %s or %s", text, words[0], words[1]);
  return false;
}

static bool read_choice(struct sc_reader *r, const struct sc_node *n, const char *path, const struct sc_param *p,
                        const char *text, int *ret) {
  char list[300] = "";
  size_t count = 0, len = 0;
  for (; p->choices[count]; count++) {
    if (strcasecmp(text, p->choices[count]) == 0) {
      *ret = (int)count;
      sc_row(r, n, path, p->choices[count], "");
      return true;
    }
    len += (size_t)snprintf(list + len, len < sizeof list ? sizeof list - len : 0, "%s%s", count ? ", " : "",
                            p->choices[count]);
    len = len < sizeof list ? len : sizeof list - 1;
  }
  const char *near = err_nearest_in(text, p->choices, count);
  sc_error(r, n, path, "unknown word, got '%s', expected one of %s%s%s%s", text, list, near ? ", did you mean '" : "",
           near ? near : "", near ? "'?" : "");
  return false;
}

static bool read_date(struct sc_reader *r, const struct sc_node *n, const char *path, const char *text,
                      struct date *ret) {
  char buf[11];
  if (!date_parse(text, ret)) {
    sc_error(r, n, path, "not a date, got '%s', expected YYYY-MM-DD", text);
    return false;
  }
  date_format(*ret, buf);
  sc_row(r, n, path, buf, "date");
  return true;
}

static void store_word(struct sc_reader *r, const struct sc_node *n, const char *path, const struct sc_param *p,
                       void *field) {
  if (p->kind == SC_DIST)
    *(struct dist *)field = dist_point(p->word_value);
  else if (p->kind == SC_NUMBER)
    *(double *)field = p->word_value;
  else
    *(int *)field = (int)p->word_value;
  sc_row(r, n, path, p->word, "");
}

bool sc_read_value(struct sc_reader *r, const struct sc_node *n, const char *path, const struct sc_param *p,
                   void *field) {
  const struct sc_node *v = sc_scalar(r, n, path);
  if (!v)
    return false;
  if (p->word && strcasecmp(p->word, v->text) == 0) {
    store_word(r, n, path, p, field);
    return true;
  }
  switch (p->kind) {
  case SC_COUNT:
    return read_count(r, n, path, p, v->text, field);
  case SC_NUMBER:
    return read_number(r, n, path, p, v->text, field);
  case SC_DIST:
    return read_dist(r, n, path, p, v->text, field);
  case SC_SWITCH:
    return read_switch(r, n, path, p, v->text, field);
  case SC_DATE:
    return read_date(r, n, path, v->text, field);
  case SC_CHOICE:
    return read_choice(r, n, path, p, v->text, field);
  default:
    *(const char **)field = v->text;
    sc_row(r, n, path, v->text, "");
    return true;
  }
}

/* ---- maps of keys ---- */

static const char *key_at(const void *table, size_t i) {
  const struct sc_table *t = table;
  return i < t->n ? t->param[i].key : NULL;
}

void sc_unknown_keys(struct sc_reader *r, const struct sc_node *map, const char *path, const struct sc_table *t) {
  for (size_t i = 0; i < map->n; i++) {
    const struct sc_entry *e = &map->entry[i];
    size_t k = 0;
    while (k < t->n && strcmp(t->param[k].key, e->key) != 0)
      k++;
    if (k < t->n)
      continue;
    char list[400] = "";
    for (size_t j = 0, len = 0; j < t->n && len < sizeof list - 1; j++)
      len += (size_t)snprintf(list + len, sizeof list - len, "%s%s", j ? ", " : "", t->param[j].key);
    const char *near = err_nearest(e->key, key_at, t);
    struct sc_node at = {.file = e->node->file, .line = e->line};
    sc_error(r, &at, *path ? path : NULL, "unknown key '%s' of %s, expected one of %s%s%s%s", e->key, t->name, list,
             near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
  }
}

static bool good_name(const char *s) {
  return *s && strlen(s) <= 64 &&
         s[strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")] == '\0';
}

static void read_named(struct sc_reader *r, const struct sc_entry *e, const char *path, const struct sc_table *t,
                       char *element) {
  if (!good_name(e->key))
    sc_error(r, e->node, path, "not a name, got '%s', expected at most 64 of A-Z a-z 0-9 _ -", e->key);
  *(const char **)(void *)(element + t->offset_name) = e->key;
  sc_read_group(r, e->node, path, t, element);
}

static void read_many(struct sc_reader *r, const struct sc_node *n, const char *path, const struct sc_param *p,
                      char *base) {
  enum sc_node_kind want = p->kind == SC_LIST ? SC_SEQ : SC_MAP;
  bool single = p->kind == SC_LIST && n->kind == SC_MAP;
  if (n->kind != want && !single) {
    sc_error(r, n, path, "got %s, expected %s", n->bare_null ? "nothing" : sc_node_kind_name(n),
             p->kind == SC_LIST ? "a list of maps" : "a map of names");
    return;
  }
  size_t count = single ? 1 : n->n;
  if (count == 0) {
    sc_error(r, n, path, "is empty, expected %s at least", p->table->name);
    return;
  }
  char *array = arena_alloc(r->arena, count * p->table->bytes);
  *(void **)(void *)(base + p->offset) = array;
  *(int *)(void *)(base + p->offset_n) = (int)count;
  for (size_t i = 0; i < count; i++) {
    char *element = array + i * p->table->bytes;
    if (single)
      sc_read_group(r, n, path, p->table, element);
    else if (p->kind == SC_LIST)
      sc_read_group(r, n->entry[i].node, arena_printf(r->arena, "%s.%zu", path, i), p->table, element);
    else
      read_named(r, &n->entry[i], arena_printf(r->arena, "%s.%s", path, n->entry[i].key), p->table, element);
  }
}

static void read_param(struct sc_reader *r, const struct sc_node *n, const char *path, const struct sc_param *p,
                       char *base) {
  switch (p->kind) {
  case SC_GROUP:
    sc_read_group(r, n, path, p->table, base + p->offset);
    break;
  case SC_LIST:
  case SC_NAMED:
    read_many(r, n, path, p, base);
    break;
  case SC_SPECIAL:
    r->special = &(struct sc_key){n, path, p, base + p->offset};
    p->special->read(r, r->special);
    r->special = NULL;
    break;
  default:
    sc_read_value(r, n, path, p, base + p->offset);
  }
}

void sc_read_group(struct sc_reader *r, const struct sc_node *map, const char *path, const struct sc_table *t,
                   void *base) {
  static const struct sc_node nothing = {.kind = SC_MAP};
  if (map->kind != SC_MAP) {
    sc_error(r, map, path, "got %s, expected a map with the keys of %s",
             map->bare_null ? "nothing" : sc_node_kind_name(map), t->name);
    return;
  }
  if (t->pick && !(t = t->pick(r, map, path)))
    return;
  sc_unknown_keys(r, map, path, t);
  for (size_t i = 0; i < t->n; i++) {
    const struct sc_param *p = &t->param[i];
    const char *at = *path ? arena_printf(r->arena, "%s.%s", path, p->key) : p->key;
    const struct sc_node *n = sc_node_get(map, p->key);
    struct sc_node def = {.kind = SC_SCALAR, .text = p->def};
    if (n)
      read_param(r, n, at, p, base);
    else if (p->required)
      sc_error(r, map, at, "is missing: %s", p->meaning);
    else if (p->def)
      read_param(r, &def, at, p, base);
    else if (p->kind == SC_GROUP && !p->optional)
      sc_read_group(r, &nothing, at, p->table, base + (ptrdiff_t)p->offset);
  }
  if (t->finish)
    t->finish(r, map, path, base);
}
