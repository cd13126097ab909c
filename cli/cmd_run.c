/* Plays a scenario: file -> checked spec -> simulation -> database -> the answer. */
#include "config.h"
#include <math.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "base/mem.h"
#include "base/units.h"
#include "cli/cli.h"
#include "cli/library.h"
#include "output/db.h"
#include "output/export.h"
#include "output/outcome.h"
#include "output/store.h"
#include "output/summary.h"
#include "scenarios/scenario.h"
#include "sim/replay_size.h"

static const struct cli_opt opts[] = {
    {"output", 'o', "FILE.db", "the result database; a run is added to an existing one (default results.db)"},
    {"set", 0, "KEY=VALUE", "change a key of the scenario, dotted path; may be repeated"},
    {"seed", 0, "N", "of the random numbers (default 1)"},
    {"replicas", 0, "N", "draws of the uncertain inputs (default: the scenario's)"},
    {"jobs", 'j', "N", "threads (default: one a processor)"},
    {"trace-out", 0, "FILE.json", "also write the run's events for a trace viewer (Chrome, Perfetto)"},
    {"check", 0, NULL, "only read and check the scenario"},
    {"help-keys", 0, NULL, "list the keys a scenario may hold"},
    {"markdown", 0, NULL, "with --help-keys: as the tables of docs/scenarios.md"},
    CLI_LIBRARY_OPTS,
    {NULL, 0, NULL, NULL},
};

/* Everything of one call; freed in one place. */
struct call {
  struct cli_library library;
  struct sim_spec *spec;
  struct store *store;
  struct errs *errs;
  struct arena *arena;
  const char *output;
  struct sim_run_opts opts;
};

static bool read_options(struct call *c, const struct cli_args *args) {
  long long seed = 1, replicas = -1, jobs = sysconf(_SC_NPROCESSORS_ONLN);
  cli_integer(args, "seed", 0, INT64_MAX, &seed, c->errs);
  cli_integer(args, "replicas", 0, 1000000, &replicas, c->errs);
  cli_integer(args, "jobs", 1, 1024, &jobs, c->errs);
  c->opts = (struct sim_run_opts){(uint64_t)seed, (int)replicas, jobs < 1 ? 1 : (int)jobs};
  c->output = cli_value(args, "output") ? cli_value(args, "output") : "results.db";
  return errs_count(c->errs) == 0;
}

static bool read_scenario(struct call *c, const struct cli_args *args) {
  size_t n = 0;
  while (cli_value_at(args, "set", n))
    n++;
  const char **set = arena_alloc(c->arena, (n + 1) * sizeof *set);
  for (size_t i = 0; i < n; i++)
    set[i] = cli_value_at(args, "set", i);
  if (cli_library_open(&c->library, args, c->errs))
    c->spec = sc_scenario_load(cli_word(args, 0), set, n, &(struct sc_library){c->library.catalog, c->library.models, c->library.engines, c->library.stacks, c->library.data_hash}, c->errs);
  return c->spec != NULL;
}

/* The --set of the command line, one a line. */
static const char *settings(const struct call *c, const struct cli_args *args) {
  const char *text = "";
  for (size_t i = 0; cli_value_at(args, "set", i); i++)
    text = arena_printf(c->arena, "%s%s%s", text, i ? "\n" : "", cli_value_at(args, "set", i));
  return text;
}

static bool begin(struct call *c, const struct cli_args *args, int64_t *ret_run) {
  char as_of[11], start[11];
  const struct sim_spec *s = c->spec;
  date_format(s->as_of, as_of);
  date_format(s->start, start);
  struct store_run run = {
      .name = s->name,
      .scenario = s->file,
      .version = PACKAGE_VERSION,
      .input_hash = s->input_hash,
      .seed = c->opts.seed,
      .replicas = c->opts.replicas < 0 ? s->replicas : c->opts.replicas,
      .as_of = as_of,
      .start = start,
      .months = s->months,
      .hours_per_year = s->hours_per_yr,
      .basis = s->basis,
      .baseline = *s->baseline ? s->baseline : s->option[0].name,
      .settings = settings(c, args),
  };
  c->store = store_open(c->output, c->errs);
  return c->store && (*ret_run = store_begin(c->store, &run, c->errs)) != 0;
}

static void interrupted(void *store) {
  store_interrupt(store);
}

