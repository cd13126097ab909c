/* What must hold between keys. Each check runs when its section has been read; a value that was bad itself is not
 * complained about twice. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "scenarios/keys.h"

static bool given(const struct sc_node *n, const char *key) {
  return sc_node_entry(n, key) != NULL;
}

static const char *below(struct sc_reader *r, const char *path, const char *key) {
  return *path ? arena_printf(r->arena, "%s.%s", path, key) : key;
}

static const struct sc_node *at(const struct sc_node *n, const char *key) {
  const struct sc_node *v = sc_node_get(n, key);
  return v ? v : n;
}

/* ---- work ---- */

void sc_check_rate(struct sc_reader *r, const struct sc_node *n, const char *path, const char *key, const struct wl_curve *rate, double growth) {
  double peak = rate ? wl_curve_max(rate) : 1;
  if (!(peak > 0))
    sc_error(r, at(n, "rate"), below(r, path, "rate"), "no request ever arrives");
  else if (!(peak * growth <= SC_MOST_REQ_S))
    sc_error(r, at(n, key), below(r, path, key), "out of range, got a peak of %.4g req/s, expected at most %.0f", peak * growth, SC_MOST_REQ_S);
}

void sc_check_serving(struct sc_reader *r, const struct sc_node *n, const char *path, void *serving) {
  struct sim_serving *s = serving;
  s->replica.catalog = r->catalog;
  s->replica.engines = r->spec->engines;
  if (!given(n, "slo"))
    s->slo = (struct sim_slo){.quantile = 0.95, .attainment = 0};
  sc_check_rate(r, n, path, "rate", s->rate, 1);
  if (s->replica.gpus > 0 && s->replica.nodes > 1)
    sc_error(r, at(n, "replica"), below(r, path, "replica"),
             "contradicts itself: gpus is for replicas smaller than a server, nodes for larger ones");
}

void sc_check_training(struct sc_reader *r, const struct sc_node *n, const char *path, void *training) {
  const struct sim_training *t = training;
  if (t->plan.tp > 0 && t->plan.pp > 0 && t->plan.dp > 0 && t->plan.cp >= 0 && t->gpus > 0) {
    int gpus = t->plan.tp * t->plan.pp * t->plan.dp * (t->plan.cp ? t->plan.cp : 1);
    if (gpus != t->gpus)
      sc_error(r, at(n, "plan"), below(r, path, "plan"), "tp x pp x dp x cp is %d GPUs, but gpus is %d", gpus, t->gpus);
  }
}

void sc_check_fixed(struct sc_reader *r, const struct sc_node *n, const char *path, void *fixed) {
  (void)r;
  (void)n;
  (void)path;
  ((struct sim_fixed_load *)fixed)->present = true;
}

/* ---- layers ---- */

const struct sc_table *sc_pick_layer(struct sc_reader *r, const struct sc_node *n, const char *path) {
  bool own = given(n, "own"), rent = given(n, "rent");
  if (own != rent)
    return own ? &sc_owned_table : &sc_rented_table;
  sc_error(r, n, path,
           own ? "both owned and rented, expected own: SERVER or rent: SERVER"
               : "neither owned nor rented, expected own: SERVER or rent: SERVER");
  return NULL;
}

/* The same server in another network. */
static void rewire(struct sc_reader *r, struct sim_layer *l) {
  struct hw_server *s = arena_alloc(r->arena, sizeof *s);
  *s = *l->server;
  s->oversubscription = l->oversubscription;
  s->pod_nodes = l->pod_nodes;
  l->server = s;
}

static void check_layer(struct sc_reader *r, const struct sc_node *n, const char *path, struct sim_layer *l) {
  const char *last = strrchr(path, '.');
  l->label = arena_printf(r->arena, "%s: %s %s", last ? last + 1 : path, l->owned ? "own" : "rent",
                          l->server ? l->server->name : "?");
  if (l->server && given(n, "network"))
    rewire(r, l);
  if (l->count > 0 && given(n, "cover") && l->cover != COVER_ALL)
    sc_error(r, at(n, "cover"), below(r, path, "cover"),
             "contradicts count: a layer has a fixed count or a part of the demand to cover");
}

