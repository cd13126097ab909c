#include "sim/uncertainty.h"
#include <math.h>
#include <stddef.h>
#include <string.h>
#include "base/units.h"
#include "sim/contract.h"
#include "sim/kernel/stream.h"

/* Where the dists lie. A key with %s names the thing whose value it is: inputs that are one thing in the world have one key. */
struct slot {
  const char *key, *unit;
  size_t at;
};
#define OF(type, field) offsetof(struct type, field)
static const struct slot spec_slots[] = {
    {"discount", "/yr", OF(sim_spec, discount_per_yr)},
    {"fixed.power", "kW", OF(sim_spec, fixed.power_kw)},
    {"fixed.utilization", "", OF(sim_spec, fixed.utilization)},
    {"fixed.output", "token/s", OF(sim_spec, fixed.output_tok_per_s)},
    {"rented.storage.active", "USD/GB-month", OF(sim_spec, rent_storage_active_usd_per_gb_month)},
    {"rented.storage.archive", "USD/GB-month", OF(sim_spec, rent_storage_archive_usd_per_gb_month)},
    {"rented.egress", "USD/GB", OF(sim_spec, egress_usd_per_gb)},
    {"rented.pue", "", OF(sim_spec, rent_pue)},
    {"site.colocation", "USD/kW-month", OF(sim_spec, site.colo_usd_per_kw_month)},
    {"site.colocation.growth", "/yr", OF(sim_spec, site.colo_growth_per_yr)},
    {"site.pue", "", OF(sim_spec, site.pue)},
    {"site.tariff", "USD/kWh", OF(sim_spec, site.tariff_usd_per_kwh)},
    {"site.storage", "USD/TB", OF(sim_spec, site.storage_usd_per_tb)},
    {"site.rack", "USD/rack", OF(sim_spec, site.rack_usd)},
    {"site.fabric", "", OF(sim_spec, site.fabric_share)},
    {"site.sales_tax", "", OF(sim_spec, site.sales_tax)},
    {"site.insurance", "/yr", OF(sim_spec, site.insurance_per_yr)},
    {"site.install", "", OF(sim_spec, site.install_share)},
    {"site.egress", "USD/GB", OF(sim_spec, site.egress_usd_per_gb)},
    {"staff.loaded", "USD/yr", OF(sim_spec, staff.loaded_usd_per_yr)},
    {"staff.own.base", "fte", OF(sim_spec, staff.own_base_fte)},
    {"staff.own.per_1000_gpus", "fte", OF(sim_spec, staff.own_fte_per_1000_gpus)},
    {"staff.rent.base", "fte", OF(sim_spec, staff.rent_base_fte)},
    {"staff.rent.per_1000_gpus", "fte", OF(sim_spec, staff.rent_fte_per_1000_gpus)},
    {"reliability.failures", "/node-day", OF(sim_spec, reliability.failures_per_node_day)},
};
static const struct slot serving_slots[] = {
    {"%s.growth", "/yr", OF(sim_serving, growth_per_yr)},
    {"%s.prefix_hit", "", OF(sim_serving, prefix_hit)},
    {"%s.egress", "B/token", OF(sim_serving, egress_bytes_per_token)},
};
static const struct slot owned_slots[] = {
    {"price.%s", "USD", OF(sim_layer, price_usd)},
    {"owned.spares", "", OF(sim_layer, spares)},
    {"owned.support", "/yr", OF(sim_layer, support_per_yr)},
    {"owned.maintenance", "USD/yr", OF(sim_layer, maintenance_usd_per_yr)},
    {"owned.lead_time", "s", OF(sim_layer, lead_time_s)},
    {"owned.residual", "", OF(sim_layer, residual_value)},
};
static const struct slot rented_slots[] = {
    {"price.%s", "USD/h", OF(sim_layer, usd_per_h)},
    {"rented.discount", "", OF(sim_layer, discount)},
    {"rented.list_drift", "/yr", OF(sim_layer, list_drift_per_yr)},
    {"rented.p_success", "", OF(sim_layer, p_success)},
};
static const struct slot contract_slots[] = {{"price.%s", "USD/h", OF(sim_contract, usd_per_h)}};
#define N(array) (int)(sizeof(array) / sizeof *(array))

