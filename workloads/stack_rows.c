/* Rows of stacks.csv and recipes.csv: their columns, and what a row takes over where it states nothing. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "base/csv.h"
#include "base/units.h"
#include "workloads/stack_priv.h"

/* ---- columns of stacks.csv ---- */
enum type { NUMBER, YES_NO, WORD };
struct column {
  const char *name;
  size_t offset;
  enum type type;
  double scale;             /* file unit to ours; 0 = a count */
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
    {"zero3_overlap", AT(zero3_overlap), NUMBER, 1, NULL},
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
    {"biased_experts", AT(biased_experts), NUMBER, 1, NULL},
    {"dedupe", AT(dedupe), YES_NO, 0, NULL},
    {"dispatch_bytes", AT(dispatch_bytes), NUMBER, 1, NULL},
    {"cast_bytes", AT(cast_bytes), NUMBER, 1, NULL},
    {"head_16bit", AT(head_16bit), YES_NO, 0, NULL},
    {"autocast", AT(autocast), YES_NO, 0, NULL},
    {"optimizer_us", AT(optimizer_op_s), NUMBER, 1e-6, NULL},
    {"pads_vocab", AT(pads_vocab), YES_NO, 0, NULL},
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

enum { MOST_COUNT = 1000000 };

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
  if (!units_number(text, &v) || v < 0 || (c->scale == 0 && (v > MOST_COUNT || v != floor(v))))
    return false;
  int n = (int)fmin(v, MOST_COUNT);
  v *= c->scale;
  if (c->scale > 0)
    memcpy(at, &v, sizeof v);
  else
    memcpy(at, &n, sizeof n);
  return true;
}

/* What a cell of the column may hold; words are listed in text[size]. */
static const char *expected(const struct column *c, char *text, size_t size) {
  if (c->type == NUMBER)
    return c->scale > 0 ? "a number that is not negative" : "a whole number of at most a million";
  if (c->type == YES_NO)
    return "yes or no";
  for (size_t i = 0, n = 0; c->words[i] && n < size; i++)
    n += (size_t)snprintf(text + n, size - n, "%s%s", i ? ", " : "", c->words[i]);
  return text;
}

/* The cells that a row states lie over what s holds. */
static void read_values(const struct csv_table *t, size_t row, struct wl_stack *s, struct errs *errs) {
  for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
    const char *text = csv_cell(t, row, csv_column(t, columns[i].name));
    if (*text && !read_value(&columns[i], text, s))
      errs_add(errs, csv_path(t), csv_line(t, row), columns[i].name, "got '%s', expected %s", text, expected(&columns[i], (char[80]){0}, 80));
  }
}

/* Columns that say what a row is about; `model` in recipes.csv alone, `like` in stacks.csv. */
static const char *const about[] = {"framework", "since", "arch", "source", "grade", "like", "model"};
enum { ABOUT = sizeof about / sizeof *about, COLUMNS = sizeof columns / sizeof *columns };

static const char *stack_column(const void *ctx, size_t i) {
  const char *other = ctx; /* the column that the other file has */
  size_t n = ABOUT - 1;
  if (i < n)
    return strcmp(about[i], other) == 0 ? about[n] : about[i];
  return i - n < COLUMNS ? columns[i - n].name : NULL;
}

static void add_stack(struct wl_stacks *l, const struct wl_stack *s) {
  l->row = mem_grow(l->row, &l->cap, l->n + 1, sizeof *l->row);
  l->row[l->n++] = *s;
}

/* The framework's row that one of this date and device continues: the newest that is not younger (of too young ones the
 * oldest), of equals the later. */
static const struct wl_stack *row_above(const struct wl_stacks *l, const char *framework, double since, const char *arch) {
  const struct wl_stack *found = NULL;
  for (size_t i = 0; i < l->n; i++) {
    const struct wl_stack *s = &l->row[i];
    if (strcasecmp(s->framework, framework) != 0 || *s->model || (*s->arch && strcmp(s->arch, arch) != 0))
      continue;
    bool old = s->since <= since + 1e-6, old_found = found && found->since <= since + 1e-6;
    if (!found || (old != old_found ? old : old ? s->since >= found->since : s->since < found->since))
      found = s;
  }
  return found;
}

