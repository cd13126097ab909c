#include "scenarios/serving_case.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "hwmodels/kernels.h"
#include "base/units.h"
#include "sim/serve_setup.h"

struct reader {
  const struct serving_tables *k;
  const struct csv_table *t;
  size_t row;
  struct serving_case *c;
  double auto_bits, auto_int_bits;
};

static const char *text(const struct reader *r, const char *column) {
  return csv_cell(r->t, r->row, csv_column(r->t, column));
}

/* The first reason counts; arg may be "". */
static void give_up(struct reader *r, enum case_status status, const char *what, const char *arg) {
  if (r->c->status != CASE_OK)
    return;
  r->c->status = status;
  snprintf(r->c->note, sizeof r->c->note, "%s%.100s", what, arg);
}

/* Number at the start of a cell ("310 p50, cap 512" -> 310); NaN when there is none. */
static double leading(const char *s) {
  double v;
  return units_leading_number(s, &v) ? v : (double)NAN;
}

/* The number that follows `key` anywhere in the text; NaN. */
static double after(const char *s, const char *key) {
  const char *p = strcasestr(s, key);
  while (p) {
    double v = leading(p + strlen(key));
    if (isfinite(v))
      return v;
    p = strcasestr(p + 1, key);
  }
  return NAN;
}

static int whole(const struct reader *r, const char *column) {
  double v = leading(text(r, column));
  return isfinite(v) && v >= 1 && v < 1e6 ? (int)v : 0;
}

/* ---- date and engine ---- */
static void read_date(struct reader *r) {
  const char *s = text(r, "date");
  int y = 0, m = 0;
  while (*s && !(isdigit((unsigned char)s[0]) && isdigit((unsigned char)s[1]) && isdigit((unsigned char)s[2]) && isdigit((unsigned char)s[3])))
    s++;
  int got = sscanf(s, "%4d-%2d", &y, &m);
  r->c->rep.year = got >= 1 ? y : 0;
  r->c->rep.month = got >= 2 && m >= 1 && m <= 12 ? m : 0;
}

/* The cell may list several programs ("JetPack 4.6, TensorRT 8.0.1") or state versions behind ("vLLM (- vLLM: v0.10.2 - SGLang: ..)"): the first known
 * engine counts, with the version that stands at its name. */
static bool engine_item(const struct reader *r, const char *item, size_t n, char *ret, size_t size) {
  char word[48];
  size_t w = 0;
  while (w < n && w + 1 < sizeof word && !isspace((unsigned char)item[w]) && item[w] != ',') {
    word[w] = item[w];
    w++;
  }
  word[w] = '\0';
  const char *name = wl_engine_resolve(r->k->engines, word);
  if (!name)
    return false;
  const char *paren = memchr(item, '(', n);
  char version[24] = "";
  if (!paren)
    snprintf(version, sizeof version, "%.*s", (int)(n - w < 20 ? n - w : 20), item + w);
  else if (!wl_engine_version_in(r->k->engines, name, paren, version, sizeof version))
    version[0] = '\0';
  snprintf(ret, size, "%s%s%s", name, version[0] && version[0] != ' ' ? " " : "", version);
  return true;
}

static void read_engine(struct reader *r, char *engine, size_t size) {
  const char *s = text(r, "engine");
  engine[0] = '\0';
  while (*s) {
    size_t n = strchr(s, '(') ? strlen(s) : strcspn(s, ",");
    if (engine_item(r, s, n, engine, size))
      break;
    s += n + (s[n] == ',');
    while (*s == ' ')
      s++;
  }
  if (!engine[0])
    snprintf(engine, size, "any");
  struct wl_engine own;
  if (wl_engine_get(r->k->engines, engine, r->c->rep.year, r->c->rep.month, "", &own)) {
    r->auto_bits = own.auto_bits;
    r->auto_int_bits = own.auto_int_bits;
  }
  const char *decoder = r->c->rep.model->encoder ? NULL : wl_engine_decoder(r->k->engines, engine);
  if (decoder)
    snprintf(engine, size, "%s", decoder); /* by date from here on: the versions are the other program's */
}

/* ---- names ---- */

