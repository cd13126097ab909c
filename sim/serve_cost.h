/* The time and the work of one serving iteration, tabulated once per configuration so that an event costs a few additions.
 *
 *   device(M, S, nd, ctx, pairs) = lin[R] + moe[M] + log[S] + att0[nd] + att1[nd] ctx + pair pairs w
 *   host(nd, prompts)            = h0 + h1 nd + hp prompts
 *   iteration                    = host + device, or max(host, device) for engines that launch kernel by kernel; not below floor nd
 *
 * With data-parallel attention a prompt is read on one rank while the others wait: k prompts over dp ranks make the fullest rank read w = dp ceil(k / dp) / k
 * times its even share, so R = d + (M - d) w with d = nd step_rows; experts are shared by all ranks and see M. Elsewhere w = 1.
 *
 * M tokens in the iteration (decode and prompt), S sequences sampled, nd decoding sequences with ctx cached tokens in all, pairs = sum over
 * prompt pieces of n past + n^2/2. The same for bytes and FLOP of one GPU, from which power follows. Sources: docs/models-serving.md. */
#ifndef SIM_SERVE_COST_H
#define SIM_SERVE_COST_H
#include "hwmodels/catalog.h"
#include "sim/serve.h"
#include "workloads/engines.h"
#include "workloads/serve_ops.h"

struct serve_cost {
  int max_m, max_s;       /* last entries; beyond them tables go on in a straight line */
  double *lin_s, *log_s;  /* seconds; lin: all of a layer but its routed experts */
  double *moe_s;          /* routed experts; NULL = none */
  double step_rows, idle_rows; /* tokens a sequence computes in a decode step, and how many of them are thrown away */
  double dp;              /* ranks that attend for sequences of their own */
  double *att0_s, *att1_s;
  double *comm_s;         /* of lin_s, exposed communication; NULL = one GPU */
  double *lin_bytes;      /* weights and activations read by one GPU */
  double pair_s;
  double long_pair_s, fused_tokens; /* of encoders' prompts longer than fused kernels are built for; 0 = any length */
  double host0_s, host_seq_s, host_prompt_s;
  double pad_tokens;      /* a prompt alone is filled up to a multiple of this */
  double launch_s;        /* an iteration with prompts is not shorter: its kernels are launched one by one */
  double graph_seqs, eager_s; /* a decode step of more sequences launches its kernels one by one: it takes the host's time and eager_s at least */
  double floor_seq_s;     /* an iteration is not shorter than this a sequence: what takes the tokens away may be the slowest part */
  bool overlap;
  double lin_flop_per_token, log_flop_per_seq, pair_flop, ctx_flop, ctx_bytes; /* of one GPU */
  double peak_flops, mem_Bps;
};
struct serve_setup { /* a replica with every choice made */
  const struct hw_server *server;
  const struct hw_gpu *gpu;
  const struct wl_model *model;
  struct wl_engine engine;
  struct wl_serve_layout layout;
  struct wl_serve_ops ops;
  enum dtype compute;     /* what the matrix units are fed with */
  int gpus, nodes;        /* of the replica */
  double clock;           /* sustained / boost, 0 = 1 */
  double mtp, drafts;     /* tokens accepted and drafted a step: 1 and 0 without speculation */
  double graph_seqs;      /* of an attention rank, whose decode steps are replayed from graphs */
  bool offline;           /* called as a library: no tokens streamed to clients */
  double widen_rows;      /* 4-bit weights are widened as a whole for more rows than this; 0 = never */
  bool one_batch;         /* filled once and run to its end */
  bool top_p;             /* logits are filtered before a token is drawn */
};
/* Tables for iterations of up to max_m tokens and max_s sequences. */
void serve_cost_build(struct serve_cost *c, const struct serve_setup *s, int max_m, int max_s);
void serve_cost_free(struct serve_cost *c);

static inline double serve_table(const double *t, int max, double x) {
  if (x <= max)
    return t[(int)x];
  return t[max] + (x - max) * (t[max] - t[max / 2]) / (max - max / 2);
}
/* What the rank that reads most takes longer than an even share of `prompts` prompts. */
static inline double serve_fullest(const struct serve_cost *c, double prompts) {
  double k = prompts > 1 ? prompts : 1;
  return c->dp * (double)(int64_t)((k + c->dp - 1) / c->dp) / k;
}
static inline double serve_pair_s(const struct serve_cost *c, double m, double prompts) {
  return c->fused_tokens > 0 && prompts > 0 && m > c->fused_tokens * prompts ? c->long_pair_s : c->pair_s;
}
static inline double serve_device_s(const struct serve_cost *c, double m, double s, double nd, double ctx, double pairs, double prompts) {
  double w = c->dp > 1 && prompts > 0 ? serve_fullest(c, prompts) : 1;
  if (c->pad_tokens > 1 && prompts == 1 && nd <= 0)
    m = c->pad_tokens * (double)(int64_t)((m + c->pad_tokens - 1) / c->pad_tokens);
  m += c->idle_rows * nd;
  s += c->idle_rows * nd;
  double t = serve_table(c->lin_s, c->max_m, w > 1 ? nd * c->step_rows + (m - nd * c->step_rows) * w : m) + serve_table(c->log_s, c->max_s, s) + pairs * serve_pair_s(c, m, prompts) * w;
  if (c->moe_s)
    t += serve_table(c->moe_s, c->max_m, m);
  if (nd > 0)
    t += serve_table(c->att0_s, c->max_s, nd) + serve_table(c->att1_s, c->max_s, nd) * ctx;
  return prompts > 0 && t < c->launch_s ? c->launch_s : t;
}
static inline double serve_host_s(const struct serve_cost *c, double nd, double prompts) {
  return c->host0_s + c->host_seq_s * nd + c->host_prompt_s * prompts;
}
static inline double serve_floor_s(const struct serve_cost *c, double nd) {
  double taken = c->floor_seq_s * nd, launched = nd > c->graph_seqs ? serve_host_s(c, nd, 0) + c->eager_s : 0;
  return taken > launched ? taken : launched;
}
#endif
