/* The catalog rows a scenario leans on, as input rows: every fact of the servers and GPUs of its layers and contracts,
 * and the prices in force on its day. So that a figure can be traced to its source in the result database alone. */
#include <stdio.h>
#include <string.h>
#include "scenarios/keys.h"

struct named { /* distinct names of one kind, in order of first use */
  const char **name;
  size_t n, cap;
};

static bool add(struct named *s, const char *name) {
  for (size_t i = 0; i < s->n; i++)
    if (strcmp(s->name[i], name) == 0)
      return false;
  s->name = mem_grow(s->name, &s->cap, s->n + 1, sizeof *s->name);
  s->name[s->n++] = name;
  return true;
}

static void push(struct sc_reader *r, const struct rec_input *row) {
  r->row = mem_grow(r->row, &r->cap_row, r->n_row + 1, sizeof *r->row);
  r->row[r->n_row++] = *row;
}

static void rows_of(struct sc_reader *r, const char *kind, const char *name) {
  const struct hw_fact *f;
  for (size_t i = 0; (f = hw_fact_at(r->catalog, i)); i++)
    if (strcmp(f->kind, kind) == 0 && strcmp(f->name, name) == 0)
      push(r, &(struct rec_input){"", arena_printf(r->arena, "catalog.%s.%s.%s", kind, name, f->metric), f->text,
                                  f->unit, f->source, f->date, f->grade});
}

static void rows_of_kind(struct sc_reader *r, const char *kind) {
  struct named seen = {0};
  const struct hw_fact *f;
  for (size_t i = 0; (f = hw_fact_at(r->catalog, i)); i++)
    if (strcmp(f->kind, kind) == 0 && add(&seen, f->name))
      rows_of(r, kind, f->name);
  mem_free(seen.name);
}

static void price_row(struct sc_reader *r, struct named *seen, const char *server, const char *contract,
                      const char *region) {
  const struct hw_price *p = hw_price_find(r->catalog, server, contract, region, r->spec->as_of);
  char day[11], usd[32];
  if (!p ||
      !add(seen, arena_printf(r->arena, "catalog.price.%s.%s%s%s", server, contract, *p->region ? "." : "", p->region)))
    return;
  date_format(p->from, day);
  snprintf(usd, sizeof usd, "%.15g", p->usd);
  push(r, &(struct rec_input){"", seen->name[seen->n - 1], arena_strdup(r->arena, usd),
                              strcmp(contract, "purchase") == 0 ? "USD" : "USD/h", p->source,
                              arena_strdup(r->arena, day), p->grade});
}

static void server_rows(struct sc_reader *r, struct named *servers, struct named *gpus, const struct hw_server *s) {
  if (add(servers, s->name))
    rows_of(r, "server", s->name);
  if (add(gpus, s->gpu->name))
    rows_of(r, "gpu", s->gpu->name);
}

void sc_fact_rows(struct sc_reader *r) {
  struct named servers = {0}, gpus = {0}, prices = {0};
  const struct sim_spec *s = r->spec;
  for (int i = 0; i < s->n_option; i++)
    for (int k = 0; k < s->option[i].n; k++) {
      const struct sim_layer *l = &s->option[i].layer[k];
      server_rows(r, &servers, &gpus, l->server);
      price_row(r, &prices, l->server->name, l->owned ? "purchase" : l->term, l->owned ? "" : l->region);
    }
  rows_of_kind(r, "model_error");
  for (int i = 0; i < s->n_contract; i++)
    server_rows(r, &servers, &gpus, s->contract[i].server);
  mem_free(servers.name);
  mem_free(gpus.name);
  mem_free(prices.name);
}
