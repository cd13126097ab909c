#include "sim/train_play.h"
#include <math.h>
#include "base/mem.h"
#include "sim/kernel/engine.h"

/* One stage. `order` is its fixed list of tasks; zero-bubble picks from what is ready instead. */
struct task {
  int chunk, mb;
  enum play_task kind;
  bool split;              /* a backward pass whose weight gradient waits for a later task */
  int pair_chunk, pair_mb; /* PLAY_PAIR: the forward pass beside the backward pass of chunk and mb */
};
struct stage {
  struct player *p;
  int index;
  struct task *order;
  int n, next;
  bool busy;
  double busy_s;
  sim_time end;
  int in_flight;           /* forwards without their backward */
  int forwards, backwards; /* zero-bubble: started */
  enum play_task last;     /* zero-bubble: which of the two came last */
  int deferred;            /* weight gradients that wait for a gap */
  double deferred_s;
  struct task running;
};
struct player {
  const struct play_spec *spec;
  struct engine *engine;
  struct stage *stage;
  unsigned char *ready; /* [kind 0..1][chunk][mb][stage]: the input has arrived */
  sim_time *last_start; /* [chunk * stages] */
  int left;             /* forward and backward tasks not finished */
  bool dynamic;
};
static size_t slot(const struct player *p, enum play_task kind, int stage, int chunk, int mb) {
  const struct play_spec *s = p->spec;
  return (((size_t)kind * s->chunks + chunk) * s->micro_batches + mb) * s->stages + stage;
}

static const struct play_cost *cost_of(const struct player *p, int stage, int chunk) {
  return &p->spec->cost[chunk * p->spec->stages + stage];
}

/* ---- who feeds whom ---- */
/* DualPipe sends half of the micro-batches through the ranks backwards: chunk 1 of rank s is stage p-1-s. */
static bool reversed(const struct player *p, int chunk) {
  return p->spec->schedule == SCHEDULE_DUALPIPE && chunk == 1;
}

/* Micro-batches that enter through a chunk: all through chunk 0, or half through each end. */
static bool enters(const struct player *p, int chunk, int mb) {
  return p->spec->schedule != SCHEDULE_DUALPIPE || mb % 2 == chunk;
}

/* The next place of a task's output; false at the end of the model. */
static bool successor(const struct player *p, const struct task *t, int stage, int *ret_stage, struct task *ret) {
  const struct play_spec *s = p->spec;
  int step = t->kind == PLAY_FORWARD ? 1 : -1, direction = reversed(p, t->chunk) ? -step : step;
  int to = stage + direction, chunk = t->chunk;
  if (to < 0 || to >= s->stages) {
    if (p->spec->schedule == SCHEDULE_DUALPIPE)
      return false;
    chunk += step;
    to = (to + s->stages) % s->stages;
    if (chunk < 0 || chunk >= s->chunks)
      return false;
  }
  *ret_stage = to;
  *ret = (struct task){.chunk = chunk, .mb = t->mb, .kind = t->kind};
  return true;
}

/* ---- fixed orders ---- */
/* k-th forward (or backward) of a stage: micro-batches go through the chunks in groups of as many as there are stages.
 */
static struct task kth(const struct play_spec *s, int k, enum play_task kind) {
  int group = s->stages, per_group = group * s->chunks;
  int whole = k / per_group, first = whole * group;
  int size = s->micro_batches - first < group ? s->micro_batches - first : group; /* the last group may be short */
  int in = k - whole * per_group, chunk = in / size;
  if (kind == PLAY_BACKWARD)
    chunk = s->chunks - 1 - chunk;
  return (struct task){.chunk = chunk, .mb = first + in % size, .kind = kind};
}

/* Forwards that a stage runs before its first backward (Narayanan et al. 2021). */
static int warm_up(const struct play_spec *s, int stage) {
  int all = s->micro_batches * s->chunks;
  int n = s->chunks == 1 ? s->stages - 1 - stage : 2 * (s->stages - 1 - stage) + (s->chunks - 1) * s->stages;
  return n < all ? n : all;
}

