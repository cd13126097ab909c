#include "output/compare.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "output/db.h"
#include "output/outcome.h"

struct compare {
  struct arena *arena;
  sqlite3 *db; /* in memory, the files attached as d0, d1 ... */
  const struct compare_run *run;
  size_t n;
};

/* The file is opened once on its own for the usual checks, then attached. */
static bool attach(struct compare *c, struct compare_run *r, size_t i, struct errs *errs) {
  sqlite3 *own = db_open(r->path, errs);
  if (!own)
    return false;
  r->run = db_run(own, r->path, r->run, errs);
  db_close(own);
  if (!r->run)
    return false;
  struct db_query *q = db_query(c->db, arena_printf(c->arena, "ATTACH ? AS d%zu", i), "s", r->path);
  db_next(q);
  db_done(q);
  return true;
}

struct compare *compare_open(struct compare_run *runs, size_t n, struct errs *errs) {
  struct arena *a = arena_create();
  struct compare *c = arena_alloc(a, sizeof *c);
  *c = (struct compare){.arena = a, .run = runs, .n = n};
  bool good = sqlite3_open(":memory:", &c->db) == SQLITE_OK;
  if (!good)
    errs_add(errs, NULL, 0, NULL, "cannot open a database in memory");
  if (n > COMPARE_MOST) {
    errs_add(errs, NULL, 0, NULL, "%zu runs to compare, at most %d", n, COMPARE_MOST);
    good = false;
  }
  for (size_t i = 0; good && i < n; i++)
    good = attach(c, &runs[i], i, errs);
  if (good)
    return c;
  compare_free(c);
  return NULL;
}

void compare_free(struct compare *c) {
  if (!c)
    return;
  sqlite3_close(c->db);
  arena_destroy(c->arena);
}

struct table *compare_runs(const struct compare *c) {
  static const struct table_col col[] = {{"run", "", "run", true},           {"scenario", "", "scenario", true},
                                         {"as of", "", "as_of", true},       {"months", "", "months", false},
                                         {"cheapest", "", "cheapest", true}, {"TCO", "USD", "tco_usd", false}};
  struct table *t = table_create("Runs", col, sizeof col / sizeof *col);
  for (size_t i = 0; i < c->n; i++) {
    const struct compare_run *r = &c->run[i];
    struct errs *errs = errs_create();
    sqlite3 *db = db_open(r->path, errs);
    struct outcome *o = db ? outcome_load(db, r->run) : NULL;
    if (o) {
      table_row(t);
      table_text(t, r->label);
      table_text(t, o->scenario);
      table_text(t, o->as_of);
      table_number(t, o->months, 0);
      table_text(t, o->best ? o->best->name : NULL);
      table_number(t, o->best ? o->best->tco_usd : (double)NAN, 2);
    }
    outcome_free(o);
    db_close(db);
    errs_destroy(errs);
  }
  return t;
}

const char *compare_answer(const struct compare *c, size_t i) {
  struct errs *errs = errs_create();
  sqlite3 *db = db_open(c->run[i].path, errs);
  struct outcome *o = db ? outcome_load(db, c->run[i].run) : NULL;
  const char *text = o ? arena_strdup(c->arena, outcome_answer(o)[0]) : "";
  outcome_free(o);
  db_close(db);
  errs_destroy(errs);
  return text;
}

/* `SELECT 0 AS i, columns FROM d0.table WHERE run=.. AND cond UNION ALL SELECT 1 ...` */
static const char *all_runs(const struct compare *c, const char *columns, const char *table, const char *cond) {
  const char *sql = "";
  for (size_t i = 0; i < c->n; i++)
    sql = arena_printf(c->arena, "%s%sSELECT %zu AS i, %s FROM d%zu.%s WHERE run=%lld AND %s", sql,
                       i ? " UNION ALL " : "", i, columns, i, table, c->run[i].run, cond);
  return sql;
}

/* ", max(CASE i WHEN 0 THEN value END), ..." */
static const char *by_run(const struct compare *c, const char *value) {
  const char *sql = "";
  for (size_t i = 0; i < c->n; i++)
    sql = arena_printf(c->arena, "%s, max(CASE i WHEN %zu THEN %s END)", sql, i, value);
  return sql;
}

struct table *compare_inputs(const struct compare *c) {
  struct table_col col[COMPARE_MOST + 2] = {{"input", "", "key", true}, {"option", "", "option", true}};
  for (size_t i = 0; i < c->n; i++)
    col[2 + i] = (struct table_col){c->run[i].label, "", NULL, true};
  struct table *t = table_create("Inputs that differ", col, c->n + 2);
  struct db_query *q =
      db_query(c->db,
               arena_printf(c->arena,
                            "SELECT key, option%s FROM (%s) GROUP BY key, option HAVING count(DISTINCT i)<%zu OR "
                            "count(DISTINCT v)>1 ORDER BY option<>'', option, key",
                            by_run(c, "v"), all_runs(c, "key, option, coalesce(value,'') AS v", "input", "1"), c->n),
               "");
  while (db_next(q)) {
    table_row(t);
    for (int k = 0; k < (int)c->n + 2; k++)
      table_text(t, db_text(q, k));
  }
  db_done(q);
  return t;
}

static int decimals(double v) {
  return v == floor(v) ? 0 : fabs(v) < 100 ? 4 : 2;
}

/* What a decision hangs on. */
static const char main_figures[] =
    "scope='whole' AND name IN "
    "('tco_usd','feasible','servers','usd_per_mtoken_output','usd_per_gpu_hour','usd_per_training_run',"
    "'time_to_train_s','gpu_utilization','slo_attainment','energy_mwh','peak_power_kw','breakeven_month','prob_cheaper'"
    ")";

struct table *compare_outcomes(const struct compare *c, bool all) {
  struct table_col col[COMPARE_MOST + 5] = {{"option", "", "option", true},
                                            {"figure", "", "name", true},
                                            {"against", "", "versus", true},
                                            {"unit", "", "unit", true}};
  for (size_t i = 0; i < c->n; i++)
    col[4 + i] = (struct table_col){c->run[i].label, "", NULL, false};
  col[4 + c->n] = (struct table_col){"change", "%", "change_pct", false};
  struct table *t = table_create("Figures that differ", col, c->n + 5);
  /* Figures that agree to 1e-9 are the same: sums of other order differ in the last digits. */
  struct db_query *q = db_query(
      c->db,
      arena_printf(
          c->arena,
          "SELECT option, name, versus, max(unit)%s FROM (%s) GROUP BY option, name, versus"
          " HAVING count(DISTINCT i)<%zu OR max(value)-min(value)>1e-9*max(abs(value)) OR count(value) NOT IN (0,%zu)"
          " ORDER BY name<>'tco_usd', name<>'feasible', option, name, versus",
          by_run(c, "value"),
          all_runs(c, "option, name, versus, unit, value", "metric", all ? "scope='whole'" : main_figures), c->n, c->n),
      "");
  while (db_next(q)) {
    double first = db_real(q, 4), last = db_real(q, 3 + (int)c->n);
    table_row(t);
    for (int k = 0; k < 4; k++)
      table_text(t, db_text(q, k));
    for (int k = 4; k < 4 + (int)c->n; k++)
      table_number(t, db_real(q, k), decimals(db_real(q, k)));
    table_number(t, first != 0 ? 100 * (last - first) / fabs(first) : (double)NAN, 1);
  }
  db_done(q);
  return t;
}
