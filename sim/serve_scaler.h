/* How many replicas a pool should have. A policy is a const struct; decisions fall once a period, growth is ordered at once, replicas go only after a whole cool-down in which fewer
 * were wanted (the stabilisation window of Kubernetes' horizontal autoscaler). */
#ifndef SIM_SERVE_SCALER_H
#define SIM_SERVE_SCALER_H
#include <stdbool.h>
#include <stdint.h>

struct sim_scaler;
struct sim_scaling {
  const struct sim_scaler *policy; /* NULL = the replicas at the start, all the time */
  double target;      /* the policy's: requests a replica, or utilization 0..1 */
  double tolerance;   /* of utilization: so far off the target nothing is done */
  int min, max;       /* replicas */
  double period_s, cooldown_s;
  double start_s;     /* from the order to the first request; < 0 = of the model and the engine */
};
struct scaler_view {
  int replicas;       /* open or starting */
  int64_t requests;   /* in the pool or waiting for one of its replicas */
  double utilization; /* of the last period: mean requests in the pool / what its open replicas may run at once */
};
struct sim_scaler {
  const char *name, *doc;
  int (*want)(const struct scaler_view *v, const struct sim_scaling *p);
  bool to_zero;       /* may take the last one, and starts one when a request comes */
};
extern const struct sim_scaler *const serve_scalers[]; /* NULL-ended */
const struct sim_scaler *serve_scaler_find(const char *name);
int serve_scaler_want(const struct scaler_view *v, const struct sim_scaling *p); /* within min and max */
#endif
