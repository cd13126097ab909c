/* Layouts of a step: tensor x pipeline x chunks x expert x context ranks x micro-batch x sharding, all powers of two
 * that a practitioner would try. A closed form with the same prices ranks them; the best few are replayed as events.
 * Prices depend on tensor, context and expert ranks, micro-batch and sharding alone, so they are made once for all
 * pipelines. */
#include <math.h>
#include <stdlib.h>
#include <stdio.h>
#include "sim/train_priv.h"

/* What a layer of each kind costs, keeps and holds under one set of prices. */
struct prices {
  struct train_layer layer[LAYER_KINDS];
  double params[LAYER_KINDS], experts[LAYER_KINDS], kept[LAYER_KINDS], input[LAYER_KINDS];
  double selected[LAYER_KINDS], again_s[LAYER_KINDS]; /* selective recomputation: bytes kept, seconds repeated */
};

struct search {
  struct train_env env;
  const struct sim_train_job *job;
  struct sim_plan_search *found;
  struct sim_plan kept[SIM_PLANS_KEPT];
  double kept_s[SIM_PLANS_KEPT];
  bool kept_fits[SIM_PLANS_KEPT];
  int n_kept;
  struct sim_plan rejected[SIM_PLANS_KEPT];
  double rejected_s[SIM_PLANS_KEPT];
  int n_rejected;
  double own_s; /* closed form of the layout to be ranked; NaN = none */
};

/* ---- the closed form ---- */
static void make_prices(struct train_env *e, struct prices *p) {
  enum sim_recompute asked = e->plan.recompute;
  for (int k = 0; k < LAYER_KINDS; k++) {
    e->plan.recompute = RECOMPUTE_NONE;
    train_layer_price(e, (enum train_layer_kind)k, &p->layer[k]);
    p->params[k] = train_layer_params(e, (enum train_layer_kind)k, &p->experts[k]);
    p->kept[k] = train_layer_activations(e, (enum train_layer_kind)k);
    e->plan.recompute = RECOMPUTE_FULL;
    p->input[k] = train_layer_activations(e, (enum train_layer_kind)k);
    e->plan.recompute = RECOMPUTE_SELECTIVE;
    p->selected[k] = train_layer_activations(e, (enum train_layer_kind)k);
    p->again_s[k] = train_selected_again_s(e, (enum train_layer_kind)k, &p->layer[k].forward);
  }
  e->plan.recompute = asked;
}

struct sums { /* of all layers of the model */
  double forward, backward, params, experts, kept, input, head_s, head_params;
  double selected, again_s;
  double hideable; /* communication that another micro-batch's compute can cover */
  double working; /* one layer whole, while it is recomputed */
};

static struct sums sum_up(const struct train_env *e, const struct prices *p) {
  double kinds[LAYER_KINDS];
  struct sums s = {0};
  const struct wl_model *m = e->model;
  train_kinds_of_layers(m, kinds, 0, m->layers);
  kinds[m->experts > 0 ? LAYER_MOE : LAYER_DENSE] += m->mtp_layers;
  for (int k = 0; k < LAYER_EMBEDDING; k++) {
    s.forward += kinds[k] * train_cost_s(&p->layer[k].forward);
    s.backward += kinds[k] * train_cost_s(&p->layer[k].backward);
    s.hideable += kinds[k] * (p->layer[k].forward.hideable_s + p->layer[k].backward.hideable_s);
    s.params += kinds[k] * p->params[k];
    s.experts += kinds[k] * p->experts[k];
    s.kept += kinds[k] * p->kept[k];
    s.input += kinds[k] * p->input[k];
    s.selected += kinds[k] * p->selected[k];
    s.again_s += kinds[k] * p->again_s[k];
    s.working = kinds[k] > 0 ? fmax(s.working, p->kept[k]) : s.working;
  }
  s.head_s = (1 + m->mtp_layers) *
             (train_cost_s(&p->layer[LAYER_HEAD].forward) + train_cost_s(&p->layer[LAYER_HEAD].backward));
  s.head_params = p->params[LAYER_HEAD];
  return s;
}

