/* Steady states. With n sequences decoding, each step of decoding ends n mtp / out answers, so as many prompts are read beside it: the round of one step and its prompts takes t,
 * and n mtp / (out t) requests a second pass. Counts fluctuate like Poisson's: what must hold for a share q of requests holds at n + z(q) sqrt(n) sequences. Prompts wait as in an
 * M/G/1 queue whose tail is exponential: P(W > x) = rho exp(-x / eta), eta = E[S^2] / (2 E[S] (1 - rho)). */
#include "sim/serve_screen.h"
#include <gsl/gsl_cdf.h>
#include <math.h>

/* Prompts of one step and what they weigh. */
struct reading {
  double prompts, tokens, pairs;
};

static struct reading read_beside(const struct serve_screen *s, double n) {
  const struct serve_lengths *l = s->len;
  double prompts = s->side == SERVE_DECODE ? 0 : n * s->mtp / l->output;
  return (struct reading){prompts, prompts * l->input * (1 - l->hit), prompts * l->input2 * (1 - l->hit) * (1 + l->hit) / 2};
}

static double join(const struct serve_cost *c, double host, double device) {
  return c->overlap ? fmax(host, device) : host + device;
}

/* An iteration that decodes n sequences (0 = none) and reads r. */
static double iteration_s(const struct serve_screen *s, double n, const struct reading *r) {
  const struct serve_cost *c = s->cost;
  double m = n * s->mtp, ctx = n * (s->len->input + s->len->output / 2);
  double device = serve_device_s(c, m + r->tokens, m + r->prompts, n, ctx, r->pairs, fmax(r->prompts, r->tokens > 0)), host = serve_host_s(c, n, r->prompts);
  return fmax(join(c, host, device), serve_floor_s(c, n));
}

/* Prompts that are read for themselves, whole, up to the budget at a time: seconds for those of r. */
static double reading_s(const struct serve_screen *s, const struct reading *r) {
  if (r->prompts <= 0)
    return 0;
  double tokens = r->tokens / r->prompts, together = fmax(1, fmin(floor(s->budget / fmax(1, tokens)), r->prompts));
  struct reading one = {together, together * tokens, r->pairs / r->prompts * together};
  return iteration_s(s, 0, &one) * r->prompts / together;
}

/* One step of n sequences with the prompts beside it. */
static double round_s(const struct serve_screen *s, double n) {
  static const struct reading none = {0};
  double whole = fmax(1, n);
  struct reading r = read_beside(s, n);
  if (s->side == SERVE_DECODE)
    return iteration_s(s, whole, &none);
  return s->chunked ? iteration_s(s, whole, &r) : iteration_s(s, whole, &none) + reading_s(s, &r);
}

/* ---- the queue for reading ---- */
/* Seconds that a prompt of so many tokens takes when the reader works for prompts alone (or beside n sequences, in what they leave of the budget). */
static double service_s(const struct serve_screen *s, double n, double tokens) {
  double read = fmax(1, tokens * (1 - s->len->hit));
  if (!s->chunked || s->side == SERVE_PREFILL) {
    struct reading r = {1, read, tokens * tokens * (1 - s->len->hit) * (1 + s->len->hit) / 2};
    double pieces = s->side == SERVE_PREFILL && s->chunked ? ceil(read / s->budget) : 1;
    struct reading piece = {1, r.tokens / pieces, r.pairs / pieces};
    return pieces * iteration_s(s, 0, &piece);
  }
  double room = fmax(1, s->budget - n * s->mtp), pieces = ceil(read / room), size = read / pieces;
  struct reading piece = {1, size, tokens * size / 2 * (1 + s->len->hit)};
  return pieces * iteration_s(s, fmax(1, n), &piece);
}

/* Share of the time that reading takes when prompts fill its iterations. */
static double reading_share(const struct serve_screen *s, double n, double rate) {
  const struct serve_lengths *l = s->len;
  double each = fmax(1, l->input * (1 - l->hit)), beside = s->chunked && s->side == SERVE_WHOLE ? fmax(1, n) : 0;
  double room = fmax(1, s->budget - beside * s->mtp), prompts = s->chunked ? room / each : fmax(1, floor(room / each));
  struct reading full = {fmax(1, prompts), prompts * each, prompts * l->input2 * (1 - l->hit) * (1 + l->hit) / 2};
  return rate / prompts * iteration_s(s, beside, &full);
}

