#include "sim/fleet.h"
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdio.h>
#include "base/mem.h"
#include "base/units.h"
#include "sim/fleet_replay.h"
#include "sim/life.h"

double fleet_nameplate_kw(const struct life *l, const struct life_layer *y) {
  return l->spec->fixed.present ? l->spec->fixed.power_kw.a : y->spec->server->power_max_w / 1e3;
}

double fleet_pue(const struct life *l, const struct life_layer *y) {
  double pue = y->spec->owned ? l->spec->site.pue.a : l->spec->rent_pue.a;
  return pue > 0 ? pue : 1;
}

struct fleet_pool *fleet_pool(const struct life *l, int layer, int serving) { return &l->fleet.pool[layer * l->fleet.servings + serving]; }

double fleet_growth(const struct life *l, int serving, double months) { return pow(1 + l->spec->serving[serving].growth_per_yr.a, months / 12); }

/* ---- failures ---- */
/* The same hazard on both sides. Who rents waits for another server; who owns swaps in a spare, or waits for the repair when all spares are out (a Poisson number of
 * servers is under repair). */
double fleet_server_availability(const struct life *l, const struct life_layer *y) {
  const struct sim_reliability *r = &l->spec->reliability;
  double per_s = r->failures_per_node_day.a / 86400, outage_s = r->detect_s + r->restart_s;
  if (!y->spec->owned)
    outage_s += r->replace_rented_s;
  else {
    double spares = ceil(y->servers * y->spec->spares.a - 1e-9), in_repair = y->servers * per_s * r->repair_s.a;
    outage_s += r->repair_s.a * (spares >= 1 && in_repair > 0 ? gsl_cdf_poisson_Q((unsigned)spares - 1, in_repair) : spares >= 1 ? 0 : 1);
  }
  return 1 / (1 + per_s * outage_s);
}

/* ---- replicas out of servers ---- */
/* Servers are shared among workloads by what each needs now. */
static double share_of(struct life *l, struct life_layer *y, int serving) {
  double own = 0, all = 0;
  if (l->fleet.servings == 1)
    return 1;
  for (int s = 0; s < l->fleet.servings; s++) {
    const struct fleet_pool *p = fleet_pool(l, y->index, s);
    const struct demand *d = &l->memo->demand[s];
    double need = p->surface.max_rate_req_s > 0 ? d->peak * fleet_growth(l, s, l->now) / p->surface.max_rate_req_s * p->each : 0;
    all += need;
    own += s == serving ? need : 0;
  }
  return all > 0 ? own / all : 0;
}

void fleet_refresh(struct life *l) {
  for (int i = 0; i < l->option->n; i++) {
    struct life_layer *y = &l->layer[i];
    double up = fleet_server_availability(l, y);
    for (int s = 0; s < l->fleet.servings; s++) {
      struct fleet_pool *p = fleet_pool(l, i, s);
      if (!(p->surface.max_rate_req_s > 0))
        continue;
      p->replicas = y->spec->scale ? 0 : (int)floor((y->servers - y->training) * share_of(l, y, s) / p->each + 1e-9);
      p->availability = p->each > 1 ? pow(up, p->each) : up;
    }
  }
}

/* ---- how many ---- */
/* Price of an hour that the layer which takes the rest would charge; NaN when none follows. */
static double rest_usd_per_h(const struct life *l, const struct life_layer *y) {
  for (int i = y->index + 1; i < l->option->n; i++)
    if (l->option->layer[i].cover == COVER_REST && !l->option->layer[i].owned)
      return contract_usd_per_h(&l->layer[i], l->now);
  return (double)NAN;
}

/* Share of hours that a unit of a base layer must be used: as stated, else where its price equals that of using the rest layer for so long. */
static double base_share(const struct life *l, const struct life_layer *y) {
  if (y->spec->cover_share > 0)
    return y->spec->cover_share;
  double rest = rest_usd_per_h(l, y), own = contract_usd_per_h(y, l->now);
  return rest > 0 && own > 0 ? fmin(1, own / rest) : 0.5;
}

/* Demand (at the start's level) up to which the layer reaches. */
static double reach(const struct life *l, const struct life_layer *y, const struct demand *d) {
  switch (y->spec->cover) {
  case COVER_TROUGH:
    return d->trough;
  case COVER_SHARE_OF_HOURS:
    return demand_exceeded(d, 1 - y->spec->cover_share);
  case COVER_BASE:
    return demand_exceeded(d, base_share(l, y));
  case COVER_ALL:
  case COVER_REST:
    break;
  }
  return d->peak;
}

