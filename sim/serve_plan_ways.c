/* The layouts of a server that a practitioner would try, each screened by its steady state. A table of iteration costs serves all token budgets, batch limits, sides and bounds. */
#include <gsl/gsl_math.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "base/mem.h"
#include "hwmodels/collective.h"
#include "sim/serve_plan_priv.h"

enum { MOST_BUDGETS = 8, MOST_BATCHES = 10, TABLE_TOKENS = 16384, MOST_FRONT = 400, MOST_TP = 16, MOST_STAGES = 16 };

/* ---- bounds ---- */
void ways_bounds(const struct sim_serve_ask *ask, int which, struct serve_bounds *ret) {
  static const double tpot[] = {1, 0.5, 2, 1, 1}, ttft[] = {1, 1, 1, 0.5, 2};
  double q = ask->slo.attainment > 0 ? ask->slo.attainment : ask->slo.quantile > 0 ? ask->slo.quantile : 0.95;
  *ret = (struct serve_bounds){ask->slo.ttft_s * ttft[which], ask->slo.tpot_s * tpot[which], q};
}

void ways_slo(const struct sim_serve_ask *ask, int which, enum serve_side side, double transfer_s, struct sim_slo *ret) {
  struct serve_bounds b;
  ways_bounds(ask, which, &b);
  *ret = (struct sim_slo){b.ttft_s, b.tpot_s, ask->slo.quantile, side == SERVE_WHOLE ? b.quantile : (1 + b.quantile) / 2};
  if (side == SERVE_PREFILL) {
    ret->tpot_s = 0;
    ret->ttft_s = b.ttft_s > 0 ? fmax(b.ttft_s - transfer_s, 1e-9) : 0;
  }
}

/* ---- lengths ---- */
static void lengths_of(const struct sim_serve_ask *ask, struct serve_lengths *l) {
  enum { POINTS = 200 };
  struct serve_bounds b;
  ways_bounds(ask, 0, &b);
  *l = (struct serve_lengths){.input = wl_hist_mean(ask->input), .output = fmax(1, wl_hist_mean(ask->output)), .hit = ask->hit};
  double output2 = 0;
  for (int i = 0; i < POINTS; i++) {
    l->input2 += gsl_pow_2(wl_hist_quantile(ask->input, (i + 0.5) / POINTS)) / POINTS;
    output2 += gsl_pow_2(wl_hist_quantile(ask->output, (i + 0.5) / POINTS)) / POINTS;
  }
  l->held = l->input + fmax(output2 / l->output, l->output) / 2;
  l->input2 = fmax(l->input2, l->input * l->input);
  l->input_q = wl_hist_quantile(ask->input, b.quantile);
}

/* ---- formats ---- */
struct formats {
  enum dtype weights[6], kv[3];
  int n_weights, n_kv;
};

static bool given(enum dtype t) {
  return t > DT_FP64 && t < DT_COUNT;
}

/* As published, and what the GPU has units for with fewer bits. */
static void formats_of(const struct ways *w, struct formats *f) {
  static const enum dtype lower[] = {DT_FP8, DT_INT8, DT_FP4, DT_INT4};
  const struct sim_replica *r = &w->ask->replica;
  const struct hw_gpu *g = w->server->gpu;
  double least = (w->ask->least_bits > 0 ? w->ask->least_bits : 8) / 8 - 1e-9;
  *f = (struct formats){{r->weights}, {r->kv}, 1, 1};
  if (!given(r->weights)) {
    enum dtype published = given(r->model->weights) ? r->model->weights : DT_BF16;
    f->weights[0] = DT_FP64; /* left open: as published */
    for (size_t i = 0; i < sizeof lower / sizeof *lower; i++) {
      double bytes = dtype_bytes(lower[i]), had = dtype_bytes(published);
      bool native = g->peak_flops[lower[i]] > 0 || lower[i] == DT_INT4; /* INT4 is unpacked */
      if (lower[i] == DT_INT8 && g->peak_flops[DT_FP8] > 0)
        continue; /* as many bits as floats, which need no calibration */
      bool fewer = bytes < had || (bytes == had && !(g->peak_flops[published] > 0)); /* or as few that the units can do */
      if (native && fewer && lower[i] != published && ceil(8 * bytes - 0.6) / 8 >= least && f->n_weights < 6)
        f->weights[f->n_weights++] = lower[i];
    }
  }
  if (!given(r->kv) && !r->model->encoder && g->peak_flops[DT_FP8] > 0 && least <= 1)
    f->kv[f->n_kv++] = DT_FP8;
}