/* At the quantile: the longer of a long prompt with a mean wait and a mean prompt with a long wait. INFINITY = reading cannot keep up. */
static double ttft_s(const struct serve_screen *s, double n, double rate, double decode_s, double q) {
  const struct serve_lengths *l = s->len;
  double mean = service_s(s, n, l->input), square = mean * mean * l->input2 / (l->input * l->input), rho = reading_share(s, n, rate);
  if (rho >= 0.98)
    return INFINITY;
  double eta = square / (2 * mean * (1 - rho)), wait = rho * eta, late = rho > 1 - q ? eta * log(rho / (1 - q)) : 0;
  double started = (s->side == SERVE_WHOLE ? decode_s / 2 : 0) + s->client_s + s->transfer_s;
  return started + fmax(service_s(s, n, l->input_q) + wait, mean + late);
}

/* Mean of a count whose quantile is `most`. */
static double mean_below(double most, double z) {
  double root = (sqrt(z * z + 4 * most) - z) / 2;
  return root * root;
}

void serve_steady_at(const struct serve_screen *s, double n, double q, struct serve_steady *ret) {
  double z = q > 0.5 ? gsl_cdf_ugaussian_Pinv(q) : 0, t = round_s(s, n), busy = fmin(s->max_seqs, n + z * sqrt(n));
  double rate = n * s->mtp / (s->len->output * t);
  *ret = (struct serve_steady){.rate_req_s = rate, .seqs = n, .tpot_s = s->side == SERVE_PREFILL ? 0 : round_s(s, busy) / s->mtp};
  ret->ttft_s = s->side == SERVE_DECODE ? 0 : ttft_s(s, n, rate, t, q);
}

/* Which bound n breaks; SERVE_BY_LOAD = none. */
static enum sim_serve_limit broken(const struct serve_screen *s, const struct serve_bounds *b, double n, struct serve_steady *ret) {
  serve_steady_at(s, n, b->quantile, ret);
  if (b->tpot_s > 0 && ret->tpot_s > b->tpot_s)
    return SERVE_BY_TPOT;
  if (isinf(ret->ttft_s))
    return SERVE_BY_COMPUTE;
  if (b->ttft_s > 0 && ret->ttft_s > b->ttft_s)
    return SERVE_BY_TTFT;
  return SERVE_BY_LOAD;
}

/* Prompts alone: no sequences, but a rate; the search is over it. */
static void prefill_most(const struct serve_screen *s, const struct serve_bounds *b, struct serve_steady *ret) {
  double one = service_s(s, 0, s->len->input), lo = 0, hi = 64 / one;
  *ret = (struct serve_steady){.limit = SERVE_BY_COMPUTE};
  for (int i = 0; i < 30; i++) {
    double rate = (lo + hi) / 2, t = ttft_s(s, 0, rate, 0, b->quantile);
    bool ok = !isinf(t) && !(b->ttft_s > 0 && t > b->ttft_s);
    if (!ok)
      ret->limit = isinf(t) ? SERVE_BY_COMPUTE : SERVE_BY_TTFT;
    *(ok ? &lo : &hi) = rate;
    if (ok)
      ret->ttft_s = t;
  }
  ret->rate_req_s = lo;
  ret->seqs = lo * one;
}

void serve_steady_most(const struct serve_screen *s, const struct serve_bounds *b, struct serve_steady *ret) {
  if (s->side == SERVE_PREFILL) {
    prefill_most(s, b, ret);
    return;
  }
  double z = b->quantile > 0.5 ? gsl_cdf_ugaussian_Pinv(b->quantile) : 0, each = s->len->input + s->len->output / 2; /* rather too little: a screen may rule out only what cannot be */
  double cache = mean_below(s->kv_tokens / each, z), seats = mean_below(s->max_seqs, z), hi = fmin(cache, seats), lo = 0;
  enum sim_serve_limit limit = broken(s, b, hi, ret);
  if (limit == SERVE_BY_LOAD) {
    ret->limit = cache < seats ? SERVE_BY_MEMORY : SERVE_BY_BATCH;
    return;
  }
  for (int i = 0; i < 30 && hi > 1.003 * lo; i++) {
    double n = lo > 0 ? (lo + hi) / 2 : hi / 4;
    enum sim_serve_limit l = broken(s, b, n, ret);
    if (l == SERVE_BY_LOAD)
      lo = n;
    else {
      hi = n;
      limit = l;
    }
    if (hi < 1e-3)
      break;
  }
  if (lo > 0)
    broken(s, b, lo, ret);
  else
    *ret = (struct serve_steady){0};
  ret->limit = limit;
}
