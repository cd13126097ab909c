/* Leaf switches between instances that send caches to each other. The servers of an option stand behind leaves in the order of its layers: those of one pod reach each other at the rate of their
 * NICs, traffic between pods shares what the leaves have up to the spine and down from it, where that is less (oversubscription); the spine itself never blocks. Layers with networks of
 * different make stand in pods of their own. */
#include <math.h>
#include "base/mem.h"
#include "sim/serve_cluster_core.h"

/* Of one make: pods of as many servers, with as much bandwidth up. */
static bool same_network(const struct cluster_pool_config *a, const struct cluster_pool_config *b) {
  return a->pod_servers == b->pod_servers && a->leaf_Bps == b->leaf_Bps;
}

/* Servers of a pool, and the one that its k-th instance is on or begins on. */
static int server_of(const struct cluster_pool *p, int k) {
  return p->cfg->site > 0 ? k / p->cfg->per_server : (int)floor(k * p->cfg->servers + 1e-9);
}
static int servers_of(const struct cluster_pool *p) {
  return p->n ? server_of(p, p->n - 1) + (int)fmax(1, ceil(p->cfg->servers - 1e-9)) : 0;
}

/* The first server of pool i in the numbering of its network; pools of one site share theirs. */
static int first_server(const struct cluster *c, int i) {
  const struct cluster_pool_config *g = c->pool[i].cfg;
  int first = 0;
  for (int k = 0; k < i; k++) {
    const struct cluster_pool_config *h = c->pool[k].cfg;
    if (!same_network(g, h))
      continue;
    if (g->site > 0 && h->site == g->site)
      return first_server(c, k);
    bool counted = false; /* with the pool that shares its servers */
    for (int m = 0; m < k; m++)
      counted |= h->site > 0 && c->pool[m].cfg->site == h->site && same_network(c->pool[m].cfg, h);
    first += counted ? 0 : servers_of(&c->pool[k]);
  }
  return first;
}

static int network_of(const struct cluster *c, int i) {
  int k = 0;
  while (!same_network(c->pool[k].cfg, c->pool[i].cfg))
    k++;
  return k;
}

/* The first instance before this one in the same pod; NULL. */
static const struct instance *neighbour(const struct cluster *c, const struct instance *x) {
  for (int i = 0; i < x->number; i++)
    if (c->x[i].network == x->network && c->x[i].pod == x->pod)
      return &c->x[i];
  return NULL;
}

void leaves_open(struct cluster *c) {
  for (int i = 0; i < c->cfg.pools; i++) {
    const struct cluster_pool *p = &c->pool[i];
    int network = network_of(c, i), first = first_server(c, i);
    for (int k = 0; k < p->n; k++) {
      struct instance *x = &c->x[p->first + k];
      x->network = network;
      x->pod = p->cfg->pod_servers > 0 ? (first + server_of(p, k)) / p->cfg->pod_servers : 0;
      if (!(p->cfg->leaf_Bps > 0))
        continue;
      const struct instance *known = neighbour(c, x);
      x->up = known ? known->up : fluid_add_link(c->fluid, p->cfg->leaf_Bps);
      x->down = known ? known->down : fluid_add_link(c->fluid, p->cfg->leaf_Bps);
    }
  }
}

void leaves_between(const struct instance *a, const struct instance *b, struct leaf_links *ret) {
  *ret = (struct leaf_links){.n = 0};
  if (a->network == b->network && a->pod == b->pod)
    return;
  if (a->pool->cfg->leaf_Bps > 0) {
    ret->capacity_Bps[ret->n] = a->pool->cfg->leaf_Bps;
    ret->link[ret->n++] = a->up;
  }
  if (b->pool->cfg->leaf_Bps > 0) {
    ret->capacity_Bps[ret->n] = b->pool->cfg->leaf_Bps;
    ret->link[ret->n++] = b->down;
  }
}