/* "33B" in what was cut off a name states a size ("A3B" and "8x7B" state others): does it contradict the model found? */
static bool other_size(const char *rest, const struct wl_model *m) {
  struct wl_counts c;
  wl_model_count(m, &c);
  for (const char *p = rest; *p; p++) {
    if (!isdigit((unsigned char)*p) || (p > rest && (isalnum((unsigned char)p[-1]) || p[-1] == '.')))
      continue;
    double billions;
    const char *end = units_leading_number(p, &billions);
    if (!end)
      return false;
    if ((*end == 'B' || *end == 'b') && !isalnum((unsigned char)end[1]))
      return billions * 1e9 > 1.5 * c.params || 1.5e9 * billions < c.params;
    p = end - 1;
  }
  return false;
}

/* "org/name-Instruct-quantized.w4a16": without the organisation, then cut from the right until the library knows it. */
static const struct wl_model *find_model(const struct reader *r, const char *name) {
  char buf[128];
  snprintf(buf, sizeof buf, "%s", name);
  char *at = buf, *slash = strchr(buf, '/');
  if (slash && !strchr(buf, ' '))
    at = slash + 1;
  const char *whole_name = name + (at - buf);
  for (;;) {
    const struct wl_model *m = wl_model_find(r->k->models, at);
    size_t n = strlen(at);
    if (m)
      return other_size(whole_name + n, m) ? NULL : m;
    while (n > 0 && !strchr("-/ .(", at[n - 1]))
      n--;
    if (n <= 3)
      return NULL;
    at[n - 1] = '\0';
  }
}

static const struct hw_gpu *find_gpu(const struct reader *r, const char *name) {
  return hw_gpu_find(r->k->catalog, name);
}

/* ---- formats ---- */
static const struct {
  const char *word;
  enum dtype weights, compute; /* compute DT_FP64 = what the GPU does with them */
} formats[] = {
  {"w4a16", DT_INT4, DT_BF16}, {"w8a16", DT_INT8, DT_BF16}, {"w8a8", DT_INT8, DT_INT8}, {"nvfp4", DT_FP4, DT_FP64}, {"mxfp4", DT_FP4, DT_FP64},
  {"fp4", DT_FP4, DT_FP64}, {"int4", DT_INT4, DT_BF16}, {"awq", DT_INT4, DT_BF16}, {"gptq", DT_INT4, DT_BF16}, {"fp8", DT_FP8, DT_FP64},
  {"int8", DT_INT8, DT_INT8}, {"bf16", DT_BF16, DT_FP64}, {"bfloat16", DT_BF16, DT_FP64}, {"fp16", DT_FP16, DT_FP64}, {"float16", DT_FP16, DT_FP64},
  {"tf32", DT_FP32, DT_TF32}, {"fp32", DT_FP32, DT_FP32},
};

/* The format named first; -1 when none is. */
static int first_format(const char *s) {
  int best = -1;
  const char *best_at = NULL;
  for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
    const char *p = strcasestr(s, formats[i].word);
    if (p && (!best_at || p < best_at)) {
      best = (int)i;
      best_at = p;
    }
  }
  return best;
}

static enum dtype sixteen(const struct hw_gpu *g) {
  return g->peak_flops[DT_BF16] > 0 ? DT_BF16 : DT_FP16;
}

static void read_formats(struct reader *r, const struct wl_engine *e) {
  struct sim_replica *p = &r->c->rep;
  const struct hw_gpu *g = p->server->gpu;
  const char *cell = text(r, "precision"), *kv = strcasestr(cell, "KV ");
  int f = first_format(cell);
  if (f < 0)
    f = first_format(text(r, "model"));
  p->weights = f >= 0 ? formats[f].weights : p->model->weights;
  p->compute = f >= 0 ? formats[f].compute : DT_FP64;
  if (p->weights == DT_BF16 || p->weights == DT_FP16)
    p->weights = sixteen(g);
  if (p->compute == DT_BF16)
    p->compute = sixteen(g);
  /* Builders that pick the fastest format by themselves: a stated 16-bit format is what they fall back to. */
  if (r->auto_bits > 0 && p->weights == sixteen(g)) {
    if (r->auto_bits <= 4 && g->peak_flops[DT_FP4] > 0 && !p->model->encoder)
      p->weights = DT_FP4;
    else if (r->auto_bits <= 8 && g->peak_flops[DT_FP8] > 0)
      p->weights = DT_FP8;
    else if (r->auto_int_bits > 0 && r->auto_int_bits <= 4 && g->peak_flops[DT_FP8] <= 0 && !p->model->encoder) {
      p->weights = DT_INT4;
      p->compute = sixteen(g);
    }
  }
  int k = kv ? first_format(kv) : -1;
  p->kv = k >= 0 ? formats[k].weights : e->kv_follows && dtype_bytes(p->weights) <= 1 && g->peak_flops[DT_FP8] > 0 ? DT_FP8 : sixteen(g);
}

