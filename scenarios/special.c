/* Values that no kind of the parameter tables covers: names looked up in catalog and library, files of a trace, terms, covers. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "base/datadir.h"
#include "base/hash.h"
#include "base/units.h"
#include "scenarios/keys.h"

static bool is_word(const struct sc_node *v, const char *word) { return word && strcasecmp(v->text, word) == 0; }

static void unknown_name(struct sc_reader *r, const struct sc_node *n, const char *path, const char *what, const char *got, const char *near, const char *where) {
  sc_error(r, n, path, "unknown %s, got '%s', expected one of %s%s%s%s", what, got, where, near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
}

/* ---- names ---- */

static void read_model(struct sc_reader *r, const struct sc_node *n, const char *path, const struct sc_param *p, void *field) {
  (void)p;
  const struct sc_node *v = sc_scalar(r, n, path);
  const struct wl_model *m = v ? wl_model_find(r->models, v->text) : NULL;
  if (m) {
    *(const struct wl_model **)field = m;
    sc_row(r, n, path, m->name, "");
  } else if (v)
    unknown_name(r, n, path, "model", v->text, wl_model_nearest(r->models, v->text), "the model library");
}
const struct sc_special sc_model = {"name of a model in the library (or of your own config.json with --models)", read_model, NULL};

static void read_server(struct sc_reader *r, const struct sc_node *n, const char *path, const struct sc_param *p, void *field) {
  (void)p;
  const struct sc_node *v = sc_scalar(r, n, path);
  const struct hw_server *s = v ? hw_server_find(r->catalog, v->text) : NULL;
  if (s) {
    *(const struct hw_server **)field = s;
    sc_row(r, n, path, s->name, "");
  } else if (v)
    unknown_name(r, n, path, "server", v->text, hw_server_nearest(r->catalog, v->text), "`rackcast catalog server`");
}
const struct sc_special sc_server = {"name of a server in the catalog", read_server, NULL};

/* "" is what the models take for their own choice. */
static void keep_name(struct sc_reader *r, const struct sc_node *n, const char *path, const struct sc_node *v, const char **field) {
  *field = is_word(v, "auto") ? "" : v->text;
  sc_row(r, n, path, v->text, "");
}

static void read_engine(struct sc_reader *r, const struct sc_node *n, const char *path, const struct sc_param *p, void *field) {
  (void)p;
  struct wl_engine e;
  const struct sc_node *v = sc_scalar(r, n, path);
  if (v && !is_word(v, "auto") && r->engines && !wl_engine_get(r->engines, v->text, 0, 0, "", &e))
    unknown_name(r, n, path, "engine", v->text, wl_engine_nearest(r->engines, v->text), "the engines of the catalog, or auto");
  else if (v)
    keep_name(r, n, path, v, field);
}
const struct sc_special sc_engine = {"serving engine, with or without version (vLLM 0.7.3), or auto", read_engine, NULL};

/* "megatron 2024" is the stack megatron as of 2024. */
static bool is_version_of(const char *text, const char *name) {
  size_t n = strlen(name);
  return strncasecmp(text, name, n) == 0 && (text[n] == '\0' || text[n] == ' ');
}

static void read_stack(struct sc_reader *r, const struct sc_node *n, const char *path, const struct sc_param *p, void *field) {
  (void)p;
  const struct sc_node *v = sc_scalar(r, n, path);
  bool known = v && (is_word(v, "auto") || r->n_stacks == 0);
  for (size_t i = 0; v && i < r->n_stacks; i++)
    known = known || is_version_of(v->text, r->stacks[i]);
  if (known)
    keep_name(r, n, path, v, field);
  else if (v)
    unknown_name(r, n, path, "training stack", v->text, err_nearest_in(v->text, r->stacks, r->n_stacks), "the stacks of the catalog, or auto");
}
const struct sc_special sc_stack = {"training software, with or without date (megatron 2024), or auto", read_stack, NULL};

static void read_dtype(struct sc_reader *r, const struct sc_node *n, const char *path, const struct sc_param *p, void *field) {
  (void)p;
  const struct sc_node *v = sc_scalar(r, n, path);
  enum dtype t = DT_COUNT;
  if (!v)
    return;
  if (is_word(v, "auto") || dtype_parse(v->text, &t)) {
    *(enum dtype *)field = t;
    sc_row(r, n, path, t == DT_COUNT ? "auto" : dtype_name(t), "");
    return;
  }
  const char *names[DT_COUNT];
  for (int i = 0; i < DT_COUNT; i++)
    names[i] = dtype_name((enum dtype)i);
  unknown_name(r, n, path, "number format", v->text, err_nearest_in(v->text, names, DT_COUNT), "fp32, tf32, fp16, bf16, fp8, int8, fp4, int4 or auto");
}
const struct sc_special sc_dtype = {"number format (bf16, fp8, int8 ...), or auto", read_dtype, NULL};

