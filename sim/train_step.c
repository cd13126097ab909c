/* One training step: stages priced, the schedule played, gradients synchronised, the optimizer run, and the time split
 * over its causes. */
#include <math.h>
#include <stdio.h>
#include "base/mem.h"
#include "sim/train_priv.h"

/* ---- the pipeline ---- */
static struct play_cost play_cost_of(const struct train_env *e, const struct train_chunk *c) {
  double host = e->stack->micro_batch_s / e->plan.vpp; /* shared evenly by the two passes */
  return (struct play_cost){train_cost_s(&c->forward) + host / 2, train_cost_s(&c->backward) + host / 2,
                            c->backward.weight_grad_s, c->forward.hideable_s, c->backward.hideable_s};
}

/* One activation to the next stage. Tensor ranks each send their slice; without sequence parallelism the receivers
 * gather it again. */
double train_send_s(const struct train_env *e) {
  if (e->plan.pp == 1)
    return 0;
  double bytes = wl_rank_tokens(&e->share) * e->model->hidden * e->element_bytes;
  int stride = e->plan.tp * e->plan.cp * e->plan.dp, local = train_ranks_per_node(e, e->plan.pp, stride);
  struct hw_coll_op op = {HW_P2P, bytes / e->plan.tp, 2, local > 1 ? 2 : 1, local > 1 ? 1 : e->domain, stride / e->domain};
  double gather = e->plan.sequence_parallel > 0 ? 0 : train_collective_s(e, HW_ALL_GATHER, bytes, e->plan.tp, 1);
  return hw_coll_s(e->server, &op) * train_network_slowdown(e, local > 1 ? 1 : 2) + gather;
}

void train_play_spec(const struct train_env *e, const struct train_stages *s, struct play_cost *cost,
                           struct play_spec *spec) {
  int pp = s->pp, chunks = s->vpp;
  bool dual = e->plan.schedule == SCHEDULE_DUALPIPE;
  for (int i = 0; i < pp * chunks; i++)
    cost[i] = play_cost_of(e, &s->chunk[i]);
  for (int i = 0; dual && i < pp; i++) /* the mirrored stage of rank i */
    cost[pp + i] = cost[pp - 1 - i];
  *spec = (struct play_spec){.stages = pp,
                             .chunks = dual ? 2 : chunks,
                             .micro_batches =
                                 dual ? 2 * (int)ceil(e->micro_batches / 2 - 1e-9) : (int)ceil(e->micro_batches - 1e-9),
                             .schedule = e->plan.schedule,
                             .cost = cost,
                             .send_s = train_send_s(e),
                             .send_blocks = 1 - e->stack->pp_overlap};
}

/* ---- gradients and weights ---- */
struct sync {
  double reduce_s, gather_s; /* whole */
};

static struct sync sync_of_stage(const struct train_env *e, const struct train_stages *s, int stage) {
  double dense = 0, experts = 0;
  for (int v = 0; v < s->vpp; v++) {
    dense += s->chunk[v * s->pp + stage].params;
    experts += s->chunk[v * s->pp + stage].expert_params;
  }
  if (e->plan.schedule == SCHEDULE_DUALPIPE) {
    dense += s->chunk[s->pp - 1 - stage].params;
    experts += s->chunk[s->pp - 1 - stage].expert_params;
  }
  double trained = e->trained;
  double g = e->grad_bytes * trained;
  int ranks = e->plan.zero >= 1 ? e->plan.shard : e->data_ranks, copies = e->data_ranks / ranks,
      expert_stride = e->plan.ep * e->plan.etp;
  struct sync r = {0};
  if (e->plan.zero >= 1) {
    r.reduce_s = train_collective_s(e, HW_REDUCE_SCATTER, g * dense, ranks, e->plan.tp) +
                 train_collective_s(e, HW_ALL_REDUCE, g * dense / ranks, copies, e->plan.tp * ranks) +
                 train_collective_s(e, HW_REDUCE_SCATTER, g * experts, e->expert_copies, expert_stride);
    r.gather_s = train_collective_s(e, HW_ALL_GATHER, e->element_bytes * trained * dense, ranks, e->plan.tp) +
                 train_collective_s(e, HW_ALL_GATHER, e->element_bytes * trained * experts, e->expert_copies, expert_stride);
  } else {
    r.reduce_s = train_collective_s(e, HW_ALL_REDUCE, g * dense, ranks, e->plan.tp) +
                 train_collective_s(e, HW_ALL_REDUCE, g * experts, e->expert_copies, expert_stride);
  }
  return r;
}

