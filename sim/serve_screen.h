/* The closed form behind the planner: what a layout carries in steady state, from its table of iteration costs. docs/models-serving.md has the formulas. */
#ifndef SIM_SERVE_SCREEN_H
#define SIM_SERVE_SCREEN_H
#include "sim/serve_plan.h"
#include "sim/serve_setup.h"

struct serve_lengths { /* of requests */
  double input, input2;   /* mean, mean square */
  double input_q;         /* at the quantile of the limits */
  double output, hit;
  double held;            /* tokens that a decoding sequence keeps when the replica is full: long answers stay longer, so prompt + E[out^2] / (2 E[out]) */
};
struct serve_bounds {
  double ttft_s, tpot_s;  /* 0 = none */
  double quantile;
};
struct serve_screen { /* a layout under one token budget and batch limit */
  const struct serve_cost *cost;
  const struct serve_lengths *len;
  enum serve_side side;
  bool chunked;
  double budget, max_seqs, kv_tokens, mtp, client_s;
  double transfer_s;      /* added to the time to first token */
};
struct serve_steady {
  double rate_req_s;      /* 0 = the limits cannot be kept at all */
  double seqs;            /* decoding on average */
  double tpot_s, ttft_s;  /* at the quantile */
  enum sim_serve_limit limit;
};
/* With n sequences decoding on average. */
void serve_steady_at(const struct serve_screen *s, double n, double quantile, struct serve_steady *ret);
/* The most that keeps the bounds. */
void serve_steady_most(const struct serve_screen *s, const struct serve_bounds *b, struct serve_steady *ret);
#endif
