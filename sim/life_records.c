#include "sim/life_records.h"
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "base/mem.h"

void life_tell_metric(const struct sim_listener *out, const char *option, const char *scope, const char *name, const char *versus, double value,
                      const char *unit, const struct life_spread *spread) {
  static const struct life_spread unknown = {NAN, NAN, NAN};
  if (!spread)
    spread = &unknown;
  if (out->metric)
    out->metric(out->ctx, &(struct rec_metric){option, scope, name, versus, value, unit, spread->p10, spread->p50, spread->p90});
}

void life_tell_point(const struct sim_listener *out, const char *option, const char *name, double t_h, double value) {
  if (out->point)
    out->point(out->ctx, &(struct rec_point){option, name, t_h, value});
}

/* ---- charges ---- */
static void month_dates(const struct life *l, int month, char from[11], char to[11]) {
  date_format(date_add_months(l->spec->start, month), from);
  date_format(date_add_months(l->spec->start, month + 1), to);
}

static void tell_line(const struct life *l, const struct sim_listener *out, const struct ledger_line *x) {
  const struct charge_class *c = &charge_class[x->kind];
  const struct sim_layer *y = x->layer >= 0 ? &l->option->layer[x->layer] : NULL;
  char from[11], to[11];
  month_dates(l, x->month, from, to);
  out->charge(out->ctx, &(struct rec_charge){.option = l->option->name,
                                             .category = c->category,
                                             .service_category = c->service_category,
                                             .kind = c->kind,
                                             .description = c->description,
                                             .resource = !y ? "option" : y->label ? y->label : y->server->name,
                                             .period_start = from,
                                             .period_end = to,
                                             .pricing_category = c->pricing_category,
                                             .list_unit_price = x->list_price,
                                             .unit_price = x->unit_price,
                                             .quantity = x->quantity,
                                             .unit = x->unit ? x->unit : "",
                                             .billed_usd = x->usd,
                                             .effective_usd = c->capital ? 0 : x->usd, /* capital reaches the books as depreciation */
                                             .month = x->month});
}

/* What a layer's capital (-1: the option's) is written off in each month since the start, also beyond the horizon. Returns how many months there are. */
static int write_off(const struct life *l, int layer, double **ret) {
  const struct sim_layer *y = layer >= 0 ? &l->option->layer[layer] : NULL;
  enum sim_depreciation law = y ? y->depreciation : DEPRECIATION_STRAIGHT_LINE;
  double life_yr = y && y->depreciation_years > 0 ? y->depreciation_years : l->spec->months / 12.0;
  double oom = y ? dist_central(&y->depreciation_oom_per_yr) : 0;
  int span = 12 * ((int)ceil(life_yr) + (law == DEPRECIATION_MACRS5)), months = l->spec->months + span;
  double *off = mem_array((size_t)months, sizeof *off);
  for (size_t i = 0; i < l->ledger.n; i++) {
    const struct ledger_line *x = &l->ledger.line[i];
    if (x->layer == layer && charge_class[x->kind].capital)
      for (int k = 0; k < span; k++)
        off[x->month + k] += fin_depreciation(law, x->usd, life_yr, oom, k / 12 + 1) / 12;
  }
  *ret = off;
  return months;
}

static void tell_write_off(const struct life *l, const struct sim_listener *out, int layer) {
  double *off;
  int n = write_off(l, layer, &off);
  const struct sim_layer *y = layer >= 0 ? &l->option->layer[layer] : NULL;
  for (int m = 0; m < l->spec->months && m < n; m++) {
    char from[11], to[11];
    month_dates(l, m, from, to);
    if (off[m] > 0)
      out->charge(out->ctx, &(struct rec_charge){.option = l->option->name,
                                                 .category = "Purchase",
                                                 .service_category = "Compute",
                                                 .kind = "depreciation",
                                                 .description = "capital written off over its life (not money)",
                                                 .resource = !y ? "option" : y->label ? y->label : y->server->name,
                                                 .period_start = from,
                                                 .period_end = to,
                                                 .pricing_category = "Other",
                                                 .unit = "",
                                                 .effective_usd = off[m],
                                                 .month = m});
  }
  mem_free(off);
}

void life_tell_charges(const struct life *l, const struct sim_listener *out) {
  if (!out->charge)
    return;
  for (size_t i = 0; i < l->ledger.n; i++)
    tell_line(l, out, &l->ledger.line[i]);
  for (int i = -1; i < l->option->n; i++)
    tell_write_off(l, out, i);
}

