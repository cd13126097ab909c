#include "sim/serve_setup.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include "base/datadir.h"
#include "base/mem.h"
#include "hwmodels/clock.h"
#include "hwmodels/kernels.h"

/* ---- engines ---- */
static struct wl_engines *shipped;
static char shipped_why[200];

static void shipped_load(void) {
  struct errs *errs = errs_create();
  struct arena *a = arena_create();
  const char *dir = datadir_path(a, "workloads/catalog");
  shipped = wl_engines_load(&dir, 1, errs);
  if (!shipped)
    snprintf(shipped_why, sizeof shipped_why, "%s", errs_count(errs) ? errs_text(errs, 0) : "engines.csv cannot be read");
  arena_destroy(a);
  errs_destroy(errs);
}

const struct wl_engines *serve_engines_shipped(char *why, size_t why_size) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, shipped_load);
  if (!shipped)
    snprintf(why, why_size, "%s", shipped_why);
  return shipped;
}

/* ---- a replica's facts ---- */
/* 4-bit weights without units of their own are unpacked for the 16-bit units. */
static enum dtype compute_of(const struct hw_gpu *g, enum dtype weights) {
  bool four = dtype_bytes(weights) < 1;
  return hw_compute_dtype(g, four && !(g->peak_flops[weights] > 0) ? DT_BF16 : weights);
}

double serve_constant(const struct hw_catalog *c, const char *name, const char *metric) {
  const struct hw_fact *f = c ? hw_fact_find(c, "constant", name, metric) : NULL;
  return f ? f->value : 1;
}

double serve_draft_tokens(int drafts) {
  struct wl_engine e;
  char why[200];
  const struct wl_engines *engines = serve_engines_shipped(why, sizeof why);
  return engines && wl_engine_get(engines, "", 0, 0, "", &e) ? wl_draft_tokens(e.draft_accept, drafts) : 1;
}

static int at_least_1(int n) {
  return n > 0 ? n : 1;
}

bool serve_setup_make(const struct sim_replica *rep, struct serve_setup *s, char *why, size_t why_size) {
  memset(s, 0, sizeof *s);
  const struct wl_engines *engines = rep->engines ? rep->engines : serve_engines_shipped(why, why_size);
  if (!engines || !serve_policies_check(&rep->policies, rep->server, why, why_size))
    return false;
  s->server = rep->server;
  s->gpu = rep->server->gpu;
  s->model = rep->model;
  if (!wl_engine_get(engines, rep->engine ? rep->engine : "", rep->year, rep->month, rep->server->host_class, &s->engine)) {
    const char *near = wl_engine_nearest(engines, rep->engine);
    snprintf(why, why_size, "unknown serving engine '%s'%s%s", rep->engine, near ? ", did you mean " : "", near ? near : "");
    return false;
  }
  int tp = at_least_1(rep->tp), pp = at_least_1(rep->pp), per_node = rep->server->gpus;
  s->nodes = at_least_1(rep->nodes);
  s->gpus = rep->gpus > 0 ? rep->gpus : s->nodes * per_node;
  int stage = s->gpus / pp;
  int dp = rep->dp_attention && tp <= stage ? stage / tp : 1;
  s->compute = rep->compute > DT_FP64 && rep->compute < DT_COUNT ? hw_compute_dtype(s->gpu, rep->compute) : compute_of(s->gpu, rep->weights);
  s->layout = (struct wl_serve_layout){.tp = tp, .dp = dp, .pp = pp, .ep = at_least_1(rep->ep), .weights = rep->weights, .kv = rep->kv,
                                       .compute = s->compute, .mixed_checkpoint = rep->mixed_checkpoint};
  wl_serve_describe(rep->model, &s->layout, &s->ops);
  s->clock = (rep->clock > 0 ? rep->clock : 1) * hw_part_clock(rep->catalog, s->gpu);
  s->clock *= hw_capped_clock(rep->catalog, s->gpu->tdp_w, s->gpu->idle_w, hw_server_gpu_limit_w(s->server, rep->power_cap_w));
  double graphs = s->engine.small_graph_seqs > 0 && s->gpu->mem_bytes < s->engine.small_below_bytes ? s->engine.small_graph_seqs : s->engine.graph_seqs;
  s->graph_seqs = rep->eager ? 0 : graphs > 0 ? graphs : (double)INFINITY;
  s->offline = rep->offline;
  s->widen_rows = rep->widen_rows > 0 ? rep->widen_rows : s->engine.widen_rows;
  s->one_batch = rep->one_batch;
  s->top_p = rep->top_p;
  s->mtp = rep->mtp_tokens > 1 ? rep->mtp_tokens : 1;
  s->drafts = wl_drafts_for(s->engine.draft_accept, s->mtp);
  return true;
}

/* Defaults differ for GPUs with little memory and for engines without their server. */
static double limit_of(const struct sim_replica *rep, const struct serve_setup *s, double large, double small, double embedded) {
  if (rep->embedded && embedded > 0)
    return embedded;
  return small > 0 && s->gpu->mem_bytes < s->engine.small_below_bytes ? small : large;
}

int serve_max_seqs(const struct sim_replica *rep, const struct serve_setup *s) {
  const struct wl_engine *e = &s->engine;
  if (rep->max_batch > 0)
    return rep->max_batch;
  return (int)limit_of(rep, s, e->max_seqs, e->small_seqs, e->embedded_seqs) * s->layout.dp * (s->layout.pp > 1 ? s->layout.pp : 1);
}

