#include "output/merge.h"
#include <sqlite3.h>
#include "base/mem.h"
#include "output/db.h"
#include "output/store.h"

/* Tables that hold records of a run, in the order of the layout; `run` itself first. */
static const char tables_sql[] =
    "SELECT name FROM d.sqlite_schema WHERE type='table' AND name NOT LIKE 'sqlite_%' ORDER BY name<>'run', rowid";

static bool exec(sqlite3 *db, const char *sql) {
  return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK;
}

/* The columns of a table but `run`, each with a comma in front. */
static char *columns(sqlite3 *db, const char *table) {
  struct db_query *q = db_query(db,
                                "SELECT group_concat(', '||name, '') FROM (SELECT name FROM pragma_table_info(?1,'d') "
                                "WHERE name<>'run' ORDER BY cid)",
                                "s", table);
  char *list = mem_strdup(db_next(q) ? db_text(q, 0) : "");
  db_done(q);
  return list;
}

static bool copy_table(sqlite3 *db, const char *table, int64_t run, int64_t as) {
  char *list = columns(db, table);
  char *sql = mem_printf("INSERT INTO main.%s(run%s) SELECT %lld%s FROM d.%s WHERE run=%lld ORDER BY rowid", table,
                         list, (long long)as, list, table, (long long)run);
  bool good = exec(db, sql);
  if (!good) { /* a table without rowid is ordered by its key */
    mem_free(sql);
    sql = mem_printf("INSERT INTO main.%s(run%s) SELECT %lld%s FROM d.%s WHERE run=%lld", table, list, (long long)as,
                     list, table, (long long)run);
    good = exec(db, sql);
  }
  mem_free(sql);
  mem_free(list);
  return good;
}

static int64_t copy_all(sqlite3 *db, int64_t run) {
  if (!exec(db, "BEGIN IMMEDIATE"))
    return 0;
  int64_t as = (int64_t)db_value(db, "SELECT coalesce(max(run),0)+1 FROM main.run", "");
  struct db_query *q = db_query(db, tables_sql, "");
  bool good = true;
  while (good && db_next(q))
    good = copy_table(db, db_text(q, 0), run, as);
  db_done(q);
  if (good && exec(db, "COMMIT"))
    return as;
  return 0;
}

int64_t merge_run(const char *into, const char *from, int64_t run, struct errs *errs) {
  struct store *s = store_open(into, errs); /* makes the layout, refuses foreign files */
  sqlite3 *check = s ? db_open(from, errs) : NULL, *db = NULL;
  int64_t as = 0;
  store_close(s);
  db_close(check);
  if (!s || !check)
    return 0;
  if (sqlite3_open_v2(into, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK) {
    sqlite3_busy_timeout(db, 60000);
    struct db_query *q = db_query(db, "ATTACH ? AS d", "s", from);
    db_next(q);
    db_done(q);
    as = copy_all(db, run);
  }
  if (!as)
    errs_add(errs, into, 0, NULL, "cannot take over run %lld of %s: %s", (long long)run, from, sqlite3_errmsg(db));
  sqlite3_close(db);
  return as;
}
