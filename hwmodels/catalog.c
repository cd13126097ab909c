/* Reading the catalog: every CSV of every directory into facts, later directories over earlier ones, then the views
 * (views.c) and the parameters of the models. */
#include "hwmodels/catalog.h"
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/csv.h"
#include "base/hash.h"
#include "base/units.h"
#include "hwmodels/priv.h"

/* ---- index ---- */

static void index_grow(struct hwi_index *x) {
  struct hwi_index bigger = {.size = x->size ? 2 * x->size : 256};
  bigger.slot = mem_array(bigger.size, sizeof *bigger.slot);
  for (size_t i = 0; i < x->size; i++)
    if (x->slot[i].value)
      hwi_index_put(&bigger, x->slot[i].key, x->slot[i].value - 1);
  mem_free(x->slot);
  *x = bigger;
}

void hwi_index_put(struct hwi_index *x, uint64_t key, size_t value) {
  if (2 * (x->used + 1) > x->size)
    index_grow(x);
  size_t i = key & (x->size - 1);
  while (x->slot[i].value && x->slot[i].key != key)
    i = (i + 1) & (x->size - 1);
  x->used += x->slot[i].value == 0;
  x->slot[i] = (struct hwi_slot){key, value + 1};
}

bool hwi_index_get(const struct hwi_index *x, uint64_t key, size_t *ret_value) {
  if (!x->size)
    return false;
  for (size_t i = key & (x->size - 1); x->slot[i].value; i = (i + 1) & (x->size - 1))
    if (x->slot[i].key == key) {
      *ret_value = x->slot[i].value - 1;
      return true;
    }
  return false;
}

void hwi_index_free(struct hwi_index *x) {
  mem_free(x->slot);
}

/* ---- files ---- */

enum column { KIND, NAME, METRIC, VALUE, UNIT, SOURCE, GRADE, WHERE, DATE, REGION, FROM, TO, LOW, HIGH, COLUMNS };
static const char *const column_name[COLUMNS] = {"kind", "name",  "metric", "value", "unit", "source", "grade",
                                                 "where", "date", "region", "from",  "to",   "low",    "high"};
enum { REQUIRED = GRADE + 1 };
static const char *const grades[] = {"measured", "vendor", "derived", "assumed", "fitted"};

struct reader {
  struct hw_catalog *c;
  struct errs *errs;
  const struct csv_table *t;
  int col[COLUMNS];
  const char *file;
  int layer;
  struct hwi_index seen; /* keys of this directory: the same fact twice is an error */
};

static const char *cell(const struct reader *r, size_t row, enum column k) {
  return csv_cell(r->t, row, r->col[k]);
}

static void check_row(struct reader *r, size_t row, struct hw_fact *f) {
  if (!*f->kind || !*f->name || !*f->metric)
    errs_add(r->errs, r->file, f->line, f->metric, "kind, name and metric must not be empty");
  if (!*f->text)
    errs_add(r->errs, r->file, f->line, f->metric, "no value");
  bool known = false;
  for (size_t i = 0; i < sizeof grades / sizeof *grades; i++)
    known |= strcmp(f->grade, grades[i]) == 0;
  if (!known)
    errs_add(r->errs, r->file, f->line, "grade", "got '%s', expected measured, vendor, derived, assumed or fitted",
             f->grade);
  struct date d;
  if (*f->date && strlen(f->date) != 4 && !date_parse(f->date, &d))
    errs_add(r->errs, r->file, f->line, "date", "got '%s', expected YYYY, YYYY-MM or YYYY-MM-DD", f->date);
  double one;
  if (!isnan(f->value) && *f->unit && strcmp(f->unit, "count") != 0 && !units_convert(1, f->unit, f->unit, &one))
    errs_add(r->errs, r->file, f->line, f->metric, "unknown unit '%s'", f->unit);
  (void)row;
}

static bool read_date(struct reader *r, const struct hw_fact *f, size_t row, enum column k, struct date otherwise,
                      struct date *ret) {
  const char *text = cell(r, row, k);
  *ret = otherwise;
  if (!*text || (strlen(text) == 4 && date_parse(text, ret)))
    return true;
  char buf[16];
  snprintf(buf, sizeof buf, "%s%s", text, strlen(text) == 4 ? "-01" : "");
  if (date_parse(buf, ret))
    return true;
  errs_add(r->errs, r->file, f->line, column_name[k], "got '%s', expected YYYY-MM-DD", text);
  return false;
}

