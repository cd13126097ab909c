/* Worlds: one value for every uncertain input. The central world has the likeliest values; replica r draws each input from a stream of its own (seed, key, r), so
 * all options of a replica live in the same world and an option added or taken away changes no other's draws. Inputs that are one thing in the world (the tariff, the
 * price of a server model, support, drift of list prices) have one key however many layers use them. */
#ifndef SIM_UNCERTAINTY_H
#define SIM_UNCERTAINTY_H
#include <stdbool.h>
#include <stdint.h>
#include "base/mem.h"
#include "sim/spec.h"

struct world {
  struct arena *arena;
  struct sim_spec spec;          /* a copy in which every dist is a point */
  struct world_layer {           /* beside spec.option[].layer[], in one row */
    struct dist throughput, training, power; /* what is achieved (drawn) / what is predicted, of the layer's GPU: serving, training, watts */
    int renew_months;            /* a commitment's term after its first, when that is another; 0 = the same */
    double renew_usd_per_h;      /* its list price at the start */
  } *layer;
  struct world_layer *contract;  /* beside spec.contract[] */
  int *first_layer;              /* of each option, in `layer` */
  struct sim_spec *given;        /* the spec it was made from, with the prices that it leaves to the catalog */
  struct world_input *input;     /* the uncertain ones */
  int n_input;
};
struct world_input {
  const char *key, *unit;
  struct world_ref {
    const struct dist *from;
    struct dist *to;
  } *ref;                        /* all places that take this value */
  int n_ref;
};

/* Has the GPU's chip kernel measurements of its own? If not, a prediction leans on a relative. */
bool world_is_extrapolated(const struct sim_spec *spec, const struct hw_gpu *gpu);
/* Central values. Prices left out are those of the catalog on the day (their quoted spread makes a triangle); one that the catalog has not stays NaN. */
struct world *world_create(const struct sim_spec *spec);
void world_destroy(struct world *w);
void world_central(struct world *w);
void world_draw(struct world *w, uint64_t seed, uint64_t replica);
double world_uniform(const struct world *w, int input, uint64_t seed, uint64_t replica); /* the number behind an input's draw, in (0,1) */
/* One input at quantile-like place: its low end, high end (dist_low, dist_high), or any value. */
void world_set(struct world *w, int input, double value);
double world_low(const struct world *w, int input);
double world_high(const struct world *w, int input);
double world_value(const struct world *w, int input);
static inline const struct world_layer *world_layer(const struct world *w, int option, int layer) { return &w->layer[w->first_layer[option] + layer]; }
static inline double world_throughput(const struct world *w, int option, int layer) {
  return world_layer(w, option, layer)->throughput.a;
}
#endif
