/* How published harnesses start their servers (workloads/catalog/launches.csv), for measurements that do not repeat it:
 * match,engine,gpu,precision,tp,least_load,metric,value,source,grade. A row counts where all its cells that are not empty fit the measurement; of rows that fit the last wins. */
#ifndef WORKLOADS_LAUNCHES_H
#define WORKLOADS_LAUNCHES_H
#include "base/err.h"
#include "base/mem.h"

enum wl_launch_metric { WL_LAUNCH_BUDGET_TOKENS, WL_LAUNCH_MAX_SEQS, WL_LAUNCH_POLL_STEPS, WL_LAUNCH_DRAFTS, WL_LAUNCH_METRICS };
struct wl_launches;
/* A measurement; 0 = not stated. */
struct wl_launched {
  const char *about;            /* model, source and notes: must have all words of `match` */
  const char *engine, *gpu, *precision; /* each must begin with its cell */
  double tp, load;
};
struct wl_launches *wl_launches_load(struct arena *a, const char *path, struct errs *errs); /* NULL when the file cannot be read */
/* Figures that its harness sets; NaN = left to the engine. */
void wl_launch_of(const struct wl_launches *l, const struct wl_launched *m, double ret[WL_LAUNCH_METRICS]);
#endif
