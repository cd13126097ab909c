/* An instance over time: what arrives is queued and cuts the decode stretch in flight, steps end iterations, and go begins the next. */
#include <assert.h>
#include <math.h>
#include "base/mem.h"
#include "sim/serve_core.h"

static int64_t token_fx(double tokens) {
  return (int64_t)llround(tokens * SERVE_TOKEN_FX);
}

static void default_policies(struct serve_config *c) {
  c->queueing = c->queueing ? c->queueing : serve_queueing_find(NULL, NULL, 0);
  c->victim = c->victim ? c->victim : serve_victim_find(NULL, NULL, 0);
  c->preempting = c->preempting ? c->preempting : serve_preempting_find(NULL, NULL, 0);
  c->admission = c->admission ? c->admission : serve_admission_find(NULL, NULL, 0);
}

struct serve *serve_open(const struct serve_config *cfg) {
  struct serve *s = mem_alloc(sizeof *s);
  *s = (struct serve){.cfg = *cfg, .oldest = -1, .newest = -1};
  s->mtp_fx = token_fx(cfg->mtp);
  s->grow_fx = s->mtp_fx * cfg->beams;
  s->block_fx = token_fx(cfg->block_tokens / 2); /* the last block of a sequence is half empty on average */
  s->cap_fx = isfinite(cfg->kv_tokens) ? token_fx(cfg->kv_tokens) : INT64_MAX / 4;
  s->limit_fx = (int64_t)((double)s->cap_fx * (1 - cfg->watermark));
  s->share_wanted = serve_share_wanted(cfg);
  s->emptied = -1;
  s->drain_from = -1;
  if (!(cfg->timeout_s > 0 && sim_time_from_s(cfg->timeout_s, &s->timeout)))
    s->timeout = SIM_TIME_MAX;
  default_policies(&s->cfg);
  return s;
}

void serve_close(struct serve *s) {
  if (!s)
    return;
  mem_free(s->seq);
  mem_free(s->free_list);
  mem_free(s->heap);
  mem_free(s->lane);
  mem_free(s->piece);
  mem_free(s->landed);
  serve_share_stop(s);
  mem_free(s);
}

/* ---- what comes ---- */
static int32_t enlist(struct serve *s, const struct sim_request *r, sim_time t, uint64_t index, bool *ret_numbered) {
  int32_t i = serve_seq_new(s);
  s->seq[i] = (struct serve_seq){.arrival = t, .first = -1, .hit = -1, .index = index, .input = r->input, .output = r->output > 0 ? r->output : 1,
                                 .prev = -1, .next = -1, .priority = r->priority, .tenant = r->tenant,
                                 .lane = serve_lane_of(s, s->cfg.queueing->key(r)), .cost = llround(64 / (r->weight > 0 ? r->weight : 1))};
  *ret_numbered = s->share_wanted && (s->share || r->block) && serve_share_accept(s, i, r);
  s->tot.in_system++;
  s->unwritten += s->seq[i].output;
  return i;
}

static bool turn_away(struct serve *s, const struct sim_request *r, sim_time t, uint64_t index) {
  s->tot.arrived++;
  if (s->tot.arrived == 1)
    s->tot.start = t;
  if (serve_can_hold(s, r) && s->cfg.admission->admits(s, r))
    return false;
  s->tot.rejected++;
  if (s->cfg.lost) {
    struct serve_finish f = {t, -1, t, r->input, r->output, index, -1, r->priority, r->tenant};
    s->cfg.lost(s->cfg.finish_ctx, &f);
  }
  return true;
}

/* Before the queue changes at t; what it returns is for queue_changed. */
static int32_t queue_changes(struct serve *s, sim_time t) {
  if (s->cfg.queueing->steady) /* the order depends on what has been decoded */
    serve_stretch_sync(s, t);
  return serve_waiting(s) ? serve_head(s) : -1;
}

/* Somebody else is the head of the queue: what decodes must stop for it as soon as it may join. Room only gets less while a batch decodes on, so what does not fit now
 * will not before the stretch ends. */
static void queue_changed(struct serve *s, sim_time t, int32_t head_before) {
  if (s->flight != FLIGHT_DECODING || !serve_waiting(s) || !s->cfg.batching->open(s))
    return;
  if (s->cfg.queueing->steady)
    serve_stretch_replan(s);
  if (serve_head(s) != head_before && serve_head_fits(s)) {
    int64_t seen = serve_seen_step(s, serve_head(s)), next = serve_stretch_step(s, t);
    serve_stretch_cut_at(s, seen > next ? seen : next);
  }
}

