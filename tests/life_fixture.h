/* What the tests of lives share: a listener that keeps everything, and a spec of two options to change. */
#ifndef TESTS_LIFE_FIXTURE_H
#define TESTS_LIFE_FIXTURE_H
#include "sim/spec.h"

struct heard {
  struct arena *arena;
  struct rec_metric *metric;
  size_t n_metric, cap_metric;
  double billed, effective;
  double by_month[128];
  char events[4096];
};
/* Plays s into h, which forget() empties; returns the status of sim_run. Any error fails the case. */
int play(const struct sim_spec *s, struct heard *h); /* once, seed 1 */
int play_with(const struct sim_spec *s, struct heard *h, int replicas, int jobs, uint64_t seed);
void forget(struct heard *h);
/* The figure `name` of an option, of the whole or of a scope; NaN when there is none. */
double whole(const struct heard *h, const char *option, const char *name);
double in(const struct heard *h, const char *option, const char *scope, const char *name);
bool same_metrics(const struct heard *a, const struct heard *b); /* to the last bit */

enum { OPTIONS = 2, LAYERS = 3 };
struct fixture {
  struct sim_spec spec;
  struct sim_option option[OPTIONS];
  struct sim_layer layer[OPTIONS][LAYERS];
};
/* 60 months of 730 h; option 0 owns the article's server, option 1 rents one at `rent` by the hour, always on. */
void article(struct fixture *f, double rent);
#endif
