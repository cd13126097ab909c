#include "sim/serve_stats.h"

#include <math.h>

void serve_stats_init(struct serve_stats *st, double ttft_limit_s, double tpot_limit_s, uint64_t warm) {
  *st = (struct serve_stats){.ttft = sketch_create(), .tpot = sketch_create(), .e2e = sketch_create(), .ttft_limit_s = ttft_limit_s,
                             .tpot_limit_s = tpot_limit_s, .warm = warm, .first_end = -1};
}

void serve_stats_free(struct serve_stats *st) {
  sketch_destroy(st->ttft);
  sketch_destroy(st->tpot);
  sketch_destroy(st->e2e);
}

static void hand_out(const struct serve_stats *st, const struct serve_finish *f) {
  struct rec_request r = {.option = "", .arrival_s = sim_time_as_s(f->arrival), .ttft_s = sim_time_as_s(f->first - f->arrival),
                          .end_s = sim_time_as_s(f->end), .input_tokens = f->input, .output_tokens = f->output};
  st->requests->request(st->requests->ctx, &r);
}

static struct serve_class *class_of(struct serve_stats *st, const struct serve_finish *f) {
  for (int i = 0; i < st->classes; i++)
    if (st->of[i].priority == f->priority && st->of[i].tenant == f->tenant)
      return &st->of[i];
  if (st->classes == SIM_SERVE_CLASSES) {
    st->of[st->classes - 1].priority = st->of[st->classes - 1].tenant = SIM_SERVE_OTHERS;
    return &st->of[st->classes - 1];
  }
  st->of[st->classes] = (struct serve_class){.priority = f->priority, .tenant = f->tenant};
  return &st->of[st->classes++];
}

void serve_stats_lost(void *ctx, const struct serve_finish *f) {
  struct serve_stats *st = ctx;
  if (f->index < st->warm)
    return;
  st->lost++;
  class_of(st, f)->lost++;
}

void serve_stats_finish(void *ctx, const struct serve_finish *f) {
  struct serve_stats *st = ctx;
  if (st->first_end < 0)
    st->first_end = f->end;
  st->last_end = f->end;
  if (st->requests && st->requests->request)
    hand_out(st, f);
  if (f->index < st->warm)
    return;
  double ttft = sim_time_as_s(f->first - f->arrival), e2e = sim_time_as_s(f->end - f->arrival);
  double tpot = f->output > 1 ? sim_time_as_s(f->end - f->first) / (f->output - 1) : 0;
  if (st->counted == 0 || f->arrival < st->counted_from)
    st->counted_from = f->arrival;
  if (f->arrival > st->counted_to)
    st->counted_to = f->arrival;
  sketch_add(st->ttft, ttft);
  sketch_add(st->e2e, e2e);
  if (f->output > 1)
    sketch_add(st->tpot, tpot);
  bool within = (st->ttft_limit_s <= 0 || ttft <= st->ttft_limit_s) && (st->tpot_limit_s <= 0 || tpot <= st->tpot_limit_s);
  struct serve_class *c = class_of(st, f);
  st->counted++;
  st->within += within;
  st->within_tokens += within ? f->output : 0;
  c->finished++;
  c->within += within;
  c->within_tokens += within ? f->output : 0;
  st->in_tokens += f->input;
  st->out_tokens += f->output;
}

static void five(const struct sketch *s, double *ret) {
  static const double q[] = {0, 0.5, 0.9, 0.95, 0.99};
  ret[SERVE_MEAN] = sketch_count(s) ? sketch_mean(s) : (double)NAN;
  for (int i = 1; i < 5; i++)
    ret[i] = sketch_quantile(s, q[i]);
}

static double share(uint64_t part, uint64_t all) {
  return all ? (double)part / (double)all : (double)NAN;
}

void serve_stats_result(const struct serve_stats *st, const struct serve_totals *t, struct sim_serve_result *r) {
  double span = sim_time_as_s(t->end - t->start), all = fmax(span, 1e-9);
  *r = (struct sim_serve_result){.arrived = t->arrived, .finished = t->finished, .rejected = t->rejected, .timed_out = t->timed_out, .preemptions = t->preemptions,
                                 .swapped = t->swapped,
                                 .iterations = t->iterations, .span_s = span, .req_per_s = (double)t->finished / all,
                                 .input_tok_per_s = t->input_tokens / all, .output_tok_per_s = t->output_tokens / all,
                                 .batch_mean = t->batch_integral / all, .hit_share = t->hit_tokens / fmax(t->input_tokens, 1),
                                 .blocks_dropped = t->blocks_dropped};
  five(st->ttft, r->ttft_s);
  five(st->tpot, r->tpot_s);
  five(st->e2e, r->e2e_s);
  r->slo_attainment = share(st->within, st->counted + st->lost);
  r->goodput_req_per_s = (double)st->within / all;
  r->goodput_tok_per_s = st->within_tokens / all;
  r->classes = st->classes;
  for (int i = 0; i < st->classes; i++) {
    const struct serve_class *c = &st->of[i];
    r->of_class[i] = (struct sim_serve_class){c->priority, c->tenant, c->finished, c->lost, share(c->within, c->finished + c->lost), (double)c->within / all,
                                              c->within_tokens / all};
  }
}
