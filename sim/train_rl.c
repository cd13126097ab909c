#include "sim/train_rl.h"
#include "base/units.h"
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "hwmodels/kernels.h"
#include "sim/serve_setup.h"

/* Lengths of answers: lognormal with a coefficient of variation of 1 (reasoning answers have long tails), cut off at
 * output_max; the location is such that the mean after the cut is the stated one. */
enum { LENGTH_STEPS = 512 };
static double cut_mean(double mu, double sigma, double most) {
  double sum = 0;
  for (int i = 0; i < LENGTH_STEPS; i++)
    sum += fmin(gsl_cdf_lognormal_Pinv((i + 0.5) / LENGTH_STEPS, mu, sigma), most);
  return sum / LENGTH_STEPS;
}

static double location(double mean, double sigma, double most) {
  double lo = log(mean) - sigma * sigma - 2, hi = log(most) + 3;
  for (int i = 0; i < 50; i++) {
    double mid = (lo + hi) / 2;
    *(cut_mean(mid, sigma, most) < mean ? &lo : &hi) = mid;
  }
  return (lo + hi) / 2;
}

/* One replica's share: every k-th quantile, so that all replicas have like work. */
struct share {
  double mu, sigma, most, prompt;
  int n, i;
};

static bool next_answer(void *ctx, struct sim_request *r) {
  struct share *s = ctx;
  if (s->i == s->n)
    return false;
  double u = (s->i + 0.5) / s->n, length = fmin(gsl_cdf_lognormal_Pinv(u, s->mu, s->sigma), s->most);
  *r = (struct sim_request){.arrival_s = 0, .input = (int32_t)fmax(s->prompt, 1), .output = (int32_t)fmax(length, 1)};
  s->i++;
  return true;
}

static enum dtype rollout_format(const struct sim_train_job *job) {
  return hw_compute_dtype(job->server->gpu, DT_FP8) == DT_FP8 ? DT_FP8 : DT_BF16;
}

/* Serving engines of the training software's own time. */
static int engine_year(const struct sim_train_job *job) {
  double date = wl_software_date(job->stack ? job->stack : "");
  return (int)(date > 0 ? date : job->year);
}

/* The fleet: as many replicas of the smallest fitting kind as the GPUs hold; each answers its share at once. The
 * slowest answer ends the round. */
static bool rollout(const struct sim_train_job *job, const struct wl_phase *p, double *ret_s,
                    struct hw_activity *activity, char *why, size_t size) {
  struct sim_replica want = {.catalog = job->catalog,
                             .server = job->server,
                             .model = job->model,
                             .engine = "",
                             .engines = job->engines,
                             .year = engine_year(job),
                             .weights = rollout_format(job),
                             .kv = DT_BF16,
                             .mtp_tokens = serve_draft_tokens(job->model->mtp_layers)};
  struct sim_replica_fit fit;
  if (!sim_replica_choose(&want, p->prompt_len + p->output_max, &fit) || !fit.fits) {
    snprintf(why, size, "no serving replica for rollouts: %.200s", fit.why);
    return false;
  }
  int per_replica = sim_replica_gpus(&fit.replica);
  int replicas = job->gpus / (per_replica > 0 ? per_replica : 1);
  if (replicas < 1) {
    snprintf(why, size, "rollouts need %d GPU%s for one replica, the phase has %d", per_replica, units_s(per_replica), job->gpus);
    return false;
  }
  double sigma = sqrt(log(2.0));
  struct share s = {location(p->output_len, sigma, p->output_max), sigma, p->output_max, p->prompt_len,
                    (int)ceil(p->rollout_batch / replicas),        0};
  struct sim_serve_result r;
  if (!sim_serve_replay(&fit.replica, next_answer, &s, 0, 0, SERVE_COALESCED, NULL, &r)) {
    snprintf(why, size, "the rollout fleet cannot be simulated");
    return false;
  }
  *ret_s = r.span_s;
  *activity = r.activity;
  return true;
}

/* New weights go to every node once a round; inside a machine without a network, to its other GPUs. */
static double weights_Bps(const struct hw_server *s) {
  return s->node_net_Bps > 0 ? s->node_net_Bps : s->intra ? s->intra->raw_Bps : (double)INFINITY;
}

/* Rounds of rollouts serve several steps; the update trains on every answer, after one forward pass each of the old
 * policy and of the reference. */
bool rl_step_time(const struct sim_train_job *job, const struct wl_phase *p, struct rl_step *ret) {
  double round_s;
  *ret = (struct rl_step){0};
  if (!rollout(job, p, &round_s, &ret->rollout_activity, ret->update.why, sizeof ret->update.why))
    return false;
  double answers = p->prompts_per_step * p->rollouts_per_prompt;
  ret->rollout_s = round_s * answers / fmax(p->rollout_batch, answers);
  if (p->kind == WL_REJECTION)
    return true;
  struct sim_train_job j = *job;
  j.seq_len = p->prompt_len + p->output_len;
  j.global_batch = answers;
  if (!sim_train_choose(&j, &ret->update) || !ret->update.fits)
    return false;
  ret->update_s = ret->update.time_s * (1 + 2.0 / 3);
  struct wl_counts c;
  wl_model_count(job->model, &c);
  ret->sync_s = c.params * dtype_bytes(rollout_format(job)) / weights_Bps(job->server) * answers /
                fmax(p->rollout_batch, answers);
  return true;
}
