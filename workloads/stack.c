#include "workloads/stack.h"
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

struct figure {
  const char *scope, *name; /* scope: a device, an architecture or "" */
  double value;
};
struct kinship {
  const char *framework, *as;
};
struct wl_stacks {
  struct arena *arena;
  struct wl_stack *row;
  size_t n, cap;
  struct figure *figure;
  size_t n_figure, figure_cap;
  struct kinship *kin;
  size_t n_kin, kin_cap;
  struct wl_trainer *trainer;
  size_t n_trainer, trainer_cap;
};

/* ---- columns of stacks.csv ---- */
enum type { NUMBER, YES_NO, WORD };
struct column {
  const char *name;
  size_t offset;
  enum type type;
  double scale;             /* file unit to ours */
  const char *const *words; /* WORD: an enum's names in order */
};
static const char *const attention_words[] = {"unfused", "flash1", "flash2", "flash3", "best", NULL};
static const char *const fusion_words[] = {"jit", "eager", "fused", NULL};
static const char *const keep_words[] = {"none", "selective", "full", "auto", NULL};
static const char *const again_words[] = {"scores", "operators", "layers", NULL};
static const char *const adapter_words[] = {"qkv", "all", NULL};
static const char *const order_words[] = {"auto", "1f1b", "interleaved", "zero-bubble", "dualpipe", NULL};
#define AT(member) offsetof(struct wl_stack, member)
static const struct column columns[] = {
    {"attention", AT(attention), WORD, 0, attention_words},
    {"fusion", AT(fusion), WORD, 0, fusion_words},
    {"elementwise", AT(elementwise), NUMBER, 1, NULL},
    {"attention_rate", AT(attention_rate), NUMBER, 1, NULL},
    {"slower", AT(slower), NUMBER, 1, NULL},
    {"host_op_us", AT(host_op_s), NUMBER, 1e-6, NULL},
    {"host_moe_us", AT(host_moe_s), NUMBER, 1e-6, NULL},
    {"host_mamba_us", AT(host_mamba_s), NUMBER, 1e-6, NULL},
    {"host_jitter", AT(host_jitter), NUMBER, 1, NULL},
    {"blocking_us", AT(blocking_s), NUMBER, 1e-6, NULL},
    {"tp_overlap", AT(tp_overlap), NUMBER, 1, NULL},
    {"dp_overlap", AT(dp_overlap), NUMBER, 1, NULL},
    {"pp_overlap", AT(pp_overlap), NUMBER, 1, NULL},
    {"ep_overlap", AT(ep_overlap), NUMBER, 1, NULL},
    {"cp_overlap", AT(cp_overlap), NUMBER, 1, NULL},
    {"contention", AT(contention), NUMBER, 1, NULL},
    {"zero3_rate", AT(zero3_rate), NUMBER, 1, NULL},
    {"zero3_GBps", AT(zero3_Bps), NUMBER, 1e9, NULL},
    {"zero3_host_us", AT(zero3_host_s), NUMBER, 1e-6, NULL},
    {"grad_bytes", AT(grad_bytes), NUMBER, 1, NULL},
    {"state_bytes", AT(state_bytes), NUMBER, 1, NULL},
    {"accumulate_fp32", AT(accumulate_fp32), YES_NO, 0, NULL},
    {"sequence_parallel", AT(sequence_parallel), YES_NO, 0, NULL},
    {"schedule", AT(schedule), WORD, 0, order_words},
    {"interleave", AT(interleave), NUMBER, 0, NULL},
    {"balanced_ends", AT(balanced_ends), YES_NO, 0, NULL},
    {"recompute", AT(recompute), WORD, 0, keep_words},
    {"selective", AT(selective), WORD, 0, again_words},
    {"zero", AT(zero), NUMBER, 0, NULL},
    {"moe_imbalance", AT(moe_imbalance), NUMBER, 1, NULL},
    {"grouped_low", AT(grouped_low), NUMBER, 1, NULL},
    {"moe_permute", AT(moe_permute), NUMBER, 1, NULL},
    {"dedupe", AT(dedupe), YES_NO, 0, NULL},
    {"dispatch_bytes", AT(dispatch_bytes), NUMBER, 1, NULL},
    {"cast_bytes", AT(cast_bytes), NUMBER, 1, NULL},
    {"head_16bit", AT(head_16bit), YES_NO, 0, NULL},
    {"step_ms", AT(step_s), NUMBER, 1e-3, NULL},
    {"micro_batch_ms", AT(micro_batch_s), NUMBER, 1e-3, NULL},
    {"seq_len", AT(seq_len), NUMBER, 1, NULL},
    {"ring_rate", AT(ring_rate), NUMBER, 1, NULL},
    {"micro_batches", AT(micro_batches), NUMBER, 0, NULL},
    {"offload", AT(offload), YES_NO, 0, NULL},
    {"offload_state", AT(offload_state), YES_NO, 0, NULL},
    {"loss_bytes", AT(loss_bytes), NUMBER, 1, NULL},
    {"shard_sync_ms", AT(shard_sync_s), NUMBER, 1e-3, NULL},
    {"adapters", AT(adapters), WORD, 0, adapter_words},
    {"packed_len", AT(packed_len), NUMBER, 1, NULL},
    {"dequant_bytes", AT(dequant_bytes), NUMBER, 1, NULL},
    {"low_precision", AT(low_precision), YES_NO, 0, NULL},
    {"whole_scores", AT(whole_scores), YES_NO, 0, NULL},
};

