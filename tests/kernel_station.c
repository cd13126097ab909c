#include "tests/kernel_station.h"
#include <math.h>
#include <stdio.h>
#include "base/mem.h"
#include "tests/cu.h"

void near_exact(const char *what, const struct tally *t, double exact, const char *file, int line) {
  double error = sqrt(tally_variance(t) / (double)t->n);
  bool ok = t->n >= BATCHES && fabs(t->mean - exact) <= 3 * error && error <= 0.05 * exact;
  if (!ok)
    printf("\n%s:%d: %s = %.6g, want %.6g: %.2f standard errors of %.3g %%\n", file, line, what, t->mean, exact,
           (t->mean - exact) / error, 100 * error / exact);
  CU_assertImplementation(ok, (unsigned)line, what, file, "", CU_FALSE);
}

double exponential_1(struct stream *st) {
  return stream_exponential(st, 1);
}

static void close_interval(struct station *s) {
  double dt = sim_time_as_s(engine_now(s->e) - s->changed), d = s->inside - s->expected;
  s->spent[s->inside < LEVELS ? s->inside : LEVELS] += dt;
  s->queued += dt * (s->inside - s->busy);
  s->square += dt * d * d;
  s->changed = engine_now(s->e);
}

static void serve(struct station *s, struct job *j);

static void finish(struct engine *e, void *subject, void *object) {
  struct station *s = subject;
  struct job *j = object;
  close_interval(s);
  s->inside--;
  s->busy--;
  for (int i = 0; i <= s->busy; i++)
    if (s->serving[i] == j)
      s->serving[i] = s->serving[s->busy];
  double response = sim_time_as_s(engine_now(e) - j->arrived);
  tally_add(&s->b_response[j->class], response);
  tally_add(&s->b_wait[j->class], j->waited);
  tally_add(&s->b_delayed, j->waited > 0);
  tally_add(&s->b_delayed_1, j->waited > 1);
  for (int i = 0; i < 3; i++)
    tally_add(&s->b_below[i], response <= s->quantile[i]);
  if (s->responses)
    sketch_add(s->responses, response);
  for (int c = 0; c < CLASSES; c++)
    if (s->first[c]) {
      struct job *next = s->first[c];
      s->first[c] = next->next;
      serve(s, next);
      break;
    }
  s->left(s, j);
}

static void serve(struct station *s, struct job *j) {
  s->serving[s->busy++] = j;
  j->waited += sim_time_as_s(engine_now(s->e) - j->waiting_since);
  j->resumed = engine_now(s->e);
  j->end = engine_after_s(s->e, j->work, BAND_STATE, finish, s, j);
}

static void line_up(struct station *s, struct job *j, bool in_front) {
  j->waiting_since = engine_now(s->e);
  struct job **first = &s->first[j->class], **last = &s->last[j->class];
  if (in_front) {
    j->next = *first;
    if (!*first)
      *last = j;
    *first = j;
  } else {
    j->next = NULL;
    *(*first ? &(*last)->next : first) = j;
    *last = j;
  }
}

static bool displace(struct station *s, struct job *j) {
  struct job *low = s->serving[0];
  if (!s->preemptive || s->servers > 1 || low->class <= j->class)
    return false;
  engine_cancel(s->e, low->end);
  low->work -= sim_time_as_s(engine_now(s->e) - low->resumed);
  low->work = fmax(low->work, 0);
  s->busy = 0;
  line_up(s, low, true);
  return true;
}

void enter(struct station *s, int class, void *owner) {
  bool blocked = s->room > 0 && s->inside >= s->room;
  tally_add(&s->b_blocked, blocked);
  if (blocked)
    return;
  close_interval(s);
  s->inside++;
  struct job *j = mem_alloc(sizeof *j);
  *j = (struct job){.arrived = engine_now(s->e),
                    .waiting_since = engine_now(s->e),
                    .work = s->draw(&s->service),
                    .class = class,
                    .owner = owner};
  if (s->busy < s->servers || displace(s, j))
    serve(s, j);
  else
    line_up(s, j, false);
}

