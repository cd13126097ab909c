/* The fastest layout that fits, among those a practitioner would try: powers of two up to the scale-up domain, the model's heads and layers. */
#include <math.h>
#include <stdio.h>
#include "sim/train_priv.h"

struct choices {
  int value[8], n;
};

/* What is given, or the powers of two in [1, most] that divide `of` (0 = any). */
static struct choices choices_of(int given, int most, int of) {
  struct choices c = {{given}, 1};
  if (given > 0)
    return c;
  c.n = 0;
  for (int v = 1; v <= most && c.n < 8; v *= 2)
    if (of == 0 || of % v == 0)
      c.value[c.n++] = v;
  return c;
}

struct search {
  const struct sim_train_job *job;
  struct sim_step best;
  bool any;
};

static void consider(struct search *s, const struct sim_plan *p) {
  struct sim_train_job j = *s->job;
  struct sim_step step;
  j.plan = *p;
  if (!sim_train_step(&j, &step)) {
    if (!s->any)
      s->best = step; /* keeps a reason */
    return;
  }
  bool better = !s->any || (step.fits && !s->best.fits) ||
                (step.fits == s->best.fits && (step.fits ? step.time_s < s->best.time_s : step.mem_bytes < s->best.mem_bytes));
  if (better)
    s->best = step;
  s->any = true;
}

static void try_batches(struct search *s, struct sim_plan p) {
  int ranks = p.tp * p.pp * p.cp, dp = s->job->gpus / ranks;
  double per_pipeline = dp > 0 ? s->job->global_batch / dp : 0;
  struct choices mb = choices_of(s->job->plan.micro_batch, 8, 0);
  for (int i = 0; i < mb.n; i++) {
    p.micro_batch = mb.value[i];
    if (s->job->plan.micro_batch > 0 || p.micro_batch == 1 || fmod(per_pipeline, p.micro_batch) < 1e-9)
      consider(s, &p);
  }
}

static void try_experts(struct search *s, struct sim_plan p) {
  const struct wl_model *m = s->job->model;
  int room = s->job->gpus / (p.pp > 0 ? p.pp : 1);
  struct choices ep = choices_of(m->experts > 0 ? s->job->plan.ep : 1, m->experts < 64 ? m->experts : 64, m->experts);
  for (int i = 0; i < ep.n; i++) {
    p.ep = ep.value[i];
    if (room % p.ep == 0)
      try_batches(s, p);
  }
}

bool sim_train_choose(const struct sim_train_job *job, struct sim_step *ret) {
  struct search s = {.job = job};
  *ret = (struct sim_step){0};
  if (!job->model || !job->server || job->gpus <= 0)
    return sim_train_step(job, ret); /* says what is wrong */
  const struct wl_model *m = job->model;
  int domain = job->server->scaleup_domain > 0 ? job->server->scaleup_domain : job->server->gpus;
  struct choices tp = choices_of(job->plan.tp, domain < 8 ? domain : 8, m->heads), pp = choices_of(job->plan.pp, m->layers < 64 ? m->layers : 64, 0);
  struct choices cp = choices_of(job->plan.cp, job->seq_len >= 32768 ? 8 : 1, 0);
  for (int i = 0; i < tp.n; i++)
    for (int k = 0; k < pp.n; k++)
      for (int l = 0; l < cp.n; l++) {
        struct sim_plan p = job->plan;
        p.tp = tp.value[i];
        p.pp = pp.value[k];
        p.cp = cp.value[l];
        if (job->gpus % (p.tp * p.pp * p.cp) == 0)
          try_experts(&s, p);
      }
  *ret = s.best;
  if (!s.any && !*ret->why)
    snprintf(ret->why, sizeof ret->why, "no layout divides %d GPUs", job->gpus);
  return s.any;
}
