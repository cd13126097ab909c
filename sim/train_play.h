/* A pipeline schedule played as events: each stage works through its tasks, waits for what its neighbours send, and the
 * bubbles are what is seen, not what a formula says. With equal stages and free transfers it gives (p-1)(tf+tb)/v over
 * the ideal time exactly. */
#ifndef SIM_TRAIN_PLAY_H
#define SIM_TRAIN_PLAY_H
#include "sim/kernel/clock.h"
#include "sim/train.h"

struct play_cost {              /* of one chunk for one micro-batch */
  double forward_s, backward_s; /* everything exposed when it runs alone */
  double weight_grad_s;         /* part of backward_s that may be delayed */
  double forward_hideable_s,
      backward_hideable_s; /* communication in the two that another micro-batch's compute can cover */
};
enum play_task { PLAY_FORWARD, PLAY_BACKWARD, PLAY_WEIGHT_GRAD, PLAY_PAIR, PLAY_TRANSFER };
struct play_span {
  int stage, chunk, micro_batch;
  enum play_task task;
  int to;          /* PLAY_TRANSFER: the stage that receives */
  sim_time start, end;
};
struct play_spec {
  int stages, chunks, micro_batches;
  enum sim_schedule schedule;                         /* resolved, not AUTO */
  const struct play_cost *cost;                       /* [chunks * stages], chunk v of stage s at v * stages + s */
  double send_s;                                      /* time of one transfer between neighbours */
  double send_blocks;                                 /* share of it that also stops the two ends computing, 0..1 */
  void (*span)(void *ctx, const struct play_span *s); /* NULL = not wanted */
  void *ctx;
};
struct play_result {
  double time_s;
  double *busy_s;          /* [stages] */
  double *last_backward_s; /* [chunks * stages] when the last micro-batch's backward pass of the chunk began, before the
                              end of the step */
  double *end_s;           /* [stages] end of the stage's last task */
  int critical;            /* the stage that ended last */
  uint64_t events;
};
/* false when the schedule cannot proceed. Arrays are owned by the result. */
bool play_pipeline(const struct play_spec *spec, struct play_result *ret);
void play_result_free(struct play_result *r);
#endif