static void queue(struct serve *s, int32_t i, sim_time t) {
  int32_t head = queue_changes(s, t);
  if (!serve_waiting(s))
    serve_drain_start(s, t);
  serve_poll_arrival(s, i, t);
  serve_wait_push(s, i);
  queue_changed(s, t, head);
}

bool serve_offer(struct serve *s, const struct sim_request *r, sim_time t, uint64_t index) {
  if (turn_away(s, r, t, index))
    return false;
  bool numbered;
  int32_t i = enlist(s, r, t, index, &numbered), cached = r->cached < r->input ? r->cached : r->input - 1;
  struct serve_seq *q = &s->seq[i];
  q->past = cached > 0 && !numbered ? cached : 0; /* numbered: looked up when it is let in */
  q->prompt = r->input - q->past > 1 ? r->input - q->past : 1;
  queue(s, i, t);
  return true;
}

bool serve_offer_read(struct serve *s, const struct sim_request *r, sim_time first, sim_time t, uint64_t index) {
  struct sim_request whole = *r; /* its cache comes as a whole: nothing is looked up */
  whole.block = NULL;
  whole.blocks = 0;
  if (turn_away(s, r, t, index))
    return false;
  bool numbered;
  int32_t i = enlist(s, &whole, t, index, &numbered);
  struct serve_seq *q = &s->seq[i];
  q->arrival = r->arrival_s >= 0 && sim_time_from_s(r->arrival_s, &q->arrival) ? q->arrival : t;
  q->first = first;
  q->produced = 1;
  s->unwritten--;
  q->cached = true;
  q->base_fx = (int64_t)(r->input > 0 ? r->input : 1) * s->cfg.beams * SERVE_TOKEN_FX;
  q->steps_left = (int64_t)ceil(fmax(1, q->output - 1) / s->cfg.mtp - 1e-9);
  queue(s, i, t);
  return true;
}

void serve_landed(struct serve *s, int32_t handle, sim_time t) {
  s->landed = mem_grow(s->landed, &s->landed_cap, s->landed_n + 1, sizeof *s->landed);
  s->landed[s->landed_n++] = handle;
  if (s->flight == FLIGHT_DECODING)
    serve_stretch_cut(s, t);
}

void serve_release(struct serve *s, int32_t handle, sim_time t) {
  serve_forget(s, handle);
  queue_changed(s, t, -1);
}

/* ---- an iteration that reads prompts ---- */
static bool reading_begin(struct serve *s, bool with_decode) {
  const struct serve_cost *c = s->cfg.cost;
  struct serve_reading *r = &s->read;
  r->nd = with_decode ? s->decoding * s->cfg.beams : 0;
  r->ctx = r->nd > 0 ? (double)s->ctx_fx / SERVE_TOKEN_FX : 0;
  int done = 0;
  for (int p = 0; p < s->pieces; p++) {
    const struct serve_seq *q = &s->seq[s->piece[p].seq];
    done += q->done + s->piece[p].tokens >= q->prompt;
  }
  double m = s->piece_tokens + r->nd * s->cfg.mtp, host = serve_host_s(c, r->nd, done);
  r->device = serve_device_s(c, m, done + r->nd, r->nd, r->ctx, s->piece_pairs, s->pieces);
  r->t = fmax(c->overlap ? fmax(host, r->device) : host + r->device, serve_floor_s(c, r->nd));
  sim_time dt = serve_fx_round(serve_fx_of_s(r->t));
  if (dt <= 0 || s->now > SIM_TIME_MAX - dt)
    return false;
  s->flight = FLIGHT_READING;
  s->flight_end = s->now + dt;
  return true;
}

static void reading_end(struct serve *s) {
  const struct serve_reading *r = &s->read;
  serve_meter(s, r->t, r->device, s->piece_tokens + r->nd * s->cfg.mtp, r->nd, r->ctx, s->piece_pairs, 1);
  serve_gaps(s, r->t, r->nd, 1);
  s->now = s->flight_end;
  if (r->nd > 0) {
    s->step++;
    s->ctx_fx += s->decoding * s->grow_fx;
    if (!s->cfg.reserve)
      s->kv_fx += s->decoding * s->grow_fx;
  }
  serve_poll_read(s);
  if (s->share)
    serve_share_trim(s);
  serve_pieces_read(s);
  serve_finish_due(s);
}

/* ---- a stretch of decode iterations ---- */
static bool decoding_begin(struct serve *s) {
  if (!serve_stretch_begin(s))
    return false;
  serve_stretch_plan(s);
  s->flight = FLIGHT_DECODING;
  return true;
}

static void decoding_end(struct serve *s) {
  struct serve_stretch *st = &s->stretch;
  if (st->to > st->done)
    serve_stretch_advance(s, st->to);
  if (st->done >= st->due) {
    st->open = false;
    serve_finish_due(s);
  }
}

