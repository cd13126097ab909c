#include "sim/life_metrics.h"
#include <math.h>
#include <string.h>
#include "base/mem.h"

static double share(double part, double whole) { return whole > 0 ? part / whole : FIN_NONE; }

/* ---- flows ---- */
static double time_yr(const struct sim_spec *s, int i) { return s->yearly_flows ? ceil(i / 12.0) : i / 12.0; }

size_t life_flows(const struct sim_spec *s, const double *flow, struct fin_flow *ret) {
  size_t n = 0;
  for (int i = 0; i <= s->months; i++) {
    double t = time_yr(s, i);
    if (!n || ret[n - 1].t_yr != t)
      ret[n++] = (struct fin_flow){t, 0};
    ret[n - 1].usd += flow[i];
  }
  return n;
}

static double pv_of(const struct sim_spec *s, const double *flow) {
  double pv = 0;
  for (int i = 0; i <= s->months; i++)
    pv += flow[i] * pow(1 + s->discount_per_yr.a, -time_yr(s, i));
  return pv;
}

/* The price that, asked for every unit made, would just cover the cost: both discounted (the usual levelised cost; at rate 0 plain cost / units). */
static double levelised(const struct life *l, enum sum unit) {
  double units = 0;
  for (int m = 0; m < l->spec->months; m++)
    units += l->month[m].sum[unit] * pow(1 + l->spec->discount_per_yr.a, -time_yr(l->spec, m + 1));
  return share(pv_of(l->spec, l->ledger.flow), units);
}

/* ---- what is found in the sums ---- */
static double gpu_hours(const struct life_view *v) { return v->life->played ? v->sum[SUM_GPU_ALLOCATED_H] : FIN_NONE; }
static double gpu_hours_provisioned(const struct life_view *v) { return v->life->played ? v->sum[SUM_GPU_H] : FIN_NONE; }
static double gpu_hours_productive(const struct life_view *v) { return v->life->played ? v->sum[SUM_GPU_PRODUCTIVE_H] : FIN_NONE; }
static double gpu_utilization(const struct life_view *v) { return share(v->sum[SUM_GPU_BUSY_H], v->sum[SUM_GPU_H]); }
static double load_factor(const struct life_view *v) { return share(v->sum[SUM_GPU_PRODUCTIVE_H], v->sum[SUM_GPU_H]); }
static double availability(const struct life_view *v) { return share(v->sum[SUM_SERVER_H] - v->sum[SUM_DOWN_H], v->sum[SUM_SERVER_H]); }
static double output_tok_per_s(const struct life_view *v) {
  return v->sum[SUM_TOKENS_OUT] > 0 ? share(v->sum[SUM_TOKENS_OUT], v->sum[SUM_HOURS] * 3600) : FIN_NONE;
}
static double tokens_per_s_per_gpu(const struct life_view *v) {
  return v->sum[SUM_TOKENS_OUT] > 0 ? share(v->sum[SUM_TOKENS_OUT], v->sum[SUM_GPU_ALLOCATED_H] * 3600) : FIN_NONE;
}
static double slo_attainment(const struct life_view *v) { return share(v->sum[SUM_WITHIN_SLO], v->sum[SUM_ARRIVED]); }
static double unserved(const struct life_view *v) { return v->sum[SUM_ARRIVED] > 0 ? v->sum[SUM_ARRIVED] - v->sum[SUM_SERVED] : FIN_NONE; }
static double energy_mwh(const struct life_view *v) { return v->sum[SUM_KWH] > 0 ? v->sum[SUM_KWH] / 1e3 : FIN_NONE; }
static double energy_it_mwh(const struct life_view *v) { return v->sum[SUM_IT_KWH] > 0 ? v->sum[SUM_IT_KWH] / 1e3 : FIN_NONE; }
static double peak_power_kw(const struct life_view *v) { return v->peak_kw > 0 ? v->peak_kw : FIN_NONE; }
static double carbon_t(const struct life_view *v) {
  double g = v->life->spec->site.carbon_g_per_kwh;
  return g > 0 && v->sum[SUM_KWH] > 0 ? v->sum[SUM_KWH] * g / 1e6 : FIN_NONE;
}
static double tco_usd(const struct life_view *v) { return v->usd; }
static double servers(const struct life_view *v) { return v->life->played ? v->servers : FIN_NONE; }

