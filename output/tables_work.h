/* Tables with a column per figure (output/tables_work.c), and the order that all tables by option have. */
#ifndef OUTPUT_TABLES_WORK_H
#define OUTPUT_TABLES_WORK_H
#include "output/outcome.h"
#include "output/table.h"

/* Options in the order of the summary, for the ORDER BY of a query over a table or view called `t`. */
#define BY_MERIT(t)                                                                                                    \
  " (SELECT r.value FROM metric r WHERE r.run=" t ".run AND r.option=" t                                               \
  ".option AND r.name='feasible' AND r.scope='whole') IS 0,"                                                           \
  " (SELECT r.value FROM metric r WHERE r.run=" t ".run AND r.option=" t                                               \
  ".option AND r.name='tco_usd' AND r.scope='whole' AND r.versus=''),"                                                 \
  " " t ".option"

struct table *tables_work(const struct outcome *o);
struct table *tables_replay_parts(const struct outcome *o); /* the whole, layers, tenants */
#endif