static void fixed_order(struct stage *st, const struct play_spec *s, bool all_forward_first) {
  int all = s->micro_batches * s->chunks, warm = all_forward_first ? all : warm_up(s, st->index), f = 0, b = 0;
  st->order = mem_array((size_t)(2 * all), sizeof *st->order);
  while (f < warm)
    st->order[st->n++] = kth(s, f++, PLAY_FORWARD);
  while (f < all) {
    st->order[st->n++] = kth(s, f++, PLAY_FORWARD);
    st->order[st->n++] = kth(s, b++, PLAY_BACKWARD);
  }
  while (b < all)
    st->order[st->n++] = kth(s, b++, PLAY_BACKWARD);
}

/* DualPipe's own order (DeepSeek-V3 report, section 3.2.1): micro-batches enter at both ends; `near` is the direction
 * that enters on this stage's side. Warm up, then pairs of one forward and one backward from opposite directions, then
 * drain with split backward passes. */
struct dual {
  struct stage *st;
  int forwards[2], backwards[2]; /* how many were put in order, per direction */
};

static void put(struct dual *d, enum play_task kind, int chunk, bool split) {
  int *count = kind == PLAY_FORWARD ? d->forwards : d->backwards;
  d->st->order[d->st->n++] =
      (struct task){.chunk = chunk, .mb = 2 * count[chunk]++ + chunk, .kind = kind, .split = split};
}

static void put_pair(struct dual *d, int forward, int backward) {
  d->st->order[d->st->n++] = (struct task){.chunk = backward,
                                           .mb = 2 * d->backwards[backward]++ + backward,
                                           .kind = PLAY_PAIR,
                                           .pair_chunk = forward,
                                           .pair_mb = 2 * d->forwards[forward]++ + forward};
}

static void put_weight_grad(struct dual *d) {
  d->st->order[d->st->n++] = (struct task){.kind = PLAY_WEIGHT_GRAD};
}

static void dual_order(struct stage *st, const struct play_spec *s) {
  int p = s->stages, half = p / 2, side = st->index < half ? st->index : p - 1 - st->index, near = st->index >= half,
      far = !near;
  int m = s->micro_batches / 2, outer = half - side - 1;
  struct dual d = {.st = st};
  st->order = mem_array((size_t)(8 * s->micro_batches), sizeof *st->order);
  for (int i = 0; i < 2 * outer; i++)
    put(&d, PLAY_FORWARD, near, false);
  for (int i = 0; i <= side; i++) {
    put(&d, PLAY_FORWARD, near, false);
    put(&d, PLAY_FORWARD, far, false);
  }
  for (int i = 0; i < outer; i++) {
    put(&d, PLAY_BACKWARD, far, true);
    put_weight_grad(&d);
    put(&d, PLAY_FORWARD, far, false);
  }
  for (int i = 0; i < m - p + side + 1; i++) {
    put_pair(&d, near, far);
    put_pair(&d, far, near);
  }
  for (int i = 0; i < outer; i++) {
    put(&d, PLAY_BACKWARD, far, false);
    put_pair(&d, far, near);
  }
  for (int i = 0; i <= side; i++) {
    put(&d, PLAY_BACKWARD, far, i > side / 2);
    put(&d, PLAY_BACKWARD, near, i >= side / 2);
  }
  for (int i = 0; i < outer; i++) {
    put_weight_grad(&d);
    put(&d, PLAY_BACKWARD, near, true);
  }
}

/* ---- running ---- */
static void try_start(struct stage *st);

/* object: the place in `ready` that the arrival fills */
static void arrive(struct engine *e, void *subject, void *object) {
  (void)e;
  *(unsigned char *)object = 1;
  try_start(subject);
}