static void check_events(struct sc_reader *r, const struct sc_node *n, const char *path, const struct sim_layer *l) {
  const struct sc_node *list = sc_node_get(n, "events");
  long long servers = l->count;
  for (int i = 0; i < l->n_event; i++) {
    const struct sc_node *e = list->kind == SC_SEQ ? list->entry[i].node : list;
    const char *where = arena_printf(r->arena, "%s.events.%d", path, i);
    const struct date d = l->event[i].date, before = i ? l->event[i - 1].date : r->spec->as_of;
    if (d.year && before.year && date_days(d) < date_days(before)) {
      char a[11], b[11];
      date_format(d, a);
      date_format(before, b);
      sc_error(r, at(e, "date"), below(r, where, "date"), "dates out of order, got %s after %s%s", a, b,
               i ? "" : " (as_of)");
    }
    servers += l->event[i].servers;
    if (servers < 0 && l->count >= 0)
      sc_error(r, at(e, "servers"), below(r, where, "servers"),
               "retires more servers than there are: %lld would be left", servers);
  }
  if (l->n_event && l->count < 0)
    sc_error(r, list, below(r, path, "events"), "need a count to start from, got count: auto");
}

static bool has_price(const struct sc_reader *r, const struct sim_layer *l, const char *contract) {
  return hw_price_find(r->catalog, l->server->name, contract, l->owned ? "" : l->region, r->spec->as_of) != NULL;
}

void sc_check_owned(struct sc_reader *r, const struct sc_node *n, const char *path, void *layer) {
  struct sim_layer *l = layer;
  l->owned = true;
  check_layer(r, n, path, l);
  check_events(r, n, path, l);
  if (l->server && isnan(l->price_usd.a) && r->spec->as_of.year && !has_price(r, l, "purchase"))
    sc_error(r, at(n, "own"), below(r, path, "price"),
             "the catalog has no purchase price of %s, expected a price in USD", l->server->name);
  const struct sc_node *residual = sc_node_get(n, "residual");
  if (l->residual == RESIDUAL_FRACTION && !given(residual, "value"))
    sc_error(r, at(n, "residual"), below(r, path, "residual.value"), "is missing: the law fraction needs it");
  if (l->residual == RESIDUAL_DECAY_FROM_LAUNCH && !given(residual, "rate"))
    sc_error(r, at(n, "residual"), below(r, path, "residual.rate"), "is missing: the law decay_from_launch needs it");
  if (residual && given(residual, "value") && given(residual, "rate"))
    sc_error(r, residual, below(r, path, "residual"),
             "contradicts itself: value belongs to the law fraction, rate to decay_from_launch");
}

void sc_check_rented(struct sc_reader *r, const struct sc_node *n, const char *path, void *layer) {
  struct sim_layer *l = layer;
  check_layer(r, n, path, l);
  if (l->term_months && l->scale)
    sc_error(r, at(n, "scale"), below(r, path, "scale"),
             "contradicts term: what is committed to for %s is paid used or not", l->term);
  if (l->prorated && !l->term_months && l->term)
    sc_error(r, at(n, "remainder"), below(r, path, "remainder"), "has no effect: %s is no commitment", l->term);
  if (l->server && l->term && isnan(l->usd_per_h.a) && r->spec->as_of.year && !has_price(r, l, l->term)) {
    char day[11];
    date_format(r->spec->as_of, day);
    sc_error(r, at(n, "rent"), below(r, path, "price"),
             "the catalog has no price of %s, term %s, region %s, on %s, expected a price in USD/h", l->server->name,
             l->term, l->region, day);
  }
}

