/* sim_run: every option once at central values, then in drawn worlds, then one input at a time; told option by option. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "base/mem.h"
#include "sim/crew.h"
#include "sim/life_records.h"
#include "sim/life_replicas.h"
#include "sim/life_tornado.h"
#include "sim/replay.h"

struct study {
  const struct sim_spec *spec;
  const struct sim_listener *out;
  struct errs *errs;
  struct world *central;
  struct memo *memo;
  int baseline;
  struct life_cash *cash; /* of each option, central */
  double *value;          /* of each option: life_metric_count central values */
  struct replicas replicas;
  struct tornado tornado;
};

static void tell(const struct study *st, const char *option, const char *kind, const char *text) {
  if (st->out->event)
    st->out->event(st->out->ctx, &(struct rec_event){.option = option, .kind = kind, .text = text});
}

/* ---- the central world ---- */
/* What a GPU-hour given to the replay costs on each layer, what is common to all of them laid on top. */
static void tell_replay(const struct study *st, int option, const struct life *l) {
  double usd[l->option->n + 1], layers = 0, all = ledger_total(&l->ledger);
  memset(usd, 0, sizeof usd);
  for (size_t i = 0; i < l->ledger.n; i++)
    if (l->ledger.line[i].layer >= 0)
      usd[l->ledger.line[i].layer] += l->ledger.line[i].usd;
  for (int i = 0; i < l->option->n; i++)
    layers += usd[i];
  for (int i = 0; i < l->option->n; i++) {
    double gpu_h = l->layer[i].whole[SUM_GPU_ALLOCATED_H];
    usd[i] = layers > 0 && gpu_h > 0 ? usd[i] * (all / layers) / gpu_h : FIN_NONE;
  }
  replay_tell(st->spec, option, &st->memo->replay[option], usd, st->out);
}

/* Plays an option, tells its events, charges, series and scopes, and keeps what the rest needs. */
static void play_central(struct study *st, int option) {
  struct life l;
  life_play(&l, st->central, st->memo, option, st->out, st->errs);
  if (l.played) {
    life_tell_charges(&l, st->out);
    life_tell_series(&l, st->out);
    life_tell_scopes(&l, st->out);
    life_tell_runs(&l, st->out);
    if (st->memo->replay)
      tell_replay(st, option, &l);
  }
  struct life_view v = life_view_whole(&l);
  for (int i = 0; i < life_metric_count; i++)
    st->value[option * life_metric_count + i] = life_metrics[i].of(&v);
  st->cash[option].flow = mem_array((size_t)st->spec->months + 1, sizeof(double));
  life_cash_take(&l, &st->cash[option]);
  life_free(&l);
}

static bool works(const struct study *st, int option) { return st->cash[option].played && st->cash[option].feasible; }

/* The option that others are compared with. One that cannot do the work is no measure: the cheapest that can takes its place. */
static void find_baseline(struct study *st) {
  const struct sim_spec *s = st->spec;
  int asked = 0, best = -1, tco = life_metric_index("tco_usd");
  for (int i = 0; i < s->n_option; i++) {
    if (s->baseline && !strcmp(s->option[i].name, s->baseline))
      asked = i;
    if (works(st, i) && (best < 0 || st->value[i * life_metric_count + tco] < st->value[best * life_metric_count + tco]))
      best = i;
  }
  st->baseline = works(st, asked) || best < 0 ? asked : best;
  if (st->baseline != asked) {
    char text[256];
    snprintf(text, sizeof text, "the baseline %s cannot do the work: options are compared with %s instead", s->option[asked].name, s->option[best].name);
    tell(st, s->option[asked].name, "warning", text);
  }
}