/* ---- copies ---- */
static void copy_spec(struct arena *a, const struct sim_spec *from, struct sim_spec *to) {
  *to = *from;
  to->option = arena_alloc(a, (size_t)from->n_option * sizeof *to->option);
  for (int i = 0; i < from->n_option; i++) {
    struct sim_option *o = &to->option[i];
    *o = from->option[i];
    o->layer = arena_alloc(a, (size_t)o->n * sizeof *o->layer);
    memcpy(o->layer, from->option[i].layer, (size_t)o->n * sizeof *o->layer);
  }
  to->serving = arena_alloc(a, (size_t)from->n_serving * sizeof *to->serving + 1);
  if (from->n_serving)
    memcpy(to->serving, from->serving, (size_t)from->n_serving * sizeof *to->serving);
  to->contract = arena_alloc(a, (size_t)from->n_contract * sizeof *to->contract + 1);
  if (from->n_contract)
    memcpy(to->contract, from->contract, (size_t)from->n_contract * sizeof *to->contract);
}

static bool is_unset(const struct dist *d) { return d->kind == DIST_POINT && isnan(d->a); }

static struct dist of_price(const struct hw_price *p) {
  if (!p)
    return dist_point(NAN);
  if (p->low_usd > 0 && p->low_usd <= p->usd && p->usd <= p->high_usd)
    return (struct dist){DIST_TRI, p->low_usd, p->usd, p->high_usd};
  return dist_point(p->usd);
}

/* Prices that the scenario leaves to the catalog; NaN stays where that has none. */
static void fill_price(const struct sim_spec *spec, struct sim_layer *y) {
  struct dist *d = y->owned ? &y->price_usd : &y->usd_per_h;
  const struct contract *c = contract_find(y);
  if (is_unset(d) && c && spec->catalog && y->server)
    *d = of_price(hw_price_find(spec->catalog, y->server->name, c->price ? c->price : y->term, y->region ? y->region : "", spec->as_of));
}

/* ---- collecting what is uncertain ---- */
struct collector {
  struct world *w;
  const char *option; /* goes into the keys of layers when options are not to share their draws; NULL = they share */
  size_t cap;
};

static struct world_input *input_of(struct collector *c, const char *key, const char *unit) {
  struct world *w = c->w;
  if (c->option)
    key = arena_printf(w->arena, "%s:%s", c->option, key);
  for (int i = 0; i < w->n_input; i++)
    if (!strcmp(w->input[i].key, key))
      return &w->input[i];
  w->input = mem_grow(w->input, &c->cap, (size_t)w->n_input + 1, sizeof *w->input);
  w->input[w->n_input] = (struct world_input){.key = key, .unit = unit};
  return &w->input[w->n_input++];
}

/* The copy gets the likeliest value; an uncertain one is noted under its key. */
static void take(struct collector *c, const char *key, const char *unit, const struct dist *from, struct dist *to) {
  *to = dist_point(dist_central(from));
  if (!dist_is_uncertain(from))
    return;
  struct world_input *in = input_of(c, key, unit);
  in->ref = mem_realloc(in->ref, (size_t)in->n_ref + 1, sizeof *in->ref);
  in->ref[in->n_ref++] = (struct world_ref){from, to};
}

static void take_slots(struct collector *c, const struct slot *slot, int n, const char *name, const void *from, void *to) {
  for (int i = 0; i < n; i++) {
    const char *mark = strstr(slot[i].key, "%s");
    const char *key = !mark ? slot[i].key : arena_printf(c->w->arena, "%.*s%s%s", (int)(mark - slot[i].key), slot[i].key, name, mark + 2);
    take(c, key, slot[i].unit, (const struct dist *)((const char *)from + slot[i].at), (struct dist *)((char *)to + slot[i].at));
  }
}

/* A chip is the GPU's name up to its form and memory: "A100" of A100-SXM-40GB. What the model gets wrong about a chip it gets wrong in all its forms. */
static size_t chip_length(const char *gpu) { return strcspn(gpu, "-"); }

bool world_is_extrapolated(const struct sim_spec *s, const struct hw_gpu *g) {
  size_t n = chip_length(g->name);
  for (size_t i = 0; s->catalog && hw_fact_at(s->catalog, i); i++) {
    const struct hw_fact *f = hw_fact_at(s->catalog, i);
    if (!strcmp(f->kind, "kernel") && chip_length(f->name) == n && !strncmp(f->name, g->name, n) &&
        (!strcmp(f->grade, "fitted") || !strcmp(f->grade, "measured")))
      return false;
  }
  return true;
}

