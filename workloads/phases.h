/* Training traces: CSV, one phase a row:
 * phase,kind,tokens,seq_len,global_batch,steps,prompts_per_step,rollouts_per_prompt,prompt_len,output_len,gpus,after
 * and, optional, output_max,rollout_batch (empty = derived). kind: pretrain, context, sft, rl, rejection, distill. */
#ifndef WORKLOADS_PHASES_H
#define WORKLOADS_PHASES_H
#include <stddef.h>
#include "base/err.h"
#include "base/mem.h"

enum wl_phase_kind { WL_PRETRAIN, WL_CONTEXT, WL_SFT, WL_RL, WL_REJECTION, WL_DISTILL, WL_PHASE_KINDS };
struct wl_phase {
  const char *name;
  enum wl_phase_kind kind;
  double tokens, seq_len, global_batch, steps;                          /* 0 = derive */
  double prompts_per_step, rollouts_per_prompt, prompt_len, output_len; /* rl, rejection; output_len is the mean */
  double output_max;    /* length at which an answer is cut off; 0 = 4 x the mean */
  double rollout_batch; /* answers made at once, for several steps; 0 = one step's */
  double gpus;          /* 0 = all */
  const char *after;    /* "" = in row order */
};
struct wl_phases {
  struct wl_phase *phase;
  size_t n;
};
/* Derives what is missing (tokens = steps x global_batch x seq_len ...); inconsistent or underdetermined rows are
 * errors. */
struct wl_phases *wl_phases_load(struct arena *a, const char *path, struct errs *errs);
const char *wl_phase_kind_name(enum wl_phase_kind k);
#endif
