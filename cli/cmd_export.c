/* A result database in other programs' formats. */
#include "cli/cli.h"
#include <errno.h>
#include <string.h>
#include "output/db.h"
#include "output/export.h"

static const struct cli_opt opts[] = {
    {"format", 'f', "NAME", "focus, csv, markdown or chrome-trace (see below)"},
    {"table", 't', "NAME", "the table to write"},
    {"output", 'o', "FILE", "write to FILE instead of standard output"},
    {"run", 0, "N", "the run to export (default: the newest)"},
    {NULL, 0, NULL, NULL},
};

static int write_to(const struct outcome *o, const struct export_format *format, const char *table, const char *path,
                    struct errs *errs) {
  FILE *f = path ? fopen(path, "w") : stdout;
  if (!f) {
    errs_add(errs, path, 0, NULL, "cannot write: %s", strerror(errno));
    return CLI_FAILED;
  }
  bool good = format->write(o, table, f, errs);
  if (path && fclose(f) != 0) {
    errs_add(errs, path, 0, NULL, "cannot write: %s", strerror(errno));
    return CLI_FAILED;
  }
  return good ? CLI_DONE : CLI_USAGE;
}

static int run(const struct cli_args *args) {
  struct errs *errs = errs_create();
  const char *path = cli_word(args, 0), *name = cli_value(args, "format");
  const struct export_format *format = NULL;
  struct outcome *o = NULL;
  sqlite3 *db = NULL;
  long long wanted = 0;
  int64_t id = 0;
  int code = CLI_USAGE;

  cli_integer(args, "run", 1, 1000000000, &wanted, errs);
  if (!name)
    errs_add(errs, NULL, 0, NULL, "--format is missing: focus, csv, markdown or chrome-trace");
  else
    format = export_find(name, errs);
  if (errs_count(errs) == 0 && (db = db_open(path, errs)) && (id = db_run(db, path, wanted, errs))) {
    o = outcome_load(db, id);
    code = write_to(o, format, cli_value(args, "table"), cli_value(args, "output"), errs);
  }
  cli_print_errs(errs);
  outcome_free(o);
  db_close(db);
  errs_destroy(errs);
  return code;
}

static void formats(FILE *f) {
  fputs("formats:\n", f);
  for (size_t i = 0; export_at(i); i++)
    fprintf(f, "  %-13s %s\n", export_at(i)->name, export_at(i)->doc);
}

const struct cli_cmd cmd_export = {.name = "export",
                                   .doc = "a result database as FOCUS charges, CSV, Markdown or a Chrome trace",
                                   .words = "RESULTS.db",
                                   .min_words = 1,
                                   .max_words = 1,
                                   .opts = opts,
                                   .run = run,
                                   .more_help = formats};