static void tell_transfer(const struct stage *st, const struct task *t, int to) {
  const struct play_spec *s = st->p->spec;
  sim_time length = 0, now = engine_now(st->p->engine);
  if (!s->span || !sim_time_from_s(s->send_s, &length))
    return;
  s->span(s->ctx, &(struct play_span){st->index, t->chunk, t->mb, PLAY_TRANSFER, to, now, now + length});
}

static void deliver(struct stage *st, const struct task *t) {
  struct player *p = st->p;
  struct task next = {
      .chunk = t->chunk, .mb = t->mb, .kind = PLAY_BACKWARD}; /* after the loss the backward pass is ready at once */
  int to = st->index;
  if (!successor(p, t, st->index, &to, &next) && t->kind == PLAY_BACKWARD)
    return;
  unsigned char *place = &p->ready[slot(p, next.kind, to, next.chunk, next.mb)];
  if (to == st->index)
    *place = 1; /* the caller looks for work next */
  else {
    engine_after_s(p->engine, p->spec->send_s, BAND_ARRIVAL, arrive, &p->stage[to], place);
    tell_transfer(st, t, to);
  }
}

static void settle(struct stage *st, const struct task *t) {
  st->in_flight += t->kind == PLAY_FORWARD ? 1 : -1;
  st->p->left--;
  deliver(st, t);
}

static struct task forward_of(const struct task *pair) {
  return (struct task){.chunk = pair->pair_chunk, .mb = pair->pair_mb, .kind = PLAY_FORWARD};
}

static struct task backward_of(const struct task *pair) {
  return (struct task){.chunk = pair->chunk, .mb = pair->mb, .kind = PLAY_BACKWARD};
}

static void finish(struct engine *e, void *subject, void *object) {
  struct stage *st = subject;
  (void)object;
  st->busy = false;
  st->end = engine_now(e);
  if (st->running.kind <= PLAY_BACKWARD)
    settle(st, &st->running);
  if (st->running.kind == PLAY_PAIR) {
    struct task f = forward_of(&st->running), b = backward_of(&st->running);
    settle(st, &f);
    settle(st, &b);
  }
  try_start(st);
}

static void start(struct stage *st, struct task t, double seconds) {
  struct player *p = st->p;
  st->busy = true;
  st->running = t;
  st->busy_s += seconds;
  if (t.kind == PLAY_BACKWARD || t.kind == PLAY_PAIR)
    p->last_start[t.chunk * p->spec->stages + st->index] = engine_now(p->engine);
  engine_after_s(p->engine, seconds, BAND_STATE, finish, st, NULL);
  if (p->spec->span) {
    sim_time length = 0, now = engine_now(p->engine);
    sim_time_from_s(seconds, &length);
    p->spec->span(p->spec->ctx, &(struct play_span){st->index, t.chunk, t.mb, t.kind, st->index, now, now + length});
  }
}

/* What a transfer takes from the computing stream of either end. */
static double blocked_s(const struct player *p, const struct stage *st, const struct task *t) {
  struct task next;
  int to;
  if (p->spec->stages == 1 || p->spec->send_blocks <= 0 || !successor(p, t, st->index, &to, &next) || to == st->index)
    return 0;
  return p->spec->send_blocks * p->spec->send_s;
}

static bool is_ready(const struct player *p, const struct stage *st, const struct task *t) {
  return p->ready[slot(p, t->kind, st->index, t->chunk, t->mb)] == 1;
}

static void consume(const struct player *p, const struct stage *st, const struct task *t) {
  p->ready[slot(p, t->kind, st->index, t->chunk, t->mb)] = 2;
}

/* Two micro-batches at once: their compute adds up, each one's communication runs under the other's compute. */
static double pair_s(const struct player *p, const struct stage *st, const struct task *t) {
  const struct play_cost *f = cost_of(p, st->index, t->pair_chunk), *b = cost_of(p, st->index, t->chunk);
  double comm = f->forward_hideable_s + b->backward_hideable_s;
  return fmax(f->forward_s + b->backward_s - comm, comm);
}

