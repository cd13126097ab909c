/* What an instance did: every interval is closed with what ran in it; totals between two moments. */
#include <math.h>
#include "sim/serve_core.h"

static int class_of(double nd, bool prompts) {
  int e = nd >= 1 ? 31 - __builtin_clz((unsigned)nd) : 0;
  return (e < SERVE_CLASSES / 2 ? e : SERVE_CLASSES / 2 - 1) + (prompts ? SERVE_CLASSES / 2 : 0);
}

void serve_meter(struct serve *s, double span_s, double busy_s, double m, double nd, double ctx, double pairs, double iterations) {
  const struct serve_cost *c = s->cfg.cost;
  struct serve_work *w = &s->tot.work[class_of(nd, pairs > 0)];
  w->span_s += span_s;
  w->busy_s += busy_s;
  w->comm_s += c->comm_s ? fmin(busy_s, iterations * serve_table(c->comm_s, c->max_m, m)) : 0;
  w->bytes += iterations * serve_table(c->lin_bytes, c->max_m, m) + ctx * c->ctx_bytes;
  w->flop += iterations * (m * c->lin_flop_per_token + nd * c->log_flop_per_seq) + ctx * c->ctx_flop + pairs * c->pair_flop;
  s->tot.batch_integral += span_s * (double)s->running;
  s->tot.kv_integral += span_s * (double)s->kv_fx / SERVE_TOKEN_FX;
  s->tot.iterations += (uint64_t)iterations;
}

void serve_gaps(struct serve *s, double seconds, double seqs, double iterations) {
  if (s->cfg.itl && seqs > 0)
    sketch_add_n(s->cfg.itl, seconds, (uint64_t)(seqs * iterations));
}

void serve_mark(struct serve *s) {
  s->tot.end = s->now;
  while (s->marks < 2 && s->now >= (s->marks ? s->cfg.window_to : s->cfg.window_from))
    s->mark[s->marks++] = s->tot;
}

const struct serve_totals *serve_totals_of(const struct serve *s) {
  return &s->tot;
}

void serve_window_of(const struct serve *s, struct serve_totals *ret) {
  const struct serve_totals *a = s->marks > 0 ? &s->mark[0] : &s->tot, *b = s->marks > 1 ? &s->mark[1] : &s->tot;
  *ret = *b;
  ret->start = a->end;
  ret->arrived -= a->arrived;
  ret->finished -= a->finished;
  ret->rejected -= a->rejected;
  ret->timed_out -= a->timed_out;
  ret->preemptions -= a->preemptions;
  ret->swapped -= a->swapped;
  ret->iterations -= a->iterations;
  ret->input_tokens -= a->input_tokens;
  ret->output_tokens -= a->output_tokens;
  ret->hit_tokens -= a->hit_tokens;
  ret->blocks_dropped -= a->blocks_dropped;
  ret->batch_integral -= a->batch_integral;
  ret->kv_integral -= a->kv_integral;
  for (int i = 0; i < SERVE_CLASSES; i++) {
    ret->work[i].busy_s -= a->work[i].busy_s;
    ret->work[i].comm_s -= a->work[i].comm_s;
    ret->work[i].span_s -= a->work[i].span_s;
    ret->work[i].bytes -= a->work[i].bytes;
    ret->work[i].flop -= a->work[i].flop;
  }
}
