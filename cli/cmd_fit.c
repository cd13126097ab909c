/* Does a model fit on a server, on how many, in which format, and if not what breaks it. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "base/mem.h"
#include "base/units.h"
#include "cli/cli.h"
#include "cli/library.h"
#include "sim/serve.h"

static const struct cli_opt opts[] = {
    {"request", 0, "TOKENS", "longest request, prompt and answer together (default 4096; encoders 384)"},
    {"engine", 0, "NAME", "serving engine, with or without a version (default: the catalog's first)"},
    {"year", 0, "YEAR", "of the software (default: the newest)"},
    {"weights", 0, "FORMAT", "bf16, fp8, int8, int4, fp4 ... (default: as published)"},
    {"kv", 0, "FORMAT", "of the cache (default: 16 bits)"},
    CLI_LIBRARY_OPTS,
    {NULL, 0, NULL, NULL},
};

struct ask {
  struct sim_replica want;
  double tokens;
};

static bool format_of(const struct cli_args *args, const char *opt, enum dtype *ret, struct errs *errs) {
  const char *text = cli_value(args, opt);
  if (!text || dtype_parse(text, ret))
    return true;
  char key[40];
  snprintf(key, sizeof key, "--%s", opt);
  errs_add(errs, NULL, 0, key, "got '%s', expected a format such as bf16, fp8, int8, int4 or fp4", text);
  return false;
}

/* The names that contain a word, in a line. */
static const char *names_with(const struct wl_models *models, const char *word, struct arena *a) {
  const char *list = "";
  for (size_t i = 0; wl_model_at(models, i); i++) {
    const char *name = wl_model_at(models, i)->name;
    if (strcasestr(name, word))
      list = arena_printf(a, "%s%s%s", list, *list ? ", " : "", name);
  }
  return list;
}

static void unknown_model(const struct wl_models *models, const char *name, struct errs *errs) {
  struct arena *a = arena_create();
  const char *near = wl_model_nearest(models, name), *with = names_with(models, name, a);
  if (near)
    errs_add(errs, NULL, 0, NULL, "unknown model '%s', did you mean %s", name, near);
  else if (*with)
    errs_add(errs, NULL, 0, NULL, "unknown model '%s', did you mean one of %s", name, with);
  else
    errs_add(errs, NULL, 0, NULL, "unknown model '%s', known are: %s; --models DIR adds others", name,
             names_with(models, "", a));
  arena_destroy(a);
}

static void read_ask(const struct cli_args *args, const struct cli_library *l, struct ask *ask, struct errs *errs) {
  long long year = 0, tokens = 0;
  const char *name = cli_word(args, 0), *engine = cli_value(args, "engine");
  ask->want.catalog = l->catalog;
  ask->want.engines = l->engines;
  ask->want.model = wl_model_find(l->models, name);
  if (!ask->want.model)
    unknown_model(l->models, name, errs);
  ask->want.engine = engine ? engine : "";
  cli_integer(args, "year", 2018, 2100, &year, errs);
  cli_integer(args, "request", 1, 100000000, &tokens, errs);
  ask->want.year = (int)year;
  ask->tokens = tokens > 0 ? (double)tokens : ask->want.model && ask->want.model->encoder ? 384 : 4096;
  format_of(args, "weights", &ask->want.weights, errs);
  format_of(args, "kv", &ask->want.kv, errs);
}

static const struct hw_server *find_server(const struct cli_library *l, const char *name, struct errs *errs) {
  const struct hw_server *s = hw_server_find(l->catalog, name);
  const char *near = s ? NULL : hw_server_nearest(l->catalog, name);
  if (!s)
    errs_add(errs, NULL, 0, NULL, "unknown server '%s', %s%s", name, near ? "did you mean " : "rackcast catalog server",
             near ? near : " lists them");
  return s;
}

static void print_fit(const char *server, const struct sim_replica_fit *fit) {
  const struct sim_replica *r = &fit->replica;
  int gpus = sim_replica_gpus(r);
  char kv[32] = "-";
  if (isfinite(fit->kv_tokens))
    snprintf(kv, sizeof kv, "%.0f", fit->kv_tokens);
  printf("%-20s yes  %5d %5d  %-6s %3d %3d %3d %9.1f %9.1f %11s\n", server, r->nodes, gpus, dtype_name(r->weights), r->tp, r->pp, r->ep, fit->weights_bytes * 1e-9,
         fit->workspace_bytes * 1e-9, kv);
  if (fit->why[0])
    printf("%-20s      one node does not do: %s\n", "", fit->why);
}

static bool answer(const struct ask *ask, const struct hw_server *s) {
  struct sim_replica want = ask->want;
  struct sim_replica_fit fit;
  want.server = s;
  bool fits = sim_replica_choose(&want, ask->tokens, &fit);
  if (fits)
    print_fit(s->name, &fit);
  else
    printf("%-20s no   %s\n", s->name, fit.why);
  return fits;
}

static int run(const struct cli_args *args) {
  struct errs *errs = errs_create();
  struct cli_library l;
  struct ask ask = {.tokens = 0};
  int code = CLI_USAGE;
  if (cli_library_open(&l, args, errs)) {
    read_ask(args, &l, &ask, errs);
    for (size_t i = 1; i < cli_words(args); i++)
      find_server(&l, cli_word(args, i), errs);
    if (errs_count(errs) == 0) {
      bool any = false;
      printf("%-20s %-4s %5s %5s  %-6s %3s %3s %3s %9s %9s %11s\n", ask.want.model->name, "fits", "nodes", "GPUs", "format", "tp", "pp", "ep", "GB/GPU", "work GB", "KV tokens");
      for (size_t i = 1; i < cli_words(args); i++)
        any |= answer(&ask, find_server(&l, cli_word(args, i), errs));
      code = any ? CLI_DONE : CLI_INFEASIBLE;
    }
  }
  cli_print_errs(errs);
  cli_library_close(&l);
  errs_destroy(errs);
  return code;
}

const struct cli_cmd cmd_fit = {.name = "fit",
                                .doc = "does a model fit on a server, on how many, and what breaks it",
                                .words = "MODEL SERVER...",
                                .min_words = 2,
                                .max_words = -1,
                                .opts = opts,
                                .notes = "Tensor parallelism inside a node, pipeline stages across nodes, the fewest nodes that hold weights, workspace and one longest\n"
                                         "request. Exit status 3 when it fits on none of the servers.",
                                .run = run};