static double read_optional(struct reader *r, const struct hw_fact *f, size_t row, enum column k) {
  double v = 0;
  const char *text = cell(r, row, k);
  if (*text && (!units_number(text, &v) || v < 0))
    errs_add(r->errs, r->file, f->line, column_name[k], "got '%s', expected a price or nothing", text);
  return v;
}

static void add_price(struct reader *r, const struct hw_fact *f, size_t row) {
  struct hw_catalog *c = r->c;
  struct hw_price p = {.server = f->name,
                       .contract = f->metric,
                       .usd = f->value,
                       .source = f->source,
                       .where = f->where,
                       .grade = f->grade};
  p.region = arena_strdup(c->arena, cell(r, row, REGION));
  bool dates = read_date(r, f, row, FROM, (struct date){1970, 1, 1}, &p.from) &
               read_date(r, f, row, TO, (struct date){9999, 12, 31}, &p.to);
  if (dates && date_days(p.to) <= date_days(p.from))
    errs_add(r->errs, r->file, f->line, "to", "the price ends before it begins");
  if (!(f->value >= 0))
    errs_add(r->errs, r->file, f->line, f->metric, "got '%s', expected a price that is not negative", f->text);
  const char *unit = strcmp(p.contract, "purchase") == 0 ? "USD" : "USD/h";
  if (strcmp(f->unit, unit) != 0)
    errs_add(r->errs, r->file, f->line, f->metric, "got unit '%s', expected %s", f->unit, unit);
  p.low_usd = read_optional(r, f, row, LOW);
  p.high_usd = read_optional(r, f, row, HIGH);
  size_t cap = c->cap_price;
  c->price = mem_grow(c->price, &c->cap_price, c->n_price + 1, sizeof *c->price);
  if (cap != c->cap_price)
    c->price_layer = mem_realloc(c->price_layer, c->cap_price, sizeof *c->price_layer);
  c->price_layer[c->n_price] = r->layer;
  c->price[c->n_price++] = p;
}

static uint64_t fact_key(const struct reader *r, const struct hw_fact *f, size_t row, bool price) {
  uint64_t key = hwi_name_hash(f->kind, f->name, f->metric);
  if (price) /* one contract has a price for every region and period */
    key = hash_str(hash_str(key, cell(r, row, REGION)), cell(r, row, FROM));
  return key;
}

static void add_fact(struct reader *r, size_t row) {
  struct hw_catalog *c = r->c;
  struct arena *a = c->arena;
  struct hw_fact f = {.kind = arena_strdup(a, cell(r, row, KIND)),
                      .metric = arena_strdup(a, cell(r, row, METRIC)),
                      .text = arena_strdup(a, cell(r, row, VALUE)),
                      .unit = arena_strdup(a, cell(r, row, UNIT)),
                      .source = arena_strdup(a, cell(r, row, SOURCE)),
                      .where = arena_strdup(a, cell(r, row, WHERE)),
                      .date = arena_strdup(a, cell(r, row, DATE)),
                      .grade = arena_strdup(a, cell(r, row, GRADE)),
                      .file = r->file,
                      .line = csv_line(r->t, row),
                      .own = r->layer > 0};
  f.name = arena_strdup(a, cell(r, row, NAME));
  if (strcmp(f.kind, "alias") != 0)
    f.name = hwi_canonical(c, f.kind, f.name);
  if (!units_number(f.text, &f.value))
    f.value = NAN;
  if (strcmp(f.kind, "gpu") == 0 && strcmp(f.metric, "like") == 0)
    f.metric = "based_on";
  check_row(r, row, &f);
  if (f.own)
    hwi_word_check(c, &f, r->errs);
  else
    hwi_word_note(c, &f);
  bool price = strcmp(f.kind, "price") == 0;
  uint64_t key = fact_key(r, &f, row, price);
  size_t at;
  if (hwi_index_get(&r->seen, key, &at))
    errs_add(r->errs, r->file, f.line, f.metric, "%s '%s' has this metric already in line %d of %s", f.kind, f.name,
             c->fact[at].line, c->fact[at].file);
  if (price)
    add_price(r, &f, row);
  if (!hwi_index_get(&c->by_key, key, &at)) {
    at = c->n_fact++;
    c->fact = mem_grow(c->fact, &c->cap_fact, c->n_fact, sizeof *c->fact);
  }
  c->fact[at] = f;
  hwi_index_put(&c->by_key, key, at);
  hwi_index_put(&r->seen, key, at);
}

