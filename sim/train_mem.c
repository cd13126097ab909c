/* Bytes per rank: weights, gradients, optimizer state, activations of the micro-batches in flight, what frameworks keep
 * for themselves. */
#include <math.h>
#include <stdio.h>
#include "sim/train_priv.h"

/* Micro-batches in flight on a stage that is `depth` stages from the end, in units of all its chunks. */
static double in_flight(const struct train_env *e, int depth) {
  int pp = e->plan.pp, v = e->plan.vpp;
  double n = v > 1 ? (2.0 * (depth - 1) + (v - 1.0) * pp + 1) / v : depth;
  return fmin(n, e->micro_batches);
}

/* Bytes kept by one chunk for the micro-batches in flight. Logits live from a forward pass to its backward pass, which
 * follows at once. */
static double kept_bytes(const struct train_env *e, const struct train_chunk *c, double flight) {
  double logits = c->layers[LAYER_HEAD] * train_layer_activations(e, LAYER_HEAD);
  return (c->activation_bytes - logits) * flight + logits * fmin(flight, 1);
}

static double bytes_over(double bytes, double ranks) {
  return bytes / (ranks > 0 ? ranks : 1);
}

/* What a rank holds: its chunks, and with DualPipe the mirrored stage too, whose micro-batches come from the other end.
 */
struct held {
  double dense, experts, kept, working;
};

static void hold(const struct train_env *e, const struct train_chunk *c, int depth, struct held *h) {
  h->dense += c->params;
  h->experts += c->expert_params;
  h->kept += kept_bytes(e, c, in_flight(e, depth));
  for (int k = 0; k < LAYER_EMBEDDING; k++)
    if (c->layers[k] > 0 && e->plan.recompute == RECOMPUTE_FULL)
      h->working = fmax(h->working, train_layer_working_set(e, (enum train_layer_kind)k));
}

/* Bytes of a weight that stays: what is fine-tuned around may be kept in 4 bits or in the 8 bits it is multiplied in. */
static double stored_bytes(const struct train_env *e) {
  if (!e->job->lora)
    return e->element_bytes;
  return e->job->qlora ? dtype_bytes(DT_INT4) : e->low != e->high ? fmax(1, dtype_bytes(e->low)) : e->element_bytes;
}

double train_memory_of_stage(const struct train_env *e, const struct train_stages *s, int stage, struct sim_step *ret) {
  struct held h = {0};
  for (int v = 0; v < s->vpp; v++)
    hold(e, &s->chunk[v * s->pp + stage], s->pp - stage, &h);
  if (e->plan.schedule == SCHEDULE_DUALPIPE)
    hold(e, &s->chunk[s->pp - 1 - stage], stage + 1, &h);
  int zero = e->plan.zero;
  double shard = e->plan.shard, copies = e->expert_copies, trained = e->trained;
  double params = h.dense + h.experts, spread = zero >= 1 ? h.dense / shard + h.experts / copies : params;
  double grad = e->stack->accumulate_fp32 ? 4 : e->element_bytes;
  double stored = stored_bytes(e);
  ret->mem_weights = zero >= 3 ? bytes_over(stored * h.dense, e->fsdp) + bytes_over(stored * h.experts, copies) : stored * params;
  ret->mem_grads = trained * grad * (zero >= 2 ? spread : params);
  ret->mem_optimizer = e->state_on_host ? 0 : trained * e->state_bytes * spread;
  ret->mem_activations = h.kept + h.working;
  ret->mem_other = e->reserve_bytes;
  if (zero >= 3) { /* two layers gathered at a time */
    double x, d = train_layer_params(e, e->model->experts > 0 ? LAYER_MOE : LAYER_DENSE, &x);
    ret->mem_other += 2 * e->element_bytes * (d + x);
  }
  return ret->mem_weights + ret->mem_grads + ret->mem_optimizer + ret->mem_activations + ret->mem_other;
}

/* The term that is largest says what must shrink; the smallest change that shrinks it comes first. */
static void explain(const struct train_env *e, const struct sim_step *m, char *why, size_t size) {
  const struct sim_plan *p = &e->plan;
  double need = m->mem_bytes / 1e9, have = e->gpu->mem_bytes / 1e9;
  double terms[] = {m->mem_activations, m->mem_optimizer, m->mem_weights, m->mem_grads};
  static const char *const names[] = {"activations", "optimizer states", "weights", "gradients"};
  int worst = 0;
  for (int i = 1; i < 4; i++)
    worst = terms[i] > terms[worst] ? i : worst;
  const char *cure = "more pipeline stages or GPUs";
  if (worst == 0)
    cure = p->recompute == RECOMPUTE_NONE          ? "selective or full recomputation"
           : p->micro_batch > 1                    ? "a smaller micro-batch"
           : p->recompute == RECOMPUTE_SELECTIVE   ? "full recomputation"
           : p->sequence_parallel < 0 && p->tp > 1 ? "sequence parallelism"
                                                   : "context parallelism or more tensor ranks";
  else if (p->zero < 1 && e->data_ranks > 1)
    cure = "ZeRO-1 (optimizer states spread over the data ranks)";
  else if (p->zero < 3 && e->data_ranks > 1 && p->pp == 1)
    cure = "ZeRO-3 (FSDP)";
  else if (p->tp < e->domain && e->job->gpus % (2 * p->tp * p->pp * p->cp) == 0 && e->model->heads % (2 * p->tp) == 0)
    cure = "twice the tensor ranks";
  snprintf(why, size, "out of memory: %.1f GB needed, %.1f GB there; %s take %.1f GB; smallest change: %s", need, have,
           names[worst], terms[worst] / 1e9, cure);
}

