/* The result database: written, read back, refused. It is written into the directory the test runs in. */
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/mem.h"
#include "output/db.h"
#include "output/outcome.h"
#include "output/store.h"
#include "tests/cu.h"
#include "tests/feed.h"

static bool refused(const char *path, const char *because) {
  struct errs *errs = errs_create();
  struct store *s = store_open(path, errs);
  bool good = !s && errs_count(errs) == 1 && strstr(errs_text(errs, 0), because);
  store_close(s);
  sqlite3 *db = db_open(path, errs);
  good = good && !db && errs_count(errs) == 2;
  db_close(db);
  errs_destroy(errs);
  return good;
}

static void test_round_trip(void) {
  fill("test_store.db", feed_plain, false);
  sqlite3 *db = open_db("test_store.db");
  CU_ASSERT_EQUAL(db_value(db, "PRAGMA application_id", ""), 0x72636173);
  CU_ASSERT_EQUAL(db_value(db, "PRAGMA user_version", ""), 1);
  CU_ASSERT_EQUAL(
      db_value(db, "SELECT count(*) FROM run WHERE state='done' AND seed=7 AND months=60 AND baseline='rent'", ""), 1);
  CU_ASSERT_EQUAL(db_value(db, "SELECT count(*) FROM charge", ""), 1 + 60 + 1 + 60 + 1 + 60 + 1);
  CU_ASSERT_EQUAL(db_value(db, "SELECT sum(BilledCost) FROM charge WHERE option='own'", ""), 16e6);
  CU_ASSERT_EQUAL(db_value(db, "SELECT count(*) FROM job", ""), 1);
  CU_ASSERT_EQUAL(db_value(db, "SELECT value FROM metric WHERE name='peak_power_kw'", ""), 98.7);
  CU_ASSERT_EQUAL(db_value(db, "SELECT count(*) FROM metric WHERE name='servers' AND p10 IS NULL", ""),
                  1); /* unknown is not 0 */
  CU_ASSERT_EQUAL(
      db_value(db, "SELECT BillingPeriodEnd='2027-01-01' FROM charge WHERE option='own' AND kind='server'", ""), 1);
  db_close(db);
}

static void test_views(void) {
  fill("test_store.db", feed_plain, false);
  sqlite3 *db = open_db("test_store.db");
  CU_ASSERT_EQUAL(db_value(db, "SELECT tco_usd FROM v_summary WHERE option='own'", ""), 16e6);
  CU_ASSERT_EQUAL(db_value(db, "SELECT tco_p10_usd FROM v_summary WHERE option='own'", ""), 12e6);
  CU_ASSERT_EQUAL(db_value(db, "SELECT count(*) FROM v_tco WHERE abs(tco_usd-ledger_usd)>0.005", ""), 0);
  CU_ASSERT_EQUAL(
      db_value(db, "SELECT billed_usd FROM v_charges_by_year WHERE option='own' AND year=2 AND kind='energy'", ""),
      1.2e6);
  CU_ASSERT_EQUAL(db_value(db, "SELECT gpu_utilization FROM v_utilization WHERE option='own' AND scope='whole'", ""),
                  0.43);
  db_close(db);
}

static void test_append(void) {
  fill("test_append.db", feed_plain, false);
  fill("test_append.db", feed_plain, true);
  sqlite3 *db = open_db("test_append.db");
  CU_ASSERT_EQUAL(db_value(db, "SELECT count(*) FROM run", ""), 2);
  CU_ASSERT_EQUAL(db_value(db, "SELECT count(DISTINCT run) FROM charge", ""), 2);
  struct errs *errs = errs_create();
  CU_ASSERT_EQUAL(db_run(db, "x", 0, errs), 2);
  CU_ASSERT_EQUAL(db_run(db, "x", 1, errs), 1);
  CU_ASSERT_EQUAL(db_run(db, "x", 3, errs), 0);
  CU_ASSERT_EQUAL(errs_count(errs), 1);
  errs_destroy(errs);
  db_close(db);
  unlink("test_append.db");
}

/* The same records give the same file, byte for byte: no clock, no address is in it. */
static void test_same_content(void) {
  fill("test_same1.db", feed_plain, false);
  fill("test_same2.db", feed_plain, false);
  CU_ASSERT_EQUAL(system("cmp -s test_same1.db test_same2.db"), 0);
  unlink("test_same1.db");
  unlink("test_same2.db");
}