static void add_alias(struct reader *r, size_t row) {
  struct hw_catalog *c = r->c;
  const char *kind = cell(r, row, METRIC), *alias = cell(r, row, NAME);
  c->alias = mem_grow(c->alias, &c->cap_alias, c->n_alias + 1, sizeof *c->alias);
  c->alias[c->n_alias] = (struct hwi_alias){arena_strdup(c->arena, alias), arena_strdup(c->arena, kind),
                                            arena_strdup(c->arena, cell(r, row, VALUE))};
  hwi_index_put(&c->by_alias, hwi_name_hash(kind, alias, NULL), c->n_alias++);
}

static bool is_csv(const struct dirent *d) {
  size_t n = strlen(d->d_name);
  return d->d_name[0] != '.' && n > 4 && strcmp(d->d_name + n - 4, ".csv") == 0;
}

/* A user's directory may also hold what is not about hardware: software, which has its own readers. */
static bool is_hardware(const char *name) {
  static const char *const others[] = {"stacks.csv",   "recipes.csv", "frameworks.csv", "insitu.csv",
                                       "trainers.csv", "engines.csv", "datasets.csv"};
  for (size_t i = 0; i < sizeof others / sizeof *others; i++)
    if (strcmp(name, others[i]) == 0)
      return false;
  return true;
}

