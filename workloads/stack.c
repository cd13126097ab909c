#include "workloads/stack_priv.h"
#include <ctype.h>
#include <pthread.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/csv.h"
#include "base/datadir.h"
#include "base/mem.h"
#include "base/units.h"

/* Frameworks around another's models and loop, which have its stacks. */
static void read_kin(struct wl_stacks *l, const char *path, struct errs *errs) {
  struct csv_table *t = csv_load(path, errs);
  static const char *const need[] = {"framework", "as", "source", "grade"};
  if (t && (csv_require(t, need, 4, errs) & csv_known_in(t, need, 4, errs)))
    for (size_t i = 0; i < csv_rows(t); i++) {
      l->kin = mem_grow(l->kin, &l->kin_cap, l->n_kin + 1, sizeof *l->kin);
      l->kin[l->n_kin++] = (struct kinship){arena_strdup(l->arena, csv_cell(t, i, csv_column(t, "framework"))),
                                            arena_strdup(l->arena, csv_cell(t, i, csv_column(t, "as")))};
    }
  csv_unload(t);
}

static void read_figures(struct wl_stacks *l, const char *path, struct errs *errs) {
  struct csv_table *t = csv_load(path, errs);
  static const char *const need[] = {"scope", "name", "value", "unit", "source", "grade"};
  if (t && (csv_require(t, need, 6, errs) & csv_known_in(t, need, 6, errs)))
    for (size_t i = 0; i < csv_rows(t); i++) {
      struct figure f = {arena_strdup(l->arena, csv_cell(t, i, csv_column(t, "scope"))),
                         arena_strdup(l->arena, csv_cell(t, i, csv_column(t, "name"))), 0};
      if (!units_number(csv_cell(t, i, csv_column(t, "value")), &f.value))
        errs_add(errs, path, csv_line(t, i), "value", "expected a number");
      l->figure = mem_grow(l->figure, &l->figure_cap, l->n_figure + 1, sizeof *l->figure);
      l->figure[l->n_figure++] = f;
    }
  csv_unload(t);
}

static void read_trainer(struct wl_stacks *l, const struct csv_table *t, size_t row, struct errs *errs) {
  struct wl_trainer w = {.model = arena_strdup(l->arena, csv_cell(t, row, csv_column(t, "model"))),
                         .arch = arena_strdup(l->arena, csv_cell(t, row, csv_column(t, "arch"))),
                         .software = arena_strdup(l->arena, csv_cell(t, row, csv_column(t, "software"))),
                         .up_to_params = INFINITY};
  struct {
    const char *column;
    int *at;
  } f[] = {{"gpus", &w.gpus},
           {"tp", &w.tp},
           {"pp", &w.pp},
           {"vpp", &w.vpp},
           {"cp", &w.cp},
           {"ep", &w.ep},
           {"micro_batch", &w.micro_batch},
           {"seq_len", &w.seq_len},
           {"global_batch", &w.global_batch},
           {"micro_batches", &w.micro_batches},
           {"vocab", &w.vocab}};
  struct {
    const char *column;
    double *at, scale;
  } g[] = {{"since", &w.since, 1}, {"up_to_B", &w.up_to_params, 1e9}, {"step_Mtokens", &w.step_tokens, 1e6}};
  for (size_t i = 0; i < sizeof f / sizeof *f; i++) {
    const char *text = csv_cell(t, row, csv_column(t, f[i].column));
    long long n = 0;
    if (*text && (!units_integer(text, &n) || n < 1 || n > 100000000))
      errs_add(errs, csv_path(t), csv_line(t, row), f[i].column, "expected a positive count, got '%s'", text);
    *f[i].at = (int)n;
  }
  for (size_t i = 0; i < sizeof g / sizeof *g; i++) {
    const char *text = csv_cell(t, row, csv_column(t, g[i].column));
    double v = 0;
    if (*text && (!units_number(text, &v) || !(v > 0)))
      errs_add(errs, csv_path(t), csv_line(t, row), g[i].column, "expected a positive number, got '%s'", text);
    *g[i].at = *text ? v * g[i].scale : *g[i].at;
  }
  l->trainer = mem_grow(l->trainer, &l->trainer_cap, l->n_trainer + 1, sizeof *l->trainer);
  l->trainer[l->n_trainer++] = w;
}