static void begin_batch(struct station *s) {
  s->batch_start = s->changed = engine_now(s->e);
  s->square = s->queued = 0;
  for (int k = 0; k <= LEVELS; k++)
    s->spent[k] = 0;
  s->b_delayed = s->b_delayed_1 = s->b_blocked = (struct tally){.n = 0};
  for (int c = 0; c < CLASSES; c++)
    s->b_response[c] = s->b_wait[c] = (struct tally){.n = 0};
  for (int i = 0; i < 3; i++)
    s->b_below[i] = (struct tally){.n = 0};
}

static void end_batch(struct station *s) {
  close_interval(s);
  double length = sim_time_as_s(engine_now(s->e) - s->batch_start), number = 0, share = 0;
  struct figures *f = &s->figures;
  for (int k = 0; k <= LEVELS; k++)
    number += k * s->spent[k] / length;
  for (int k = 0; k < LEVELS; k++)
    tally_add(&f->at_most[k], share += s->spent[k] / length);
  uint64_t left = 0;
  for (int c = 0; c < CLASSES; c++) {
    left += s->b_response[c].n;
    tally_add(&f->response[c], s->b_response[c].mean);
    tally_add(&f->wait[c], s->b_wait[c].mean);
  }
  for (int i = 0; i < 3; i++)
    tally_add(&f->below[i], s->b_below[i].mean);
  tally_add(&f->number, number);
  tally_add(&f->waiting, s->queued / length);
  tally_add(&f->variance, s->square / length);
  tally_add(&f->idle, s->spent[0] / length);
  tally_add(&f->throughput, (double)left / length);
  tally_add(&f->blocked, s->b_blocked.mean);
  tally_add(&f->delayed, s->b_delayed.mean);
  tally_add(&f->delayed_1, s->b_delayed_1.mean);
  begin_batch(s);
}

void run_batches(struct station *s, double length_s) {
  sim_time length = (sim_time)(length_s * 1e9);
  engine_run_until(s->e, length); /* warm-up */
  begin_batch(s);
  for (int i = 0; i < BATCHES; i++) {
    engine_run_until(s->e, engine_now(s->e) + length);
    end_batch(s);
  }
  CU_ASSERT_EQUAL(engine_status(s->e), ENGINE_OK);
}

void free_line(struct station *s) {
  for (int i = 0; i < s->busy; i++)
    mem_free(s->serving[i]);
  for (int c = 0; c < CLASSES; c++)
    for (struct job *j = s->first[c], *next; j; j = next) {
      next = j->next;
      mem_free(j);
    }
}

static void leave(struct station *s, struct job *j) {
  (void)s;
  mem_free(j);
}

/* --- open queues: arrivals from outside --- */

struct source {
  struct station *s;
  struct stream st;
  double mean, cv; /* of the time between arrivals; cv 1 = Poisson */
  int class;
};

static void arrive(struct engine *e, void *subject, void *object) {
  struct source *a = subject;
  if (object)
    enter(a->s, a->class, NULL);
  double gap = a->cv == 1 ? stream_exponential(&a->st, a->mean) : stream_gamma(&a->st, a->mean, a->cv);
  engine_after_s(e, gap, BAND_ARRIVAL, arrive, a, a);
}

struct figures simulate_open(const char *name, struct open o) {
  struct station *s = mem_alloc(sizeof *s);
  *s = (struct station){.e = engine_create(),
                        .draw = o.draw,
                        .servers = o.servers ? o.servers : 1,
                        .room = o.room,
                        .preemptive = o.preemptive,
                        .left = leave,
                        .expected = o.expected,
                        .responses = o.responses};
  stream_init(&s->service, SEED, name, 0);
  struct source source[CLASSES];
  for (int c = 0; c < CLASSES; c++) {
    source[c] = (struct source){.s = s, .mean = 1 / o.rate[c], .cv = o.arrival_cv > 0 ? o.arrival_cv : 1, .class = c};
    stream_init(&source[c].st, SEED, name, 1 + (uint64_t)c);
    if (o.rate[c] > 0)
      arrive(s->e, &source[c], NULL);
  }
  for (int i = 0; i < 3; i++)
    s->quantile[i] = o.quantile[i];
  run_batches(s, o.batch_s);
  struct figures f = s->figures;
  free_line(s);
  engine_destroy(s->e);
  mem_free(s);
  return f;
}
