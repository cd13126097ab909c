/* Every table of a run, made from the database by SQL: the report, the exports and the printed answer show the same
 * ones. */
#ifndef OUTPUT_TABLES_H
#define OUTPUT_TABLES_H
#include "output/outcome.h"
#include "output/table.h"

struct table_kind {
  const char *name; /* of the file: "summary" */
  const char *title;
  const char *about; /* a sentence for the reader */
  enum table_place {
    TABLE_SHOWN,
    TABLE_FOLDED,
    TABLE_FILE_ONLY
  } place; /* in a report: long ones are folded, the longest left to their CSV file */
  struct table *(*make)(const struct outcome *o); /* freed by table_free */
};
const struct table_kind *tables_at(size_t i); /* NULL at the end */
const struct table_kind *tables_find(const char *name);

/* The whole of each option's replay, a row an option; NULL when there is none. */
struct table *tables_replay(const struct outcome *o);
struct table *tables_why(const struct outcome *o); /* cost of the best option beside its rival, largest difference
                                                      first; NULL without a rival */
#endif
