/* A run in other programs' formats. A format is one row of the list in export.c. */
#ifndef OUTPUT_EXPORT_H
#define OUTPUT_EXPORT_H
#include <stdio.h>
#include "base/err.h"
#include "output/outcome.h"

struct export_format {
  const char *name, *doc;
  /* table: what to write, where the format has a choice; NULL = its usual. False with the reason in errs. */
  bool (*write)(const struct outcome *o, const char *table, FILE *f, struct errs *errs);
};
const struct export_format *export_at(size_t i); /* NULL at the end */
/* NULL with an entry in errs, which lists the valid names. */
const struct export_format *export_find(const char *name, struct errs *errs);
#endif
