/* A whole training run: phases of identical steps, checkpoints at an interval, failures that throw the run back to the
 * last one. Nothing happens between failures, so each stretch between them is one event; the run costs time per
 * failure, not per step. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "base/mem.h"
#include "sim/kernel/engine.h"
#include "sim/kernel/stream.h"
#include "sim/train_rl.h"

/* ---- checkpoints ---- */
double sim_checkpoint_interval_s(double write_s, double mtbf_s) {
  if (!(mtbf_s > 0) || !isfinite(mtbf_s))
    return INFINITY;
  if (write_s >= 2 * mtbf_s)
    return mtbf_s;
  double x = write_s / (2 * mtbf_s);
  return sqrt(2 * write_s * mtbf_s) * (1 + sqrt(x) / 3 + x / 9) - write_s;
}

double sim_expected_stretch(double write_s, double mtbf_s, double restart_s) {
  double tau = sim_checkpoint_interval_s(write_s, mtbf_s);
  return isfinite(tau) && tau > 0 ? mtbf_s * exp(restart_s / mtbf_s) * expm1((tau + write_s) / mtbf_s) / tau : 1;
}

static double fact(const struct hw_catalog *c, const char *name, const char *metric, const char *unit) {
  return c ? hw_fact_number(c, "reliability", name, metric, unit) : (double)NAN;
}

static int nodes_of(const struct sim_train_job *j) {
  return (j->gpus + j->server->gpus - 1) / j->server->gpus;
}

/* 16-bit weights, fp32 master copy and two moments; a node writes at what the catalog says where nothing is stated. */
static double checkpoint_bytes(const struct sim_train_job *j) {
  struct wl_counts c;
  wl_model_count(j->model, &c);
  return fact(j->catalog, "checkpoint", "bytes_per_parameter", "B") * (c.params + c.params_mtp);
}

double sim_train_usual_stretch(const struct sim_train_job *j) {
  double rate = fact(j->catalog, "run", "failures", "1/1000-node-days") / 1000 * nodes_of(j) / 86400;
  double restart_s = fact(j->catalog, "run", "restart", "s");
  double write_s = checkpoint_bytes(j) / (fact(j->catalog, "checkpoint", "node_rate", "B/s") * nodes_of(j));
  double stretch = rate > 0 ? sim_expected_stretch(write_s, 1 / rate, restart_s) : 1;
  return isfinite(stretch) ? stretch : 1;
}

/* ---- one phase on the engine ---- */
struct stretch {
  struct engine *engine;
  struct stream *failures;
  double work_s, done_s; /* productive seconds to do, and saved so far */
  double interval_s, stop_s, behind_s, restart_s, mtbf_s; /* a checkpoint stops the run for stop_s and is safe behind_s later */
  sim_time from; /* when the work since the last checkpoint (re)started */
  bool restarting, finished;
  event_id end, failure;
  double failed, written, rework_s, down_s;
};

/* Wall time of the work that is left, every whole or last partial interval closed by a checkpoint, the last one waited for. */
static double remaining_s(const struct stretch *s) {
  double left = s->work_s - s->done_s, n = isfinite(s->interval_s) ? ceil(left / s->interval_s - 1e-9) : 1;
  return left + n * s->stop_s + s->behind_s;
}

static void arm_failure(struct stretch *s);

static void complete(struct engine *e, void *subject, void *object) {
  struct stretch *s = subject;
  (void)object;
  double left = s->work_s - s->done_s;
  s->written += isfinite(s->interval_s) ? ceil(left / s->interval_s - 1e-9) : 1;
  s->done_s = s->work_s;
  s->finished = true;
  engine_cancel(e, s->failure);
  engine_stop(e);
}

static void resume(struct engine *e, void *subject, void *object) {
  struct stretch *s = subject;
  (void)object;
  s->restarting = false;
  s->from = engine_now(e);
  s->end = engine_after_s(e, remaining_s(s), BAND_STATE, complete, s, NULL);
}

/* Work since the last complete checkpoint is lost; a failure during the restart starts the restart again. */
static void fail(struct engine *e, void *subject, void *object) {
  struct stretch *s = subject;
  (void)object;
  double elapsed = sim_time_as_s(engine_now(e) - s->from);
  s->failed++;
  engine_cancel(e, s->end);
  if (s->restarting) {
    s->down_s += elapsed;
  } else {
    double cycle = s->interval_s + s->stop_s, safe = fmax(0, elapsed - s->behind_s);
    double saved = isfinite(cycle) && cycle > 0 ? floor(safe / cycle) : 0.0;
    s->written += saved;
    s->done_s += saved > 0 ? saved * s->interval_s : 0;
    s->rework_s += saved > 0 ? elapsed - saved * cycle : elapsed;
  }
  s->restarting = true;
  s->from = engine_now(e);
  s->end = engine_after_s(e, s->restart_s, BAND_STATE, resume, s, NULL);
  arm_failure(s);
}

