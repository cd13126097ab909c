/* Training on a cluster: the time, memory and watts of one step, and a whole run of phases with checkpoints and
 * failures. Joins workloads (what) with hwmodels (how long). */
#ifndef SIM_TRAIN_H
#define SIM_TRAIN_H
#include <stdbool.h>
#include "hwmodels/catalog.h"
#include "hwmodels/power.h"
#include "sim/record.h"
#include "workloads/model.h"
#include "workloads/phases.h"
#include "workloads/stack.h"

enum sim_recompute { RECOMPUTE_NONE, RECOMPUTE_SELECTIVE, RECOMPUTE_FULL, RECOMPUTE_AUTO };
enum sim_scales { SCALES_TENSOR, SCALES_BLOCK, SCALES_ROW }; /* low formats carry a scale per tensor, block (MXFP8) or row */
enum sim_schedule { SCHEDULE_AUTO, SCHEDULE_1F1B, SCHEDULE_INTERLEAVED, SCHEDULE_ZERO_BUBBLE, SCHEDULE_DUALPIPE };

struct sim_plan { /* how a step is laid out; 0 = choose */
  int tp, pp, vpp, dp, ep, cp;
  int zero;              /* ZeRO stage, 3 = FSDP; -1 = choose */
  int shard;             /* ranks that a ZeRO shard is spread over; 0 = all of the data-parallel group */
  int etp;               /* tensor parallelism inside an expert; 0 = choose */
  int sequence_parallel; /* 1 yes, -1 no, 0 = as the stack does */
  enum sim_recompute recompute;
  enum sim_schedule schedule;
  int micro_batch;
  enum dtype precision;
  enum sim_scales scales;
};
enum sim_fusion { FUSION_OF_STACK, FUSION_EAGER, FUSION_COMPILED }; /* eager: a kernel per operator */
struct sim_train_job {
  const struct hw_catalog *catalog;
  const struct hw_server *server;
  const struct wl_model *model;
  const char *stack;              /* row of workloads/catalog/stacks.csv; "" or NULL = default by year and GPU */
  const struct wl_stacks *stacks; /* NULL = the shipped ones */
  const struct wl_engines *engines; /* of rollouts; NULL = the shipped ones */
  double year;                    /* of the software when `stack` has no date, 0 = the newest */
  int gpus;
  double seq_len, global_batch; /* tokens a sequence, sequences a step */
  bool lora, sft;
  bool tuned;           /* fine-tuning of any kind: what an unknown stack is taken for */
  bool lora_attention;  /* adapters beside attention's products alone; else where the stack has them */
  double sample_len;    /* fine-tuning: mean tokens of the samples that are packed into a sequence; 0 = as the stack usually has it */
  bool qlora;           /* LoRA beside weights that are kept in 4 bits */
  bool autocast;        /* mixed precision by autocast over 32-bit weights, which the run says */
  bool async_tp;        /* tensor communication is cut up to run beside the products, where that must be asked for */
  bool flash2;          /* attention by the second flash kernel where the stack would have the first */
  bool launch_blocking; /* the host waits for each kernel (debug runs) */
  bool sharded; /* the run does not cut its layers (ZeRO, FSDP, one GPU): what an unknown stack is taken for; stage 3
                   says so too */
  enum sim_fusion fusion;
  double gpu_power_w;   /* GPU limited to this; 0 = its TDP */
  struct sim_plan plan;
};
enum {
  STEP_COMPUTE,
  STEP_ATTENTION,
  STEP_ELEMENTWISE,
  STEP_HEAD,
  STEP_TP,
  STEP_EP,
  STEP_CP,
  STEP_DP,
  STEP_P2P,
  STEP_BUBBLE,
  STEP_OPTIMIZER,
  STEP_HOST,
  STEP_PARTS
};
extern const char *const sim_step_part_name[STEP_PARTS];
struct sim_step {
  bool fits;
  char why[240];        /* when it does not: the term that breaks it and the smallest change that cures it */
  struct sim_plan plan; /* with every choice made */
  double time_s;
  double part_s[STEP_PARTS]; /* exposed time on the critical path; sums to time_s */
  double model_flops;        /* of the step, all GPUs, no recomputation */
  double mfu, hfu;           /* against the dense peak of the compute format */
  double mem_bytes, mem_weights, mem_grads, mem_optimizer, mem_activations, mem_other; /* fullest rank */
  struct hw_activity activity;
};
/* false only when the job is meaningless (reason in why); does not fit = true with fits false. */
bool sim_train_step(const struct sim_train_job *job, struct sim_step *ret);
/* Watts of a GPU that does this much, under the job's power limit. */
double sim_train_gpu_power_w(const struct sim_train_job *job, const struct hw_activity *a);
/* One step as a timeline: what each stream of each pipeline stage does when. A task's exposed communication is drawn
 * behind its compute, though layers take turns; what hides is drawn where it runs: gradients beside the last backward
 * pass, a second micro-batch's experts beside the first's compute. Spans of one stage and stream never overlap, and the
 * last ends with the step. At most `limit`; ordered by start on each stream. */