/* ---- shapes ---- */
struct shape {
  int nodes, gpus, tp, pp, ep;
  bool dp;
};
struct shapes {
  struct shape of[512];
  int n;
};

static bool kept(int asked, int value) {
  return asked <= 0 || asked == value;
}

static void shape_add(struct shapes *s, const struct sim_replica *want, struct shape x) {
  const struct wl_model *m = want->model;
  bool usual = (x.tp <= MOST_TP || want->tp > 0) && (x.pp <= MOST_STAGES || want->pp > 0);
  bool fine = usual && kept(want->tp, x.tp) && kept(want->pp, x.pp) && kept(want->ep, x.ep) && (!want->dp_attention || x.dp) && x.pp <= m->layers &&
              (m->heads <= 0 || m->heads % x.tp == 0) && (x.ep == 1 || (m->experts > 0 && x.ep <= m->experts));
  if (fine && s->n < (int)(sizeof s->of / sizeof *s->of))
    s->of[s->n++] = x;
}

/* All ways to share `ranks` GPUs among tensor ranks, stages and attention groups. */
static void shapes_of_size(struct shapes *s, const struct sim_replica *want, int nodes, int ranks, bool whole) {
  bool experts = want->model->experts > 0;
  int per_node = ranks / nodes;
  for (int tp = 1; tp <= ranks; tp = tp * 2 > ranks && tp < ranks ? ranks : tp * 2) {
    if (ranks % tp != 0)
      continue;
    int rest = ranks / tp, gpus = whole ? 0 : ranks;
    for (int spread = 0; spread <= experts; spread++) /* experts cut like the rest, or spread over the ranks of a stage */
      shape_add(s, want, (struct shape){nodes, gpus, tp, rest, spread ? tp : 1, false});
    if (experts && rest > 1)
      shape_add(s, want, (struct shape){nodes, gpus, tp, 1, ranks, true});
    if (experts && nodes > 1 && tp < per_node && want->pp > 1) /* stages of attention groups: only when asked, for nothing that was measured ran so */
      shape_add(s, want, (struct shape){nodes, gpus, tp, nodes, per_node, true});
  }
}

static void shapes_of(const struct ways *w, struct shapes *s) {
  static const int nodes[] = {1, 2, 3, 4, 5, 6, 8, 9, 12, 16};
  const struct sim_replica *want = &w->ask->replica;
  int per_node = w->server->gpus;
  s->n = 0;
  for (int g = 1; g < per_node; g *= 2)
    if (kept(want->gpus, g) && kept(want->nodes, 1))
      shapes_of_size(s, want, 1, g, false);
  for (size_t i = 0; i < sizeof nodes / sizeof *nodes; i++)
    if ((nodes[i] == 1 || w->server->nic) && kept(want->nodes, nodes[i]) && (want->gpus <= 0 || (nodes[i] == 1 && want->gpus == per_node)))
      shapes_of_size(s, want, nodes[i], nodes[i] * per_node, true);
}

/* ---- one table of costs ---- */
struct table {
  struct ways *w;
  struct sim_replica r;
  struct serve_setup setup;
  struct serve_cost cost;
  bool published;
  int number, gpus;
  double transfer_s;
};

static int budgets_of(const struct table *t, double *ret) {
  const struct sim_replica *want = &t->w->ask->replica;
  int n = 0;
  ret[n++] = want->budget_tokens;
  for (double b = 512; want->budget_tokens <= 0 && b <= 32768 && n < MOST_BUDGETS; b *= 4)
    if (b != t->setup.engine.budget_tokens)
      ret[n++] = b;
  return n;
}

/* Limits in sequences of the whole replica. */
static int batches_of(const struct table *t, int *ret) {
  const struct sim_replica *want = &t->w->ask->replica;
  int groups = t->setup.layout.dp * t->setup.layout.pp, n = 0;
  ret[n++] = want->max_batch;
  for (int b = 16; want->max_batch <= 0 && !t->setup.model->encoder && b <= 1024 && n < MOST_BATCHES; b *= 2)
    if (b != t->setup.engine.max_seqs)
      ret[n++] = b * groups;
  return n;
}

/* The cache of a mean prompt from where it was read to where it is decoded: over the network of one attention group, or the node's own links when both fit in one. */
static double transfer_s(const struct table *t) {
  const struct wl_serve_ops *o = &t->setup.ops;
  int tp = t->setup.layout.tp, stages = t->setup.layout.pp, per_node = t->w->server->gpus;
  double bytes = t->w->len.input * o->kv_bytes_per_token * stages * (o->mla ? 1 : tp);
  bool inside = 2 * t->gpus <= per_node;
  if (!inside && !t->w->server->nic)
    return INFINITY;
  struct hw_coll_op op = {.kind = HW_P2P, .bytes = bytes / tp, .ranks = 2, .ranks_per_node = inside ? 2 : 1, .groups_per_node = tp < per_node ? tp : per_node};
  return hw_coll_s(t->w->server, &op);
}