/* ---- telling ---- */
/* What each uncertain input does to the option's TCO. */
static void tell_inputs(struct study *st, int option) {
  const char *name = st->spec->option[option].name;
  const struct tornado *t = &st->tornado;
  for (int i = 0; i < t->inputs; i++) {
    char scope[160];
    if (!tornado_touches(t, i, option))
      continue;
    snprintf(scope, sizeof scope, "input:%s", st->central->input[i].key);
    life_tell_metric(st->out, name, scope, "tornado_low_usd", "", t->low[i * t->options + option], "USD", NULL);
    life_tell_metric(st->out, name, scope, "tornado_high_usd", "", t->high[i * t->options + option], "USD", NULL);
    double sobol = replicas_sobol(&st->replicas, st->central, option, i);
    if (!isnan(sobol))
      life_tell_metric(st->out, name, scope, "sobol", "", sobol, "", NULL);
  }
}

static void tell_whole(struct study *st, int option) {
  for (int i = 0; i < life_metric_count; i++) {
    double value = st->value[option * life_metric_count + i];
    struct life_spread spread = {FIN_NONE, FIN_NONE, FIN_NONE};
    if (st->replicas.n > 0)
      replicas_spread(&st->replicas, option, i, &spread);
    if (!isnan(value))
      life_tell_metric(st->out, st->spec->option[option].name, "whole", life_metrics[i].name, "", value, life_metrics[i].unit, &spread);
  }
  replicas_tell(&st->replicas, option, st->out);
  tell_inputs(st, option);
}

static void tell_crossings(struct study *st, int option, const struct life_pair *p) {
  const char *a = st->spec->option[option].name, *b = st->spec->option[st->baseline].name;
  char text[400];
  size_t used = (size_t)snprintf(text, sizeof text, p->crossings ? "cumulative cost crosses that of %s in month" : "cumulative cost never crosses that of %s", b);
  for (size_t i = 0; i < p->crossings && i < 8; i++) {
    char name[40];
    snprintf(name, sizeof name, "breakeven_month:%zu", i + 1);
    if (i)
      life_tell_metric(st->out, a, "whole", name, b, p->breakeven_month[i], "month", NULL);
    used += (size_t)snprintf(text + used, sizeof text - used, "%s %.2f", i ? "," : "", p->breakeven_month[i]);
  }
  tell(st, a, "breakeven", text);
}

static void tell_flips(struct study *st, int option) {
  const struct tornado *t = &st->tornado;
  for (int i = 0; i < t->inputs; i++) {
    double at = t->flip[i * t->options + option];
    char scope[160];
    snprintf(scope, sizeof scope, "input:%s", st->central->input[i].key);
    if (!isnan(at))
      life_tell_metric(st->out, st->spec->option[option].name, scope, "flip_value", st->spec->option[st->baseline].name, at, st->central->input[i].unit, NULL);
  }
}

static void tell_pair(struct study *st, int option) {
  const char *a = st->spec->option[option].name, *b = st->spec->option[st->baseline].name;
  static const struct life_spread none = {FIN_NONE, FIN_NONE, FIN_NONE};
  struct life_pair p;
  struct pair_spread s = {none, none, none, none, none, none, FIN_NONE};
  if (!works(st, option) || !works(st, st->baseline)) /* who does not do the work is not compared */
    return;
  life_pair_of(&st->central->spec, &st->cash[option], &st->cash[st->baseline], &p);
  if (st->replicas.n > 0)
    replicas_pair(&st->replicas, option, st->baseline, &s);
  const struct {
    const char *name, *unit;
    double value;
    const struct life_spread *spread;
  } row[] = {
      {"saving_usd", "USD", p.saving_usd, &s.saving_usd},
      {"npv_usd", "USD", p.npv_usd, &s.npv_usd},
      {"irr", "/yr", p.irr, &s.irr},
      {"payback_month", "month", p.payback_month, &s.payback_month},
      {"breakeven_month", "month", p.breakeven_month[0], &s.breakeven_month},
      {"breakeven_utilization", "", p.breakeven_utilization, &s.breakeven_utilization},
  };
  for (size_t i = 0; i < sizeof row / sizeof *row; i++)
    life_tell_metric(st->out, a, "whole", row[i].name, b, row[i].value, row[i].unit, row[i].spread);
  if (st->replicas.n > 0)
    life_tell_metric(st->out, a, "whole", "prob_cheaper", b, s.prob_cheaper, "", NULL);
  tell_crossings(st, option, &p);
  tell_flips(st, option);
}

