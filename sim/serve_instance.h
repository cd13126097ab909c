/* One serving engine as an instance: it is told what arrives, says when it next changes by itself, and is stepped there. One of them plays a replica (serve_run), many
 * of them a cluster. Time is an integer clock.
 *
 * Exact coalescing: while the batch keeps its members, decode iteration j takes a + b j in integer units of 2^-16 ns (b = what the growing cache adds), so k iterations
 * are a sum in closed form. A stretch is planned as if nobody came; what comes cuts it to the first iteration boundary at or after it. Iteration k ends at
 * t0 + round(S(k)), S in integers, so the literal mode (k = 1 each time, S summed term by term) gives the same times to the nanosecond.
 *
 * Protocol, for every moment t at which anything happens (the order makes results independent of who is asked first):
 *   1. serve_step each instance whose serve_due is t (requests finish);
 *   2. serve_offer, serve_landed, serve_release what comes at t, whatever 1. brought on included; views of the instance's state belong here too;
 *   3. serve_go each instance that 1. or 2. touched: it begins its next iteration.
 * Every moment is handled once: what 3. brings on (a transfer into room just granted) comes at least a nanosecond later. Callbacks must not call into the instance they come from: keep what they say and act in 2. */
#ifndef SIM_SERVE_INSTANCE_H
#define SIM_SERVE_INSTANCE_H
#include <stdbool.h>
#include <stdint.h>
#include "sim/kernel/clock.h"
#include "sim/kernel/stats.h"
#include "sim/serve.h"
#include "sim/serve_cost.h"

struct serve;
struct serve_batching;
struct serve_queueing;
struct serve_victim;
struct serve_preempting;
struct serve_admission;
extern const struct serve_batching *const serve_batchings[]; /* how an iteration is filled, indexed by enum wl_policy */
/* The others by name, "" or NULL = the first of each list; unknown: NULL, and the valid names in why (may be NULL). */
const struct serve_queueing *serve_queueing_find(const char *name, char *why, size_t why_size);     /* who is let in next: fcfs, priority, fair */
const struct serve_victim *serve_victim_find(const char *name, char *why, size_t why_size);         /* who goes when the cache is full: newest, lowest, smallest */
const struct serve_preempting *serve_preempting_find(const char *name, char *why, size_t why_size); /* what becomes of its cache: recompute, swap */
const struct serve_admission *serve_admission_find(const char *name, char *why, size_t why_size);   /* who may wait at all: all, queue, wait */

enum { SERVE_CLASSES = 48 }; /* activity is gathered per kind of iteration and power of two of the batch */

struct serve_work { /* of one GPU */
  double busy_s, comm_s, span_s, bytes, flop; /* comm: of busy, waiting for peers */
};
struct serve_finish {
  sim_time arrival, first, end;
  int32_t input, output;
  uint64_t index;       /* as offered */
  int32_t handle;       /* reads_only: for serve_release, else of no use */
  int32_t priority, tenant;
};
struct serve_config {
  const struct serve_cost *cost;
  const struct serve_batching *batching;
  enum sim_serve_mode mode;
  int max_seqs;
  double budget_tokens;
  bool reserve;
  double watermark, block_tokens;
  double kv_tokens;     /* capacity; INFINITY = no cache (encoder) */
  double mtp;           /* tokens per decode step */
  int poll_steps;       /* new requests are looked for every so many decode steps; 0 = 1 */
  int beams;            /* sequences that a request decodes at once (beam search), >= 1 */
  double client_s;      /* added to first-token and end times of every request */
  bool encoder;         /* requests end with their prompt */
  bool prefix_cache;    /* requests with block numbers share what is cached (not with beams or an encoder) */
  bool reads_only;      /* prefill instance: a request finishes with its first token, its cache stays until serve_release */
  const struct serve_queueing *queueing;     /* these four NULL = the first of their list */
  const struct serve_victim *victim;
  const struct serve_preempting *preempting;
  const struct serve_admission *admission;
  double fair_output;   /* fair queueing: what a written token counts, in read ones; 0 = 1 */
  double swap_tokens, swap_s_per_token; /* room in host memory, and what a token takes either way */
  int max_queue;        /* admission "queue": requests that may wait */
  double max_wait_s;    /* admission "wait": predicted time in the queue */
  double timeout_s;     /* a request without its first token by then leaves; 0 = never. While it waits, at that moment; while it is read, after the iteration */
  void (*finish)(void *ctx, const struct serve_finish *f); /* may be NULL */
  void (*lost)(void *ctx, const struct serve_finish *f);   /* timed out or turned away: first < 0. May be NULL; finish_ctx */
  void *finish_ctx;
  /* A request of serve_offer_read has got its cache room at t: the transfer may begin, serve_landed ends it. NULL: it is there already and decodes at once. */
  void (*room)(void *ctx, uint64_t index, int32_t handle, sim_time t);
  void *room_ctx;
  struct sketch *itl;   /* gaps between tokens, may be NULL */
  sim_time window_from, window_to; /* 0, 0 = no window */
};
struct serve_totals {
  uint64_t arrived, finished, rejected, timed_out, preemptions, swapped /* of the preemptions */, iterations, in_system;
  sim_time start, end;  /* first arrival, end of the last iteration */
  double input_tokens, output_tokens;
  double hit_tokens;    /* of finished requests' prompts, found in the prefix cache when first let in */
  uint64_t blocks_dropped; /* from the prefix cache, for want of room */
  double batch_integral, kv_integral; /* sequence-seconds, token-seconds */
  struct serve_work work[SERVE_CLASSES];
};

