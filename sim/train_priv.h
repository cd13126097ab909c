/* What the files of the training model share: the resolved job, the price of the model's blocks, the played pipeline,
 * memory. */
#ifndef SIM_TRAIN_PRIV_H
#define SIM_TRAIN_PRIV_H
#include "hwmodels/collective.h"
#include "hwmodels/kernels.h"
#include "sim/train.h"
#include "sim/train_play.h"
#include "workloads/stack.h"
#include "workloads/train_ops.h"

/* ---- the job with every choice made (train_env.c) ---- */
struct train_env {
  const struct sim_train_job *job;
  const struct hw_server *server;
  const struct hw_gpu *gpu;
  const struct wl_model *model;
  const struct wl_stack *stack;
  struct sim_plan plan;
  struct wl_share share;
  int domain;             /* GPUs of the scale-up domain that groups are packed into */
  int fsdp;               /* ranks that hold one copy of the weights together; 1 = each its own */
  int data_ranks;         /* dp x cp: ranks with the same weights */
  int expert_copies;      /* ranks with the same experts */
  double micro_batches;   /* per step and pipeline */
  enum dtype low, high;   /* formats of linear layers and of the rest, as the GPU computes them */
  double element_bytes;   /* of weights and activations as they are kept and sent: 2, in single precision 4 */
  double grad_bytes, state_bytes; /* of a gradient in the reduction; of the optimizer per parameter */
  double clock, low_rate; /* sustained clock / boost; x on the low format's rate */
  double network_spread;  /* standard deviation of the rates at which nodes get through the network */
  double tp_overlap;      /* share of tensor communication hidden */
  double scales_cast[SCALES_ROW + 1]; /* x on the traffic of casts, by what their scales belong to */
  double contention;      /* compute slowed by communication beside it, share of its time */
  double recompute_share; /* of the layers, when recomputation is full */
  double offload_share;   /* of the kept activations, moved to the host's memory until the backward pass */
  bool state_on_host;     /* the optimizer's state is kept in the host's memory */
  double optimizer_bytes; /* traffic per parameter of the optimizer step */
  double loop_bytes;      /* the same of one that loops over tensors */
  bool autocast;
  double host_moe_forward; /* share of the hosts' extra time for experts that falls into the forward pass */
  double trained;         /* share of the parameters that are trained */
  double scan_bytes;      /* traffic of a Mamba-2 scan per inner element */
  double biased_experts;  /* x on the traffic of activations in experts with biases */
  double reserve_bytes;   /* memory that the framework and the communication library keep */
};
/* false with the reason in why when the job is meaningless. The plan's zeros are filled with the stack's defaults;
 * layout that is not given stays 1. */
/* In two halves, for many layouts of one job. */
/* The job's row of the stacks. */
const struct wl_stack *train_stack(const struct sim_train_job *job, const struct wl_stacks *stacks);
bool train_env_begin(struct train_env *e, const struct sim_train_job *job, char *why, size_t why_size);
bool train_env_lay_out(struct train_env *e, const struct sim_plan *plan, char *why, size_t why_size);
bool train_env_init(struct train_env *e, const struct sim_train_job *job, char *why, size_t why_size);
/* Layers as they are dealt to pp stages: with both ends counted as layers where that makes the stages even. */
int train_layers_dealt(const struct train_env *e, int pp);
/* How many of a group's ranks share a scale-up domain when neighbours are `stride` ranks apart. */
int train_ranks_per_node(const struct train_env *e, int ranks, int stride);

