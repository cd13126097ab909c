/* What reads the rows of engines (engine_rows.c) and what finds them (engines.c) share. */
#ifndef WORKLOADS_ENGINES_PRIV_H
#define WORKLOADS_ENGINES_PRIV_H
#include "base/mem.h"
#include "workloads/engines.h"

struct engine_row {
  const char *engine, *host, *metric, *text;
  long from; /* days */
  int figure; /* which of an engine's figures it states; -1 = a word about it */
  double value;
  const char *file; /* where it stands */
  int line;
};
struct wl_engines {
  struct arena *arena;
  struct engine_row *row;
  size_t n, cap;
  const char **name;
  size_t names, names_cap;
};

/* Adds the rows of a file, after those of the directories before it; entries in errs for what is wrong. */
void wli_read_engines(struct wl_engines *e, const char *path, struct errs *errs);
enum { WLI_MOST_FIGURES = 192 }; /* that an engine has */
/* The i-th figure, in its own unit, into an engine. */
void wli_engine_put(struct wl_engine *ret, size_t i, double value);
#endif