enum sim_stream {
  STREAM_COMPUTE,
  STREAM_TENSOR,
  STREAM_EXPERT,
  STREAM_CONTEXT,
  STREAM_SEND_NEXT,
  STREAM_SEND_PREVIOUS,
  STREAM_DATA,
  STREAM_OPTIMIZER,
  STREAM_HOST,
  STREAMS
};
extern const char *const sim_stream_name[STREAMS];
struct sim_step_span {
  int stage;
  enum sim_stream stream;
  int chunk, micro_batch; /* -1 = of the whole step */
  const char *task;       /* forward, backward, weight-grad, pair, send, reduce gradients, gather weights ... */
  double start_s, end_s;
};
bool sim_train_timeline(const struct sim_train_job *job, size_t limit,
                        void (*span)(void *ctx, const struct sim_step_span *s), void *ctx);
/* Layouts that fill the zeros of job->plan: screened by a closed form, the best replayed as events. */
enum { SIM_PLANS_KEPT = 8 };
struct sim_plan_search {
  size_t screened, fitting; /* layouts looked at, and those of them that fit in memory */
  int n;
  struct sim_step best[SIM_PLANS_KEPT]; /* replayed; fitting ones first, then by time */
  double screened_s[SIM_PLANS_KEPT];    /* what the closed form said of each */
  int n_rejected;
  struct sim_step rejected[SIM_PLANS_KEPT]; /* those that would be fastest if memory were no matter, the fastest first: `why` says what breaks them */
  size_t faster_than_own;                   /* of the fitting ones, by the closed form */
  double own_screened_s;                    /* NaN = no own layout, or it does not fit */
};
/* false when no layout makes sense (reason in ret->best[0].why). */
bool sim_train_search(const struct sim_train_job *job, struct sim_plan_search *ret);
/* The same with a layout to be ranked among the others, every choice made; NULL = none. */
bool sim_train_search_beside(const struct sim_train_job *job, const struct sim_plan *own, struct sim_plan_search *ret);
/* The best of the search alone. */
bool sim_train_choose(const struct sim_train_job *job, struct sim_step *ret);

/* Forward and backward of one layer (of experts, when the model has them) for one micro-batch; NaN when the job is
 * meaningless. */
double sim_train_layer_s(const struct sim_train_job *job);
/* How the job's software counts attention in the FLOPs it reports: the whole score matrix, or its causal half. */
bool sim_train_counts_whole_scores(const struct sim_train_job *job);

struct sim_habits {               /* how a run is kept alive and watched; zeros = defaults */
  double checkpoint_interval_s;   /* 0 = Daly optimum for what a checkpoint stops the run */
  double checkpoint_s;            /* to write one; 0 = from state size and storage_Bps */
  double storage_Bps;             /* writes to shared storage, all nodes; 0 = the nodes' own drives */
  double checkpoint_hidden;       /* share of the writing that goes on beside training: 0 = synchronous, 1 = nothing stops */
  double straggler;               /* by how much the slowest rank holds up a step, relative */
  double eval_every_steps, eval_tokens; /* forward passes over held-out text between steps; 0 = none */
};
struct sim_train_run_spec {
  struct sim_train_job job; /* gpus, server, stack; seq_len and batch come from the phases */
  const struct wl_phases *phases;
  double failures_per_node_day; /* interruptions of the run */
  double restart_s, detect_s;
  struct sim_habits habits;
  uint64_t seed;                /* failures are drawn; events on an engine of its own */
};
struct sim_train_phase_result {
  const char *name;
  double steps, step_time_s, time_s, gpu_hours, tokens;
  struct sim_step step;
};
struct sim_train_run {
  bool feasible;
  char why[240];
  double time_to_train_s, gpu_hours, gpu_hours_productive, failures, checkpoints, rework_s, eval_s, mfu, goodput,
      energy_j /* servers, without PUE */, peak_w;
  double tokens, tokens_per_s_per_gpu;
  size_t n;
  struct sim_train_phase_result *phase; /* owned; sim_train_run_free */
};
/* Daly's higher-order optimum of the time between checkpoints (write time excluded) for exponential failures; infinite
 * without failures. golden.md's table. */
double sim_checkpoint_interval_s(double write_s, double mtbf_s);
/* Wall time over work of a long run that closes every interval of Daly's optimum with a checkpoint of write_s, loses
 * what it did since the last one at a failure and takes restart_s to go on (failures strike then too): golden.md's
 * M e^(R/M) (e^((tau+d)/M) - 1) / tau. 1 without failures. */
double sim_expected_stretch(double write_s, double mtbf_s, double restart_s);
/* The same of a job on its nodes for good, where only the machine is known: failures, restarts and storage as the
 * catalog has them for large runs (reliability "run" and "checkpoint"); 1 when it has none. */
double sim_train_usual_stretch(const struct sim_train_job *job);
bool sim_train_run(const struct sim_train_run_spec *spec, struct sim_train_run *ret);
void sim_train_run_free(struct sim_train_run *r);
#endif
