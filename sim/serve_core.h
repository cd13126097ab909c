/* Inside an instance (sim/serve_instance.h): its state, and the parts that work on it. Memory is bounded by requests in the system.
 * Tokens are counted in 1/1024, time inside a stretch in 2^-16 ns, both in integers. */
#ifndef SIM_SERVE_CORE_H
#define SIM_SERVE_CORE_H
#include <stdbool.h>
#include <stdint.h>
#include "sim/serve_instance.h"

enum { SERVE_TOKEN_FX = 1024 };
typedef int64_t fx_time; /* 2^-16 ns */
#define SERVE_TIME_FX 65536.0
static inline fx_time serve_fx_of_s(double s) {
  return (fx_time)__builtin_llround(s * 1e9 * SERVE_TIME_FX);
}
static inline sim_time serve_fx_round(fx_time t) {
  return (t + (1 << 15)) >> 16;
}

/* How an iteration is filled. */
struct serve_batching {
  const char *name, *doc;
  bool (*open)(const struct serve *s); /* may a request join the batch as it stands? Depends on nothing that a decode iteration changes */
  bool (*admit)(struct serve *s);      /* puts prompt pieces into the next iteration; true when decoding sequences run in it too */
};

/* Requests wait in lanes, each in order of arrival. */
struct serve_lane {
  int32_t key, first, last;
  int n, fresh;              /* waiting, and those of them without a first token */
  int64_t tokens;            /* to read */
  int64_t served, rate, at;  /* fair share: what it has been served by decode step `at`, and what each step adds */
};
/* Who is let in next. */
struct serve_queueing {
  const char *name, *doc;
  int32_t (*key)(const struct sim_request *r); /* the lane it waits in */
  int (*next)(const struct serve *s);          /* of the lanes in which somebody waits (there is one), whose first is the head */
  int64_t (*ahead)(const struct serve *s, const struct sim_request *r); /* tokens that will be read before it */
  /* All four NULL where decode iterations do not change the order. */
  int64_t (*steady)(const struct serve *s);    /* decode iterations after which next may differ, if nothing else happens */
  void (*wakes)(struct serve *s, int lane);    /* before somebody waits in an empty lane */
  void (*reads)(struct serve *s, int32_t i);   /* i is let in to be read */
  void (*writes)(struct serve *s, int32_t i, int more); /* i begins (1) or ends (-1) decoding */
};
/* Who goes when the cache is full. */
struct serve_victim {
  const char *name, *doc;
  int32_t (*pick)(const struct serve *s);      /* of the batch, which is not empty */
};
/* What becomes of the cache of a sequence that goes. */
struct serve_preempting {
  const char *name, *doc;
  bool (*keeps)(struct serve *s, int32_t i, int64_t fx); /* true: its fx tokens of cache are taken somewhere else; decoding sequences only */
  void (*returns)(struct serve *s, int64_t fx);          /* they come back; NULL: never */
};
/* Who may wait at all, of those that the cache can hold. */
struct serve_admission {
  const char *name, *doc;
  bool (*admits)(const struct serve *s, const struct sim_request *r);
};

struct serve_seq {
  sim_time arrival, first; /* first < 0: no token yet */
  int64_t finish_step, join_step;
  int64_t base_fx;         /* cached tokens at join_step, or of a sequence that comes with its cache */
  int64_t kv_fx;           /* reserved tokens (reserve) or prompt while it is being read */
  uint64_t index;
  int32_t input, output;   /* as asked */
  int32_t prompt, done;    /* tokens to read (input less prefix hits, plus recomputed output) and how many are read */
  int32_t past, hit;       /* cached prefix in front of the prompt, now and when it was first let in (-1: not yet) */
  int32_t produced;        /* tokens given out before an eviction */
  int32_t prev, next;      /* in the batch, oldest to newest, or in its lane */
  int32_t lane, priority, tenant;
  int64_t cost;            /* fair share: of a token, 64 / its weight */
  int32_t queued;          /* tokens to read that the queue was told of */
  int64_t steps_left;      /* cached: decode steps to go */
  bool decoding;
  bool charged;            /* fair share: for its prompt */
  bool swapped;            /* cached: in host memory */
  int64_t seen_step, seen_read; /* the engine has seen it by this decode step, and after this many iterations with prompts */
  bool cached;             /* its cache is made: it needs room for it and joins without reading */
};
struct serve_piece {
  int32_t seq, tokens;
};
struct serve_due_step { /* of the heap */
  int64_t step;
  uint64_t index; /* of the sequence, which ties are broken by */
  int32_t seq;
};
/* Decode iterations with the same members: j takes max(floor, a + b j); the host's part is in a, or in floor where launches overlap. */
struct serve_stretch {
  bool open;
  sim_time t0;
  fx_time a, b, floor;
  double host_s;
  int64_t j_cross;         /* first iteration above the floor */
  fx_time sum, to_sum;     /* S(done), S(to) */
  int64_t done, to, due;   /* iterations behind it, planned in one go, until a member ends */
};
struct serve_reading { /* the iteration with prompts in flight */
  double t, device, nd, ctx;
};
enum serve_flight { FLIGHT_NONE, FLIGHT_READING, FLIGHT_DECODING, FLIGHT_SWAPPING };