static struct dist widen(struct dist d, double factor) {
  if (d.kind == DIST_NORMAL || d.kind == DIST_LOGNORMAL)
    d.b *= factor;
  else if (d.kind == DIST_TRI)
    d = (struct dist){DIST_TRI, fmax(0.01, d.b - (d.b - d.a) * factor), d.b, d.b + (d.c - d.b) * factor};
  else if (d.kind == DIST_UNIFORM) {
    double mid = (d.a + d.b) / 2, half = (d.b - d.a) / 2 * factor;
    d = (struct dist){DIST_UNIFORM, fmax(0.01, mid - half), mid + half, 0};
  }
  return d;
}

/* A stated one; else the measured spread of the kind of prediction, from the catalog; else none. */
static struct dist error_of(const struct sim_spec *spec, const struct dist *stated, const char *kind) {
  const struct hw_fact *f = isnan(stated->a) && spec->catalog ? hw_fact_find(spec->catalog, "model_error", kind, "sd") : NULL;
  if (f && f->value > 0)
    return (struct dist){DIST_LOGNORMAL, 1, sqrt(expm1(f->value * f->value)), 0};
  return stated->kind == DIST_POINT && !(stated->a > 0) ? dist_point(1) : *stated;
}

/* The training whose kind of model and format is predicted worst. Where a kind was seldom measured the one in 16 bit stands for it. */
static struct dist training_error_of(const struct sim_spec *spec) {
  struct dist worst = dist_point(1);
  for (int i = 0; i < spec->n_training; i++) {
    const struct sim_training *t = &spec->training[i];
    bool moe = t->model && t->model->experts > 0, low = t->plan.precision == DT_FP8 || t->plan.precision == DT_FP4;
    const char *kind[] = {moe ? "training fp8 moe" : "training fp8 dense", moe ? "training 16bit moe" : "training 16bit dense"};
    for (int k = low ? 0 : 1; k < 2; k++) {
      struct dist d = error_of(spec, &spec->model_error_training, kind[k]);
      bool found = dist_is_uncertain(&d);
      if (i == 0 || dist_variance(&d) > dist_variance(&worst))
        worst = d;
      if (found)
        break;
    }
  }
  return worst;
}

static void take_error(struct collector *c, const char *what, const struct hw_server *server, struct dist error, struct dist *to) {
  struct world *w = c->w;
  struct dist *from = arena_alloc(w->arena, sizeof *from);
  *from = error;
  if (server && dist_is_uncertain(from) && w->given->widen_if_extrapolated > 1 && world_is_extrapolated(w->given, server->gpu))
    *from = widen(*from, w->given->widen_if_extrapolated);
  const char *gpu = server ? server->gpu->name : "?";
  take(c, arena_printf(w->arena, "model_error.%s%.*s", what, (int)chip_length(gpu), gpu), "", from, to);
}

static void take_errors(struct collector *c, const struct hw_server *server, struct world_layer *to) {
  const struct sim_spec *s = c->w->given;
  bool serves = s->n_serving > 0, trains = s->n_training > 0;
  take_error(c, "", server, serves ? error_of(s, &s->model_error_throughput, "serving throughput") : dist_point(1), &to->throughput);
  take_error(c, "training.", server, training_error_of(s), &to->training);
  take_error(c, "power.", server, serves || trains ? error_of(s, &s->model_error_power, "power") : dist_point(1), &to->power);
}

static void take_layer(struct collector *c, const struct sim_layer *from, struct sim_layer *to) {
  /* what is rented by the hour to take the rest comes and goes with it, unless its number is stated */
  to->scale |= !from->owned && from->term_months == 0 && from->count < 0 && from->cover == COVER_REST;
  const char *server = from->server ? from->server->name : "server";
  if (from->owned)
    take_slots(c, owned_slots, N(owned_slots), server, from, to);
  else
    take_slots(c, rented_slots, N(rented_slots), arena_printf(c->w->arena, "%s %s", server, from->term ? from->term : "on-demand"), from, to);
}

/* The term that a commitment renews with when that is another than its own, and its list price. */
static void find_renewal(const struct sim_spec *spec, const struct sim_layer *y, struct world_layer *to) {
  double months;
  char why[160];
  if (y->owned || y->term_months <= 0 || !y->renew || !*y->renew || !strcmp(y->renew, "then_current") || !strcmp(y->renew, "none"))
    return;
  if (!units_parse(y->renew, "month", &months, why, sizeof why) || !spec->catalog)
    return;
  const struct hw_price *p = hw_price_find(spec->catalog, y->server->name, y->renew, y->region ? y->region : "", spec->as_of);
  if (p && months >= 1) {
    to->renew_months = (int)lround(months);
    to->renew_usd_per_h = p->usd;
  }
}