/* ---- lengths ---- */

/* Lengths spread where real conversations are named; everything else is cut to one length. */
static bool is_spread(const struct reader *r) {
  return strcasestr(text(r, "input_len"), "ShareGPT") || strcasestr(text(r, "notes"), "ShareGPT");
}

static struct wl_lengths read_lengths(struct reader *r, const char *column, const struct wl_lengths *set) {
  const char *s = text(r, column);
  double v = leading(s), cap = after(s, "cap");
  struct wl_lengths l = {0};
  if (!isfinite(v))
    return set ? *set : l;
  l.max = isfinite(cap) ? cap : 0;
  if (set && set->p50 > 0 && strstr(s, "mean")) /* a known set: its shape with the stated mean */
    return (struct wl_lengths){.mean = v, .p50 = set->p50 * v / set->mean, .max = set->max};
  l.fixed = !((strstr(s, "mean") || strstr(s, "p50")) && is_spread(r));
  l.mean = l.fixed || strstr(s, "mean") ? v : 0;
  l.p50 = l.fixed || strstr(s, "p50") ? v : 0;
  return l;
}

/* ---- load ---- */
static const struct {
  const char *name;
  enum case_load load;
} loads[] = {{"static_batch", LOAD_STATIC}, {"concurrency", LOAD_CLOSED}, {"poisson_rate", LOAD_RATE}, {"poisson_rate_at_limit", LOAD_LIMIT}, {"offline", LOAD_OFFLINE}};

/* "3000 uniform synthetic requests", "10 requests", "100-150 requests" (then their mean). */
static int stated_requests(const char *notes) {
  for (const char *p = strstr(notes, "request"); p; p = strstr(p + 1, "request")) {
    const char *q = p;
    while (q > notes && (q[-1] == ' ' || isalpha((unsigned char)q[-1])))
      q--;
    while (q > notes && (isdigit((unsigned char)q[-1]) || q[-1] == '-'))
      q--;
    int a = 0, b = 0, n = sscanf(q, "%d-%d", &a, &b);
    if (n == 2 && b > a)
      return (a + b) / 2;
    if (n >= 1 && a > 0)
      return a;
  }
  return 0;
}

/* A run without a stated number takes that of the same source's other runs. */
static int requests_of_source(const struct reader *r) {
  int own = stated_requests(text(r, "notes"));
  const char *source = text(r, "source");
  int col_source = csv_column(r->t, "source"), col_notes = csv_column(r->t, "notes");
  size_t same = strcspn(source, "_"); /* "AccelMark verified suite_A": the suites share a harness */
  for (size_t i = 0; own == 0 && i < csv_rows(r->t); i++)
    if (strncmp(csv_cell(r->t, i, col_source), source, same) == 0)
      own = stated_requests(csv_cell(r->t, i, col_notes));
  return own;
}

/* Start of the number that ends right before p, NULL when none does: "56.3%" "20-22 tok". */
static const char *number_before(const char *text, const char *p) {
  const char *q = p;
  while (q > text && (isdigit((unsigned char)q[-1]) || q[-1] == '.' || q[-1] == '-'))
    q--;
  return q < p ? q : NULL;
}

/* "20-22 tok/s per request": seconds a token, of the middle; 0 when not stated. */
static double token_time(const char *notes) {
  const char *p = strstr(notes, " tok/s per request"), *q = p ? number_before(notes, p) : NULL;
  double a = 0, b = 0;
  const char *end = q ? units_leading_number(q, &a) : NULL;
  if (!end || a <= 0)
    return 0;
  return *end == '-' && units_leading_number(end + 1, &b) ? 2 / (a + b) : 1 / a;
}

/* "56.3% of input tokens hit": share of prompt tokens that were found in a cache and counted all the same. */
static double hit_share(const char *notes) {
  const char *p = strstr(notes, "% of input tokens hit"), *q = p ? number_before(notes, p) : NULL;
  double share = 0;
  return q && units_leading_number(q, &share) ? share / 100 : 0;
}

