#include "scenarios/node.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>
#include "base/units.h"

/* ---- reading ---- */

/* Line of the first byte that is no UTF-8 text a scenario may hold, 0 = all fine. Over-long forms and surrogates count
 * as bad. */
static int bad_text_line(const unsigned char *s, size_t n, const char **ret_what) {
  int line = 1;
  for (size_t i = 0; i < n;) {
    unsigned char c = s[i];
    size_t len = c < 0x80 ? 1 : c >= 0xC2 && c < 0xE0 ? 2 : c >= 0xE0 && c < 0xF0 ? 3 : c >= 0xF0 && c < 0xF5 ? 4 : 0;
    bool bad = len == 0 || i + len > n;
    for (size_t k = 1; !bad && k < len; k++)
      bad = (s[i + k] & 0xC0) != 0x80;
    bad = bad || (c == 0xE0 && s[i + 1] < 0xA0) || (c == 0xED && s[i + 1] > 0x9F) || (c == 0xF0 && s[i + 1] < 0x90) ||
          (c == 0xF4 && s[i + 1] > 0x8F);
    if (bad || c == 0) {
      *ret_what = c == 0 ? "a NUL byte" : "bytes that are not UTF-8";
      return line;
    }
    line += c == '\n';
    i += len;
  }
  return 0;
}

/* libyaml looks at every open bracket and every anchor again for each further one, so too many of either are refused
 * before it sees them. Those in quotes and comments count too: no scenario comes near. */
static int costly_line(const char *s, size_t n, const char **ret_what) {
  int depth = 0, anchors = 0, line = 1;
  for (size_t i = 0; i < n; i++) {
    depth += s[i] == '[' || s[i] == '{' ? 1 : (s[i] == ']' || s[i] == '}') && depth > 0 ? -1 : 0;
    anchors += s[i] == '&';
    if (depth > 4 * SC_MAX_DEPTH || anchors > SC_MAX_ANCHORS) {
      *ret_what = anchors > SC_MAX_ANCHORS ? "more than 1000 anchors" : "brackets nested deeper than 32 levels";
      return line;
    }
    line += s[i] == '\n';
  }
  return 0;
}

/* The whole file, to be freed with mem_free, or NULL. */
static char *slurp(const char *path, size_t *ret_n, struct errs *errs) {
  FILE *f = fopen(path, "rb");
  if (!f) {
    errs_add(errs, path, 0, NULL, "cannot be read: %s", strerror(errno));
    return NULL;
  }
  char *buf = mem_alloc(SC_MAX_BYTES + 2);
  size_t n = fread(buf, 1, SC_MAX_BYTES + 1, f);
  bool failed = ferror(f) != 0;
  fclose(f);
  const char *what = NULL;
  int line = 0;
  if (failed)
    errs_add(errs, path, 0, NULL, "cannot be read: %s", strerror(EISDIR));
  else if (n > SC_MAX_BYTES)
    errs_add(errs, path, 0, NULL, "is larger than %d bytes, which no scenario is", SC_MAX_BYTES);
  else if ((line = bad_text_line((const unsigned char *)buf, n, &what)) != 0)
    errs_add(errs, path, line, NULL, "holds %s, expected plain text", what);
  else if ((line = costly_line(buf, n, &what)) != 0)
    errs_add(errs, path, line, NULL, "%s, which no scenario has", what);
  else {
    *ret_n = n;
    return buf;
  }
  mem_free(buf);
  return NULL;
}

struct reading {
  struct arena *arena;
  struct errs *errs;
  const char *file;
  yaml_document_t *doc;
  size_t nodes;
  bool over; /* a limit was hit and said */
};

static struct sc_node *convert(struct reading *r, int id, int depth);

static struct sc_node *limit(struct reading *r, int line, const char *what, int bound) {
  if (!r->over)
    errs_add(r->errs, r->file, line, NULL, "%s (at most %d, aliases counted at each use)", what, bound);
  r->over = true;
  return NULL;
}

static void convert_pair(struct reading *r, struct sc_node *map, const yaml_node_pair_t *pair, int depth) {
  yaml_node_t *key = yaml_document_get_node(r->doc, pair->key);
  int line = (int)key->start_mark.line + 1;
  if (key->type != YAML_SCALAR_NODE) {
    errs_add(r->errs, r->file, line, NULL, "a key must be a plain name, got a list or a map");
    return;
  }
  const char *name = (const char *)key->data.scalar.value;
  const struct sc_entry *first = sc_node_entry(map, name);
  if (first) {
    errs_add(r->errs, r->file, line, name, "duplicate key, first given at line %d", first->line);
    return;
  }
  struct sc_node *value = convert(r, pair->value, depth + 1);
  if (value)
    map->entry[map->n++] = (struct sc_entry){arena_strdup(r->arena, name), line, value};
}

