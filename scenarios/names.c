/* Values that are names: looked up in the catalog, the model library, the engines and stacks; unknown ones are told
 * with the nearest. */
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "scenarios/keys.h"

static bool is_word(const struct sc_node *v, const char *word) {
  return strcasecmp(v->text, word) == 0;
}

static void unknown_name(struct sc_reader *r, const struct sc_key *k, const char *what, const char *got,
                         const char *near, const char *among) {
  sc_error(r, k->node, k->path, "unknown %s, got '%s', expected one of %s%s%s%s", what, got, among,
           near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static void read_model(struct sc_reader *r, const struct sc_key *k) {
  const struct sc_node *v = sc_scalar(r, k->node, k->path);
  const struct wl_model *m = v ? wl_model_find(r->models, v->text) : NULL;
  if (m) {
    *(const struct wl_model **)k->field = m;
    sc_row(r, k->node, k->path, m->name, "");
  } else if (v)
    unknown_name(r, k, "model", v->text, wl_model_nearest(r->models, v->text), "`rackcast catalog model` or of --models DIR");
}
const struct sc_special sc_model = {"name of a model in the library (or of your own config.json with --models)",
                                    read_model, NULL};

static void read_server(struct sc_reader *r, const struct sc_key *k) {
  const struct sc_node *v = sc_scalar(r, k->node, k->path);
  const struct hw_server *s = v ? hw_server_find(r->catalog, v->text) : NULL;
  if (s) {
    *(const struct hw_server **)k->field = s;
    sc_row(r, k->node, k->path, s->name, "");
  } else if (v)
    unknown_name(r, k, "server", v->text, hw_server_nearest(r->catalog, v->text), "`rackcast catalog server` or of --catalog DIR");
}
const struct sc_special sc_server = {"name of a server in the catalog", read_server, NULL};

/* "" is what the models take for their own choice. */
static void keep_name(struct sc_reader *r, const struct sc_key *k, const struct sc_node *v) {
  *(const char **)k->field = is_word(v, "auto") ? "" : v->text;
  sc_row(r, k->node, k->path, v->text, "");
}

static void read_engine(struct sc_reader *r, const struct sc_key *k) {
  struct wl_engine e;
  const struct sc_node *v = sc_scalar(r, k->node, k->path);
  if (v && !is_word(v, "auto") && r->spec->engines && !wl_engine_get(r->spec->engines, v->text, 0, 0, "", &e))
    unknown_name(r, k, "engine", v->text, wl_engine_nearest(r->spec->engines, v->text),
                 "`rackcast catalog engine` or of --catalog DIR, or auto");
  else if (v)
    keep_name(r, k, v);
}
const struct sc_special sc_engine = {"serving engine, with or without version (vLLM 0.7.3), or auto", read_engine,
                                     NULL};

static void read_stack(struct sc_reader *r, const struct sc_key *k) {
  const struct sc_node *v = sc_scalar(r, k->node, k->path);
  const struct wl_stacks *all = r->spec->stacks;
  if (v && (is_word(v, "auto") || !all || wl_stack_named(all, v->text)))
    keep_name(r, k, v);
  else if (v)
    unknown_name(r, k, "training stack", v->text, wl_stack_nearest(all, v->text), "`rackcast catalog stack` or of --catalog DIR, or auto");
}
const struct sc_special sc_stack = {"training software, with or without date (megatron-lm 2024), or auto", read_stack,
                                    NULL};

static void read_dtype(struct sc_reader *r, const struct sc_key *k) {
  const struct sc_node *v = sc_scalar(r, k->node, k->path);
  enum dtype t = DT_COUNT;
  const char *names[DT_COUNT];
  if (!v)
    return;
  if (is_word(v, "auto") || dtype_parse(v->text, &t)) {
    *(enum dtype *)k->field = t;
    sc_row(r, k->node, k->path, t == DT_COUNT ? "auto" : dtype_name(t), "");
    return;
  }
  for (int i = 0; i < DT_COUNT; i++)
    names[i] = dtype_name((enum dtype)i);
  unknown_name(r, k, "number format", v->text, err_nearest_in(v->text, names, DT_COUNT),
               "fp32, tf32, fp16, bf16, fp8, int8, fp4, int4 or auto");
}
const struct sc_special sc_dtype = {"number format (bf16, fp8, int8 ...), or auto", read_dtype, NULL};

static void read_only(struct sc_reader *r, const struct sc_key *k) {
  const struct sc_node *v = sc_scalar(r, k->node, k->path);
  const char *word = k->param->choices[0];
  if (v && !is_word(v, word))
    sc_error(r, k->node, k->path, "not supported, got '%s', expected '%s'", v->text, word);
  else if (v)
    sc_row(r, k->node, k->path, word, "");
}
const struct sc_special sc_only = {"one word, stated so that it can be read", read_only, NULL};

/* ---- policies ---- */

static void not_among(struct sc_reader *r, const struct sc_key *k, const char *got, const char *const *names) {
  size_t n = 0;
  char all[400] = "";
  for (size_t used = 0; names[n] && used < sizeof all; n++)
    used += (size_t)snprintf(all + used, sizeof all - used, "%s%s", n ? ", " : "", names[n]);
  const char *near = err_nearest_in(got, names, n);
  sc_error(r, k->node, k->path, "got '%s', expected one of %s%s%s%s", got, all, near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static void read_word(struct sc_reader *r, const struct sc_key *k) {
  const struct sc_node *v = sc_scalar(r, k->node, k->path);
  const char *const *w = k->param->choices;
  if (!v)
    return;
  while (*w && !is_word(v, *w))
    w++;
  if (!*w) {
    not_among(r, k, v->text, k->param->choices);
    return;
  }
  *(const char **)k->field = *w;
  sc_row(r, k->node, k->path, *w, "");
}
const struct sc_special sc_word = {"one of a few words", read_word, NULL};

enum { MOST_POLICIES = 16 };

static void read_router(struct sc_reader *r, const struct sc_key *k) {
  const struct sc_node *v = sc_scalar(r, k->node, k->path);
  const char *names[MOST_POLICIES + 1] = {NULL};
  if (!v)
    return;
  for (int i = 0; serve_routers[i] && i < MOST_POLICIES; i++)
    names[i] = serve_routers[i]->name;
  const struct sim_router *found = serve_router_find(v->text);
  if (!found)
    not_among(r, k, v->text, names);
  else
    sc_row(r, k->node, k->path, found->name, "");
  *(const struct sim_router **)k->field = found;
}
const struct sc_special sc_router = {"least_loaded, round_robin, least_tokens, prefix, power_of_two, near", read_router, NULL};

static void read_scaler(struct sc_reader *r, const struct sc_key *k) {
  const struct sc_node *v = sc_scalar(r, k->node, k->path);
  const char *names[MOST_POLICIES + 1] = {NULL};
  if (!v)
    return;
  for (int i = 0; serve_scalers[i] && i < MOST_POLICIES; i++)
    names[i] = serve_scalers[i]->name;
  const struct sim_scaler *found = serve_scaler_find(v->text);
  if (!found)
    not_among(r, k, v->text, names);
  else
    sc_row(r, k->node, k->path, found->name, "");
  *(const struct sim_scaler **)k->field = found;
}
const struct sc_special sc_scaler = {"queue, utilization, scale_to_zero", read_scaler, NULL};

/* ---- where training runs ---- */

static void add_where(struct sc_reader *r, const struct sc_node *n, const char *path, struct sim_training *t) {
  const struct sc_node *v = sc_scalar(r, n, path);
  if (!v)
    return;
  if (t->n_where == (int)(sizeof t->where / sizeof *t->where)) {
    sc_error(r, n, path, "more than %d places", t->n_where);
    return;
  }
  t->where[t->n_where++] = v->text;
  sc_row(r, n, path, v->text, "");
}

static void read_where(struct sc_reader *r, const struct sc_key *k) {
  struct sim_training *t = sc_struct_of(k);
  const struct sc_node *n = k->node;
  if (n->kind == SC_SEQ && n->n == 0)
    sc_error(r, n, k->path, "is empty, expected fleet or names of contracts");
  else if (n->kind == SC_SEQ)
    for (size_t i = 0; i < n->n; i++)
      add_where(r, n->entry[i].node, arena_printf(r->arena, "%s.%zu", k->path, i), t);
  else
    add_where(r, n, k->path, t);
}
const struct sc_special sc_where = {"a name or a list of names", read_where, NULL};

/* ---- read elsewhere, checked here ---- */

static const struct sc_table *defaults_table(const char *key) {
  return strcmp(key, "owned") == 0 ? &sc_owned_table : strcmp(key, "rented") == 0 ? &sc_rented_table : NULL;
}

static void read_defaults(struct sc_reader *r, const struct sc_key *k) {
  const struct sc_node *n = k->node;
  if (n->kind != SC_MAP)
    sc_error(r, n, k->path, "got %s, expected a map with owned and rented", sc_node_kind_name(n));
  for (size_t i = 0; n->kind == SC_MAP && i < n->n; i++) {
    const struct sc_node *d = n->entry[i].node;
    const char *at = arena_printf(r->arena, "%s.%s", k->path, n->entry[i].key);
    const struct sc_table *t = defaults_table(n->entry[i].key);
    if (!t)
      sc_error(r, d, at, "unknown key, expected owned or rented");
    else if (d->kind != SC_MAP)
      sc_error(r, d, at, "got %s, expected a map with the keys of %s", sc_node_kind_name(d), t->name);
    else
      sc_unknown_keys(r, d, at, t);
  }
}
const struct sc_special sc_defaults = {"{owned: {...}, rented: {...}} with the keys of layers", read_defaults, NULL};

static void read_variants(struct sc_reader *r, const struct sc_key *k) {
  const struct sc_node *n = k->node;
  if (n->kind != SC_MAP)
    sc_error(r, n, k->path, "got %s, expected a map {name: {path: value}}", sc_node_kind_name(n));
  for (size_t i = 0; n->kind == SC_MAP && i < n->n; i++)
    if (n->entry[i].node->kind != SC_MAP)
      sc_error(r, n->entry[i].node, arena_printf(r->arena, "%s.%s", k->path, n->entry[i].key),
               "got %s, expected a map {path: value}", sc_node_kind_name(n->entry[i].node));
}
const struct sc_special sc_variants = {"{NAME: {path: value, ...}}; paths as for --set", read_variants, NULL};