static bool decodes_on(struct serve *s) {
  return s->stretch.open && s->landed_n == 0 && !serve_cache_full(s) && !(serve_waiting(s) && s->cfg.batching->open(s) && serve_head_joins(s));
}

/* ---- copying caches to host memory and back, between iterations ---- */
static bool swapping_begin(struct serve *s) {
  sim_time dt = serve_fx_round(serve_fx_of_s((double)s->moved_fx / SERVE_TOKEN_FX * s->cfg.swap_s_per_token));
  s->moved_fx = 0;
  if (s->now > SIM_TIME_MAX - dt)
    return false;
  s->flight = FLIGHT_SWAPPING;
  s->flight_end = s->now + (dt > 0 ? dt : 1);
  return true;
}

static void swapping_end(struct serve *s) {
  serve_meter(s, sim_time_as_s(s->flight_end - s->now), 0, 0, 0, 0, 0, 0);
  s->now = s->flight_end;
}

/* ---- time ---- */
static sim_time flight_due(const struct serve *s) {
  return s->flight == FLIGHT_NONE ? SIM_TIME_MAX : s->flight_end;
}

sim_time serve_due(const struct serve *s) {
  sim_time flight = flight_due(s), deadline = s->timeout < SIM_TIME_MAX ? serve_deadline(s) : SIM_TIME_MAX;
  return flight < deadline ? flight : deadline;
}

static void flight_ends(struct serve *s) {
  enum serve_flight what = s->flight;
  s->flight = FLIGHT_NONE;
  if (what == FLIGHT_READING)
    reading_end(s);
  else if (what == FLIGHT_DECODING)
    decoding_end(s);
  else if (what == FLIGHT_SWAPPING)
    swapping_end(s);
  serve_expire_reading(s);
}

/* A first token at the very deadline is in time. */
void serve_step(struct serve *s) {
  sim_time t = serve_due(s);
  if (flight_due(s) == t && t < SIM_TIME_MAX)
    flight_ends(s);
  if (s->timeout == SIM_TIME_MAX || serve_deadline(s) > t)
    return;
  int32_t head = queue_changes(s, t);
  serve_expire(s, t);
  queue_changed(s, t, head);
}

static void take_landed(struct serve *s) {
  for (size_t n = 0; n < s->landed_n; n++) {
    s->landing--;
    serve_decode_cached(s, s->landed[n]);
  }
  s->landed_n = 0;
}

static void take_cached(struct serve *s) {
  bool open = s->cfg.batching->open(s);
  while (open && serve_waiting(s) && s->seq[serve_head(s)].cached && serve_head_joins(s))
    serve_join_cached(s);
}

/* Who must go goes, who may come comes, and the policy fills an iteration; else the batch decodes on. */
static bool round_begin(struct serve *s) {
  s->pieces = 0;
  s->piece_tokens = s->piece_pairs = 0;
  take_landed(s);
  while (s->decoding > 0 && serve_cache_full(s))
    serve_evict(s);
  take_cached(s);
  if (s->moved_fx > 0)
    return swapping_begin(s);
  bool mixed = s->cfg.batching->admit(s);
  serve_drain_note(s);
  if (s->pieces > 0)
    return reading_begin(s, mixed);
  if (s->decoding > 0)
    return decoding_begin(s);
  assert(s->kv_fx == 0 || s->held + s->landing > 0); /* nobody runs, so nobody is charged */
  return true;
}

bool serve_go(struct serve *s, sim_time t) {
  if (s->flight != FLIGHT_NONE) {
    if (s->flight_end > t)
      return true;
    flight_ends(s); /* something that came cut it to this very moment */
  }
  if (decodes_on(s)) {
    serve_stretch_plan(s);
    s->flight = FLIGHT_DECODING;
    return true;
  }
  s->stretch.open = false;
  if (t > s->now)
    s->now = t;
  serve_mark(s);
  return round_begin(s);
}

/* ---- views ---- */
void serve_look(struct serve *s, sim_time t, struct serve_view *ret) {
  serve_stretch_sync(s, t);
  int64_t made = (s->ctx_fx - s->base_fx) / (SERVE_TOKEN_FX * s->cfg.beams);
  *ret = (struct serve_view){.running = s->running, .waiting = s->waiting, .held = s->landing + s->held,
                             .prompt_tokens = s->queued + s->unread, .output_tokens = s->unwritten - made,
                             .kv_tokens = (double)s->kv_fx / SERVE_TOKEN_FX};
}

int32_t serve_match(struct serve *s, const struct sim_request *r, sim_time t) {
  if (!s->share || !r->block)
    return 0;
  serve_stretch_sync(s, t);
  return serve_share_match(s, r);
}
