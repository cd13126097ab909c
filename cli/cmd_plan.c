/* The fastest layouts of a scenario's training on each option's servers: a closed form screens them all, the best are
 * replayed as events. */
#include <math.h>
#include <string.h>
#include <time.h>
#include "base/mem.h"
#include "cli/cli.h"
#include "cli/library.h"
#include "scenarios/scenario.h"

static const struct cli_opt opts[] = {
    {"set", 0, "KEY=VALUE", "change a value of the scenario; may be repeated"},
    {"gpus", 0, "N", "plan for this many GPUs instead of the scenario's"},
    {"trace-out", 0, "FILE.json", "the first winner's step as a timeline for a trace viewer (Chrome, Perfetto)"},
    {"top", 0, "N", "layouts to show (default 5)"},
    CLI_LIBRARY_OPTS,
    {NULL, 0, NULL, NULL},
};

struct call {
  struct cli_library library;
  struct sim_spec *spec;
  struct errs *errs;
  long long gpus, top;
  size_t screened;
  double screened_s;
  bool infeasible, planned;
  const char *trace; /* file still to be written; NULL = none */
};

static const char *recompute_name(enum sim_recompute r) {
  static const char *const name[] = {"none", "selective", "full", "auto"};
  return name[r];
}

static const char *schedule_name(enum sim_schedule s) {
  static const char *const name[] = {"auto", "1F1B", "interleaved", "zero-bubble", "DualPipe"};
  return name[s];
}

static void print_step(int rank, const struct sim_step *s, double screened_s, double steps, int gpus) {
  const struct sim_plan *p = &s->plan;
  printf("%4d  %3d %3d %3d %5d %4d %3d %3d %5d  %-9s %-11s %9.3f %9.3f %5.1f %7.1f %8.2f %11.0f\n", rank, p->tp, p->pp,
         p->vpp, p->dp, p->ep, p->cp, p->micro_batch, p->zero, recompute_name(p->recompute), schedule_name(p->schedule),
         s->time_s, screened_s, 100 * s->mfu, s->mem_bytes / 1e9, steps * s->time_s / 86400,
         steps * s->time_s * gpus / 3600);
}

/* Where the winner's time goes, and what the next one spends more on. */
static void explain(const struct sim_step *best, const struct sim_step *next) {
  printf("      time:");
  for (int i = 0; i < STEP_PARTS; i++)
    if (best->part_s[i] > 0.005 * best->time_s)
      printf(" %s %.0f %%", sim_step_part_name[i], 100 * best->part_s[i] / best->time_s);
  putchar('\n');
  if (!next)
    return;
  int most = 0;
  for (int i = 1; i < STEP_PARTS; i++)
    if (next->part_s[i] - best->part_s[i] > next->part_s[most] - best->part_s[most])
      most = i;
  if (next->part_s[most] > best->part_s[most])
    printf("      it wins by %.1f %%: the next one spends %.3f s more on %s\n", 100 * (next->time_s / best->time_s - 1),
           next->part_s[most] - best->part_s[most], sim_step_part_name[most]);
}

/* pid = pipeline stage, tid = chunk, microseconds; bounded, so that a viewer opens it. */
enum { TRACE_SPANS = 200000 };
struct trace {
  FILE *f;
  bool any;
};

static void write_span(void *ctx, const struct sim_step_span *s) {
  struct trace *t = ctx;
  fprintf(t->f, "%s{\"name\":\"%s %d\",\"cat\":\"%s\",\"ph\":\"X\",\"pid\":%d,\"tid\":%d,\"ts\":%.3f,\"dur\":%.3f}",
          t->any ? ",\n" : "", s->task, s->micro_batch, s->task, s->stage, s->chunk, s->start_s * 1e6,
          (s->end_s - s->start_s) * 1e6);
  t->any = true;
}

static void write_timeline(struct call *c, struct sim_train_job j, const struct sim_plan *plan) {
  struct trace t = {fopen(c->trace, "w"), false};
  j.plan = *plan;
  if (t.f)
    fputs("{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n", t.f);
  bool good = t.f && sim_train_timeline(&j, TRACE_SPANS, write_span, &t);
  if (t.f)
    fputs("\n]}\n", t.f);
  if (!t.f || ferror(t.f) || fclose(t.f) != 0 || !good)
    errs_add(c->errs, c->trace, 0, NULL, "cannot write the timeline");
  c->trace = NULL;
}