/* ---- prices (train_cost.c) ---- */
struct train_cost {        /* one pass over one block or layer for one micro-batch */
  double part[STEP_PARTS]; /* exposed */
  double weight_grad_s;    /* what of `part` may be delayed */
  double hideable_s;       /* communication in `part` that a second micro-batch could cover */
  double experts_net_s;    /* the experts' traffic between nodes, hidden or not */
  double recompute_s;      /* forward time repeated in the backward pass, contained in `part` */
  double flops, mem_bytes; /* of the kernels, for power */
};
double train_cost_s(const struct train_cost *c);
void train_cost_add(struct train_cost *sum, const struct train_cost *c, double times);
struct train_layer {
  struct train_cost forward, backward; /* backward contains recomputation */
};
enum train_layer_kind {
  LAYER_DENSE,
  LAYER_MOE,
  LAYER_ATTENTION,
  LAYER_MLP,
  LAYER_MOE_ALONE,
  LAYER_MAMBA,
  LAYER_EMBEDDING,
  LAYER_HEAD,
  LAYER_KINDS
};
/* Seconds that selective recomputation repeats of a layer whose forward pass costs `forward`. */
double train_selected_again_s(const struct train_env *e, enum train_layer_kind kind, const struct train_cost *forward);
void train_layer_price(const struct train_env *e, enum train_layer_kind kind, struct train_layer *ret);
/* Weights and kept activations (per micro-batch) of a layer on one rank. */
double train_layer_params(const struct train_env *e, enum train_layer_kind kind, double *ret_experts);
double train_layer_activations(const struct train_env *e, enum train_layer_kind kind);
double train_layer_working_set(const struct train_env *e,
                               enum train_layer_kind kind); /* one layer's activations when it is recomputed */
double train_host_rate(const struct train_env *e); /* bytes/s of the link to the host's memory, which there must be */
double train_collective_s(const struct train_env *e, enum hw_coll kind, double bytes, int ranks, int stride);

/* How many standard deviations the slowest of n lies from the mean (Blom's approximation); 0 of one. */
double train_slowest_of(double n);
/* A collective over so many nodes is as fast as the slowest of their ways through a busy network: over its time alone; 1 inside a node. */
double train_network_slowdown(const struct train_env *e, int nodes);
/* Gradients or weights that take comm_s alone, beside a window of compute in which the experts' traffic holds the NICs
 * for experts_s: they slow each other down while both run (train_network.c). */
double train_crowded_s(const struct train_env *e, double comm_s, double experts_s, double window_s);

/* ---- stages (train_stage.c) ---- */
struct train_chunk {          /* a virtual stage */
  double layers[LAYER_KINDS]; /* how many of each kind */
  struct train_cost forward, backward;
  double params, expert_params, activation_bytes; /* per micro-batch */
};
struct train_stages {
  int pp, vpp;
  struct train_chunk *chunk; /* [vpp * pp], chunk v of stage s at v * pp + s; owned */
};
/* Layers of each kind in [from, to) of the model's order. */
void train_kinds_of_layers(const struct wl_model *m, double *kinds /* [LAYER_KINDS] */, int from, int to);
void train_stages_build(const struct train_env *e, struct train_stages *ret);
void train_stages_free(struct train_stages *s);

/* ---- the step (train_step.c) ---- */
double train_send_s(const struct train_env *e); /* one activation to the next stage */
void train_play_spec(const struct train_env *e, const struct train_stages *s,
                     struct play_cost *cost /* [2 x pp x vpp], filled */, struct play_spec *spec);
struct train_tail { /* what a stage does after its last task */
  double window_s;  /* before that, in which gradients are summed unseen */
  double reduce_s, reduce_exposed_s, gather_exposed_s;
};
void train_tail_of(const struct train_env *e, const struct train_stages *s, const struct play_result *played, int stage,
                   struct train_tail *ret);
/* When the step's gradients are summed and its new weights are everywhere. */
double train_synchronised_s(const struct train_env *e, const struct train_stages *s, const struct play_result *played);
double train_optimizer_s(const struct train_env *e, const struct train_stages *s, int stage);

/* ---- memory (train_mem.c) ---- */
void train_memory(const struct train_env *e, const struct train_stages *s, struct sim_step *ret);
/* Builds the stages and fills the memory terms. A recomputation that is still AUTO becomes none when that fits, else
 * full on the smallest share of the layers that does. */
void train_settle_recompute(struct train_env *e, struct train_stages *s, struct sim_step *ret);
double train_memory_of_stage(const struct train_env *e, const struct train_stages *s, int stage, struct sim_step *ret);
#endif