static void test_refuses_foreign(void) {
  FILE *f = fopen("test_foreign.db", "w");
  fputs("name: not a database\n", f);
  fclose(f);
  CU_ASSERT_TRUE(refused("test_foreign.db", "not a rackcast database"));
  f = fopen("test_foreign.db", "r");
  char line[64] = "";
  CU_ASSERT_PTR_NOT_NULL(fgets(line, sizeof line, f));
  CU_ASSERT_STRING_EQUAL(line, "name: not a database\n");
  fclose(f);
  unlink("test_foreign.db");

  sqlite3 *db;
  sqlite3_open("test_foreign.db", &db);
  sqlite3_exec(db, "CREATE TABLE other(x)", NULL, NULL, NULL);
  sqlite3_close(db);
  CU_ASSERT_TRUE(refused("test_foreign.db", "another program"));
  unlink("test_foreign.db");

  fill("test_foreign.db", feed_plain, false);
  sqlite3_open("test_foreign.db", &db);
  sqlite3_exec(db, "PRAGMA user_version=99", NULL, NULL, NULL);
  sqlite3_close(db);
  CU_ASSERT_TRUE(refused("test_foreign.db", "newer"));
  unlink("test_foreign.db");
  CU_ASSERT_TRUE(refused(".", "not a file"));
}

static bool opens(const char *path, const char *because) {
  struct errs *errs = errs_create();
  sqlite3 *db = db_open(path, errs);
  bool said = because && errs_count(errs) == 1 && strstr(errs_text(errs, 0), because);
  bool good = because ? !db && said : db && errs_count(errs) == 0;
  db_close(db);
  errs_destroy(errs);
  return good;
}

/* Damage is said, whatever byte it hit; nothing crashes on it. */
static void test_damaged(void) {
  sqlite3 *db;
  fill("test_damaged.db", feed_plain, false);
  CU_ASSERT_TRUE(opens("test_damaged.db", NULL));
  sqlite3_open("test_damaged.db", &db);
  sqlite3_exec(db, "DROP VIEW v_tco; DROP VIEW v_summary; CREATE VIEW v_summary AS SELECT 1", NULL, NULL, NULL);
  sqlite3_close(db);
  CU_ASSERT_TRUE(opens("test_damaged.db", NULL)); /* views are the program's own ... */
  fill("test_damaged.db", feed_plain, true);
  sqlite3_open("test_damaged.db", &db);
  CU_ASSERT_EQUAL(db_value(db, "SELECT tco_usd FROM v_summary WHERE run=2 AND option='own'", ""),
                  16e6); /* ... and renewed by the next writer */
  CU_ASSERT_EQUAL(db_value(db, "SELECT count(*) FROM v_tco WHERE run=2", ""), 4);
  sqlite3_close(db);
  fill("test_damaged.db", feed_plain, false);
  sqlite3_open("test_damaged.db", &db);
  sqlite3_exec(db, "ALTER TABLE job DROP COLUMN gpus", NULL, NULL, NULL);
  sqlite3_close(db);
  CU_ASSERT_TRUE(opens("test_damaged.db", "job.gpus"));
  fill("test_damaged.db", feed_plain, false);
  CU_ASSERT_EQUAL(truncate("test_damaged.db", 40000), 0);
  CU_ASSERT_TRUE(opens("test_damaged.db", "damaged") || opens("test_damaged.db", "cannot read"));
  for (unsigned k = 0; k < 60; k++) { /* bytes all over the file */
    fill("test_damaged.db", feed_plain, false);
    FILE *f = fopen("test_damaged.db", "r+b");
    fseek(f, 100 + (long)(k * 1237), SEEK_SET);
    fwrite("\xff\x00\x80\x7f", 1, 4, f);
    fclose(f);
    struct errs *errs = errs_create();
    sqlite3 *d = db_open("test_damaged.db", errs);
    CU_ASSERT_TRUE((d != NULL) != (errs_count(errs) > 0));
    struct outcome *o = d ? outcome_load(d, 1) : NULL;
    char *text = o ? written(write_answer, o) : NULL;
    mem_free(text);
    outcome_free(o);
    db_close(d);
    errs_destroy(errs);
  }
  unlink("test_damaged.db");
}

/* A child is killed in the middle of a run; the file must be readable at once, and the next writer tells what happened.
 */
static void test_kill(void) {
  int ready[2];
  char c;
  unlink("test_kill.db");
  CU_ASSERT_EQUAL_FATAL(pipe(ready), 0);
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    struct errs *errs = errs_create();
    struct store *s = store_open("test_kill.db", errs);
    store_begin(s, &feed_run, errs);
    for (int i = 0; i < 200; i++) /* enough for the cache to spill into the file */
      for (int k = 0; k < 2000; k++)
        store_listener(s)->point(s, &(struct rec_point){"own", "power_kw", i * 2000 + k, k});
    if (write(ready[1], "x", 1) != 1)
      _exit(1);
    pause();
    _exit(0);
  }
  CU_ASSERT_EQUAL(read(ready[0], &c, 1), 1);
  kill(child, SIGKILL);
  waitpid(child, NULL, 0);
  sqlite3 *db = open_db("test_kill.db");
  CU_ASSERT_EQUAL(db_value(db, "SELECT count(*) FROM run WHERE state='running'", ""), 1);
  CU_ASSERT_EQUAL(db_value(db, "SELECT count(*) FROM series", ""), 0);
  db_close(db);
  fill("test_kill.db", feed_plain, true);
  db = open_db("test_kill.db");
  CU_ASSERT_EQUAL(db_value(db, "SELECT count(*) FROM run WHERE state='interrupted' AND run=1", ""), 1);
  CU_ASSERT_EQUAL(db_value(db, "SELECT count(*) FROM run WHERE state='done' AND run=2", ""), 1);
  db_close(db);
  unlink("test_kill.db");
  close(ready[0]);
  close(ready[1]);
}

