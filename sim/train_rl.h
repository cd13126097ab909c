/* Reinforcement learning on rollouts: answers from a serving fleet on the same GPUs, then the update. */
#ifndef SIM_TRAIN_RL_H
#define SIM_TRAIN_RL_H
#include "sim/serve.h"
#include "sim/train.h"

struct rl_step {
  double rollout_s, update_s, sync_s; /* per training step */
  struct hw_activity rollout_activity;
  struct sim_step update;
};
/* One step of a rl or rejection phase on job->gpus; false with the reason in ret->update.why. */
bool rl_step_time(const struct sim_train_job *job, const struct wl_phase *p, struct rl_step *ret);
#endif