static int by_bytes(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The tables of a directory in the order of their names by bytes, so that the catalog is the same on every file system.
 */
static size_t load_tables(struct hw_catalog *c, const char *dir, struct csv_table ***ret, struct errs *errs) {
  char **path = NULL;
  size_t n = 0, cap = 0, count = 0, found = 0;
  DIR *d = opendir(dir);
  for (struct dirent *e; d && (e = readdir(d));) {
    found += is_csv(e);
    if (!is_csv(e) || !is_hardware(e->d_name))
      continue;
    path = mem_grow(path, &cap, n + 1, sizeof *path);
    path[n++] = arena_printf(c->arena, "%s/%s", dir, e->d_name);
  }
  if (found == 0)
    errs_add(errs, dir, 0, NULL, d ? "no *.csv in this catalog directory" : "cannot read this catalog directory");
  if (d)
    closedir(d);

  struct csv_table **tables = mem_array(n, sizeof *tables);
  if (n > 0)
    qsort(path, n, sizeof *path, by_bytes);
  for (size_t i = 0; i < n; i++) {
    struct csv_table *t = csv_load(path[i], errs);
    if (t)
      tables[count++] = t;
  }
  mem_free(path);
  *ret = tables;
  return count;
}

/* A table without kinds is some other table, of which one thing is said. */
static void check_header(const struct csv_table *t, struct errs *errs) {
  if (csv_column(t, column_name[KIND]) < 0)
    errs_add(errs, csv_path(t), 1, NULL, "the column 'kind' is missing: not a catalog table, which all *.csv of a catalog directory are taken for");
  else if (csv_require(t, column_name, REQUIRED, errs))
    csv_known_in(t, column_name, COLUMNS, errs);
}

static bool open_table(struct reader *r, const struct csv_table *t) { /* false: columns are missing */
  r->t = t;
  r->file = arena_strdup(r->c->arena, csv_path(t));
  for (int k = 0; k < COLUMNS; k++)
    r->col[k] = csv_column(t, column_name[k]);
  for (int k = 0; k < REQUIRED; k++)
    if (r->col[k] < 0)
      return false;
  return true;
}

static void load_dir(struct hw_catalog *c, const char *dir, int layer, struct errs *errs) {
  struct csv_table **tables;
  size_t n = load_tables(c, dir, &tables, errs);
  struct reader r = {.c = c, .errs = errs, .layer = layer};
  for (size_t i = 0; i < n; i++)
    check_header(tables[i], errs);
  for (int pass = 0; pass < 2; pass++) /* aliases first: rows may use them as names */
    for (size_t i = 0; i < n; i++)
      for (size_t row = 0, rows = open_table(&r, tables[i]) ? csv_rows(tables[i]) : 0; row < rows; row++) {
        bool alias = strcmp(cell(&r, row, KIND), "alias") == 0;
        if (pass == 0 && alias)
          add_alias(&r, row);
        if (pass == 1)
          add_fact(&r, row);
      }
  for (size_t i = 0; i < n; i++)
    csv_unload(tables[i]);
  mem_free(tables);
  hwi_index_free(&r.seen);
}

struct hw_catalog *hw_catalog_load(const char *const *dirs, size_t n, struct errs *errs) {
  size_t before = errs_count(errs);
  struct hw_catalog *c = mem_alloc(sizeof *c);
  c->arena = arena_create();
  for (size_t i = 0; i < n; i++)
    load_dir(c, dirs[i], (int)i, errs);
  if (errs_count(errs) == before)
    hwi_expand_likes(c, errs);
  if (errs_count(errs) == before)
    hwi_build_views(c, errs);
  if (errs_count(errs) == before)
    hwi_names_check(c, errs);
  if (errs_count(errs) == before) {
    hwi_kernels_resolve(c, errs);
    hwi_collective_resolve(c, errs);
    hwi_power_resolve(c, errs);
  }
  if (errs_count(errs) == before)
    return c;
  hw_catalog_free(c);
  return NULL;
}

void hw_catalog_free(struct hw_catalog *c) {
  if (!c)
    return;
  hwi_index_free(&c->by_key);
  hwi_index_free(&c->by_word);
  hwi_index_free(&c->by_alias);
  hwi_index_free(&c->by_name);
  mem_free(c->fact);
  mem_free(c->alias);
  mem_free(c->price);
  mem_free(c->price_layer);
  mem_free(c->generic);
  arena_destroy(c->arena);
  mem_free(c);
}

/* ---- single facts ---- */

const struct hw_fact *hw_fact_at(const struct hw_catalog *c, size_t i) {
  return i < c->n_fact ? &c->fact[i] : NULL;
}

const struct hw_fact *hw_fact_find(const struct hw_catalog *c, const char *kind, const char *name, const char *metric) {
  size_t at;
  bool found = hwi_index_get(&c->by_key, hwi_name_hash(kind, hwi_canonical(c, kind, name), metric), &at);
  return found ? &c->fact[at] : NULL;
}

const char *hwi_text(const struct hw_catalog *c, const char *kind, const char *name, const char *metric) {
  const struct hw_fact *f = hw_fact_find(c, kind, name, metric);
  return f ? f->text : NULL;
}

double hwi_number(const struct hw_catalog *c, const char *kind, const char *name, const char *metric,
                  const char *unit) {
  const struct hw_fact *f = hw_fact_find(c, kind, name, metric);
  double v = NAN;
  if (f && !isnan(f->value) &&
      !(strcmp(f->unit, unit) == 0 ? (v = f->value, true) : units_convert(f->value, f->unit, unit, &v)))
    v = NAN;
  return v;
}

double hw_fact_number(const struct hw_catalog *c, const char *kind, const char *name, const char *metric,
                      const char *unit) {
  return hwi_number(c, kind, name, metric, unit);
}

/* ---- prices ---- */

const struct hw_price *hw_price_at(const struct hw_catalog *c, size_t i) {
  return i < c->n_price ? &c->price[i] : NULL;
}

const struct hw_price *hw_price_find(const struct hw_catalog *c, const char *server, const char *contract,
                                     const char *region, struct date on) {
  const char *name = hwi_canonical(c, "server", server);
  long day = date_days(on);
  const struct hw_price *best = NULL;
  int best_layer = -1;
  for (size_t i = 0; i < c->n_price; i++) {
    const struct hw_price *p = &c->price[i];
    if (strcmp(p->contract, contract) != 0 || day < date_days(p->from) || day >= date_days(p->to))
      continue;
    if (*region && *p->region && strcmp(p->region, region) != 0)
      continue;
    if (hwi_name_hash("server", p->server, NULL) != hwi_name_hash("server", name, NULL))
      continue;
    /* A later directory wins, then a row for the very region, then the newest; the first in the file among equals. */
    long gain = c->price_layer[i] - best_layer;
    if (best && !gain)
      gain = (*region && *p->region) - (*region && *best->region);
    if (best && !gain)
      gain = *region || strcmp(p->region, best->region) == 0 ? date_days(p->from) - date_days(best->from) : 0;
    if (!best || gain > 0) {
      best = p;
      best_layer = c->price_layer[i];
    }
  }
  return best;
}
