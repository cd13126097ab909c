#include "sim/crew.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>

struct crew {
  const struct crew_work *work;
  int tasks;
  atomic_int next;
};

static void *member(void *ctx) {
  struct crew *c = ctx;
  const struct crew_work *w = c->work;
  void *own = w->begin ? w->begin(w->ctx) : NULL;
  for (int i; (i = atomic_fetch_add(&c->next, 1)) < c->tasks;)
    w->task(w->ctx, own, i);
  if (w->end)
    w->end(w->ctx, own);
  return NULL;
}

void crew_run(const struct crew_work *work, int tasks, int jobs) {
  enum { MOST = 256 };
  struct crew c = {.work = work, .tasks = tasks};
  int threads = jobs < tasks ? jobs : tasks, started = 0;
  pthread_t t[MOST];
  while (started < threads - 1 && started < MOST && !pthread_create(&t[started], NULL, member, &c))
    started++;
  member(&c); /* the caller works too, alone when no thread can be had */
  for (int i = 0; i < started; i++)
    pthread_join(t[i], NULL);
}
