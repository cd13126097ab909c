/* Compares databases with tests/golden/results.csv: golden_check RESULTS.csv DIR. A row (scenario, option, scope,
 * metric, versus, value, tolerance, origin) speaks of the newest run in DIR/scenario.db; the tolerance is relative.
 * Says what is off and a last line `passed=N failed=M`. golden_check --update RESULTS.csv DIR   writes the table to
 * stdout, the values of origin `measured` as they are now */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/csv.h"
#include "base/mem.h"
#include "base/units.h"
#include "output/db.h"

static const char *const columns[] = {"scenario", "option", "scope",     "metric",
                                      "versus",   "value",  "tolerance", "origin"};
enum { SCENARIO, OPTION, SCOPE, METRIC, VERSUS, VALUE, TOLERANCE, ORIGIN, COLUMNS };

static sqlite3 *open_db(const char *dir, const char *scenario) {
  struct errs *errs = errs_create();
  char *path = mem_printf("%s/%s.db", dir, scenario);
  sqlite3 *db = db_open(path, errs);
  mem_free(path);
  errs_destroy(errs);
  return db;
}

static double metric_of(sqlite3 *db, const char *option, const char *scope, const char *name, const char *versus) {
  return db_value(db,
                  "SELECT value FROM metric WHERE run = (SELECT max(run) FROM run) AND option = ? AND scope = ? AND "
                  "name = ? AND versus = ?",
                  "ssss", option, scope, name, versus);
}

static const char *cell(const struct csv_table *t, size_t row, int col) {
  return csv_cell(t, row, csv_column(t, columns[col]));
}

static double got(const char *dir, const struct csv_table *t, size_t row) {
  sqlite3 *db = open_db(dir, cell(t, row, SCENARIO));
  double v = db ? metric_of(db, cell(t, row, OPTION), cell(t, row, SCOPE), cell(t, row, METRIC), cell(t, row, VERSUS))
                : (double)NAN;
  db_close(db);
  return v;
}

static bool as_written(const char *dir, const struct csv_table *t, size_t row) {
  double want, tolerance, have = got(dir, t, row);
  if (!units_number(cell(t, row, VALUE), &want) || !units_number(cell(t, row, TOLERANCE), &tolerance)) {
    printf("line %d: no number\n", csv_line(t, row));
    return false;
  }
  if (fabs(have - want) <= tolerance * fabs(want))
    return true;
  printf("%s %s %s %s %s: got %.12g, want %s within %s (%s)\n", cell(t, row, SCENARIO), cell(t, row, OPTION),
         cell(t, row, SCOPE), cell(t, row, METRIC), cell(t, row, VERSUS), have, cell(t, row, VALUE),
         cell(t, row, TOLERANCE), cell(t, row, ORIGIN));
  return false;
}

static int compare(const char *dir, const struct csv_table *t) {
  size_t passed = 0;
  for (size_t i = 0; i < csv_rows(t); i++)
    passed += as_written(dir, t, i);
  printf("passed=%zu failed=%zu\n", passed, csv_rows(t) - passed);
  return passed == csv_rows(t) && passed > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int update(const char *dir, const struct csv_table *t) {
  for (int c = 0; c < COLUMNS; c++)
    printf("%s%s", c ? "," : "", columns[c]);
  for (size_t i = 0; i < csv_rows(t); i++) {
    bool measured = strcmp(cell(t, i, ORIGIN), "measured") == 0;
    for (int c = 0; c < COLUMNS; c++) {
      fputs(c ? "," : "\n", stdout);
      if (c == VALUE && measured)
        printf("%.9g", got(dir, t, i));
      else
        csv_write_field(stdout, cell(t, i, c));
    }
  }
  putchar('\n');
  return EXIT_SUCCESS;
}

int main(int argc, char **argv) {
  bool updating = argc == 4 && strcmp(argv[1], "--update") == 0;
  if (argc != 3 && !updating)
    return EXIT_FAILURE;
  struct errs *errs = errs_create();
  struct csv_table *t = csv_load(argv[argc - 2], errs);
  int code = EXIT_FAILURE;
  if (t && csv_require(t, columns, COLUMNS, errs))
    code = updating ? update(argv[3], t) : compare(argv[2], t);
  for (size_t i = 0; i < errs_count(errs); i++)
    puts(errs_text(errs, i));
  csv_unload(t);
  errs_destroy(errs);
  return code;
}