static double in_flight(const struct train_env *e) {
  double pp = e->plan.pp, v = e->plan.vpp;
  double n = e->plan.schedule == SCHEDULE_DUALPIPE ? pp + 1 : v > 1 ? (2 * (pp - 1) + (v - 1) * pp + 1) / v : pp;
  return fmin(n, e->micro_batches);
}

/* What is recomputed: bytes that all layers keep, and seconds that they repeat. */
struct again {
  bool fits;
  double kept, working, repeat_s;
};

static struct again nothing_again(const struct sums *s) {
  return (struct again){.kept = s->kept};
}

static struct again layers_again(const struct sums *s, double share) {
  return (struct again){.kept = (1 - share) * s->kept + share * s->input, .working = share > 0 ? s->working : 0, .repeat_s = share * s->forward};
}

static struct again selected_again(const struct sums *s) {
  return (struct again){.kept = s->selected, .repeat_s = s->again_s};
}

/* Bytes of the fullest stage. */
static double bytes_of(const struct train_env *e, const struct sums *s, const struct again *again) {
  double pp = e->plan.pp, copies = e->plan.schedule == SCHEDULE_DUALPIPE ? 2 : 1, zero = e->plan.zero;
  double dense = copies * s->params / pp + s->head_params, experts = copies * s->experts / pp, all = dense + experts;
  double spread = zero >= 1 ? dense / e->plan.shard + experts / e->expert_copies : all;
  double grad = e->stack->accumulate_fp32 ? 4 : e->element_bytes;
  double state =
      e->element_bytes * (zero >= 3 ? spread : all) + grad * (zero >= 2 ? spread : all) + e->state_bytes * spread;
  double gathered = zero >= 3 ? 2 * e->element_bytes * (s->params + s->experts) / e->model->layers : 0;
  return state + gathered + again->working + again->kept / pp * in_flight(e) + e->reserve_bytes;
}

static double sync_s(const struct train_env *e, const struct sums *s) {
  double dense = (s->params / e->plan.pp + s->head_params), experts = s->experts / e->plan.pp, g = e->grad_bytes;
  if (e->fsdp > 1 && e->plan.pp == 1)
    return 0;
  return train_collective_s(e, HW_REDUCE_SCATTER, g * dense, e->data_ranks, e->plan.tp) +
         train_collective_s(e, HW_ALL_GATHER, e->element_bytes * dense, e->data_ranks, e->plan.tp) +
         train_collective_s(e, HW_REDUCE_SCATTER, (g + e->element_bytes) * experts, e->expert_copies, e->plan.ep * e->plan.etp);
}

static double seconds_of(const struct train_env *e, const struct sums *s, double repeat_s) {
  double pp = e->plan.pp, v = e->plan.vpp, m = ceil(e->micro_batches - 1e-9), chunks = pp * v;
  double dealt = train_layers_dealt(e, e->plan.pp), rounded = ceil(dealt / chunks - 1e-9) * chunks / dealt;
  bool dual = e->plan.schedule == SCHEDULE_DUALPIPE;
  double alone = s->forward + s->backward + repeat_s;
  double layers = (dual ? fmax(alone - s->hideable, s->hideable) : alone) / pp, stage = layers * rounded;
  double slowest = e->stack->balanced_ends ? fmax(fmax(stage, s->head_s), layers + s->head_s / pp) : stage + s->head_s;
  double send = pp > 1 ? train_send_s(e) : 0;
  double fill = dual ? (pp / 2 - 1) * alone / pp * rounded / 2 : (pp - 1) / v * layers;
  double pipeline =
      m * (slowest + e->stack->micro_batch_s + 2 * v * send * (1 - e->stack->pp_overlap)) + fill + 2 * (pp - 1) * send;
  double hidden = e->stack->dp_overlap * (layers / (1 + (pp > 1)));
  double comm = sync_s(e, s), local = s->params / pp + s->head_params, spread = e->plan.zero >= 1 ? e->plan.shard : 1;
  double optimizer =
      hw_stream_s(e->gpu, e->optimizer_bytes * (local / spread + s->experts / pp / e->expert_copies) + 6 * local, 20);
  return pipeline + fmax(comm - hidden, 0) + optimizer + e->stack->step_s;
}

