/* Software stacks: what a training framework of a given age does with the same layout: kernels, fusion, overlap, host
 * cost, defaults. Rows of catalog/stacks.csv, found by framework and date; an unknown framework gets the row `default`
 * of its year; catalog/frameworks.csv says which frameworks have another's stacks. Rows of catalog/recipes.csv say what a framework's published recipe of a model sets otherwise. A stack decides as much as the GPU does. In-situ figures per GPU architecture (catalog/insitu.csv) are
 * beside it: what a kernel benchmark cannot show. */
#ifndef WORKLOADS_STACK_H
#define WORKLOADS_STACK_H
#include <stdbool.h>
#include <stddef.h>
#include "base/err.h"
#include "workloads/train_ops.h"

enum wl_attention_kernel { WL_ATTN_UNFUSED, WL_ATTN_FLASH1, WL_ATTN_FLASH2, WL_ATTN_FLASH3, WL_ATTN_BEST };
enum wl_order { WL_ORDER_AUTO, WL_ORDER_1F1B, WL_ORDER_INTERLEAVED, WL_ORDER_ZERO_BUBBLE, WL_ORDER_DUALPIPE };
enum wl_again { WL_AGAIN_SCORES, WL_AGAIN_OPERATORS, WL_AGAIN_LAYERS };
enum wl_adapters { WL_ADAPT_QKV, WL_ADAPT_ALL };
enum wl_keep { WL_KEEP_ALL, WL_KEEP_NO_SCORES, WL_KEEP_INPUT, WL_KEEP_AUTO };

struct wl_stack {
  const char *framework, *arch; /* arch: devices or the architecture that the row is for, blanks between, "" = any */
  const char *model;            /* model that a published recipe is for, "" = any */
  double since;                 /* year + month/12 */
  enum wl_attention_kernel attention;
  enum wl_fusion fusion;                  /* of element-wise work */
  double elementwise;                     /* x on element-wise bytes */
  double attention_rate;                  /* x on the kernel's rate */
  double slower;                          /* x on all compute */
  double host_op_s;                       /* the host's time to issue one kernel, with the Python around it */
  double host_moe_s;                      /* more, forward + backward, for a layer of experts */
  double host_mamba_s;                    /* the same for a Mamba layer */
  double host_jitter;                     /* host time x (1 + this) at 8 tensor ranks: the slowest of them decides */
  double blocking_s;                      /* more per kernel when launches block */
  double tp_overlap, dp_overlap, pp_overlap, ep_overlap, cp_overlap; /* shares hidden behind compute */
  double contention;      /* compute slowed by gathers beside it, share of their time */
  double zero3_rate;      /* share of the network that gathers of weights reach */
  double zero3_overlap;   /* share of a pass beside which weights of the next layer are gathered */
  double zero3_Bps;       /* a rank's own limit on gathering and scattering weights, tensor by tensor; 0 = none */
  double zero3_host_s;    /* the host's time to gather and release a layer's weights for a pass, module by module */
  double grad_bytes;      /* of a gradient in the reduction */
  double state_bytes;     /* of the optimizer per parameter: fp32 master and two moments = 12 */
  bool accumulate_fp32;   /* weight gradients are added to fp32 buffers */
  bool sequence_parallel; /* default when the layout does not say */
  enum wl_order schedule; /* of pipelines, where the layout does not say */
  int interleave;         /* default: at most so many chunks a stage; 1 = plain 1F1B */
  bool balanced_ends;     /* embedding and head counted when layers are dealt to stages */
  enum wl_keep recompute; /* default */
  enum wl_again selective; /* what selective recomputation repeats: the scores; all but them and every second product; as many whole
                             layers as memory asks for */
  int zero;               /* default */
  double moe_imbalance;   /* rows of the fullest rank / mean */
  double grouped_low; /* x on the time of low-precision expert products: quantisation per expert, streams instead of one
                         kernel */
  double moe_permute; /* x on the traffic of sorting tokens to experts */
  double biased_experts; /* x on the traffic of activations in experts with biases; 0 = the in-situ figure of that name */
  bool dedupe;        /* a token crosses the network once per destination node and the scale-up links once per destination rank */
  double dispatch_bytes; /* per element of a dispatched token when the plan is in low precision */
  double cast_bytes;     /* per element cast for a low-precision product */
  bool head_16bit;
  bool autocast;                /* mixed precision by autocast where neither weights nor optimizer are spread: all but the products in 32 bits */
  double optimizer_op_s;        /* the optimizer is a loop over tensors, so long for each of them; 0 = fused. Where neither is spread */
  bool pads_vocab;              /* vocabularies are padded to what kernels like */
  double step_s, micro_batch_s; /* fixed host time per step and per micro-batch */
  double ring_rate; /* x on attention's rate where keys and values come in parts from a ring: a kernel and a merge per part */
  double seq_len;               /* default, where a source does not state it */
  int micro_batches;            /* of a step per pipeline stage, where the layout does not say; 0 = the fastest */
  bool offload;                 /* activations that do not fit go to the host's memory, before any are recomputed */
  bool offload_state;           /* the optimizer's state goes there first */
  double loss_bytes;            /* traffic per logit, forward and backward; 0 = counted by fusion */
  double shard_sync_s;          /* after the optimizer ranks send their parts of the weights in turn: each takes this */
  enum wl_adapters adapters;    /* LoRA: which products have one */
  double packed_len;            /* fine-tuning packs samples of so many tokens into a sequence; 0 = a sample is a sequence */
  double dequant_bytes;         /* QLoRA: traffic per 4-bit weight and use, to be multiplied in 16 bits */
  bool low_precision;           /* default: FP8 where the GPU has it, else 16 bit */
  bool whole_scores;            /* its reported FLOPs count the whole score matrix, not the causal half */
  const char *source, *grade;
};