static void defer(struct stage *st, double seconds) {
  st->deferred++;
  st->deferred_s += seconds;
}

/* Runs the oldest deferred weight gradient; they are alike, so the mean of those that wait. */
static void start_deferred(struct stage *st) {
  double one = st->deferred > 0 ? st->deferred_s / st->deferred : 0;
  st->deferred -= st->deferred > 0;
  st->deferred_s -= one;
  start(st, (struct task){.kind = PLAY_WEIGHT_GRAD}, one);
}

static void start_pass(struct stage *st, const struct task *t) {
  struct player *p = st->p;
  const struct play_cost *c = cost_of(p, st->index, t->chunk);
  double seconds = t->kind == PLAY_FORWARD ? c->forward_s : c->backward_s;
  if (t->split) {
    seconds -= c->weight_grad_s;
    defer(st, c->weight_grad_s);
  }
  consume(p, st, t);
  start(st, *t, seconds + blocked_s(p, st, t));
}

static void start_fixed(struct stage *st) {
  struct player *p = st->p;
  if (st->next == st->n && st->deferred == 0)
    return;
  if (st->next == st->n) {
    start_deferred(st);
    return;
  }
  struct task t = st->order[st->next];
  if (t.kind == PLAY_WEIGHT_GRAD) {
    st->next++;
    start_deferred(st);
  } else if (t.kind == PLAY_PAIR) {
    struct task f = forward_of(&t), b = backward_of(&t);
    if (!is_ready(p, st, &f) || !is_ready(p, st, &b))
      return;
    st->next++;
    consume(p, st, &f);
    consume(p, st, &b);
    start(st, t, pair_s(p, st, &t));
  } else if (is_ready(p, st, &t)) {
    st->next++;
    start_pass(st, &t);
  }
}

/* ---- zero-bubble (Qi et al. 2023, H1): the order follows from what is ready ---- */
/* A stage holds as many micro-batches as there are stages from it to the end: the memory of 1F1B. */
static bool has_room(const struct stage *st) {
  return st->in_flight < st->p->spec->stages - st->index;
}

static bool find_ready(struct stage *st, enum play_task kind, struct task *ret) {
  const struct player *p = st->p;
  int mb = kind == PLAY_FORWARD ? st->forwards : st->backwards;
  *ret = (struct task){.mb = mb, .kind = kind, .split = kind == PLAY_BACKWARD};
  return mb < p->spec->micro_batches && is_ready(p, st, ret);
}

static bool start_if_ready(struct stage *st, enum play_task kind) {
  struct task t;
  if ((kind == PLAY_FORWARD && !has_room(st)) || !find_ready(st, kind, &t))
    return false;
  *(kind == PLAY_FORWARD ? &st->forwards : &st->backwards) += 1;
  st->last = kind;
  start_pass(st, &t);
  return true;
}

/* Forward and backward in turn. Weight gradients lag: s of them on stage s, which lets the last backward passes run
 * early; then any gap takes one. */
static void start_dynamic(struct stage *st) {
  bool draining = st->forwards == st->p->spec->micro_batches;
  if (!draining && st->last == PLAY_FORWARD && st->deferred > st->index)
    start_deferred(st);
  else if (!start_if_ready(st, st->last == PLAY_BACKWARD ? PLAY_FORWARD : PLAY_BACKWARD) &&
           !start_if_ready(st, st->last == PLAY_BACKWARD ? PLAY_BACKWARD : PLAY_FORWARD) && st->deferred > 0)
    start_deferred(st);
}

static void decide(struct engine *e, void *subject, void *object) {
  (void)e;
  (void)object;
  struct stage *st = subject;
  if (!st->busy)
    start_dynamic(st);
}

/* Free choice waits until everything that arrives at this instant is there. */
static void try_start(struct stage *st) {
  if (st->busy)
    return;
  if (st->p->dynamic)
    engine_after_s(st->p->engine, 0, BAND_SCHEDULER, decide, st, NULL);
  else
    start_fixed(st);
}

