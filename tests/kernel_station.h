/* A station, simulated on the engine: servers, a line per class, room for so many; figures are means over batches. */
#ifndef TESTS_KERNEL_STATION_H
#define TESTS_KERNEL_STATION_H
#include "sim/kernel/engine.h"
#include "sim/kernel/stats.h"
#include "sim/kernel/stream.h"

enum { SEED = 1, BATCHES = 40, CLASSES = 2, LEVELS = 128 };

/* A figure lies within three standard errors of the exact value, and these are small enough for that to mean something.
 */
void near_exact(const char *what, const struct tally *t, double exact, const char *file, int line);
#define NEAR(figure, exact) near_exact(#figure, &(figure), (exact), __FILE__, __LINE__)

struct job {
  struct job *next;
  sim_time arrived, resumed;
  double work, waited; /* seconds of service still due, and spent not being served so far */
  sim_time waiting_since;
  int class;
  event_id end;
  void *owner;
};

struct figures { /* each a tally of batch means */
  struct tally number, waiting, variance, throughput, blocked, idle;
  struct tally at_most[LEVELS]; /* share of time with so many or fewer */
  struct tally response[CLASSES], wait[CLASSES], delayed, delayed_1, below[3];
};

struct station {
  struct engine *e;
  struct stream service;
  double (*draw)(struct stream *st); /* service time */
  int servers, room;                 /* room 0 = any number */
  bool preemptive;
  void (*left)(struct station *s, struct job *j);
  void *context;
  double expected, quantile[3]; /* for the variance and for below[] */
  struct job *serving[64], *first[CLASSES], *last[CLASSES];
  int busy, inside;
  /* of the batch */
  sim_time changed, batch_start;
  double spent[LEVELS + 1], square, queued;
  struct tally b_response[CLASSES], b_wait[CLASSES], b_delayed, b_delayed_1, b_below[3], b_blocked;
  struct figures figures;
  struct sketch *responses;
};

double exponential_1(struct stream *st); /* a service time of mean 1 */

void enter(struct station *s, int class,
           void *owner); /* a job, unless there is no room; `left` gets it when it is done, and frees it */
void run_batches(struct station *s, double length_s); /* after a warm-up of one batch; fills s->figures */
void free_line(struct station *s);                    /* the jobs inside */

/* An open queue: Poisson arrivals (or gamma) from outside. `name` names its random streams. */
struct open {
  double rate[CLASSES], arrival_cv;
  double (*draw)(struct stream *st);
  int servers, room;
  bool preemptive;
  double expected, quantile[3];
  double batch_s;
  struct sketch *responses;
};
struct figures simulate_open(const char *name, struct open o);
#endif