static double ms(const struct life_view *v, enum sum of) { return v->sum[of] > 0 ? 1e3 * share(v->sum[of], v->sum[SUM_SERVED]) : FIN_NONE; }
static double ttft_p50(const struct life_view *v) { return ms(v, SUM_TTFT_P50); }
static double ttft_p90(const struct life_view *v) { return ms(v, SUM_TTFT_P90); }
static double ttft_p95(const struct life_view *v) { return ms(v, SUM_TTFT_P95); }
static double ttft_p99(const struct life_view *v) { return ms(v, SUM_TTFT_P99); }
static double tpot_p50(const struct life_view *v) { return ms(v, SUM_TPOT_P50); }
static double tpot_p90(const struct life_view *v) { return ms(v, SUM_TPOT_P90); }
static double tpot_p95(const struct life_view *v) { return ms(v, SUM_TPOT_P95); }
static double tpot_p99(const struct life_view *v) { return ms(v, SUM_TPOT_P99); }

/* ---- what has sense for the whole alone ---- */
static double usd_per_gpu_hour(const struct life_view *v) { return v->whole ? levelised(v->life, SUM_GPU_ALLOCATED_H) : FIN_NONE; }
static double usd_per_gpu_hour_provisioned(const struct life_view *v) { return v->whole ? levelised(v->life, SUM_GPU_H) : FIN_NONE; }
/* What training cost of the whole: its blocks, and on the fleet its share of the allocated GPU-hours. */
static double training_usd(const struct life *l) {
  double blocks = 0, fleet_gpu_h = 0, block_gpu_h = 0;
  for (size_t i = 0; i < l->n_run; i++) {
    const struct life_run *r = &l->run[i];
    double gpu_h = r->servers * r->of->server->gpus * (r->end_h - r->start_h);
    blocks += r->usd;
    *(r->layer >= 0 ? &fleet_gpu_h : &block_gpu_h) += gpu_h;
  }
  double fleet = l->total[SUM_GPU_ALLOCATED_H] - block_gpu_h;
  return blocks + (fleet > 0 ? fmin(1, fleet_gpu_h / fleet) * (ledger_total(&l->ledger) - blocks) : 0);
}

static double serving_share(const struct life *l) {
  double tco = ledger_total(&l->ledger);
  return l->n_run && tco > 0 ? 1 - training_usd(l) / tco : 1;
}

/* Every token of a kind carries the whole cost of serving: the two are not to be added. */
static double usd_per_mtoken_output(const struct life_view *v) {
  return v->whole ? 1e6 * levelised(v->life, SUM_TOKENS_OUT) * serving_share(v->life) : FIN_NONE;
}
static double usd_per_mtoken_input(const struct life_view *v) {
  return v->whole ? 1e6 * levelised(v->life, SUM_TOKENS_IN) * serving_share(v->life) : FIN_NONE;
}

static double usd_per_training_run(const struct life_view *v) {
  const struct sim_fixed_load *f = &v->life->spec->fixed;
  if (v->whole && v->life->n_run)
    return training_usd(v->life) / (double)v->life->n_run;
  return v->whole && f->present && f->gpu_hours > 0 ? f->gpu_hours * usd_per_gpu_hour(v) : FIN_NONE;
}

/* ---- of the slowest run ---- */
static const struct life_run *slowest(const struct life_view *v) {
  const struct life_run *r = NULL;
  for (size_t i = 0; v->whole && i < v->life->n_run; i++)
    if (!r || v->life->run[i].end_h - v->life->run[i].start_h > r->end_h - r->start_h)
      r = &v->life->run[i];
  return r;
}
static double time_to_train_s(const struct life_view *v) {
  const struct life_run *r = slowest(v);
  return r ? (r->end_h - r->start_h) * 3600 : FIN_NONE;
}
static double step_time_s(const struct life_view *v) {
  const struct life_run *r = slowest(v);
  return r ? r->of->step_time_s / r->throughput : FIN_NONE;
}
static double mfu(const struct life_view *v) {
  const struct life_run *r = slowest(v);
  return r ? r->of->run.mfu * r->throughput : FIN_NONE;
}
static double goodput(const struct life_view *v) {
  const struct life_run *r = slowest(v);
  return r ? r->of->run.goodput : FIN_NONE;
}

