/* Parameter tables: a section of a scenario file as const data. One table reads and checks the section, prints the
 * help, writes the reference (docs/scenarios.md) and makes the `input` rows of the database, so that none of these can
 * disagree. */
#ifndef SCENARIOS_TABLE_H
#define SCENARIOS_TABLE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "scenarios/node.h"
#include "sim/spec.h"
#include "workloads/engines.h"

enum sc_kind {
  SC_TEXT,    /* const char * */
  SC_COUNT,   /* int, bare */
  SC_NUMBER,  /* double in `unit` */
  SC_DIST,    /* struct dist in `unit` */
  SC_SWITCH,  /* bool: choices[0] is false, [1] true; no and yes without choices */
  SC_DATE,    /* struct date; year 0 when absent */
  SC_CHOICE,  /* an enum, the position in `choices` */
  SC_GROUP,   /* a map read by `table` into the struct at offset */
  SC_LIST,    /* a list of maps (or one map): array pointer at offset, int count at offset_n */
  SC_NAMED,   /* a map of maps, each with a name of the user's: as SC_LIST, the name goes to table->offset_name */
  SC_SPECIAL, /* read by a function */
};

struct sc_table;
struct sc_special;
struct sc_param {
  const char *key;
  enum sc_kind kind;
  const char *unit; /* SC_NUMBER, SC_DIST; "" = bare count or ratio, % allowed */
  double lo, hi;    /* inclusive, in unit; of a distribution both ends */
  bool required;
  bool optional;    /* SC_GROUP: not read when absent, so that its own required keys are not missed */
  const char *def;  /* as it would be written; NULL = may be absent, the field stays zero */
  const char *word; /* a word allowed instead of a number, and what it means in the field */
  double word_value;
  const char *meaning;
  size_t offset, offset_n;
  const char *const *choices; /* NULL-terminated */
  const struct sc_table *table;
  const struct sc_special *special;
};

struct sc_reader;
struct sc_table {
  const char *name; /* "an owned layer": for messages */
  const struct sc_param *param;
  size_t n;
  size_t bytes;       /* of the struct, for SC_LIST and SC_NAMED */
  size_t offset_name; /* SC_NAMED: where the name goes */
  /* A table of several faces (owned and rented layers): the one that reads this node, NULL after an error was added.
   * param and n are unused then. */
  const struct sc_table *(*pick)(struct sc_reader *r, const struct sc_node *n, const char *path);
  const struct sc_table *const *faces; /* NULL-terminated, for the reference */
  /* Runs after the keys are read: joins and cross-checks. May be NULL. */
  void (*finish)(struct sc_reader *r, const struct sc_node *n, const char *path, void *base);
};

/* A key as it is read: where it was written, how it is addressed, the rule and the place of its value. */
struct sc_key {
  const struct sc_node *node;
  const char *path;
  const struct sc_param *param;
  void *field; /* base of the struct + offset */
};
/* The struct that the field belongs to. */
static inline void *sc_struct_of(const struct sc_key *k) {
  return (char *)k->field - k->param->offset;
}

/* A value of another form than the kinds above. Adds its own errors and its own input rows (sc_row). */
struct sc_special {
  const char *form; /* "name of a model": for help and messages */
  void (*read)(struct sc_reader *r, const struct sc_key *k);
  const struct sc_table *table; /* keys of its map form, NULL = none */
};

struct sc_reader {
  struct arena *arena;
  struct errs *errs;
  struct sim_spec *spec;
  const struct hw_catalog *catalog;
  const struct wl_models *models;
  const struct sc_key *special; /* being read: its form is what a message expects */
  uint64_t files_hash;     /* of the contents of the traces that were named, and of the catalogs */
  uint64_t *said;          /* hashes of the errors given: one slip inherited by ten layers is told once */
  size_t n_said, cap_said; /* on the heap until the reader ends, like row */
  struct rec_input *row;
  size_t n_row, cap_row;
};

void sc_unknown_keys(struct sc_reader *r, const struct sc_node *map, const char *path, const struct sc_table *t);
void sc_read_group(struct sc_reader *r, const struct sc_node *map, const char *path, const struct sc_table *t,
                   void *base);
/* Error at a node: "file:line: path: text". A default (node without file) is the program's own and is reported too. */
void sc_error(struct sc_reader *r, const struct sc_node *n, const char *path, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* An input row; the option is the one of the path. */
void sc_row(struct sc_reader *r, const struct sc_node *n, const char *path, const char *value, const char *unit);
/* The scalar of a node: the node itself, or the `value` of {value, source, date, grade}; NULL after an error was added.
 */
const struct sc_node *sc_scalar(struct sc_reader *r, const struct sc_node *n, const char *path);
/* "0 to 100 USD/kWh or none": what a number may be. */
void sc_bounds_text(const struct sc_param *p, char *buf, size_t size);
/* One value by the rules of p's kind (SC_TEXT .. SC_CHOICE). */
bool sc_read_value(struct sc_reader *r, const struct sc_node *n, const char *path, const struct sc_param *p,
                   void *field);
#endif
