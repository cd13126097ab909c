#include "tests/hw_fixture.h"
#include <gsl/gsl_errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/datadir.h"
#include "base/units.h"

struct hw_catalog *cat;
struct arena *paths;

void print_errs(const struct errs *e) {
  for (size_t i = 0; i < errs_count(e); i++)
    printf("\n  %s", errs_text(e, i));
}

struct hw_catalog *load(const char *overlay) {
  struct errs *e = errs_create();
  const char *dirs[] = {datadir_path(paths, "hwmodels/catalog"), overlay};
  struct hw_catalog *c = hw_catalog_load(dirs, overlay ? 2 : 1, e);
  print_errs(e);
  errs_destroy(e);
  return c;
}

const struct hw_gpu *gpu(const char *name) {
  const struct hw_gpu *g = hw_gpu_find(cat, name);
  if (!g)
    printf("\n  no gpu %s", name);
  CU_ASSERT_PTR_NOT_NULL_FATAL(g);
  return g;
}

const struct hw_server *server(const char *name) {
  const struct hw_server *s = hw_server_find(cat, name);
  if (!s)
    printf("\n  no server %s", name);
  CU_ASSERT_PTR_NOT_NULL_FATAL(s);
  return s;
}

static int by_value(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

double median(double *v, size_t n) {
  qsort(v, n, sizeof *v, by_value);
  return n ? v[n / 2] : (double)NAN;
}

struct csv_table *table(const char *name) {
  struct errs *e = errs_create();
  struct csv_table *t = csv_load(datadir_path(paths, name), e);
  print_errs(e);
  errs_destroy(e);
  CU_ASSERT_PTR_NOT_NULL_FATAL(t);
  return t;
}

double cell(const struct csv_table *t, size_t r, const char *column) {
  double v = NAN;
  return units_number(csv_cell(t, r, csv_column(t, column)), &v) ? v : (double)NAN;
}

void write_file(const char *dir, const char *text) {
  char path[256];
  snprintf(path, sizeof path, "%s/mine.csv", dir);
  FILE *f = fopen(path, "w");
  CU_ASSERT_PTR_NOT_NULL_FATAL(f);
  fputs(text, f);
  fclose(f);
}

bool says(const struct errs *e, const char *what) {
  for (size_t i = 0; i < errs_count(e); i++)
    if (strstr(errs_text(e, i), what))
      return true;
  return false;
}

int hw_main(const char *suite, const struct cu_case *cases, size_t n) {
  gsl_set_error_handler_off();
  paths = arena_create();
  cat = load(NULL);
  if (!cat)
    return EXIT_FAILURE;
  int code = cu_main(suite, cases, n);
  hw_catalog_free(cat);
  arena_destroy(paths);
  return code;
}