void sc_check_option(struct sc_reader *r, const struct sc_node *n, const char *path, void *option) {
  const struct sim_option *o = option;
  const struct sc_node *layers = at(n, "layers");
  const char *where = below(r, path, "layers");
  for (int i = 0; i < o->n; i++) {
    const struct sim_layer *l = &o->layer[i];
    const struct sc_node *node = layers->kind == SC_SEQ ? layers->entry[i].node : layers;
    const char *place = arena_printf(r->arena, "%s.%d", where, i);
    if (l->cover == COVER_REST && i != o->n - 1)
      sc_error(r, node, place, "covers the rest but is not the last layer: the layers below it can never be used");
    if (l->cover == COVER_ALL && l->count < 0 && i != o->n - 1)
      sc_error(r, node, place,
               "covers all of the demand but is not the last layer: the layers below it can never be used");
  }
}

/* ---- the whole ---- */

void sc_check_contract(struct sc_reader *r, const struct sc_node *n, const char *path, void *contract) {
  const struct sim_contract *c = contract;
  if (c->max_s < c->min_s)
    sc_error(r, at(n, "max"), below(r, path, "max"), "the longest block is shorter than the shortest");
}

static void check_dates(struct sc_reader *r, const struct sc_node *n, struct sim_spec *s) {
  if (!s->as_of.year)
    return;
  if (!s->start.year) {
    struct date first = s->as_of;
    first.day = 1;
    s->start = s->as_of.day == 1 ? first : date_add_months(first, 1);
  }
  if (date_days(s->start) < date_days(s->as_of))
    sc_error(r, at(n, "start"), "start", "dates out of order: the horizon starts before as_of");
  struct date end = date_add_months(s->start, s->months);
  for (int i = 0; i < s->n_training; i++) {
    struct sim_training *t = &s->training[i];
    const char *where = arena_printf(r->arena, "work.training.%d.first", i);
    const struct sc_node *list = sc_node_get(sc_node_get(n, "work"), "training");
    const struct sc_node *node = at(list->kind == SC_SEQ ? list->entry[i].node : list, "first");
    if (!t->first.year)
      t->first = s->start;
    else if (date_days(t->first) < date_days(s->start))
      sc_error(r, node, where, "dates out of order: the first run is before the horizon starts");
    else if (date_days(t->first) >= date_days(end))
      sc_error(r, node, where, "dates out of order: the first run is after the horizon ends");
  }
}

static const char *contract_at(const void *ctx, size_t i) {
  const struct sim_spec *s = ctx;
  return i == 0 ? "fleet" : (int)i <= s->n_contract ? s->contract[i - 1].name : NULL;
}

static const char *option_at(const void *ctx, size_t i) {
  const struct sim_spec *s = ctx;
  return (int)i < s->n_option ? s->option[i].name : NULL;
}

static bool is_among(const char *word, const char *(*get)(const void *, size_t), const void *ctx) {
  for (size_t i = 0; get(ctx, i); i++)
    if (strcmp(get(ctx, i), word) == 0)
      return true;
  return false;
}

static void unknown(struct sc_reader *r, const struct sc_node *n, const char *path, const char *what, const char *got,
                    const char *(*get)(const void *, size_t), const void *ctx) {
  const char *near = err_nearest(got, get, ctx);
  sc_error(r, n, path, "no such %s, got '%s'%s%s%s", what, got, near ? ", did you mean '" : "", near ? near : "",
           near ? "'?" : "");
}

static void check_names(struct sc_reader *r, const struct sc_node *n, struct sim_spec *s) {
  const struct sc_node *work = sc_node_get(n, "work");
  if (s->baseline && *s->baseline && !is_among(s->baseline, option_at, s))
    unknown(r, at(n, "baseline"), "baseline", "option", s->baseline, option_at, s);
  for (int i = 0; i < s->n_training; i++)
    for (int k = 0; k < s->training[i].n_where; k++)
      if (!is_among(s->training[i].where[k], contract_at, s))
        unknown(r, at(work, "training"), arena_printf(r->arena, "work.training.%d.where", i), "place to train",
                s->training[i].where[k], contract_at, s);
}

