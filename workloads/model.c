/* The library of models: folders of config.json files and shapes.csv rows, found by name or alias. */
#include "workloads/model.h"
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include "base/csv.h"
#include "base/mem.h"
#include "base/units.h"
#include "workloads/model_json.h"
#include "workloads/model_names.h"

struct alias {
  const char *key, *target; /* key: normalised */
};
struct wl_models {
  struct arena *arena;
  struct wl_model *model;
  const char **key; /* normalised names, beside model */
  size_t n, cap, key_cap;
  struct alias *alias;
  size_t n_alias, alias_cap;
};

static size_t index_of(const struct wl_models *l, const char *key) {
  for (size_t i = 0; i < l->n; i++)
    if (strcmp(l->key[i], key) == 0)
      return i;
  return l->n;
}

/* The model of that name, made if there is none. */
static struct wl_model *slot(struct wl_models *l, const char *name) {
  char key[128];
  model_key(name, key, sizeof key);
  size_t i = index_of(l, key);
  if (i == l->n) {
    l->model = mem_grow(l->model, &l->cap, l->n + 1, sizeof *l->model);
    l->key = mem_grow(l->key, &l->key_cap, l->n + 1, sizeof *l->key);
    l->model[i] = (struct wl_model){.name = arena_strdup(l->arena, name), .weights = DT_BF16, .source = "", .grade = ""};
    l->key[i] = arena_strdup(l->arena, key);
    l->n++;
  }
  return &l->model[i];
}

/* ---- shapes.csv ---- */
struct column {
  const char *name;
  size_t offset;
  bool flag; /* yes/no, else a count */
};
#define COUNT(name, member)                                                                                            \
  { name, offsetof(struct wl_model, member), false }
#define FLAG(name, member)                                                                                             \
  { name, offsetof(struct wl_model, member), true }
static const struct column columns[] = {
    COUNT("layers", layers),
    COUNT("hidden", hidden),
    COUNT("heads", heads),
    COUNT("kv_heads", kv_heads),
    COUNT("head_dim", head_dim),
    COUNT("ffn_hidden", ffn),
    COUNT("vocab", vocab),
    COUNT("max_positions", max_positions),
    COUNT("experts", experts),
    COUNT("topk", topk),
    COUNT("expert_ffn", expert_ffn),
    COUNT("shared_experts", shared_experts),
    COUNT("shared_ffn", shared_ffn),
    COUNT("dense_layers", dense_layers),
    COUNT("moe_every", moe_every),
    COUNT("q_lora", q_lora),
    COUNT("kv_lora", kv_lora),
    COUNT("qk_nope", qk_nope),
    COUNT("qk_rope", qk_rope),
    COUNT("v_head", v_head),
    COUNT("mtp_layers", mtp_layers),
    COUNT("sliding_window", sliding_window),
    COUNT("moe_latent", moe_latent),
    COUNT("mamba_layers", mamba_layers),
    COUNT("attention_layers", attention_layers),
    COUNT("mlp_layers", mlp_layers),
    COUNT("mamba_heads", mamba_heads),
    COUNT("mamba_head_dim", mamba_head_dim),
    COUNT("mamba_state", mamba_state),
    COUNT("mamba_groups", mamba_groups),
    FLAG("gated", gated),
    FLAG("tied", tied),
    FLAG("encoder", encoder),
    FLAG("learned_positions", learned_positions),
    FLAG("qkv_bias", qkv_bias),
    FLAG("qk_norm", qk_norm),
    FLAG("post_norms", post_norms),
};

/* A cell that is stated overrides, an empty one leaves what is known. */
static void read_cell(const struct csv_table *t, size_t row, const struct column *c, struct wl_model *m,
                      struct errs *errs) {
  const char *text = csv_cell(t, row, csv_column(t, c->name));
  char *at = (char *)m + c->offset;
  long long n;
  if (!*text)
    return;
  if (c->flag) {
    bool yes = strcmp(text, "yes") == 0;
    if (!yes && strcmp(text, "no") != 0)
      errs_add(errs, csv_path(t), csv_line(t, row), c->name, "expected yes or no, got '%s'", text);
    memcpy(at, &yes, sizeof yes);
  } else if (units_integer(text, &n) && n >= 0 && n <= 100000000) {
    int v = (int)n;
    memcpy(at, &v, sizeof v);
  } else {
    errs_add(errs, csv_path(t), csv_line(t, row), c->name, "expected a count from 0 to 1e8, got '%s'", text);
  }
}

