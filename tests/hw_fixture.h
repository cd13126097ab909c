/* What the tests of hwmodels/ share: the shipped catalog, and tables of measurements beside it. What is not there fails
 * the case. */
#ifndef TESTS_HW_FIXTURE_H
#define TESTS_HW_FIXTURE_H
#include "base/csv.h"
#include "base/mem.h"
#include "hwmodels/catalog.h"
#include "tests/cu.h"

extern struct hw_catalog *cat; /* while hw_main runs the cases */
extern struct arena *paths;

void print_errs(const struct errs *e);
struct hw_catalog *
load(const char *overlay); /* the shipped catalog under a directory of one's own, or NULL; the caller frees it */
const struct hw_gpu *gpu(const char *name);
const struct hw_server *server(const char *name);

struct csv_table *table(const char *name);                              /* a shipped table; the caller unloads it */
double cell(const struct csv_table *t, size_t row, const char *column); /* NaN when it is no number */
double median(double *v, size_t n);                                     /* sorts v; NaN of nothing */

void write_file(const char *dir, const char *text); /* DIR/mine.csv */
bool says(const struct errs *e, const char *what);  /* one of the messages holds it */

/* A suite's main: loads the catalog, runs the cases. */
int hw_main(const char *suite, const struct cu_case *cases, size_t n);
#endif
