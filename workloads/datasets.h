/* Lengths of well-known prompt sets (workloads/catalog/datasets.csv), for measurements that name a benchmark task and no lengths, and the spread of lengths around a
 * stated mean or median: exponential; lognormal where both are known. */
#ifndef WORKLOADS_DATASETS_H
#define WORKLOADS_DATASETS_H
#include <stdbool.h>
#include "base/err.h"
#include "base/mem.h"

struct wl_lengths {
  double mean, p50;  /* 0 = not known; fixed: both alike */
  double max;        /* 0 = none */
  bool fixed;        /* every request alike, but for: */
  double least;      /* > 0: uniform between this share of the length and all of it */
};
double wl_lengths_at(const struct wl_lengths *l, double u);   /* quantile; at least 1 */
double wl_lengths_mean(const struct wl_lengths *l);

struct wl_dataset {
  const char *name, *match;
  struct wl_lengths input, output;
  const char *trace;    /* arrivals and lengths as published, a path below the data directory; "" = none */
  double least_share;   /* lengths of its requests lie between this share of the stated ones and all of them; 0 = alike */
  int requests, beams;  /* samples in the set and beam width its rules ask for; 0 = not stated */
};
struct wl_datasets {
  struct wl_dataset *set;
  size_t n;
};
struct wl_datasets *wl_datasets_load(struct arena *a, const char *path, struct errs *errs);
/* The first set whose `match` is part of the text; the row without a match is for anything else; NULL = none. */
const struct wl_dataset *wl_dataset_for(const struct wl_datasets *d, const char *text);
#endif
