#include "sim/life_tornado.h"
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include "base/mem.h"

static double tco_at(const struct world *w, struct memo *memo, int option, struct errs *errs) {
  struct life l;
  life_play(&l, w, memo, option, NULL, errs);
  struct life_view v = life_view_whole(&l);
  double usd = v.usd;
  life_free(&l);
  return usd;
}

/* ---- the bars ---- */
struct crew {
  struct tornado *t;
  atomic_int next;
  atomic_int broken;
};

static void *work(void *ctx) {
  struct crew *c = ctx;
  struct tornado *t = c->t;
  struct world *w = world_create(t->spec);
  struct errs *errs = errs_create();
  for (int i; (i = atomic_fetch_add(&c->next, 1)) < 2 * t->inputs;) {
    int input = i / 2;
    double *to = (i % 2 ? t->high : t->low) + input * t->options;
    world_central(w);
    world_set(w, input, i % 2 ? world_high(w, input) : world_low(w, input));
    for (int k = 0; k < t->options; k++)
      to[k] = tco_at(w, t->memo, k, errs);
  }
  if (errs_count(errs))
    atomic_store(&c->broken, 1);
  errs_destroy(errs);
  world_destroy(w);
  return NULL;
}

void tornado_play(struct tornado *t, const struct sim_spec *spec, struct memo *memo, int jobs, struct errs *errs) {
  struct world *w = world_create(spec);
  *t = (struct tornado){.spec = spec, .memo = memo, .inputs = w->n_input, .options = spec->n_option};
  world_destroy(w);
  t->low = mem_array((size_t)(t->inputs * t->options) + 1, sizeof *t->low);
  t->high = mem_array((size_t)(t->inputs * t->options) + 1, sizeof *t->high);
  struct crew crew = {.t = t};
  int threads = jobs > 1 ? jobs : 1, started = 0;
  pthread_t id[threads];
  while (started < threads - 1 && !pthread_create(&id[started], NULL, work, &crew))
    started++;
  work(&crew);
  for (int i = 0; i < started; i++)
    pthread_join(id[i], NULL);
  if (crew.broken)
    errs_add(errs, NULL, 0, "uncertainty", "a law of conservation is broken at the end of an input's range");
}

void tornado_free(struct tornado *t) {
  mem_free(t->low);
  mem_free(t->high);
  *t = (struct tornado){0};
}

bool tornado_touches(const struct tornado *t, int input, int option) {
  double low = t->low[input * t->options + option], high = t->high[input * t->options + option];
  return !isnan(low) && !isnan(high) && low != high;
}

/* ---- where the choice flips ---- */
struct pair {
  struct world *w;
  struct memo *memo;
  int input, option, versus;
};

static double saving_at(const struct pair *p, double value) {
  struct errs *errs = errs_create();
  world_central(p->w);
  world_set(p->w, p->input, value);
  double saving = tco_at(p->w, p->memo, p->versus, errs) - tco_at(p->w, p->memo, p->option, errs);
  errs_destroy(errs);
  return saving;
}

/* Savings jump where one server more is needed, so the place of the change of sign is closed in on by halving alone. */
static double bisect(const struct pair *p, double lo, double hi, double saving_lo) {
  for (int i = 0; i < 14 && fabs(hi - lo) > 1e-4 * fmax(fabs(lo), fabs(hi)); i++) {
    double mid = (lo + hi) / 2, saving = saving_at(p, mid);
    if ((saving > 0) == (saving_lo > 0))
      lo = mid;
    else
      hi = mid;
  }
  return (lo + hi) / 2;
}

double tornado_flip(const struct tornado *t, struct world *w, int input, int option, int versus, double central_saving) {
  int i = input * t->options;
  double low = t->low[i + versus] - t->low[i + option], high = t->high[i + versus] - t->high[i + option];
  struct pair p = {w, t->memo, input, option, versus};
  world_central(w);
  double centre = world_value(w, input), flip = FIN_NONE;
  if ((low > 0) != (central_saving > 0) && !isnan(low))
    flip = bisect(&p, world_low(w, input), centre, low);
  else if ((high > 0) != (central_saving > 0) && !isnan(high))
    flip = bisect(&p, centre, world_high(w, input), central_saving);
  world_central(w);
  return flip;
}