static bool has_room(const struct train_env *e, const struct sums *s, const struct again *again) {
  return bytes_of(e, s, again) <= e->gpu->mem_bytes;
}

/* The smallest share of layers recomputed whole that fits. */
static struct again share_that_fits(const struct train_env *e, const struct sums *s) {
  struct again none = nothing_again(s), all = layers_again(s, 1);
  double none_bytes = bytes_of(e, s, &none), all_bytes = bytes_of(e, s, &all), have = e->gpu->mem_bytes;
  bool fits = all_bytes <= have;
  struct again found = layers_again(s, fits ? fmin(1, (none_bytes - have) / (none_bytes - all_bytes)) : 1);
  found.fits = fits;
  return found;
}

/* What is asked for; else what repeats least of all that fits, as train_settle_recompute() has it. */
static struct again recomputation(const struct train_env *e, const struct sums *s) {
  enum sim_recompute asked = e->plan.recompute;
  struct again none = nothing_again(s), some = selected_again(s), all = layers_again(s, 1);
  none.fits = has_room(e, s, &none);
  some.fits = has_room(e, s, &some);
  all.fits = has_room(e, s, &all);
  if (asked == RECOMPUTE_NONE || (asked == RECOMPUTE_AUTO && none.fits))
    return none;
  if (asked != RECOMPUTE_AUTO)
    return asked == RECOMPUTE_FULL ? all : some;
  struct again share = share_that_fits(e, s);
  return some.fits && (!share.fits || some.repeat_s < share.repeat_s) ? some : share;
}

/* ---- the list of the best ---- */
static bool before(bool fits_a, double a, bool fits_b, double b) {
  return fits_a != fits_b ? fits_a : a < b;
}

static void keep(struct search *s, const struct sim_plan *p, bool fits, double seconds) {
  int i = s->n_kept < SIM_PLANS_KEPT ? s->n_kept++ : SIM_PLANS_KEPT - 1;
  if (i == SIM_PLANS_KEPT - 1 && s->kept_s[i] > 0 && !before(fits, seconds, s->kept_fits[i], s->kept_s[i]))
    return;
  for (; i > 0 && before(fits, seconds, s->kept_fits[i - 1], s->kept_s[i - 1]); i--) {
    s->kept[i] = s->kept[i - 1];
    s->kept_s[i] = s->kept_s[i - 1];
    s->kept_fits[i] = s->kept_fits[i - 1];
  }
  s->kept[i] = *p;
  s->kept_s[i] = seconds;
  s->kept_fits[i] = fits;
}

/* The fastest of those without room, had they the room. */
static void reject(struct search *s, const struct sim_plan *p, double seconds) {
  int i = s->n_rejected < SIM_PLANS_KEPT ? s->n_rejected++ : SIM_PLANS_KEPT - 1;
  if (i == SIM_PLANS_KEPT - 1 && s->rejected_s[i] > 0 && seconds >= s->rejected_s[i])
    return;
  for (; i > 0 && seconds < s->rejected_s[i - 1]; i--) {
    s->rejected[i] = s->rejected[i - 1];
    s->rejected_s[i] = s->rejected_s[i - 1];
  }
  s->rejected[i] = *p;
  s->rejected_s[i] = seconds;
}

/* Weights spread over the data ranks would be gathered for every micro-batch of a pipeline, gradients be summed for every
 * micro-batch: that is not priced, so it is not proposed. */
static bool unusual(const struct search *s) {
  int zero = s->env.plan.zero;
  return s->job->plan.zero < 0 && ((zero >= 2 && s->env.plan.pp > 1) || (zero == 2 && s->env.micro_batches > 1));
}

/* Gradients are spread only where room is short: else the layout is that of stage 1, which needs fewer steps of communication. */
static bool needless(struct search *s, const struct sums *sums) {
  if (s->env.plan.zero != 2 || s->job->plan.zero >= 0)
    return false;
  s->env.plan.zero = 1;
  struct again none = nothing_again(sums);
  bool fits = has_room(&s->env, sums, &none);
  s->env.plan.zero = 2;
  return fits;
}