static void read_only(struct sc_reader *r, const struct sc_node *n, const char *path, const struct sc_param *p, void *field) {
  (void)field;
  const struct sc_node *v = sc_scalar(r, n, path);
  if (v && !is_word(v, p->choices[0]))
    sc_error(r, n, path, "not supported, got '%s', expected '%s'", v->text, p->choices[0]);
  else if (v)
    sc_row(r, n, path, p->choices[0], "");
}
const struct sc_special sc_only = {"one word, stated so that it can be read", read_only, NULL};

/* ---- times ---- */

/* Whole months in a duration; false when it is none. */
static bool whole_months(const char *text, int *ret, char *why, size_t why_size) {
  double v;
  if (!units_parse(text, "month", &v, why, why_size))
    return false;
  double whole = round(v);
  if (fabs(v - whole) > 1e-9 * fmax(1, fabs(v)) || fabs(whole) > 1e6) {
    snprintf(why, why_size, "not whole months, got '%s', expected a number of months or years", text);
    return false;
  }
  *ret = (int)whole;
  return true;
}

static void read_months(struct sc_reader *r, const struct sc_node *n, const char *path, const struct sc_param *p, void *field) {
  const struct sc_node *v = sc_scalar(r, n, path);
  char why[300], buf[16];
  int months;
  if (!v)
    return;
  if (is_word(v, p->word))
    sc_row(r, n, path, p->word, "");
  else if (!whole_months(v->text, &months, why, sizeof why))
    sc_error(r, n, path, "%s", why);
  else if (months < p->lo || months > p->hi)
    sc_error(r, n, path, "out of range, got '%s', expected %.0f to %.0f months", v->text, p->lo, p->hi);
  else {
    *(int *)field = months;
    snprintf(buf, sizeof buf, "%d", months);
    sc_row(r, n, path, buf, "month");
  }
}
const struct sc_special sc_months = {"duration in whole months", read_months, NULL};

static void read_hours(struct sc_reader *r, const struct sc_node *n, const char *path, const struct sc_param *p, void *field) {
  struct sc_param plain = *p;
  plain.kind = SC_NUMBER;
  sc_read_value(r, n, path, &plain, field);
}
const struct sc_special sc_hours = {"calendar, or 8760 h/yr", read_hours, NULL};

/* ---- files of the work ---- */

/* Traces are part of the input: an edited file is another run. */
static uint64_t hash_file(uint64_t h, const char *path) {
  char buf[65536];
  FILE *f = fopen(path, "rb");
  for (size_t n; f && (n = fread(buf, 1, sizeof buf, f)) > 0;)
    h = hash_bytes(h, buf, n);
  if (f)
    fclose(f);
  return h;
}

static const char *find_file(struct sc_reader *r, const struct sc_node *n, const char *path) {
  const struct sc_node *v = sc_scalar(r, n, path);
  if (!v)
    return NULL;
  const char *found = datadir_find(r->arena, v->text, v->file ? v->file : r->spec->file, "scenarios");
  if (found) {
    sc_row(r, n, path, v->text, "");
    r->files_hash = hash_file(r->files_hash, found);
  } else
    sc_error(r, n, path, "no such file, got '%s', looked beside the scenario, here and in the shipped scenarios", v->text);
  return found;
}

struct rate_form {
  double mean;
};
#define T struct rate_form
static const struct sc_param rate_params[] = {
    {.key = "curve", .kind = SC_TEXT, .meaning = "CSV t_seconds,aggregate_rate_req_per_s over one period"},
    {.key = "mean", .kind = SC_NUMBER, .unit = "req/s", .hi = 1e9, .offset = offsetof(T, mean), .meaning = "the curve is scaled to this mean; absent = as it is"},
};
static const struct sc_table rate_table = {.name = "a rate", .param = rate_params, .n = 2};
#undef T