struct wl_stacks;
struct wl_stacks *wl_stacks_load(const char *const *dirs, size_t n,
                                 struct errs *errs); /* NULL when errs got an entry; later dirs win */
void wl_stacks_free(struct wl_stacks *l);
/* The shipped ones, read once per process; NULL when they cannot be read. Thread-safe. */
const struct wl_stacks *wl_stacks_shipped(void);
/* Is it a framework with rows, or one that has another's stacks, alone or with a date behind ("megatron-lm 2024")? And the name nearest to
 * one that is not; NULL. */
bool wl_stack_named(const struct wl_stacks *l, const char *name);
const char *wl_stack_nearest(const struct wl_stacks *l, const char *name);
/* name: "megatron-bridge 26.04.01", "torchtitan 2024", "" ...; model: its name, "" = no recipe's; year: used when the
 * name has no date, 0 = newest. Never NULL. *ret_known (may be NULL): the framework has rows.
 * habit: whose habits an unknown framework is given. */
enum wl_habit { /* row of stacks.csv */
  WL_CUT,       /* `default`: Megatron's modules, layers cut over ranks */
  WL_SHARDED,   /* `default-sharded`: PyTorch as it comes, weights or optimizer over data ranks and nothing else (ZeRO, FSDP) */
  WL_TUNED      /* `default-tuning`: the same for scripts that fine-tune */
};
const struct wl_stack *wl_stack_find(const struct wl_stacks *l, const char *name, const char *model, double year,
                                     const char *device, const char *arch, enum wl_habit habit,
                                     bool *ret_known);
/* How a published model was trained on an architecture (catalog/trainers.csv); 0 and "" = not published. NULL when
 * nothing is. */
struct wl_trainer {
  const char *model, *arch, *software;
  int gpus, tp, pp, vpp, cp, ep, micro_batch, seq_len, global_batch;
  double since, up_to_params, step_tokens; /* of rows without a model: what is usual from a year on, up to a size */
  int micro_batches, vocab;                /* of a step per pipeline stage; of the model */
};
const struct wl_trainer *wl_trainer(const struct wl_stacks *l, const char *model, const char *arch);
/* What is usual for a model of a year (0 = the oldest) and size (0 = any) that says nothing itself; never NULL with the
 * shipped rows. */
const struct wl_trainer *wl_usual_trainer(const struct wl_stacks *l, double year, double params);
/* The date in a software name: "25.09" = 2025 + 8/12, "2024"; 0 when there is none. */
double wl_software_date(const char *name);
/* An in-situ figure of a device, else of its architecture, else of any; NaN when no row tells. The shipped insitu.csv has a row for any device of each figure the models ask for. */
double wl_insitu(const struct wl_stacks *l, const char *device, const char *arch, const char *name);
double wl_insitu_row(const struct wl_stacks *l, const char *scope, const char *name); /* of that scope alone; NaN when it has none */
#endif