static bool chunks(const struct table *t) {
  enum sim_chunking c = t->r.chunking;
  return c == SIM_CHUNKED || (c == SIM_CHUNKING_OF_ENGINE && t->setup.engine.policy == WL_POLICY_CHUNKED);
}

static struct serve_screen screen_of(const struct table *t, const struct sim_replica *r, enum serve_side side, double kv_tokens) {
  return (struct serve_screen){.cost = &t->cost, .len = &t->w->len, .side = t->setup.model->encoder ? SERVE_PREFILL : side, .chunked = chunks(t) && !t->setup.model->encoder,
                               .budget = serve_budget(r, &t->setup), .max_seqs = serve_max_seqs(r, &t->setup), .kv_tokens = kv_tokens,
                               .mtp = r->mtp_tokens > 1 ? r->mtp_tokens : 1, .client_s = t->setup.engine.client_s,
                               .transfer_s = side == SERVE_PREFILL ? t->transfer_s : 0};
}

static void way_add(struct table *t, const struct sim_replica *r, enum serve_side side, double kv_tokens) {
  struct ways *w = t->w;
  struct serve_screen s = screen_of(t, r, side, kv_tokens);
  struct way y = {.r = *r, .side = side, .published = t->published, .gpus = t->gpus, .table = t->number, .transfer_s = s.transfer_s};
  bool any = false;
  for (int i = 0; i < PLAN_BOUNDS; i++) {
    struct serve_bounds b;
    struct serve_steady steady;
    ways_bounds(w->ask, i, &b);
    serve_steady_most(&s, &b, &steady);
    y.rate[i] = steady.rate_req_s;
    y.limit[i] = (unsigned char)steady.limit;
    y.held[i] = -1;
    any |= steady.rate_req_s > 0;
  }
  w->screened++;
  w->too_late[y.limit[0]] += y.rate[0] <= 0;
  if (!any)
    return;
  w->fitting++;
  w->way = mem_grow(w->way, &w->cap, w->n + 1, sizeof *w->way);
  w->way[w->n++] = y;
}

/* ---- the front ---- */
/* By throughput of a GPU and speed of a user; what another point beats in both goes. */
static void front_add(struct ways *w, const struct sim_serve_front *p) {
  size_t kept_n = 0;
  for (size_t i = 0; i < w->n_front; i++)
    if (w->front[i].tok_per_s_user >= p->tok_per_s_user && w->front[i].tok_per_s_gpu >= p->tok_per_s_gpu)
      return;
  for (size_t i = 0; i < w->n_front; i++)
    if (!(w->front[i].tok_per_s_user <= p->tok_per_s_user && w->front[i].tok_per_s_gpu <= p->tok_per_s_gpu))
      w->front[kept_n++] = w->front[i];
  w->n_front = kept_n;
  if (w->n_front == MOST_FRONT)
    return;
  w->front = mem_grow(w->front, &w->cap_front, w->n_front + 1, sizeof *w->front);
  w->front[w->n_front++] = *p;
}

static void front_of(struct table *t, const struct sim_replica *r, double kv_tokens) {
  struct serve_screen s = screen_of(t, r, SERVE_WHOLE, kv_tokens);
  double most = fmin(s.max_seqs, 0.9 * kv_tokens / t->w->len.held);
  if (t->setup.model->encoder)
    return;
  for (double n = 1; n <= most; n = ceil(n * 1.4)) {
    struct serve_steady at;
    serve_steady_at(&s, n, 0.5, &at);
    if (isinf(at.ttft_s))
      break;
    front_add(t->w, &(struct sim_serve_front){.replica = *r, .users = n, .tok_per_s_user = 1 / at.tpot_s, .tok_per_s_gpu = at.rate_req_s * t->w->len.output / t->gpus});
  }
}

/* ---- all settings of one table ---- */
static double room_of(const struct table *t, const struct sim_replica *r) {
  struct serve_memory m;
  serve_memory_of(&t->setup, r, &m);
  return m.kv_tokens;
}

static bool holds(const struct table *t, double kv_tokens) {
  return t->setup.model->encoder || kv_tokens >= t->w->longest;
}

