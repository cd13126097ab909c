/* sim_run: every option once at central values, and told. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "base/mem.h"
#include "sim/life_records.h"

struct study {
  const struct sim_spec *spec;
  const struct sim_run_opts *opts;
  const struct sim_listener *out;
  struct errs *errs;
  struct world *central;
  struct memo *memo;
  int baseline;
  struct life_cash *cash; /* of each option, central */
  double *value;          /* of each option: life_metric_count central values */
};

static int find_baseline(const struct sim_spec *s) {
  for (int i = 0; i < s->n_option; i++)
    if (s->baseline && !strcmp(s->option[i].name, s->baseline))
      return i;
  return 0;
}

/* Plays an option at central values, tells its charges, series and scopes, and keeps what the rest needs. */
static void play_central(struct study *st, int option) {
  struct life l;
  life_play(&l, st->central, st->memo, option, st->out, st->errs);
  life_tell_charges(&l, st->out);
  life_tell_series(&l, st->out);
  life_tell_scopes(&l, st->out);
  struct life_view v = life_view_whole(&l);
  for (int i = 0; i < life_metric_count; i++)
    st->value[option * life_metric_count + i] = life_metrics[i].of(&v);
  st->cash[option].flow = mem_array((size_t)st->spec->months + 1, sizeof(double));
  life_cash_take(&l, &st->cash[option]);
  life_free(&l);
}

static void tell_whole(struct study *st, int option) {
  for (int i = 0; i < life_metric_count; i++) {
    double value = st->value[option * life_metric_count + i];
    if (!isnan(value))
      life_tell_metric(st->out, st->spec->option[option].name, "whole", life_metrics[i].name, "", value, life_metrics[i].unit, NULL);
  }
}

static void tell_pair(struct study *st, int option) {
  const char *a = st->spec->option[option].name, *b = st->spec->option[st->baseline].name;
  struct life_pair p;
  if (!st->cash[option].played || !st->cash[st->baseline].played)
    return;
  life_pair_of(&st->central->spec, &st->cash[option], &st->cash[st->baseline], &p);
  const struct {
    const char *name, *unit;
    double value;
  } row[] = {
      {"saving_usd", "USD", p.saving_usd},
      {"npv_usd", "USD", p.npv_usd},
      {"irr", "/yr", p.irr},
      {"payback_month", "month", p.payback_month},
      {"breakeven_month", "month", p.breakeven_month[0]},
      {"breakeven_utilization", "", p.breakeven_utilization},
  };
  for (size_t i = 0; i < sizeof row / sizeof *row; i++)
    life_tell_metric(st->out, a, "whole", row[i].name, b, row[i].value, row[i].unit, NULL);
  for (size_t i = 1; i < p.crossings && i < 8; i++) {
    char name[40];
    snprintf(name, sizeof name, "breakeven_month:%zu", i + 1);
    life_tell_metric(st->out, a, "whole", name, b, p.breakeven_month[i], "month", NULL);
  }
}

static bool any_feasible(const struct study *st) {
  for (int i = 0; i < st->spec->n_option; i++)
    if (st->cash[i].feasible)
      return true;
  return false;
}

static void free_study(struct study *st) {
  for (int i = 0; i < st->spec->n_option; i++)
    mem_free(st->cash[i].flow);
  mem_free(st->cash);
  mem_free(st->value);
  memo_destroy(st->memo);
  world_destroy(st->central);
}

int sim_run(const struct sim_spec *spec, const struct sim_run_opts *opts, const struct sim_listener *out, struct errs *errs) {
  size_t before = errs_count(errs), n = (size_t)spec->n_option;
  struct study st = {.spec = spec, .opts = opts, .out = out, .errs = errs, .baseline = find_baseline(spec)};
  st.central = world_create(spec);
  st.memo = memo_create(st.central, opts->seed, opts->jobs);
  st.cash = mem_array(n, sizeof *st.cash);
  st.value = mem_array(n * (size_t)life_metric_count, sizeof *st.value);
  for (int i = 0; out->input && i < spec->n_input; i++)
    out->input(out->ctx, &spec->input[i]);
  for (int i = 0; i < spec->n_option; i++)
    play_central(&st, i);
  for (int i = 0; i < spec->n_option; i++) {
    tell_whole(&st, i);
    if (i != st.baseline)
      tell_pair(&st, i);
  }
  int status = errs_count(errs) > before ? 1 : any_feasible(&st) ? 0 : 3;
  free_study(&st);
  return status;
}