void train_memory(const struct train_env *e, const struct train_stages *s, struct sim_step *ret) {
  ret->mem_bytes = 0;
  for (int i = 0; i < s->pp; i++) {
    struct sim_step one = *ret;
    double bytes = train_memory_of_stage(e, s, i, &one);
    if (bytes > ret->mem_bytes) {
      *ret = one;
      ret->mem_bytes = bytes;
    }
  }
  ret->fits = ret->mem_bytes <= e->gpu->mem_bytes;
  if (!ret->fits)
    explain(e, ret, ret->why, sizeof ret->why);
}

static void rebuild(struct train_env *e, struct train_stages *s, enum sim_recompute r, double share,
                    struct sim_step *ret) {
  train_stages_free(s);
  e->plan.recompute = r;
  e->recompute_share = share;
  ret->why[0] = '\0';
  train_stages_build(e, s);
  train_memory(e, s, ret);
}

/* The optimizer's state, which is touched once a step, goes to the host's memory where the software does that. */
static bool offload_state(struct train_env *e, struct train_stages *s, struct sim_step *ret) {
  double room = e->server->host_mem_bytes / e->server->gpus; /* 0: nobody said how much, so as much as it takes */
  if (!e->stack->offload_state || !e->gpu->host || (room > 0 && ret->mem_optimizer > 0.9 * room))
    return false;
  e->state_on_host = true;
  rebuild(e, s, RECOMPUTE_NONE, 1, ret);
  return ret->fits;
}

/* What does not fit goes to the host's memory where the software does that and the host has the room. */
static bool offload(struct train_env *e, struct train_stages *s, struct sim_step *ret) {
  double over = ret->mem_bytes - e->gpu->mem_bytes, room = e->server->host_mem_bytes / e->server->gpus;
  if (!e->stack->offload || !e->gpu->host || over > 0.9 * ret->mem_activations || over > 0.9 * room)
    return false;
  e->offload_share = fmin(1.02 * over / ret->mem_activations + 0.01, 0.95); /* logits stay: a little more of the rest */
  rebuild(e, s, RECOMPUTE_NONE, 1, ret);
  if (!ret->fits)
    e->offload_share = 0;
  return ret->fits;
}

/* Seconds that all stages repeat for one micro-batch. */
static double repeated_s(const struct train_stages *s) {
  double t = 0;
  for (int i = 0; i < s->pp * s->vpp; i++)
    t += s->chunk[i].backward.recompute_s;
  return t;
}

/* As large a share of layers recomputed whole as it takes. false: not even all of them suffice. */
static bool recompute_layers(struct train_env *e, struct train_stages *s, double none_bytes, struct sim_step *ret) {
  rebuild(e, s, RECOMPUTE_FULL, 1, ret);
  if (!ret->fits)
    return false;
  double over = none_bytes - e->gpu->mem_bytes, share = none_bytes > ret->mem_bytes ? over / (none_bytes - ret->mem_bytes) : 1;
  rebuild(e, s, RECOMPUTE_FULL, fmin(1.02 * share + 0.01, 1), ret); /* the fullest stage may change with the share */
  return true;
}

void train_settle_recompute(struct train_env *e, struct train_stages *s, struct sim_step *ret) {
  bool settled = e->plan.recompute != RECOMPUTE_AUTO;
  s->chunk = NULL;
  rebuild(e, s, settled ? e->plan.recompute : RECOMPUTE_NONE, 1, ret);
  if (settled || ret->fits || offload_state(e, s, ret) || offload(e, s, ret))
    return;
  double none_bytes = ret->mem_bytes;
  rebuild(e, s, RECOMPUTE_SELECTIVE, 1, ret);
  bool operators = e->stack->selective != WL_AGAIN_LAYERS; /* else selective means those layers */
  double selective_s = operators && ret->fits ? repeated_s(s) : (double)INFINITY;
  if (recompute_layers(e, s, none_bytes, ret) && selective_s < repeated_s(s))
    rebuild(e, s, RECOMPUTE_SELECTIVE, 1, ret);
}
