/* A step drawn: the played schedule's tasks, each split over the streams that its price names. */
#include <math.h>
#include "base/mem.h"
#include "sim/train_priv.h"

const char *const sim_stream_name[STREAMS] = {"compute",
                                              "tensor communication",
                                              "expert communication",
                                              "context communication",
                                              "send to next stage",
                                              "send to previous stage",
                                              "data-parallel communication",
                                              "optimizer",
                                              "host"};

struct timeline {
  void (*span)(void *ctx, const struct sim_step_span *s);
  void *ctx;
  size_t left;
  const struct train_env *env;
  const struct train_stages *stages;
  double *busy_until; /* [stages x STREAMS] */
};

/* A span begins when its stream is free: transfers that the schedule lets overlap are drawn one behind the other. */
static void draw(struct timeline *t, struct sim_step_span s) {
  double *busy = &t->busy_until[s.stage * STREAMS + (int)s.stream];
  s.start_s = fmax(s.start_s, *busy);
  if (t->left == 0 || !(s.end_s > s.start_s))
    return;
  *busy = s.end_s;
  t->left--;
  t->span(t->ctx, &s);
}

/* ---- tasks ---- */
static enum sim_stream stream_of(int part) {
  switch (part) {
  case STEP_TP:
    return STREAM_TENSOR;
  case STEP_EP:
    return STREAM_EXPERT;
  case STEP_CP:
    return STREAM_CONTEXT;
  case STEP_DP:
    return STREAM_DATA;
  case STEP_HOST:
    return STREAM_HOST;
  default:
    return STREAM_COMPUTE;
  }
}

static const struct train_chunk *chunk_of(const struct timeline *t, int stage, int chunk) {
  const struct train_stages *s = t->stages;
  bool mirrored = t->env->plan.schedule == SCHEDULE_DUALPIPE && chunk == 1;
  return mirrored ? &s->chunk[s->pp - 1 - stage] : &s->chunk[chunk * s->pp + stage];
}

static void add_pass(double need[STREAMS], const struct train_env *e, const struct train_cost *c) {
  for (int p = 0; p < STEP_PARTS; p++)
    need[stream_of(p)] += c->part[p];
  need[STREAM_HOST] += e->stack->micro_batch_s / e->plan.vpp / 2;
}

/* Host, compute, then communication, one behind the other; compute gives way where part of it was put off. */
static void draw_in_turn(struct timeline *t, const struct play_span *p, const char *name, const double need[STREAMS]) {
  static const enum sim_stream order[] = {STREAM_HOST,    STREAM_COMPUTE, STREAM_TENSOR,
                                          STREAM_CONTEXT, STREAM_EXPERT,  STREAM_DATA};
  double at = sim_time_as_s(p->start), end = sim_time_as_s(p->end), others = 0;
  for (size_t i = 0; i < sizeof order / sizeof *order; i++)
    others += order[i] == STREAM_COMPUTE ? 0 : need[order[i]];
  for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
    double s = need[order[i]];
    if (order[i] == STREAM_COMPUTE)
      s = fmin(s, fmax(end - at - (others - need[STREAM_HOST]), 0));
    double to = fmin(at + s, end);
    draw(t, (struct sim_step_span){p->stage, order[i], p->chunk, p->micro_batch, name, at, to});
    at = to;
  }
}

/* Two micro-batches at once: what each can hide runs under the other's compute. */
static void draw_pair(struct timeline *t, const struct play_span *p) {
  const struct train_cost *b = &chunk_of(t, p->stage, p->chunk)->backward,
                          *f = &chunk_of(t, p->stage, 1 - p->chunk)->forward;
  double need[STREAMS] = {0}, hidden = f->hideable_s + b->hideable_s, start = sim_time_as_s(p->start);
  add_pass(need, t->env, f);
  add_pass(need, t->env, b);
  draw(t, (struct sim_step_span){p->stage, STREAM_EXPERT, p->chunk, p->micro_batch, "pair", start,
                                 fmin(start + hidden, sim_time_as_s(p->end))});
  need[STREAM_EXPERT] = fmax(need[STREAM_EXPERT] - hidden, 0);
  draw_in_turn(t, p, "pair", need);
}

