/* A scenario at every combination of varied values. A point is what `rackcast run SCENARIO --set ...` does, in a
 * process of its own, so that points share nothing and one that fails leaves the others alone; results are taken over
 * in the order of the points, whatever order they end in. */
#include "config.h"
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/mem.h"
#include "cli/library.h"
#include "cli/self.h"
#include "cli/sweep.h"
#include "output/db.h"
#include "output/merge.h"
#include "output/outcome.h"
#include "output/table.h"
#include "scenarios/scenario.h"

static const struct cli_opt opts[] = {
    {"vary", 0, "KEY=V1,V2,..", "values of a key, or KEY=LO:HI:STEP; may be repeated, all combinations are run"},
    {"output", 'o', "FILE.db", "the result database; runs are added (default sweep.db)"},
    {"jobs", 'j', "N", "points at a time (default: one a processor)"},
    {"resume", 0, NULL, "leave out points that the database holds already"},
    {"set", 0, "KEY=VALUE", "change a key for all points; may be repeated"},
    {"seed", 0, "N", "of the random numbers (default 1)"},
    {"replicas", 0, "N", "draws of the uncertain inputs (default: the scenario's)"},
    {"csv", 0, NULL, "print the result as CSV"},
    CLI_LIBRARY_OPTS,
    {NULL, 0, NULL, NULL},
};

enum point_state { WAITING, RUNNING, ENDED, TAKEN, FAILED };
struct point {
  uint64_t input_hash;
  const char *settings; /* as `run` stores them */
  const char *part;     /* its own database until it is taken over */
  enum point_state state;
  pid_t pid;
  int64_t run; /* in the common database */
};
struct sweep {
  const struct cli_args *args;
  struct arena *arena;
  struct errs *errs;
  const char *scenario, *output;
  struct sweep_vary *vary;
  size_t n_vary, n;
  struct point *point;
  long long seed, replicas, jobs;
  pthread_mutex_t lock; /* the points' pids: the signal thread kills them */
  bool ending;
};

/* ---- what is to be run ---- */

static size_t settings_of(const struct sweep *s, size_t point, const char **set) {
  size_t n = 0;
  for (; cli_value_at(s->args, "set", n); n++)
    set[n] = cli_value_at(s->args, "set", n);
  for (size_t k = 0; k < s->n_vary; k++)
    set[n++] = sweep_setting(s->vary, s->n_vary, point, k, s->arena);
  return n;
}

static size_t most_settings(const struct sweep *s) {
  size_t n = 0;
  while (cli_value_at(s->args, "set", n))
    n++;
  return n + s->n_vary;
}

static bool read_options(struct sweep *s) {
  for (size_t k = 0; cli_value_at(s->args, "vary", k); k++)
    s->n_vary++;
  if (!s->n_vary)
    errs_add(s->errs, NULL, 0, NULL, "--vary is missing: what is to be varied");
  s->vary = arena_alloc(s->arena, (s->n_vary + 1) * sizeof *s->vary);
  for (size_t k = 0; k < s->n_vary; k++)
    sweep_parse(cli_value_at(s->args, "vary", k), s->arena, &s->vary[k], s->errs);
  s->jobs = sysconf(_SC_NPROCESSORS_ONLN);
  s->replicas = -1;
  s->seed = 1;
  cli_integer(s->args, "jobs", 1, 1024, &s->jobs, s->errs);
  cli_integer(s->args, "seed", 0, INT64_MAX, &s->seed, s->errs);
  cli_integer(s->args, "replicas", 0, 1000000, &s->replicas, s->errs);
  if (errs_count(s->errs) == 0)
    s->n = sweep_points(s->vary, s->n_vary, s->errs);
  return errs_count(s->errs) == 0;
}

/* Every point is read before any runs: all that is wrong is said at once, and the hash tells which points are there
 * already. */
static bool read_points(struct sweep *s) {
  struct cli_library library;
  const char **set = arena_alloc(s->arena, (most_settings(s) + 1) * sizeof *set);
  bool good = cli_library_open(&library, s->args, s->errs);
  s->point = arena_alloc(s->arena, s->n * sizeof *s->point);
  for (size_t i = 0; good && i < s->n; i++) {
    size_t n = settings_of(s, i, set);
    struct sim_spec *spec = sc_scenario_load(s->scenario, set, n, &(struct sc_library){library.catalog, library.models, library.engines, library.stacks, library.data_hash}, s->errs);
    if (!spec) {
      good = false; /* the other points would mostly repeat the same messages */
      break;
    }
    const char *text = "";
    for (size_t k = 0; k < n; k++)
      text = arena_printf(s->arena, "%s%s%s", text, k ? "\n" : "", set[k]);
    s->point[i] = (struct point){.input_hash = spec->input_hash,
                                 .settings = text,
                                 .part = arena_printf(s->arena, "%s.part%zu", s->output, i + 1)};
    sc_scenario_free(spec);
  }
  cli_library_close(&library);
  return good;
}

