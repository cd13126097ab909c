/* Training runs in the life of an option: when one is due, the cheapest place that can finish it in time is taken. */
#ifndef SIM_LIFE_TRAIN_H
#define SIM_LIFE_TRAIN_H
#include "sim/life_memo.h"

struct life;
struct life_run { /* one run that was played */
  int training;              /* index in the spec */
  int layer;                 /* of the fleet; -1 = on a block of its own */
  const char *where;
  int servers;
  double start_h, end_h;
  double usd;                /* a block's price */
  double throughput, power;  /* what is achieved, drawn / what is predicted */
  const struct memo_train *of;
};
void life_train_schedule(struct life *l); /* events of all runs */
void life_train_bill(struct life *l);     /* blocks that are paid as they run, for the open month */
#endif