static double replicas_needed(const struct life *l, const struct life_layer *y, int serving, double months) {
  const struct fleet_pool *p = fleet_pool(l, y->index, serving);
  double growth = fmax(fleet_growth(l, serving, months), fleet_growth(l, serving, fmin(l->now, months)));
  double part = reach(l, y, &l->memo->demand[serving]) * growth;
  for (int i = 0; i < y->index; i++) {
    const struct fleet_pool *below = fleet_pool(l, i, serving);
    part -= below->replicas * below->surface.max_rate_req_s;
  }
  if (!(p->surface.max_rate_req_s > 0) || part <= 0)
    return 0;
  double n = part / (p->surface.max_rate_req_s * p->availability);
  return y->spec->cover == COVER_TROUGH ? floor(n) : ceil(n - 1e-9); /* what covers the trough is never idle */
}

int fleet_needed(struct life *l, struct life_layer *y, double months) {
  double servers = 0;
  fleet_refresh(l);
  for (int s = 0; s < l->fleet.servings; s++)
    servers += ceil(replicas_needed(l, y, s, months) * fleet_pool(l, y->index, s)->each - 1e-9);
  return (int)servers;
}

double fleet_needed_gpus(const struct life *l) {
  double gpus = 0;
  for (int s = 0; s < l->fleet.servings; s++) {
    double rest = l->memo->demand[s].peak * fleet_growth(l, s, l->now);
    for (int i = 0; i < l->option->n && rest > 0; i++) {
      const struct fleet_pool *p = fleet_pool(l, i, s);
      double cap = p->surface.max_rate_req_s;
      bool last = i == l->option->n - 1 || l->layer[i].spec->scale;
      if (!(cap > 0))
        continue;
      double n = last ? ceil(rest / cap - 1e-9) : fmin(p->replicas, ceil(rest / cap - 1e-9));
      gpus += n * p->gpus;
      rest -= n * cap;
    }
  }
  return gpus;
}

/* Up to when must what is decided now suffice? Rented capacity comes at once; owned that is added to must last until the next order can be here, judged by the
 * likeliest lead time and not by the one that will turn out; owned that is not must last to the end. */
static double look_ahead(const struct life *l, const struct life_layer *y) {
  double end = l->spec->months - 1;
  if (!y->spec->owned)
    return l->now;
  if (!y->spec->expand)
    return end;
  const struct sim_layer *given = &l->world->given->option[l->index].layer[y->index];
  return fmin(end, l->now + ceil(dist_central(&given->lead_time_s) / (86400 * 30.4375)) + 1);
}

int fleet_wanted(struct life *l, struct life_layer *y) {
  if (y->spec->scale && !l->spec->fixed.present && !l->spec->replay.present)
    return 0; /* comes and goes hour by hour */
  if (y->spec->count >= 0)
    return y->spec->count;
  if (!l->fleet.servings)
    return l->spec->fixed.present ? 1 : 0;
  return fleet_needed(l, y, look_ahead(l, y));
}

/* What the site still takes of so many servers, in whole replicas. */
static int within_limit(struct life *l, struct life_layer *y, int servers) {
  double limit = l->spec->site.limit_kw, each = fleet_nameplate_kw(l, y), used = 0;
  if (!y->spec->owned || !(limit > 0) || servers <= 0)
    return servers;
  for (int i = 0; i < l->option->n; i++)
    used += l->layer[i].spec->owned ? l->layer[i].contracted_kw + l->layer[i].due * fleet_nameplate_kw(l, &l->layer[i]) : 0;
  int room = (int)fmax(0, floor((limit - used) / each + 1e-9));
  double whole = l->fleet.servings ? fleet_pool(l, y->index, 0)->each : 1;
  if (whole > 1)
    room -= room % (int)whole;
  if (servers <= room)
    return servers;
  if (used + servers * each > l->fleet.limited_kw) {
    if (!(l->fleet.limited_kw > 0))
      life_tell(l, "warning", "%s: the site takes %.0f kW, %.0f kW are wanted", y->spec->label, limit, used + servers * each);
    l->fleet.limited_kw = used + servers * each;
  }
  return room;
}

/* ---- deliveries ---- */
static void order(struct life *l, struct life_layer *y, int servers) {
  servers = within_limit(l, y, servers);
  if (servers <= 0)
    return;
  double lead_months = y->spec->owned ? y->spec->lead_time_s.a / (86400 * 30.4375) : 0;
  if (lead_months > 0)
    life_order(l, y, servers, lead_months);
  else
    life_add(l, y, servers);
}