/* Exposed part of `comm` beside a window of compute: buckets go as layers finish, the last one cannot hide, and the
 * compute slows a little. */
static double exposed_s(const struct train_env *e, double comm, double window, double buckets) {
  double hidden = fmin(comm * (1 - 1 / fmax(buckets, 1)), e->stack->dp_overlap * window);
  return comm - hidden + e->contention * hidden;
}

static double layers_of_stage(const struct train_stages *s, int stage) {
  double n = 0;
  for (int v = 0; v < s->vpp; v++)
    for (int k = 0; k < LAYER_EMBEDDING; k++)
      n += s->chunk[v * s->pp + stage].layers[k];
  return n;
}

void train_tail_of(const struct train_env *e, const struct train_stages *s, const struct play_result *played, int stage,
                   struct train_tail *ret) {
  bool inside = e->fsdp > 1 && s->pp == 1; /* FSDP has paid layer by layer; only copies of the shards remain */
  struct sync y = sync_of_stage(e, s, stage);
  double window = played->end_s[stage] - played->last_backward_s[(s->vpp - 1) * s->pp + stage],
         n = layers_of_stage(s, stage);
  struct train_cost forward = {0}, backward = {0};
  *ret = (struct train_tail){.window_s = window};
  if (inside) {
    ret->reduce_s = ret->reduce_exposed_s = e->data_ranks > e->plan.shard ? y.reduce_s / 2 : 0;
    return;
  }
  for (int v = 0; v < s->vpp; v++) {
    train_cost_add(&forward, &s->chunk[v * s->pp + stage].forward, 1);
    train_cost_add(&backward, &s->chunk[v * s->pp + stage].backward, 1);
  }
  double first = train_cost_s(&forward);
  ret->reduce_s = train_crowded_s(e, y.reduce_s, backward.experts_net_s, window);
  ret->reduce_exposed_s = exposed_s(e, ret->reduce_s, window, n);
  ret->gather_exposed_s = exposed_s(e, train_crowded_s(e, y.gather_s, forward.experts_net_s, first), first, n);
}

/* The last stage to finish decides; the gather of weights runs beside the next step's first forward passes. */
double train_synchronised_s(const struct train_env *e, const struct train_stages *s, const struct play_result *played) {
  double end = 0;
  bool inside = e->fsdp > 1 && s->pp == 1;
  for (int i = 0; i < s->pp; i++) {
    struct train_tail t;
    train_tail_of(e, s, played, i, &t);
    end = fmax(end, played->end_s[i] + (t.reduce_exposed_s + t.gather_exposed_s));
  }
  return e->plan.zero >= 1 && !inside ? end + e->plan.shard * e->stack->shard_sync_s : end;
}

enum { TENSORS_OF_A_LAYER = 12 }; /* weights and biases of four products and two norms */

double train_optimizer_s(const struct train_env *e, const struct train_stages *s, int stage) {
  double dense = 0, experts = 0;
  for (int v = 0; v < s->vpp; v++) {
    dense += s->chunk[v * s->pp + stage].params;
    experts += s->chunk[v * s->pp + stage].expert_params;
  }
  double trained = e->trained, shard = e->plan.zero >= 1 ? e->plan.shard : 1,
         copies = e->plan.zero >= 1 ? e->expert_copies : 1;
  double kept = e->plan.zero >= 3 || e->element_bytes > 2 ? 0 : 6 * (dense + experts); /* the 16-bit copy */
  double held = dense / shard + experts / copies; /* state that lies on the host comes and goes at once */
  double fetch = e->state_on_host ? trained * e->state_bytes * held / train_host_rate(e) : 0;
  double adam = hw_stream_s(e->gpu, trained * (e->optimizer_bytes * held + kept), 20);
  if (e->stack->optimizer_op_s > 0 && e->plan.zero == 0 && !e->job->lora)
    adam = fmax(hw_stream_s(e->gpu, e->loop_bytes * held, 0), TENSORS_OF_A_LAYER * e->model->layers / (double)s->pp * e->stack->optimizer_op_s);
  return fetch + adam;
}