static void without_room(struct ways *w) {
  w->screened++;
  w->without_room++;
}

static void try_settings(struct table *t) {
  double budget[MOST_BUDGETS];
  int batch[MOST_BATCHES], n_budget = budgets_of(t, budget), n_batch = batches_of(t, batch);
  bool split = !t->w->ask->together && !t->setup.model->encoder && isfinite(t->transfer_s);
  for (int b = 0; b < n_budget; b++)
    for (int k = 0; k < n_batch; k++) {
      struct sim_replica r = t->r;
      r.budget_tokens = budget[b];
      r.max_batch = batch[k];
      double kv_tokens = room_of(t, &r);
      if (!holds(t, kv_tokens)) {
        without_room(t->w);
        continue;
      }
      way_add(t, &r, SERVE_WHOLE, kv_tokens);
      if (split && k == 0)
        way_add(t, &r, SERVE_PREFILL, kv_tokens);
      if (split && b == 0)
        way_add(t, &r, SERVE_DECODE, kv_tokens);
      if (b == 0)
        front_of(t, &r, kv_tokens);
    }
}

/* No table for what does not hold one request even with the smallest workspace. */
static bool worth_a_table(const struct table *t) {
  struct sim_replica least = t->r;
  if (least.budget_tokens <= 0)
    least.budget_tokens = 256;
  if (least.max_batch <= 0)
    least.max_batch = t->setup.layout.dp * t->setup.layout.pp;
  return holds(t, room_of(t, &least));
}

static void build(struct table *t) {
  struct sim_replica least = t->r;
  int groups = t->setup.layout.dp * t->setup.layout.pp;
  double cache = room_of(t, &least) / t->w->len.held;
  double seqs = fmin(fmax(1024.0 * groups, serve_max_seqs(&t->r, &t->setup)), fmax(64, 1.1 * cache));
  double tokens = fmax(seqs, fmin(TABLE_TOKENS, fmax(16384, serve_budget(&t->r, &t->setup))));
  serve_cost_build(&t->cost, &t->setup, (int)fmin(tokens, 4 * TABLE_TOKENS), (int)fmin(seqs, 4 * TABLE_TOKENS));
}

static void try_shape(struct ways *w, const struct shape *x, enum dtype weights, enum dtype kv, int number) {
  struct table t = {.w = w, .number = number};
  char why[240];
  t.r = w->ask->replica;
  t.r.server = w->server;
  t.r.nodes = x->nodes, t.r.gpus = x->gpus, t.r.tp = x->tp, t.r.pp = x->pp, t.r.ep = x->ep, t.r.dp_attention = x->dp;
  t.r.weights = weights;
  t.r.kv = kv;
  serve_settle_formats(&t.r);
  if (!serve_setup_make(&t.r, &t.setup, why, sizeof why)) {
    snprintf(w->why, sizeof w->why, "%s", why);
    return;
  }
  t.gpus = t.setup.gpus;
  t.published = !given(weights) && (!given(kv) || given(w->ask->replica.kv));
  if (given(w->ask->replica.weights)) /* the user's own choice is no concession */
    t.published = kv == w->ask->replica.kv;
  if (!worth_a_table(&t)) {
    without_room(w);
    return;
  }
  t.transfer_s = transfer_s(&t);
  build(&t);
  try_settings(&t);
  serve_cost_free(&t.cost);
}

/* ---- a server ---- */
static double thread_s(void) {
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void ways_screen(struct ways *w) {
  struct formats f;
  struct shapes *s = mem_alloc(sizeof *s);
  double from = thread_s();
  int number = 0;
  lengths_of(w->ask, &w->len);
  w->longest = serve_longest(w->ask->replica.model, w->ask->input, w->ask->output);
  formats_of(w, &f);
  shapes_of(w, s);
  for (int i = 0; i < s->n; i++)
    for (int a = 0; a < f.n_weights; a++)
      for (int b = 0; b < f.n_kv; b++)
        try_shape(w, &s->of[i], f.weights[a], f.kv[b], number++);
  mem_free(s);
  w->screen_s = thread_s() - from;
  if (w->n == 0) {
    struct sim_replica r = w->ask->replica;
    struct sim_replica_fit fit;
    r.server = w->server;
    if (!sim_replica_choose(&r, w->longest, &fit))
      memcpy(w->why, fit.why, sizeof w->why);
    else
      strcpy(w->why, "no layout keeps the latency limits at any load");
  }
}

void ways_free(struct ways *w) {
  mem_free(w->way);
  mem_free(w->front);
  w->way = NULL;
  w->front = NULL;
}