/* Books by year, until all is written off. */
static void tell_books(const struct life *l, const struct sim_listener *out) {
  int longest = 0;
  double capital = 0, *sum = NULL;
  for (int i = -1; i < l->option->n; i++) {
    double *off;
    int n = write_off(l, i, &off);
    if (n > longest) {
      sum = mem_realloc(sum, (size_t)n, sizeof *sum);
      memset(sum + longest, 0, (size_t)(n - longest) * sizeof *sum);
      longest = n;
    }
    for (int m = 0; m < n; m++)
      sum[m] += off[m];
    mem_free(off);
  }
  for (int k = 0; k < CHARGE_KINDS; k++)
    capital += charge_class[k].capital ? l->ledger.kind[k] : 0;
  for (int y = 0; y * 12 < longest && capital > 0; y++) {
    char scope[24];
    double off = 0, spent = 0;
    for (int m = 12 * y; m < 12 * (y + 1) && m < longest; m++)
      off += sum[m];
    if (off <= 0)
      continue;
    snprintf(scope, sizeof scope, "year-%d", y + 1);
    for (int m = 0; m < 12 * (y + 1); m++)
      spent -= m < longest ? sum[m] : 0;
    for (size_t i = 0; i < l->ledger.n; i++)
      spent += charge_class[l->ledger.line[i].kind].capital && l->ledger.line[i].month < 12 * (y + 1) ? l->ledger.line[i].usd : 0;
    life_tell_metric(out, l->option->name, scope, "depreciation_usd", "", off, "USD", NULL);
    life_tell_metric(out, l->option->name, scope, "book_value_usd", "", spent, "USD", NULL);
  }
  mem_free(sum);
}

/* ---- series ---- */
void life_tell_series(const struct life *l, const struct sim_listener *out) {
  const char *o = l->option->name;
  double cost = 0;
  for (int i = 0; i <= l->spec->months; i++) {
    cost += l->ledger.flow[i];
    life_tell_point(out, o, "cumulative_cost_usd", life_hours_at(l, i), cost);
  }
  for (int m = 0; m < l->spec->months; m++) {
    const struct life_month *x = &l->month[m];
    double t = life_hours_at(l, m);
    life_tell_point(out, o, "servers", t, x->servers);
    life_tell_point(out, o, "provisioned_gpus", t, x->gpus);
    if (x->needed_gpus > 0)
      life_tell_point(out, o, "needed_gpus", t, x->needed_gpus);
    if (x->contracted_kw > 0)
      life_tell_point(out, o, "contracted_kw", t, x->contracted_kw);
    if (x->sum[SUM_KWH] > 0)
      life_tell_point(out, o, "power_kw", t, x->sum[SUM_KWH] / x->sum[SUM_HOURS]);
    if (x->peak_kw > 0)
      life_tell_point(out, o, "peak_power_kw", t, x->peak_kw);
    if (x->sum[SUM_GPU_H] > 0)
      life_tell_point(out, o, "gpu_utilization", t, x->sum[SUM_GPU_BUSY_H] / x->sum[SUM_GPU_H]);
    if (x->sum[SUM_GPU_H] > 0)
      life_tell_point(out, o, "load_factor", t, x->sum[SUM_GPU_PRODUCTIVE_H] / x->sum[SUM_GPU_H]);
    if (x->sum[SUM_ARRIVED] > 0) {
      life_tell_point(out, o, "demand_req_s", t, x->sum[SUM_ARRIVED] / (x->sum[SUM_HOURS] * 3600));
      life_tell_point(out, o, "slo_attainment", t, x->sum[SUM_WITHIN_SLO] / x->sum[SUM_ARRIVED]);
    }
  }
}

/* ---- scopes ---- */
static void tell_view(const struct life_view *v, const struct sim_listener *out, const char *scope) {
  for (int i = 0; i < life_metric_count; i++) {
    double value = life_metrics[i].of(v);
    if (!isnan(value))
      life_tell_metric(out, v->life->option->name, scope, life_metrics[i].name, "", value, life_metrics[i].unit, NULL);
  }
}

static double layer_usd(const struct life *l, int layer) {
  double usd = 0;
  for (size_t i = 0; i < l->ledger.n; i++)
    usd += l->ledger.line[i].layer == layer ? l->ledger.line[i].usd : 0;
  return usd;
}

static void tell_year(const struct life *l, const struct sim_listener *out, int y) {
  double sum[SUMS] = {0};
  struct life_view v = {.life = l, .sum = sum};
  char scope[24];
  for (int m = 12 * y; m < 12 * (y + 1) && m < l->spec->months; m++) {
    for (int i = 0; i < SUMS; i++)
      sum[i] += l->month[m].sum[i];
    v.peak_kw = fmax(v.peak_kw, l->month[m].peak_kw);
    v.servers = fmax(v.servers, l->month[m].servers);
    v.gpus = fmax(v.gpus, l->month[m].gpus);
    v.contracted_kw = fmax(v.contracted_kw, l->month[m].contracted_kw);
  }
  for (int k = 0; k < CHARGE_KINDS; k++)
    v.usd += l->ledger.year[y * CHARGE_KINDS + k];
  snprintf(scope, sizeof scope, "year-%d", y + 1);
  tell_view(&v, out, scope);
}

