/* As long as its turn is not predicted to come too late: the tokens that will be read before it, times the seconds a token that the queue has lately taken to drain. Sums
 * of both fade by an eighth with every round that lets somebody in; before the first of them, the time a full iteration of prompts takes stands for them. */
#include <math.h>
#include "sim/serve_policies.h"

enum { FADE = 8 };

void serve_drain_start(struct serve *s, sim_time t) {
  s->drain_from = t;
}

void serve_drain_note(struct serve *s) {
  if (s->drained > 0 && s->drain_from >= 0) {
    s->drain_s += sim_time_as_s(s->now - s->drain_from) - s->drain_s / FADE;
    s->drain_tokens += (double)s->drained - s->drain_tokens / FADE;
    s->drain_from = s->now;
  }
  if (s->waiting == 0)
    s->drain_from = -1;
  s->drained = 0;
}

static double token_s(const struct serve *s) {
  const struct serve_cost *c = s->cfg.cost;
  if (s->drain_tokens > 0)
    return s->drain_s / s->drain_tokens;
  double m = fmax(1, fmin(s->cfg.budget_tokens, c->max_m));
  return (serve_device_s(c, m, 1, 0, 0, 0, 1) + serve_host_s(c, 0, 1)) / m;
}

double serve_predicted_wait_s(const struct serve *s, const struct sim_request *r) {
  return (double)s->cfg.queueing->ahead(s, r) * token_s(s);
}

static bool admits(const struct serve *s, const struct sim_request *r) {
  return serve_predicted_wait_s(s, r) <= s->cfg.max_wait_s;
}

const struct serve_admission serve_admission_wait = {"wait", "turned away when the predicted time in the queue is above max_wait", admits};