static void test_interrupt(void) {
  struct errs *errs = errs_create();
  unlink("test_interrupt.db");
  struct store *s = store_open("test_interrupt.db", errs);
  store_begin(s, &feed_run, errs);
  feed_plain(store_listener(s));
  store_interrupt(s);
  feed_hostile(store_listener(s)); /* comes too late */
  store_close(s);
  sqlite3 *db = open_db("test_interrupt.db");
  CU_ASSERT_EQUAL(db_value(db, "SELECT count(*) FROM run WHERE state='interrupted'", ""), 1);
  CU_ASSERT_EQUAL(db_value(db, "SELECT count(DISTINCT option) FROM charge", ""), 4);
  db_close(db);
  unlink("test_interrupt.db");
  errs_destroy(errs);
}

/* A figure has one value: the second is an error that names the table, and nothing of the run is kept but its row. */
static void test_duplicate_metric(void) {
  struct errs *errs = errs_create();
  unlink("test_twice.db");
  struct store *s = store_open("test_twice.db", errs);
  store_begin(s, &feed_run, errs);
  feed_plain(store_listener(s));
  feed_plain(store_listener(s));
  CU_ASSERT_FALSE(store_end(s, "done", errs));
  CU_ASSERT_EQUAL_FATAL(errs_count(errs), 1);
  CU_ASSERT_PTR_NOT_NULL(strstr(errs_text(errs, 0), "metric"));
  store_close(s);
  sqlite3 *db = open_db("test_twice.db");
  CU_ASSERT_EQUAL(db_value(db, "SELECT count(*) FROM run WHERE state='failed'", ""), 1);
  CU_ASSERT_EQUAL(db_value(db, "SELECT count(*) FROM metric", ""), 0);
  db_close(db);
  unlink("test_twice.db");
  errs_destroy(errs);
}

/* docs/database.md names every table, view and column. */
static void test_documented(void) {
  char path[512];
  snprintf(path, sizeof path, "%s/docs/database.md", getenv("srcdir") ? getenv("srcdir") : ".");
  FILE *f = fopen(path, "r");
  CU_ASSERT_PTR_NOT_NULL_FATAL(f);
  char *doc = mem_alloc(1 << 18);
  CU_ASSERT_TRUE(fread(doc, 1, (1 << 18) - 1, f) > 0);
  fclose(f);
  fill("test_store.db", feed_plain, false);
  sqlite3 *db = open_db("test_store.db");
  struct db_query *q = db_query(db,
                                "SELECT m.type, m.name, t.name FROM sqlite_schema m JOIN pragma_table_info(m.name) t "
                                "WHERE m.type IN ('table','view')",
                                "");
  int n = 0;
  for (; db_next(q); n++) {
    bool view = strcmp(db_text(q, 0), "view") == 0;
    char *name = mem_printf("`%s`", db_text(q, view ? 1 : 2)), *section = view ? NULL : mem_printf("%s", db_text(q, 1));
    if (!strstr(doc, name) || (section && !strstr(doc, section)))
      printf("\n%s %s is not documented\n", db_text(q, 1), name);
    CU_ASSERT_PTR_NOT_NULL(strstr(doc, name));
    mem_free(name);
    mem_free(section);
  }
  CU_ASSERT_TRUE(n > 90);
  db_done(q);
  db_close(db);
  mem_free(doc);
}

int main(void) {
  static const struct cu_case cases[] = {
      {"records come back from the database", test_round_trip},
      {"views", test_views},
      {"runs are appended", test_append},
      {"same records, same bytes", test_same_content},
      {"foreign and newer files are refused and left alone", test_refuses_foreign},
      {"a damaged file is refused", test_damaged},
      {"a killed run leaves a readable database", test_kill},
      {"an interrupted run is kept and marked", test_interrupt},
      {"a figure stored twice is an error", test_duplicate_metric},
      {"every column is documented", test_documented},
  };
  return cu_main("store", cases, sizeof cases / sizeof *cases);
}