static void take_options(struct collector *c, const struct sim_spec *from, struct sim_spec *to) {
  struct world *w = c->w;
  int n = 0;
  for (int i = 0; i < from->n_option; i++)
    n += from->option[i].n;
  w->layer = arena_alloc(w->arena, (size_t)n * sizeof *w->layer + 1);
  w->first_layer = arena_alloc(w->arena, (size_t)from->n_option * sizeof *w->first_layer + 1);
  n = 0;
  for (int i = 0; i < from->n_option; i++) {
    c->option = from->common_random_numbers ? NULL : from->option[i].name;
    w->first_layer[i] = n;
    for (int j = 0; j < from->option[i].n; j++, n++) {
      take_layer(c, &from->option[i].layer[j], &to->option[i].layer[j]);
      take_errors(c, from->option[i].layer[j].server, &w->layer[n]);
      find_renewal(from, &from->option[i].layer[j], &w->layer[n]);
    }
  }
  c->option = NULL;
}

static void take_all(struct collector *c, const struct sim_spec *from, struct sim_spec *to) {
  take_slots(c, spec_slots, N(spec_slots), "", from, to);
  for (int i = 0; i < from->n_serving; i++)
    take_slots(c, serving_slots, N(serving_slots), from->serving[i].name ? from->serving[i].name : "serving", &from->serving[i], &to->serving[i]);
  c->w->contract = arena_alloc(c->w->arena, (size_t)from->n_contract * sizeof *c->w->contract + 1);
  for (int i = 0; i < from->n_contract; i++) {
    take_slots(c, contract_slots, N(contract_slots), from->contract[i].name, &from->contract[i], &to->contract[i]);
    take_errors(c, from->contract[i].server, &c->w->contract[i]);
  }
  take_options(c, from, to);
  to->reliability.repair_s = dist_point(dist_mean(&from->reliability.repair_s)); /* a law of single repairs, not a doubt about their mean */
}

struct world *world_create(const struct sim_spec *spec) {
  struct world *w = mem_alloc(sizeof *w);
  w->arena = arena_create();
  w->given = arena_alloc(w->arena, sizeof *w->given);
  copy_spec(w->arena, spec, w->given);
  for (int i = 0; i < w->given->n_option; i++)
    for (int j = 0; j < w->given->option[i].n; j++)
      fill_price(w->given, &w->given->option[i].layer[j]);
  copy_spec(w->arena, w->given, &w->spec);
  struct collector c = {.w = w};
  take_all(&c, w->given, &w->spec);
  return w;
}

void world_destroy(struct world *w) {
  if (!w)
    return;
  for (int i = 0; i < w->n_input; i++)
    mem_free(w->input[i].ref);
  mem_free(w->input);
  arena_destroy(w->arena);
  mem_free(w);
}

/* ---- values ---- */
void world_set(struct world *w, int input, double value) {
  for (int i = 0; i < w->input[input].n_ref; i++)
    *w->input[input].ref[i].to = dist_point(value);
}

void world_central(struct world *w) {
  for (int i = 0; i < w->n_input; i++)
    for (int j = 0; j < w->input[i].n_ref; j++)
      *w->input[i].ref[j].to = dist_point(dist_central(w->input[i].ref[j].from));
}

double world_uniform(const struct world *w, int input, uint64_t seed, uint64_t replica) {
  struct stream st;
  stream_init(&st, seed, w->input[input].key, replica);
  return stream_uniform(&st);
}

/* One uniform per input; layers that state different spreads for one thing move together. */
void world_draw(struct world *w, uint64_t seed, uint64_t replica) {
  for (int i = 0; i < w->n_input; i++) {
    double u = world_uniform(w, i, seed, replica);
    for (int j = 0; j < w->input[i].n_ref; j++)
      *w->input[i].ref[j].to = dist_point(dist_quantile(w->input[i].ref[j].from, u));
  }
}

double world_low(const struct world *w, int input) { return dist_low(w->input[input].ref->from); }
double world_high(const struct world *w, int input) { return dist_high(w->input[input].ref->from); }
double world_value(const struct world *w, int input) { return w->input[input].ref->to->a; }