static void read_curve(struct sc_reader *r, const struct sc_node *n, const char *path, struct wl_curve **ret) {
  const struct sc_node *curve = sc_node_get(n, "curve"), *mean = sc_node_get(n, "mean");
  const char *at = arena_printf(r->arena, "%s.curve", path);
  double scale = 0;
  sc_unknown_keys(r, n, path, &rate_table);
  if (mean)
    sc_read_value(r, mean, arena_printf(r->arena, "%s.mean", path), &rate_params[1], &scale);
  if (!curve) {
    sc_error(r, n, at, "is missing: %s", rate_params[0].meaning);
    return;
  }
  const char *file = find_file(r, curve, at);
  *ret = file ? wl_curve_load(r->arena, file, r->errs) : NULL;
  if (*ret && mean && scale > 0)
    wl_curve_scale_to_mean(*ret, scale);
}

static void read_rate(struct sc_reader *r, const struct sc_node *n, const char *path, const struct sc_param *p, void *field) {
  (void)p;
  double flat;
  if (n->kind == SC_MAP && !sc_node_entry(n, "value"))
    read_curve(r, n, path, field);
  else if (sc_read_value(r, n, path, &rate_params[1], &flat))
    *(struct wl_curve **)field = wl_curve_flat(r->arena, flat);
}
const struct sc_special sc_rate = {"requests a second (req/s), or {curve: FILE, mean: req/s}", read_rate, &rate_table};

static const struct sc_param lengths_params[] = {
    {.key = "histogram", .kind = SC_TEXT, .meaning = "CSV bin_start,bin_width,probability"},
};
static const struct sc_param length_param = {.key = "tokens", .kind = SC_NUMBER, .unit = "token", .hi = 1e8};
static const struct sc_table lengths_table = {.name = "lengths", .param = lengths_params, .n = 1};

static void read_lengths(struct sc_reader *r, const struct sc_node *n, const char *path, const struct sc_param *p, void *field) {
  (void)p;
  double tokens;
  const struct sc_node *file = sc_node_get(n, "histogram");
  if (n->kind == SC_MAP && !sc_node_entry(n, "value")) {
    const char *at = arena_printf(r->arena, "%s.histogram", path);
    sc_unknown_keys(r, n, path, &lengths_table);
    if (!file)
      sc_error(r, n, at, "is missing: %s", lengths_params[0].meaning);
    const char *found = file ? find_file(r, file, at) : NULL;
    *(struct wl_hist **)field = found ? wl_hist_load(r->arena, found, r->errs) : NULL;
  } else if (sc_read_value(r, n, path, &length_param, &tokens))
    *(struct wl_hist **)field = wl_hist_point(r->arena, tokens);
}
const struct sc_special sc_lengths = {"tokens of every request, or {histogram: FILE}", read_lengths, &lengths_table};

static void read_phases(struct sc_reader *r, const struct sc_node *n, const char *path, const struct sc_param *p, void *field) {
  (void)p;
  const char *file = find_file(r, n, path);
  *(struct wl_phases **)field = file ? wl_phases_load(r->arena, file, r->errs) : NULL;
}
const struct sc_special sc_phases = {"CSV of training phases", read_phases, NULL};

/* ---- service level: one quantile for both limits ---- */

enum { QUANTILES = 4 };
static const double quantile_of[QUANTILES] = {0.50, 0.90, 0.95, 0.99};
struct slo_form {
  double ttft[QUANTILES], tpot[QUANTILES], attainment;
};
#define T struct slo_form
#define LIMIT(k, f) {.key = k, .kind = SC_NUMBER, .unit = "s", .lo = 1e-9, .hi = 1e7, .offset = offsetof(T, f)
static const struct sc_param slo_params[] = {
    LIMIT("ttft_p50", ttft[0]), .meaning = "time to the first token, median"},
    LIMIT("ttft_p90", ttft[1]), .meaning = "90th percentile"},
    LIMIT("ttft_p95", ttft[2]), .meaning = "95th percentile"},
    LIMIT("ttft_p99", ttft[3]), .meaning = "99th percentile"},
    LIMIT("tpot_p50", tpot[0]), .meaning = "time per output token after the first, median"},
    LIMIT("tpot_p90", tpot[1]), .meaning = "90th percentile"},
    LIMIT("tpot_p95", tpot[2]), .meaning = "95th percentile"},
    LIMIT("tpot_p99", tpot[3]), .meaning = "99th percentile"},
    {.key = "attainment", .kind = SC_NUMBER, .unit = "", .hi = 1, .def = "95 %", .offset = offsetof(T, attainment), .meaning = "share of requests that must be within the limits"},
};
static const struct sc_table slo_table = {.name = "a service level", .param = slo_params, .n = sizeof slo_params / sizeof *slo_params};
#undef LIMIT
#undef T

