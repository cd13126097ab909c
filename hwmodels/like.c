/* `like`: a row of kind K, name N, metric `like`, value M lets N take over every figure of M that it does not state itself. (A GPU that is like
 * another is a variant of it, `based_on`, which its kernels inherit from, too.) */
#include <string.h>
#include "hwmodels/priv.h"

enum { DEEPEST = 8 };

static bool is_about(const struct hw_fact *f, const char *kind, uint64_t name) {
  return strcmp(f->kind, kind) == 0 && hwi_name_hash(kind, f->name, NULL) == name;
}

static void take_over(struct hw_catalog *c, const struct hw_fact *from, const char *name) {
  if (strcmp(from->metric, "like") == 0 || hw_fact_find(c, from->kind, name, from->metric))
    return;
  struct hw_fact f = *from;
  f.where = arena_printf(c->arena, "as %s%s%s", from->name, *from->where ? "; " : "", from->where);
  f.name = name;
  c->fact = mem_grow(c->fact, &c->cap_fact, c->n_fact + 1, sizeof *c->fact);
  c->fact[c->n_fact] = f;
  hwi_index_put(&c->by_key, hwi_name_hash(f.kind, name, f.metric), c->n_fact++);
}

/* What `name` is like, first, so that a chain of them is followed. */
static void expand(struct hw_catalog *c, const char *kind, const char *name, int depth, struct errs *errs) {
  const struct hw_fact *f = hw_fact_find(c, kind, name, "like");
  if (!f)
    return;
  if (depth == DEEPEST) {
    errs_add(errs, f->file, f->line, "like", "rows that are like each other in a circle, or more than %d deep", DEEPEST);
    return;
  }
  const struct hw_fact stated = *f; /* the facts move when they grow */
  const char *base = hwi_canonical(c, kind, stated.text);
  expand(c, kind, base, depth + 1, errs);
  uint64_t hash = hwi_name_hash(kind, base, NULL);
  size_t n = c->n_fact, found = 0;
  for (size_t i = 0; i < n; i++)
    if (is_about(&c->fact[i], kind, hash)) {
      found++;
      take_over(c, &c->fact[i], name);
    }
  if (!found)
    errs_add(errs, stated.file, stated.line, "like", "unknown %s '%s'", kind, stated.text);
  /* a link's collectives are those of its class */
  if (found && strcmp(kind, "link") == 0 && !hw_fact_find(c, kind, name, "class")) {
    struct hw_fact class = stated;
    class.metric = "class";
    take_over(c, &class, name);
  }
}

void hwi_expand_likes(struct hw_catalog *c, struct errs *errs) {
  for (size_t i = 0, n = c->n_fact, before = errs_count(errs); i < n && errs_count(errs) == before; i++)
    if (strcmp(c->fact[i].metric, "like") == 0)
      expand(c, c->fact[i].kind, c->fact[i].name, 0, errs);
}
