#include "sim/serve_router.h"
#include <string.h>
#include "base/mem.h"

const struct sim_router *const serve_routers[] = {&serve_router_least_loaded, &serve_router_round_robin, &serve_router_least_tokens, &serve_router_prefix,
                                                  &serve_router_two, &serve_router_near, NULL};

const struct sim_router *serve_router_find(const char *name) {
  for (int i = 0; serve_routers[i]; i++)
    if (!strcmp(serve_routers[i]->name, name))
      return serve_routers[i];
  return NULL;
}

void serve_route_make(struct route *g, const struct sim_router *router, struct route_site *site, int most, uint64_t seed, const char *stream) {
  *g = (struct route){.router = router, .site = site, .open = mem_array((size_t)most + 1, sizeof(int)), .last = -1, .from = -1};
  serve_order_make(&g->order, most);
  stream_init(&g->luck, seed, stream, 0);
}

void serve_route_free(struct route *g) {
  mem_free(g->open);
  serve_order_free(&g->order);
}

void serve_route_moved(struct route *g, int number) {
  if (g->router->key && g->order.place[number])
    serve_order_set(&g->order, number, g->router->key(&g->site[number]));
}

void serve_route_open(struct route *g, int number) {
  int i = g->n++;
  for (; i > 0 && g->open[i - 1] > number; i--)
    g->open[i] = g->open[i - 1];
  g->open[i] = number;
  if (g->router->key)
    serve_order_set(&g->order, number, g->router->key(&g->site[number]));
}

void serve_route_shut(struct route *g, int number) {
  int i = 0;
  while (i < g->n && g->open[i] != number)
    i++;
  if (i == g->n)
    return;
  memmove(g->open + i, g->open + i + 1, (size_t)(g->n - i - 1) * sizeof *g->open);
  g->n--;
  serve_order_drop(&g->order, number);
}