static void read_slo(struct sc_reader *r, const struct sc_node *n, const char *path, const struct sc_param *p, void *field) {
  (void)p;
  struct sim_slo *slo = field;
  struct slo_form f = {.attainment = 0};
  int used = -1, given = 0;
  sc_read_group(r, n, path, &slo_table, &f);
  for (int i = 0; i < QUANTILES; i++)
    if (f.ttft[i] > 0 || f.tpot[i] > 0) {
      used = i;
      given++;
    }
  for (int i = 0, ttft = 0, tpot = 0; i < QUANTILES; i++) {
    ttft += f.ttft[i] > 0, tpot += f.tpot[i] > 0;
    if (ttft > 1 || tpot > 1) {
      sc_error(r, n, path, "two limits of one latency, expected one ttft and one tpot");
      return;
    }
  }
  if (given > 1)
    sc_error(r, n, path, "limits at two quantiles, expected ttft and tpot at the same one");
  *slo = (struct sim_slo){.quantile = used < 0 ? 0.95 : quantile_of[used], .attainment = f.attainment};
  if (used >= 0) {
    slo->ttft_s = f.ttft[used];
    slo->tpot_s = f.tpot[used];
  }
}
const struct sc_special sc_slo = {"{ttft_p95: 5 s, tpot_p95: 100 ms, attainment: 95 %}", read_slo, &slo_table};

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

static void read_where(struct sc_reader *r, const struct sc_node *n, const char *path, const struct sc_param *p, void *field) {
  struct sim_training *t = (struct sim_training *)(void *)((char *)field - p->offset);
  if (n->kind == SC_SEQ && n->n == 0)
    sc_error(r, n, path, "is empty, expected fleet or names of contracts");
  else if (n->kind == SC_SEQ)
    for (size_t i = 0; i < n->n; i++)
      add_where(r, n->entry[i].node, arena_printf(r->arena, "%s.%zu", path, i), t);
  else
    add_where(r, n, path, t);
}
const struct sc_special sc_where = {"a name or a list of names", read_where, NULL};

/* ---- contracts ---- */

static void scale_dist(struct dist *d, double by) {
  d->a *= by;
  d->b *= by;
  d->c *= by;
}

/* USD/h is a server's price, USD/gpu-h a GPU's. A wrong value is reported in the server's unit. */
static void read_price(struct sc_reader *r, const struct sc_node *n, const char *path, const struct sc_param *p, const struct hw_server *server, struct dist *ret) {
  char why[300];
  struct dist d;
  struct sc_param as = *p;
  as.kind = SC_DIST;
  const struct sc_node *v = sc_scalar(r, n, path);
  if (!v)
    return;
  bool by_gpu = server && dist_parse(v->text, "USD/gpu-h", &d, why, sizeof why);
  if (by_gpu)
    as.unit = "USD/gpu-h";
  if (sc_read_value(r, n, path, &as, ret) && by_gpu)
    scale_dist(ret, server->gpus);
}

static void read_rent_price(struct sc_reader *r, const struct sc_node *n, const char *path, const struct sc_param *p, void *field) {
  const struct sim_layer *l = (const struct sim_layer *)(void *)((char *)field - p->offset);
  read_price(r, n, path, p, l->server, field);
}
const struct sc_special sc_rent_price = {"distribution in USD/h (a server) or USD/gpu-h, or catalog", read_rent_price, NULL};

static void read_block_price(struct sc_reader *r, const struct sc_node *n, const char *path, const struct sc_param *p, void *field) {
  const struct sim_contract *c = (const struct sim_contract *)(void *)((char *)field - p->offset);
  read_price(r, n, path, p, c->server, field);
}
const struct sc_special sc_block_price = {"distribution in USD/h (a server) or USD/gpu-h", read_block_price, NULL};