/* What a layer's replicas are like, and how each workload was served. */
static void tell_serving(const struct life *l, const struct sim_listener *out) {
  const char *o = l->option->name;
  for (int s = 0; s < l->fleet.servings; s++) {
    char scope[160];
    snprintf(scope, sizeof scope, "serving:%s", l->spec->serving[s].name);
    if (l->fleet.arrived[s] > 0)
      life_tell_metric(out, o, scope, "slo_attainment", "", l->fleet.within[s] / l->fleet.arrived[s], "", NULL);
    life_tell_metric(out, o, scope, "requests", "", l->fleet.arrived[s], "req", NULL);
    for (int i = 0; i < l->option->n; i++) {
      const struct fleet_pool *p = fleet_pool(l, i, s);
      if (!p->of || !p->of->fits)
        continue;
      snprintf(scope, sizeof scope, l->fleet.servings > 1 ? "layer-%d:%s" : "layer-%d", i, l->spec->serving[s].name);
      life_tell_metric(out, o, scope, "replica_capacity_req_s", "", p->surface.max_rate_req_s, "req/s", NULL);
      life_tell_metric(out, o, scope, "nodes_per_replica", "", p->each, "node", NULL);
      life_tell_metric(out, o, scope, "min_nodes_per_replica", "", p->of->min_nodes, "node", NULL);
    }
  }
}

void life_tell_scopes(const struct life *l, const struct sim_listener *out) {
  tell_serving(l, out);
  for (int y = 0; y < l->ledger.years; y++)
    tell_year(l, out, y);
  for (int i = 0; i < l->option->n; i++) {
    struct life_view v = {.life = l, .sum = l->layer[i].whole, .usd = layer_usd(l, i), .servers = l->layer[i].peak_servers,
                          .gpus = l->layer[i].peak_servers * l->layer[i].spec->server->gpus, .contracted_kw = l->layer[i].peak_kw};
    char scope[24];
    snprintf(scope, sizeof scope, "layer-%d", i);
    tell_view(&v, out, scope);
  }
  tell_books(l, out);
}

/* ---- training ---- */
static void tell_training(const struct life *l, const struct sim_listener *out, const struct life_run *r) {
  const struct sim_train_run *t = &r->of->run;
  const char *name = l->spec->training[r->training].name;
  double seconds = (r->end_h - r->start_h) * 3600;
  char scope[160];
  const struct {
    const char *name, *unit;
    double value;
  } row[] = {
      {"time_to_train_s", "s", seconds},
      {"step_time_s", "s", r->of->step_time_s / r->throughput},
      {"gpu_hours", "gpu-h", t->gpu_hours / r->throughput},
      {"gpu_hours_provisioned", "gpu-h", r->servers * r->of->server->gpus * seconds / 3600},
      {"gpu_hours_productive", "gpu-h", t->gpu_hours_productive / r->throughput},
      {"mfu", "", t->mfu * r->throughput},
      {"goodput", "", t->goodput},
      {"tokens_per_s_per_gpu", "token/s", t->tokens_per_s_per_gpu * r->throughput},
      {"energy_it_mwh", "MWh", r->power * t->energy_j / 3.6e9 / r->throughput},
      {"gpus", "gpu", r->servers * r->of->server->gpus},
      {"failures", "", t->failures},
      {"checkpoints", "", t->checkpoints},
  };
  snprintf(scope, sizeof scope, "training:%s", name);
  for (size_t i = 0; i < sizeof row / sizeof *row; i++)
    life_tell_metric(out, l->option->name, scope, row[i].name, "", row[i].value, row[i].unit, NULL);
}

void life_tell_runs(const struct life *l, const struct sim_listener *out) {
  for (size_t i = 0; i < l->n_run; i++) {
    const struct life_run *r = &l->run[i];
    const char *name = l->spec->training[r->training].name;
    bool first = true; /* of its training: the others are alike */
    for (size_t j = 0; j < i; j++)
      first &= l->run[j].training != r->training;
    if (first)
      tell_training(l, out, r);
    if (out->job)
      out->job(out->ctx, &(struct rec_job){.option = l->option->name, .name = name, .state = "done", .submit_h = r->start_h, .start_h = r->start_h,
                                           .end_h = r->end_h, .gpus = r->servers * r->of->server->gpus, .gpu_hours = r->of->run.gpu_hours / r->throughput});
  }
}
