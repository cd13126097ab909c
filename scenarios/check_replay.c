/* What must hold between the keys of a replay, its options and their layers. */
#include <math.h>
#include <string.h>
#include "base/units.h"
#include "scenarios/keys.h"

static const struct sc_node *at(const struct sc_node *n, const char *key) {
  const struct sc_node *v = sc_node_get(n, key);
  return v ? v : n;
}

static const char *below(struct sc_reader *r, const char *path, const char *key) {
  return arena_printf(r->arena, "%s.%s", path, key);
}

static void check_source(struct sc_reader *r, const struct sc_node *n, const char *path, const struct sim_replay *p) {
  static const char *const made[] = {"rate", "input_tokens", "output_tokens"};
  bool trace = sc_node_entry(n, "trace") != NULL;
  for (int i = 0; i < 3; i++) {
    bool given = sc_node_entry(n, made[i]) != NULL;
    if (trace && given)
      sc_error(r, at(n, made[i]), below(r, path, made[i]), "contradicts trace: requests are read or made, expected one of the two");
    if (!trace && !given)
      sc_error(r, n, below(r, path, made[i]), "is missing: without a trace, requests are made of rate, input_tokens and output_tokens");
  }
  bool scaled = p->scale * pow(1 + p->growth_per_yr, p->ahead_yr) > 1;
  sc_check_rate(r, n, path, trace ? "trace" : "rate", p->rate, 1);
  if (scaled && p->rate && wl_curve_max(p->rate) <= SC_MOST_REQ_S)
    sc_check_rate(r, n, path, sc_node_entry(n, "scale") ? "scale" : "growth", p->rate, p->scale * pow(1 + p->growth_per_yr, p->ahead_yr));
}

void sc_check_replay(struct sc_reader *r, const struct sc_node *n, const char *path, void *replay) {
  struct sim_replay *p = replay;
  double shares = 0;
  p->present = true;
  p->replica.catalog = r->catalog;
  p->replica.engines = r->spec->engines;
  check_source(r, n, path, p);
  if (!sc_node_entry(n, "slo"))
    p->slo = (struct sim_slo){.quantile = 0.95, .attainment = 0};
  for (int i = 0; i < p->n_class; i++) {
    struct sim_class *k = &p->class[i];
    shares += k->share;
    k->ttft_s = k->ttft_s > 0 ? k->ttft_s : p->slo.ttft_s;
    k->tpot_s = k->tpot_s > 0 ? k->tpot_s : p->slo.tpot_s;
  }
  if (p->n_class && !(shares > 0))
    sc_error(r, at(n, "tenants"), below(r, path, "tenants"), "have no share at all, expected one above 0");
  if (!p->trace && p->rate)
    wl_curve_scale_to_mean(p->rate, wl_curve_mean(p->rate) * p->scale * pow(1 + p->growth_per_yr, p->ahead_yr));
}

static const struct sc_node *layer_node(const struct sc_node *layers, int k) {
  return layers && layers->kind == SC_SEQ ? layers->entry[k].node : layers;
}

/* At most so many replicas stand on a layer's servers: as many as its replica's stated size allows, else one a GPU. */
static double most_replicas(const struct sim_layer *l, const struct sim_replica *v) {
  int stated = v->gpus > 0 ? v->gpus : (v->tp > 0 ? v->tp : 1) * (v->pp > 0 ? v->pp : 1), per = stated < 1 ? 1 : stated;
  int gpus = l->server->gpus;
  return v->nodes > 0 ? l->count / v->nodes : per > gpus ? floor((double)l->count * gpus / per) : (double)l->count * floor((double)gpus / per);
}