static void draw_task(void *ctx, const struct play_span *p) {
  struct timeline *t = ctx;
  double need[STREAMS] = {0};
  switch (p->task) {
  case PLAY_PAIR:
    draw_pair(t, p);
    return;
  case PLAY_TRANSFER:
    draw(t, (struct sim_step_span){p->stage, p->to > p->stage ? STREAM_SEND_NEXT : STREAM_SEND_PREVIOUS, p->chunk,
                                   p->micro_batch, "send", sim_time_as_s(p->start), sim_time_as_s(p->end)});
    return;
  case PLAY_WEIGHT_GRAD:
    draw(t, (struct sim_step_span){p->stage, STREAM_COMPUTE, p->chunk, p->micro_batch, "weight-grad",
                                   sim_time_as_s(p->start), sim_time_as_s(p->end)});
    return;
  default:
    break;
  }
  bool forward = p->task == PLAY_FORWARD;
  const struct train_chunk *c = chunk_of(t, p->stage, p->chunk);
  add_pass(need, t->env, forward ? &c->forward : &c->backward);
  draw_in_turn(t, p, forward ? "forward" : "backward", need);
}

/* ---- the end of the step ---- */
static size_t kept_for_end(int stages) {
  return 4 * (size_t)stages;
}

static void draw_end(struct timeline *t, const struct play_result *played, double end, double optimizer) {
  const struct train_env *e = t->env;
  t->left += kept_for_end(t->stages->pp);
  for (int i = 0; i < t->stages->pp; i++) {
    struct train_tail tail;
    train_tail_of(e, t->stages, played, i, &tail);
    double done = played->end_s[i], own = train_optimizer_s(e, t->stages, i), update = end - tail.gather_exposed_s;
    double hidden = fmin(tail.window_s, fmax(tail.reduce_s - tail.reduce_exposed_s, 0));
    draw(t, (struct sim_step_span){i, STREAM_DATA, -1, -1, "reduce gradients", done - hidden,
                                   done + tail.reduce_exposed_s});
    draw(t, (struct sim_step_span){i, STREAM_OPTIMIZER, -1, -1, "optimizer", update, update + own});
    draw(t, (struct sim_step_span){i, STREAM_DATA, -1, -1, "gather weights", update + own,
                                   update + own + tail.gather_exposed_s});
    draw(t, (struct sim_step_span){i, STREAM_HOST, -1, -1, "end of the step", end + optimizer,
                                   end + optimizer + e->stack->step_s});
  }
}

static void play(struct timeline *t, struct play_spec *spec, bool *ret_ok) {
  struct play_result played;
  double optimizer = 0;
  *ret_ok = play_pipeline(spec, &played);
  if (!*ret_ok)
    return;
  for (int i = 0; i < t->stages->pp; i++)
    optimizer = fmax(optimizer, train_optimizer_s(t->env, t->stages, i));
  draw_end(t, &played, train_synchronised_s(t->env, t->stages, &played), optimizer);
  play_result_free(&played);
}

bool sim_train_timeline(const struct sim_train_job *job, size_t limit,
                        void (*span)(void *ctx, const struct sim_step_span *s), void *ctx) {
  struct train_env e;
  struct sim_step step = {0};
  struct train_stages s;
  if (!train_env_init(&e, job, step.why, sizeof step.why))
    return false;
  train_settle_recompute(&e, &s, &step);
  struct play_cost *cost = mem_array((size_t)(s.pp * s.vpp) * 2, sizeof *cost);
  struct play_spec spec;
  size_t end = kept_for_end(s.pp);
  struct timeline t = {span, ctx, limit > end ? limit - end : 0,
                       &e,   &s,  mem_array((size_t)(s.pp * STREAMS), sizeof(double))};
  bool ok;
  train_play_spec(&e, &s, cost, &spec);
  spec.span = draw_task;
  spec.ctx = &t;
  play(&t, &spec, &ok);
  mem_free(t.busy_until);
  mem_free(cost);
  train_stages_free(&s);
  return ok;
}
