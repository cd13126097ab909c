#include "tests/life_fixture.h"
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "base/mem.h"
#include "tests/cu.h"

/* ---- a listener that keeps everything ---- */

static void hear_metric(void *ctx, const struct rec_metric *r) {
  struct heard *h = ctx;
  h->metric = mem_grow(h->metric, &h->cap_metric, h->n_metric + 1, sizeof *h->metric);
  struct rec_metric *m = &h->metric[h->n_metric++];
  *m = *r;
  m->option = arena_strdup(h->arena, r->option);
  m->scope = arena_strdup(h->arena, r->scope);
  m->name = arena_strdup(h->arena, r->name);
  m->versus = arena_strdup(h->arena, r->versus);
}

static void hear_charge(void *ctx, const struct rec_charge *r) {
  struct heard *h = ctx;
  h->billed += r->billed_usd;
  h->effective += r->effective_usd;
  h->by_month[r->month] += r->billed_usd;
}

static void hear_event(void *ctx, const struct rec_event *r) {
  struct heard *h = ctx;
  size_t used = strlen(h->events);
  snprintf(h->events + used, sizeof h->events - used, "%s %s: %s\n", r->option, r->kind, r->text);
}

int play_with(const struct sim_spec *s, struct heard *h, int replicas, int jobs, uint64_t seed) {
  *h = (struct heard){.arena = arena_create()};
  struct sim_listener out = {.ctx = h, .metric = hear_metric, .charge = hear_charge, .event = hear_event};
  struct errs *errs = errs_create();
  int status = sim_run(s, &(struct sim_run_opts){.seed = seed, .replicas = replicas, .jobs = jobs}, &out, errs);
  for (size_t i = 0; i < errs_count(errs); i++)
    fprintf(stderr, "%s\n", errs_text(errs, i));
  CU_ASSERT_EQUAL(errs_count(errs), 0);
  errs_destroy(errs);
  return status;
}

int play(const struct sim_spec *s, struct heard *h) { return play_with(s, h, 0, 1, 1); }

double in(const struct heard *h, const char *option, const char *scope, const char *name) {
  for (size_t i = 0; i < h->n_metric; i++)
    if (!strcmp(h->metric[i].option, option) && !strcmp(h->metric[i].scope, scope) && !strcmp(h->metric[i].name, name))
      return h->metric[i].value;
  return (double)NAN;
}

double whole(const struct heard *h, const char *option, const char *name) { return in(h, option, "whole", name); }

void forget(struct heard *h) {
  mem_free(h->metric);
  arena_destroy(h->arena);
}

/* ---- specs ---- */
const struct hw_gpu gpu = {.name = "A100", .launch = "2020-05-14"};
const struct hw_server box = {.name = "8xA100", .provider = "", .gpu = &gpu, .gpus = 8, .power_max_w = 8000};

/* 60 months of 730 h; option 0 owns the article's server, option 1 rents one at `rent` by the hour, always on. */
void article(struct fixture *f, double rent) {
  *f = (struct fixture){
      .spec = {.name = "t", .as_of = {2025, 9, 25}, .start = {2025, 10, 1}, .months = 60, .hours_per_yr = 8760, .n_option = 2, .baseline = "rent"},
      .option = {{.name = "own", .n = 1}, {.name = "rent", .n = 1}},
      .layer = {{{.owned = true, .server = &box, .count = 1, .label = "own"}}, {{.server = &box, .count = 1, .term = "on-demand", .label = "rent"}}},
  };
  f->spec.option = f->option;
  f->option[0].layer = f->layer[0];
  f->option[1].layer = f->layer[1];
  f->spec.fixed = (struct sim_fixed_load){.present = true, .power_kw = dist_point(8), .utilization = dist_point(1)};
  f->spec.site.tariff_usd_per_kwh = dist_point(0.12);
  f->spec.site.pue = dist_point(1);
  f->layer[0][0].price_usd = dist_point(120000);
  f->layer[1][0].usd_per_h = dist_point(rent);
}

bool same_metrics(const struct heard *a, const struct heard *b) {
  bool same = a->n_metric == b->n_metric;
  for (size_t i = 0; same && i < a->n_metric; i++) {
    const struct rec_metric *x = &a->metric[i], *y = &b->metric[i];
    same = !strcmp(x->name, y->name) && !memcmp(&x->value, &y->value, sizeof x->value) && !memcmp(&x->p10, &y->p10, sizeof x->p10) &&
           !memcmp(&x->p90, &y->p90, sizeof x->p90);
  }
  return same;
}