/* The run of a database that is this point, complete; 0 = none. */
static int64_t find_run(const struct sweep *s, const struct point *p, const char *path) {
  struct errs *ignored = errs_create(); /* no such file: nothing is there yet */
  sqlite3 *db = access(path, F_OK) == 0 ? db_open(path, ignored) : NULL;
  double run = (double)NAN;
  if (db)
    run = db_value(db,
                   "SELECT max(run) FROM run WHERE input_hash=?1 AND settings=?2 AND seed=?3 AND version=?4 AND (?5<0 "
                   "OR replicas=?5) AND state IN ('done','infeasible')",
                   "ssisi", arena_printf(s->arena, "%016llx", (unsigned long long)p->input_hash), p->settings,
                   (int64_t)s->seed, PACKAGE_VERSION, (int64_t)s->replicas);
  db_close(db);
  errs_destroy(ignored);
  return run > 0 ? (int64_t)run : 0;
}

/* ---- processes ---- */

static char **command_of(const struct sweep *s, size_t point) {
  size_t n_set = most_settings(s), n = 0;
  const char **set = arena_alloc(s->arena, (n_set + 1) * sizeof *set);
  static const char *const passed[] = {"catalog", "models"};
  size_t extra = 0;
  for (size_t k = 0; k < sizeof passed / sizeof *passed; k++)
    for (size_t i = 0; cli_value_at(s->args, passed[k], i); i++)
      extra++;
  char **argv = arena_alloc(s->arena, (16 + n_set + extra) * sizeof *argv);
  settings_of(s, point, set);
  argv[n++] = arena_strdup(s->arena, "rackcast");
  argv[n++] = arena_strdup(s->arena, "run");
  argv[n++] = arena_strdup(s->arena, "-j1");
  argv[n++] = arena_printf(s->arena, "--output=%s", s->point[point].part);
  argv[n++] = arena_printf(s->arena, "--seed=%lld", s->seed);
  if (s->replicas >= 0)
    argv[n++] = arena_printf(s->arena, "--replicas=%lld", s->replicas);
  for (size_t k = 0; k < n_set; k++)
    argv[n++] = arena_printf(s->arena, "--set=%s", set[k]);
  for (size_t k = 0; k < sizeof passed / sizeof *passed; k++)
    for (size_t i = 0; cli_value_at(s->args, passed[k], i); i++)
      argv[n++] = arena_printf(s->arena, "--%s=%s", passed[k], cli_value_at(s->args, passed[k], i));
  argv[n++] = arena_strdup(s->arena, "--");
  argv[n++] = arena_strdup(s->arena, s->scenario);
  return argv;
}

static bool start(struct sweep *s, size_t i) {
  struct point *p = &s->point[i];
  char **argv = command_of(s, i);
  const char *log = arena_printf(s->arena, "%s.log", p->part);
  unlink(p->part);
  pthread_mutex_lock(&s->lock);
  int rc = s->ending ? ECANCELED : self_start(argv, log, &p->pid);
  p->state = rc == 0 ? RUNNING : FAILED;
  pthread_mutex_unlock(&s->lock);
  if (rc)
    errs_add(s->errs, NULL, 0, NULL, "cannot start a point: %s", strerror(rc));
  return rc == 0;
}

static void forget_part(const struct sweep *s, const struct point *p) {
  unlink(p->part);
  unlink(arena_printf(s->arena, "%s-journal", p->part));
  unlink(arena_printf(s->arena, "%s.log", p->part));
}

static void reap(struct sweep *s) {
  int status;
  pid_t pid = waitpid(-1, &status, 0);
  for (size_t i = 0; i < s->n; i++) {
    struct point *p = &s->point[i];
    if (p->state != RUNNING || p->pid != pid)
      continue;
    bool good = WIFEXITED(status) && (WEXITSTATUS(status) == CLI_DONE || WEXITSTATUS(status) == CLI_INFEASIBLE);
    pthread_mutex_lock(&s->lock);
    p->state = good ? ENDED : FAILED;
    pthread_mutex_unlock(&s->lock);
    if (!good) {
      self_show_log(arena_printf(s->arena, "%s.log", p->part));
      errs_add(s->errs, NULL, 0, NULL, "point %zu failed (%s)", i + 1, p->settings);
      forget_part(s, p);
    }
  }
}

