/* Layers dealt to (virtual) pipeline stages, and what each stage's pass then costs. */
#include <math.h>
#include <string.h>
#include "base/mem.h"
#include "sim/train_priv.h"

/* The kinds of a model's layers in order: dense first, then experts; hybrids evenly mixed. */
void train_kinds_of_layers(const struct wl_model *m, double *kinds, int from, int to) {
  for (int k = 0; k < LAYER_KINDS; k++)
    kinds[k] = 0;
  if (wl_is_hybrid(m)) {
    double share = (double)(to - from) / m->layers;
    kinds[LAYER_MAMBA] = share * m->mamba_layers;
    kinds[LAYER_ATTENTION] = share * m->attention_layers;
    kinds[LAYER_MLP] = share * m->mlp_layers;
    kinds[LAYER_MOE_ALONE] = share * wl_moe_layers(m);
    return;
  }
  int dense = m->dense_layers < to ? m->dense_layers - from : to - from;
  dense = dense > 0 ? dense : 0;
  double sparse = m->experts > 0 ? (double)(to - from - dense) / (m->moe_every > 0 ? m->moe_every : 1) : 0;
  kinds[LAYER_MOE] = sparse;
  kinds[LAYER_DENSE] = to - from - sparse;
}

/* ---- dealing ---- */
static void deal_evenly(int n, int chunks, int *layers) {
  for (int i = 0; i < chunks; i++)
    layers[i] = n / chunks;
  for (int i = 1, rest = n % chunks; rest > 0;
       i++, rest--) /* not to the first and last before the others: they have the ends */
    layers[i % chunks]++;
}

/* Both ends count as layers. */
static void deal_with_ends(int n, int chunks, int *layers) {
  for (int i = 0; i < chunks; i++)
    layers[i] = (n + 2) / chunks;
  layers[0]--;
  layers[chunks - 1]--;
}

/* Layout by hand: the last stage gets as many layers fewer as its head (and prediction layers) weigh, its last chunk
 * first; the rest is even. */
static void deal_by_weight(const struct train_env *e, double head_layers, int *layers) {
  int pp = e->plan.pp, vpp = e->plan.vpp, n = e->model->layers, chunks = pp * vpp;
  int last = (int)fmax(0, round((n + head_layers) / pp - head_layers)), others = n - last;
  if (last > n / pp)
    last = n / pp, others = n - last;
  for (int v = vpp - 1; v >= 0; v--) { /* last stage: from the front, so that the chunk with the head has least */
    int share = (last + v) / vpp;
    layers[(vpp - 1 - v) * pp + pp - 1] = share;
  }
  for (int i = 0, k = 0; i < chunks; i++) {
    if (i % pp == pp - 1)
      continue;
    int slots = chunks - vpp;
    layers[i] = others / slots + ((k + 1) * (others % slots) / slots > k * (others % slots) / slots);
    k++;
  }
}

/* Layers per chunk, in model order. */
static void deal(const struct train_env *e, const struct train_layer *price, int *layers) {
  int n = e->model->layers, chunks = e->plan.pp * e->plan.vpp;
  bool prediction = e->model->mtp_layers > 0;
  double layer = train_cost_s(&price[e->model->experts > 0 ? LAYER_MOE : LAYER_DENSE].forward) +
                 train_cost_s(&price[e->model->experts > 0 ? LAYER_MOE : LAYER_DENSE].backward);
  double head = train_cost_s(&price[LAYER_HEAD].forward) + train_cost_s(&price[LAYER_HEAD].backward);
  if (!e->stack->balanced_ends || e->plan.pp == 1 || (n % chunks == 0 && !prediction))
    deal_evenly(n, chunks, layers);
  else if ((n + 2) % chunks == 0 && !prediction)
    deal_with_ends(n, chunks, layers);
  else
    deal_by_weight(e, (1 + e->model->mtp_layers) * head / layer + e->model->mtp_layers, layers);
}

static void add_layers(const struct train_env *e, const struct train_layer *price, enum train_layer_kind kind,
                       double times, struct train_chunk *c) {
  double experts, dense = train_layer_params(e, kind, &experts);
  c->layers[kind] += times;
  train_cost_add(&c->forward, &price[kind].forward, times);
  train_cost_add(&c->backward, &price[kind].backward, times);
  c->params += times * dense;
  c->expert_params += times * experts;
  c->activation_bytes += times * train_layer_activations(e, kind);
}

/* Multi-token prediction: one more layer of the last kind and one more head on the last chunk. */
static void add_ends(const struct train_env *e, const struct train_layer *price, struct train_chunk *first,
                     struct train_chunk *last) {
  const struct wl_model *m = e->model;
  add_layers(e, price, LAYER_EMBEDDING, 1, first);
  add_layers(e, price, LAYER_HEAD, 1 + m->mtp_layers, last);
  if (m->mtp_layers > 0)
    add_layers(e, price, m->experts > 0 ? LAYER_MOE : LAYER_DENSE, m->mtp_layers, last);
  last->params -=
      m->mtp_layers * (double)m->vocab * m->hidden / e->plan.tp; /* the second head is the first one again */
}

void train_stages_build(const struct train_env *e, struct train_stages *ret) {
  int pp = e->plan.pp, vpp = e->plan.vpp, chunks = pp * vpp, at = 0;
  struct train_layer price[LAYER_KINDS];
  for (int k = 0; k < LAYER_KINDS; k++)
    train_layer_price(e, (enum train_layer_kind)k, &price[k]);
  int *layers = mem_array((size_t)chunks, sizeof *layers);
  *ret = (struct train_stages){pp, vpp, mem_array((size_t)chunks, sizeof *ret->chunk)};
  deal(e, price, layers);
  for (int i = 0; i < chunks; i++) { /* chunk i is the i-th in model order: stage i mod pp */
    double kinds[LAYER_KINDS];
    train_kinds_of_layers(e->model, kinds, at, at + layers[i]);
    for (int k = 0; k < LAYER_KINDS; k++)
      if (kinds[k] > 0)
        add_layers(e, price, (enum train_layer_kind)k, kinds[k], &ret->chunk[i]);
    at += layers[i];
  }
  add_ends(e, price, &ret->chunk[0], &ret->chunk[chunks - 1]);
  mem_free(layers);
}

void train_stages_free(struct train_stages *s) {
  mem_free(s->chunk);
  s->chunk = NULL;
}