static void plan_phase(struct call *c, const struct sim_training *t, const struct wl_phase *p,
                       const struct hw_server *server, int gpus) {
  struct sim_train_job j = {.catalog = c->spec->catalog,
                            .server = server,
                            .model = t->model,
                            .stack = t->stack,
                            .year = c->spec->year,
                            .gpus = gpus,
                            .seq_len = p->seq_len,
                            .global_batch = p->global_batch,
                            .plan = {.zero = -1, .precision = t->plan.precision, .recompute = RECOMPUTE_AUTO}};
  struct sim_plan_search s;
  clock_t from = clock();
  bool ok = sim_train_search(&j, &s);
  c->screened_s += (double)(clock() - from) / CLOCKS_PER_SEC;
  c->screened += s.screened;
  printf("\n%s, phase %s, %d x %s (%zu layouts, %zu fit in memory)\n", t->name, p->name, gpus, server->gpu->name,
         s.screened, s.fitting);
  if (!ok || !s.best[0].fits) {
    printf("      no layout fits: %s\n", s.best[0].why);
    c->infeasible = true;
    return;
  }
  printf("rank   tp  pp vpp    dp   ep  cp  mb  zero  recompute schedule       step_s  screen_s   mfu  mem_GB     days "
         "  gpu_hours\n");
  for (int i = 0; i < s.n && i < c->top; i++)
    if (s.best[i].fits)
      print_step(i + 1, &s.best[i], s.screened_s[i], p->steps, gpus);
  explain(&s.best[0], s.n > 1 && s.best[1].fits ? &s.best[1] : NULL);
  if (c->trace)
    write_timeline(c, j, &s.best[0].plan);
  double days = p->steps * s.best[0].time_s / 86400;
  if (t->deadline_s > 0 && days * 86400 > t->deadline_s) {
    printf("      misses the deadline of %.1f days; %.0f GPUs at the same efficiency would meet it\n",
           t->deadline_s / 86400, ceil(gpus * days * 86400 / t->deadline_s));
    c->infeasible = true;
  }
}

/* GPUs of an option: what is asked for, else what its first layer has; 0 when only a run of the fleet can tell. */
static int gpus_of(const struct call *c, const struct sim_training *t, const struct sim_layer *l) {
  if (c->gpus > 0)
    return (int)c->gpus;
  if (t->gpus > 0)
    return t->gpus;
  return l->count > 0 ? l->count * l->server->gpus : 0;
}

static bool seen_before(const struct sim_spec *s, int option, const struct hw_server *server) {
  for (int i = 0; i < option; i++)
    if (s->option[i].n > 0 && s->option[i].layer[0].server == server)
      return true;
  return false;
}

static void plan_training(struct call *c, const struct sim_training *t) {
  for (int o = 0; o < c->spec->n_option; o++) {
    const struct sim_layer *l = c->spec->option[o].n > 0 ? &c->spec->option[o].layer[0] : NULL;
    int gpus = l ? gpus_of(c, t, l) : 0;
    if (gpus == 0 || seen_before(c->spec, o, l->server))
      continue;
    for (size_t i = 0; i < t->phases->n; i++)
      if (t->phases->phase[i].kind != WL_RL && t->phases->phase[i].kind != WL_REJECTION) {
        int own =
            t->phases->phase[i].gpus > 0 && t->phases->phase[i].gpus < gpus ? (int)t->phases->phase[i].gpus : gpus;
        plan_phase(c, t, &t->phases->phase[i], l->server, own);
        c->planned = true;
      }
  }
}

static bool read(struct call *c, const struct cli_args *args, struct arena *a) {
  size_t n = 0;
  while (cli_value_at(args, "set", n))
    n++;
  const char **set = arena_alloc(a, (n + 1) * sizeof *set);
  for (size_t i = 0; i < n; i++)
    set[i] = cli_value_at(args, "set", i);
  c->top = 5;
  cli_integer(args, "gpus", 1, 10000000, &c->gpus, c->errs);
  cli_integer(args, "top", 1, SIM_PLANS_KEPT, &c->top, c->errs);
  if (errs_count(c->errs) == 0 && cli_library_open(&c->library, args, c->errs))
    c->spec = sc_scenario_load(cli_word(args, 0), set, n, c->library.catalog, c->library.models, c->errs);
  return c->spec != NULL;
}

static int run(const struct cli_args *args) {
  struct call c = {.errs = errs_create(), .trace = cli_value(args, "trace-out")};
  struct arena *a = arena_create();
  int code = CLI_USAGE;
  if (read(&c, args, a)) {
    for (int i = 0; i < c.spec->n_training; i++)
      plan_training(&c, &c.spec->training[i]);
    if (!c.planned)
      cli_say("nothing to plan: the scenario has no training phases with a known number of GPUs (see --gpus)");
    else
      cli_say("%zu layouts in %.3f s of processor time, the best replayed as events", c.screened, c.screened_s);
    code = !c.planned ? CLI_USAGE : errs_count(c.errs) > 0 ? CLI_FAILED : c.infeasible ? CLI_INFEASIBLE : CLI_DONE;
  }
  cli_print_errs(c.errs);
  sc_scenario_free(c.spec);
  cli_library_close(&c.library);
  arena_destroy(a);
  errs_destroy(c.errs);
  return code;
}

const struct cli_cmd cmd_plan = {
    .name = "plan",
    .doc = "fastest layouts of a scenario's training",
    .words = "SCENARIO.yaml",
    .min_words = 1,
    .max_words = 1,
    .opts = opts,
    .notes = "tp, pp, vpp, dp, ep, cp: tensor, pipeline, chunks a stage, data, expert and context ranks; mb: "
             "micro-batch; zero: ZeRO stage (3 = FSDP);\n"
             "screen_s: the closed form's step time. Exit 3: nothing fits, or the deadline is missed.",
    .run = run};