static bool read_word(const char *text, const char *const *words, void *at) {
  for (int i = 0; words[i]; i++)
    if (strcmp(words[i], text) == 0) {
      memcpy(at, &i, sizeof i); /* enums are ints here */
      return true;
    }
  return false;
}

static bool read_value(const struct column *c, const char *text, struct wl_stack *s) {
  void *at = (char *)s + c->offset;
  double v;
  if (c->type == WORD)
    return read_word(text, c->words, at);
  if (c->type == YES_NO) {
    bool yes = strcmp(text, "yes") == 0;
    memcpy(at, &yes, sizeof yes);
    return yes || strcmp(text, "no") == 0;
  }
  if (!units_number(text, &v) || v < 0)
    return false;
  if (c->scale > 0) {
    v *= c->scale;
    memcpy(at, &v, sizeof v);
  } else {
    int n = (int)v;
    memcpy(at, &n, sizeof n);
  }
  return true;
}

/* The cells that a row states; what is missing is an error only where all must be stated. */
static void read_values(const struct csv_table *t, size_t row, bool all, struct wl_stack *s, struct errs *errs) {
  for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
    const char *text = csv_cell(t, row, csv_column(t, columns[i].name));
    if (*text ? !read_value(&columns[i], text, s) : all)
      errs_add(errs, csv_path(t), csv_line(t, row), columns[i].name, "%s '%s'",
               *text ? "not a value for this column:" : "the first row of a framework must state all, got", text);
  }
}

static void add_stack(struct wl_stacks *l, const struct wl_stack *s) {
  l->row = mem_grow(l->row, &l->cap, l->n + 1, sizeof *l->row);
  l->row[l->n++] = *s;
}

/* An empty cell continues the framework's last row for the same device or for any, so that a row states what changed.
 */
static void read_stack(struct wl_stacks *l, const struct csv_table *t, size_t row, struct errs *errs) {
  const char *framework = csv_cell(t, row, csv_column(t, "framework"));
  struct wl_stack s = {0};
  const char *arch = csv_cell(t, row, csv_column(t, "arch"));
  for (size_t i = l->n; i-- > 0;)
    if (strcmp(l->row[i].framework, framework) == 0 && (!*l->row[i].arch || strcmp(l->row[i].arch, arch) == 0)) {
      s = l->row[i];
      break;
    }
  bool first = s.framework == NULL;
  s.framework = arena_strdup(l->arena, framework);
  s.arch = arena_strdup(l->arena, arch);
  s.model = "";
  s.source = arena_strdup(l->arena, csv_cell(t, row, csv_column(t, "source")));
  s.grade = arena_strdup(l->arena, csv_cell(t, row, csv_column(t, "grade")));
  s.since = wl_software_date(csv_cell(t, row, csv_column(t, "since")));
  if (!*framework || s.since == 0)
    errs_add(errs, csv_path(t), csv_line(t, row), "since", "a stack needs a framework and a date (2024 or 25.09)");
  read_values(t, row, first, &s, errs);
  add_stack(l, &s);
}

