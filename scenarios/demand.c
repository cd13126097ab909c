/* What the work is made of: rates over the day, lengths, training phases (files of the user's or plain figures),
 * service levels. */
#include "base/datadir.h"
#include "base/hash_files.h"
#include "scenarios/keys.h"
#include "workloads/trace_demand.h"

static const char *find_file(struct sc_reader *r, const struct sc_node *n, const char *path) {
  const struct sc_node *v = sc_scalar(r, n, path);
  if (!v)
    return NULL;
  const char *found = datadir_find(r->arena, v->text, v->file ? v->file : r->spec->file, "scenarios");
  if (found) {
    sc_row(r, n, path, v->text, "");
    r->files_hash = hash_file(r->files_hash, found); /* an edited trace is another run */
  } else
    sc_error(r, n, path, "no such file, got '%s', looked beside the scenario, here and in the shipped scenarios",
             v->text);
  return found;
}

/* A map form names its file under one of the first two keys of its table: one of our own CSV files, or a request trace.
 */
struct form_file {
  const char *path; /* NULL after an error was added */
  bool trace;
};
enum { OWN, TRACE };

static struct form_file file_of_form(struct sc_reader *r, const struct sc_key *k, const struct sc_table *form) {
  const struct sc_param *p = form->param;
  const struct sc_node *own = sc_node_get(k->node, p[OWN].key), *trace = sc_node_get(k->node, p[TRACE].key);
  sc_unknown_keys(r, k->node, k->path, form);
  if (!own == !trace) {
    sc_error(r, k->node, k->path, "%s, expected %s: FILE or %s: FILE", own ? "two sources" : "no source", p[OWN].key,
             p[TRACE].key);
    return (struct form_file){NULL, false};
  }
  const char *at = arena_printf(r->arena, "%s.%s", k->path, p[trace ? TRACE : OWN].key);
  return (struct form_file){find_file(r, trace ? trace : own, at), trace != NULL};
}

/* {value: ...} is a plain figure with its provenance. */
static bool is_form(const struct sc_node *n) {
  return n->kind == SC_MAP && !sc_node_entry(n, "value");
}

static const struct sc_param rate_params[] = {
    {.key = "curve", .kind = SC_TEXT, .meaning = "CSV t_seconds,aggregate_rate_req_per_s over one period"},
    {.key = "trace", .kind = SC_TEXT, .meaning = "request trace; its span stands for a day"},
    {.key = "mean",
     .kind = SC_NUMBER,
     .unit = "req/s",
     .hi = SC_MOST_REQ_S,
     .meaning = "the curve is scaled to this mean; absent = as it is"},
};
static const struct sc_table rate_table = {.name = "a rate", .param = rate_params, .n = 3};
static const struct sc_param *const rate_param = &rate_params[2];

static void read_rate(struct sc_reader *r, const struct sc_key *k) {
  struct wl_curve **curve = k->field;
  double rate = 0;
  if (!is_form(k->node)) {
    if (sc_read_value(r, k->node, k->path, rate_param, &rate))
      *curve = wl_curve_flat(r->arena, rate);
    return;
  }
  const struct sc_node *mean = sc_node_get(k->node, "mean");
  struct form_file file = file_of_form(r, k, &rate_table);
  if (mean)
    sc_read_value(r, mean, arena_printf(r->arena, "%s.mean", k->path), rate_param, &rate);
  *curve = !file.path ? NULL : (file.trace ? wl_trace_curve : wl_curve_load)(r->arena, file.path, r->errs);
  if (*curve && rate > 0)
    wl_curve_scale_to_mean(*curve, rate);
}
const struct sc_special sc_rate = {
    "requests a second (req/s), or {curve: FILE, mean: req/s} or {trace: FILE, mean: req/s}", read_rate, &rate_table};

static const struct sc_param lengths_params[] = {
    {.key = "histogram", .kind = SC_TEXT, .meaning = "CSV bin_start,bin_width,probability"},
    {.key = "trace", .kind = SC_TEXT, .meaning = "request trace, of which the lengths are taken"},
};
static const struct sc_param length_param = {.key = "tokens", .kind = SC_NUMBER, .unit = "token", .hi = 1e8};
static const struct sc_table lengths_table = {.name = "lengths", .param = lengths_params, .n = 2};

static struct wl_hist *load_lengths(struct sc_reader *r, const struct form_file *f, enum wl_trace_length which) {
  if (!f->path)
    return NULL;
  return f->trace ? wl_trace_lengths(r->arena, f->path, which, r->errs) : wl_hist_load(r->arena, f->path, r->errs);
}

static void read_lengths(struct sc_reader *r, const struct sc_key *k, enum wl_trace_length which) {
  struct wl_hist **hist = k->field;
  double tokens;
  if (is_form(k->node)) {
    struct form_file file = file_of_form(r, k, &lengths_table);
    *hist = load_lengths(r, &file, which);
  } else if (sc_read_value(r, k->node, k->path, &length_param, &tokens))
    *hist = wl_hist_point(r->arena, tokens);
}

