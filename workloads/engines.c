#include "workloads/engines.h"

#include <ctype.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "base/csv.h"
#include "base/mem.h"
#include "base/units.h"

struct row {
  const char *engine, *host, *metric, *text;
  long from; /* days */
  double value;
  const char *file; /* where it stands */
  int line;
};
struct wl_engines {
  struct arena *arena;
  struct row *row;
  size_t n, cap;
  const char **name;
  size_t names, names_cap;
};

/* ---- what a row may state ---- */
enum kind { NUMBER, FLAG, POLICY };
static const struct metric {
  const char *name, *unit;
  enum kind kind;
  size_t offset;
} metrics[] = {
#define M(name, unit, kind, field) {name, unit, kind, offsetof(struct wl_engine, field)}
  M("policy", "", POLICY, policy),
  M("budget_tokens", "token", NUMBER, budget_tokens),
  M("max_seqs", "", NUMBER, max_seqs),
  M("small_below", "B", NUMBER, small_below_bytes),
  M("small_seqs", "", NUMBER, small_seqs),
  M("small_tokens", "token", NUMBER, small_tokens),
  M("embedded_seqs", "", NUMBER, embedded_seqs),
  M("embedded_tokens", "token", NUMBER, embedded_tokens),
  M("reserve", "", FLAG, reserve),
  M("watermark", "", NUMBER, watermark),
  M("kv_share", "", NUMBER, kv_share),
  M("kv_of_free", "", FLAG, kv_of_free),
  M("block_tokens", "token", NUMBER, block_tokens),
  M("swap_bytes", "B", NUMBER, swap_bytes),
  M("fair_output", "", NUMBER, fair_output),
  M("act_fixed", "B", NUMBER, act_fixed_bytes),
  M("act_token", "B/token", NUMBER, act_token_bytes),
  M("logit_bytes", "B", NUMBER, logit_bytes),
  M("prefix_cache", "", FLAG, prefix_cache),
  M("repeat_found", "", FLAG, repeat_found),
  M("kv_overlap", "", NUMBER, kv_overlap),
  M("first_at_decode", "", FLAG, first_at_decode),
  M("start", "s", NUMBER, start_s),
  M("kv_follows", "", FLAG, kv_follows),
  M("auto_bits", "", NUMBER, auto_bits),
  M("auto_int_bits", "", NUMBER, auto_int_bits),
  M("overlap", "", FLAG, overlap),
  M("h_iter", "s", NUMBER, h_iter_s),
  M("h_layer", "s", NUMBER, h_layer_s),
  M("h_seq", "s", NUMBER, h_seq_s),
  M("h_prompt", "s", NUMBER, h_prompt_s),
  M("h_tp", "s", NUMBER, h_tp_s),
  M("h_expert", "s", NUMBER, h_expert_s),
  M("h_int4_layer", "s", NUMBER, h_int4_layer_s),
  M("h_int8_layer", "s", NUMBER, h_int8_layer_s),
  M("w_expert", "s", NUMBER, w_expert_s),
  M("pad_tokens", "token", NUMBER, pad_tokens),
  M("h_eager", "s", NUMBER, h_eager_s),
  M("graph_seqs", "", NUMBER, graph_seqs),
  M("small_graph_seqs", "", NUMBER, small_graph_seqs),
  M("h_kernel", "s", NUMBER, h_kernel_s),
  M("h_stream", "s", NUMBER, h_stream_s),
  M("lead_one_batch", "", FLAG, lead_one_batch),
  M("h_leader", "", FLAG, h_leader),
  M("host_f", "", NUMBER, host_f),
  M("flood_request", "s", NUMBER, flood_request_s),
  M("flood_encoded", "s", NUMBER, flood_encoded_s),
  M("flood_input", "s", NUMBER, flood_input_s),
  M("flood_token", "s", NUMBER, flood_token_s),
  M("client", "s", NUMBER, client_s),
  M("gemm_f", "", NUMBER, gemm_f),
  M("launch_f", "", NUMBER, launch_f),
  M("attn_prefill_f", "", NUMBER, attn_prefill_f),
  M("attn_decode_f", "", NUMBER, attn_decode_f),
  M("moe_f", "", NUMBER, moe_f),
  M("moe_fused", "", FLAG, moe_fused),
  M("moe_skew", "", NUMBER, moe_skew),
  M("rank_skew", "", NUMBER, rank_skew),
  M("draft_accept", "", NUMBER, draft_accept),
  M("ar_lat_f", "", NUMBER, ar_lat_f),
  M("ar_bw_f", "", NUMBER, ar_bw_f),
  M("ar_direct", "s", NUMBER, ar_direct_s),
  M("ar_direct_rank", "s", NUMBER, ar_direct_rank_s),
  M("widen_ops", "", NUMBER, widen_ops),
  M("block_draw", "", NUMBER, block_draw),
  M("w4_compute_f", "", NUMBER, w4_compute_f),
  M("w8_compute_f", "", NUMBER, w8_compute_f),
  M("widened_f", "", NUMBER, widened_f),
  M("kv_copied", "", FLAG, kv_copied),
  M("layer_split", "", FLAG, layer_split),
  M("attn_unfused", "", FLAG, attn_unfused),
  M("ew_kernels", "", NUMBER, ew_kernels),
  M("ew_tensors", "", NUMBER, ew_tensors),
  M("sample", "s", NUMBER, sample_s),
  M("sample_seq", "s", NUMBER, sample_seq_s),
  M("filter_cycles", "", NUMBER, filter_cycles),
  M("filter_few_cycles", "", NUMBER, filter_few_cycles),
  M("vector_attention", "", NUMBER, vector_attention),
  M("a2a_overlap", "", NUMBER, a2a_overlap),
#undef M
};
enum { METRICS = sizeof metrics / sizeof *metrics };
static const char *const policy_name[WL_POLICIES] = {"static", "prefill-first", "chunked"};