static void check_scaling(struct sc_reader *r, const struct sc_node *n, const char *path, const struct sim_layer *l) {
  double most = l->server ? most_replicas(l, &r->spec->replay.replica) : HUGE_VAL;
  const struct {
    const char *key;
    int replicas;
  } asked[] = {{"min", l->scaling.policy && l->scaling.policy->to_zero ? 0 : l->scaling.min}, {"initial", l->initial}};
  for (size_t i = 0; l->scaling.policy && l->count > 0 && i < sizeof asked / sizeof *asked; i++)
    if (asked[i].replicas > most)
      sc_error(r, at(at(n, "autoscale"), asked[i].key), arena_printf(r->arena, "%s.autoscale.%s", path, asked[i].key),
               "contradicts count, got %d replicas, expected at most the %.0f that %s has room for (%d server%s)", asked[i].replicas, most, below(r, path, "count"), l->count, units_s(l->count));
}

static void check_layer(struct sc_reader *r, const struct sc_node *n, const char *path, struct sim_layer *l) {
  if (l->count < 0)
    sc_error(r, n, below(r, path, "count"), "cannot be auto: a replay is played over a stated number of servers");
  if (l->n_event)
    sc_error(r, at(n, "events"), below(r, path, "events"), "contradict work.replay: it is played over the servers of the start");
  if (l->prefill > 0 && l->role != SIM_BOTH)
    sc_error(r, at(n, "prefill"), below(r, path, "prefill"), "contradicts role: the replicas of a server are of both kinds, or all of one");
  if (l->scaling.policy && !(l->scaling.target > 0))
    sc_error(r, at(n, "autoscale"), below(r, path, "autoscale.target"), "is missing: policy %s needs it", l->scaling.policy->name);
  check_scaling(r, n, path, l);
  if (l->scaling.policy && !l->owned && l->term_months == 0) /* what leaves is not paid for */
    l->scale = true;
}

static void check_roles(struct sc_reader *r, const struct sc_node *n, const char *path, const struct sim_option *o) {
  int of[3] = {0};
  for (int i = 0; i < o->n; i++)
    if (o->layer[i].prefill > 0) {
      of[SIM_PREFILL]++;
      of[SIM_DECODE]++;
    } else
      of[o->layer[i].role] += o->layer[i].count != 0;
  if ((of[SIM_PREFILL] > 0) != (of[SIM_DECODE] > 0))
    sc_error(r, n, path, "%s without %s: prompts that are read on some layers are answered on others, expected both roles", of[SIM_PREFILL] ? "prefill" : "decode",
             of[SIM_PREFILL] ? "decode" : "prefill");
  else if (of[SIM_BOTH] > 0 && of[SIM_PREFILL] > 0)
    sc_error(r, n, path, "mix replicas that do both with prefill and decode, expected either");
}

static void check_unused(struct sc_reader *r, const struct sc_node *n, const char *path, const char *key) {
  if (sc_node_entry(n, key))
    sc_error(r, at(n, key), below(r, path, key), "has no effect: only work.replay plays single replicas");
}

void sc_check_replay_options(struct sc_reader *r, const struct sc_node *root, struct sim_spec *s) {
  for (int i = 0; i < s->n_option; i++) {
    struct sim_option *o = &s->option[i];
    const struct sc_node *n = sc_node_get(sc_node_get(root, "options"), o->name), *layers = sc_node_get(n, "layers");
    const char *path = arena_printf(r->arena, "options.%s", o->name), *list = below(r, path, "layers");
    if (!s->replay.present)
      check_unused(r, n, path, "serve");
    for (int k = 0; k < o->n; k++) {
      const char *place = arena_printf(r->arena, "%s.%d", list, k);
      if (s->replay.present)
        check_layer(r, layer_node(layers, k), place, &o->layer[k]);
      else {
        check_unused(r, layer_node(layers, k), place, "role");
        check_unused(r, layer_node(layers, k), place, "autoscale");
        check_unused(r, layer_node(layers, k), place, "prefill");
      }
    }
    if (s->replay.present)
      check_roles(r, layers ? layers : root, list, o);
  }
  s->replay.replica.year = s->year;
}