static void check_work(struct sc_reader *r, const struct sc_node *n, const struct sim_spec *s) {
  const struct sc_node *work = sc_node_get(n, "work");
  if (!work || work->kind != SC_MAP)
    return;
  bool simulated = given(work, "serving") || given(work, "training");
  if (!simulated && !given(work, "replay") && !s->fixed.present && !given(work, "fixed"))
    sc_error(r, work, "work", "nothing to do, expected serving, training, replay or fixed");
  if (given(work, "replay") && (simulated || given(work, "fixed")))
    sc_error(r, at(work, "replay"), "work.replay",
             "contradicts %s: the servers of an option play the replay alone", given(work, "serving") ? "serving" : given(work, "training") ? "training" : "fixed");
  if (simulated && given(work, "fixed"))
    sc_error(r, at(work, "fixed"), "work.fixed",
             "contradicts serving and training: what runs is either given or simulated");
  for (int i = 0; i < s->n_option; i++)
    for (int k = 0; k < s->option[i].n; k++)
      if (s->fixed.present && s->option[i].layer[k].count < 0)
        sc_error(r, work, arena_printf(r->arena, "options.%s.layers.%d.count", s->option[i].name, k),
                 "cannot be auto: fixed work asks for no service level");
}

/* What a service grows to by the end. */
static void check_growth(struct sc_reader *r, const struct sc_node *n, const struct sim_spec *s) {
  const struct sc_node *list = sc_node_get(sc_node_get(n, "work"), "serving");
  for (int i = 0; i < s->n_serving; i++) {
    const struct sim_serving *v = &s->serving[i];
    const struct sc_node *own = list && list->kind == SC_SEQ ? list->entry[i].node : list;
    double grown = pow(1 + v->growth_per_yr.a, s->months / 12.0);
    if (v->rate && wl_curve_max(v->rate) <= SC_MOST_REQ_S && grown > 1)
      sc_check_rate(r, own, list && list->kind == SC_SEQ ? arena_printf(r->arena, "work.serving.%d", i) : "work.serving", "growth", v->rate, grown);
  }
}

static void check_site(struct sc_reader *r, const struct sc_node *n, const struct sim_spec *s) {
  bool owned = false;
  for (int i = 0; i < s->n_option; i++)
    for (int k = 0; k < s->option[i].n; k++)
      owned = owned || s->option[i].layer[k].owned;
  const struct sc_node *site = sc_node_get(n, "site");
  static const char *const needed[] = {"pue", "tariff"};
  for (int i = 0; owned && i < 2; i++)
    if (!given(site, needed[i]))
      sc_error(r, site ? site : n, arena_printf(r->arena, "site.%s", needed[i]),
               "is missing: an option owns servers, so its energy must be priced");
}

/* A decision of 2024 is served by the software of 2024. */
static void default_software(struct sc_reader *r, const struct sc_node *n, struct sim_spec *s) {
  static const struct sc_node nowhere = {.kind = SC_SCALAR};
  if (given(n, "software"))
    return;
  s->year = s->as_of.year;
  sc_row(r, &nowhere, "software", arena_printf(r->arena, "%d", s->year), "");
}

void sc_check_scenario(struct sc_reader *r, const struct sc_node *n, const char *path, void *spec) {
  (void)path;
  struct sim_spec *s = spec;
  check_dates(r, n, s);
  default_software(r, n, s);
  check_names(r, n, s);
  check_work(r, n, s);
  check_growth(r, n, s);
  check_site(r, n, s);
  sc_check_replay_options(r, n, s);
  s->basis = "nominal pre-tax";
  for (int i = 0; i < s->n_serving; i++)
    s->serving[i].replica.year = s->year;
}