static struct sc_node *convert(struct reading *r, int id, int depth) {
  yaml_node_t *y = yaml_document_get_node(r->doc, id);
  int line = (int)y->start_mark.line + 1;
  if (r->over)
    return NULL;
  if (depth > SC_MAX_DEPTH)
    return limit(r, line, "nested too deeply", SC_MAX_DEPTH);
  if (++r->nodes > SC_MAX_NODES)
    return limit(r, line, "too many values", SC_MAX_NODES);
  struct sc_node *n = arena_alloc(r->arena, sizeof *n);
  *n = (struct sc_node){.file = r->file, .line = line};
  if (y->type == YAML_SCALAR_NODE) {
    n->text = arena_strdup(r->arena, (const char *)y->data.scalar.value);
    bool plain = y->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    n->bare_null = plain && (*n->text == '\0' || strcmp(n->text, "~") == 0 || strcmp(n->text, "null") == 0);
    if (strlen(n->text) != y->data.scalar.length)
      errs_add(r->errs, r->file, line, NULL, "holds a NUL character, got '%s'", n->text);
  } else if (y->type == YAML_MAPPING_NODE) {
    n->kind = SC_MAP;
    n->entry =
        arena_alloc(r->arena, sizeof *n->entry * (size_t)(y->data.mapping.pairs.top - y->data.mapping.pairs.start + 1));
    for (yaml_node_pair_t *p = y->data.mapping.pairs.start; p < y->data.mapping.pairs.top; p++)
      convert_pair(r, n, p, depth);
  } else {
    n->kind = SC_SEQ;
    n->entry = arena_alloc(r->arena,
                           sizeof *n->entry * (size_t)(y->data.sequence.items.top - y->data.sequence.items.start + 1));
    for (yaml_node_item_t *i = y->data.sequence.items.start; i < y->data.sequence.items.top; i++) {
      struct sc_node *value = convert(r, *i, depth + 1);
      if (value)
        n->entry[n->n++] = (struct sc_entry){NULL, value->line, value};
    }
  }
  return r->over ? NULL : n;
}

static void syntax_error(struct errs *errs, const char *file, const yaml_parser_t *p) {
  int line = (int)(p->problem_mark.line ? p->problem_mark.line : p->context_mark.line) + 1;
  errs_add(errs, file, line, NULL, "not YAML: %s%s%s (column %d)", p->problem ? p->problem : "malformed",
           p->context ? ", " : "", p->context ? p->context : "", (int)p->problem_mark.column + 1);
}

static struct sc_node *parse(struct arena *a, const char *text, size_t size, const char *file, struct errs *errs) {
  yaml_parser_t parser;
  yaml_document_t doc, second;
  if (!yaml_parser_initialize(&parser)) {
    errs_add(errs, file, 0, NULL, "out of memory");
    return NULL;
  }
  yaml_parser_set_input_string(&parser, (const unsigned char *)text, size);
  struct sc_node *root = NULL;
  if (!yaml_parser_load(&parser, &doc)) {
    syntax_error(errs, file, &parser);
  } else {
    struct reading r = {.arena = a, .errs = errs, .file = file, .doc = &doc};
    if (yaml_document_get_root_node(&doc))
      root = convert(&r, 1, 0);
    else
      errs_add(errs, file, 0, NULL, "is empty");
    yaml_document_delete(&doc);
    if (!yaml_parser_load(&parser, &second)) {
      syntax_error(errs, file, &parser);
    } else {
      yaml_node_t *more = yaml_document_get_root_node(&second);
      if (more)
        errs_add(errs, file, (int)more->start_mark.line + 1, NULL,
                 "a second document begins, expected one scenario a file");
      yaml_document_delete(&second);
    }
  }
  yaml_parser_delete(&parser);
  return root;
}

struct sc_node *sc_node_read(struct arena *a, const char *path, struct errs *errs) {
  size_t n = 0;
  const char *file = arena_strdup(a, path);
  char *text = slurp(path, &n, errs);
  struct sc_node *root = text ? parse(a, text, n, file, errs) : NULL;
  mem_free(text);
  if (root && root->kind != SC_MAP) {
    errs_add(errs, file, root->line, NULL, "got %s, expected a map of keys", sc_node_kind_name(root));
    return NULL;
  }
  return root;
}

