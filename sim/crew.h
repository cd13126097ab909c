/* Runs `tasks` numbered tasks on up to `jobs` threads, each thread with a state of its own. Which thread does what is left open: results must depend on the number of the task
 * alone. */
#ifndef SIM_CREW_H
#define SIM_CREW_H

struct crew_work {
  void *(*begin)(void *ctx);                        /* a thread's own state; may be NULL */
  void (*task)(void *ctx, void *own, int number);
  void (*end)(void *ctx, void *own);                /* may be NULL */
  void *ctx;
};
void crew_run(const struct crew_work *work, int tasks, int jobs);
#endif
