/* What reads the rows of stacks (stack_rows.c) and what finds them (stack.c) share. */
#ifndef WORKLOADS_STACK_PRIV_H
#define WORKLOADS_STACK_PRIV_H
#include "base/mem.h"
#include "workloads/stack.h"

struct figure {
  const char *scope, *name; /* scope: a device, an architecture or "" */
  double value;
};
struct kinship {
  const char *framework, *as;
};
struct wl_stacks {
  struct arena *arena;
  struct wl_stack *row;
  size_t n, cap;
  struct figure *figure;
  size_t n_figure, figure_cap;
  struct kinship *kin;
  size_t n_kin, kin_cap;
  struct wl_trainer *trainer;
  size_t n_trainer, trainer_cap;
};


/* Adds the rows of a file, after those of the directories before it; entries in errs for what is wrong. */
void wli_read_stacks(struct wl_stacks *l, const char *path, struct errs *errs);
void wli_read_recipes(struct wl_stacks *l, const char *path, struct errs *errs);
/* The best row of a framework that is not younger than the date, for a device of an architecture; NULL. */
const struct wl_stack *wli_stack_best(const struct wl_stacks *l, const char *framework, const char *model, double date,
                                      const char *device, const char *arch);
#endif