/* ---- set up and tear down ---- */
static bool is_first_stage(const struct player *p, int stage, int chunk) {
  return p->spec->schedule == SCHEDULE_DUALPIPE ? stage == (chunk == 1 ? p->spec->stages - 1 : 0)
                                                : stage == 0 && chunk == 0;
}

static void feed(struct player *p) {
  const struct play_spec *s = p->spec;
  for (int st = 0; st < s->stages; st++)
    for (int c = 0; c < s->chunks; c++)
      for (int mb = 0; mb < s->micro_batches && is_first_stage(p, st, c); mb++)
        if (enters(p, c, mb))
          p->ready[slot(p, PLAY_FORWARD, st, c, mb)] = 1;
}

static void player_free(struct player *p) {
  for (int i = 0; i < p->spec->stages; i++)
    mem_free(p->stage[i].order);
  mem_free(p->stage);
  mem_free(p->ready);
  mem_free(p->last_start);
  engine_destroy(p->engine);
}

static void player_init(struct player *p, const struct play_spec *s, bool all_forward_first) {
  size_t tasks = (size_t)s->stages * s->chunks * s->micro_batches;
  bool dual = s->schedule == SCHEDULE_DUALPIPE;
  *p = (struct player){.spec = s, .engine = engine_create(), .dynamic = s->schedule == SCHEDULE_ZERO_BUBBLE};
  p->stage = mem_array((size_t)s->stages, sizeof *p->stage);
  p->ready = mem_array(2 * tasks, 1);
  p->last_start = mem_array((size_t)(s->stages * s->chunks), sizeof *p->last_start);
  p->left = (int)(2 * tasks) / (dual ? 2 : 1);
  feed(p);
  for (int i = 0; i < s->stages; i++) {
    p->stage[i].p = p;
    p->stage[i].index = i;
    if (dual)
      dual_order(&p->stage[i], s);
    else if (!p->dynamic)
      fixed_order(&p->stage[i], s, all_forward_first);
  }
  for (int i = 0; i < s->stages; i++)
    try_start(&p->stage[i]);
}

static void collect(const struct player *p, struct play_result *r) {
  const struct play_spec *s = p->spec;
  sim_time end = 0;
  for (int i = 0; i < s->stages; i++)
    if (p->stage[i].end > end) {
      end = p->stage[i].end;
      r->critical = i;
    }
  r->time_s = sim_time_as_s(end);
  r->events = engine_events_run(p->engine);
  r->busy_s = mem_array((size_t)s->stages, sizeof *r->busy_s);
  r->end_s = mem_array((size_t)s->stages, sizeof *r->end_s);
  r->last_backward_s = mem_array((size_t)(s->stages * s->chunks), sizeof *r->last_backward_s);
  for (int i = 0; i < s->stages; i++) {
    r->busy_s[i] = p->stage[i].busy_s;
    r->end_s[i] = sim_time_as_s(p->stage[i].end);
  }
  for (int i = 0; i < s->stages * s->chunks; i++)
    r->last_backward_s[i] = sim_time_as_s(p->last_start[i]);
}

bool play_pipeline(const struct play_spec *spec, struct play_result *ret) {
  for (int attempt = 0; attempt < 2;
       attempt++) { /* odd shapes that lock up in 1F1B order are run with all forwards first */
    struct player p;
    player_init(&p, spec, attempt == 1);
    engine_run(p.engine);
    bool done = p.left == 0 && engine_status(p.engine) == ENGINE_OK;
    *ret = (struct play_result){0};
    if (done)
      collect(&p, ret);
    player_free(&p);
    if (done)
      return true;
  }
  return false;
}

void play_result_free(struct play_result *r) {
  mem_free(r->busy_s);
  mem_free(r->last_backward_s);
  mem_free(r->end_s);
  *r = (struct play_result){0};
}