/* A row lies over what is known of the model, or over the one that its `like` names. */
static bool start_shape(struct wl_models *l, const struct csv_table *t, size_t row, const struct wl_model *known, struct wl_model *ret,
                        struct errs *errs) {
  const char *like = csv_cell(t, row, csv_column(t, "like"));
  const struct wl_model *from = *like ? wl_model_find(l, like) : known;
  const char *near = wl_model_nearest(l, like);
  if (!from) {
    errs_add(errs, csv_path(t), csv_line(t, row), "like", "unknown model, got '%s'%s%s%s", like, near ? ", did you mean '" : "",
             near ? near : "", near ? "'?" : "");
    return false;
  }
  *ret = *from;
  ret->name = known->name;
  return true;
}

static void read_shape(struct wl_models *l, const struct csv_table *t, size_t row, struct errs *errs) {
  const char *name = csv_cell(t, row, csv_column(t, "model"));
  if (!*name) {
    errs_add(errs, csv_path(t), csv_line(t, row), "model", "the name is empty");
    return;
  }
  size_t before = errs_count(errs);
  struct wl_model m, *known = slot(l, name);
  if (!start_shape(l, t, row, known, &m, errs))
    return;
  for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
    read_cell(t, row, &columns[i], &m, errs);
  const char *share = csv_cell(t, row, csv_column(t, "windowed_layers")),
             *format = csv_cell(t, row, csv_column(t, "weights"));
  if (*share && !units_number(share, &m.windowed_layers))
    errs_add(errs, csv_path(t), csv_line(t, row), "windowed_layers", "expected a share, got '%s'", share);
  if (*format && !dtype_parse(format, &m.weights))
    errs_add(errs, csv_path(t), csv_line(t, row), "weights", "unknown format '%s'", format);
  const char *source = csv_cell(t, row, csv_column(t, "source")), *grade = csv_cell(t, row, csv_column(t, "grade"));
  m.source = *source ? arena_strdup(l->arena, source) : m.source;
  m.grade = *grade ? arena_strdup(l->arena, grade) : m.grade;
  m.mla = m.kv_lora > 0;
  char why[120];
  if (errs_count(errs) == before && !wl_model_complete(&m, why, sizeof why))
    errs_add(errs, csv_path(t), csv_line(t, row), name, "not a model: %s", why);
  if (errs_count(errs) == before)
    *known = m;
}

static const char *shape_column(const void *ctx, size_t i) {
  (void)ctx;
  static const char *const others[] = {"model", "like", "windowed_layers", "weights", "params_total_B", "params_active_B", "source", "grade"};
  enum { OTHERS = sizeof others / sizeof *others, COLUMNS = sizeof columns / sizeof *columns };
  return i < OTHERS ? others[i] : i - OTHERS < COLUMNS ? columns[i - OTHERS].name : NULL;
}

static void read_shapes(struct wl_models *l, const char *path, struct errs *errs) {
  struct csv_table *t = csv_load(path, errs);
  static const char *const need[] = {"model"};
  if (t && (csv_require(t, need, 1, errs) & csv_known(t, shape_column, NULL, errs)))
    for (size_t i = 0; i < csv_rows(t); i++)
      read_shape(l, t, i, errs);
  csv_unload(t);
}

static void read_aliases(struct wl_models *l, const char *path, struct errs *errs) {
  struct csv_table *t = csv_load(path, errs);
  static const char *const need[] = {"alias", "model"};
  char key[128];
  for (size_t i = 0; t && csv_require(t, need, 2, errs) && i < csv_rows(t); i++) {
    l->alias = mem_grow(l->alias, &l->alias_cap, l->n_alias + 1, sizeof *l->alias);
    struct alias *a = &l->alias[l->n_alias++];
    model_key(csv_cell(t, i, csv_column(t, "alias")), key, sizeof key);
    a->key = arena_strdup(l->arena, key);
    model_key(csv_cell(t, i, csv_column(t, "model")), key, sizeof key);
    a->target = arena_strdup(l->arena, key);
  }
  csv_unload(t);
}