/* ---- the split ---- */
/* The critical stage's own work by cause; what is left of the pipeline's time is bubble and transfers. */
static void split_time(const struct train_env *e, const struct train_stages *s, const struct play_result *played,
                       const struct play_spec *spec, struct sim_step *ret) {
  int i = 0;
  for (int k = 1; k < s->pp; k++)
    i = played->busy_s[k] > played->busy_s[i] ? k : i;
  double m = spec->micro_batches, own = 0;
  for (int v = 0; v < s->vpp; v++) {
    const struct train_chunk *c = &s->chunk[v * s->pp + i];
    for (int p = 0; p < STEP_PARTS; p++)
      ret->part_s[p] += m * (c->forward.part[p] + c->backward.part[p]);
  }
  ret->part_s[STEP_HOST] += m * e->stack->micro_batch_s;
  for (int p = 0; p < STEP_PARTS; p++)
    own += ret->part_s[p];
  double busy = played->busy_s[i], rest = played->time_s - busy;
  if (busy < own) { /* overlapped pairs hid communication */
    double hidden = fmin(own - busy, ret->part_s[STEP_EP]);
    ret->part_s[STEP_EP] -= hidden;
    ret->part_s[STEP_HOST] -= own - busy - hidden;
  } else {
    ret->part_s[STEP_P2P] += busy - own;
  }
  ret->part_s[STEP_BUBBLE] += rest;
}

static void set_activity(const struct train_env *e, const struct train_stages *s, const struct play_spec *spec,
                         struct sim_step *ret) {
  double flops = 0, bytes = 0;
  for (int i = 0; i < s->pp * s->vpp; i++) {
    flops += s->chunk[i].forward.flops + s->chunk[i].backward.flops;
    bytes += s->chunk[i].forward.mem_bytes + s->chunk[i].backward.mem_bytes;
  }
  flops *= spec->micro_batches / (double)s->pp;
  bytes *= spec->micro_batches / (double)s->pp;
  double idle = ret->part_s[STEP_BUBBLE] + ret->part_s[STEP_HOST];
  ret->activity.u_comp = fmin(flops / (ret->time_s * e->gpu->peak_flops[e->low]), 1);
  ret->activity.u_mem = fmin(bytes / (ret->time_s * e->gpu->mem_Bps), 1);
  ret->activity.busy = fmax(1 - idle / ret->time_s, 0);
  double comm = ret->part_s[STEP_TP] + ret->part_s[STEP_EP] + ret->part_s[STEP_CP] + ret->part_s[STEP_DP] + ret->part_s[STEP_P2P];
  ret->activity.comm = fmin(fmax(comm / ret->time_s, 0), ret->activity.busy);
}

static void set_rates(const struct train_env *e, const struct train_stages *s, const struct play_spec *spec,
                      struct sim_step *ret) {
  double per_token = wl_train_flops_per_token(e->model, e->job->seq_len),
         tokens = e->job->global_batch * e->job->seq_len;
  double peak = e->gpu->peak_flops[e->low] * e->job->gpus, again = 0, work = 0;
  ret->model_flops = per_token * tokens * (e->job->lora ? 2.0 / 3 : 1);
  ret->mfu = ret->model_flops / (ret->time_s * peak);
  for (int i = 0; i < s->pp * s->vpp; i++) {
    again += s->chunk[i].backward.recompute_s;
    work += train_cost_s(&s->chunk[i].forward) + train_cost_s(&s->chunk[i].backward);
  }
  (void)spec;
  double forward_again = e->plan.recompute == RECOMPUTE_FULL ? 1.0 / 3 : work > 0 ? again / work : 0;
  ret->hfu = ret->mfu * (1 + forward_again);
}