static void read_trainers(struct wl_stacks *l, const char *path, struct errs *errs) {
  struct csv_table *t = csv_load(path, errs);
  static const char *const known[] = {"model", "arch",      "software", "source",      "grade",        "gpus",          "tp",
                                      "pp",    "vpp",       "cp",       "ep",          "micro_batch",  "seq_len",       "global_batch",
                                      "since", "up_to_B",   "step_Mtokens", "micro_batches", "vocab"};
  enum { NEED = 5 };
  if (t && (csv_require(t, known, NEED, errs) & csv_known_in(t, known, sizeof known / sizeof *known, errs)))
    for (size_t i = 0; i < csv_rows(t); i++)
      read_trainer(l, t, i, errs);
  csv_unload(t);
}

static bool readable(const char *path) {
  FILE *f = fopen(path, "r");
  if (f)
    fclose(f);
  return f != NULL;
}

struct wl_stacks *wl_stacks_load(const char *const *dirs, size_t n, struct errs *errs) {
  size_t before = errs_count(errs);
  struct wl_stacks *l = mem_alloc(sizeof *l);
  l->arena = arena_create();
  static const struct {
    const char *name;
    void (*read)(struct wl_stacks *l, const char *path, struct errs *errs);
  } files[] = {{"stacks.csv", wli_read_stacks}, {"recipes.csv", wli_read_recipes}, {"frameworks.csv", read_kin}, {"insitu.csv", read_figures}, {"trainers.csv", read_trainers}};
  for (size_t k = 0; k < sizeof files / sizeof *files; k++) /* recipes lie over the stacks of all directories */
    for (size_t i = 0; i < n; i++) {                         /* a user's may hold some of the files */
      const char *path = arena_printf(l->arena, "%s/%s", dirs[i], files[k].name);
      if (i == 0 || readable(path))
        files[k].read(l, path, errs);
    }
  if (errs_count(errs) == before)
    return l;
  wl_stacks_free(l);
  return NULL;
}

void wl_stacks_free(struct wl_stacks *l) {
  if (!l)
    return;
  arena_destroy(l->arena);
  mem_free(l->row);
  mem_free(l->figure);
  mem_free(l->kin);
  mem_free(l->trainer);
  mem_free(l);
}

static struct wl_stacks *shipped;

static void load_shipped(void) {
  struct arena *a = arena_create();
  struct errs *errs = errs_create();
  const char *dir = datadir_path(a, "workloads/catalog");
  shipped = wl_stacks_load(&dir, 1, errs);
  errs_destroy(errs);
  arena_destroy(a);
}

const struct wl_stacks *wl_stacks_shipped(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, load_shipped);
  return shipped;
}

/* ---- finding ---- */
double wl_software_date(const char *name) {
  for (const char *p = name; *p; p++) {
    if (!isdigit((unsigned char)*p) || (p > name && (isalnum((unsigned char)p[-1]) || p[-1] == '.')))
      continue;
    char *end;
    long first = strtol(p, &end, 10), second = *end == '.' || *end == '-' ? strtol(end + 1, NULL, 10) : 0;
    if (first >= 2015 && first < 2100)
      return (double)first + (second >= 1 && second <= 12 ? (double)(second - 1) / 12 : 0);
    if (*end == '.' && first >= 20 && first < 60 && second >= 1 && second <= 12)
      return 2000.0 + (double)first + (double)(second - 1) / 12;
  }
  return 0;
}

/* "Megatron-LM 2022 (core)" begins with the framework's name, case and punctuation aside. */
static bool names(const char *software, const char *framework) {
  while (*framework) {
    while (*software && !isalnum((unsigned char)*software))
      software++;
    while (*framework && !isalnum((unsigned char)*framework))
      framework++;
    if (!*framework)
      break;
    if (tolower((unsigned char)*software++) != tolower((unsigned char)*framework++))
      return false;
  }
  return true;
}

static size_t frameworks(const struct wl_stacks *l) {
  return l->n + l->n_kin;
}

static const char *framework_at(const struct wl_stacks *l, size_t i) {
  return i < l->n ? l->row[i].framework : l->kin[i - l->n].framework;
}

bool wl_stack_named(const struct wl_stacks *l, const char *name) {
  for (size_t i = 0; i < frameworks(l); i++) {
    size_t n = strlen(framework_at(l, i));
    if (strncasecmp(name, framework_at(l, i), n) == 0 && (name[n] == '\0' || name[n] == ' '))
      return true;
  }
  return false;
}

const char *wl_stack_nearest(const struct wl_stacks *l, const char *name) {
  size_t n = frameworks(l);
  const char **all = mem_array(n + 1, sizeof *all);
  for (size_t i = 0; i < n; i++)
    all[i] = framework_at(l, i);
  const char *near = err_nearest_in(name, all, n);
  mem_free(all);
  return near;
}

