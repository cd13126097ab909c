/* One replica, iteration by iteration on an integer clock, with exact coalescing: while the batch keeps its members, decode iteration j takes
 * a + b j in integer units of 2^-16 ns (b = what the growing cache adds), so k iterations are a sum in closed form and the run jumps to the next
 * completion, admissible arrival or exhaustion of cache blocks. Iteration k ends at t0 + round(S(k)), S in integers, so the literal mode (k = 1 each
 * time, S summed term by term) gives the same times to the nanosecond.
 *
 * Memory is bounded by requests in the system: arrivals are pulled one ahead. */
#ifndef SIM_SERVE_CORE_H
#define SIM_SERVE_CORE_H
#include <stdbool.h>
#include <stdint.h>
#include "sim/kernel/clock.h"
#include "sim/kernel/stats.h"
#include "sim/serve.h"
#include "sim/serve_cost.h"

enum { SERVE_TOKEN_FX = 1024 }; /* units of a token in fixed point */
enum { SERVE_CLASSES = 48 }; /* activity is gathered per kind of iteration and power of two of the batch */

struct serve_work { /* of one GPU */
  double busy_s, span_s, bytes, flop;
};
struct serve_finish {
  sim_time arrival, first, end;
  int32_t input, output;
  uint64_t index; /* order of arrival */
};
struct serve;
/* How an iteration is filled. admit puts prompt pieces into the next iteration; returns true when decoding sequences run in it too. */
struct serve_policy {
  const char *name, *doc;
  bool (*admit)(struct serve *s);
  bool joins; /* requests may join a batch that is under way */
};
extern const struct serve_policy *const serve_policies[]; /* indexed by enum wl_policy */

struct serve_config {
  const struct serve_cost *cost;
  const struct serve_policy *policy;
  enum sim_serve_mode mode;
  int max_seqs;
  double budget_tokens;
  bool reserve;
  double watermark, block_tokens;
  double kv_tokens;     /* capacity; INFINITY = no cache (encoder) */
  double mtp;           /* tokens per decode step */
  int beams;            /* sequences that a request decodes at once (beam search), >= 1 */
  double client_s;      /* added to first-token and end times of every request */
  int concurrency;      /* > 0: closed loop, a request arrives when another ends */
  bool encoder;         /* requests end with their prompt */
  bool prefix_cache;    /* requests with block numbers share what is cached (not with beams or an encoder) */
  bool (*next)(void *ctx, struct sim_request *r);
  void *next_ctx;
  void (*finish)(void *ctx, const struct serve_finish *f); /* may be NULL */
  void *finish_ctx;
  struct sketch *itl;   /* gaps between tokens, may be NULL */
  sim_time window_from, window_to;
};
struct serve_totals {
  uint64_t arrived, finished, rejected, preemptions, iterations, in_system;
  sim_time start, end;  /* first arrival, end of the last iteration */
  double input_tokens, output_tokens;
  double hit_tokens;    /* of prompts, found in the prefix cache when first let in */
  uint64_t blocks_dropped; /* from the prefix cache, for want of room */
  double batch_integral, kv_integral; /* sequence-seconds, token-seconds */
  struct serve_work work[SERVE_CLASSES];
};
/* Runs until the source is dry and the replica empty. window (may be NULL) gets what happened between the first iteration ends at or after
 * window_from and window_to (steady state, without filling and emptying). false: clock overflow or an iteration without duration. */
bool serve_run(const struct serve_config *cfg, struct serve_totals *ret, struct serve_totals *window);

/* ---- for policies (sim/serve_policy.c) ---- */
struct serve_seq {
  sim_time arrival, first; /* first < 0: no token yet */
  int64_t finish_step, join_step;
  int64_t base_fx;         /* cached tokens at join_step, 1/1024 tokens */
  int64_t kv_fx;           /* reserved tokens (reserve) or prompt while it is being read */
  uint64_t index;
  int32_t input, output;   /* as asked */
  int32_t prompt, done;    /* tokens to read (input less prefix hits, plus recomputed output) and how many are read */
  int32_t past;            /* cached prefix in front of the prompt */
  int32_t produced;        /* tokens given out before an eviction */
  int32_t prev, next;      /* running list, oldest to newest */
  bool decoding;
};
struct serve_piece {
  int32_t seq, tokens;
};
struct serve {
  const struct serve_config *cfg;
  sim_time now;
  struct serve_seq *seq;
  int32_t *free_list;
  int free_n, seq_cap;
  int32_t oldest, newest;
  int running, decoding, reading; /* sequences in the batch: all, decoding, with an unfinished prompt */
  int64_t step;                   /* decode steps so far */
  int64_t ctx_fx, kv_fx, cap_fx, limit_fx, mtp_fx, grow_fx /* of a request per step, all beams */, block_fx; /* 1/1024 tokens */
  struct { int64_t step; int32_t seq; } *heap;               /* decoding sequences by last step */
  int heap_n, heap_cap;
  int32_t *wait;                  /* ring of waiting sequences */
  size_t wait_head, wait_n, wait_cap;
  bool ahead_ok, dry;
  struct sim_request ahead;       /* next arrival */
  sim_time ahead_t;
  uint64_t ahead_index;
  struct serve_piece *piece;
  int pieces;
  size_t piece_cap;
  double piece_tokens, piece_pairs;
  bool share_wanted;
  struct serve_share *share;      /* NULL until a request carries block numbers and the cache is wanted */
  struct serve_totals tot;
};
bool serve_head_fits(struct serve *s);                 /* may the head of the queue join now? */
int32_t serve_join(struct serve *s);                   /* moves it into the batch, returns it */
void serve_piece_add(struct serve *s, int32_t seq, int32_t tokens);
bool serve_waiting(const struct serve *s);

/* ---- shared prompts (sim/serve_share.c); what may be called without s->share says so ---- */
bool serve_share_wanted(const struct serve_config *cfg);
void serve_share_stop(struct serve *s);                 /* without, too */
bool serve_share_accept(struct serve *s, int32_t i);    /* keeps the block numbers of s->ahead for sequence i; true: it has any. Makes s->share */
int64_t serve_share_find(struct serve *s, int32_t i);   /* sets past and prompt of a waiting sequence; returns the units that others already pay for */
int64_t serve_share_ahead(const struct serve *s);       /* the same units for s->ahead */
void serve_share_join(struct serve *s, int32_t i);      /* i, charged in full, holds what was found */
void serve_share_read(struct serve *s, int32_t i);      /* what i has read by now is there for others */
void serve_share_leave(struct serve *s, int32_t i);     /* i holds nothing any more and is charged in full */
void serve_share_trim(struct serve *s);                 /* after usage has grown */
#endif
