/* The batch of an instance: joining, reading, decoding, finishing, evicting. */
#include <math.h>
#include "base/mem.h"
#include "sim/serve_core.h"

/* ---- joining ---- */
static int32_t let_in(struct serve *s) {
  int32_t i = serve_head(s);
  struct serve_seq *q = &s->seq[i];
  serve_wait_remove(s, i);
  q->kv_fx = serve_kv_need(s, q);
  q->decoding = false;
  q->done = 0;
  s->kv_fx += q->kv_fx;
  return i;
}

static void enter(struct serve *s, int32_t i) {
  s->reading++;
  serve_list_append(s, i);
}

int32_t serve_join(struct serve *s) {
  int32_t i = let_in(s);
  enter(s, i);
  s->unread += s->seq[i].prompt;
  s->drained += s->seq[i].queued;
  if (s->cfg.queueing->reads)
    s->cfg.queueing->reads(s, i);
  if (s->share)
    serve_share_join(s, i);
  if (s->seq[i].hit < 0)
    s->seq[i].hit = s->seq[i].past;
  return i;
}

static void decode(struct serve *s, int32_t i, int64_t steps) {
  struct serve_seq *q = &s->seq[i];
  s->reading--;
  s->decoding++;
  q->decoding = true;
  q->join_step = s->step;
  q->finish_step = s->step + steps;
  s->ctx_fx += q->base_fx;
  s->base_fx += q->base_fx;
  serve_heap_push(s, q->finish_step, i);
  if (s->cfg.queueing->writes)
    s->cfg.queueing->writes(s, i, 1);
}

void serve_decode_cached(struct serve *s, int32_t i) {
  enter(s, i);
  s->seq[i].cached = s->seq[i].swapped = false;
  decode(s, i, s->seq[i].steps_left);
}

void serve_join_cached(struct serve *s) {
  int32_t i = let_in(s);
  if (s->share)
    serve_share_trim(s);
  if (s->seq[i].swapped)
    s->cfg.preempting->returns(s, s->seq[i].base_fx);
  if (s->seq[i].swapped || !s->cfg.room) {
    serve_decode_cached(s, i);
    return;
  }
  s->landing++;
  s->cfg.room(s->cfg.room_ctx, s->seq[i].index, i, s->now);
}

/* ---- reading ---- */
void serve_take_prompts(struct serve *s) {
  while (serve_head_reads(s)) {
    if (s->pieces > 0 && s->piece_tokens + s->seq[serve_head(s)].prompt > s->cfg.budget_tokens)
      return;
    int32_t i = serve_join(s);
    serve_piece_add(s, i, s->seq[i].prompt);
  }
}

void serve_piece_add(struct serve *s, int32_t seq, int32_t tokens) {
  s->piece = mem_grow(s->piece, &s->piece_cap, (size_t)s->pieces + 1, sizeof *s->piece);
  s->piece[s->pieces++] = (struct serve_piece){seq, tokens};
  s->piece_tokens += tokens;
  double past = (double)s->seq[seq].past + s->seq[seq].done;
  s->piece_pairs += tokens * past + 0.5 * tokens * (double)tokens;
}

void serve_pieces_read(struct serve *s) {
  for (int p = 0; p < s->pieces; p++) {
    s->seq[s->piece[p].seq].done += s->piece[p].tokens;
    s->unread -= s->piece[p].tokens;
  }
  for (int p = 0; s->share && p < s->pieces; p++)
    serve_share_read(s, s->piece[p].seq);
  for (int p = 0; p < s->pieces; p++)
    if (s->seq[s->piece[p].seq].done >= s->seq[s->piece[p].seq].prompt)
      serve_read_done(s, s->piece[p].seq);
}

/* ---- leaving ---- */
static int64_t ctx_now(const struct serve *s, const struct serve_seq *q) {
  return q->base_fx + (s->step - q->join_step) * s->grow_fx;
}

static void leave(struct serve *s, int32_t i) {
  struct serve_seq *q = &s->seq[i];
  if (s->share)
    serve_share_leave(s, i);
  if (q->decoding) {
    int64_t ctx = ctx_now(s, q);
    s->ctx_fx -= ctx;
    s->base_fx -= q->base_fx;
    if (s->cfg.queueing->writes)
      s->cfg.queueing->writes(s, i, -1);
    s->kv_fx -= s->cfg.reserve ? q->kv_fx : ctx + s->block_fx * s->cfg.beams;
    s->decoding--;
  } else {
    s->kv_fx -= q->kv_fx;
    s->unread -= q->prompt - q->done;
    s->reading--;
  }
  serve_list_remove(s, i);
}

static struct serve_finish account(const struct serve *s, int32_t i) {
  const struct serve_seq *q = &s->seq[i];
  sim_time client = (sim_time)llround(s->cfg.client_s * 1e9);
  return (struct serve_finish){q->arrival, q->first < 0 ? -1 : q->first + client, s->now + client, q->input, q->output, q->index, i, q->priority, q->tenant};
}

