/* The layout of a result database (docs/database.md). It grows by addition only: a change that breaks readers raises
 * SCHEMA_VERSION. */
#ifndef OUTPUT_SCHEMA_H
#define OUTPUT_SCHEMA_H

#define SCHEMA_APPLICATION_ID 0x72636173 /* "rcas" */
#define SCHEMA_VERSION 1

extern const char schema_tables_sql[];
struct schema_view {
  const char *name, *select;
};
enum { SCHEMA_VIEWS = 5 };
extern const struct schema_view schema_views[SCHEMA_VIEWS];
#endif
