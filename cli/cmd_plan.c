/* Plans what a scenario asks for before it is run: layouts of its trainings, fleets for its serving. */
#include <string.h>
#include <unistd.h>
#include "base/mem.h"
#include "cli/plan.h"
#include "sim/train.h"

static const struct cli_opt opts[] = {
    {"set", 0, "KEY=VALUE", "change a value of the scenario; may be repeated"},
    {"only", 0, "KIND", "training or serving (default: what the scenario has)"},
    {"top", 0, "N", "training: layouts to show (default 5)"},
    {"by", 0, "WHAT", "training: rank by time or by cost (default time)"},
    {"gpus", 0, "N", "training: plan for this many GPUs instead of the scenario's"},
    {"rejected", 0, NULL, "training: also the fastest layouts that do not fit, and what breaks them"},
    {"trace-out", 0, "FILE.json", "training: the first winner's step as a timeline for a trace viewer (Chrome, Perfetto)"},
    {"rate", 0, "RATE", "serving: carry this rate around the clock ('40 req/s') instead of the scenario's demand"},
    {"trace", 0, "FILE", "serving: carry the requests of this trace instead of the scenario's demand"},
    {"servers", 0, "N", "serving: the highest load that so many servers hold, instead of the fewest servers"},
    {"month", 0, "N", "serving: the demand of month N, grown as the scenario says (default 0: the start)"},
    {"headroom", 0, "SHARE", "serving: capacity beyond the load ('10 %'; default 0)"},
    {"least-replicas", 0, "N", "serving: so many replicas at least, of each side (default 1)"},
    {"least-bits", 0, "N", "serving: formats down to so many bits may be chosen (default 8)"},
    {"together", 0, NULL, "serving: no prefill and decode on replicas of their own"},
    {"plot", 0, "NAME", "serving: draw throughput per dollar against speed, as NAME.svg, .png and .gp"},
    {"csv", 0, "TABLE", "serving: print one table as CSV instead of the answer: plans or front"},
    {"seed", 0, "N", "serving: of the random numbers (default 1)"},
    {"jobs", 'j', "N", "serving: threads (default: one a processor)"},
    CLI_LIBRARY_OPTS,
    {NULL, 0, NULL, NULL},
};

static bool one_of(const struct plan_call *c, const char *opt, const char *a, const char *b) {
  const char *v = cli_value(c->args, opt);
  if (!v || !strcmp(v, a) || !strcmp(v, b))
    return true;
  errs_add(c->errs, NULL, 0, NULL, "option '--%s': got '%s', expected %s or %s", opt, v, a, b);
  return false;
}

static bool read_call(struct plan_call *c) {
  const struct cli_args *args = c->args;
  size_t n = 0;
  while (cli_value_at(args, "set", n))
    n++;
  const char **set = arena_alloc(c->arena, (n + 1) * sizeof *set);
  for (size_t i = 0; i < n; i++)
    set[i] = cli_value_at(args, "set", i);
  c->top = 5;
  c->seed = 1;
  c->jobs = sysconf(_SC_NPROCESSORS_ONLN);
  c->csv = cli_value(args, "csv");
  cli_integer(args, "gpus", 1, 10000000, &c->gpus, c->errs);
  cli_integer(args, "top", 1, SIM_PLANS_KEPT, &c->top, c->errs);
  cli_integer(args, "servers", 1, 1000000, &c->servers, c->errs);
  cli_integer(args, "seed", 0, INT64_MAX, &c->seed, c->errs);
  cli_integer(args, "jobs", 1, 1024, &c->jobs, c->errs);
  one_of(c, "only", "training", "serving");
  one_of(c, "by", "time", "cost");
  one_of(c, "csv", "plans", "front");
  if (errs_count(c->errs) == 0 && cli_library_open(&c->library, args, c->errs))
    c->spec = sc_scenario_load(cli_word(args, 0), set, n, &(struct sc_library){c->library.catalog, c->library.models, c->library.engines, c->library.stacks, c->library.data_hash}, c->errs);
  return c->spec != NULL;
}

/* Options of one kind say so where they are explained. Given where nothing of the kind is planned, they would be without effect. */
static void check_options(const struct plan_call *c, const char *kind, bool planned) {
  size_t n = strlen(kind);
  for (const struct cli_opt *o = opts; o->name && !planned; o++)
    if (strncmp(o->doc, kind, n) == 0 && o->doc[n] == ':' && cli_flag(c->args, o->name))
      errs_add(c->errs, NULL, 0, NULL, "option '--%s' is for the plan of %s, and none is made here", o->name, kind);
}

static bool wanted(const struct plan_call *c, const char *kind) {
  const char *only = cli_value(c->args, "only");
  return !only || !strcmp(only, kind);
}

static int plan(struct plan_call *c) {
  if (!read_call(c))
    return CLI_USAGE;
  bool any = (wanted(c, "serving") && c->spec->n_serving) || (wanted(c, "training") && c->spec->n_training);
  check_options(c, "serving", !any || (wanted(c, "serving") && c->spec->n_serving));
  check_options(c, "training", !any || (wanted(c, "training") && c->spec->n_training && !c->csv));
  if (errs_count(c->errs) > 0)
    return CLI_USAGE;
  sim_offers_make(&c->offers, c->spec);
  if (wanted(c, "serving"))
    plan_servings(c);
  if (wanted(c, "training") && !c->csv && errs_count(c->errs) == 0)
    plan_trainings(c);
  sim_offers_free(&c->offers);
  if (errs_count(c->errs) > 0)
    return c->planned ? CLI_FAILED : CLI_USAGE;
  if (!c->planned)
    cli_say(c->spec->replay.present ? "nothing to plan: work.replay plays the servers that its options state; plan sizes them for work.serving (its rate may be {trace: FILE})"
                                    : "nothing to plan: the scenario has neither serving nor training phases with a known number of GPUs (see --gpus)");
  return !c->planned ? CLI_USAGE : c->infeasible ? CLI_INFEASIBLE : CLI_DONE;
}

static int run(const struct cli_args *args) {
  struct plan_call c = {.args = args, .errs = errs_create(), .arena = arena_create()};
  int code = plan(&c);
  cli_print_errs(c.errs);
  sc_scenario_free(c.spec);
  cli_library_close(&c.library);
  arena_destroy(c.arena);
  errs_destroy(c.errs);
  return code;
}

const struct cli_cmd cmd_plan = {
    .name = "plan",
    .doc = "cheapest fleets for a scenario's serving, best layouts of its training",
    .words = "SCENARIO.yaml",
    .min_words = 1,
    .max_words = 1,
    .opts = opts,
    .notes = "Serving: TP, PP, EP, DP = tensor, pipeline, expert ranks and attention groups of a replica; the peak is carried within the scenario's limits,\n"
             "at each option's own price per GPU-hour.\n"
             "Training: tp, pp, vpp, dp, ep, cp: tensor, pipeline, chunks a stage, data, expert and context ranks; mb: micro-batch; zero: ZeRO stage\n"
             "(3 = FSDP); screen_s: the closed form's step time.\n"
             "Exit 3: nothing fits, no offer keeps the limits, or the deadline is missed.",
    .run = run};
