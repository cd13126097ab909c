/* Rows of engines.csv: the figures and words they may state, and how they are read. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "base/csv.h"
#include "base/units.h"
#include "workloads/engines_priv.h"

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
  M("widen_rows", "", NUMBER, widen_rows),
  M("block_draw", "", NUMBER, block_draw),
  M("w4_compute_f", "", NUMBER, w4_compute_f),
  M("w8_compute_f", "", NUMBER, w8_compute_f),
  M("widened_f", "", NUMBER, widened_f),
  M("kv_copied", "", FLAG, kv_copied),
  M("layer_split", "", FLAG, layer_split),
  M("attn_unfused", "", FLAG, attn_unfused),
  M("fused_tokens", "token", NUMBER, fused_tokens),
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
_Static_assert((int)METRICS <= (int)WLI_MOST_FIGURES, "an engine has more figures than rows can state");
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

void wli_engine_put(struct wl_engine *ret, size_t i, double value) {
  const struct metric *m = &metrics[i];
  void *p = (char *)ret + m->offset;
  switch (m->kind) {
  case NUMBER: *(double *)p = value; break;
  case FLAG: *(bool *)p = value != 0; break;
  case POLICY: *(enum wl_policy *)p = (enum wl_policy)value; break;
  }
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
  struct engine_row r = {.engine = arena_strdup(e->arena, csv_cell(t, i, col[0])), .host = arena_strdup(e->arena, csv_cell(t, i, col[2])),
                  .metric = arena_strdup(e->arena, csv_cell(t, i, col[3])), .text = arena_strdup(e->arena, csv_cell(t, i, col[4])),
                  .file = arena_strdup(e->arena, csv_path(t)), .line = csv_line(t, i)};
  struct date d;
  if (!date_parse(csv_cell(t, i, col[1]), &d)) {
    errs_add(errs, csv_path(t), csv_line(t, i), "from", "got '%s', expected a month YYYY-MM", csv_cell(t, i, col[1]));
    return;
  }
  r.from = date_days(d);
  const struct metric *m = metric_find(r.metric);
  r.figure = m ? (int)(m - metrics) : -1;
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

void wli_read_engines(struct wl_engines *e, const char *path, struct errs *errs) {
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