struct serve {
  struct serve_config cfg;
  sim_time now;                   /* of the last iteration boundary, or of what woke it */
  enum serve_flight flight;
  sim_time flight_end;
  struct serve_stretch stretch;
  struct serve_reading read;
  struct serve_seq *seq;
  int32_t *free_list;
  int free_n, seq_cap;
  int32_t oldest, newest;
  int running, decoding, reading; /* sequences in the batch: all, decoding, with an unfinished prompt */
  int landing, held;              /* not in the batch, but with room in the cache: being transferred in, waiting to be handed over */
  int32_t *landed;                /* transferred in since the last iteration began */
  size_t landed_n, landed_cap;
  int64_t step;                   /* decode steps so far */
  int64_t reads, read_step;       /* iterations with prompts so far, and the step after the last of them */
  int64_t ctx_fx, base_fx;        /* cached tokens of decoding sequences, now and when each joined */
  int64_t kv_fx, cap_fx, limit_fx; /* cache in use, its size, and what may be filled by joining a batch */
  int64_t mtp_fx, grow_fx /* of a request per step, all beams */, block_fx;
  int64_t queued, unread;         /* tokens to read: in the queue, in the batch */
  int64_t unwritten;              /* tokens of answers, without what decoding sequences made since they joined */
  struct serve_due_step *heap;    /* decoding sequences by last step */
  int heap_n, heap_cap;
  struct serve_lane *lane;
  size_t lanes, lanes_cap;
  int waiting;
  int emptied;                    /* fair share: the lane that was last left empty; -1 */
  sim_time timeout;               /* SIM_TIME_MAX = none */
  sim_time drain_from;            /* since when somebody has been waiting and nobody let in; < 0: nobody waits */
  double drain_s, drain_tokens;   /* recent seconds of that, and tokens let in */
  int64_t drained;                /* tokens let in since drain_from */
  int64_t swap_fx, moved_fx;      /* cache in host memory; moved since the last iteration */
  struct serve_piece *piece;
  int pieces;
  size_t piece_cap;
  double piece_tokens, piece_pairs;
  bool share_wanted;
  struct serve_share *share;      /* NULL until a request carries block numbers and the cache is wanted */
  struct serve_totals tot, mark[2];
  int marks;                      /* of the window, passed */
};

/* ---- sequences (sim/serve_seq.c) ---- */
int32_t serve_seq_new(struct serve *s);
void serve_seq_free(struct serve *s, int32_t i);
void serve_list_append(struct serve *s, int32_t i);
void serve_list_remove(struct serve *s, int32_t i);
void serve_heap_push(struct serve *s, int64_t step, int32_t seq);
void serve_heap_pop(struct serve *s);
void serve_heap_remove(struct serve *s, int32_t seq); /* a search: for what is rare */

/* ---- waiting (sim/serve_queue.c) ---- */
static inline bool serve_waiting(const struct serve *s) {
  return s->waiting > 0;
}
static inline int32_t serve_head(const struct serve *s) {
  return s->lane[s->cfg.queueing->next(s)].first;
}
int serve_lane_of(struct serve *s, int32_t key);        /* made when it is not there */
void serve_wait_push(struct serve *s, int32_t i);       /* behind all of its lane */
void serve_wait_return(struct serve *s, int32_t i);     /* at its place by arrival */
void serve_wait_remove(struct serve *s, int32_t i);
sim_time serve_deadline(const struct serve *s);         /* when the first of the waiting times out */
int32_t serve_overdue(const struct serve *s, sim_time t); /* one that waits and has timed out by t; -1 */
int64_t serve_queued_all(const struct serve *s, const struct sim_request *r);