/* Owned by the caller; cfg is copied, what it points to must outlive the instance. */
struct serve *serve_open(const struct serve_config *cfg);
void serve_close(struct serve *s); /* NULL is fine */

/* ---- time ---- */
sim_time serve_due(const struct serve *s); /* when it next changes by itself; SIM_TIME_MAX = only when told something */
void serve_step(struct serve *s);          /* lets exactly that happen */
bool serve_go(struct serve *s, sim_time t); /* begins the next iteration unless one is in flight; false: clock overflow or an iteration without duration */

/* ---- what comes from outside, at t ---- */
/* A request arrives. false: turned away (counted). Block numbers are copied. */
bool serve_offer(struct serve *s, const struct sim_request *r, sim_time t, uint64_t index);
/* One whose prompt was read elsewhere, first token given out at `first`: it needs room for its cache, then decodes without reading. */
bool serve_offer_read(struct serve *s, const struct sim_request *r, sim_time first, sim_time t, uint64_t index);
void serve_landed(struct serve *s, int32_t handle, sim_time t);  /* its cache is there */
void serve_release(struct serve *s, int32_t handle, sim_time t); /* reads_only: the cache of a finished request has been handed over */

/* ---- views for routers, of the state at t ---- */
struct serve_view {
  int running, waiting, held; /* in the batch; in the queue; finished or landing with their cache held */
  int64_t prompt_tokens;      /* to be read, of running and waiting */
  int64_t output_tokens;      /* to be decoded, of running and waiting */
  double kv_tokens;           /* in use, without cached blocks that nobody holds */
};
void serve_look(struct serve *s, sim_time t, struct serve_view *ret);
int32_t serve_match(struct serve *s, const struct sim_request *r, sim_time t); /* leading tokens of its prompt in the prefix cache */
bool serve_can_hold(const struct serve *s, const struct sim_request *r);       /* false: too long even alone */
double serve_predicted_wait_s(const struct serve *s, const struct sim_request *r); /* in the queue, from how fast it has been emptying */

/* ---- results ---- */
const struct serve_totals *serve_totals_of(const struct serve *s);
/* What happened between the first iteration ends at or after window_from and window_to (or the end so far). */
void serve_window_of(const struct serve *s, struct serve_totals *ret);

/* ---- one instance alone (sim/serve_run.c) ---- */
struct serve_source {
  bool (*next)(void *ctx, struct sim_request *r); /* in order of arrival, false at the end; pulled one ahead */
  void *ctx;
  int concurrency;      /* > 0: closed loop, a request arrives when another ends */
};
/* Runs until the source is dry and the instance empty. window may be NULL. false: clock overflow or an iteration without duration. */
bool serve_run(const struct serve_config *cfg, const struct serve_source *src, struct serve_totals *ret, struct serve_totals *window);
#endif
