/* A scenario file as a tree that remembers where each value was written: scalars, maps in file order, lists. Made by
 * libyaml's document tree, then merged (includes, presets, --set). Everything lives in the arena it was made in;
 * nothing is shared between two parents in a way that a change could be seen twice, because merging copies what it
 * changes. */
#ifndef SCENARIOS_NODE_H
#define SCENARIOS_NODE_H
#include <stdbool.h>
#include <stddef.h>
#include "base/err.h"
#include "base/mem.h"

enum sc_node_kind { SC_SCALAR, SC_MAP, SC_SEQ };
struct sc_node {
  enum sc_node_kind kind;
  const char *text; /* of a scalar; never NULL there */
  const char *file; /* where it was written; "--set" when on the command line */
  int line;         /* 1-based; 0 = none */
  bool bare_null;   /* `key:` with nothing behind, or ~ */
  struct sc_entry *entry;
  size_t n;
};
struct sc_entry {
  const char *key; /* NULL in a list */
  int line;        /* of the key */
  struct sc_node *node;
};

/* What a file may hold; beyond it is an error, not a crash or an hour of work. Aliases count once for every use. */
enum { SC_MAX_BYTES = 1 << 20, SC_MAX_DEPTH = 32, SC_MAX_NODES = 20000, SC_MAX_ANCHORS = 1000 };

/* NULL when the file cannot be read or is no single YAML map within the limits; the reasons are in errs. Duplicate keys
 * and keys that are not scalars are errors too, but the rest of the tree is returned so that its errors can be shown at
 * once. */
struct sc_node *sc_node_read(struct arena *a, const char *path, struct errs *errs);
/* One value, as on the command line: may be a scalar, a list or a map. `label` stands for the file in messages. */
struct sc_node *sc_node_parse(struct arena *a, const char *text, const char *label, struct errs *errs);

const struct sc_entry *sc_node_entry(const struct sc_node *map, const char *key); /* NULL when not there or not a map */
const struct sc_node *sc_node_get(const struct sc_node *map, const char *key);
const char *sc_node_kind_name(
    const struct sc_node *n); /* "a map", "a list", "'text'" is up to the caller: scalars give "a value" */

/* `over` on top of `base`: maps merge key by key, anything else is replaced. Either may be NULL. */
struct sc_node *sc_node_merge(struct arena *a, const struct sc_node *base, const struct sc_node *over);
/* A copy of root with the value at a dotted path put in place (list positions are numbers); maps on the way are made
 * when missing. NULL, with an error under `label`, when the path leads through a scalar or outside a list. */
struct sc_node *sc_node_put(struct arena *a, const struct sc_node *root, const char *path, struct sc_node *value,
                            struct errs *errs);
/* A copy of the map without a key. */
struct sc_node *sc_node_without(struct arena *a, const struct sc_node *map, const char *key);
#endif
