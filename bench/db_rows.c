/* Rows a second into the result database, through the listener that a simulation feeds, and beside it what bare SQLite
 * takes: the same table, one transaction, one prepared statement. */
#include "bench/bench.h"
#include <sqlite3.h>
#include <stdio.h>
#include <unistd.h>
#include "output/store.h"

enum { ROWS = 500000 };
static const char path[] = "bench-db-rows.db";

static double through_store(void) {
  struct errs *errs = errs_create();
  unlink(path);
  struct store *s = store_open(path, errs);
  double start = bench_now_s();
  if (s && store_begin(s, &(struct store_run){.name = "bench"}, errs)) {
    const struct sim_listener *to = store_listener(s);
    for (int i = 0; i < ROWS; i++)
      to->point(to->ctx, &(struct rec_point){"own-dgx-a100", "power_kw", i, i * 0.5});
    store_end(s, "done", errs);
  }
  double took = bench_now_s() - start;
  store_close(s);
  bool good = errs_count(errs) == 0;
  errs_destroy(errs);
  unlink(path);
  return good ? ROWS / took : 0;
}

static double bare_sqlite(void) {
  sqlite3 *db;
  sqlite3_stmt *q;
  unlink(path);
  sqlite3_open(path, &db);
  sqlite3_exec(db,
               "CREATE TABLE series(run INTEGER NOT NULL, option TEXT NOT NULL, name TEXT NOT NULL, t REAL NOT NULL, "
               "value REAL);"
               "PRAGMA synchronous=NORMAL; PRAGMA cache_size=-16000",
               NULL, NULL, NULL);
  double start = bench_now_s();
  sqlite3_exec(db, "BEGIN", NULL, NULL, NULL);
  sqlite3_prepare_v2(db, "INSERT INTO series VALUES(?,?,?,?,?)", -1, &q, NULL);
  for (int i = 0; i < ROWS; i++) {
    sqlite3_bind_int64(q, 1, 1);
    sqlite3_bind_text(q, 2, "own-dgx-a100", -1, SQLITE_STATIC);
    sqlite3_bind_text(q, 3, "power_kw", -1, SQLITE_STATIC);
    sqlite3_bind_double(q, 4, i);
    sqlite3_bind_double(q, 5, i * 0.5);
    sqlite3_step(q);
    sqlite3_reset(q);
  }
  sqlite3_finalize(q);
  sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
  double took = bench_now_s() - start;
  sqlite3_close(db);
  unlink(path);
  return ROWS / took;
}

int main(void) {
  static const struct bench list[] = {{"db_rows", "rows/s", through_store}, {"bare_db_rows", "rows/s", bare_sqlite}};
  return bench_main(list, sizeof list / sizeof *list, 5);
}
