/* Reading a result database: opening with the checks of identity and version, and a query as a loop:
 *
 *   struct db_query *q = db_query(db, "SELECT name, value FROM metric WHERE run=?1 AND option=?2", "is", run, option);
 *   while (db_next(q)) use(db_text(q, 0), db_real(q, 1));
 *   db_done(q);
 *
 * Queries are ours and fixed, so that one that does not compile is a programmer's error (assert). */
#ifndef OUTPUT_DB_H
#define OUTPUT_DB_H
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>
#include "base/err.h"

/* For reading; NULL with the reason in errs when it is missing, not ours, or newer than this program. Closed by
 * db_close. */
sqlite3 *db_open(const char *path, struct errs *errs);
void db_close(sqlite3 *db); /* NULL is fine */

bool db_is_empty(sqlite3 *db);                                     /* a database without any table and identity */
bool db_is_ours(sqlite3 *db, const char *path, struct errs *errs); /* else an entry in errs */
bool db_looks_foreign(const char *path,
                      struct errs *errs); /* exists, has content, and is no SQLite file: an entry in errs */

/* Bindings by a letter each: i = int64_t, d = double, s = const char * (copied; NULL = SQL NULL). */
struct db_query;
struct db_query *db_query(sqlite3 *db, const char *sql, const char *bindings, ...);
bool db_next(struct db_query *q);
int db_columns(const struct db_query *q);
const char *db_column_name(const struct db_query *q, int col);
const char *db_text(const struct db_query *q, int col); /* "" for NULL; valid until the next db_next */
double db_real(const struct db_query *q, int col);      /* NaN for NULL */
int64_t db_int(const struct db_query *q, int col);
bool db_null(const struct db_query *q, int col);
bool db_is_number(const struct db_query *q, int col);
void db_done(struct db_query *q);

/* One number: the first column of the first row, NaN when there is none. */
double db_value(sqlite3 *db, const char *sql, const char *bindings, ...);

/* The run to look at: `wanted` if it exists, or the newest one when wanted is 0. Returns 0 with an entry in errs when
 * there is none. */
int64_t db_run(sqlite3 *db, const char *path, int64_t wanted, struct errs *errs);
#endif