struct sc_node *sc_node_parse(struct arena *a, const char *text, const char *label, struct errs *errs) {
  const char *what;
  if (strlen(text) > SC_MAX_BYTES || bad_text_line((const unsigned char *)text, strlen(text), &what) ||
      costly_line(text, strlen(text), &what)) {
    errs_add(errs, label, 0, NULL, "value too large, too deep or not UTF-8");
    return NULL;
  }
  struct sc_node *n = parse(a, text, strlen(text), label, errs);
  if (n)
    n->line = 0;
  return n;
}

/* ---- looking ---- */

const struct sc_entry *sc_node_entry(const struct sc_node *map, const char *key) {
  if (!map || map->kind != SC_MAP)
    return NULL;
  for (size_t i = 0; i < map->n; i++)
    if (strcmp(map->entry[i].key, key) == 0)
      return &map->entry[i];
  return NULL;
}

const struct sc_node *sc_node_get(const struct sc_node *map, const char *key) {
  const struct sc_entry *e = sc_node_entry(map, key);
  return e ? e->node : NULL;
}

const char *sc_node_kind_name(const struct sc_node *n) {
  static const char *const names[] = {[SC_SCALAR] = "a value", [SC_MAP] = "a map", [SC_SEQ] = "a list"};
  return names[n->kind];
}

/* ---- changing: always a copy of what changes ---- */

static struct sc_node *copy_with_room(struct arena *a, const struct sc_node *n, size_t room) {
  struct sc_node *c = arena_alloc(a, sizeof *c);
  *c = *n;
  c->entry = arena_alloc(a, sizeof *c->entry * (n->n + room + 1));
  if (n->n)
    memcpy(c->entry, n->entry, sizeof *c->entry * n->n);
  return c;
}

static void put_entry(struct sc_node *map, const char *key, int line, struct sc_node *value) {
  for (size_t i = 0; i < map->n; i++)
    if (strcmp(map->entry[i].key, key) == 0) {
      map->entry[i].node = value;
      map->entry[i].line = line;
      return;
    }
  map->entry[map->n++] = (struct sc_entry){key, line, value};
}

struct sc_node *sc_node_merge(struct arena *a, const struct sc_node *base, const struct sc_node *over) {
  if (!over || !base || base->kind != SC_MAP || over->kind != SC_MAP)
    return (struct sc_node *)(over ? over : base);
  struct sc_node *m = copy_with_room(a, base, over->n);
  m->file = over->file;
  m->line = over->line;
  for (size_t i = 0; i < over->n; i++) {
    const struct sc_entry *e = &over->entry[i];
    put_entry(m, e->key, e->line, sc_node_merge(a, sc_node_get(base, e->key), e->node));
  }
  return m;
}

struct sc_node *sc_node_without(struct arena *a, const struct sc_node *map, const char *key) {
  struct sc_node *c = copy_with_room(a, map, 0);
  c->n = 0;
  for (size_t i = 0; i < map->n; i++)
    if (strcmp(map->entry[i].key, key) != 0)
      c->entry[c->n++] = map->entry[i];
  return c;
}

static struct sc_node *put(struct arena *a, const struct sc_node *n, const char *whole, const char *path,
                           struct sc_node *value, int depth, struct errs *errs) {
  size_t len = strcspn(path, ".");
  const char *rest = path[len] ? path + len + 1 : NULL;
  char *key = arena_printf(a, "%.*s", (int)len, path);
  struct sc_node empty = {.kind = SC_MAP, .file = value->file};
  if (!n)
    n = &empty;
  if (len == 0 || depth > SC_MAX_DEPTH) {
    errs_add(errs, value->file, value->line, whole, "not a path, expected keys joined by dots");
    return NULL;
  }
  long long at = -1;
  if (n->kind == SC_SCALAR || (n->kind == SC_SEQ && (!units_integer(key, &at) || at < 0 || (size_t)at >= n->n))) {
    errs_add(errs, value->file, value->line, whole, "no such place: '%s' is not in %s of %zu", key,
             sc_node_kind_name(n), n->n);
    return NULL;
  }
  const struct sc_node *old = n->kind == SC_SEQ ? n->entry[at].node : sc_node_get(n, key);
  struct sc_node *child = rest ? put(a, old, whole, rest, value, depth + 1, errs) : value;
  if (!child)
    return NULL;
  struct sc_node *c = copy_with_room(a, n, 1);
  if (c->kind == SC_SEQ)
    c->entry[at].node = child;
  else
    put_entry(c, key, value->line, child);
  return c;
}

struct sc_node *sc_node_put(struct arena *a, const struct sc_node *root, const char *path, struct sc_node *value,
                            struct errs *errs) {
  return put(a, root, path, path, value, 0, errs);
}
