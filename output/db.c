#include "output/db.h"
#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/mem.h"
#include "output/schema.h"

struct db_query {
  sqlite3_stmt *stmt;
};

/* ---- opening ---- */

bool db_looks_foreign(const char *path, struct errs *errs) {
  static const char magic[16] = "SQLite format 3";
  char head[sizeof magic] = {0};
  struct stat st;
  if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
    errs_add(errs, path, 0, NULL, "is not a file, expected a rackcast database or a new name");
    return true;
  }
  FILE *f = fopen(path, "rb");
  if (!f)
    return false;
  size_t n = fread(head, 1, sizeof head, f);
  fclose(f);
  if (n == 0 || (n == sizeof head && memcmp(head, magic, sizeof magic) == 0))
    return false;
  errs_add(errs, path, 0, NULL, "is not a rackcast database (not an SQLite file), left untouched");
  return true;
}

static int64_t pragma(sqlite3 *db, const char *sql) {
  sqlite3_stmt *q = NULL;
  int64_t v = -1;
  if (sqlite3_prepare_v2(db, sql, -1, &q, NULL) == SQLITE_OK && sqlite3_step(q) == SQLITE_ROW)
    v = sqlite3_column_int64(q, 0);
  sqlite3_finalize(q);
  return v;
}

bool db_is_empty(sqlite3 *db) {
  return pragma(db, "PRAGMA application_id") == 0 && pragma(db, "SELECT count(*) FROM sqlite_schema") == 0;
}

bool db_is_ours(sqlite3 *db, const char *path, struct errs *errs) {
  int64_t id = pragma(db, "PRAGMA application_id"), version = pragma(db, "PRAGMA user_version");
  if (id < 0)
    errs_add(errs, path, 0, NULL, "cannot read the database: %s", sqlite3_errmsg(db));
  else if (id != SCHEMA_APPLICATION_ID)
    errs_add(errs, path, 0, NULL, "is a database of another program, left untouched");
  else if (version > SCHEMA_VERSION)
    errs_add(errs, path, 0, NULL,
             "was written by a newer rackcast (layout %lld, this program knows %d), left untouched", (long long)version,
             SCHEMA_VERSION);
  else
    return true;
  return false;
}

/* Our views over the file's tables: it may be older than they are. */
static bool make_views(sqlite3 *db) {
  for (int i = 0; i < SCHEMA_VIEWS; i++) {
    char *sql = mem_printf("CREATE TEMP VIEW %s AS %s", schema_views[i].name, schema_views[i].select);
    bool good = sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK;
    mem_free(sql);
    if (!good)
      return false;
  }
  return true;
}

/* Every table and column of the layout must be there: later queries rely on it. */
static bool is_complete(sqlite3 *db, const char *path, struct errs *errs) {
  sqlite3 *fresh = NULL;
  bool good = sqlite3_open(":memory:", &fresh) == SQLITE_OK &&
              sqlite3_exec(fresh, schema_tables_sql, NULL, NULL, NULL) == SQLITE_OK;
  struct db_query *q =
      good
          ? db_query(fresh,
                     "SELECT m.name, c.name FROM sqlite_schema m JOIN pragma_table_info(m.name) c WHERE m.type='table'",
                     "")
          : NULL;
  while (good && db_next(q)) {
    good = db_value(db, "SELECT count(*) FROM pragma_table_info(?1) WHERE name=?2", "ss", db_text(q, 0),
                    db_text(q, 1)) == 1;
    if (!good)
      errs_add(errs, path, 0, NULL, "is damaged: %s.%s is missing", db_text(q, 0), db_text(q, 1));
  }
  if (q)
    db_done(q);
  sqlite3_close(fresh);
  return good;
}

/* A damaged page would otherwise end a query early and pass for fewer rows. */
static bool is_sound(sqlite3 *db, const char *path, struct errs *errs) {
  sqlite3_stmt *q = NULL;
  const char *said = "unreadable";
  if (sqlite3_prepare_v2(db, "PRAGMA quick_check(1)", -1, &q, NULL) == SQLITE_OK && sqlite3_step(q) == SQLITE_ROW)
    said = (const char *)sqlite3_column_text(q, 0);
  bool good = said && strcmp(said, "ok") == 0;
  if (!good)
    errs_add(errs, path, 0, NULL, "is damaged: %s", said ? said : "unreadable");
  sqlite3_finalize(q);
  return good;
}