/* ---- looking for new requests (sim/serve_poll.c) ---- */
void serve_poll_arrival(struct serve *s, int32_t i, sim_time t);
int64_t serve_seen_step(const struct serve *s, int32_t i); /* the decode step from which it may join; s->step or before: now */
void serve_poll_read(struct serve *s);          /* an iteration with prompts has ended */

/* ---- room in the cache (sim/serve_room.c) ---- */
int64_t serve_kv_need(const struct serve *s, const struct serve_seq *q); /* what a sequence takes when it is let in */
bool serve_head_fits(struct serve *s);          /* is there room for the head of the queue? */
bool serve_head_reads(struct serve *s);         /* does one wait that has to be read, has it been seen, and is there room for it? */
bool serve_head_joins(struct serve *s);         /* has the head been seen, and is there room for it? */
static inline bool serve_cache_full(const struct serve *s) { /* must a sequence go before the batch takes another iteration? */
  return !s->cfg.reserve && s->kv_fx + s->decoding * s->grow_fx > s->cap_fx;
}
int64_t serve_room_steps(const struct serve *s); /* further decode iterations that fit */

/* ---- the batch (sim/serve_batch.c) ---- */
int32_t serve_join(struct serve *s);            /* moves the head of the queue into the batch, to be read; returns it */
void serve_join_cached(struct serve *s);        /* the head, which comes with its cache */
void serve_decode_cached(struct serve *s, int32_t i); /* its cache is there */
void serve_piece_add(struct serve *s, int32_t seq, int32_t tokens);
void serve_pieces_read(struct serve *s);        /* the pieces' iteration is over */
void serve_read_done(struct serve *s, int32_t i); /* the prompt is read: the next token is out */
void serve_finish_due(struct serve *s);
void serve_evict(struct serve *s);
void serve_forget(struct serve *s, int32_t i);  /* a sequence that is held frees its cache and is gone */
void serve_expire(struct serve *s, sim_time t); /* those that wait and have timed out leave */
void serve_expire_reading(struct serve *s);     /* and those that are being read: between iterations */
sim_time serve_reading_deadline(const struct serve *s); /* when the first of those times out */
void serve_take_prompts(struct serve *s);       /* for batching: whole prompts up to the budget, at least one */

/* ---- meters (sim/serve_meter.c): the interval is closed with what ran in it ---- */
void serve_meter(struct serve *s, double span_s, double busy_s, double m, double nd, double ctx, double pairs, double iterations);
void serve_gaps(struct serve *s, double seconds, double seqs, double iterations);
void serve_mark(struct serve *s);               /* a round ends now */

/* ---- predicting (sim/serve_admission_wait.c) ---- */
void serve_drain_start(struct serve *s, sim_time t);    /* somebody waits, nobody did before */
void serve_drain_note(struct serve *s);                 /* a round has let in whom it could */

/* ---- decoding in a stretch (sim/serve_stretch.c) ---- */
bool serve_stretch_begin(struct serve *s);      /* false: no duration, or beyond the clock */
void serve_stretch_plan(struct serve *s);       /* how far it goes without anything else happening */
void serve_stretch_replan(struct serve *s);    /* the queue has changed: not further than its head stays */
void serve_stretch_cut(struct serve *s, sim_time t); /* to the first boundary at or after t */
void serve_stretch_cut_at(struct serve *s, int64_t step); /* to that decode step, if it goes further */
int64_t serve_stretch_step(const struct serve *s, sim_time t); /* decode steps at the first boundary at or after t */
void serve_stretch_advance(struct serve *s, int64_t to);
void serve_stretch_sync(struct serve *s, sim_time t); /* all boundaries up to t, the planned end excepted, are behind it */

/* ---- shared prompts (sim/serve_share.c); what may be called without s->share says so ---- */
bool serve_share_wanted(const struct serve_config *cfg);
void serve_share_stop(struct serve *s);                 /* without, too */
bool serve_share_accept(struct serve *s, int32_t i, const struct sim_request *r); /* keeps the block numbers; true: it has any. Makes s->share */
int64_t serve_share_find(struct serve *s, int32_t i);   /* sets past and prompt of a waiting sequence; returns the units that others already pay for */
int32_t serve_share_match(const struct serve *s, const struct sim_request *r); /* tokens that it would find */
void serve_share_join(struct serve *s, int32_t i);      /* i, charged in full, holds what was found */
void serve_share_read(struct serve *s, int32_t i);      /* what i has read by now is there for others */
void serve_share_leave(struct serve *s, int32_t i);     /* i holds nothing any more and is charged in full */
void serve_share_trim(struct serve *s);                 /* after usage has grown */
#endif