/* Ended points are taken over in order: point i waits until all before it are taken or have failed. */
static size_t take_over(struct sweep *s, size_t next) {
  for (; next < s->n && s->point[next].state >= ENDED; next++) {
    struct point *p = &s->point[next];
    if (p->state != ENDED)
      continue;
    p->run = merge_run(s->output, p->part, 1, s->errs);
    p->state = p->run ? TAKEN : FAILED;
    if (p->run)
      forget_part(s, p);
    cli_say("point %zu of %zu done", next + 1, s->n);
  }
  return next;
}

static void run_points(struct sweep *s) {
  size_t running = 0, next = 0, taken = 0;
  while (taken < s->n) {
    for (; next < s->n && running < (size_t)s->jobs; next++) {
      struct point *p = &s->point[next];
      if (p->state != WAITING)
        continue;
      if (find_run(s, p, p->part)) /* ended in an earlier, interrupted sweep */
        p->state = ENDED;
      else
        running += start(s, next);
    }
    taken = take_over(s, taken);
    if (taken < s->n && running) {
      reap(s);
      running--;
    }
    taken = take_over(s, taken);
  }
}

/* ---- the end ---- */

static void end_children(void *ctx) {
  struct sweep *s = ctx;
  pthread_mutex_lock(&s->lock);
  s->ending = true;
  for (size_t i = 0; s->point && i < s->n; i++)
    if (s->point[i].state == RUNNING)
      kill(s->point[i].pid, SIGTERM);
  pthread_mutex_unlock(&s->lock);
}

static bool print_points(struct sweep *s) {
  size_t n_col = 0;
  struct table_col *col = arena_alloc(s->arena, (s->n_vary + 6) * sizeof *col);
  col[n_col++] = (struct table_col){"run", "", "run", false};
  for (size_t k = 0; k < s->n_vary; k++)
    col[n_col++] = (struct table_col){s->vary[k].key, "", NULL, true};
  col[n_col++] = (struct table_col){"cheapest", "", "cheapest", true};
  col[n_col++] = (struct table_col){"TCO", "USD", "tco_usd", false};
  col[n_col++] = (struct table_col){"compared with", "", "rival", true};
  col[n_col++] = (struct table_col){"TCO", "USD", "rival_tco_usd", false};
  struct table *t = table_create("Sweep", col, n_col);
  sqlite3 *db = db_open(s->output, s->errs);
  bool any = false;
  for (size_t i = 0; db && i < s->n; i++) {
    if (!s->point[i].run)
      continue;
    struct outcome *o = outcome_load(db, s->point[i].run);
    table_row(t);
    table_number(t, (double)s->point[i].run, 0);
    for (size_t k = 0; k < s->n_vary; k++)
      table_text(t, strchr(sweep_setting(s->vary, s->n_vary, i, k, s->arena), '=') + 1);
    table_text(t, o->best ? o->best->name : "none feasible");
    table_number(t, o->best ? o->best->tco_usd : (double)NAN, 0);
    table_text(t, o->rival ? o->rival->name : NULL);
    table_number(t, o->rival ? o->rival->tco_usd : (double)NAN, 0);
    any |= o->best != NULL;
    outcome_free(o);
  }
  db_close(db);
  (cli_flag(s->args, "csv") ? table_write_csv : table_write_text)(t, stdout);
  table_free(t);
  return any;
}

static int sweep(struct sweep *s) {
  if (!read_options(s) || !read_points(s))
    return CLI_USAGE;
  for (size_t i = 0; cli_flag(s->args, "resume") && i < s->n; i++)
    if ((s->point[i].run = find_run(s, &s->point[i], s->output)))
      s->point[i].state = TAKEN;
  cli_on_interrupt(end_children, s);
  run_points(s);
  cli_on_interrupt(NULL, NULL);
  bool any = print_points(s);
  return errs_count(s->errs) ? CLI_FAILED : any ? CLI_DONE : CLI_INFEASIBLE;
}

static int run(const struct cli_args *args) {
  struct sweep s = {.args = args,
                    .arena = arena_create(),
                    .errs = errs_create(),
                    .scenario = cli_word(args, 0),
                    .output = cli_value(args, "output") ? cli_value(args, "output") : "sweep.db"};
  pthread_mutex_init(&s.lock, NULL);
  int code = sweep(&s);
  cli_print_errs(s.errs);
  errs_destroy(s.errs);
  arena_destroy(s.arena);
  pthread_mutex_destroy(&s.lock);
  return code;
}

const struct cli_cmd cmd_sweep = {
    .name = "sweep",
    .doc = "run a scenario at every combination of varied values",
    .words = "SCENARIO.yaml",
    .min_words = 1,
    .max_words = 1,
    .opts = opts,
    .notes = "Each point is a run of the database; rackcast report, compare and export take them by number.",
    .run = run};