/* A service's cache holds prompts of this length; stated once for all of the source's rows. 0 = not stated. */
static double kv_length(const struct reader *r) {
  double own = after(text(r, "notes"), "KV length");
  int col_source = csv_column(r->t, "source"), col_notes = csv_column(r->t, "notes");
  for (size_t i = 0; r->c->live && !isfinite(own) && i < csv_rows(r->t); i++)
    if (strcmp(csv_cell(r->t, i, col_source), text(r, "source")) == 0)
      own = after(csv_cell(r->t, i, col_notes), "KV length");
  return isfinite(own) ? own : 0;
}

static void read_unit_load(struct reader *r) {
  const char *metric = text(r, "metric");
  if (strstr(metric, "nodes")) {
    give_up(r, CASE_INCOMPLETE, "the demand on the fleet is not in the row", "");
    return;
  }
  if (whole(r, "load_value") > 0) {
    r->c->load = LOAD_CLOSED;
    r->c->load_value = whole(r, "load_value");
    return;
  }
  bool prefill = strncmp(metric, "input", 5) == 0;
  r->c->hit_share = hit_share(text(r, "notes"));
  r->c->live = strcasestr(text(r, "model"), "service") || strcasestr(text(r, "notes"), "production service");
  r->c->load = prefill ? LOAD_PREFILL_UNIT : LOAD_DECODE_UNIT;
  double each = leading(text(r, "max_batch"));
  r->c->load_value = isfinite(each) ? each : 0;
  if (!prefill && r->c->load_value <= 0) {
    r->c->tpot_limit_s = token_time(text(r, "notes"));
    if (r->c->tpot_limit_s <= 0)
      give_up(r, CASE_INCOMPLETE, "sequences per device are not stated", "");
  }
}

static void read_load(struct reader *r) {
  const char *kind = text(r, "load_kind");
  r->c->load_value = leading(text(r, "load_value"));
  for (size_t i = 0; i < sizeof loads / sizeof *loads; i++)
    if (strcmp(kind, loads[i].name) == 0) {
      r->c->load = loads[i].load;
      if (r->c->load != LOAD_OFFLINE && !(r->c->load_value > 0))
        give_up(r, CASE_INCOMPLETE, "load_value is empty", "");
      return;
    }
  if (strcmp(kind, "other") == 0)
    read_unit_load(r);
  else
    give_up(r, CASE_UNSUPPORTED, "unknown load_kind: ", kind);
}

/* A run at its limits is judged by the rate held under them: its own p99 rows, else the stated limits. */
static void read_limits(struct reader *r, const size_t *rows, size_t n) {
  const char *notes = text(r, "notes");
  double ttft = after(notes, "ttft_latency limit="), tpot = after(notes, "tpot_latency limit="), e2e = after(notes, "target_latency limit=");
  int metric = csv_column(r->t, "metric"), value = csv_column(r->t, "value");
  for (size_t i = 0; i < n; i++) {
    const char *m = csv_cell(r->t, rows[i], metric);
    double v = leading(csv_cell(r->t, rows[i], value));
    if (strcmp(m, "ttft_p99_ms") == 0)
      ttft = v;
    if (strcmp(m, "tpot_p99_ms") == 0)
      tpot = v;
    if (strcmp(m, "e2e_p99_ms") == 0 && isfinite(e2e))
      e2e = v;
  }
  r->c->ttft_limit_s = isfinite(ttft) ? ttft * 1e-3 : 0;
  r->c->tpot_limit_s = isfinite(tpot) ? tpot * 1e-3 : 0;
  r->c->e2e_limit_s = isfinite(e2e) && !(r->c->ttft_limit_s > 0) ? e2e * 1e-3 : 0;
}

/* ---- layout ---- */
static double first_after(const char *s, const char *const *keys, size_t n) {
  for (size_t i = 0; i < n; i++) {
    double v = after(s, keys[i]);
    if (isfinite(v))
      return v;
  }
  return NAN;
}

/* The data set that model, source or notes name; NULL = none. */
static const struct wl_dataset *named_set(const struct reader *r) {
  char about[512];
  snprintf(about, sizeof about, "%s | %s | %s", text(r, "model"), text(r, "source"), text(r, "notes"));
  return wl_dataset_for(r->k->datasets, about);
}

