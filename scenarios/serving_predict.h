/* Plays a serving case and answers its metrics. */
#ifndef SCENARIOS_SERVING_PREDICT_H
#define SCENARIOS_SERVING_PREDICT_H
#include "scenarios/serving_case.h"

struct serving_outcome {
  struct sim_serve_result r;   /* one replica */
  double itl_s[5];
  double tok_per_s, req_per_s; /* all replicas */
  double input_tok_per_s;
  double prefill_s;            /* static batch: until the first token */
  double power_w;              /* all servers */
  double gpu_power_w, gpu_j_per_output_tok; /* one GPU; all GPUs alone, over the answer tokens */
  double rate_at_limit;        /* LOAD_LIMIT: all replicas, req/s */
};
bool serving_play(const struct serving_case *c, struct serving_outcome *ret, char *why, size_t why_size);
/* The outcome in the unit of a metric name; NaN when the metric is not known. */
double serving_metric(const struct serving_case *c, const struct serving_outcome *o, const char *metric);
#endif