/* What scales with demand runs at its limit all day, and some of it is refused. It starts with the least headroom with which the first month meets the service level with
 * a tenth of the slack to spare, and takes the next step after a month that was short of that: as demand grows, rounding up to whole replicas helps less and less. */
static const double headrooms[] = {1, 1.02, 1.04, 1.07, 1.1, 1.15, 1.2, 1.3, 1.4, 1.5, 1.75, 2};
enum { HEADROOMS = sizeof headrooms / sizeof *headrooms };

static double with_slack(const struct sim_serving *v) { return v->slo.attainment + (1 - v->slo.attainment) / 10; }

static bool scales(const struct life *l) {
  for (int i = 0; i < l->option->n; i++)
    if (l->option->layer[i].scale)
      return l->fleet.servings > 0;
  return false;
}

static void set_headroom(struct life *l, int step) {
  l->fleet.headroom_step = step;
  l->fleet.headroom = headrooms[step];
}

static void choose_headroom(struct life *l) {
  bool met = !scales(l);
  for (int k = 0; k < HEADROOMS && !met; k++) {
    met = true;
    set_headroom(l, k);
    for (int s = 0; s < l->fleet.servings; s++)
      met &= fleet_attainment(l, s) >= with_slack(&l->spec->serving[s]);
  }
  if (!met)
    set_headroom(l, 0);
}

static void adjust_headroom(struct life *l) {
  const double *last = l->month[l->now - 1].sum;
  if (!scales(l) || !(last[SUM_ARRIVED] > 0) || l->fleet.headroom_step + 1 >= HEADROOMS)
    return;
  if (last[SUM_WITHIN_SLO] < with_slack(&l->spec->serving[0]) * last[SUM_ARRIVED])
    set_headroom(l, l->fleet.headroom_step + 1);
}

void fleet_open(struct life *l) {
  for (int i = 0; i < l->option->n; i++) {
    struct life_layer *y = &l->layer[i];
    life_add(l, y, within_limit(l, y, fleet_wanted(l, y)));
  }
  fleet_refresh(l);
  choose_headroom(l);
}

/* A commitment pays only if it costs less than what the rest layer asks for the hours that are left. */
bool fleet_pays(const struct life *l, const struct life_layer *y) {
  double rest = rest_usd_per_h(l, y);
  if (y->spec->term_months <= 0 || y->spec->prorated || isnan(rest))
    return true;
  struct contract_offer o = contract_term_offer(l, y);
  return o.months * o.usd_per_h <= fmin(l->spec->months - life_now_months(l), o.months) * rest;
}

void fleet_plan(struct life *l) {
  adjust_headroom(l);
  for (int i = 0; i < l->option->n && l->fleet.servings; i++) {
    struct life_layer *y = &l->layer[i];
    if (y->spec->count >= 0 || y->spec->scale || (y->spec->owned && !y->spec->expand))
      continue;
    int more = fleet_wanted(l, y) - y->servers - y->due;
    if (more > 0 && fleet_pays(l, y))
      order(l, y, more);
    else if (more < 0 && !y->spec->owned && y->spec->term_months == 0)
      life_retire(l, y, -more);
  }
}

/* ---- set up ---- */
/* A model larger than one server is news, although more servers hold it: told once for each kind of server. */
static void tell_fit(struct life *l, const struct life_layer *y, int serving) {
  const struct surfaces *of = fleet_pool(l, y->index, serving)->of;
  for (int i = 0; i < y->index; i++)
    if (fleet_pool(l, i, serving)->of == of)
      return;
  if (of->min_nodes > 1)
    life_tell(l, "fit", "%s does not fit one %s: %s", l->spec->serving[serving].replica.model->name, y->spec->server->name, of->why);
}

static void pool_make(struct life *l, struct life_layer *y, int serving) {
  struct fleet_pool *p = fleet_pool(l, y->index, serving);
  p->of = surface_find(&l->memo->surfaces, y->spec->server, serving);
  if (!p->of || !p->of->fits)
    return;
  tell_fit(l, y, serving);
  surface_at(p->of, l->spec->serving[serving].prefix_hit.a, world_throughput(l->world, l->index, y->index), world_layer(l->world, l->index, y->index)->power.a, &p->surface);
  p->gpus = p->of->gpus;
  p->each = (double)p->of->gpus / y->spec->server->gpus;
  p->availability = 1;
}