/* A named set whose rules say how many requests there are: its runs are judged by throughput, or one request at a time. */
static bool benchmark_set(const struct reader *r) {
  const struct wl_dataset *set = named_set(r);
  return set && set->match[0] && set->requests > 0 && !(set->trace && set->trace[0]);
}

/* tp, pp, ep as stated; else from the command line in the notes; else a throughput benchmark fills the box with replicas and a server takes all of it. */
static void read_layout(struct reader *r) {
  static const char *const tp_keys[] = {"-tp ", "--tp ", "--tp-size ", "--tensor-parallel-size ", "--tensor-parallel-size=", "--tp=", "--tp_size "};
  struct sim_replica *p = &r->c->rep;
  int gpus = whole(r, "num_gpus");
  const char *notes = text(r, "notes"), *cmd = strstr(notes, "cmd:"), *dp = text(r, "dp_attention");
  p->tp = whole(r, "tp");
  p->pp = whole(r, "pp");
  p->ep = whole(r, "ep");
  p->dp_attention = strncasecmp(dp, "yes", 3) == 0 || strncasecmp(dp, "DP", 2) == 0 || leading(dp) > 1;
  if (!isdigit((unsigned char)text(r, "tp")[0]) && text(r, "tp")[0]) {
    give_up(r, CASE_UNSUPPORTED, "prefill and decode on GPUs of their own", "");
    return;
  }
  if (p->tp == 0 && cmd) {
    double v = first_after(cmd, tp_keys, sizeof tp_keys / sizeof *tp_keys);
    p->tp = isfinite(v) ? (int)v : 1;
    gpus = p->tp;
  }
  p->pp = p->pp > 0 ? p->pp : 1;
  p->gpus = gpus;
  if (p->dp_attention) {
    if (p->tp == 0 || p->tp >= gpus)
      p->tp = 1;
    if (p->ep == 0)
      p->ep = p->model->experts > 0 ? gpus : 1;
  } else if (p->tp > 0) {
    p->gpus = p->tp * p->pp;
  } else if (r->c->load == LOAD_OFFLINE || r->c->load == LOAD_LIMIT || p->model->encoder || benchmark_set(r)) {
    p->gpus = 0;
  } else {
    p->tp = gpus;
  }
  if (p->ep == 0)
    p->ep = 1;
}

static const char *const dp_keys[] = {"-dp ", "--dp ", "--dp-size ", "--data-parallel-size ", "--data-parallel-size="};

/* Free layout: the smallest replica that fits, as often as the GPUs allow. */
static void settle_replicas(struct reader *r) {
  struct serving_case *c = r->c;
  int all = 0, copies = 0; /* "8xMI300x 2FP8": copies of the model on the stated GPUs, each with the stated batch */
  const char *label = strstr(text(r, "notes"), "config label: ");
  if (label && sscanf(label, "config label: %dx%*s %d", &all, &copies) == 2 && copies > 1 && c->rep.gpus % copies == 0) {
    c->rep.gpus /= copies;
    c->rep.tp = c->rep.gpus;
    if (c->load == LOAD_STATIC)
      c->load_value *= copies;
  }
  int gpus = whole(r, "num_gpus");
  struct sim_replica_fit fit;
  double longest = c->load == LOAD_STATIC ? 1 : wl_lengths_mean(&c->input) + wl_lengths_mean(&c->output);
  if (c->rep.gpus == 0) {
    c->rep.tp = c->rep.pp = c->rep.ep = 0;
    if (!sim_replica_choose(&c->rep, longest, &fit)) {
      give_up(r, CASE_UNSUPPORTED, "", fit.why);
      return;
    }
    int max_batch = c->rep.max_batch;
    c->rep = fit.replica;
    c->rep.max_batch = max_batch;
    if (c->rep.gpus == 0)
      c->rep.gpus = c->rep.nodes * c->rep.server->gpus;
  }
  c->replicas = c->rep.gpus > 0 && gpus >= c->rep.gpus ? gpus / c->rep.gpus : 1;
  const char *cmd = strstr(text(r, "notes"), "cmd:"); /* one server process, whatever the box holds */
  double dp = cmd ? first_after(cmd, dp_keys, sizeof dp_keys / sizeof *dp_keys) : (double)NAN;
  if (cmd && !c->rep.dp_attention)
    c->replicas = isfinite(dp) && dp >= 1 ? (int)dp : 1;
  c->rep.nodes = (c->rep.gpus + c->rep.server->gpus - 1) / c->rep.server->gpus;
}

