#include "scenarios/serving_case.h"
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "base/units.h"
#include "scenarios/serving_case_reader.h"
#include "sim/serve_setup.h"

const char *case_text(const struct case_reader *r, const char *column) {
  return csv_cell(r->t, r->row, csv_column(r->t, column));
}

/* The first reason counts; arg may be "". */
void case_give_up(struct case_reader *r, enum case_status status, const char *what, const char *arg) {
  if (r->c->status != CASE_OK)
    return;
  r->c->status = status;
  snprintf(r->c->note, sizeof r->c->note, "%s%.100s", what, arg);
}

void case_assume(struct case_reader *r, const char *what) {
  size_t n = strlen(r->c->note);
  if (r->c->status == CASE_OK)
    snprintf(r->c->note + n, sizeof r->c->note - n, "%s%s", n ? "; " : "assumed: ", what);
}

/* Number at the start of a cell ("310 p50, cap 512" -> 310); NaN when there is none. */
double case_leading(const char *s) {
  double v;
  return units_leading_number(s, &v) ? v : (double)NAN;
}

/* The number that follows `key` anywhere in the text; NaN. */
double case_after(const char *s, const char *key) {
  const char *p = strcasestr(s, key);
  while (p) {
    double v = case_leading(p + strlen(key));
    if (isfinite(v))
      return v;
    p = strcasestr(p + 1, key);
  }
  return NAN;
}

int case_whole(const struct case_reader *r, const char *column) {
  double v = case_leading(case_text(r, column));
  return isfinite(v) && v >= 1 && v < 1e6 ? (int)v : 0;
}

/* ---- layout ---- */
/* GPUs of the run: as stated, else as many as its ranks. */
static int gpus_of(const struct case_reader *r) {
  int stated = case_whole(r, "num_gpus"), pp = case_whole(r, "pp");
  return stated > 0 ? stated : case_whole(r, "tp") * (pp > 0 ? pp : 1);
}

static double first_after(const char *s, const char *const *keys, size_t n) {
  for (size_t i = 0; i < n; i++) {
    double v = case_after(s, keys[i]);
    if (isfinite(v))
      return v;
  }
  return NAN;
}

/* tp, pp, ep as stated; else from the command line in the notes; else a throughput benchmark fills the box with replicas and a server takes all of it. */
static void read_layout(struct case_reader *r, bool layer_split) {
  static const char *const tp_keys[] = {"-tp ", "--tp ", "--tp-size ", "--tensor-parallel-size ", "--tensor-parallel-size=", "--tp=", "--tp_size "};
  struct sim_replica *p = &r->c->rep;
  int gpus = gpus_of(r);
  const char *notes = case_text(r, "notes"), *cmd = strstr(notes, "cmd:"), *dp = case_text(r, "dp_attention");
  p->tp = case_whole(r, "tp");
  p->pp = case_whole(r, "pp");
  p->ep = case_whole(r, "ep");
  p->dp_attention = strncasecmp(dp, "yes", 3) == 0 || strncasecmp(dp, "DP", 2) == 0 || case_leading(dp) > 1;
  if (!isdigit((unsigned char)case_text(r, "tp")[0]) && case_text(r, "tp")[0]) {
    case_give_up(r, CASE_UNSUPPORTED, "prefill and decode on GPUs of their own", "");
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
    int stage = p->pp > 0 ? gpus / p->pp : gpus; /* all of a stage attend for themselves when the cell counts them all */
    if (p->tp == 0 || p->tp >= stage)
      p->tp = 1;
    if (p->ep == 0)
      p->ep = p->model->experts > 0 ? stage : 1;
  } else if (p->tp > 0) {
    p->gpus = p->tp * p->pp;
  } else if (r->c->load == LOAD_OFFLINE || r->c->load == LOAD_LIMIT || p->model->encoder || case_benchmark_set(r)) {
    p->gpus = 0;
  } else if (layer_split && p->pp == 1) {
    p->tp = 1;
    p->pp = gpus;
  } else {
    p->tp = gpus;
  }
  if (p->ep == 0)
    p->ep = 1;
}

static const char *const dp_keys[] = {"-dp ", "--dp ", "--dp-size ", "--data-parallel-size ", "--data-parallel-size="};

