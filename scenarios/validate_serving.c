#include "scenarios/validate_serving.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include "base/mem.h"
#include "scenarios/serving_predict.h"

/* Length of the run's part of an id: "amk-0038.4" -> 8. */
static size_t run_length(const char *id) {
  const char *dot = strrchr(id, '.');
  return dot ? (size_t)(dot - id) : strlen(id);
}

static void answer(const struct serving_case *c, const struct serving_outcome *o, bool played, const char *why, const char *metric, struct serving_answer *a) {
  a->predicted = NAN;
  a->status = c->status;
  snprintf(a->note, sizeof a->note, "%s", c->note);
  if (c->status != CASE_OK)
    return;
  if (!played) {
    a->status = CASE_UNSUPPORTED;
    snprintf(a->note, sizeof a->note, "%s", why);
    return;
  }
  a->predicted = serving_metric(c, o, metric);
  if (isfinite(a->predicted)) {
    if (!*a->note && strstr(metric, "power"))
      hw_activity_text(&o->r.activity, a->note, sizeof a->note);
    return;
  }
  a->status = CASE_UNSUPPORTED;
  snprintf(a->note, sizeof a->note, "metric '%s' does not follow from this run", metric);
}

static void run_answer(const struct serving_tables *k, const struct csv_table *t, const size_t *rows, size_t n, struct serving_answer *answers) {
  struct serving_case c;
  struct serving_outcome o;
  char why[160] = "";
  bool played = false;
  serving_case_read(k, t, rows, n, &c);
  if (c.status == CASE_OK)
    played = serving_play(&c, &o, why, sizeof why);
  int metric = csv_column(t, "metric");
  for (size_t i = 0; i < n; i++)
    answer(&c, &o, played, why, csv_cell(t, rows[i], metric), &answers[rows[i]]);
}

bool validate_is_serving(const struct csv_table *t, size_t row) {
  int kind = csv_column(t, "load_kind");
  return kind >= 0 && (csv_column(t, "software") < 0 || *csv_cell(t, row, kind));
}

/* Rows of a run stand together in published tables; where they do not, each part is a run of its own. */
void validate_serving(const struct serving_tables *k, const struct csv_table *t, struct serving_answer *answers) {
  int id = csv_column(t, "id");
  size_t n = csv_rows(t), cap = 0, *rows = NULL;
  for (size_t i = 0; i < n;) {
    const char *first = csv_cell(t, i, id);
    size_t len = run_length(first), m = 0;
    for (; i < n && run_length(csv_cell(t, i, id)) == len && strncmp(csv_cell(t, i, id), first, len) == 0; i++) {
      rows = mem_grow(rows, &cap, m + 1, sizeof *rows);
      rows[m++] = i;
    }
    if (validate_is_serving(t, rows[0]))
      run_answer(k, t, rows, m, answers);
  }
  mem_free(rows);
}
