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
  int requests, beams;  /* samples in the set (of a run of all at once) and beam width its rules ask for; 0 = not stated */
  int requests_rate, requests_closed; /* of a run at a rate or with so many in flight; 0 = as `requests` */
  int requests_least;   /* of one replica, where the rules ask for a time; 0 = none */
  int passes;           /* how often a run sends all of them; 0 = once */
  const char *eager;    /* engines with this in their name are told not to replay graphs; "" = none */
  int widen_rows;       /* its 4-bit weights run on plain GPTQ kernels, which widen them all for more rows than this; 0 = they do not */
  bool embedded;        /* online runs drive the engine without its server, at its own limits */
};
struct wl_datasets {
  struct wl_dataset *set;
  size_t n;
};
struct wl_datasets *wl_datasets_load(struct arena *a, const char *path, struct errs *errs);
const struct wl_dataset *wl_dataset_named(const struct wl_datasets *d, const char *name); /* NULL = no such row */
/* The first set all of whose words in `match` are part of the text; the row without a match is for anything else; NULL = none. */
const struct wl_dataset *wl_dataset_for(const struct wl_datasets *d, const char *text);
/* All words (no spaces inside, at most 63 bytes each) are somewhere in the text. */
bool wl_has_words(const char *text, const char *words);
#endif
