/* Runs beside each other: what differs in inputs and in outcome. */
#include "cli/cli.h"
#include "cli/self.h"
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/mem.h"
#include "base/units.h"
#include "output/compare.h"
#include "output/escape.h"

static const struct cli_opt opts[] = {
    {"all", 'a', NULL, "all figures that differ, not only those that a decision hangs on"},
    {"csv", 0, NULL, "all figures that differ, as CSV"},
    {NULL, 0, NULL, NULL},
};

/* "results.db:2" is run 2 of results.db, unless there is a file of that very name. */
static void split_run(struct arena *a, const char *word, struct compare_run *r) {
  const char *colon = strrchr(word, ':');
  long long run;
  *r = (struct compare_run){.label = word, .path = word};
  if (colon && access(word, F_OK) != 0 && units_integer(colon + 1, &run) && run > 0) {
    r->path = arena_printf(a, "%.*s", (int)(colon - word), word);
    r->run = run;
  }
}

static bool is_scenario(const char *word) {
  const char *dot = strrchr(word, '.');
  return dot && (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0);
}

/* A scenario is run into a database that is deleted afterwards. False with an entry in errs, its own messages having
 * been printed. */
static bool play(struct arena *a, struct compare_run *r, struct errs *errs) {
  const char *tmp = getenv("TMPDIR");
  char *path = arena_printf(a, "%s/rackcast-compare-XXXXXX", tmp && *tmp ? tmp : "/tmp");
  int fd = mkstemp(path), status = 0;
  pid_t pid;
  char *argv[] = {(char[]){"rackcast"}, (char[]){"run"},          arena_printf(a, "--output=%s", path),
                  (char[]){"--"},       arena_strdup(a, r->path), NULL};
  if (fd < 0) {
    errs_add(errs, path, 0, NULL, "cannot make a temporary file");
    return false;
  }
  close(fd);
  r->path = path; /* from here on it is ours to delete */
  const char *log = arena_printf(a, "%s.log", path);
  bool good = self_start(argv, log, &pid) == 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
              (WEXITSTATUS(status) == CLI_DONE || WEXITSTATUS(status) == CLI_INFEASIBLE);
  if (!good) {
    self_show_log(log);
    errs_add(errs, r->label, 0, NULL, "could not be run");
  }
  unlink(log);
  return good;
}

static void print(const char *title, struct table *t, const char *none) {
  printf("\n%s\n", title);
  if (table_rows(t)) {
    mem_free(table_drop_unknown(t));
    table_write_text(t, stdout);
  } else
    puts(none);
  table_free(t);
}

static int print_comparison(const struct cli_args *args, struct compare_run *runs, size_t n, struct errs *errs) {
  struct compare *c = compare_open(runs, n, errs);
  if (!c)
    return CLI_USAGE;
  if (cli_flag(args, "csv")) {
    struct table *t = compare_outcomes(c, true);
    table_write_csv(t, stdout);
    table_free(t);
  } else {
    struct table *t = compare_runs(c);
    table_write_text(t, stdout);
    table_free(t);
    putchar('\n');
    for (size_t i = 0; i < n; i++) {
      printf("%s: ", runs[i].label);
      escape_terminal(stdout, compare_answer(c, i));
      putchar('\n');
    }
    print("Inputs that differ", compare_inputs(c), "none");
    print("Figures that differ (over the whole horizon)", compare_outcomes(c, cli_flag(args, "all")), "none");
  }
  compare_free(c);
  return CLI_DONE;
}

static int run(const struct cli_args *args) {
  struct arena *a = arena_create();
  struct errs *errs = errs_create();
  size_t n = cli_words(args);
  struct compare_run *runs = arena_alloc(a, n * sizeof *runs);
  bool good = true;
  for (size_t i = 0; i < n; i++) {
    split_run(a, cli_word(args, i), &runs[i]);
    if (is_scenario(runs[i].path))
      good &= play(a, &runs[i], errs);
  }
  int code = good ? print_comparison(args, runs, n, errs) : CLI_USAGE;
  for (size_t i = 0; i < n; i++)
    if (strcmp(runs[i].path, cli_word(args, i)) != 0 && is_scenario(cli_word(args, i)))
      unlink(runs[i].path);
  cli_print_errs(errs);
  errs_destroy(errs);
  arena_destroy(a);
  return code;
}

const struct cli_cmd cmd_compare = {
    .name = "compare",
    .doc = "what differs between runs, in inputs and in outcome",
    .words = "A.db[:RUN]|A.yaml B.db[:RUN]|B.yaml ...",
    .min_words = 2,
    .max_words = 9,
    .opts = opts,
    .notes = "The newest run of a database is taken unless :RUN names another; a scenario is run first.",
    .run = run};