/* "megatron-core" as of the row's own date, or "megatron-core 2024". */
static const struct wl_stack *row_like(const struct wl_stacks *l, const char *like, double since, const char *arch) {
  double date = wl_software_date(like);
  return wl_stack_named(l, like) ? wli_stack_best(l, like, "", date > 0 ? date : since, arch, arch) : NULL;
}

/* What a row takes over where it states nothing: the stack that `like` names, else the framework's row above, else
 * `default` of its date. */
static struct wl_stack inherited(const struct wl_stacks *l, const struct csv_table *t, size_t row, const char *framework,
                                 double since, const char *arch, struct errs *errs) {
  const char *like = csv_cell(t, row, csv_column(t, "like"));
  const struct wl_stack *s = *like ? row_like(l, like, since, arch) : row_above(l, framework, since, arch);
  if (*like && !s) {
    const char *near = wl_stack_nearest(l, like);
    errs_add(errs, csv_path(t), csv_line(t, row), "like", "no stack of this name stands above, got '%s'%s%s%s", like,
             near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
  }
  if (!s && !*like)
    s = wli_stack_best(l, "default", "", since, arch, arch);
  return s ? *s : (struct wl_stack){0};
}

static void read_stack(struct wl_stacks *l, const struct csv_table *t, size_t row, struct errs *errs) {
  const char *framework = csv_cell(t, row, csv_column(t, "framework")), *arch = csv_cell(t, row, csv_column(t, "arch"));
  double since = wl_software_date(csv_cell(t, row, csv_column(t, "since")));
  size_t before = errs_count(errs);
  if (!*framework || since == 0)
    errs_add(errs, csv_path(t), csv_line(t, row), "since", "a stack needs a framework and a date (2024 or 25.09)");
  struct wl_stack s = inherited(l, t, row, framework, since, arch, errs);
  if (!s.framework) /* the first of all, or a `like` in vain */
    for (size_t i = 0; i < COLUMNS && errs_count(errs) == before; i++)
      if (!*csv_cell(t, row, csv_column(t, columns[i].name)))
        errs_add(errs, csv_path(t), csv_line(t, row), columns[i].name, "nothing to take it over from: the first stack of all must state it");
  s.framework = arena_strdup(l->arena, framework);
  s.arch = arena_strdup(l->arena, arch);
  s.model = "";
  s.source = arena_strdup(l->arena, csv_cell(t, row, csv_column(t, "source")));
  s.grade = arena_strdup(l->arena, csv_cell(t, row, csv_column(t, "grade")));
  s.since = since;
  read_values(t, row, &s, errs);
  add_stack(l, &s);
}

void wli_read_stacks(struct wl_stacks *l, const char *path, struct errs *errs) {
  struct csv_table *t = csv_load(path, errs);
  static const char *const need[] = {"framework", "since", "source", "grade"};
  if (t && (csv_require(t, need, 4, errs) & csv_known(t, stack_column, "model", errs)))
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
    read_values(t, row, &s, errs);
    add_stack(l, &s);
  }
  if (l->n == before || since == 0 || !*model)
    errs_add(errs, csv_path(t), csv_line(t, row), "framework", "a recipe needs a date, a model and a framework of stacks.csv");
}

void wli_read_recipes(struct wl_stacks *l, const char *path, struct errs *errs) {
  struct csv_table *t = csv_load(path, errs);
  static const char *const need[] = {"framework", "since", "model", "source", "grade"};
  if (t && (csv_require(t, need, 5, errs) & csv_known(t, stack_column, "like", errs)))
    for (size_t i = 0; i < csv_rows(t); i++)
      read_recipe(l, t, i, errs);
  csv_unload(t);
}