/* A pipeline repeats itself once it is full: each further round of as many micro-batches as there are stages takes the
 * same time. So a long step is two short ones and a straight line through them. */
static bool play_long(const struct play_spec *spec, struct play_result *ret) {
  enum { FULL = 6 }; /* rounds after which the pattern repeats */
  int p = spec->stages, m = spec->micro_batches;
  if (m <= (FULL + 2) * p || spec->span)
    return play_pipeline(spec, ret);
  struct play_spec shorter = *spec;
  struct play_result less;
  shorter.micro_batches = (FULL - 1) * p + m % p;
  if (!play_pipeline(&shorter, &less))
    return false;
  shorter.micro_batches += p;
  if (!play_pipeline(&shorter, ret)) {
    play_result_free(&less);
    return false;
  }
  double rounds = (double)(m - shorter.micro_batches) / p, more = rounds * (ret->time_s - less.time_s);
  ret->time_s += more;
  for (int i = 0; i < p; i++) {
    ret->busy_s[i] += rounds * (ret->busy_s[i] - less.busy_s[i]);
    ret->end_s[i] += more;
  }
  for (int i = 0; i < p * spec->chunks; i++)
    ret->last_backward_s[i] += more;
  play_result_free(&less);
  return true;
}

static bool play_step(const struct train_env *e, const struct train_stages *s, const struct play_spec *spec,
                      struct sim_step *ret) {
  struct play_result played;
  if (!play_long(spec, &played)) {
    snprintf(ret->why, sizeof ret->why, "the pipeline schedule cannot proceed");
    return false;
  }
  double optimizer = 0, end = train_synchronised_s(e, s, &played);
  for (int i = 0; i < s->pp; i++)
    optimizer = fmax(optimizer, train_optimizer_s(e, s, i));
  split_time(e, s, &played, spec, ret);
  ret->part_s[STEP_DP] += end - played.time_s;
  ret->part_s[STEP_OPTIMIZER] += optimizer;
  ret->part_s[STEP_HOST] += e->stack->step_s;
  ret->time_s = end + optimizer + e->stack->step_s;
  set_rates(e, s, spec, ret);
  set_activity(e, s, spec, ret);
  play_result_free(&played);
  return true;
}

bool sim_train_step(const struct sim_train_job *job, struct sim_step *ret) {
  struct train_env e;
  *ret = (struct sim_step){0};
  if (!train_env_init(&e, job, ret->why, sizeof ret->why))
    return false;
  struct train_stages s;
  train_settle_recompute(&e, &s, ret);
  struct play_cost *cost = mem_array((size_t)(s.pp * s.vpp) * 2, sizeof *cost);
  struct play_spec spec;
  train_play_spec(&e, &s, cost, &spec);
  ret->plan = e.plan;
  bool ok = play_step(&e, &s, &spec, ret);
  mem_free(cost);
  train_stages_free(&s);
  return ok;
}

double sim_train_layer_s(const struct sim_train_job *job) {
  struct train_env e;
  struct train_layer price;
  char why[240];
  if (!train_env_init(&e, job, why, sizeof why))
    return NAN;
  if (e.plan.recompute == RECOMPUTE_AUTO)
    e.plan.recompute = RECOMPUTE_NONE;
  train_layer_price(&e, job->model->experts > 0 ? LAYER_MOE : LAYER_DENSE, &price);
  return train_cost_s(&price.forward) + train_cost_s(&price.backward);
}

bool sim_train_counts_whole_scores(const struct sim_train_job *job) {
  const struct wl_stacks *stacks = job->stacks ? job->stacks : wl_stacks_shipped();
  return stacks && train_stack(job, stacks)->whole_scores;
}