static const struct metric *metric_find(const char *name) {
  for (size_t i = 0; i < METRICS; i++)
    if (strcmp(metrics[i].name, name) == 0)
      return &metrics[i];
  return NULL;
}

/* Beyond any engine: sequences, tokens and factors (counts must fit an int when multiplied with ranks); bytes and seconds. */
#define MOST_COUNT 1e6
#define MOST_FIGURE 1e13

/* A value in the metric's own unit; policies by their number. */
static bool value_parse(const struct metric *m, const char *value, const char *unit, double *ret, char *why, size_t why_size) {
  if (m->kind == POLICY) {
    for (int p = 0; p < WL_POLICIES; p++)
      if (strcmp(policy_name[p], value) == 0) {
        *ret = p;
        return true;
      }
    snprintf(why, why_size, "got '%s', expected static, prefill-first or chunked", value);
    return false;
  }
  char text[64];
  snprintf(text, sizeof text, "%s%s%s", value, *unit ? " " : "", unit);
  if (!units_parse(text, m->unit, ret, why, why_size))
    return false;
  double most = !*m->unit || strcmp(m->unit, "token") == 0 ? MOST_COUNT : MOST_FIGURE;
  if (*ret >= 0 && *ret <= most)
    return true;
  snprintf(why, why_size, "got '%s', expected 0 to %.0f%s%s", text, most, *m->unit ? " " : "", m->unit);
  return false;
}

/* ---- reading ---- */
static void name_note(struct wl_engines *e, const char *name) {
  for (size_t i = 0; i < e->names; i++)
    if (strcasecmp(e->name[i], name) == 0)
      return;
  e->name = mem_grow(e->name, &e->names_cap, e->names + 1, sizeof *e->name);
  e->name[e->names++] = name;
}

/* Rows that state words: releases by version, other names, names that others stand under as well, the engines that run decoders and encoders under this name, the one that
 * it takes over what it does not state from, and why it is not modelled. */
static const char *const text_metrics[] = {"release", "alias", "umbrella", "decoder_is", "encoder_is", "like", "unsupported"};
enum { TEXTS = sizeof text_metrics / sizeof *text_metrics };

static bool is_text(const char *metric) {
  for (size_t i = 0; i < TEXTS; i++)
    if (strcmp(metric, text_metrics[i]) == 0)
      return true;
  return false;
}

static const char *metric_name(const void *ctx, size_t i) {
  (void)ctx;
  return i < METRICS ? metrics[i].name : i - METRICS < TEXTS ? text_metrics[i - METRICS] : NULL;
}