/* Free layout: the smallest replica that fits, as often as the GPUs allow. */
static void settle_replicas(struct case_reader *r) {
  struct serving_case *c = r->c;
  int all = 0, copies = 0; /* "8xMI300x 2FP8": copies of the model on the stated GPUs, each with the stated batch */
  const char *label = strstr(case_text(r, "notes"), "config label: ");
  if (label && sscanf(label, "config label: %dx%*s %d", &all, &copies) == 2 && copies > 1 && c->rep.gpus % copies == 0) {
    c->rep.gpus /= copies;
    c->rep.tp = c->rep.gpus;
    if (c->load == LOAD_STATIC)
      c->load_value *= copies;
  }
  int gpus = gpus_of(r);
  struct sim_replica_fit fit;
  double longest = c->load == LOAD_STATIC ? 1 : wl_lengths_mean(&c->input) + wl_lengths_mean(&c->output);
  if (c->rep.gpus == 0) {
    c->rep.tp = c->rep.pp = c->rep.ep = 0;
    if (!sim_replica_choose(&c->rep, longest, &fit)) {
      case_give_up(r, CASE_UNSUPPORTED, "", fit.why);
      return;
    }
    int max_batch = c->rep.max_batch;
    c->rep = fit.replica;
    c->rep.max_batch = max_batch;
    if (c->rep.gpus == 0)
      c->rep.gpus = c->rep.nodes * c->rep.server->gpus;
  }
  c->replicas = c->rep.gpus > 0 && gpus >= c->rep.gpus ? gpus / c->rep.gpus : 1;
  const char *cmd = strstr(case_text(r, "notes"), "cmd:"); /* one server process, whatever the box holds */
  double dp = cmd ? first_after(cmd, dp_keys, sizeof dp_keys / sizeof *dp_keys) : (double)NAN;
  if (cmd && !c->rep.dp_attention)
    c->replicas = isfinite(dp) && dp >= 1 ? (int)dp : 1;
  c->rep.nodes = (c->rep.gpus + c->rep.server->gpus - 1) / c->rep.server->gpus;
}

static void read_batch(struct case_reader *r) {
  const char *s = case_text(r, "max_batch");
  struct sim_replica *p = &r->c->rep;
  double seqs = case_after(s, "max_num_seqs"), tokens = case_after(s, "max_num_batched_tokens"), v = case_leading(s);
  if (!isfinite(tokens))
    tokens = case_after(s, "max_num_tokens");
  if (!isfinite(tokens))
    tokens = case_after(s, "batched tokens");
  if (isfinite(tokens))
    p->budget_tokens = tokens;
  if (strcasestr(case_text(r, "notes"), "chunked prefill TRUE"))
    p->chunking = SIM_CHUNKED;
  if (strcasestr(case_text(r, "notes"), "chunked prefill FALSE"))
    p->chunking = SIM_NOT_CHUNKED;
  if (isfinite(seqs))
    p->max_batch = (int)seqs;
  else if (isfinite(v) && strstr(s, "/rank"))
    p->max_batch = (int)v * gpus_of(r);
  else if (isfinite(v) && !strstr(s, "/device"))
    p->max_batch = (int)v;
}

/* Told not to capture graphs, by any engine's switch. */
static bool is_eager(const char *notes) {
  static const char *const switches[] = {"--enforce-eager", "enforce_eager': True", "--disable-cuda-graph "};
  for (size_t i = 0; i < sizeof switches / sizeof *switches; i++)
    if (strstr(notes, switches[i]))
      return true;
  return false;
}

/* What the row does not state its harness may. */
static void read_launch(struct case_reader *r, double ret[WL_LAUNCH_METRICS]) {
  char about[512];
  struct sim_replica *p = &r->c->rep;
  snprintf(about, sizeof about, "%s | %s | %s", case_text(r, "model"), case_text(r, "source"), case_text(r, "notes"));
  struct wl_launched m = {about, case_text(r, "engine"), p->server->gpu->name, case_text(r, "precision"), case_whole(r, "tp"), r->c->load_value};
  wl_launch_of(r->k->launches, &m, ret);
  if (p->budget_tokens <= 0 && ret[WL_LAUNCH_BUDGET_TOKENS] > 0)
    p->budget_tokens = ret[WL_LAUNCH_BUDGET_TOKENS];
  if (p->max_batch <= 0 && ret[WL_LAUNCH_MAX_SEQS] > 0)
    p->max_batch = (int)ret[WL_LAUNCH_MAX_SEQS];
  if (ret[WL_LAUNCH_POLL_STEPS] > 0)
    p->poll_steps = (int)ret[WL_LAUNCH_POLL_STEPS];
}

static void read_speculation(struct case_reader *r, double drafts) {
  double n = case_after(case_text(r, "notes"), "MTP ");
  if (!isfinite(n))
    n = drafts;
  r->c->rep.mtp_tokens = isfinite(n) && n > 0 ? serve_draft_tokens((int)fmin(n, 8)) : 1;
}

