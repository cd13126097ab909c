#include "sim/life_memo.h"
#include <math.h>
#include "base/mem.h"
#include "sim/replay.h"


struct memo *memo_create(const struct world *central, uint64_t seed, int jobs) {
  struct memo *m = mem_alloc(sizeof *m);
  const struct sim_spec *s = &central->spec;
  m->spec = s;
  m->seed = seed;
  pthread_mutex_init(&m->lock, NULL);
  pthread_cond_init(&m->news, NULL);
  m->demand = mem_array((size_t)s->n_serving + 1, sizeof *m->demand);
  for (int i = 0; i < s->n_serving; i++)
    demand_make(&m->demand[i], s, &s->serving[i]);
  surface_set_make(&m->surfaces, central, seed, jobs);
  m->replay = replays_play(s, seed, jobs);
  return m;
}

void memo_destroy(struct memo *m) {
  if (!m)
    return;
  for (int i = 0; i < m->spec->n_serving; i++)
    demand_free(&m->demand[i]);
  for (size_t i = 0; i < m->n_train; i++) {
    sim_train_run_free(&m->train[i]->run);
    mem_free(m->train[i]);
  }
  replays_free(m->replay, m->spec->n_option);
  mem_free(m->train);
  mem_free(m->demand);
  surface_set_free(&m->surfaces);
  pthread_mutex_destroy(&m->lock);
  pthread_cond_destroy(&m->news);
  mem_free(m);
}

static void play(const struct memo *m, struct memo_train *t) {
  const struct sim_spec *s = m->spec;
  const struct sim_training *w = &s->training[t->training];
  struct sim_train_run_spec run = {
      .job = {.catalog = s->catalog, .server = t->server, .model = w->model, .stack = w->stack, .stacks = s->stacks, .engines = s->engines, .year = s->year, .gpus = t->gpus, .plan = w->plan},
      .phases = w->phases,
      .failures_per_node_day = s->reliability.failures_per_node_day.a,
      .restart_s = s->reliability.restart_s,
      .detect_s = s->reliability.detect_s,
      .habits = w->habits,
      .seed = m->seed,
  };
  if (!sim_train_run(&run, &t->run))
    t->run.feasible = false;
  double longest = 0;
  t->step_time_s = (double)NAN;
  for (size_t i = 0; t->run.feasible && i < t->run.n; i++)
    if (t->run.phase[i].time_s > longest) {
      longest = t->run.phase[i].time_s;
      t->step_time_s = t->run.phase[i].step_time_s;
    }
}

static struct memo_train *find(const struct memo *m, int training, const struct hw_server *server, int gpus) {
  for (size_t i = 0; i < m->n_train; i++)
    if (m->train[i]->training == training && m->train[i]->server == server && m->train[i]->gpus == gpus)
      return m->train[i];
  return NULL;
}

/* Played outside the lock, so that two threads can be at two entries. */
const struct memo_train *memo_train(struct memo *m, int training, const struct hw_server *server, int gpus) {
  pthread_mutex_lock(&m->lock);
  struct memo_train *t = find(m, training, server, gpus);
  if (!t) {
    t = mem_alloc(sizeof *t);
    *t = (struct memo_train){.training = training, .server = server, .gpus = gpus};
    m->train = mem_grow(m->train, &m->cap_train, m->n_train + 1, sizeof *m->train);
    m->train[m->n_train++] = t;
    pthread_mutex_unlock(&m->lock);
    play(m, t);
    pthread_mutex_lock(&m->lock);
    t->ready = true;
    pthread_cond_broadcast(&m->news);
  }
  while (!t->ready)
    pthread_cond_wait(&m->news, &m->lock);
  pthread_mutex_unlock(&m->lock);
  return t;
}
