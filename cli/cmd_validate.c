/* Predicted against measured: the answer as CSV on stdout, errors per family on stderr. */
#include "cli/cli.h"
#include <math.h>
#include <string.h>
#include "base/mem.h"
#include "config.h"
#include "output/store.h"
#include "scenarios/validate.h"

static const struct cli_opt opts[] = {
    {"models", 0, "DIR", "config.json files and shapes.csv of your own; they win over the shipped ones"},
    {"catalog", 0, "DIR", "catalog rows of your own (GPUs, links, stacks ...)"},
    {"output", 'o', "FILE.db", "keep the answers in a result database too"},
    {"spread", 0, NULL, "print catalog rows instead: how far predictions of each kind are off, over all tables"},
    {NULL, 0, NULL, NULL},
};
enum { MOST_TABLES = 8, LEAST_FAMILIES = 3 }; /* fewer families say nothing of others */

static void print_number(double v, const char *fmt) {
  if (isfinite(v))
    printf(fmt, v);
}

static void print_row(const struct val_row *v) {
  csv_write_field(stdout, v->id);
  putchar(',');
  csv_write_field(stdout, v->metric);
  putchar(',');
  csv_write_field(stdout, v->measured_text);
  putchar(',');
  print_number(v->predicted, "%.6g");
  putchar(',');
  print_number(v->error_pct, "%.3f");
  printf(",%s,", val_status_name[v->status]);
  csv_write_field(stdout, v->note);
  putchar('\n');
}

static void say_number(double v, char *buf, size_t size) {
  if (isfinite(v))
    snprintf(buf, size, "%.1f", v);
  else
    snprintf(buf, size, "-");
}

static void say_stat(const struct val_stat *s) {
  const double v[] = {s->model.median, s->model.mean, s->model.p90, s->model.bias,
                      s->null.median,  s->null.mean,  s->null.p90,  s->null.bias};
  char name[64], number[8][16];
  snprintf(name, sizeof name, "%s%s%s", s->name, s->split ? " " : "", s->split ? s->split : "");
  for (int i = 0; i < 8; i++)
    say_number(v[i], number[i], sizeof number[i]);
  double coverage = s->complete > 0 ? 100.0 * (double)s->ok / (double)s->complete : (double)NAN;
  char cover[16];
  say_number(coverage, cover, sizeof cover);
  fprintf(stderr, "%-34s %5zu %7s | %7s %7s %7s %7s | %7s %7s %7s %7s\n", name, s->rows, cover, number[0], number[1],
          number[2], number[3], number[4], number[5], number[6], number[7]);
}

static void say_table(const struct val_report *r) {
  fprintf(stderr, "%-34s %5s %7s | %31s | %31s\n", "", "", "covered", "error in %: this model",
          "null: the group's median rate");
  fprintf(stderr, "%-34s %5s %7s | %7s %7s %7s %7s | %7s %7s %7s %7s\n", "family", "rows", "%", "median", "mean", "p90",
          "bias", "median", "mean", "p90", "bias");
  for (size_t i = 0; i < r->n_family; i++)
    say_stat(&r->family[i]);
  say_stat(&r->all);
  fprintf(stderr, "\nsplit:\n");
  for (size_t i = 0; i < r->n_part; i++)
    say_stat(&r->part[i]);
}

static bool keep(const struct val_report *r, const char *table, const char *path, struct errs *errs) {
  struct store *s = store_open(path, errs);
  struct store_run run = {.name = "validate",
                          .scenario = table,
                          .version = PACKAGE_VERSION,
                          .as_of = "",
                          .start = "",
                          .basis = "",
                          .baseline = "",
                          .settings = ""};
  bool good = s && store_begin(s, &run, errs) != 0;
  for (size_t i = 0; good && i < r->n; i++) {
    const struct val_row *v = &r->row[i];
    store_validation(s, &(struct store_validation){v->id, v->metric, val_status_name[v->status], v->note, v->measured,
                                                   v->predicted, v->error_pct});
  }
  good = good && store_end(s, "done", errs);
  store_close(s);
  return good;
}

/* Catalog rows, one kind of prediction after the other. */
static void print_spread(struct val_report *const *r, size_t n) {
  struct val_spread s[VAL_KINDS_MAX];
  size_t kinds = validate_spread(r, n, s);
  puts("kind,name,metric,value,unit,source,where,date,grade");
  for (size_t i = 0; i < kinds; i++) {
    if (s[i].families < LEAST_FAMILIES)
      continue;
    const char *source = "rackcast validate";
    printf("model_error,%s,sd,%.3f,,%s,\"68 %% of |ln(measured / predicted)| of %zu rows of %zu families, families alike\",%s,derived\n", s[i].kind, s[i].sd,
           source, s[i].rows, s[i].families, s[i].date);
    printf("model_error,%s,median,%.3f,,%s,\"measured / predicted, of times the inverse\",%s,derived\n", s[i].kind, s[i].median, source, s[i].date);
  }
}

static void print_answers(const struct val_report *r) {
  puts("id,metric,measured,predicted,error_pct,status,note");
  for (size_t i = 0; i < r->n; i++)
    print_row(&r->row[i]);
  say_table(r);
}

static int run(const struct cli_args *args) {
  struct errs *errs = errs_create();
  struct val_sources src = {cli_value(args, "models"), cli_value(args, "catalog")};
  struct val_report *r[MOST_TABLES] = {NULL};
  size_t n = 0, tables = cli_words(args);
  const char *path = cli_value(args, "output");
  bool spread = cli_flag(args, "spread");
  if (tables > 1 && !spread)
    errs_add(errs, NULL, 0, "TABLE.csv", "got %zu tables, expected one (several make one --spread)", tables);
  while (n < tables && errs_count(errs) == 0)
    if ((r[n] = validate_table(cli_word(args, n), &src, errs)))
      n++;
  int code = errs_count(errs) == 0 ? CLI_DONE : CLI_USAGE;
  if (code == CLI_DONE && spread)
    print_spread(r, n);
  else if (code == CLI_DONE)
    print_answers(r[0]);
  if (code == CLI_DONE && path && !keep(r[0], cli_word(args, 0), path, errs))
    code = CLI_FAILED;
  cli_print_errs(errs);
  for (size_t i = 0; i < n; i++)
    val_report_free(r[i]);
  errs_destroy(errs);
  return code;
}

const struct cli_cmd cmd_validate = {.name = "validate",
                                     .doc = "predicted against measured on a table of published runs",
                                     .words = "TABLE.csv...",
                                     .min_words = 1,
                                     .max_words = MOST_TABLES,
                                     .opts = opts,
                                     .notes = "The header tells whether the table is about training or serving "
                                              "(docs/accuracy.md). A prediction never reads the measured value.",
                                     .run = run};