static void read_batch(struct reader *r) {
  const char *s = text(r, "max_batch");
  struct sim_replica *p = &r->c->rep;
  double seqs = after(s, "max_num_seqs"), tokens = after(s, "max_num_batched_tokens"), v = leading(s);
  if (!isfinite(tokens))
    tokens = after(s, "max_num_tokens");
  if (!isfinite(tokens))
    tokens = after(s, "batched tokens");
  if (isfinite(tokens))
    p->budget_tokens = tokens;
  if (strcasestr(text(r, "notes"), "chunked prefill TRUE"))
    p->chunking = SIM_CHUNKED;
  if (strcasestr(text(r, "notes"), "chunked prefill FALSE"))
    p->chunking = SIM_NOT_CHUNKED;
  if (isfinite(seqs))
    p->max_batch = (int)seqs;
  else if (isfinite(v) && strstr(s, "/rank"))
    p->max_batch = (int)v * whole(r, "num_gpus");
  else if (isfinite(v) && !strstr(s, "/device"))
    p->max_batch = (int)v;
}

static void read_speculation(struct reader *r) {
  double n = after(text(r, "notes"), "MTP ");
  r->c->rep.mtp_tokens = isfinite(n) && n > 0 ? serve_draft_tokens((int)fmin(n, 8)) : 1;
}

/* "system=DGX-Station-A100_A100-SXM-80GBx4_TRT": a system that the catalog knows says which variant of the GPU it has (one with fewer watts). */
static const struct hw_gpu *as_built(const struct reader *r, const struct hw_gpu *g) {
  const char *at = strstr(text(r, "notes"), "system=");
  char name[96];
  if (!g || !at)
    return g;
  snprintf(name, sizeof name, "%.*s", (int)strcspn(at + 7, "; "), at + 7);
  for (char *cut = name + strlen(name); cut; cut = strrchr(name, '_')) {
    *cut = '\0';
    const struct hw_server *s = hw_server_find(r->k->catalog, name);
    if (s)
      return strcmp(s->gpu->based_on, g->name) == 0 ? s->gpu : g;
  }
  return g;
}

static bool is_cooled_by_liquid(const char *notes) {
  return strstr(notes, "immersion cooled") || strstr(notes, "liquid cooled");
}

static void read_server(struct reader *r) {
  const struct hw_gpu *g = find_gpu(r, text(r, "gpu"));
  int gpus = whole(r, "num_gpus"), per_node = whole(r, "gpus_per_node");
  g = as_built(r, g);
  if (!g) {
    give_up(r, CASE_UNSUPPORTED, "no catalog row for GPU: ", text(r, "gpu"));
    return;
  }
  const char *mig = strstr(text(r, "gpu"), "/mig");
  if (mig && !strchr(mig, '-'))
    give_up(r, CASE_INCOMPLETE, "the MIG profile is not stated", "");
  if (gpus == 0) {
    give_up(r, CASE_INCOMPLETE, "num_gpus is empty", "");
    return;
  }
  if (per_node == 0 || per_node > gpus)
    per_node = gpus < 8 ? gpus : 8;
  r->c->node_gpus = whole(r, "gpus_per_node") > 0 ? whole(r, "gpus_per_node") : per_node;
  r->c->rep.server = hw_server_generic(r->k->catalog, g, per_node, 0);
  if (is_cooled_by_liquid(text(r, "notes")))
    r->c->rep.server = hw_server_without_fans(r->k->catalog, r->c->rep.server);
  double cap = after(text(r, "notes"), "power_limit ");
  /* Systems tuned for efficiency cap their GPUs; where the cap is not stated the catalog has a usual one. */
  r->c->rep.power_cap_w = isfinite(cap) ? cap : strstr(text(r, "notes"), "MaxQ") ? serve_constant(r->k->catalog, "power_cap", "efficiency_share") * g->tdp_w : 0;
}

enum { STEADY_SHARE = 6000 }; /* of a replica in a benchmark of at least ten minutes */

static bool is_known(const struct wl_lengths *l) {
  return l->mean > 0 || l->p50 > 0;
}