/* ---- what a reader should know ---- */
static void tell_limits(const struct study *st) {
  const struct sim_spec *s = st->spec;
  static const char *const left_out[] = {
      "income tax, inflation of wages and energy, and financing (the discount rate stands for it)",
      "software licences, legal and migration costs, on all sides alike",
      "interruptions of spot capacity, and the growth of software speed over the years, on all sides alike",
  };
  for (size_t i = 0; i < sizeof left_out / sizeof *left_out; i++)
    tell(st, "", "exclusion", left_out[i]);
  for (int i = 0; i < s->n_option && !s->fixed.present; i++)
    for (int j = 0; j < s->option[i].n; j++) {
      const struct hw_server *server = s->option[i].layer[j].server;
      char text[240];
      if (!server || !s->catalog || !world_is_extrapolated(s, server->gpu))
        continue;
      snprintf(text, sizeof text, "layer %d: no kernel measurements of %s: its speed is extrapolated from a relative, its error widened", j, server->gpu->name);
      tell(st, s->option[i].name, "assumption", text);
    }
}

/* ---- the study ---- */
static void play_uncertain(struct study *st, const struct sim_run_opts *opts) {
  int n = opts->replicas >= 0 ? opts->replicas : st->spec->replicas, tco = life_metric_index("tco_usd");
  if (n < 1)
    return;
  double central[st->spec->n_option];
  for (int i = 0; i < st->spec->n_option; i++)
    central[i] = works(st, i) ? st->value[i * life_metric_count + tco] : FIN_NONE;
  replicas_play(&st->replicas, st->spec, st->memo, opts->seed, n, opts->jobs, st->errs);
  tornado_play(&st->tornado, st->spec, st->memo, central, st->baseline, opts->jobs, st->errs);
}

/* Training runs are long to reckon and meet the same places: a first play of all options on all threads fills the memo, unheard. */
static void warm_up(void *ctx, void *own, int option) {
  const struct study *st = ctx;
  struct errs *unheard = errs_create();
  struct life l;
  (void)own;
  life_play(&l, st->central, st->memo, option, NULL, unheard);
  life_free(&l);
  errs_destroy(unheard);
}

static void free_study(struct study *st) {
  for (int i = 0; i < st->spec->n_option; i++)
    mem_free(st->cash[i].flow);
  mem_free(st->cash);
  mem_free(st->value);
  replicas_free(&st->replicas);
  tornado_free(&st->tornado);
  memo_destroy(st->memo);
  world_destroy(st->central);
}

int sim_run(const struct sim_spec *spec, const struct sim_run_opts *opts, const struct sim_listener *out, struct errs *errs) {
  size_t before = errs_count(errs), n = (size_t)spec->n_option;
  struct study st = {.spec = spec, .out = out, .errs = errs};
  bool any = false;
  st.central = world_create(spec);
  st.memo = memo_create(st.central, opts->seed, opts->jobs);
  st.cash = mem_array(n, sizeof *st.cash);
  st.value = mem_array(n * (size_t)life_metric_count, sizeof *st.value);
  for (int i = 0; out->input && i < spec->n_input; i++)
    out->input(out->ctx, &spec->input[i]);
  if (spec->n_training && opts->jobs > 1)
    crew_run(&(struct crew_work){.task = warm_up, .ctx = &st}, spec->n_option, opts->jobs);
  for (int i = 0; i < spec->n_option; i++) {
    play_central(&st, i);
    any |= works(&st, i);
  }
  tell_limits(&st);
  find_baseline(&st);
  play_uncertain(&st, opts);
  for (int i = 0; i < spec->n_option; i++) {
    tell_whole(&st, i);
    if (i != st.baseline)
      tell_pair(&st, i);
  }
  int status = errs_count(errs) > before ? 1 : any ? 0 : 3;
  free_study(&st);
  return status;
}