sqlite3 *db_open(const char *path, struct errs *errs) {
  sqlite3 *db = NULL;
  if (access(path, F_OK) != 0) {
    errs_add(errs, path, 0, NULL, "there is no such result database (rackcast run SCENARIO.yaml -o %s makes one)", path);
    return NULL;
  }
  if (db_looks_foreign(path, errs))
    return NULL;
  /* Read-write first: after a kill somebody has to roll the journal back. Read-only serves files on read-only media. */
  int rc = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL);
  if (rc != SQLITE_OK) {
    sqlite3_close(db);
    rc = sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL);
  }
  if (rc != SQLITE_OK)
    errs_add(errs, path, 0, NULL, "cannot open the database: %s", sqlite3_errmsg(db));
  else {
    sqlite3_busy_timeout(db, 10000);
    if (db_is_empty(db))
      errs_add(errs, path, 0, NULL, "is an empty database, nothing was run into it");
    else if (db_is_ours(db, path, errs) && is_sound(db, path, errs) && is_complete(db, path, errs)) {
      if (make_views(db) &&
          sqlite3_exec(db, "PRAGMA query_only=1; PRAGMA cache_size=-64000", NULL, NULL, NULL) == SQLITE_OK)
        return db;
      errs_add(errs, path, 0, NULL, "cannot read the database: %s", sqlite3_errmsg(db));
    }
  }
  sqlite3_close(db);
  return NULL;
}

void db_close(sqlite3 *db) {
  sqlite3_close(db);
}

/* ---- queries ---- */

static struct db_query *query(sqlite3 *db, const char *sql, const char *bindings, va_list ap) {
  struct db_query *q = mem_alloc(sizeof *q);
  int rc = sqlite3_prepare_v2(db, sql, -1, &q->stmt, NULL);
  assert(rc == SQLITE_OK);
  (void)rc;
  for (int i = 0; bindings[i]; i++)
    switch (bindings[i]) {
    case 'i':
      sqlite3_bind_int64(q->stmt, i + 1, va_arg(ap, int64_t));
      break;
    case 'd':
      sqlite3_bind_double(q->stmt, i + 1, va_arg(ap, double));
      break;
    case 's':
      sqlite3_bind_text(q->stmt, i + 1, va_arg(ap, const char *), -1, SQLITE_TRANSIENT);
      break;
    default:
      assert(!"binding letter");
    }
  return q;
}

struct db_query *db_query(sqlite3 *db, const char *sql, const char *bindings, ...) {
  va_list ap;
  va_start(ap, bindings);
  struct db_query *q = query(db, sql, bindings, ap);
  va_end(ap);
  return q;
}

bool db_next(struct db_query *q) {
  return sqlite3_step(q->stmt) == SQLITE_ROW;
}

int db_columns(const struct db_query *q) {
  return sqlite3_column_count(q->stmt);
}

const char *db_column_name(const struct db_query *q, int col) {
  return sqlite3_column_name(q->stmt, col);
}

const char *db_text(const struct db_query *q, int col) {
  const char *t = (const char *)sqlite3_column_text(q->stmt, col);
  return t ? t : "";
}

double db_real(const struct db_query *q, int col) {
  return db_null(q, col) ? (double)NAN : sqlite3_column_double(q->stmt, col);
}

int64_t db_int(const struct db_query *q, int col) {
  return sqlite3_column_int64(q->stmt, col);
}

bool db_null(const struct db_query *q, int col) {
  return sqlite3_column_type(q->stmt, col) == SQLITE_NULL;
}

bool db_is_number(const struct db_query *q, int col) {
  int type = sqlite3_column_type(q->stmt, col);
  return type == SQLITE_INTEGER || type == SQLITE_FLOAT;
}

void db_done(struct db_query *q) {
  sqlite3_finalize(q->stmt);
  mem_free(q);
}

double db_value(sqlite3 *db, const char *sql, const char *bindings, ...) {
  va_list ap;
  va_start(ap, bindings);
  struct db_query *q = query(db, sql, bindings, ap);
  va_end(ap);
  double v = db_next(q) ? db_real(q, 0) : (double)NAN;
  db_done(q);
  return v;
}

int64_t db_run(sqlite3 *db, const char *path, int64_t wanted, struct errs *errs) {
  double found = wanted ? db_value(db, "SELECT run FROM run WHERE run=?", "i", wanted)
                        : db_value(db, "SELECT max(run) FROM run", "");
  if (!isnan(found))
    return (int64_t)found;
  if (wanted)
    errs_add(errs, path, 0, NULL, "has no run %lld", (long long)wanted);
  else
    errs_add(errs, path, 0, NULL, "holds no run");
  return 0;
}