double serve_budget(const struct sim_replica *rep, const struct serve_setup *s) {
  const struct wl_engine *e = &s->engine;
  double b = rep->budget_tokens > 0 ? rep->budget_tokens : limit_of(rep, s, e->budget_tokens, e->small_tokens, e->embedded_tokens);
  return b * s->layout.dp;
}

/* ---- memory ---- */
void serve_memory_of(const struct serve_setup *s, const struct sim_replica *rep, struct serve_memory *ret) {
  const struct wl_engine *e = &s->engine;
  const struct wl_serve_ops *o = &s->ops;
  double seqs = serve_max_seqs(rep, s) / ((double)s->layout.dp * s->layout.pp), budget = serve_budget(rep, s) / s->layout.dp;
  ret->usable = s->gpu->mem_bytes;
  ret->weights = o->weight_bytes;
  ret->workspace = e->act_fixed_bytes + budget * (e->act_token_bytes > 0 ? e->act_token_bytes : o->act_bytes_per_token) + seqs * o->logits_per_seq * e->logit_bytes;
  double free_bytes = e->kv_of_free ? e->kv_share * (ret->usable - ret->weights - ret->workspace)
                                    : e->kv_share * ret->usable - ret->weights - ret->workspace;
  ret->kv = fmax(0, free_bytes);
  ret->kv_tokens = o->kv_bytes_per_token > 0 ? floor(ret->kv / o->kv_bytes_per_token) * s->layout.dp : (double)INFINITY;
}

/* ---- core configuration ---- */
void serve_config_of(const struct sim_replica *rep, const struct serve_setup *s, const struct serve_cost *cost, double kv_tokens,
                     struct serve_config *c) {
  const struct wl_engine *e = &s->engine;
  enum wl_policy batching = rep->chunking == SIM_CHUNKED ? WL_POLICY_CHUNKED : rep->chunking == SIM_NOT_CHUNKED ? WL_POLICY_PREFILL_FIRST : e->policy;
  *c = (struct serve_config){.cost = cost, .batching = serve_batchings[batching], .max_seqs = serve_max_seqs(rep, s), .poll_steps = rep->poll_steps,
                             .budget_tokens = serve_budget(rep, s), .reserve = e->reserve, .watermark = e->watermark,
                             .block_tokens = e->block_tokens, .kv_tokens = kv_tokens, .mtp = rep->mtp_tokens > 1 ? rep->mtp_tokens : 1,
                             .client_s = e->client_s, .encoder = s->model->encoder, .beams = rep->beams > 1 ? rep->beams : 1,
                             .prefix_cache = rep->prefix_cache == SIM_PREFIX_OF_ENGINE ? e->prefix_cache : rep->prefix_cache == SIM_PREFIX_ON};
  serve_policies_take(&rep->policies, s, c);
}

/* ---- policies ---- */
static bool by_name(const struct sim_policies *p, struct serve_config *c, char *why, size_t why_size) {
  c->queueing = serve_queueing_find(p->queue, why, why_size);
  c->victim = c->queueing ? serve_victim_find(p->victim, why, why_size) : NULL;
  c->preempting = c->victim ? serve_preempting_find(p->preemption, why, why_size) : NULL;
  c->admission = c->preempting ? serve_admission_find(p->admission, why, why_size) : NULL;
  return c->admission;
}

static bool is(const char *name, const char *want) {
  return name && strcmp(name, want) == 0;
}

bool serve_policies_check(const struct sim_policies *p, const struct hw_server *server, char *why, size_t why_size) {
  struct serve_config c;
  if (!by_name(p, &c, why, why_size))
    return false;
  const char *lacks = is(p->admission, "queue") && p->max_queue < 1 ? "admission 'queue' needs max_queue, at least 1"
                      : is(p->admission, "wait") && !(p->max_wait_s > 0) ? "admission 'wait' needs max_wait, above 0"
                      : is(p->preemption, "swap") && !server->gpu->host ? "preemption 'swap' needs a GPU whose link to its host the catalog knows" : NULL;
  if (lacks)
    snprintf(why, why_size, "%s", lacks);
  return !lacks;
}

/* Each GPU copies its own share of a sequence over its own link, one sequence after the other; ranks that attend for sequences of their own have a pool each. */
void serve_policies_take(const struct sim_policies *p, const struct serve_setup *s, struct serve_config *c) {
  const struct hw_link *l = s->gpu->host;
  double bytes = s->ops.kv_bytes_per_token, room = p->swap_bytes > 0 ? p->swap_bytes : s->engine.swap_bytes, Bps = !l ? 0 : l->eff_Bps > 0 ? l->eff_Bps : l->raw_Bps;
  by_name(p, c, NULL, 0);
  c->fair_output = p->fair_output > 0 ? p->fair_output : s->engine.fair_output;
  c->max_queue = p->max_queue;
  c->max_wait_s = p->max_wait_s;
  c->timeout_s = p->timeout_s;
  c->swap_tokens = bytes > 0 && Bps > 0 ? room / bytes * s->layout.dp : 0;
  c->swap_s_per_token = Bps > 0 ? bytes / Bps : 0;
}