static void screen(struct search *s, const struct sums *sums) {
  if (needless(s, sums)) {
    s->found->screened++;
    return;
  }
  struct again again = recomputation(&s->env, sums), all = layers_again(sums, 1);
  bool fits = again.fits;
  s->found->screened++;
  s->found->fitting += fits;
  double seconds = fits ? seconds_of(&s->env, sums, again.repeat_s)
                        : bytes_of(&s->env, sums, &all); /* of those that do not fit, the smallest is the best */
  struct sim_plan p = s->env.plan;
  p.precision = s->job->plan.precision;
  p.recompute = s->job->plan.recompute;
  keep(s, &p, fits, seconds);
  s->found->faster_than_own += fits && seconds < s->own_s * (1 - 1e-9);
  if (!fits)
    reject(s, &p, seconds_of(&s->env, sums, 0));
}

/* ---- the grid ---- */
struct choices {
  int value[10], n;
};

/* What is given, or the powers of two in [1, most]. */
static struct choices powers(int given, int most) {
  struct choices c = {{given}, 1};
  if (given > 0)
    return c;
  c.n = 0;
  for (int v = 1; v <= most && c.n < 10; v *= 2)
    c.value[c.n++] = v;
  return c;
}

static struct choices chunk_choices(const struct search *s, int pp) {
  struct choices c = {{s->job->plan.vpp}, 1};
  int layers = train_layers_dealt(&s->env, pp), per_stage = layers / pp;
  if (c.value[0] > 0 || pp == 1 || s->env.stack->interleave <= 1) /* 0 = as the stack does */
    return c;
  c.n = 0;
  for (int v = 1; v <= per_stage && v <= s->env.stack->interleave && c.n < 10; v++)
    if (v == 1 || (layers % pp == 0 && per_stage % v == 0))
      c.value[c.n++] = v;
  return c;
}

/* All pipelines under one set of prices. */
static void try_pipelines(struct search *s, struct sim_plan p) {
  struct choices pp = powers(s->job->plan.pp, s->job->model->layers < 64 ? s->job->model->layers : 64);
  struct prices prices;
  struct sums sums;
  double priced_for = -1; /* sharded weights are priced with their gathers, which pipelines do not have */
  char why[120];
  for (int i = 0; i < pp.n; i++) {
    p.pp = pp.value[i];
    p.dp = 0;
    struct choices v = chunk_choices(s, p.pp);
    for (int k = 0; k < v.n; k++) {
      p.vpp = v.value[k];
      if (s->job->gpus % (p.tp * p.pp * p.cp) != 0 || !train_env_lay_out(&s->env, &p, why, sizeof why) || unusual(s))
        continue;
      double key = s->env.plan.zero >= 3 && p.pp == 1 ? 1 : 0;
      if (priced_for != key || s->env.plan.micro_batch != p.micro_batch) {
        make_prices(&s->env, &prices);
        sums = sum_up(&s->env, &prices);
        priced_for = s->env.plan.micro_batch != p.micro_batch ? -1 : key;
      }
      screen(s, &sums);
    }
  }
}

static void try_experts(struct search *s, struct sim_plan p) {
  const struct wl_model *m = s->job->model;
  struct choices ep = powers(m->experts > 0 ? s->job->plan.ep : 1, m->experts < 64 ? m->experts : 64),
                 mb = powers(s->job->plan.micro_batch, 8);
  static const int stages[] = {1, 2, 3};
  bool open_zero = s->job->plan.zero < 0;
  for (int i = 0; i < ep.n; i++)
    for (int k = 0; k < mb.n; k++)
      for (int z = 0; z < (open_zero ? 3 : 1); z++) {
        p.ep = ep.value[i];
        p.micro_batch = mb.value[k];
        p.zero = open_zero ? stages[z] : s->job->plan.zero;
        if (m->experts == 0 || m->experts % p.ep == 0)
          try_pipelines(s, p);
      }
}