/* ---- size ---- */
static double gpus(const struct life_view *v) { return v->life->played ? v->gpus : FIN_NONE; }
static double contracted_kw(const struct life_view *v) { return v->contracted_kw > 0 ? v->contracted_kw : FIN_NONE; }
static double min_nodes_per_replica(const struct life_view *v) {
  int least = 0;
  for (int i = 0; v->whole && v->life->fleet.pool && i < v->life->option->n * v->life->fleet.servings; i++) {
    const struct surfaces *s = v->life->fleet.pool[i].of;
    if (s && s->min_nodes > 0 && (!least || s->min_nodes < least))
      least = s->min_nodes;
  }
  return least ? least : FIN_NONE;
}
static double nodes_per_replica(const struct life_view *v) {
  const struct fleet_pool *p = v->whole && v->life->fleet.servings ? v->life->fleet.pool : NULL;
  return p && p->each > 0 ? p->each : FIN_NONE;
}
static double interpolation_error(const struct life_view *v) {
  double worst = -1;
  for (int i = 0; v->whole && v->life->fleet.pool && i < v->life->option->n * v->life->fleet.servings; i++)
    if (v->life->fleet.pool[i].of)
      worst = fmax(worst, v->life->fleet.pool[i].of->interpolation_error);
  return worst >= 0 ? worst : FIN_NONE;
}

static double pv_cost_usd(const struct life_view *v) { return v->whole && v->life->played ? pv_of(v->life->spec, v->life->ledger.flow) : FIN_NONE; }
static double equivalent_annual_cost_usd(const struct life_view *v) {
  const struct sim_spec *s = v->life->spec;
  return v->whole ? fin_equivalent_annual(pv_cost_usd(v), s->discount_per_yr.a, s->months / 12.0) : FIN_NONE;
}
static double commitment_unused_usd(const struct life_view *v) { return v->whole && v->life->played ? v->life->ledger.kind[CHARGE_COMMITMENT_UNUSED] : FIN_NONE; }
static double stranded_usd(const struct life_view *v) { return v->whole && v->life->played ? v->life->ledger.kind[CHARGE_STRANDED] : FIN_NONE; }

/* The dearest month: how much cash must be at hand at once. */
static double peak_cash_usd(const struct life_view *v) {
  double most = 0;
  if (!v->whole || !v->life->played)
    return FIN_NONE;
  for (int i = 0; i <= v->life->spec->months; i++)
    most = fmax(most, v->life->ledger.flow[i]);
  return most;
}

static double energy_kwh_per_mtoken(const struct life_view *v) {
  double j = v->life->spec->fixed.joule_per_token;
  if (v->life->spec->fixed.present)
    return j > 0 ? fin_kwh_per_mtoken(j) : FIN_NONE;
  return v->sum[SUM_TOKENS_OUT] > 0 ? 1e6 * v->sum[SUM_IT_KWH] / v->sum[SUM_TOKENS_OUT] : FIN_NONE;
}
/* At the owner's tariff and PUE. */
static double energy_usd_per_mtoken(const struct life_view *v) {
  const struct sim_site *site = &v->life->spec->site;
  double usd = energy_kwh_per_mtoken(v) * site->tariff_usd_per_kwh.a * (site->pue.a > 0 ? site->pue.a : 1);
  return usd > 0 ? usd : FIN_NONE;
}

static double feasible(const struct life_view *v) { return v->whole ? v->life->feasible : FIN_NONE; }

const struct life_metric life_metrics[] = {
    {"feasible", "", feasible},
    {"tco_usd", "USD", tco_usd},
    {"gpu_hours", "gpu-h", gpu_hours},
    {"gpu_hours_provisioned", "gpu-h", gpu_hours_provisioned},
    {"gpu_hours_productive", "gpu-h", gpu_hours_productive},
    {"gpu_utilization", "", gpu_utilization},
    {"load_factor", "", load_factor},
    {"availability", "", availability},
    {"servers", "server", servers},
    {"gpus", "gpu", gpus},
    {"contracted_kw", "kW", contracted_kw},
    {"min_nodes_per_replica", "node", min_nodes_per_replica},
    {"nodes_per_replica", "node", nodes_per_replica},
    {"interpolation_error", "", interpolation_error},
    {"time_to_train_s", "s", time_to_train_s},
    {"step_time_s", "s", step_time_s},
    {"mfu", "", mfu},
    {"goodput", "", goodput},
    {"output_tok_per_s", "token/s", output_tok_per_s},
    {"tokens_per_s_per_gpu", "token/s", tokens_per_s_per_gpu},
    {"ttft_p50_ms", "ms", ttft_p50},
    {"ttft_p90_ms", "ms", ttft_p90},
    {"ttft_p95_ms", "ms", ttft_p95},
    {"ttft_p99_ms", "ms", ttft_p99},
    {"tpot_p50_ms", "ms", tpot_p50},
    {"tpot_p90_ms", "ms", tpot_p90},
    {"tpot_p95_ms", "ms", tpot_p95},
    {"tpot_p99_ms", "ms", tpot_p99},
    {"slo_attainment", "", slo_attainment},
    {"unserved_requests", "req", unserved},
    {"energy_mwh", "MWh", energy_mwh},
    {"energy_it_mwh", "MWh", energy_it_mwh},
    {"peak_power_kw", "kW", peak_power_kw},
    {"carbon_t", "t", carbon_t},
    {"usd_per_gpu_hour", "USD/gpu-h", usd_per_gpu_hour},
    {"usd_per_gpu_hour_provisioned", "USD/gpu-h", usd_per_gpu_hour_provisioned},
    {"usd_per_mtoken_output", "USD/Mtoken", usd_per_mtoken_output},
    {"usd_per_mtoken_input", "USD/Mtoken", usd_per_mtoken_input},
    {"usd_per_training_run", "USD", usd_per_training_run},
    {"energy_kwh_per_mtoken", "kWh/Mtoken", energy_kwh_per_mtoken},
    {"energy_usd_per_mtoken", "USD/Mtoken", energy_usd_per_mtoken},
    {"pv_cost_usd", "USD", pv_cost_usd},
    {"equivalent_annual_cost_usd", "USD/yr", equivalent_annual_cost_usd},
    {"commitment_unused_usd", "USD", commitment_unused_usd},
    {"stranded_usd", "USD", stranded_usd},
    {"peak_cash_usd", "USD", peak_cash_usd},
};
const int life_metric_count = sizeof life_metrics / sizeof *life_metrics;

