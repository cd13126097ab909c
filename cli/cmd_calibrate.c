/* Fits the parameters of the kernel, collective or power model to a table of measurements and prints catalog rows; how
 * well the fit meets the 30 % of the shapes that were left out goes to stderr. */
#include <stdio.h>
#include "base/csv.h"
#include "cli/cli.h"
#include "cli/library.h"
#include "hwmodels/calibrate.h"

static const struct cli_opt opts[] = {
    {"seed", 0, "N", "which 30 % of the shapes are left out (default 1)"},
    CLI_LIBRARY_OPTS,
    {NULL, 0, NULL, NULL},
};

static void print_row(const struct hw_fact *f) {
  const char *const field[] = {f->kind, f->name, f->metric, f->text, f->unit, f->source, f->where, f->date, f->grade};
  for (size_t i = 0; i < sizeof field / sizeof *field; i++) {
    if (i)
      putchar(',');
    csv_write_field(stdout, field[i]);
  }
  putchar('\n');
}

static void print_report(const struct hw_calibration *k) {
  fprintf(stderr, "%-24s %-16s %7s %8s | %8s %8s %8s | %8s %8s\n", "name", "fit", "fitted", "left out", "median", "p90",
          "bias", "in fit", "p90");
  for (size_t i = 0; i < k->n_report; i++) {
    const struct hw_fit_report *r = &k->report[i];
    fprintf(stderr, "%-24s %-16s %7zu %8zu | %6.1f %% %6.1f %% %+6.1f %% | %6.1f %% %6.1f %%%s\n", r->name, r->what,
            r->fitted, r->left_out, 100 * r->median, 100 * r->p90, 100 * r->bias, 100 * r->in_median, 100 * r->in_p90,
            r->converged ? "" : "  no fit: too few points, rows kept as they are");
  }
  if (k->skipped)
    cli_say("%zu rows of the table are of a kind that no fit takes, or name a part that the catalog has not",
            k->skipped);
}

static int run(const struct cli_args *args) {
  struct errs *errs = errs_create();
  struct cli_library library;
  struct hw_calibration k = {0};
  long long seed = 1;
  int code = CLI_USAGE;
  if (cli_library_open(&library, args, errs) && cli_integer(args, "seed", 0, 1LL << 62, &seed, errs) &&
      hw_calibrate(library.catalog, cli_word(args, 0), (uint64_t)seed, &k, errs)) {
    puts("kind,name,metric,value,unit,source,where,date,grade");
    for (size_t i = 0; i < k.n_row; i++)
      print_row(&k.row[i]);
    print_report(&k);
    code = k.n_row ? CLI_DONE : CLI_FAILED;
  }
  cli_print_errs(errs);
  hw_calibration_free(&k);
  cli_library_close(&library);
  errs_destroy(errs);
  return code;
}

const struct cli_cmd cmd_calibrate = {.name = "calibrate",
                                      .doc = "fit kernel, link or power parameters to measurements, print catalog rows",
                                      .words = "TABLE.csv",
                                      .min_words = 1,
                                      .max_words = 1,
                                      .opts = opts,
                                      .notes = "TABLE has the columns of hwmodels/measured/gemm.csv, comm.csv or "
                                               "power_activity.csv; the header tells which. Redirect stdout into a\n"
                                               "file of a directory for --catalog to use the rows.",
                                      .run = run};