static void read_row(struct wl_engines *e, const struct csv_table *t, size_t i, const int *col, struct errs *errs) {
  struct row r = {.engine = arena_strdup(e->arena, csv_cell(t, i, col[0])), .host = arena_strdup(e->arena, csv_cell(t, i, col[2])),
                  .metric = arena_strdup(e->arena, csv_cell(t, i, col[3])), .text = arena_strdup(e->arena, csv_cell(t, i, col[4])),
                  .file = arena_strdup(e->arena, csv_path(t)), .line = csv_line(t, i)};
  struct date d;
  if (!date_parse(csv_cell(t, i, col[1]), &d)) {
    errs_add(errs, csv_path(t), csv_line(t, i), "from", "got '%s', expected a month YYYY-MM", csv_cell(t, i, col[1]));
    return;
  }
  r.from = date_days(d);
  const struct metric *m = metric_find(r.metric);
  char why[160];
  if (!m && !is_text(r.metric)) {
    const char *near = err_nearest(r.metric, metric_name, NULL);
    errs_add(errs, csv_path(t), csv_line(t, i), "metric", "unknown '%s'%s%s%s", r.metric, near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
    return;
  }
  if (m && !value_parse(m, r.text, csv_cell(t, i, col[5]), &r.value, why, sizeof why)) {
    errs_add(errs, csv_path(t), csv_line(t, i), r.metric, "%s", why);
    return;
  }
  e->row = mem_grow(e->row, &e->cap, e->n + 1, sizeof *e->row);
  e->row[e->n++] = r;
  if (strcasecmp(r.engine, "any") != 0)
    name_note(e, r.engine);
}

static void read_file(struct wl_engines *e, const char *path, struct errs *errs) {
  static const char *const known[] = {"engine", "from", "host", "metric", "value", "unit", "grade", "source"};
  static const char *const need[] = {"engine", "from", "metric", "value"};
  struct csv_table *t = csv_load(path, errs);
  if (!t)
    return;
  int col[6];
  for (int k = 0; k < 6; k++)
    col[k] = csv_column(t, known[k]);
  if (csv_require(t, need, 4, errs) & csv_known_in(t, known, 8, errs))
    for (size_t i = 0; i < csv_rows(t); i++)
      read_row(e, t, i, col, errs);
  csv_unload(t);
}

/* ---- names and versions ---- */

/* Letters and digits of the first word, lower case: "TRT-LLM 0.14.0" -> "trtllm". */
static void key_of(const char *s, char *ret, size_t size) {
  size_t n = 0;
  for (; *s && !isspace((unsigned char)*s) && n + 1 < size; s++)
    if (isalnum((unsigned char)*s))
      ret[n++] = (char)tolower((unsigned char)*s);
  ret[n] = '\0';
}

static const char *engine_find(const struct wl_engines *e, const char *spec) {
  char want[48], have[48];
  key_of(spec, want, sizeof want);
  if (strcmp(want, "any") == 0)
    return "any";
  for (size_t i = 0; i < e->names; i++) {
    key_of(e->name[i], have, sizeof have);
    if (strcmp(want, have) == 0)
      return e->name[i];
  }
  return NULL;
}

/* First "digits.digits" after the name; -1 when there is none. Parts above 999 are clipped. */
static long version_of(const char *s) {
  while (*s && !isspace((unsigned char)*s))
    s++;
  while (*s && !(isdigit((unsigned char)s[0])))
    s++;
  int a = 0, b = 0, c = 0;
  if (sscanf(s, "%d.%d.%d", &a, &b, &c) < 2)
    return -1;
#define PART(x) ((x) > 999 ? 999 : (x))
  return (PART(a) * 1000L + PART(b)) * 1000L + PART(c);
#undef PART
}

/* The date of the newest release that is not newer than `version`; of the oldest when all are newer; -1 without releases. */
static long release_date(const struct wl_engines *e, const char *engine, long version) {
  long best = -1, best_version = -1, oldest = -1;
  for (size_t i = 0; i < e->n; i++) {
    const struct row *r = &e->row[i];
    if (strcmp(r->metric, "release") != 0 || strcasecmp(r->engine, engine) != 0)
      continue;
    char text[64];
    snprintf(text, sizeof text, "x %s", r->text);
    long v = version_of(text);
    if (oldest < 0 || r->from < oldest)
      oldest = r->from;
    if (v <= version && v > best_version) {
      best = r->from;
      best_version = v;
    }
  }
  return best >= 0 ? best : oldest;
}

/* ---- looking up ---- */

/* Where an engine's figures come from, in this order: itself, what it is like (as of that one's version, where a row names it), what that is
 * like ..., at last `any`. */
enum { CHAIN = 8 };
struct chain {
  const char *engine[CHAIN];
  long day[CHAIN], newest; /* newest: of the days */
  int n;
};

/* The row that says what an engine is like: of its day, else its first. */
static const struct row *like_of(const struct wl_engines *e, const char *engine, long day) {
  const struct row *found = NULL;
  for (size_t i = 0; i < e->n; i++) {
    const struct row *r = &e->row[i];
    if (strcmp(r->metric, "like") != 0 || strcasecmp(r->engine, engine) != 0)
      continue;
    if (!found || (r->from <= day ? r->from >= found->from || found->from > day : found->from > day && r->from < found->from))
      found = r;
  }
  return found;
}

static struct chain chain_of(const struct wl_engines *e, const char *engine, long day) {
  struct chain c = {.newest = day};
  while (engine && c.n < CHAIN - 1) {
    c.engine[c.n] = engine;
    c.day[c.n++] = day;
    const struct row *like = like_of(e, engine, day);
    engine = like ? engine_find(e, like->text) : NULL;
    long version = engine ? version_of(like->text) : -1, released = version >= 0 ? release_date(e, engine, version) : -1;
    day = released >= 0 ? released : day;
    c.newest = day > c.newest ? day : c.newest;
  }
  c.engine[c.n] = "any";
  c.day[c.n] = c.day[0];
  c.n++;
  return c;
}

/* Nearer in the chain first, own host before no host, newer before older, later row before earlier. */
static const struct row *in_force(const struct wl_engines *e, const struct chain *c, const char *metric, const char *host) {
  const struct row *best = NULL;
  long best_rank = -1;
  for (size_t i = 0; i < e->n; i++) {
    const struct row *r = &e->row[i];
    if (r->from > c->newest || strcmp(r->metric, metric) != 0) /* the cheap questions first: every metric asks all rows */
      continue;
    int k = 0;
    while (k < c->n && strcasecmp(r->engine, c->engine[k]) != 0)
      k++;
    bool here = r->host[0] && strcasecmp(r->host, host) == 0;
    if (k == c->n || r->from > c->day[k] || (r->host[0] && !here))
      continue;
    long rank = 4000000L * (c->n - 1 - k) + (here ? 2000000L : 0) + r->from + 500000L;
    if (rank >= best_rank) {
      best = r;
      best_rank = rank;
    }
  }
  return best;
}

static void put(struct wl_engine *ret, const struct metric *m, double value) {
  void *p = (char *)ret + m->offset;
  switch (m->kind) {
  case NUMBER: *(double *)p = value; break;
  case FLAG: *(bool *)p = value != 0; break;
  case POLICY: *(enum wl_policy *)p = (enum wl_policy)value; break;
  }
}

bool wl_engine_get(const struct wl_engines *e, const char *spec, int year, int month, const char *host, struct wl_engine *ret) {
  const char *engine = spec && spec[0] ? engine_find(e, spec) : e->names ? e->name[0] : NULL;
  if (!engine)
    return false;
  long version = spec ? version_of(spec) : -1;
  long day = version >= 0 ? release_date(e, engine, version) : -1;
  if (day < 0)
    day = year > 0 ? date_days((struct date){year, month > 0 ? month : 6, 1}) : date_days((struct date){9999, 1, 1});
  memset(ret, 0, sizeof *ret);
  snprintf(ret->name, sizeof ret->name, "%s", spec && spec[0] ? spec : engine);
  ret->as_of = date_from_days(day);
  const struct chain chain = chain_of(e, engine, day);
  for (size_t i = 0; i < METRICS; i++) {
    const struct row *r = in_force(e, &chain, metrics[i].name, host ? host : "");
    if (r)
      put(ret, &metrics[i], r->value);
  }
  return true;
}

const char *wl_engine_name_at(const struct wl_engines *e, size_t i) {
  return i < e->names ? e->name[i] : NULL;
}

static const char *nearest_get(const void *ctx, size_t i) {
  return wl_engine_name_at(ctx, i);
}

static const char *text_of(const struct wl_engines *e, const char *engine, const char *metric, size_t skip) {
  for (size_t i = 0; i < e->n; i++)
    if (strcmp(e->row[i].metric, metric) == 0 && strcasecmp(e->row[i].engine, engine) == 0 && skip-- == 0)
      return e->row[i].text;
  return NULL;
}

/* The engine whose row of `metric` states this word. */
static const char *called(const struct wl_engines *e, const char *metric, const char *word) {
  char want[48], have[48];
  key_of(word, want, sizeof want);
  for (size_t i = 0; *want && i < e->n; i++) {
    key_of(e->row[i].text, have, sizeof have);
    if (strcmp(e->row[i].metric, metric) == 0 && strcmp(want, have) == 0)
      return e->row[i].engine;
  }
  return NULL;
}

const char *wl_engine_resolve(const struct wl_engines *e, const char *word) {
  char want[48], have[48];
  const char *name = engine_find(e, word);
  key_of(word, want, sizeof want);
  name = name ? name : called(e, "alias", word);
  name = name ? name : called(e, "umbrella", word);
  for (size_t i = 0; !name && i < e->names; i++) {
    key_of(e->name[i], have, sizeof have);
    if (strstr(want, have))
      name = e->name[i];
  }
  return name;
}

static bool version_at(const char *text, const char *name, char *ret, size_t size) {
  char key[64];
  snprintf(key, sizeof key, "%s: v", name);
  const char *p = strcasestr(text, key);
  if (!p)
    return false;
  p += strlen(key);
  snprintf(ret, size, "%.*s", (int)strcspn(p, " )"), p);
  return true;
}

bool wl_engine_version_in(const struct wl_engines *e, const char *name, const char *text, char *ret, size_t size) {
  if (version_at(text, name, ret, size))
    return true;
  const char *alias;
  for (size_t i = 0; (alias = text_of(e, name, "alias", i)); i++)
    if (version_at(text, alias, ret, size))
      return true;
  return false;
}

const char *wl_engine_decoder(const struct wl_engines *e, const char *spec) {
  const char *name = engine_find(e, spec);
  return name ? text_of(e, name, "decoder_is", 0) : NULL;
}

const char *wl_engine_encoder(const struct wl_engines *e, const char *spec) {
  const char *name = engine_find(e, spec);
  return name ? text_of(e, name, "encoder_is", 0) : NULL;
}

const char *wl_engine_unsupported(const struct wl_engines *e, const char *spec) {
  const char *name = engine_find(e, spec);
  return name ? text_of(e, name, "unsupported", 0) : NULL;
}

bool wl_engine_is_umbrella(const struct wl_engines *e, const char *word) {
  return called(e, "umbrella", word) != NULL;
}

const char *wl_engine_nearest(const struct wl_engines *e, const char *spec) {
  return err_nearest(spec, nearest_get, e);
}

double wl_draft_tokens(double accept, int drafts) {
  double tokens = 1, p = 1;
  for (int i = 0; i < drafts; i++)
    tokens += p *= accept;
  return tokens;
}

double wl_drafts_for(double accept, double tokens) {
  if (tokens <= 1 || accept <= 0)
    return 0;
  if (accept >= 1)
    return fmin(WL_MOST_DRAFTS, tokens - 1);
  double missing = 1 - tokens * (1 - accept); /* accept^(drafts + 1) */
  return missing > 0 ? fmin(WL_MOST_DRAFTS, log(missing) / log(accept) - 1) : WL_MOST_DRAFTS;
}

/* ---- loading ---- */

/* What a `like` names must be there, and not lead back. */
static void check_likes(const struct wl_engines *e, struct errs *errs) {
  for (size_t i = 0; i < e->n; i++) {
    const struct row *r = &e->row[i];
    if (strcmp(r->metric, "like") != 0)
      continue;
    const char *near = wl_engine_nearest(e, r->text);
    if (!engine_find(e, r->text))
      errs_add(errs, r->file, r->line, "like", "unknown engine, got '%s'%s%s%s", r->text, near ? ", did you mean '" : "", near ? near : "",
               near ? "'?" : "");
    else if (chain_of(e, r->engine, r->from).n == CHAIN)
      errs_add(errs, r->file, r->line, "like", "engines that are like each other in a circle, or more than %d deep", CHAIN - 2);
  }
}

struct wl_engines *wl_engines_load(const char *const *dirs, size_t n, struct errs *errs) {
  size_t before = errs_count(errs);
  struct wl_engines *e = mem_alloc(sizeof *e);
  e->arena = arena_create();
  for (size_t i = 0; i < n; i++) {
    char *path = arena_printf(e->arena, "%s/engines.csv", dirs[i]);
    FILE *f = i > 0 ? fopen(path, "r") : NULL; /* a user's directory need not have one */
    if (f)
      fclose(f);
    if (i == 0 || f)
      read_file(e, path, errs);
  }
  check_likes(e, errs);
  if (errs_count(errs) == before)
    return e;
  wl_engines_free(e);
  return NULL;
}

void wl_engines_free(struct wl_engines *e) {
  if (!e)
    return;
  arena_destroy(e->arena);
  mem_free(e->row);
  mem_free(e->name);
  mem_free(e);
}