static void read_term(struct sc_reader *r, const struct sc_node *n, const char *path, const struct sc_param *p, void *field) {
  static const char *const by_the_hour[] = {"on-demand", "spot", "capacity-block"};
  struct sim_layer *l = (struct sim_layer *)(void *)((char *)field - p->offset);
  const struct sc_node *v = sc_scalar(r, n, path);
  char why[300];
  int months = 0;
  if (!v)
    return;
  for (size_t i = 0; i < sizeof by_the_hour / sizeof *by_the_hour; i++)
    if (is_word(v, by_the_hour[i])) {
      l->term = by_the_hour[i];
      sc_row(r, n, path, l->term, "");
      return;
    }
  if (!whole_months(v->text, &months, why, sizeof why) || months < 1 || months > 1200) {
    const char *near = err_nearest_in(v->text, by_the_hour, 3);
    sc_error(r, n, path, "unknown term, got '%s', expected on-demand, spot, capacity-block, or months or years such as '1 yr'%s%s%s", v->text,
             near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
    return;
  }
  l->term_months = months;
  l->term = arena_printf(r->arena, months % 12 ? "%d months" : "%d yr", months % 12 ? months : months / 12);
  sc_row(r, n, path, l->term, "");
}
const struct sc_special sc_term = {"on-demand, spot, capacity-block, or a duration in whole months", read_term, NULL};

static bool share_before(const char *text, const char *ending, double *ret) {
  size_t n = strlen(text), m = strlen(ending);
  char number[40], why[8];
  if (n <= m || n - m >= sizeof number || strcasecmp(text + n - m, ending) != 0)
    return false;
  snprintf(number, sizeof number, "%.*s", (int)(n - m), text);
  return units_parse(number, "", ret, why, sizeof why) && *ret >= 0 && *ret <= 1;
}

static void read_cover(struct sc_reader *r, const struct sc_node *n, const char *path, const struct sc_param *p, void *field) {
  struct sim_layer *l = (struct sim_layer *)(void *)((char *)field - p->offset);
  static const struct { const char *word; enum sim_cover cover; double share; } words[] = {
      {"all", COVER_ALL, 0}, {"trough", COVER_TROUGH, 0}, {"base", COVER_BASE, 0.5}, {"rest", COVER_REST, 0}};
  const struct sc_node *v = sc_scalar(r, n, path);
  bool known = false;
  if (!v)
    return;
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (is_word(v, words[i].word)) {
      l->cover = words[i].cover;
      l->cover_share = words[i].share;
      known = true;
    }
  double share;
  if (share_before(v->text, " use", &share)) {
    l->cover = COVER_BASE;
    l->cover_share = share;
  } else if (share_before(v->text, " of hours", &share)) {
    l->cover = COVER_SHARE_OF_HOURS;
    l->cover_share = share;
  } else if (!known) {
    sc_error(r, n, path, "unknown cover, got '%s', expected all, trough, base, rest, 'N %% use' or 'N %% of hours'", v->text);
    return;
  }
  sc_row(r, n, path, v->text, "");
}
const struct sc_special sc_cover = {
    "all; trough (what is always needed); base (units used at least half the time) or 'N % use'; 'N % of hours'; rest", read_cover, NULL};

/* ---- read elsewhere, checked here ---- */

static void read_defaults(struct sc_reader *r, const struct sc_node *n, const char *path, const struct sc_param *p, void *field) {
  (void)p;
  (void)field;
  if (n->kind != SC_MAP) {
    sc_error(r, n, path, "got %s, expected a map with owned and rented", sc_node_kind_name(n));
    return;
  }
  for (size_t i = 0; i < n->n; i++) {
    const struct sc_node *d = n->entry[i].node;
    const char *at = arena_printf(r->arena, "%s.%s", path, n->entry[i].key);
    const struct sc_table *t = strcmp(n->entry[i].key, "owned") == 0 ? &sc_owned_table : strcmp(n->entry[i].key, "rented") == 0 ? &sc_rented_table : NULL;
    if (!t)
      sc_error(r, d, at, "unknown key, expected owned or rented");
    else if (d->kind != SC_MAP)
      sc_error(r, d, at, "got %s, expected a map with the keys of %s", sc_node_kind_name(d), t->name);
    else
      sc_unknown_keys(r, d, at, t);
  }
}
const struct sc_special sc_defaults = {"{owned: {...}, rented: {...}} with the keys of layers", read_defaults, NULL};

static void read_variants(struct sc_reader *r, const struct sc_node *n, const char *path, const struct sc_param *p, void *field) {
  (void)p;
  (void)field;
  if (n->kind != SC_MAP)
    sc_error(r, n, path, "got %s, expected a map {name: {path: value}}", sc_node_kind_name(n));
  for (size_t i = 0; n->kind == SC_MAP && i < n->n; i++)
    if (n->entry[i].node->kind != SC_MAP)
      sc_error(r, n->entry[i].node, arena_printf(r->arena, "%s.%s", path, n->entry[i].key), "got %s, expected a map {path: value}", sc_node_kind_name(n->entry[i].node));
}
const struct sc_special sc_variants = {"{NAME: {path: value, ...}}; paths as for --set", read_variants, NULL};
