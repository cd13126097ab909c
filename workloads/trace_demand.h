/* A request trace as demand: what years of load are made from. The trace's span becomes one period of the curve, its
 * lengths histograms. */
#ifndef WORKLOADS_TRACE_DEMAND_H
#define WORKLOADS_TRACE_DEMAND_H
#include "workloads/demand.h"

enum { WL_TRACE_WINDOWS = 144, WL_TRACE_WINDOW_REQUESTS = 50 /* fewer in a window are noise, not a rate */ };
enum wl_trace_length { WL_TRACE_INPUT, WL_TRACE_OUTPUT };

/* Requests a second in windows of equal length. NULL with the reason in errs: unreadable, more than 1 % of bad rows,
 * lengths only, or all at once. */
struct wl_curve *wl_trace_curve(struct arena *a, const char *path, struct errs *errs);
/* Bins of 16 tokens up to 1,024, then a sixteenth of their start wide. NULL with the reason in errs. */
struct wl_hist *wl_trace_lengths(struct arena *a, const char *path, enum wl_trace_length which, struct errs *errs);
#endif