/* Returns what sim_run returns, or 1 when the results could not be kept. */
static int play(struct call *c) {
  static const char *const state[] = {[0] = "done", [1] = "failed", [3] = "infeasible"};
  cli_on_interrupt(interrupted, c->store);
  int rc = sim_run(c->spec, &c->opts, store_listener(c->store), c->errs);
  cli_on_interrupt(NULL, NULL);
  return store_end(c->store, state[rc], c->errs) ? rc : 1;
}

static void write_trace(struct call *c, const struct outcome *o, const char *path) {
  const struct export_format *format = export_find("chrome-trace", c->errs);
  FILE *f = format ? fopen(path, "w") : NULL;
  if (format && !f)
    errs_add(c->errs, path, 0, NULL, "cannot write: %s", strerror(errno));
  if (f)
    format->write(o, NULL, f, c->errs);
  if (f && fclose(f) != 0)
    errs_add(c->errs, path, 0, NULL, "cannot write: %s", strerror(errno));
}

static void answer(struct call *c, const struct cli_args *args, int64_t run) {
  sqlite3 *db = db_open(c->output, c->errs);
  struct outcome *o = db ? outcome_load(db, run) : NULL;
  if (o)
    summary_write(o, stdout);
  if (o && cli_value(args, "trace-out"))
    write_trace(c, o, cli_value(args, "trace-out"));
  outcome_free(o);
  db_close(db);
}

/* A replay that takes more than a minute or a gigabyte is announced with what it is made of, before it begins. */
static void announce(const struct sim_spec *s) {
  enum { LONG_S = 60, MUCH_BYTES = 1000000000 };
  struct replay_size all = {0}, one;
  const char *router = NULL;
  for (int i = 0; i < s->n_option; i++) {
    replay_size(s, i, &one);
    all.cpu_s += one.cpu_s;
    all.bytes = fmax(all.bytes, one.bytes);
    all.replicas = fmax(all.replicas, one.replicas);
    router = one.asks_all && one.cpu_s > LONG_S ? s->option[i].name : router;
  }
  bool is_long = all.cpu_s >= LONG_S;
  if (!is_long && all.bytes < MUCH_BYTES)
    return;
  cli_say("%.0f requests over up to %.0f replicas, %d option%s: about %.0f %s of processor time, %.2g GB and %.0f bytes for each request in the system; work.replay.requests plays fewer", one.requests,
          all.replicas, s->n_option, units_s(s->n_option), ceil(is_long ? all.cpu_s / 60 : all.cpu_s), is_long ? "min" : "s", all.bytes / 1e9, one.waiting_bytes);
  if (router)
    cli_say("the router of option '%s' asks every replica for every request, which is most of that", router);
}

static int run_scenario(struct call *c, const struct cli_args *args) {
  int64_t run = 0;
  if (!read_options(c, args) || !read_scenario(c, args))
    return CLI_USAGE;
  announce(c->spec);
  if (cli_flag(args, "check")) {
    cli_say("%s: %d option%s, %d input%s, nothing wrong", c->spec->name, c->spec->n_option, units_s(c->spec->n_option), c->spec->n_input, units_s(c->spec->n_input));
    return CLI_DONE;
  }
  if (!begin(c, args, &run))
    return CLI_FAILED;
  int rc = play(c);
  store_close(c->store); /* the answer is read from the file, like any later report */
  c->store = NULL;
  if (rc == 1)
    return CLI_FAILED;
  answer(c, args, run);
  cli_say("results in %s (run %lld); rackcast report %s -o DIR draws them", c->output, (long long)run, c->output);
  return errs_count(c->errs) ? CLI_FAILED : rc == 3 ? CLI_INFEASIBLE : CLI_DONE;
}

static int run(const struct cli_args *args) {
  if (cli_flag(args, "help-keys")) {
    (cli_flag(args, "markdown") ? sc_reference_markdown : sc_reference_text)(stdout);
    return CLI_DONE;
  }
  if (cli_words(args) != 1) {
    cli_say("too few arguments, usage: rackcast run SCENARIO.yaml");
    return CLI_USAGE;
  }
  struct call c = {.errs = errs_create(), .arena = arena_create()};
  int code = run_scenario(&c, args);
  cli_print_errs(c.errs);
  store_close(c.store);
  sc_scenario_free(c.spec);
  cli_library_close(&c.library);
  arena_destroy(c.arena);
  errs_destroy(c.errs);
  return code;
}

const struct cli_cmd cmd_run = {.name = "run",
                                .doc = "play a scenario and keep its results",
                                .words = "SCENARIO.yaml",
                                .max_words = 1,
                                .opts = opts,
                                .notes =
                                    "Shipped scenarios are in scenarios/; docs/scenarios.md tells how to write one.",
                                .run = run};
