/* Predicted against measured, row by row of a published table; errors per family beside those of a null model. Which
 * kind of table it is follows from its header. The rules by which rows are read or skipped: docs/accuracy.md. */
#ifndef SCENARIOS_VALIDATE_H
#define SCENARIOS_VALIDATE_H
#include <stdbool.h>
#include <stddef.h>
#include "base/csv.h"
#include "base/err.h"

enum val_status { VAL_OK, VAL_UNSUPPORTED, VAL_INCOMPLETE };
extern const char *const val_status_name[];

struct val_row { /* one line of the answer; strings live as long as the report */
  const char *id, *metric, *note;
  const char *measured_text;
  double measured, predicted; /* NaN when not ok (or not a number) */
  double error_pct;           /* 100 (predicted / measured - 1) */
  enum val_status status;
  const char *family; /* the id without its running number */
  const char *kind;   /* of prediction: "training 16bit dense", "serving throughput", "serving latency", "power" */
  const char *date;   /* of the measurement as stated, a year alone for training; "" = not stated */
  const char *split;  /* precision and dense or MoE; serving: the kind of metric */
  /* the null model: everybody in a group has the group's median rate, the row itself left out */
  const char *group;
  double rate;           /* the prediction as a rate (TFLOPS per GPU; serving: the value) */
  bool inverse;          /* the metric falls as the rate grows */
  double null_error_pct; /* NaN: alone in its group */
};
struct val_errors { /* of a set of rows, in percent */
  double median, mean, p90, bias;
};
struct val_stat {
  const char *name, *split;
  size_t rows, ok, complete; /* complete: rows that state what is needed */
  struct val_errors model, null;
  size_t null_rows;
};
struct val_report {
  struct val_row *row;
  size_t n;
  struct val_stat *family, *part; /* in order of first appearance; part: family x split */
  size_t n_family, n_part;
  struct val_stat all;
};
struct val_sources {            /* directories beside the shipped ones; they win */
  const char *models, *catalog; /* NULL = none */
};
/* NULL with the reasons in errs when the table cannot be read or is of neither kind. */
struct val_report *validate_table(const char *path, const struct val_sources *src, struct errs *errs);
void val_report_free(struct val_report *r);

/* How far predictions of a kind are off, as the spread of one factor measured / predicted about 1. Families count alike, those of fewer than ten rows by their rows. */
struct val_spread {
  const char *kind;   /* as in the rows; lives as long as the reports */
  size_t rows, families;
  double sd;          /* 68 % of |ln(measured / predicted)| lie below it */
  double median;      /* of measured / predicted, of times the inverse: above 1 is faster than predicted (power: more watts) */
  const char *date;   /* of the newest measurement */
};
enum { VAL_KINDS_MAX = 16 };
/* Kinds in order of first appearance; returns how many. */
size_t validate_spread(struct val_report *const *report, size_t n, struct val_spread ret[VAL_KINDS_MAX]);
#endif