/* Is the word one of a list with blanks between. */
static bool listed(const char *list, const char *word) {
  size_t n = strlen(word);
  for (const char *at = list; n > 0 && (at = strstr(at, word)); at += n)
    if ((at == list || at[-1] == ' ') && (at[n] == ' ' || at[n] == '\0'))
      return true;
  return false;
}

/* How closely a row is made for the device: 2 itself, 1 its architecture, 0 any, -1 another. */
static int closeness(const struct wl_stack *s, const char *device, const char *arch) {
  return *s->arch == '\0' ? 0 : listed(s->arch, device) ? 2 : listed(s->arch, arch) ? 1 : -1;
}

/* Is `a` a better answer than `b`: the longer framework name, then not younger than the date, then the newer (of too
 * young ones the older), then the model's own recipe, then the closer device. */
static bool better(const struct wl_stack *a, const struct wl_stack *b, double date, const char *device,
                   const char *arch) {
  size_t la = strlen(a->framework), lb = strlen(b->framework);
  bool old_a = a->since <= date + 1e-6, old_b = b->since <= date + 1e-6;
  int ca = closeness(a, device, arch), cb = closeness(b, device, arch);
  if (la != lb)
    return la > lb;
  if (old_a != old_b)
    return old_a;
  if (!*a->model != !*b->model)
    return *a->model != '\0';
  if (ca != cb)
    return ca > cb;
  return old_a ? a->since > b->since : a->since < b->since;
}

const struct wl_stack *wli_stack_best(const struct wl_stacks *l, const char *framework, const char *model, double date,
                                   const char *device, const char *arch) {
  const struct wl_stack *found = NULL;
  for (size_t i = 0; i < l->n; i++) {
    const struct wl_stack *s = &l->row[i];
    if (names(framework, s->framework) && (!*s->model || strcmp(s->model, model) == 0) && closeness(s, device, arch) >= 0 &&
        (!found || !better(found, s, date, device, arch))) /* of equals the later: a user's own */
      found = s;
  }
  return found;
}

/* Whose stacks a framework without own rows has; NULL when nobody's are known. */
static const char *kin_of(const struct wl_stacks *l, const char *name) {
  for (size_t i = l->n_kin; i-- > 0;) /* later files win */
    if (names(name, l->kin[i].framework))
      return l->kin[i].as;
  return NULL;
}

const struct wl_stack *wl_stack_find(const struct wl_stacks *l, const char *name, const char *model, double year,
                                     const char *device, const char *arch, enum wl_habit habit,
                                     bool *ret_known) {
  double date = wl_software_date(name ? name : "");
  if (date == 0)
    date = year > 0 ? year : 2099;
  const struct wl_stack *s = name && *name ? wli_stack_best(l, name, model, date, device, arch) : NULL;
  const char *as = name && *name && !s ? kin_of(l, name) : NULL;
  if (as)
    s = wli_stack_best(l, as, model, date, device, arch);
  if (ret_known)
    *ret_known = s != NULL;
  static const char *const row[] = {[WL_CUT] = "default", [WL_SHARDED] = "default-sharded", [WL_TUNED] = "default-tuning"};
  return s ? s : wli_stack_best(l, row[habit], model, date, device, arch);
}

double wl_insitu_row(const struct wl_stacks *l, const char *scope, const char *name) {
  for (size_t i = l->n_figure; i-- > 0;) /* later files win */
    if (strcmp(l->figure[i].name, name) == 0 && strcmp(l->figure[i].scope, scope) == 0)
      return l->figure[i].value;
  return (double)NAN;
}

double wl_insitu(const struct wl_stacks *l, const char *device, const char *arch, const char *name) {
  const char *const scope[] = {device, arch, ""};
  double v = (double)NAN;
  for (int k = 0; k < 3 && isnan(v); k++)
    v = wl_insitu_row(l, scope[k], name);
  return v;
}

const struct wl_trainer *wl_trainer(const struct wl_stacks *l, const char *model, const char *arch) {
  for (size_t i = l->n_trainer; i-- > 0;)
    if (strcmp(l->trainer[i].model, model) == 0 && strcmp(l->trainer[i].arch, arch) == 0)
      return &l->trainer[i];
  return NULL;
}

const struct wl_trainer *wl_usual_trainer(const struct wl_stacks *l, double year, double params) {
  const struct wl_trainer *found = NULL;
  for (size_t i = 0; i < l->n_trainer; i++) {
    const struct wl_trainer *w = &l->trainer[i];
    if (*w->model || params > w->up_to_params || (found && w->since > fmax(year, found->since)))
      continue;
    if (!found || w->since > found->since || (w->since == found->since && w->up_to_params <= found->up_to_params))
      found = w; /* of equals the later: a user's own */
  }
  return found;
}
