#include "scenarios/source.h"
#include <string.h>
#include <unistd.h>
#include "base/datadir.h"

struct opened { /* files being read, innermost first */
  const char *path;
  const struct opened *outer;
};
struct source {
  struct arena *arena;
  struct errs *errs;
  int includes;
};

static struct sc_node *read_file(struct source *s, const char *path, const struct opened *outer);

static bool is_open(const struct opened *o, const char *path) {
  for (; o; o = o->outer)
    if (strcmp(o->path, path) == 0)
      return true;
  return false;
}

/* One file named by `n`, which is a preset when `below` is set. */
static struct sc_node *read_named(struct source *s, const struct sc_node *n, const char *key, bool preset,
                                  const struct opened *from) {
  if (n->kind != SC_SCALAR || n->bare_null || !*n->text) {
    errs_add(s->errs, n->file, n->line, key, "got %s, expected a file name or a list of them",
             n->kind == SC_SCALAR ? "nothing" : sc_node_kind_name(n));
    return NULL;
  }
  const char *name = preset ? arena_printf(s->arena, "scenarios/presets/%s.yaml", n->text) : n->text;
  if (preset && strpbrk(n->text, "/\\.")) {
    errs_add(s->errs, n->file, n->line, key, "not the name of a preset, got '%s' (include takes files)", n->text);
    return NULL;
  }
  const char *path = preset ? datadir_path(s->arena, name) : datadir_find(s->arena, name, from->path, "scenarios");
  if (!path || access(path, F_OK) != 0) {
    errs_add(s->errs, n->file, n->line, key, preset ? "no such preset, got '%s'" : "no such file, got '%s'", n->text);
    return NULL;
  }
  if (is_open(from, path) || ++s->includes > SC_MAX_INCLUDES) {
    errs_add(s->errs, n->file, n->line, key,
             is_open(from, path) ? "includes itself in a cycle through '%s'" : "more than 64 includes, at '%s'",
             n->text);
    return NULL;
  }
  return read_file(s, path, from);
}

static struct sc_node *read_all(struct source *s, struct sc_node *base, const struct sc_node *root, const char *key,
                                bool preset, const struct opened *from) {
  const struct sc_node *n = sc_node_get(root, key);
  if (!n)
    return base;
  bool many = n->kind == SC_SEQ;
  for (size_t i = 0; i < (many ? n->n : 1); i++)
    base = sc_node_merge(s->arena, base, read_named(s, many ? n->entry[i].node : n, key, preset, from));
  return base;
}

static struct sc_node *read_file(struct source *s, const char *path, const struct opened *outer) {
  struct opened self = {path, outer};
  struct sc_node *root = sc_node_read(s->arena, path, s->errs);
  if (!root)
    return NULL;
  struct sc_node *base = read_all(s, NULL, root, "preset", true, &self);
  base = read_all(s, base, root, "include", false, &self);
  root = sc_node_without(s->arena, sc_node_without(s->arena, root, "preset"), "include");
  return sc_node_merge(s->arena, base, root);
}

/* ---- changes ---- */

/* "own.layers.0.count" may leave out "options." when own is an option and no key of the scenario. */
static const char *full_path(struct arena *a, const struct sc_node *root, const char *path) {
  char *first = arena_printf(a, "%.*s", (int)strcspn(path, "."), path);
  bool option = !sc_node_entry(root, first) && sc_node_entry(sc_node_get(root, "options"), first) != NULL;
  return option ? arena_printf(a, "options.%s", path) : path;
}

static struct sc_node *put(struct source *s, struct sc_node *root, const char *path, struct sc_node *value) {
  struct sc_node *changed = sc_node_put(s->arena, root, full_path(s->arena, root, path), value, s->errs);
  return changed ? changed : root;
}

static struct sc_node *apply_set(struct source *s, struct sc_node *root, const char *set) {
  const char *equal = strchr(set, '=');
  if (!equal || equal == set) {
    errs_add(s->errs, "--set", 0, NULL, "got '%s', expected KEY=VALUE", set);
    return root;
  }
  const char *path = arena_printf(s->arena, "%.*s", (int)(equal - set), set);
  struct sc_node *value = sc_node_parse(s->arena, equal + 1, "--set", s->errs);
  return value ? put(s, root, path, value) : root;
}

static const char *variant_at(const void *variants, size_t i) {
  const struct sc_node *v = variants;
  return v && v->kind == SC_MAP && i < v->n ? v->entry[i].key : NULL;
}

static struct sc_node *apply_variant(struct source *s, struct sc_node *root) {
  const struct sc_node *name = sc_node_get(root, "variant"), *variants = sc_node_get(root, "variants");
  if (!name || name->kind != SC_SCALAR || name->bare_null || !*name->text)
    return root;
  const struct sc_node *v = sc_node_get(variants, name->text);
  if (!v) {
    const char *near = err_nearest(name->text, variant_at, variants);
    errs_add(s->errs, name->file, name->line, "variant", "no such variant, got '%s'%s%s%s", name->text,
             near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
  }
  for (size_t i = 0; v && v->kind == SC_MAP && i < v->n; i++)
    root = put(s, root, v->entry[i].key, v->entry[i].node);
  return root;
}

/* ---- defaults ---- */

static struct sc_node *layer_with_defaults(struct source *s, struct sc_node *layer, const struct sc_node *defaults) {
  bool own = sc_node_entry(layer, "own") != NULL, rent = sc_node_entry(layer, "rent") != NULL;
  const struct sc_node *d = own == rent ? NULL : sc_node_get(defaults, own ? "owned" : "rented");
  if (!d || d->kind != SC_MAP)
    return layer;
  struct sc_node *m = sc_node_merge(s->arena, d, layer);
  m->file = layer->file;
  m->line = layer->line;
  return m;
}

/* A copy of root whose layers have the defaults laid under them. */
static struct sc_node *apply_defaults(struct source *s, struct sc_node *root) {
  const struct sc_node *defaults = sc_node_get(root, "defaults");
  const struct sc_node *options = sc_node_get(root, "options");
  if (!defaults || !options || options->kind != SC_MAP)
    return root;
  for (size_t i = 0; i < options->n; i++) {
    const struct sc_node *layers = sc_node_get(options->entry[i].node, "layers");
    const char *path = arena_printf(s->arena, "options.%s.layers", options->entry[i].key);
    if (layers && layers->kind == SC_MAP)
      root = sc_node_put(s->arena, root, path, layer_with_defaults(s, (struct sc_node *)layers, defaults), s->errs);
    for (size_t k = 0; layers && layers->kind == SC_SEQ && k < layers->n; k++)
      if (layers->entry[k].node->kind == SC_MAP)
        root = sc_node_put(s->arena, root, arena_printf(s->arena, "%s.%zu", path, k),
                           layer_with_defaults(s, layers->entry[k].node, defaults), s->errs);
    if (!root)
      return NULL;
  }
  return root;
}

struct sc_node *sc_source_resolve(struct arena *a, const char *path, const char *const *sets, size_t n_sets,
                                  struct errs *errs) {
  struct source s = {.arena = a, .errs = errs};
  struct sc_node *root = read_file(&s, arena_strdup(a, path), NULL);
  if (!root)
    return NULL;
  for (size_t i = 0; i < n_sets; i++)
    if (strncmp(sets[i], "variant=", 8) == 0)
      root = apply_set(&s, root, sets[i]);
  root = apply_variant(&s, root);
  for (size_t i = 0; i < n_sets; i++)
    if (strncmp(sets[i], "variant=", 8) != 0)
      root = apply_set(&s, root, sets[i]);
  return apply_defaults(&s, root);
}