static void try_all(struct search *s) {
  const struct sim_train_job *j = s->job;
  int domain = j->server->scaleup_domain > 0 ? j->server->scaleup_domain : j->server->gpus;
  struct choices tp = powers(j->plan.tp, domain < 8 ? domain : 8), cp = powers(j->plan.cp, j->seq_len >= 16384 ? 8 : 1);
  for (int i = 0; i < tp.n; i++)
    for (int k = 0; k < cp.n; k++) {
      struct sim_plan p = j->plan;
      p.tp = tp.value[i];
      p.cp = cp.value[k];
      if (j->model->heads % p.tp == 0)
        try_experts(s, p);
    }
}

/* The kept layouts as events, sorted by what that says. */
static void replay(struct search *s) {
  struct sim_plan_search *f = s->found;
  for (int i = 0; i < s->n_kept; i++) {
    struct sim_train_job j = *s->job;
    struct sim_step step;
    j.plan = s->kept[i];
    if (!sim_train_step(&j, &step))
      continue;
    int k = f->n++;
    for (; k > 0 && before(step.fits, step.fits ? step.time_s : step.mem_bytes, f->best[k - 1].fits,
                           f->best[k - 1].fits ? f->best[k - 1].time_s : f->best[k - 1].mem_bytes);
         k--) {
      f->best[k] = f->best[k - 1];
      f->screened_s[k] = f->screened_s[k - 1];
    }
    f->best[k] = step;
    f->screened_s[k] = s->kept_fits[i] ? s->kept_s[i] : (double)NAN;
  }
}

static int by_step_time(const void *a, const void *b) {
  const struct sim_step *x = a, *y = b;
  return (x->time_s > y->time_s) - (x->time_s < y->time_s);
}

/* Why the rejected ones do not fit, by the model of memory that events use; one that fits after all is no rejected one. */
static void explain_rejected(struct search *s) {
  struct sim_plan_search *f = s->found;
  for (int i = 0; i < s->n_rejected; i++) {
    struct sim_train_job j = *s->job;
    j.plan = s->rejected[i];
    if (sim_train_step(&j, &f->rejected[f->n_rejected]) && !f->rejected[f->n_rejected].fits)
      f->n_rejected++;
  }
  qsort(f->rejected, (size_t)f->n_rejected, sizeof *f->rejected, by_step_time); /* kept by the closed form's time, told by that of events */
}

static double screened_own_s(struct search *s, const struct sim_plan *own) {
  struct prices prices;
  char why[120];
  if (!own || !train_env_lay_out(&s->env, own, why, sizeof why))
    return NAN;
  make_prices(&s->env, &prices);
  struct sums sums = sum_up(&s->env, &prices);
  struct again again = recomputation(&s->env, &sums);
  return again.fits ? seconds_of(&s->env, &sums, again.repeat_s) : (double)NAN;
}

static bool search(const struct sim_train_job *job, const struct sim_plan *own, bool reasons, struct sim_plan_search *ret) {
  struct search s = {.job = job, .found = ret};
  *ret = (struct sim_plan_search){.own_screened_s = NAN};
  if (!train_env_begin(&s.env, job, ret->best[0].why, sizeof ret->best[0].why))
    return false;
  ret->own_screened_s = s.own_s = screened_own_s(&s, own);
  if (job->gpus > 0)
    try_all(&s);
  replay(&s);
  if (reasons)
    explain_rejected(&s);
  if (ret->n > 0)
    return true;
  char why[200];
  if (train_env_lay_out(&s.env, &job->plan, why, sizeof why)) /* the layout that is given says what is wrong with it */
    snprintf(why, sizeof why, "no layout divides %d GPUs", job->gpus);
  snprintf(ret->best[0].why, sizeof ret->best[0].why, "%s", why);
  return false;
}

bool sim_train_search_beside(const struct sim_train_job *job, const struct sim_plan *own, struct sim_plan_search *ret) {
  return search(job, own, true, ret);
}

bool sim_train_search(const struct sim_train_job *job, struct sim_plan_search *ret) {
  return search(job, NULL, false, ret);
}

bool sim_train_choose(const struct sim_train_job *job, struct sim_step *ret) {
  struct sim_plan_search s;
  bool ok = sim_train_search(job, &s);
  *ret = s.best[0];
  return ok;
}