static void read_stacks(struct wl_stacks *l, const char *path, struct errs *errs) {
  struct csv_table *t = csv_load(path, errs);
  static const char *const need[] = {"framework", "since", "arch", "source", "grade"};
  if (t && csv_require(t, need, 5, errs))
    for (size_t i = 0; i < csv_rows(t); i++)
      read_stack(l, t, i, errs);
  csv_unload(t);
}

/* What a framework's published recipe of one model sets otherwise, laid over each of its stacks from the recipe's date
 * on. */
static void read_recipe(struct wl_stacks *l, const struct csv_table *t, size_t row, struct errs *errs) {
  const char *framework = csv_cell(t, row, csv_column(t, "framework"));
  const char *arch = arena_strdup(l->arena, csv_cell(t, row, csv_column(t, "arch")));
  const char *model = arena_strdup(l->arena, csv_cell(t, row, csv_column(t, "model")));
  double since = wl_software_date(csv_cell(t, row, csv_column(t, "since")));
  size_t stacks = l->n, before = l->n;
  for (size_t i = 0; i < stacks; i++) {
    struct wl_stack s = l->row[i];
    bool meets = !*s.arch || !*arch || strcmp(s.arch, arch) == 0;
    if (*s.model || strcmp(s.framework, framework) != 0 || !meets)
      continue;
    s.model = model;
    s.arch = *arch ? arch : s.arch;
    s.since = fmax(s.since, since);
    s.source = arena_strdup(l->arena, csv_cell(t, row, csv_column(t, "source")));
    s.grade = arena_strdup(l->arena, csv_cell(t, row, csv_column(t, "grade")));
    read_values(t, row, false, &s, errs);
    add_stack(l, &s);
  }
  if (l->n == before || since == 0 || !*model)
    errs_add(errs, csv_path(t), csv_line(t, row), "framework", "a recipe needs a date, a model and a framework of stacks.csv");
}

static void read_recipes(struct wl_stacks *l, const char *path, struct errs *errs) {
  struct csv_table *t = csv_load(path, errs);
  static const char *const need[] = {"framework", "since", "model", "arch", "source", "grade"};
  if (t && csv_require(t, need, 6, errs))
    for (size_t i = 0; i < csv_rows(t); i++)
      read_recipe(l, t, i, errs);
  csv_unload(t);
}

/* Frameworks around another's models and loop, which have its stacks. */
static void read_kin(struct wl_stacks *l, const char *path, struct errs *errs) {
  struct csv_table *t = csv_load(path, errs);
  static const char *const need[] = {"framework", "as", "source", "grade"};
  if (t && csv_require(t, need, 4, errs))
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
  if (t && csv_require(t, need, 6, errs))
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
  static const char *const need[] = {"model", "arch", "software", "source", "grade"};
  if (t && csv_require(t, need, 5, errs))
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
  } files[] = {{"stacks.csv", read_stacks}, {"recipes.csv", read_recipes}, {"frameworks.csv", read_kin}, {"insitu.csv", read_figures}, {"trainers.csv", read_trainers}};
  for (size_t i = 0; i < n; i++) /* a user's directory may hold some of them */
    for (size_t k = 0; k < sizeof files / sizeof *files; k++) {
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

static const struct wl_stack *best(const struct wl_stacks *l, const char *framework, const char *model, double date,
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
                                     const char *device, const char *arch, bool sharded,
                                     bool *ret_known) {
  double date = wl_software_date(name ? name : "");
  if (date == 0)
    date = year > 0 ? year : 2099;
  const struct wl_stack *s = name && *name ? best(l, name, model, date, device, arch) : NULL;
  const char *as = name && *name && !s ? kin_of(l, name) : NULL;
  if (as)
    s = best(l, as, model, date, device, arch);
  if (ret_known)
    *ret_known = s != NULL;
  return s ? s : best(l, sharded ? "default-sharded" : "default", model, date, device, arch);
}

double wl_insitu(const struct wl_stacks *l, const char *device, const char *arch, const char *name) {
  const char *const scope[] = {device, arch, ""};
  for (int k = 0; k < 3; k++)
    for (size_t i = l->n_figure; i-- > 0;) /* later files win */
      if (strcmp(l->figure[i].name, name) == 0 && strcmp(l->figure[i].scope, scope[k]) == 0)
        return l->figure[i].value;
  return (double)NAN;
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
