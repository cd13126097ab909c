#include "sim/life_tornado.h"
#include <math.h>
#include <stdatomic.h>
#include "base/mem.h"
#include "sim/crew.h"

struct job {
  struct tornado *t;
  const double *central;
  atomic_int broken;
};
struct own { /* of a thread */
  struct world *w;
  struct errs *errs;
};

static void *begin(void *ctx) {
  struct job *j = ctx;
  struct own *own = mem_alloc(sizeof *own);
  *own = (struct own){world_create(j->t->spec), errs_create()};
  return own;
}

static void end(void *ctx, void *state) {
  struct job *j = ctx;
  struct own *own = state;
  if (errs_count(own->errs))
    atomic_store(&j->broken, 1);
  errs_destroy(own->errs);
  world_destroy(own->w);
  mem_free(own);
}

static double tco_at(const struct tornado *t, struct own *own, int option) {
  struct life l;
  life_play(&l, own->w, t->memo, option, NULL, own->errs);
  struct life_view v = life_view_whole(&l);
  double usd = v.usd;
  life_free(&l);
  return usd;
}

/* ---- the bars: one end of one input a task ---- */
static void play_end(void *ctx, void *state, int number) {
  struct job *j = ctx;
  struct own *own = state;
  int input = number / 2;
  double *to = (number % 2 ? j->t->high : j->t->low) + input * j->t->options;
  world_central(own->w);
  world_set(own->w, input, number % 2 ? world_high(own->w, input) : world_low(own->w, input));
  for (int k = 0; k < j->t->options; k++)
    to[k] = tco_at(j->t, own, k);
}

bool tornado_touches(const struct tornado *t, int input, int option) {
  double low = t->low[input * t->options + option], high = t->high[input * t->options + option];
  return !isnan(low) && !isnan(high) && low != high;
}

/* ---- where the choice flips: one input for one option a task ---- */
static double saving_at(const struct tornado *t, struct own *own, int input, int option, double value) {
  world_central(own->w);
  world_set(own->w, input, value);
  return tco_at(t, own, t->versus) - tco_at(t, own, option);
}

static void play_flip(void *ctx, void *state, int number) {
  struct job *j = ctx;
  struct own *own = state;
  const struct tornado *t = j->t;
  int input = number / t->options, option = number % t->options, row = input * t->options;
  double saving = j->central[t->versus] - j->central[option], low = t->low[row + t->versus] - t->low[row + option];
  double high = t->high[row + t->versus] - t->high[row + option], *flip = &j->t->flip[number];
  *flip = FIN_NONE;
  if (option == t->versus || isnan(saving) || isnan(low) || isnan(high))
    return;
  bool below = (low > 0) != (saving > 0), above = (high > 0) != (saving > 0);
  if (!below && !above)
    return;
  world_central(own->w);
  double centre = world_value(own->w, input), lo = below ? world_low(own->w, input) : centre, hi = below ? centre : world_high(own->w, input);
  double at_lo = below ? low : saving;
  /* savings jump where one server more is needed, so the change of sign is closed in on by halving alone */
  for (int i = 0; i < 14 && fabs(hi - lo) > 1e-4 * fmax(fabs(lo), fabs(hi)); i++) {
    double mid = (lo + hi) / 2;
    *((saving_at(t, own, input, option, mid) > 0) == (at_lo > 0) ? &lo : &hi) = mid;
  }
  *flip = (lo + hi) / 2;
}

void tornado_play(struct tornado *t, const struct sim_spec *spec, struct memo *memo, const double *central, int versus, int jobs, struct errs *errs) {
  struct world *w = world_create(spec);
  *t = (struct tornado){.spec = spec, .memo = memo, .inputs = w->n_input, .options = spec->n_option, .versus = versus};
  world_destroy(w);
  size_t n = (size_t)(t->inputs * t->options) + 1;
  t->low = mem_array(n, sizeof *t->low);
  t->high = mem_array(n, sizeof *t->high);
  t->flip = mem_array(n, sizeof *t->flip);
  struct job job = {.t = t, .central = central};
  crew_run(&(struct crew_work){begin, play_end, end, &job}, 2 * t->inputs, jobs);
  crew_run(&(struct crew_work){begin, play_flip, end, &job}, t->inputs * t->options, jobs);
  if (job.broken)
    errs_add(errs, NULL, 0, "uncertainty", "a law of conservation is broken at the end of an input's range");
}

void tornado_free(struct tornado *t) {
  mem_free(t->low);
  mem_free(t->high);
  mem_free(t->flip);
  *t = (struct tornado){0};
}