/* A known set fills empty cells and gives stated means their spread; the set without a name only fills rows that state no length at all, and empty answers to real
 * conversations. */
static void fill_lengths(struct reader *r, const struct wl_dataset *set, bool named) {
  struct serving_case *c = r->c;
  bool stated = isfinite(leading(text(r, "input_len"))) || isfinite(leading(text(r, "output_len")));
  const struct wl_dataset *for_input = set && (named || !stated) ? set : NULL;
  const struct wl_dataset *for_output = for_input || (set && is_spread(r)) ? set : NULL;
  double kv = kv_length(r);
  c->input = read_lengths(r, "input_len", for_input ? &for_input->input : NULL);
  c->output = read_lengths(r, "output_len", for_output && (for_input || !text(r, "output_len")[0]) ? &for_output->output : NULL);
  if (!text(r, "input_len")[0] && kv > 0)
    c->input = (struct wl_lengths){.mean = kv, .p50 = c->live ? 0 : kv, .fixed = !c->live};
  if (c->rep.model->encoder || !is_known(&c->output))
    c->output = (struct wl_lengths){.mean = 1, .p50 = 1, .fixed = true};
}

static void read_workload(struct reader *r) {
  struct serving_case *c = r->c;
  const struct wl_dataset *set = named_set(r);
  bool named = set && set->match[0] && is_known(&set->input);
  c->rep.one_batch = c->load == LOAD_STATIC;
  double top_p = after(text(r, "notes"), "top_p");
  c->rep.top_p = isfinite(top_p) && top_p > 0 && top_p < 1;
  c->steady = c->load == LOAD_CLOSED && strstr(text(r, "notes"), "steady state");
  c->rep.offline = (c->load == LOAD_OFFLINE || c->load == LOAD_STATIC) && !strstr(text(r, "notes"), "serve");
  fill_lengths(r, set, named);
  if (!is_known(&c->input))
    give_up(r, CASE_INCOMPLETE, "input_len is empty and the task is not a known data set", "");
  if (named) {
    c->requests = set->requests;
    c->trace = set->trace;
    c->least_requests = STEADY_SHARE;
    c->rep.beams = set->beams;
  }
  if (set && c->input.fixed)
    c->input.least = set->least_share;
  if (set && c->output.fixed && c->output.mean > 1)
    c->output.least = set->least_share;
}

/* All ranks of a dense model in one tensor-parallel group, across nodes of a stated size: a layout as stated. With experts the cell often counts ranks that share nothing but them. */
static bool states_wide_tp(const struct reader *r) {
  return whole(r, "gpus_per_node") > 0 && whole(r, "tp") == r->c->rep.tp && r->c->rep.model->experts == 0 && !r->c->rep.dp_attention;
}

void serving_case_read(const struct serving_tables *k, const struct csv_table *t, const size_t *rows, size_t n, struct serving_case *c) {
  struct reader r = {k, t, rows[0], c, 0};
  memset(c, 0, sizeof *c);
  c->replicas = 1;
  c->rep.catalog = k->catalog;
  c->rep.engines = k->engines;
  c->rep.model = find_model(&r, text(&r, "model"));
  if (!c->rep.model)
    give_up(&r, CASE_UNSUPPORTED, "unknown model: ", text(&r, "model"));
  read_server(&r);
  if (c->status != CASE_OK)
    return;
  struct wl_engine e;
  read_date(&r);
  read_engine(&r, c->engine, sizeof c->engine);
  c->rep.engine = c->engine;
  if (!wl_engine_get(k->engines, c->engine, c->rep.year, c->rep.month, c->rep.server->host_class, &e))
    give_up(&r, CASE_UNSUPPORTED, "unknown engine: ", text(&r, "engine"));
  read_formats(&r, &e);
  read_load(&r);
  read_layout(&r);
  read_batch(&r);
  read_workload(&r);
  read_speculation(&r);
  if (c->load == LOAD_LIMIT)
    read_limits(&r, rows, n);
  if (c->requests == 0)
    c->requests = requests_of_source(&r);
  if (c->status == CASE_OK && c->rep.tp > c->rep.server->scaleup_domain && !states_wide_tp(&r))
    give_up(&r, CASE_INCOMPLETE, "tensor parallelism beyond the scale-up domain: the layout is not stated", "");
  if (c->status == CASE_OK)
    settle_replicas(&r);
}
