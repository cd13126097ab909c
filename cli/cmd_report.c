/* A result database as an answer on the terminal, or as a directory with a page, plots and tables. */
#include "base/units.h"
#include "cli/cli.h"
#include <stdlib.h>
#include <string.h>
#include "output/db.h"
#include "output/outcome.h"
#include "output/report.h"
#include "output/summary.h"

static const struct cli_opt opts[] = {
    {"output", 'o', "DIR", "write index.html, report.md, plots and tables into DIR"},
    {"run", 0, "N", "the run to report (default: the newest)"},
    {NULL, 0, NULL, NULL},
};

static int write_report(const struct outcome *o, const char *db_path, const char *dir, struct errs *errs) {
  struct report_result result;
  bool good = report_write(o, db_path, dir, &result, errs);
  if (result.gnuplot_missing)
    cli_say("gnuplot is not installed: the plots are missing (their scripts and everything else are in %s)", dir);
  if (good) {
    cli_say("%d plot%s and %d table%s", result.plots, units_s(result.plots), result.tables, units_s(result.tables));
    printf("%s%sindex.html\n", dir, *dir && dir[strlen(dir) - 1] == '/' ? "" : "/");
  }
  return good && !result.gnuplot_missing ? CLI_DONE : CLI_FAILED;
}

static int run(const struct cli_args *args) {
  struct errs *errs = errs_create();
  long long wanted = 0;
  int code = CLI_USAGE;
  sqlite3 *db = NULL;
  struct outcome *o = NULL;
  if (!cli_integer(args, "run", 1, 1000000000, &wanted, errs) || !(db = db_open(cli_word(args, 0), errs)))
    goto out;
  int64_t id = db_run(db, cli_word(args, 0), wanted, errs);
  if (!id)
    goto out;
  o = outcome_load(db, id);
  if (cli_flag(args, "output"))
    code = write_report(o, cli_word(args, 0), cli_value(args, "output"), errs);
  else {
    summary_write(o, stdout);
    code = CLI_DONE;
  }
out:
  cli_print_errs(errs);
  outcome_free(o);
  db_close(db);
  errs_destroy(errs);
  return code;
}

const struct cli_cmd cmd_report = {
    .name = "report",
    .doc = "tables, plots and one self-contained page from a result database",
    .words = "RESULTS.db",
    .min_words = 1,
    .max_words = 1,
    .opts = opts,
    .notes =
        "Without -o the answer is printed. Everything is read from the database: a report can be redone without a run.",
    .run = run};
