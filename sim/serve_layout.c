/* Which layout of a replica is worth simulating. The fewest nodes that hold a model are seldom the fewest that serve it: more of them leave more cache, and attention by data
 * parallelism keeps one copy of a latent cache where tensor parallelism keeps one on every rank. Candidates that could win by a steady state of the iteration cost are compared
 * by simulation, request by request. */
#include <math.h>
#include <string.h>
#include "sim/serve_setup.h"

enum { MULTIPLES = 4 };
static const double NEARLY = 1.01; /* of nearly equal ones the first, which is the smaller */

/* n sequences decode at once while their successors' prompts are read: per round n tokens, n / out prompts finish, each sampled once more. */
static double round_s(const struct serve_cost *c, double n, const struct serve_mix *x) {
  double prompts = n / x->output, read = prompts * x->input * (1 - x->hit);
  double pairs = prompts * x->input * x->input * (1 - x->hit) * (1 + x->hit) / 2;
  double device = serve_device_s(c, n + read, n + prompts, n, n * (x->input + x->output / 2), pairs, prompts), host = serve_host_s(c, n, prompts);
  return c->overlap ? fmax(host, device) : host + device;
}

double serve_steady_seqs(const struct serve_cost *c, const struct serve_mix *x, double kv_tokens, double max_seqs, double tpot_s) {
  double cache = 0.9 * kv_tokens / (x->input + x->output / 2), lo = 0, hi = fmax(1, fmin(cache, max_seqs));
  if (tpot_s <= 0 || round_s(c, hi, x) <= tpot_s)
    return hi;
  for (int i = 0; i < 40; i++) { /* a round takes longer the more decode */
    double mid = (lo + hi) / 2;
    if (round_s(c, fmax(1, mid), x) <= tpot_s)
      lo = mid;
    else
      hi = mid;
  }
  return lo;
}

double serve_steady_rate(const struct serve_cost *c, const struct serve_mix *x, double n) {
  return n > 0 ? n / (x->output * round_s(c, fmax(1, n), x)) : 0;
}

static double layout_rate(const struct sim_replica *r, const struct serve_mix *x, double tpot_s) {
  struct serve_setup s;
  struct serve_memory m;
  struct serve_cost c;
  char why[240];
  if (!serve_setup_make(r, &s, why, sizeof why))
    return 0;
  int seqs = serve_max_seqs(r, &s);
  serve_memory_of(&s, r, &m);
  serve_cost_build(&c, &s, (int)fmax(serve_budget(r, &s), seqs), seqs);
  double n = serve_steady_seqs(&c, x, m.kv_tokens, seqs, tpot_s);
  double rate = serve_steady_rate(&c, x, n);
  serve_cost_free(&c);
  return rate;
}

/* k + 1 times the smallest layout; inside a node by doubling. */
static bool larger(const struct sim_replica *asked, const struct sim_replica *smallest, int k, struct sim_replica *ret) {
  *ret = *asked;
  if (k == 0)
    return true;
  if (asked->nodes > 0 || asked->gpus > 0)
    return false;
  if (smallest->gpus > 0 && smallest->gpus < smallest->server->gpus) {
    ret->gpus = smallest->gpus << k;
    return ret->gpus <= smallest->server->gpus;
  }
  ret->nodes = smallest->nodes * (k + 1);
  return smallest->server->nic != NULL;
}

struct search {
  const struct wl_hist *input, *output;
  const struct serve_mix *mix;
  const struct sim_slo *slo;
  uint64_t seed;
  double longest, best;
  struct sim_replica chosen;
  struct sim_replica_fit first; /* of the smallest layout as asked */
};

/* The steady state has neither queues nor bursts: with room above it grants more than the simulation finds. So it may rule a layout out, but not choose one. */
static void weigh(struct search *q, const struct sim_replica *r) {
  if (SERVE_TOP * layout_rate(r, q->mix, q->slo->tpot_s) / sim_replica_gpus(r) <= q->best * NEARLY)
    return;
  double rate = serve_capacity(r, q->input, q->output, q->mix->hit, q->slo, q->seed) / sim_replica_gpus(r);
  if (rate > q->best * NEARLY) {
    q->best = rate;
    q->chosen = *r;
  }
}

/* One way of attending in all its sizes. */
static void look(struct search *q, const struct sim_replica *asked) {
  struct sim_replica_fit smallest = {0};
  for (int k = 0; k < MULTIPLES; k++) {
    struct sim_replica r;
    struct sim_replica_fit fit;
    if (!larger(asked, &smallest.replica, k, &r))
      break;
    bool ok = sim_replica_choose(&r, q->longest, &fit);
    if (k == 0)
      smallest = fit;
    if (k == 0 && q->first.replica.server == NULL)
      q->first = fit;
    if (!ok)
      break;
    weigh(q, &fit.replica);
  }
}

/* Attention by data parallelism: groups of tp GPUs attend for their own sequences, experts are spread over all. */
static void look_data_parallel(struct search *q, const struct sim_replica *want) {
  struct sim_replica r = *want;
  r.dp_attention = true;
  for (r.tp = 1; r.tp <= want->server->gpus; r.tp *= 2)
    if (want->model->heads % r.tp == 0)
      look(q, &r);
}

/* Tensor parallelism across all nodes: each token's weights are read by all GPUs at once, all-reduces cross the network. */
static void look_wide(struct search *q, const struct sim_replica *want) {
  struct sim_replica r = *want;
  for (r.nodes = q->first.min_nodes; r.nodes <= MULTIPLES * q->first.min_nodes; r.nodes++) {
    r.tp = r.nodes * want->server->gpus;
    if (r.nodes > 1 && want->model->heads % r.tp == 0)
      look(q, &r);
  }
}

bool sim_serve_choose(const struct sim_replica *want, const struct wl_hist *input, const struct wl_hist *output, double prefix_hit,
                      const struct sim_slo *slo, uint64_t seed, struct sim_replica_fit *ret) {
  struct serve_mix mix = {wl_hist_mean(input), fmax(1, wl_hist_mean(output)), prefix_hit};
  struct search q = {.input = input, .output = output, .mix = &mix, .slo = slo, .seed = seed, .longest = serve_longest(want->model, input, output), .best = -1};
  look(&q, want);
  if (want->model->experts > 0 && !want->dp_attention && want->tp <= 0 && want->pp <= 0)
    look_data_parallel(&q, want);
  if (want->nodes <= 0 && want->gpus <= 0 && want->tp <= 0 && want->pp <= 0 && !want->dp_attention)
    look_wide(&q, want);
  *ret = q.first;
  if (q.best < 0)
    return false;
  bool ok = sim_replica_choose(&q.chosen, q.longest, ret);
  ret->min_nodes = q.first.min_nodes;
  memcpy(ret->why, q.first.why, sizeof ret->why); /* what a smaller layout lacks */
  return ok;
}