const char *wl_model_figure(const struct wl_model *m, size_t i, char *text, size_t size) {
  enum { COLUMNS = sizeof columns / sizeof *columns };
  *text = '\0';
  if (i < COLUMNS) {
    const char *at = (const char *)m + columns[i].offset;
    int n = columns[i].flag ? *(const bool *)at : *(const int *)(const void *)at;
    if (n)
      snprintf(text, size, columns[i].flag ? "yes" : "%d", n);
    return columns[i].name;
  }
  if (i == COLUMNS && m->windowed_layers > 0)
    snprintf(text, size, "%g", m->windowed_layers);
  if (i == COLUMNS + 1)
    snprintf(text, size, "%s", dtype_name(m->weights));
  return i == COLUMNS ? "windowed_layers" : i == COLUMNS + 1 ? "weights" : NULL;
}

/* ---- folders ---- */
static bool ends_with(const char *s, const char *end) {
  size_t n = strlen(s), k = strlen(end);
  return n > k && strcmp(s + n - k, end) == 0;
}

static void read_config(struct wl_models *l, const char *dir, const char *file, struct errs *errs) {
  const char *dashes = strstr(file, "--"), *base = dashes ? dashes + 2 : file;
  char *name = arena_strdup(l->arena, base);
  name[strlen(name) - strlen(".json")] = '\0';
  struct wl_model m;
  if (wl_model_from_json(l->arena, arena_printf(l->arena, "%s/%s", dir, file), name, &m, errs)) {
    m.source = arena_printf(l->arena, "%.*s%s%s, its config.json", dashes ? (int)(dashes - file) : 0, file, dashes ? "/" : "", name);
    m.grade = "vendor";
    *slot(l, name) = m;
  }
}

static int only_json(const struct dirent *d) {
  return ends_with(d->d_name, ".json");
}

static bool readable(const char *path) {
  FILE *f = fopen(path, "r");
  if (f)
    fclose(f);
  return f != NULL;
}

/* Files in the order of their names, so that the library is the same on every machine; configurations before rows,
 * which may refine them. */
static void read_dir(struct wl_models *l, const char *dir, struct errs *errs) {
  struct dirent **entry;
  int n = scandir(dir, &entry, only_json, alphasort);
  if (n < 0) {
    errs_add(errs, dir, 0, NULL, "cannot read the directory");
    return;
  }
  for (int i = 0; i < n; i++) {
    read_config(l, dir, entry[i]->d_name, errs);
    mem_free(entry[i]);
  }
  mem_free(entry);
  const char *shapes = arena_printf(l->arena, "%s/shapes.csv", dir),
             *aliases = arena_printf(l->arena, "%s/aliases.csv", dir);
  if (readable(shapes))
    read_shapes(l, shapes, errs);
  if (readable(aliases))
    read_aliases(l, aliases, errs);
}

struct wl_models *wl_models_load(const char *const *dirs, size_t n, struct errs *errs) {
  size_t before = errs_count(errs);
  struct wl_models *l = mem_alloc(sizeof *l);
  l->arena = arena_create();
  for (size_t i = 0; i < n; i++)
    read_dir(l, dirs[i], errs);
  if (errs_count(errs) == before)
    return l;
  wl_models_free(l);
  return NULL;
}

void wl_models_free(struct wl_models *l) {
  if (!l)
    return;
  arena_destroy(l->arena);
  mem_free(l->model);
  mem_free(l->key);
  mem_free(l->alias);
  mem_free(l);
}

static const struct wl_model *find_key(const struct wl_models *l, const char *key) {
  size_t at = index_of(l, key);
  for (size_t i = l->n_alias; at == l->n && i-- > 0;) /* later files win */
    if (strcmp(l->alias[i].key, key) == 0)
      at = index_of(l, l->alias[i].target);
  return at < l->n ? &l->model[at] : NULL;
}

const struct wl_model *wl_model_find(const struct wl_models *l, const char *name) {
  char key[128];
  model_key(name, key, sizeof key);
  const struct wl_model *m = find_key(l, key);
  while (!m && model_key_cut(key))
    m = find_key(l, key);
  return m;
}

static const char *name_at(const void *ctx, size_t i) {
  const struct wl_model *m = wl_model_at(ctx, i);
  return m ? m->name : NULL;
}

const char *wl_model_nearest(const struct wl_models *l, const char *name) {
  return err_nearest(name, name_at, l);
}

const struct wl_model *wl_model_at(const struct wl_models *l, size_t i) {
  return i < l->n ? &l->model[i] : NULL;
}