static void report(struct serve *s, int32_t i) {
  const struct serve_seq *q = &s->seq[i];
  s->tot.finished++;
  s->tot.in_system--;
  s->unwritten -= q->output - q->produced;
  s->tot.input_tokens += q->input;
  s->tot.hit_tokens += q->hit > 0 ? q->hit : 0;
  s->tot.output_tokens += s->cfg.encoder ? 0 : s->cfg.reads_only ? 1 : q->output;
  if (s->cfg.finish) {
    struct serve_finish f = account(s, i);
    s->cfg.finish(s->cfg.finish_ctx, &f);
  }
}

static void finish(struct serve *s, int32_t i) {
  leave(s, i);
  report(s, i);
  serve_seq_free(s, i);
}

/* Its cache stays until another instance has it. */
static void hand_over(struct serve *s, int32_t i) {
  s->reading--;
  serve_list_remove(s, i);
  s->held++;
  report(s, i);
}

void serve_forget(struct serve *s, int32_t i) {
  if (s->share)
    serve_share_leave(s, i);
  s->kv_fx -= s->seq[i].kv_fx;
  s->held--;
  serve_seq_free(s, i);
}

void serve_read_done(struct serve *s, int32_t i) {
  struct serve_seq *q = &s->seq[i];
  if (q->first < 0)
    q->first = s->now;
  q->produced++;
  s->unwritten--;
  int32_t rest = q->output - q->produced;
  if (s->cfg.reads_only)
    hand_over(s, i);
  else if (rest <= 0 || s->cfg.encoder)
    finish(s, i);
  else {
    q->base_fx = ((int64_t)q->past + q->prompt) * s->cfg.beams * SERVE_TOKEN_FX;
    decode(s, i, (int64_t)ceil(rest / s->cfg.mtp - 1e-9));
  }
}

void serve_finish_due(struct serve *s) {
  while (s->heap_n > 0 && s->heap[0].step <= s->step) {
    int32_t i = s->heap[0].seq;
    serve_heap_pop(s);
    finish(s, i);
  }
}

/* ---- giving up ---- */
static void time_out(struct serve *s, int32_t i, sim_time t) {
  const struct serve_seq *q = &s->seq[i];
  s->tot.timed_out++;
  s->tot.in_system--;
  s->unwritten -= q->output - q->produced;
  if (s->cfg.lost) {
    struct serve_finish f = account(s, i);
    f.end = t;
    s->cfg.lost(s->cfg.finish_ctx, &f);
  }
  serve_seq_free(s, i);
}

void serve_expire(struct serve *s, sim_time t) {
  for (int32_t i = serve_overdue(s, t); i >= 0; i = serve_overdue(s, t)) {
    serve_wait_remove(s, i);
    time_out(s, i, t);
  }
}

/* Those that read are at the young end of the batch. */
void serve_expire_reading(struct serve *s) {
  int left = s->timeout < SIM_TIME_MAX ? s->reading : 0;
  for (int32_t i = s->newest, before; left > 0 && i >= 0; i = before) {
    const struct serve_seq *q = &s->seq[i];
    before = q->prev;
    left -= !q->decoding;
    if (!q->decoding && q->first < 0 && q->arrival <= s->now - s->timeout) {
      leave(s, i);
      time_out(s, i, s->now);
    }
  }
}

sim_time serve_reading_deadline(const struct serve *s) {
  sim_time first = SIM_TIME_MAX;
  int left = s->timeout < SIM_TIME_MAX ? s->reading : 0;
  for (int32_t i = s->newest; left > 0 && i >= 0; i = s->seq[i].prev) {
    const struct serve_seq *q = &s->seq[i];
    left -= !q->decoding;
    if (!q->decoding && q->first < 0 && q->arrival < first - s->timeout)
      first = q->arrival + s->timeout;
  }
  return first;
}

/* ---- evicting ---- */
static int32_t written(const struct serve *s, const struct serve_seq *q) {
  int32_t made = (int32_t)((s->step - q->join_step) * s->mtp_fx / SERVE_TOKEN_FX);
  return made > q->output - q->produced - 1 ? q->output - q->produced - 1 : made;
}

/* A victim goes back to the queue, with its cache kept elsewhere or to read its prompt and what it has written again. */
void serve_evict(struct serve *s) {
  int32_t i = s->cfg.victim->pick(s);
  struct serve_seq *q = &s->seq[i];
  if (q->decoding) {
    int64_t ctx = ctx_now(s, q), steps = q->finish_step - s->step;
    int32_t made = written(s, q);
    q->swapped = q->cached = s->cfg.preempting->keeps(s, i, ctx);
    serve_heap_remove(s, i);
    leave(s, i);
    q->produced += made;
    s->unwritten -= made;
    q->base_fx = ctx;
    q->steps_left = steps;
  } else {
    leave(s, i);
  }
  q->prompt = q->input - q->past + q->produced;
  q->done = 0;
  q->decoding = false;
  s->tot.preemptions++;
  if (!serve_waiting(s))
    serve_drain_start(s, s->now);
  serve_wait_return(s, i);
}