static void arm_failure(struct stretch *s) {
  if (isfinite(s->mtbf_s))
    s->failure = engine_after_s(s->engine, stream_exponential(s->failures, s->mtbf_s), BAND_STATE, fail, s, NULL);
}

/* Wall seconds of the phase; what a run cannot finish in a century it cannot finish. */
static double play_stretch(struct stretch *s) {
  s->engine = engine_create();
  arm_failure(s);
  resume(s->engine, s, NULL);
  engine_run_until(s->engine, 100LL * 365 * 86400 * 1000000000LL);
  double t = engine_now_s(s->engine);
  engine_destroy(s->engine);
  return s->finished ? t : (double)INFINITY;
}

/* ---- phases ---- */
struct run {
  const struct sim_train_run_spec *spec;
  struct sim_train_run *ret;
  struct stream failures;
  double model_flops, peak_flops_s; /* done; offered by the GPUs over the run */
};

static struct sim_train_job job_of(const struct run *r, const struct wl_phase *p) {
  struct sim_train_job j = r->spec->job;
  if (p->gpus > 0 && p->gpus < j.gpus)
    j.gpus = (int)p->gpus;
  j.seq_len = p->seq_len;
  j.global_batch = p->global_batch;
  j.sft = p->kind == WL_SFT || p->kind == WL_DISTILL;
  return j;
}

/* The layout that the scenario gives, where it works for this phase; else the fastest that fits (another sequence
 * length wants another layout). */
static bool step_of(struct sim_train_job *j, struct sim_step *ret) {
  const struct sim_plan *p = &j->plan;
  if (p->tp > 0 && p->pp > 0 && sim_train_step(j, ret) && ret->fits)
    return true;
  struct sim_plan open = {
      .zero = p->zero, .precision = p->precision, .recompute = p->recompute, .sequence_parallel = p->sequence_parallel};
  if (p->tp > 0 && p->pp > 0)
    j->plan = open;
  return sim_train_choose(j, ret) && ret->fits;
}

/* Time of one step of the phase and what the GPUs do meanwhile. */
static bool price_phase(struct run *r, const struct wl_phase *p, struct sim_train_phase_result *out,
                        struct hw_activity *activity) {
  struct sim_train_job j = job_of(r, p);
  if (p->kind != WL_RL && p->kind != WL_REJECTION) {
    bool ok = step_of(&j, &out->step);
    out->step_time_s = out->step.time_s;
    *activity = out->step.activity;
    return ok;
  }
  struct rl_step rl;
  j.plan = (struct sim_plan){
      .zero = r->spec->job.plan.zero, .precision = r->spec->job.plan.precision, .recompute = RECOMPUTE_AUTO};
  bool ok = rl_step_time(&j, p, &rl);
  out->step = rl.update;
  out->step_time_s = rl.rollout_s + rl.update_s + rl.sync_s;
  double share = out->step_time_s > 0 ? rl.rollout_s / out->step_time_s : 0;
  activity->busy = share * rl.rollout_activity.busy + (1 - share) * rl.update.activity.busy;
  activity->comm = share * rl.rollout_activity.comm + (1 - share) * rl.update.activity.comm;
  activity->u_mem = share * rl.rollout_activity.u_mem + (1 - share) * rl.update.activity.u_mem;
  activity->u_comp = share * rl.rollout_activity.u_comp + (1 - share) * rl.update.activity.u_comp;
  return ok;
}

static double checkpoint_s(const struct run *r, int nodes) {
  const struct sim_train_run_spec *s = r->spec;
  if (s->habits.checkpoint_s > 0)
    return s->habits.checkpoint_s;
  double local = s->job.server->local_storage_Bps * nodes;
  double rate = s->habits.storage_Bps > 0 ? s->habits.storage_Bps
                : local > 0               ? local
                                          : fact(s->job.catalog, "checkpoint", "node_rate", "B/s") * nodes;
  return checkpoint_bytes(&s->job) / rate;
}

double sim_train_gpu_power_w(const struct sim_train_job *job, const struct hw_activity *a) {
  return fmin(hw_gpu_power_w(job->catalog, job->server->gpu, a), hw_server_gpu_limit_w(job->server, job->gpu_power_w));
}

static void add_energy(struct run *r, int nodes, const struct hw_activity *a, double busy_s, double idle_s) {
  const struct hw_server *s = r->spec->job.server;
  double watts = hw_server_power_at_w(s, sim_train_gpu_power_w(&r->spec->job, a)) * nodes;
  r->ret->energy_j += watts * busy_s + hw_server_idle_w(r->spec->job.catalog, s) * nodes * idle_s;
  r->ret->peak_w = fmax(r->ret->peak_w, watts);
}

