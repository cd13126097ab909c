/* Where shipped data lies: $RACKCAST_DATADIR, else the directory of the executable if it holds hwmodels/catalog, else the installed
 * pkgdatadir, else the source tree it was built from. Paths below it are the same in all four. */
#ifndef BASE_DATADIR_H
#define BASE_DATADIR_H
#include "base/mem.h"

const char *datadir(void); /* cached; never NULL; not thread-safe on its first call, so main calls it once */
char *datadir_path(struct arena *a, const char *relative);
/* A file named in a scenario: beside the file that names it, then in the current directory, then in the data directory under `fallback` (may be NULL).
 * Returns a path in the arena, or NULL when none exists. */
char *datadir_find(struct arena *a, const char *name, const char *beside, const char *fallback);
#endif
