#include "sim/serve_scaler.h"
#include <math.h>
#include <string.h>

/* So many requests a replica (KEDA on the engine's queue length, as the vLLM production stack sets it up). */
static int want_queue(const struct scaler_view *v, const struct sim_scaling *p) {
  return (int)ceil(fmin(1e6, (double)v->requests / p->target));
}
static const struct sim_scaler by_queue = {"queue", "so many requests in the system for each replica", want_queue, false};
static const struct sim_scaler to_zero = {"scale_to_zero", "as queue; the last replica goes too, and the next request starts one", want_queue, true};

/* Kubernetes' rule: replicas x (what is / what should be), left alone within the tolerance. */
static int want_utilization(const struct scaler_view *v, const struct sim_scaling *p) {
  double ratio = v->utilization / p->target;
  if (v->replicas == 0)
    return v->requests > 0;
  return fabs(ratio - 1) <= p->tolerance ? v->replicas : (int)ceil(fmin(1e6, v->replicas * ratio));
}
static const struct sim_scaler by_utilization = {"utilization", "share of the sequences that replicas may run", want_utilization, false};

const struct sim_scaler *const serve_scalers[] = {&by_queue, &by_utilization, &to_zero, NULL};

const struct sim_scaler *serve_scaler_find(const char *name) {
  for (int i = 0; serve_scalers[i]; i++)
    if (!strcmp(serve_scalers[i]->name, name))
      return serve_scalers[i];
  return NULL;
}

int serve_scaler_want(const struct scaler_view *v, const struct sim_scaling *p) {
  int least = p->policy->to_zero ? 0 : p->min > 1 ? p->min : 1, want = p->policy->want(v, p);
  if (want < least)
    want = least;
  return want > p->max ? p->max : want;
}