/* Evaluations of a phase: forward passes, a third of what training takes a token. */
static double evaluation_s(const struct sim_habits *h, const struct wl_phase *p, double step_time_s) {
  double batch = p->seq_len * p->global_batch;
  if (!(h->eval_every_steps > 0) || !(batch > 0))
    return 0;
  return floor(p->steps / h->eval_every_steps) * h->eval_tokens / batch * step_time_s / 3;
}

/* How often, for how long, and how late: the next checkpoint waits until the last one is written. */
static void keep(struct stretch *s, const struct sim_habits *h, double write_s) {
  s->stop_s = write_s * (1 - h->checkpoint_hidden);
  s->behind_s = write_s * h->checkpoint_hidden;
  s->interval_s = h->checkpoint_interval_s > 0 ? h->checkpoint_interval_s : sim_checkpoint_interval_s(s->stop_s, s->mtbf_s);
  s->interval_s = fmax(s->interval_s, s->behind_s);
}

static void play_phase(struct run *r, const struct wl_phase *p, struct sim_train_phase_result *out,
                       const struct hw_activity *activity) {
  const struct sim_train_run_spec *spec = r->spec;
  struct sim_train_job j = job_of(r, p);
  int nodes = nodes_of(&j);
  double rate = spec->failures_per_node_day * nodes / 86400;
  struct stretch s = {.failures = &r->failures,
                      .mtbf_s = rate > 0 ? 1 / rate : (double)INFINITY,
                      .restart_s = spec->detect_s + spec->restart_s};
  keep(&s, &spec->habits, checkpoint_s(r, nodes));
  double steps_s = p->steps * out->step_time_s, eval_s = evaluation_s(&spec->habits, p, out->step_time_s);
  s.work_s = steps_s + eval_s;
  out->name = p->name;
  out->steps = p->steps;
  out->tokens = p->tokens;
  out->time_s = play_stretch(&s);
  out->gpu_hours = out->time_s * j.gpus / 3600;
  r->ret->failures += s.failed;
  r->ret->checkpoints += s.written;
  r->ret->rework_s += s.rework_s;
  r->ret->eval_s += eval_s;
  r->ret->gpu_hours_productive += steps_s * j.gpus / 3600;
  r->model_flops += out->step.model_flops * p->steps;
  r->peak_flops_s += out->time_s * j.gpus * spec->job.server->gpu->peak_flops[out->step.plan.precision];
  double idle = s.failed * s.restart_s; /* GPUs wait while nodes are found, swapped and the state is read */
  add_energy(r, nodes, activity, fmax(out->time_s - idle, 0), fmin(idle, out->time_s));
}

static void finish(struct run *r) {
  struct sim_train_run *t = r->ret;
  for (size_t i = 0; i < t->n; i++) {
    t->time_to_train_s += t->phase[i].time_s;
    t->gpu_hours += t->phase[i].gpu_hours;
    t->tokens += t->phase[i].tokens;
  }
  t->goodput = t->gpu_hours > 0 ? t->gpu_hours_productive / t->gpu_hours : 0;
  t->mfu = r->peak_flops_s > 0 ? r->model_flops / r->peak_flops_s : 0;
  t->tokens_per_s_per_gpu = t->gpu_hours > 0 ? t->tokens / (t->gpu_hours * 3600) : 0;
  t->feasible = isfinite(t->time_to_train_s);
  if (!t->feasible)
    snprintf(t->why, sizeof t->why, "failures come faster than checkpoints: the run never ends");
}

bool sim_train_run(const struct sim_train_run_spec *spec, struct sim_train_run *ret) {
  struct run r = {.spec = spec, .ret = ret};
  *ret = (struct sim_train_run){0};
  if (!spec->job.server || !spec->job.model || !spec->phases || spec->job.gpus <= 0) {
    snprintf(ret->why, sizeof ret->why, "a server, a model, phases and GPUs are needed");
    return false;
  }
  stream_init(&r.failures, spec->seed, "training failures", 0);
  ret->n = spec->phases->n;
  ret->phase = mem_array(ret->n + 1, sizeof *ret->phase);
  for (size_t i = 0; i < ret->n; i++) {
    const struct wl_phase *p = &spec->phases->phase[i];
    struct hw_activity activity = {0};
    if (!price_phase(&r, p, &ret->phase[i], &activity)) {
      snprintf(ret->why, sizeof ret->why, "phase %.40s: %.180s", p->name, ret->phase[i].step.why);
      return true; /* not feasible is an answer */
    }
    ret->phase[i].step_time_s *= 1 + spec->habits.straggler;
    play_phase(&r, p, &ret->phase[i], &activity);
  }
  finish(&r);
  return true;
}

void sim_train_run_free(struct sim_train_run *r) {
  mem_free(r->phase);
  *r = (struct sim_train_run){0};
}
