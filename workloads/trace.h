/* Request traces, read row by row in bounded memory. A format is one const struct in trace_formats.c; a CSV file is known by its header, JSON lines by
 * their first brace. Bad rows are counted and the first ten named; more than the stated share of bad rows ends the reading with an error. */
#ifndef WORKLOADS_TRACE_H
#define WORKLOADS_TRACE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"

enum { WL_TRACE_FIELDS = 16, WL_TRACE_NAMED_BAD = 10, WL_TRACE_TOKENS_MAX = 100000000, WL_TRACE_BLOCK_TOKENS = 512 };

struct wl_trace_request {
  double arrival_s;        /* since the first row; 0 in files of lengths only */
  int32_t input, output;   /* tokens, both at least 1 */
  const int32_t *hash;     /* prefix blocks of WL_TRACE_BLOCK_TOKENS, 0 or more; the last may be part of one. Equal number = same content; NULL = none. Valid until the next call */
  int32_t hashes;
};
enum wl_trace_row { WL_ROW_OK, WL_ROW_FAILED /* a request that the source itself marks as failed */, WL_ROW_BAD };

struct wl_trace;
struct wl_trace_format {
  const char *name, *doc;
  const char *column[5];   /* of the header, NULL-ended; the row function gets their fields in this order; NULL = not a CSV format */
  /* Fills r from fields (columns first, in order); why[80] says what is wrong with a bad row. arrival_s absolute: the reader takes the first off. */
  enum wl_trace_row (*row)(const char *const *field, struct wl_trace_request *r, char *why);
  bool lengths_only;
};
extern const struct wl_trace_format *const wl_trace_formats[]; /* NULL-ended */

/* format NULL or "" = by the file's content. bad_share in 0..1: the share of bad rows (checked from the hundredth row and at the end) that stops the reading.
 * NULL with reasons in errs; errs must outlive the trace. */
struct wl_trace *wl_trace_open(const char *path, const char *format, double bad_share, struct errs *errs);
bool wl_trace_next(struct wl_trace *t, struct wl_trace_request *r); /* false at the end or after an error */
bool wl_trace_failed(const struct wl_trace *t);                     /* reading ended with an error */
void wl_trace_close(struct wl_trace *t);                            /* NULL is fine */
const struct wl_trace_format *wl_trace_format_of(const struct wl_trace *t);
uint64_t wl_trace_rows(const struct wl_trace *t);   /* read so far, without the header */
uint64_t wl_trace_bad(const struct wl_trace *t);
uint64_t wl_trace_failures(const struct wl_trace *t);
uint64_t wl_trace_bytes(const struct wl_trace *t);
const char *wl_trace_bad_text(const struct wl_trace *t, size_t i);  /* "file:line: why", NULL beyond the tenth */
#endif
