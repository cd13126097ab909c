/* Inside the reading of a serving row (scenarios/serving_case.h): its cells, and the parts that fill the case. */
#ifndef SCENARIOS_SERVING_CASE_READER_H
#define SCENARIOS_SERVING_CASE_READER_H
#include "scenarios/serving_case.h"
#include "workloads/engines.h"

struct case_reader {
  const struct serving_tables *k;
  const struct csv_table *t;
  size_t row;
  struct serving_case *c;
  bool writes; /* a metric of the run is about generated tokens */
  double auto_bits, auto_int_bits;
};

const char *case_text(const struct case_reader *r, const char *column); /* the cell of the column; "" */
/* The first reason counts; arg may be "". */
void case_give_up(struct case_reader *r, enum case_status status, const char *what, const char *arg);
void case_assume(struct case_reader *r, const char *what); /* added to the note of a row that is answered */
double case_leading(const char *s); /* number at the start; NaN */
double case_after(const char *s, const char *key); /* number that follows key anywhere; NaN */
int case_whole(const struct case_reader *r, const char *column); /* a count; 0 when there is none */

/* scenarios/serving_case_words.c: NULL = unknown */
const struct wl_model *case_read_model(struct case_reader *r); /* after the date */
const struct hw_gpu *case_find_gpu(const struct case_reader *r, const char *name);
void case_read_date(struct case_reader *r);
void case_read_engine(struct case_reader *r, char *engine, size_t size);
void case_read_formats(struct case_reader *r, const struct wl_engine *e);

/* scenarios/serving_case_load.c */
void case_read_load(struct case_reader *r);
void case_read_workload(struct case_reader *r);
void case_read_limits(struct case_reader *r, const size_t *rows, size_t n); /* rows[n]: the run's */
int case_requests_of_source(const struct case_reader *r); /* in all; 0 = not stated */
bool case_benchmark_set(const struct case_reader *r);
#endif