/* "system=DGX-Station-A100_A100-SXM-80GBx4_TRT": a system that the catalog knows says which variant of the GPU it has (one with fewer watts). */
static const struct hw_gpu *as_built(const struct case_reader *r, const struct hw_gpu *g) {
  const char *at = strstr(case_text(r, "notes"), "system=");
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

static void read_server(struct case_reader *r) {
  const struct hw_gpu *g = case_find_gpu(r, case_text(r, "gpu"));
  int gpus = gpus_of(r), per_node = case_whole(r, "gpus_per_node");
  g = as_built(r, g);
  if (!g) {
    case_give_up(r, CASE_UNSUPPORTED, "no catalog row for GPU: ", case_text(r, "gpu"));
    return;
  }
  const char *mig = strstr(case_text(r, "gpu"), "/mig");
  if (mig && !strchr(mig, '-'))
    case_give_up(r, CASE_INCOMPLETE, "the MIG profile is not stated", "");
  if (gpus == 0) {
    case_give_up(r, CASE_INCOMPLETE, "num_gpus is empty", "");
    return;
  }
  if (per_node == 0 || per_node > gpus)
    per_node = gpus < 8 ? gpus : 8;
  r->c->node_gpus = case_whole(r, "gpus_per_node") > 0 ? case_whole(r, "gpus_per_node") : per_node;
  r->c->rep.server = hw_server_generic(r->k->catalog, g, per_node, 0);
  if (is_cooled_by_liquid(case_text(r, "notes")))
    r->c->rep.server = hw_server_without_fans(r->k->catalog, r->c->rep.server);
  double cap = case_after(case_text(r, "notes"), "power_limit ");
  /* Systems tuned for efficiency cap their GPUs; where the cap is not stated the catalog has a usual one. */
  r->c->rep.power_cap_w = isfinite(cap) ? cap : strstr(case_text(r, "notes"), "MaxQ") ? serve_constant(r->k->catalog, "power_cap", "efficiency_share") * g->tdp_w : 0;
}

/* All ranks of a dense model in one tensor-parallel group, across nodes of a stated size: a layout as stated. With experts the cell often counts ranks that share nothing but them. */
static bool states_wide_tp(const struct case_reader *r) {
  return case_whole(r, "gpus_per_node") > 0 && case_whole(r, "tp") == r->c->rep.tp && r->c->rep.model->experts == 0 && !r->c->rep.dp_attention;
}

/* Rates and times of generated tokens: a run that states them has answers, whether their length is stated or not. */
static bool is_about_answers(const struct csv_table *t, const size_t *rows, size_t n) {
  static const char *const metrics[] = {"tpot", "itl", "output_tok"};
  for (size_t i = 0; i < n; i++)
    for (size_t k = 0; k < sizeof metrics / sizeof *metrics; k++)
      if (strncmp(csv_cell(t, rows[i], csv_column(t, "metric")), metrics[k], strlen(metrics[k])) == 0)
        return true;
  return false;
}

/* "16 bit" of a model published in fewer, on GPUs that its weights in 16 do not fit: the products' format is meant, the weights are as published. */
static void settle_format(struct case_reader *r) {
  struct sim_replica *p = &r->c->rep;
  struct wl_counts n;
  wl_model_count(p->model, &n);
  double room = gpus_of(r) * p->server->gpu->mem_bytes;
  if (dtype_bytes(p->weights) < 2 || dtype_bytes(p->model->weights) >= 2 || 2 * n.params <= room)
    return;
  p->weights = p->model->weights;
  p->compute = DT_FP64;
  case_assume(r, "weights as published, as 16 bits do not fit");
}

void serving_case_read(const struct serving_tables *k, const struct csv_table *t, const size_t *rows, size_t n, struct serving_case *c) {
  struct case_reader r = {k, t, rows[0], c, 0};
  memset(c, 0, sizeof *c);
  c->replicas = 1;
  r.writes = is_about_answers(t, rows, n);
  c->rep.catalog = k->catalog;
  c->rep.engines = k->engines;
  case_read_date(&r);
  c->rep.model = case_read_model(&r);
  if (!c->rep.model)
    case_give_up(&r, CASE_UNSUPPORTED, "unknown model: ", case_text(&r, "model"));
  read_server(&r);
  if (c->status != CASE_OK)
    return;
  struct wl_engine e;
  case_read_engine(&r, c->engine, sizeof c->engine);
  c->rep.engine = c->engine;
  if (!wl_engine_get(k->engines, c->engine, c->rep.year, c->rep.month, c->rep.server->host_class, &e))
    case_give_up(&r, CASE_UNSUPPORTED, "unknown engine: ", case_text(&r, "engine"));
  case_read_formats(&r, &e);
  settle_format(&r);
  case_read_load(&r);
  read_layout(&r, e.layer_split);
  read_batch(&r);
  c->rep.eager = is_eager(case_text(&r, "notes"));
  case_read_workload(&r);
  double launch[WL_LAUNCH_METRICS];
  read_launch(&r, launch);
  read_speculation(&r, launch[WL_LAUNCH_DRAFTS]);
  if (c->load == LOAD_LIMIT)
    case_read_limits(&r, rows, n);
  if (strcasestr(case_text(&r, "notes"), "use_cache=False"))
    case_give_up(&r, CASE_UNSUPPORTED, "no cache: each token reads the whole text again", "");
  if (c->requests == 0)
    c->requests = case_requests_of_source(&r);
  if (c->status == CASE_OK && c->rep.tp > c->rep.server->scaleup_domain && !states_wide_tp(&r))
    case_give_up(&r, CASE_INCOMPLETE, "tensor parallelism beyond the scale-up domain: the layout is not stated", "");
  if (c->status == CASE_OK)
    settle_replicas(&r);
}