int life_metric_index(const char *name) {
  for (int i = 0; i < life_metric_count; i++)
    if (!strcmp(life_metrics[i].name, name))
      return i;
  return -1;
}

struct life_view life_view_whole(const struct life *l) {
  struct life_view v = {.life = l, .whole = true, .sum = l->total, .usd = l->played ? ledger_total(&l->ledger) : FIN_NONE, .peak_kw = l->peak_kw,
                        .servers = l->peak_servers, .gpus = l->peak_gpus};
  for (int i = 0; i < l->option->n; i++)
    v.contracted_kw += l->layer[i].peak_kw;
  return v;
}

/* ---- pairs ---- */
void life_cash_take(const struct life *l, struct life_cash *ret) {
  struct life_view v = life_view_whole(l);
  memcpy(ret->flow, l->ledger.flow, (size_t)(l->spec->months + 1) * sizeof *ret->flow);
  ret->residual_usd = -l->resale_usd;
  ret->fixed_usd = l->ledger.fixed;
  ret->moving_usd = l->ledger.moving;
  ret->utilization = load_factor(&v);
  ret->feasible = l->feasible;
  ret->played = l->played;
}

/* Does a cost more than b at first? */
static bool invests(const double *net, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (net[i] != 0)
      return net[i] < 0;
  return false;
}

void life_pair_of(const struct sim_spec *s, const struct life_cash *a, const struct life_cash *b, struct life_pair *ret) {
  size_t n = (size_t)s->months + 1;
  double *net = mem_array(4 * n, sizeof *net), *sum_a = net + n, *sum_b = sum_a + n, *back = sum_b + n;
  struct fin_flow *dated = mem_array(n, sizeof *dated);
  double ca = 0, cb = 0;
  for (size_t i = 0; i < n; i++) {
    net[i] = b->flow[i] - a->flow[i];
    sum_a[i] = ca += a->flow[i];
    sum_b[i] = cb += b->flow[i];
    back[i] = cb - ca;
  }
  back[n - 1] += a->residual_usd - b->residual_usd; /* resale pays nothing back before the end */
  size_t n_dated = life_flows(s, net, dated);
  *ret = (struct life_pair){.saving_usd = cb - ca, .irr = FIN_NONE};
  ret->npv_usd = fin_npv(dated, n_dated, s->discount_per_yr.a);
  if (invests(net, n)) /* a rate of return needs something put in first */
    fin_irr(dated, n_dated, &ret->irr);
  ret->payback_month = fin_payback(back, n, 12);
  ret->crossings = fin_crossings(sum_a, sum_b, n, ret->breakeven_month, 8);
  if (!ret->crossings)
    ret->breakeven_month[0] = FIN_NEVER;
  /* The side that follows demand is always busy; the other tells how much of the time there is work. */
  ret->breakeven_utilization = fin_breakeven_use(fmin(a->utilization, b->utilization), a->fixed_usd, a->moving_usd, b->fixed_usd, b->moving_usd);
  if (ret->breakeven_utilization > 1) /* not even at full use */
    ret->breakeven_utilization = FIN_NONE;
  mem_free(net);
  mem_free(dated);
}
