/* Which words a user's own rows may use. The shipped rows are the dictionary: a kind or a metric that none of them has, and no model reads,
 * would be without effect in silence, so it is an error with the nearest known one. */
#include <stdio.h>
#include <string.h>
#include "base/hash.h"
#include "hwmodels/priv.h"

/* "gemm.fp8.launch" is known where "gemm.bf16.launch" is: parts have other formats. "_alt", "_alt2": another source of the same figure. */
static uint64_t word_key(const char *kind, const char *metric) {
  char pattern[128] = "", part[64];
  size_t n = 0;
  for (const char *p = metric; *p && n + 2 < sizeof pattern;) {
    size_t length = strcspn(p, ".");
    bool first = p == metric; /* "fp8_tensor" is a word of its own */
    enum dtype t;
    snprintf(part, sizeof part, "%.*s", (int)length, p);
    p += length + (p[length] == '.');
    n += (size_t)snprintf(pattern + n, sizeof pattern - n, "%s.", !first && dtype_parse(part, &t) ? "*" : part);
    n = n < sizeof pattern ? n : sizeof pattern - 1;
  }
  char *alt = strstr(pattern, "_alt");
  if (alt)
    *alt = '\0';
  else if (n)
    pattern[n - 1] = '\0';
  return hash_str(hash_str(1, kind), pattern);
}

void hwi_word_note(struct hw_catalog *c, const struct hw_fact *f) {
  hwi_index_put(&c->by_word, hash_str(0, f->kind), 0);
  hwi_index_put(&c->by_word, word_key(f->kind, f->metric), 0);
}

/* Metrics that any row of the kind may have, whether a shipped one has it or not. */
static bool is_member(const char *kind, const char *metric) {
  for (size_t i = 0; hwi_member_at(kind, i); i++)
    if (strcmp(hwi_member_at(kind, i), metric) == 0)
      return true;
  return strcmp(metric, "like") == 0;
}

struct candidates {
  const struct hw_catalog *c;
  const char *kind; /* NULL: the kinds */
};

/* Shipped metrics of the kind (often repeated, which does no harm), then those of its view. */
static const char *candidate(const void *ctx, size_t i) {
  const struct candidates *w = ctx;
  if (!w->kind)
    return i < w->c->n_fact ? w->c->fact[i].kind : NULL;
  if (i >= w->c->n_fact)
    return hwi_member_at(w->kind, i - w->c->n_fact);
  const struct hw_fact *f = &w->c->fact[i];
  return !f->own && strcmp(f->kind, w->kind) == 0 ? f->metric : "like";
}

static void unknown(const struct hw_catalog *c, const struct hw_fact *f, const char *kind, const char *word, struct errs *errs) {
  const char *near = err_nearest(word, candidate, &(struct candidates){c, kind});
  errs_add(errs, f->file, f->line, word, "no row of the shipped catalog has this %s%s%s%s%s%s", kind ? "metric of a " : "kind", kind ? kind : "",
           near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "", near || !kind ? "" : "; see rackcast catalog for those that are known");
}

void hwi_word_check(const struct hw_catalog *c, const struct hw_fact *f, struct errs *errs) {
  size_t at;
  if (!hwi_index_get(&c->by_word, hash_str(0, f->kind), &at))
    unknown(c, f, NULL, f->kind, errs);
  else if (!hwi_index_get(&c->by_word, word_key(f->kind, f->metric), &at) && !is_member(f->kind, f->metric))
    unknown(c, f, f->kind, f->metric, errs);
}

/* ---- names ---- */

static bool is_part(const struct hw_catalog *c, const char *kind, const char *name) {
  size_t at;
  return hwi_index_get(&c->by_name, hwi_name_hash(kind, hwi_canonical(c, kind, name), NULL), &at);
}

static bool is_arch(const struct hw_catalog *c, const char *name) {
  for (size_t i = 0; i < c->n_gpu; i++)
    if (strcmp(c->gpu[i].arch, name) == 0)
      return true;
  return hwi_text(c, "arch", name, "parent") || hwi_text(c, "arch", name, "reference");
}

/* Rows of these kinds say something about a part, which must be there. */
void hwi_names_check(const struct hw_catalog *c, struct errs *errs) {
  static const struct {
    const char *kind, *part;
  } about[] = {{"kernel", "gpu"}, {"collective", "link"}, {"price", "server"}, {"alias", NULL}};
  for (size_t i = 0; i < c->n_fact; i++) {
    const struct hw_fact *f = &c->fact[i];
    for (size_t k = 0; f->own && k < sizeof about / sizeof *about; k++) {
      if (strcmp(f->kind, about[k].kind) != 0)
        continue;
      const char *part = about[k].part ? about[k].part : f->metric, *name = about[k].part ? f->name : f->text;
      const char *near = strcmp(part, "gpu") == 0 ? hw_gpu_nearest(c, name) : strcmp(part, "server") == 0 ? hw_server_nearest(c, name) : NULL;
      bool general = about[k].part && (strcmp(name, "any") == 0 || (strcmp(part, "gpu") == 0 && is_arch(c, name)));
      if (!general && !is_part(c, part, name))
        errs_add(errs, f->file, f->line, name, "this %s row is about an unknown %s%s%s%s", f->kind, part, near ? ", did you mean '" : "",
                 near ? near : "", near ? "'?" : "");
    }
  }
}
