/* What is known of hardware and prices: every figure with its source, date and grade, what follows from it, and where a
 * preset (the source article) says otherwise. */
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/datadir.h"
#include "base/mem.h"
#include "base/units.h"
#include "cli/catalog_facts.h"
#include "hwmodels/derive.h"

static const struct cli_opt opts[] = {
    {"as-of", 0, "DATE", "only prices in force on that day (default: all, with their dates)"},
    CLI_LIBRARY_OPTS,
    {NULL, 0, NULL, NULL},
};
enum { MAX_PRESETS = 16 };

struct preset { /* the shipped catalog under one of its presets */
  const char *name, *dir;
  struct hw_catalog *catalog;
};
struct view {
  const struct hw_catalog *catalog;
  const struct cli_library *library;
  struct catalog_facts facts;
  struct preset preset[MAX_PRESETS];
  size_t n_preset;
  struct date on; /* of the prices that derived figures use */
  bool on_only;   /* no other prices are shown */
  struct arena *arena;
};

/* ---- presets ---- */

static int by_bytes(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The presets' directories by the order of their names. */
static size_t preset_names(struct arena *a, const char *at, const char *name[MAX_PRESETS]) {
  size_t n = 0;
  DIR *d = opendir(at);
  for (struct dirent *e; d && n < MAX_PRESETS && (e = readdir(d));)
    if (e->d_name[0] != '.')
      name[n++] = arena_strdup(a, e->d_name);
  if (d)
    closedir(d);
  qsort(name, n, sizeof *name, by_bytes);
  return n;
}

static void load_presets(struct view *v, struct errs *errs) {
  const char *shipped = datadir_path(v->arena, "hwmodels/catalog"),
             *at = datadir_path(v->arena, "hwmodels/catalog/presets"), *name[MAX_PRESETS];
  size_t n = preset_names(v->arena, at, name);
  for (size_t i = 0; i < n; i++) {
    struct preset p = {name[i], arena_printf(v->arena, "%s/%s", at, name[i]), NULL};
    const char *dirs[] = {shipped, p.dir};
    if ((p.catalog = hw_catalog_load(dirs, 2, errs)))
      v->preset[v->n_preset++] = p;
  }
}

static bool is_from(const struct hw_fact *f, const char *dir) {
  return strncmp(f->file, dir, strlen(dir)) == 0;
}

static bool differs(const struct hw_fact *a, const struct hw_fact *b) {
  double x = a->value, y;
  if (isnan(a->value) || isnan(b->value))
    return strcmp(a->text, b->text) != 0;
  return strcmp(a->unit, b->unit) == 0 ? x != b->value : !units_convert(b->value, b->unit, a->unit, &y) || x != y;
}

static void print_disagreement(const struct view *v, const struct hw_fact *f) {
  for (size_t i = 0; i < v->n_preset; i++) {
    const struct hw_fact *says = hw_fact_find(v->preset[i].catalog, f->kind, f->name, f->metric);
    if (says && is_from(says, v->preset[i].dir) && !is_from(f, v->preset[i].dir) && differs(f, says))
      printf("  %-28s   %s says %s%s%s; corrected: %s%s%s\n", "", v->preset[i].name, says->text, *says->unit ? " " : "",
             says->unit, f->text, *f->unit ? " " : "", f->unit);
  }
}

/* ---- lists ---- */

static const struct hw_fact *fact_at(const struct view *v, size_t i) {
  return i < v->facts.n ? &v->facts.fact[i] : NULL;
}

static bool seen_before(const struct view *v, size_t i, bool name_too) {
  const struct hw_fact *f = fact_at(v, i);
  for (size_t j = i; j-- > 0;) {
    const struct hw_fact *g = fact_at(v, j);
    if (strcmp(f->kind, g->kind) == 0 && (!name_too || strcmp(f->name, g->name) == 0))
      return true;
  }
  return false;
}

static void count_kind(const struct view *v, const char *kind, size_t *names, size_t *rows) {
  *names = *rows = 0;
  for (size_t i = 0; fact_at(v, i); i++)
    if (strcmp(fact_at(v, i)->kind, kind) == 0) {
      *names += !seen_before(v, i, true);
      ++*rows;
    }
}

static void list_kinds(const struct view *v, FILE *f) {
  for (size_t i = 0; fact_at(v, i); i++)
    if (!seen_before(v, i, false)) {
      size_t names, rows;
      count_kind(v, fact_at(v, i)->kind, &names, &rows);
      fprintf(f, "%-14s %4zu names %5zu rows\n", fact_at(v, i)->kind, names, rows);
    }
}

/* Since when and until when there are rows about software. Dates are written YYYY, YYYY-MM or YY.MM. */
static void print_dates(const struct view *v, const char *kind, const char *name) {
  const char *first = NULL, *last = NULL;
  for (size_t i = 0; fact_at(v, i); i++) {
    const struct hw_fact *f = fact_at(v, i);
    if (strcmp(f->kind, kind) != 0 || strcmp(f->name, name) != 0 || !*f->date)
      continue;
    if (!first || wl_software_date(f->date) < wl_software_date(first))
      first = f->date;
    if (!last || wl_software_date(f->date) > wl_software_date(last))
      last = f->date;
  }
  if (first)
    printf(strcmp(first, last) == 0 ? "  %s" : "  %s to %s", first, last);
}

/* One line about a part where the models have a view of it. */
static void print_summary(const struct view *v, const char *kind, const char *name) {
  const struct hw_catalog *c = v->catalog;
  const struct hw_gpu *g = strcmp(kind, "gpu") == 0 ? hw_gpu_find(c, name) : NULL;
  const struct hw_server *s = strcmp(kind, "server") == 0 ? hw_server_find(c, name) : NULL;
  const struct hw_link *l = strcmp(kind, "link") == 0 ? hw_link_find(c, name) : NULL;
  const struct wl_model *m = strcmp(kind, "model") == 0 ? wl_model_find(v->library->models, name) : NULL;
  if (g)
    printf("  %-10s %7.4g TFLOPS %6.4g GiB %6.4g GB/s %6.4g W", g->arch,
           fmax(g->peak_flops[DT_BF16], g->peak_flops[DT_FP16]) / 1e12, g->mem_bytes / 1073741824.0, g->mem_Bps / 1e9,
           g->tdp_w);
  if (s)
    printf("  %d x %s, %s", s->gpus, s->gpu->name, *s->provider ? s->provider : "owned");
  if (l && l->raw_Bps > 0)
    printf("  %7.4g GB/s one way", l->raw_Bps / 1e9);
  if (m) {
    struct wl_counts n;
    wl_model_count(m, &n);
    printf("  %7.4g G parameters %7.4g G active %4d layers", n.params / 1e9, n.params_active / 1e9, m->layers);
  }
  if (strcmp(kind, "engine") == 0 || strcmp(kind, "stack") == 0 || strcmp(kind, "recipe") == 0)
    print_dates(v, kind, name);
}

static size_t list_names(const struct view *v, const char *kind, FILE *f) {
  size_t n = 0;
  for (size_t i = 0; fact_at(v, i); i++)
    if (strcmp(fact_at(v, i)->kind, kind) == 0 && !seen_before(v, i, true)) {
      fprintf(f, f == stdout ? "%-34s" : "  %s", fact_at(v, i)->name);
      if (f == stdout)
        print_summary(v, kind, fact_at(v, i)->name);
      fputc('\n', f);
      n++;
    }
  return n;
}

/* ---- one name ---- */

/* A text longer than the columns of a value and its unit has the rest of its line for itself. */
static void print_fact(const struct hw_fact *f) {
  enum { VALUE = 14, UNIT = 10, BOTH = VALUE + 1 + UNIT };
  int length = (int)strlen(f->text);
  printf("  %-28s ", f->metric);
  if (*f->unit || length <= VALUE)
    printf("%*s %-*s", VALUE, f->text, UNIT, f->unit);
  else if (length <= BOTH)
    printf("%-*s", BOTH, f->text);
  else
    printf("%s\n%*s", f->text, 31 + BOTH, "");
  printf(" %-9s %-10s %s%s%s\n", f->grade, *f->date ? f->date : "-", f->source, *f->where && *f->source ? ": " : "", f->where);
}

static void print_derived(const struct hw_derived *d, size_t n) {
  for (size_t i = 0; i < n; i++)
    printf("  %-28s %14.6g %-10s %-9s %-10s %s\n", d[i].metric, d[i].value, d[i].unit, "derived", "-", d[i].how);
}

static size_t derive_model(const struct wl_model *m, struct hw_derived *out) {
  struct wl_counts n;
  wl_model_count(m, &n);
  const struct hw_derived all[] = {
      {"parameters", "", n.params, "without those of token prediction"},
      {"parameters_active", "", n.params_active, "that a token meets, embeddings included"},
      {"cache_per_token", "", n.kv_elems_per_token, "elements of keys and values, all layers"},
      {"forward_flop_per_token", "FLOP", n.fwd_flops_per_token, "products alone, without attention scores"},
  };
  memcpy(out, all, sizeof all);
  return sizeof all / sizeof *all;
}

static void print_price(const struct view *v, const struct hw_price *p) {
  char from[11], to[11];
  date_format(p->from, from);
  date_format(p->to, to);
  printf("  %-28s %14.8g %-10s %-9s %s..%s %s%s%s%s%s", p->contract, p->usd,
         strcmp(p->contract, "purchase") == 0 ? "USD" : "USD/h", p->grade, p->from.year == 1970 ? "" : from,
         p->to.year == 9999 ? "" : to, p->region, *p->region ? ", " : "", p->source, *p->where ? ": " : "", p->where);
  if (p->low_usd > 0 || p->high_usd > 0)
    printf(" [%.8g, %.8g]", p->low_usd > 0 ? p->low_usd : p->usd, p->high_usd > 0 ? p->high_usd : p->usd);
  putchar('\n');
  for (size_t i = 0; i < v->n_preset; i++) {
    const struct hw_price *says =
        hw_price_find(v->preset[i].catalog, p->server, p->contract, p->region, p->to.year == 9999 ? v->on : p->from);
    if (says && says->usd != p->usd && strcmp(says->region, p->region) == 0 && p->to.year == 9999 &&
        hw_price_find(v->catalog, p->server, p->contract, p->region, v->on) == p)
      printf("  %-28s   %s says %.8g; corrected: %.8g\n", "", v->preset[i].name, says->usd, p->usd);
  }
}

static bool is_asked(const struct view *v, const struct hw_price *p) {
  return !v->on_only || (date_days(p->from) <= date_days(v->on) && date_days(v->on) < date_days(p->to));
}

static bool print_prices(const struct view *v, const char *server) {
  bool any = false;
  for (size_t i = 0; hw_price_at(v->catalog, i); i++) {
    const struct hw_price *p = hw_price_at(v->catalog, i);
    if (strcmp(p->server, server) != 0 || !is_asked(v, p))
      continue;
    if (!any)
      printf("prices\n");
    any = true;
    print_price(v, p);
  }
  return any;
}

/* The name as the catalog spells it, or NULL. */
static const char *known_name(const struct view *v, const char *kind, const char *name) {
  const struct hw_catalog *c = v->catalog;
  const struct hw_gpu *g = strcmp(kind, "gpu") == 0 ? hw_gpu_find(c, name) : NULL;
  const struct hw_server *s =
      strcmp(kind, "server") == 0 || strcmp(kind, "price") == 0 ? hw_server_find(c, name) : NULL;
  const struct hw_link *l = strcmp(kind, "link") == 0 ? hw_link_find(c, name) : NULL;
  if (g || s || l)
    return g ? g->name : s ? s->name : l->name;
  for (size_t i = 0; fact_at(v, i); i++)
    if (strcmp(fact_at(v, i)->kind, kind) == 0 && strcasecmp(fact_at(v, i)->name, name) == 0)
      return fact_at(v, i)->name;
  return catalog_software_name(v->library, kind, name);
}

static void print_derived_of(const struct view *v, const char *kind, const char *name) {
  const struct hw_catalog *c = v->catalog;
  struct hw_derived derived[HW_DERIVED_MAX];
  if (strcmp(kind, "gpu") == 0)
    print_derived(derived, hw_derive_gpu(c, hw_gpu_find(c, name), derived));
  else if (strcmp(kind, "server") == 0)
    print_derived(derived, hw_derive_server(c, hw_server_find(c, name), v->on, derived));
  else if (strcmp(kind, "model") == 0)
    print_derived(derived, derive_model(wl_model_find(v->library->models, name), derived));
}

static int show(const struct view *v, const char *kind, const char *name) {
  bool price = strcmp(kind, "price") == 0, server = strcmp(kind, "server") == 0;
  printf("%s %s\n", kind, name);
  for (size_t i = 0; fact_at(v, i) && !price; i++)
    if (strcmp(fact_at(v, i)->kind, kind) == 0 && strcmp(fact_at(v, i)->name, name) == 0) {
      print_fact(fact_at(v, i));
      print_disagreement(v, fact_at(v, i));
    }
  if (strcmp(kind, "gpu") == 0 || server || strcmp(kind, "model") == 0)
    printf("derived\n");
  print_derived_of(v, kind, name);
  bool priced = (server || price) && print_prices(v, name);
  if (!price || priced)
    return CLI_DONE;
  cli_say("no price of %s was in force on that day (without --as-of all are shown)", name);
  return CLI_USAGE;
}

/* ---- the command ---- */

struct names {
  const struct view *view;
  const char *kind; /* NULL: the kinds themselves */
};
static const char *candidate(const void *ctx, size_t i) {
  const struct names *n = ctx;
  for (size_t k = 0; fact_at(n->view, k); k++)
    if ((!n->kind || strcmp(fact_at(n->view, k)->kind, n->kind) == 0) && !seen_before(n->view, k, n->kind != NULL) && i-- == 0)
      return n->kind ? fact_at(n->view, k)->name : fact_at(n->view, k)->kind;
  return NULL;
}

static int unknown(const struct view *v, const char *kind, const char *what, const char *word) {
  const struct names names = {v, kind};
  const char *near = kind && strcmp(kind, "gpu") == 0 ? hw_gpu_nearest(v->catalog, word) : err_nearest(word, candidate, &names);
  cli_say("unknown %s '%s'%s%s%s; known are:", what, word, near ? ", did you mean '" : "", near ? near : "",
          near ? "'?" : "");
  if (kind)
    list_names(v, kind, stderr);
  else
    list_kinds(v, stderr);
  return CLI_USAGE;
}

static int answer(const struct view *v, const char *kind, const char *name) {
  size_t names, rows;
  if (!kind) {
    list_kinds(v, stdout);
    return CLI_DONE;
  }
  count_kind(v, kind, &names, &rows);
  if (!rows)
    return unknown(v, NULL, "kind", kind);
  if (!name) {
    list_names(v, kind, stdout);
    return CLI_DONE;
  }
  const char *known = known_name(v, kind, name);
  if (!known)
    return unknown(v, kind, kind, name);
  return show(v, kind, known);
}

static int run(const struct cli_args *args) {
  struct errs *errs = errs_create();
  struct cli_library library;
  struct view v = {.on = {9999, 1, 1}, .arena = arena_create()};
  int code = CLI_USAGE;
  if (cli_value(args, "as-of") && !date_parse(cli_value(args, "as-of"), &v.on))
    errs_add(errs, NULL, 0, "--as-of", "got '%s', expected YYYY-MM-DD", cli_value(args, "as-of"));
  v.on_only = cli_value(args, "as-of") != NULL;
  if (cli_library_open(&library, args, errs) && errs_count(errs) == 0) {
    v.catalog = library.catalog;
    v.library = &library;
    catalog_facts_load(&v.facts, v.arena, &library, args, errs);
    load_presets(&v, errs);
    if (errs_count(errs) == 0)
      code = answer(&v, cli_word(args, 0), cli_word(args, 1));
  }
  cli_print_errs(errs);
  for (size_t i = 0; i < v.n_preset; i++)
    hw_catalog_free(v.preset[i].catalog);
  catalog_facts_free(&v.facts);
  cli_library_close(&library);
  arena_destroy(v.arena);
  errs_destroy(errs);
  return code;
}

const struct cli_cmd cmd_catalog = {.name = "catalog",
                                    .doc = "what is known of GPUs, servers, links, prices, models and software, with sources",
                                    .words = "[KIND [NAME]]",
                                    .min_words = 0,
                                    .max_words = 2,
                                    .opts = opts,
                                    .notes = "Without KIND the kinds are listed, without NAME the names of a kind. "
                                             "Grades: measured, vendor, derived, assumed, fitted.",
                                    .run = run};