/* A layer that cannot hold the model, or not within the limits of the service level, is no layer; an option of such layers alone is out. */
static void check_pools(struct life *l, int serving) {
  const struct fleet_pool *worst = NULL;
  for (int i = 0; i < l->option->n; i++) {
    const struct fleet_pool *p = fleet_pool(l, i, serving);
    if (p->of && p->of->fits && p->surface.max_rate_req_s > 0)
      return;
    worst = p;
  }
  const struct sim_serving *v = &l->spec->serving[serving];
  if (worst && worst->of && worst->of->fits)
    life_infeasible(l,
                    "%s: even a lightly loaded replica of %d GPU%s misses the service level (TTFT %.3g s, TPOT %.3g s for %.0f %%); smallest cure: a faster GPU "
                    "or wider limits",
                    v->name, worst->of->gpus, units_s(worst->of->gpus), v->slo.ttft_s, v->slo.tpot_s, 100 * v->slo.attainment);
  else
    life_infeasible(l, "%s does not fit: %s", v->name, worst && worst->of ? worst->of->why : "no server");
}

void fleet_create(struct life *l) {
  struct fleet *f = &l->fleet;
  int cells = 1;
  f->servings = l->spec->fixed.present ? 0 : l->spec->n_serving;
  f->headroom = 1;
  f->pool = mem_array((size_t)(l->option->n * f->servings) + 1, sizeof *f->pool);
  f->arrived = mem_array((size_t)f->servings + 1, sizeof *f->arrived);
  f->within = mem_array((size_t)f->servings + 1, sizeof *f->within);
  f->record = mem_array((size_t)f->servings + 1, sizeof *f->record);
  for (int s = 0; s < f->servings; s++) {
    cells = l->memo->demand[s].cells > cells ? l->memo->demand[s].cells : cells;
    for (int i = 0; i < l->option->n; i++)
      pool_make(l, &l->layer[i], s);
    check_pools(l, s);
  }
  f->rest = mem_array((size_t)cells * 4, sizeof *f->rest);
  f->active = f->rest + cells;
  f->kw = f->active + cells;
  f->hours = f->kw + cells;
}

void fleet_destroy(struct life *l) {
  mem_free(l->fleet.pool);
  mem_free(l->fleet.arrived);
  mem_free(l->fleet.within);
  mem_free(l->fleet.record);
  mem_free(l->fleet.rest);
}

/* ---- the verdict ---- */
/* Servers that the last month lacks on the layer that takes the rest. */
static int missing_at_the_end(struct life *l, const struct life_layer **ret) {
  struct life_layer *y = &l->layer[l->option->n - 1];
  int missing = y->spec->scale ? 0 : fleet_needed(l, y, l->spec->months - 1) - y->servers;
  *ret = y;
  return missing;
}

void fleet_close_year(struct life *l) {
  for (int s = 0; s < l->fleet.servings; s++) {
    struct fleet_record *r = &l->fleet.record[s];
    double arrived = l->fleet.arrived[s] - r->arrived, share = (l->fleet.within[s] - r->within) / arrived;
    r->arrived = l->fleet.arrived[s];
    r->within = l->fleet.within[s];
    if (!(arrived > 0) || (r->worst_year && share >= r->worst))
      continue;
    r->worst = share;
    r->worst_year = l->now / 12 + 1;
  }
}

void fleet_judge(struct life *l) {
  if (l->spec->replay.present)
    fleet_judge_replay(l);
  for (int s = 0; s < l->fleet.servings; s++) {
    const struct sim_serving *v = &l->spec->serving[s];
    const struct fleet_record *r = &l->fleet.record[s];
    double got = r->worst, asked = v->slo.attainment;
    if (!r->worst_year || got >= asked || (!v->unmet_excludes && l->fleet.within[s] > 0)) /* who serves nobody does no work, whatever is asked */
      continue;
    const struct life_layer *y;
    int missing = missing_at_the_end(l, &y);
    char said[160];
    snprintf(said, sizeof said, "%s: %.1f %% of the requests of year %d in time, %.0f %% asked", v->name, 100 * got, r->worst_year, 100 * asked);
    if (l->fleet.limited_kw > 0)
      life_infeasible(l, "%s: the site's %.0f kW do not hold the servers; smallest cure: %.0f kW", said, l->spec->site.limit_kw, l->fleet.limited_kw);
    else if (missing > 0)
      life_infeasible(l, "%s; smallest cure: %d more %s by the end", said, missing, y->spec->server->name);
    else
      life_infeasible(l, "%s; smallest cure: capacity that is there when demand rises", said);
  }
}
