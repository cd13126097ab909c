/* Layers dealt to (virtual) pipeline stages, and what each stage's pass then costs. */
#include <math.h>
#include <string.h>
#include "base/mem.h"
#include "sim/train_priv.h"

/* The kinds of a model's layers in order: dense first, then experts; hybrids evenly mixed. */
static void kinds_of_layers(const struct wl_model *m, double *kinds /* [LAYER_KINDS] per layer */, int from, int to) {
  for (int k = 0; k < LAYER_KINDS; k++)
    kinds[k] = 0;
  if (m->mamba_layers > 0) {
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

/* Layers per chunk, in model order. A remainder goes to the chunks after the first, the last one last: it has the head. When the stack counts the
 * embedding and the head as layers, both ends get one less where that evens out. */
static void deal(const struct train_env *e, int chunks, int *layers) {
  int n = e->model->layers, base = n / chunks, rest = n % chunks;
  bool ends = rest != 0 && e->stack->balanced_ends && (n + 2) % chunks == 0;
  for (int i = 0; i < chunks; i++)
    layers[i] = base;
  if (ends) {
    base = (n + 2) / chunks;
    for (int i = 0; i < chunks; i++)
      layers[i] = base;
    layers[0]--;
    layers[chunks - 1]--;
    return;
  }
  for (int i = 1; rest > 0; i = i + 1 < chunks ? i + 1 : 0) {
    layers[i % chunks]++;
    rest--;
  }
}

static void add_layers(const struct train_env *e, const struct train_layer *price, enum train_layer_kind kind, double times, struct train_chunk *c) {
  double experts, dense = train_layer_params(e, kind, &experts);
  c->layers[kind] += times;
  train_cost_add(&c->forward, &price[kind].forward, times);
  train_cost_add(&c->backward, &price[kind].backward, times);
  c->params += times * dense;
  c->expert_params += times * experts;
  c->activation_bytes += times * train_layer_activations(e, kind);
}

/* Multi-token prediction: one more layer of the last kind and one more head on the last chunk. */
static void add_ends(const struct train_env *e, const struct train_layer *price, struct train_chunk *first, struct train_chunk *last) {
  const struct wl_model *m = e->model;
  double heads = m->encoder && m->vocab < 40000 ? 1 : 1;
  add_layers(e, price, LAYER_EMBEDDING, 1, first);
  add_layers(e, price, LAYER_HEAD, heads + m->mtp_layers, last);
  if (m->mtp_layers > 0)
    add_layers(e, price, m->experts > 0 ? LAYER_MOE : LAYER_DENSE, m->mtp_layers, last);
  last->params -= m->mtp_layers * (double)m->vocab * m->hidden / e->plan.tp; /* the second head is the first one again */
}

void train_stages_build(const struct train_env *e, struct train_stages *ret) {
  int pp = e->plan.pp, vpp = e->plan.vpp, chunks = pp * vpp, at = 0;
  struct train_layer price[LAYER_KINDS];
  for (int k = 0; k < LAYER_KINDS; k++)
    train_layer_price(e, (enum train_layer_kind)k, &price[k]);
  int *layers = mem_array((size_t)chunks, sizeof *layers);
  *ret = (struct train_stages){pp, vpp, mem_array((size_t)chunks, sizeof *ret->chunk)};
  deal(e, chunks, layers);
  for (int i = 0; i < chunks; i++) { /* chunk i is the i-th in model order: stage i mod pp */
    double kinds[LAYER_KINDS];
    kinds_of_layers(e->model, kinds, at, at + layers[i]);
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