static void read_input(struct sc_reader *r, const struct sc_key *k) {
  read_lengths(r, k, WL_TRACE_INPUT);
}
static void read_output(struct sc_reader *r, const struct sc_key *k) {
  read_lengths(r, k, WL_TRACE_OUTPUT);
}
static const char lengths_form[] = "tokens of every request, or {histogram: FILE} or {trace: FILE}";
const struct sc_special sc_input_lengths = {lengths_form, read_input, &lengths_table};
const struct sc_special sc_output_lengths = {lengths_form, read_output, &lengths_table};

/* The rate and lengths of a replayed trace are known beside it: is it one that can be replayed, and how long are its requests? */
static void read_replay_trace(struct sc_reader *r, const struct sc_key *k) {
  struct sim_replay *p = sc_struct_of(k);
  const char *file = find_file(r, k->node, k->path);
  p->rate = file ? wl_trace_curve(r->arena, file, r->errs) : NULL;
  if (!p->rate)
    return;
  p->trace = file;
  p->input = wl_trace_lengths(r->arena, file, WL_TRACE_INPUT, r->errs);
  p->output = wl_trace_lengths(r->arena, file, WL_TRACE_OUTPUT, r->errs);
}
const struct sc_special sc_replay_trace = {"request trace: Azure, BurstGPT and Vidur CSV, Mooncake JSON lines", read_replay_trace, NULL};

static void read_phases(struct sc_reader *r, const struct sc_key *k) {
  const char *file = find_file(r, k->node, k->path);
  *(struct wl_phases **)k->field = file ? wl_phases_load(r->arena, file, r->errs) : NULL;
}
const struct sc_special sc_phases = {"CSV of training phases", read_phases, NULL};

/* ---- service level: one quantile for both limits ---- */

enum { QUANTILES = 4 };
static const double quantile_of[QUANTILES] = {0.50, 0.90, 0.95, 0.99};
struct slo_form {
  double ttft[QUANTILES], tpot[QUANTILES], attainment;
};
#define LIMIT(k, f, m)                                                                                                 \
  {                                                                                                                    \
    .key = k, .kind = SC_NUMBER, .unit = "s", .lo = 1e-9, .hi = 1e7, .offset = offsetof(struct slo_form, f),           \
    .meaning = m                                                                                                       \
  }
static const struct sc_param slo_params[] = {
    LIMIT("ttft_p50", ttft[0], "time to the first token, median"),
    LIMIT("ttft_p90", ttft[1], "90th percentile"),
    LIMIT("ttft_p95", ttft[2], "95th percentile"),
    LIMIT("ttft_p99", ttft[3], "99th percentile"),
    LIMIT("tpot_p50", tpot[0], "time per output token after the first, median"),
    LIMIT("tpot_p90", tpot[1], "90th percentile"),
    LIMIT("tpot_p95", tpot[2], "95th percentile"),
    LIMIT("tpot_p99", tpot[3], "99th percentile"),
    {.key = "attainment",
     .kind = SC_NUMBER,
     .unit = "",
     .hi = 1,
     .def = "95 %",
     .offset = offsetof(struct slo_form, attainment),
     .meaning = "share of requests that must be within the limits"},
};
static const struct sc_table slo_table = {
    .name = "a service level", .param = slo_params, .n = sizeof slo_params / sizeof *slo_params};
#undef LIMIT

static void read_slo(struct sc_reader *r, const struct sc_key *k) {
  struct slo_form f = {.attainment = 0};
  int used = -1, quantiles = 0, ttft = 0, tpot = 0;
  sc_read_group(r, k->node, k->path, &slo_table, &f);
  for (int i = 0; i < QUANTILES; i++) {
    ttft += f.ttft[i] > 0;
    tpot += f.tpot[i] > 0;
    if (f.ttft[i] > 0 || f.tpot[i] > 0) {
      used = i;
      quantiles++;
    }
  }
  if (ttft > 1 || tpot > 1)
    sc_error(r, k->node, k->path, "two limits of one latency, expected one ttft and one tpot");
  else if (quantiles > 1)
    sc_error(r, k->node, k->path, "limits at two quantiles, expected ttft and tpot at the same one");
  *(struct sim_slo *)k->field = (struct sim_slo){
      .ttft_s = used < 0 ? 0 : f.ttft[used],
      .tpot_s = used < 0 ? 0 : f.tpot[used],
      .quantile = used < 0 ? 0.95 : quantile_of[used],
      .attainment = f.attainment,
  };
}
const struct sc_special sc_slo = {"{ttft_p95: 5 s, tpot_p95: 100 ms, attainment: 95 %}", read_slo, &slo_table};
