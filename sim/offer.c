#include "sim/offer.h"
#include "base/units.h"
#include <math.h>
#include <string.h>
#include "sim/finance.h"
#include "sim/life.h"

/* ---- the list ---- */
static const char *term_of(const struct sim_layer *y) {
  return y->term ? y->term : "on-demand";
}

static bool same(double a, double b) {
  return a == b || (isnan(a) && isnan(b));
}

static bool alike(const struct sim_layer *a, const struct sim_layer *b) {
  if (a->server != b->server || a->owned != b->owned)
    return false;
  if (a->owned)
    return same(a->price_usd.a, b->price_usd.a) && same(a->support_per_yr.a, b->support_per_yr.a) && same(a->spares.a, b->spares.a);
  return a->term_months == b->term_months && !strcmp(term_of(a), term_of(b)) && a->scale == b->scale && same(a->usd_per_h.a, b->usd_per_h.a) &&
         same(a->discount.a, b->discount.a);
}

static const struct sim_layer *layer_of(const struct sim_offers *s, const struct sim_offer *o) {
  return &s->world->spec.option[o->option].layer[o->layer];
}

static bool seen(const struct sim_offers *s, const struct sim_layer *y) {
  for (int i = 0; i < s->n; i++)
    if (alike(layer_of(s, &s->offer[i]), y))
      return true;
  return false;
}

static const char *basis_of(struct sim_offers *s, const struct sim_layer *y) {
  if (y->owned)
    return arena_printf(s->arena, "owned: TCO of %d month%s by the ledger / GPU-hours provisioned", s->spec->months, units_s(s->spec->months));
  return arena_printf(s->arena, "rented, %s: price row%s%s", term_of(y), y->discount.a > 0 ? " less discount" : "", y->scale ? ", paid for the hours in use" : ", paid around the clock");
}

static void add(struct sim_offers *s, int option, int layer) {
  const struct sim_option *o = &s->world->spec.option[option];
  const struct sim_layer *y = &o->layer[layer];
  const char *name = o->name;
  if (!y->server || seen(s, y))
    return;
  if (o->n > 1)
    name = arena_printf(s->arena, "%s (%s)", o->name, y->owned ? "owned" : term_of(y));
  s->offer[s->n++] = (struct sim_offer){name, option, layer, y->server, y->owned, !y->owned && y->scale, basis_of(s, y)};
}

void sim_offers_make(struct sim_offers *s, const struct sim_spec *spec) {
  size_t all = 1;
  *s = (struct sim_offers){.arena = arena_create(), .spec = spec, .world = world_create(spec)};
  for (int i = 0; i < spec->n_option; i++)
    all += (size_t)spec->option[i].n;
  s->offer = arena_alloc(s->arena, all * sizeof *s->offer);
  for (int i = 0; i < spec->n_option; i++)
    for (int j = 0; j < spec->option[i].n; j++)
      add(s, i, j);
}

void sim_offers_free(struct sim_offers *s) {
  world_destroy(s->world);
  arena_destroy(s->arena);
  *s = (struct sim_offers){0};
}

/* ---- owned: a life of nothing but these servers ---- */
/* A world with the one layer in it, all servers from the first day, running all the time at the nameplate's watts. */
static void strip(struct sim_spec *spec, struct sim_option *option, struct sim_layer *layer, int servers) {
  layer->count = servers;
  layer->n_event = 0;
  layer->expand = layer->scale = false;
  layer->cover = COVER_ALL;
  option->layer = layer;
  option->n = 1;
  spec->option = option;
  spec->n_option = 1;
  spec->n_serving = spec->n_training = 0;
  spec->storage_active_bytes = spec->storage_archive_bytes = 0;
  spec->staff.own_base_fte = spec->staff.rent_base_fte = dist_point(0);
  spec->site.limit_kw = 0;
  spec->fixed = (struct sim_fixed_load){.present = true, .power_kw = dist_point(layer->server->power_max_w / 1e3), .utilization = dist_point(1)};
}

static void split(const struct life *l, double per_h, double drawn, struct sim_price *ret) {
  const double *k = l->ledger.kind;
  const struct sim_site *site = &l->spec->site;
  ret->goods = (k[CHARGE_SERVER] + k[CHARGE_FABRIC] + k[CHARGE_RACK] + k[CHARGE_INSTALL] + k[CHARGE_SPARES] + k[CHARGE_TAX]) * per_h;
  ret->resale = k[CHARGE_RESIDUAL] * per_h;
  ret->energy = k[CHARGE_ENERGY] * drawn * per_h;
  ret->space = k[CHARGE_COLOCATION] * (site->colo_contracted ? 1 : drawn) * per_h;
  ret->care = (k[CHARGE_MAINTENANCE] + k[CHARGE_INSURANCE]) * per_h;
  ret->staff = k[CHARGE_STAFF] * per_h;
}

static void price_owned(const struct sim_offers *s, const struct sim_offer *o, int servers, double server_w, struct sim_price *ret) {
  struct sim_spec spec = s->world->spec;
  struct sim_option option = spec.option[o->option];
  struct sim_layer layer = option.layer[o->layer];
  struct errs *errs = errs_create();
  struct life l;
  strip(&spec, &option, &layer, servers);
  struct world *w = world_create(&spec);
  struct memo *memo = memo_create(w, 1, 1);
  life_play(&l, w, memo, 0, NULL, errs);
  if (l.played && l.layer[0].whole[SUM_GPU_H] > 0 && errs_count(errs) == 0) {
    double nameplate = o->server->power_max_w, drawn = server_w > 0 && nameplate > 0 ? server_w / nameplate : 1;
    split(&l, 1 / l.layer[0].whole[SUM_GPU_H], drawn, ret);
    ret->usd_per_gpu_h = ret->goods + ret->resale + ret->energy + ret->space + ret->care + ret->staff;
  }
  life_free(&l);
  memo_destroy(memo);
  world_destroy(w);
  errs_destroy(errs);
}

static void price_rented(const struct sim_offers *s, const struct sim_offer *o, struct sim_price *ret) {
  const struct sim_layer *y = layer_of(s, o);
  const struct sim_staff *f = &s->world->spec.staff;
  double hours = s->spec->hours_per_yr > 0 ? s->spec->hours_per_yr : 8766;
  ret->rent = y->usd_per_h.a * (1 - y->discount.a) / o->server->gpus;
  ret->staff = f->rent_fte_per_1000_gpus.a / 1000 * f->loaded_usd_per_yr.a / hours;
  ret->usd_per_gpu_h = ret->rent + ret->staff;
}

void sim_offer_price(const struct sim_offers *s, int offer, int servers, double server_w, struct sim_price *ret) {
  *ret = (struct sim_price){.usd_per_gpu_h = FIN_NONE};
  if (s->offer[offer].owned)
    price_owned(s, &s->offer[offer], servers, server_w, ret);
  else
    price_rented(s, &s->offer[offer], ret);
}
