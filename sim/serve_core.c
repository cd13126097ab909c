#include "sim/serve_core.h"

#include <assert.h>
#include <math.h>
#include <string.h>
#include "base/mem.h"

#define TOK ((double)SERVE_TOKEN_FX)
#define FX 65536.0         /* time units per ns */
#define FX_SHIFT 16

typedef int64_t fx_time;   /* 2^-16 ns */

static fx_time fx_of_s(double s) {
  return (fx_time)llround(s * 1e9 * FX);
}
static sim_time fx_round(fx_time t) {
  return (t + (1 << (FX_SHIFT - 1))) >> FX_SHIFT;
}
static int64_t tok_fx(double tokens) {
  return (int64_t)llround(tokens * TOK);
}

/* ---- sequences ---- */
static int32_t seq_new(struct serve *s) {
  if (s->free_n == 0) {
    int old = s->seq_cap, cap = old ? 2 * old : 256;
    s->seq = mem_realloc(s->seq, (size_t)cap, sizeof *s->seq);
    s->free_list = mem_realloc(s->free_list, (size_t)cap, sizeof *s->free_list);
    for (int i = cap - 1; i >= old; i--)
      s->free_list[s->free_n++] = i;
    s->seq_cap = cap;
  }
  return s->free_list[--s->free_n];
}

static void seq_free(struct serve *s, int32_t i) {
  s->free_list[s->free_n++] = i;
}

static void list_append(struct serve *s, int32_t i) {
  s->seq[i].prev = s->newest;
  s->seq[i].next = -1;
  if (s->newest >= 0)
    s->seq[s->newest].next = i;
  else
    s->oldest = i;
  s->newest = i;
  s->running++;
}

static void list_remove(struct serve *s, int32_t i) {
  const struct serve_seq *q = &s->seq[i];
  if (q->prev >= 0)
    s->seq[q->prev].next = q->next;
  else
    s->oldest = q->next;
  if (q->next >= 0)
    s->seq[q->next].prev = q->prev;
  else
    s->newest = q->prev;
  s->running--;
}

/* ---- heap of decoding sequences by their last step; ties in order of arrival ---- */
static bool heap_less(const struct serve *s, int a, int b) {
  if (s->heap[a].step != s->heap[b].step)
    return s->heap[a].step < s->heap[b].step;
  return s->seq[s->heap[a].seq].index < s->seq[s->heap[b].seq].index;
}

static void heap_swap(struct serve *s, int a, int b) {
  int64_t step = s->heap[a].step;
  int32_t seq = s->heap[a].seq;
  s->heap[a] = s->heap[b];
  s->heap[b].step = step;
  s->heap[b].seq = seq;
}

static void heap_down(struct serve *s, int i) {
  for (;;) {
    int c = 2 * i + 1;
    if (c >= s->heap_n)
      return;
    if (c + 1 < s->heap_n && heap_less(s, c + 1, c))
      c++;
    if (!heap_less(s, c, i))
      return;
    heap_swap(s, c, i);
    i = c;
  }
}

static void heap_up(struct serve *s, int i) {
  while (i > 0 && heap_less(s, i, (i - 1) / 2)) {
    heap_swap(s, i, (i - 1) / 2);
    i = (i - 1) / 2;
  }
}

static void heap_push(struct serve *s, int64_t step, int32_t seq) {
  if (s->heap_n == s->heap_cap) {
    s->heap_cap = s->heap_cap ? 2 * s->heap_cap : 256;
    s->heap = mem_realloc(s->heap, (size_t)s->heap_cap, sizeof *s->heap);
  }
  s->heap[s->heap_n].step = step;
  s->heap[s->heap_n].seq = seq;
  heap_up(s, s->heap_n++);
}

static void heap_remove_at(struct serve *s, int i) {
  s->heap[i] = s->heap[--s->heap_n];
  if (i < s->heap_n) {
    heap_down(s, i);
    heap_up(s, i);
  }
}

static void heap_remove_seq(struct serve *s, int32_t seq) { /* evictions only, so a search will do */
  for (int i = 0; i < s->heap_n; i++)
    if (s->heap[i].seq == seq) {
      heap_remove_at(s, i);
      return;
    }
}

/* ---- queue of waiting sequences ---- */
static void wait_room(struct serve *s) {
  if (s->wait_n < s->wait_cap)
    return;
  size_t cap = s->wait_cap ? 2 * s->wait_cap : 256;
  int32_t *w = mem_array(cap, sizeof *w);
  for (size_t i = 0; i < s->wait_n; i++)
    w[i] = s->wait[(s->wait_head + i) % s->wait_cap];
  mem_free(s->wait);
  s->wait = w;
  s->wait_head = 0;
  s->wait_cap = cap;
}

static void wait_push(struct serve *s, int32_t i) {
  wait_room(s);
  s->wait[(s->wait_head + s->wait_n++) % s->wait_cap] = i;
}

static void wait_push_front(struct serve *s, int32_t i) {
  wait_room(s);
  s->wait_head = (s->wait_head + s->wait_cap - 1) % s->wait_cap;
  s->wait[s->wait_head] = i;
  s->wait_n++;
}

bool serve_waiting(const struct serve *s) {
  return s->wait_n > 0;
}

/* ---- cache ---- */
static int64_t kv_of_prompt(const struct serve *s, int32_t past, int32_t prompt) {
  return (((int64_t)past + prompt) * (int64_t)TOK + s->block_fx) * s->cfg->beams;
}

/* What a sequence takes when it is let in: its prompt, or prompt and output when the engine reserves both. */
static int64_t kv_need(const struct serve *s, int32_t past, int32_t prompt, int32_t output) {
  return kv_of_prompt(s, past, prompt) + (s->cfg->reserve ? (int64_t)output * s->cfg->beams * (int64_t)TOK : 0);
}

/* Room for it and for the next token of everyone: what joins gets at least one step before an eviction, so evictions cannot go in circles. */
static bool fits(const struct serve *s, int64_t need) {
  if (s->running >= s->cfg->max_seqs)
    return false;
  int64_t step = s->cfg->reserve ? 0 : (s->running + 1) * s->grow_fx;
  return s->kv_fx + need + step <= (s->running ? s->limit_fx : s->cap_fx);
}

bool serve_head_fits(struct serve *s) {
  int32_t i = s->wait[s->wait_head];
  int64_t held = s->share ? serve_share_find(s, i) : 0;
  const struct serve_seq *q = &s->seq[i];
  return fits(s, kv_need(s, q->past, q->prompt, q->output - q->produced) - held);
}

/* ---- arrivals ---- */
static void look_ahead(struct serve *s) {
  if (s->ahead_ok || s->dry)
    return;
  s->ahead_ok = s->cfg->next(s->cfg->next_ctx, &s->ahead);
  if (!s->ahead_ok) {
    s->dry = true;
    return;
  }
  if (!sim_time_from_s(s->ahead.arrival_s, &s->ahead_t))
    s->ahead_t = s->now;
  s->ahead_index = s->tot.arrived;
}

/* Too long for the cache even alone: turned away and counted. */
static bool hopeless(const struct serve *s) {
  int64_t all = ((int64_t)s->ahead.input + (s->cfg->encoder ? 0 : s->ahead.output)) * (int64_t)TOK + s->block_fx;
  return all * s->cfg->beams + s->grow_fx > s->cap_fx;
}

static void accept(struct serve *s) {
  s->ahead_ok = false;
  if (s->cfg->concurrency > 0) /* it comes when a place in the closed loop is free, however early it was looked at */
    s->ahead_t = s->now;
  s->tot.arrived++;
  if (s->tot.arrived == 1)
    s->tot.start = s->ahead_t;
  if (hopeless(s)) {
    s->tot.rejected++;
    return;
  }
  int32_t i = seq_new(s), cached = s->ahead.cached < s->ahead.input ? s->ahead.cached : s->ahead.input - 1;
  s->seq[i] = (struct serve_seq){.arrival = s->ahead_t, .first = -1, .index = s->ahead_index, .input = s->ahead.input,
                                 .output = s->ahead.output > 0 ? s->ahead.output : 1, .past = cached > 0 ? cached : 0, .prev = -1, .next = -1};
  if (s->share_wanted && (s->share || s->ahead.block) && serve_share_accept(s, i))
    s->seq[i].past = 0; /* until it is let in */
  s->tot.hit_tokens += s->seq[i].past;
  s->seq[i].prompt = s->ahead.input - s->seq[i].past;
  if (s->seq[i].prompt < 1)
    s->seq[i].prompt = 1;
  s->tot.in_system++;
  wait_push(s, i);
}

static void pull(struct serve *s) {
  uint64_t most = s->cfg->concurrency > 0 ? (uint64_t)s->cfg->concurrency : UINT64_MAX;
  while (s->tot.in_system < most) {
    look_ahead(s);
    if (!s->ahead_ok || (s->ahead_t > s->now && s->cfg->concurrency == 0))
      return;
    accept(s);
  }
}

/* ---- joining, finishing, evicting ---- */
int32_t serve_join(struct serve *s) {
  int32_t i = s->wait[s->wait_head];
  struct serve_seq *q = &s->seq[i];
  s->wait_head = (s->wait_head + 1) % s->wait_cap;
  s->wait_n--;
  q->kv_fx = kv_need(s, q->past, q->prompt, q->output - q->produced);
  q->decoding = false;
  q->done = 0;
  s->kv_fx += q->kv_fx;
  s->reading++;
  list_append(s, i);
  if (s->share)
    serve_share_join(s, i);
  return i;
}

void serve_piece_add(struct serve *s, int32_t seq, int32_t tokens) {
  s->piece = mem_grow(s->piece, &s->piece_cap, (size_t)s->pieces + 1, sizeof *s->piece);
  s->piece[s->pieces++] = (struct serve_piece){seq, tokens};
  s->piece_tokens += tokens;
  double past = (double)s->seq[seq].past + s->seq[seq].done;
  s->piece_pairs += tokens * past + 0.5 * tokens * (double)tokens;
}

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
    s->kv_fx -= s->cfg->reserve ? q->kv_fx : ctx + s->block_fx * s->cfg->beams;
    s->decoding--;
  } else {
    s->kv_fx -= q->kv_fx;
    s->reading--;
  }
  list_remove(s, i);
}

static void report(struct serve *s, int32_t i) {
  const struct serve_seq *q = &s->seq[i];
  s->tot.finished++;
  s->tot.in_system--;
  s->tot.input_tokens += q->input;
  s->tot.output_tokens += s->cfg->encoder ? 0 : q->output;
  if (!s->cfg->finish)
    return;
  sim_time client = (sim_time)llround(s->cfg->client_s * 1e9);
  struct serve_finish f = {q->arrival, q->first + client, s->now + client, q->input, q->output, q->index};
  s->cfg->finish(s->cfg->finish_ctx, &f);
}

static void finish(struct serve *s, int32_t i) {
  leave(s, i);
  report(s, i);
  seq_free(s, i);
}

/* The prompt is read: the first token is out, the rest decodes. */
static void start_decoding(struct serve *s, int32_t i) {
  struct serve_seq *q = &s->seq[i];
  if (q->first < 0)
    q->first = s->now;
  q->produced++;
  int32_t rest = q->output - q->produced;
  if (rest <= 0 || s->cfg->encoder) {
    finish(s, i);
    return;
  }
  s->reading--;
  s->decoding++;
  q->decoding = true;
  q->join_step = s->step;
  q->base_fx = ((int64_t)q->past + q->prompt) * s->cfg->beams * (int64_t)TOK;
  q->finish_step = s->step + (int64_t)ceil(rest / s->cfg->mtp - 1e-9);
  s->ctx_fx += q->base_fx;
  heap_push(s, q->finish_step, i);
}

/* Recompute later: prompt and what was produced so far go back to the head of the queue. */
static void evict_newest(struct serve *s) {
  int32_t i = s->newest;
  struct serve_seq *q = &s->seq[i];
  if (q->decoding) {
    int64_t steps = s->step - q->join_step;
    int32_t made = (int32_t)((steps * s->mtp_fx) / (int64_t)TOK);
    if (made > q->output - q->produced - 1)
      made = q->output - q->produced - 1;
    heap_remove_seq(s, i);
    leave(s, i);
    q->produced += made;
  } else {
    leave(s, i);
  }
  q->prompt = q->input - q->past + q->produced;
  q->done = 0;
  q->decoding = false;
  s->tot.preemptions++;
  wait_push_front(s, i);
}

static void finish_due(struct serve *s) {
  while (s->heap_n > 0 && s->heap[0].step <= s->step) {
    int32_t i = s->heap[0].seq;
    heap_remove_at(s, 0);
    finish(s, i);
  }
}

/* ---- meters: the interval is closed with what ran in it ---- */
static int class_of(double nd, bool prompts) {
  int e = nd >= 1 ? 31 - __builtin_clz((unsigned)nd) : 0;
  return (e < SERVE_CLASSES / 2 ? e : SERVE_CLASSES / 2 - 1) + (prompts ? SERVE_CLASSES / 2 : 0);
}

static void meter(struct serve *s, double span_s, double busy_s, double m, double nd, double ctx, double pairs, double iterations) {
  const struct serve_cost *c = s->cfg->cost;
  struct serve_work *w = &s->tot.work[class_of(nd, pairs > 0)];
  w->span_s += span_s;
  w->busy_s += busy_s;
  w->bytes += iterations * serve_table(c->lin_bytes, c->max_m, m) + ctx * c->ctx_bytes;
  w->flop += iterations * (m * c->lin_flop_per_token + nd * c->log_flop_per_seq) + ctx * c->ctx_flop + pairs * c->pair_flop;
  s->tot.batch_integral += span_s * (double)s->running;
  s->tot.kv_integral += span_s * (double)s->kv_fx / TOK;
  s->tot.iterations += (uint64_t)iterations;
}

static void gaps(struct serve *s, double seconds, double seqs, double iterations) {
  if (s->cfg->itl && seqs > 0)
    sketch_add_n(s->cfg->itl, seconds, (uint64_t)(seqs * iterations));
}

/* ---- an iteration that reads prompts ---- */
static bool prompt_iteration(struct serve *s, bool with_decode) {
  const struct serve_cost *c = s->cfg->cost;
  double nd = with_decode ? s->decoding * s->cfg->beams : 0, ctx = nd > 0 ? (double)s->ctx_fx / TOK : 0;
  double m = s->piece_tokens + nd * s->cfg->mtp;
  int done = 0;
  for (int p = 0; p < s->pieces; p++) {
    struct serve_seq *q = &s->seq[s->piece[p].seq];
    q->done += s->piece[p].tokens;
    done += q->done >= q->prompt;
  }
  double device = serve_device_s(c, m, done + nd, nd, ctx, s->piece_pairs, s->pieces), host = serve_host_s(c, nd, done);
  double t = fmax(c->overlap ? fmax(host, device) : host + device, serve_floor_s(c, nd));
  sim_time dt = fx_round(fx_of_s(t));
  if (dt <= 0 || s->now > SIM_TIME_MAX - dt)
    return false;
  meter(s, t, device, m, nd, ctx, s->piece_pairs, 1);
  gaps(s, t, nd, 1);
  s->now += dt;
  if (nd > 0) {
    s->step++;
    s->ctx_fx += s->decoding * s->grow_fx;
    if (!s->cfg->reserve)
      s->kv_fx += s->decoding * s->grow_fx;
  }
  if (s->share)
    serve_share_trim(s);
  for (int p = 0; s->share && p < s->pieces; p++)
    serve_share_read(s, s->piece[p].seq);
  for (int p = 0; p < s->pieces; p++)
    if (s->seq[s->piece[p].seq].done >= s->seq[s->piece[p].seq].prompt)
      start_decoding(s, s->piece[p].seq);
  finish_due(s);
  return true;
}

/* ---- a stretch of decode iterations with the same members ---- */
struct stretch {
  sim_time t0;
  fx_time a, b;     /* iteration j takes max(floor, a + b j); the host's part is in a, or in floor where launches overlap */
  fx_time floor;
  double host_s;
  int64_t j_cross;  /* first iteration above the floor */
  fx_time sum;      /* literal mode: S so far */
};

static fx_time stretch_s(const struct stretch *st, int64_t k) {
  int64_t j = k < st->j_cross ? k : st->j_cross;
  int64_t tri = (k * (k - 1) - j * (j - 1)) / 2;
  return j * st->floor + (k - j) * st->a + st->b * tri;
}

static void stretch_begin(const struct serve *s, struct stretch *st) {
  const struct serve_cost *c = s->cfg->cost;
  double nd = s->decoding * s->cfg->beams, ctx = (double)s->ctx_fx / TOK;
  double device = serve_device_s(c, nd * s->cfg->mtp, nd * s->cfg->mtp, nd, ctx, 0, 0), host = serve_host_s(c, nd, 0);
  double grow = serve_table(c->att1_s, c->max_s, nd) * nd * s->cfg->mtp;
  *st = (struct stretch){.t0 = s->now, .a = fx_of_s(c->overlap ? device : device + host), .b = fx_of_s(grow)};
  st->floor = fx_of_s(c->overlap ? fmax(host, serve_floor_s(c, nd)) : serve_floor_s(c, nd));
  st->host_s = host;
  if (st->a < st->floor)
    st->j_cross = st->b > 0 ? (st->floor - st->a + st->b - 1) / st->b : INT64_MAX / 4;
}

/* Smallest k > done with t0 + round(S(k)) >= t; at most `most`. */
static int64_t stretch_reach(const struct stretch *st, sim_time t, int64_t done, int64_t most) {
  if (st->t0 + fx_round(stretch_s(st, most)) < t)
    return most;
  int64_t lo = done, hi = most; /* S(lo) is before t, S(hi) is not */
  double x = (double)(t - st->t0) * FX, a = (double)st->a, b = (double)st->b;
  if (st->j_cross == 0) { /* a k + b k (k - 1) / 2 = x */
    double h = a - b / 2, k = b > 0 ? 2 * x / (h + sqrt(h * h + 2 * b * x)) : x / a;
    int64_t g = (int64_t)k;
    if (g - 2 > lo && g - 2 < hi && st->t0 + fx_round(stretch_s(st, g - 2)) < t)
      lo = g - 2;
    if (g + 2 > lo && g + 2 < hi && st->t0 + fx_round(stretch_s(st, g + 2)) >= t)
      hi = g + 2;
  }
  while (hi - lo > 1) {
    int64_t mid = lo + (hi - lo) / 2;
    if (st->t0 + fx_round(stretch_s(st, mid)) >= t)
      hi = mid;
    else
      lo = mid;
  }
  return hi;
}

/* Does the next arrival change anything? One that is turned away does too: it uncovers the arrival behind it. */
static bool ahead_matters(const struct serve *s) {
  int32_t input = s->ahead.input > 0 ? s->ahead.input : 1;
  int64_t held = s->share ? serve_share_ahead(s) : 0;
  return s->cfg->policy->joins && (hopeless(s) || fits(s, kv_need(s, 0, input, s->ahead.output) - held));
}

/* How far the batch may go without anything else happening. */
static int64_t stretch_end(struct serve *s, const struct stretch *st, int64_t done, int64_t step0) {
  int64_t k = s->heap[0].step - step0;
  if (!s->cfg->reserve) {
    int64_t room = (s->cap_fx - s->kv_fx) / (s->decoding * s->grow_fx); /* further iterations that fit; at least one, made sure of before */
    if (done + room < k)
      k = done + room;
  }
  if (s->cfg->mode == SERVE_LITERAL)
    return done + 1;
  if (!serve_waiting(s)) {
    look_ahead(s);
    if (s->ahead_ok && s->cfg->concurrency == 0 && ahead_matters(s))
      k = stretch_reach(st, s->ahead_t, done, k);
  }
  return k;
}

/* S(to), given S(from) in st->sum: term by term in the literal mode, in closed form else. */
static void stretch_advance(const struct serve *s, struct stretch *st, int64_t from, int64_t to) {
  if (s->cfg->mode == SERVE_LITERAL)
    for (int64_t j = from; j < to; j++)
      st->sum += j < st->j_cross ? st->floor : st->a + st->b * j;
  else
    st->sum = stretch_s(st, to);
}

static void advance(struct serve *s, struct stretch *st, int64_t from, int64_t to) {
  fx_time before = st->sum;
  stretch_advance(s, st, from, to);
  double n = (double)(to - from), nd = s->decoding * s->cfg->beams, m = nd * s->cfg->mtp;
  double span = (double)(st->sum - before) / FX * 1e-9;
  double mid = ((double)from + (double)to - 1) / 2; /* mean iteration number */
  double ctx = n * ((double)s->ctx_fx + (mid - (double)from) * (double)(s->decoding * s->grow_fx)) / TOK;
  double busy = n * ((double)st->a + (double)st->b * mid) / FX * 1e-9 - (s->cfg->cost->overlap ? 0 : n * st->host_s);
  meter(s, span, busy, m, nd, ctx, 0, n);
  gaps(s, span / n, nd, n);
  s->now = st->t0 + fx_round(st->sum);
  s->step += to - from;
  s->ctx_fx += (to - from) * s->decoding * s->grow_fx;
  if (!s->cfg->reserve)
    s->kv_fx += (to - from) * s->decoding * s->grow_fx;
  if (s->share)
    serve_share_trim(s);
}

/* May the batch take another iteration, or must a sequence go first? */
static bool cache_full(const struct serve *s) {
  return !s->cfg->reserve && s->kv_fx + s->decoding * s->grow_fx > s->cap_fx;
}

static bool joinable(struct serve *s) {
  pull(s);
  return serve_waiting(s) && s->cfg->policy->joins && serve_head_fits(s);
}

static bool decode_stretch(struct serve *s) {
  struct stretch st;
  stretch_begin(s, &st);
  int64_t done = 0, step0 = s->step, due = s->heap[0].step - step0;
  double longest = (double)due * fmax((double)st.floor, (double)st.a + (double)st.b * (double)due);
  if (st.a <= 0 || longest > 4e18 || s->now > SIM_TIME_MAX / 2) /* no duration, or beyond the clock */
    return false;
  do {
    int64_t to = stretch_end(s, &st, done, step0);
    advance(s, &st, done, to);
    done = to;
    if (done >= due) {
      finish_due(s);
      return true;
    }
  } while (!cache_full(s) && !joinable(s));
  return true;
}

/* ---- the run ---- */
static void serve_start(struct serve *s, const struct serve_config *cfg) {
  *s = (struct serve){.cfg = cfg, .oldest = -1, .newest = -1};
  s->mtp_fx = tok_fx(cfg->mtp);
  s->grow_fx = s->mtp_fx * cfg->beams;
  s->block_fx = tok_fx(cfg->block_tokens / 2); /* the last block of a sequence is half empty on average */
  s->cap_fx = isfinite(cfg->kv_tokens) ? tok_fx(cfg->kv_tokens) : INT64_MAX / 4;
  s->limit_fx = (int64_t)((double)s->cap_fx * (1 - cfg->watermark));
  s->share_wanted = serve_share_wanted(cfg);
}

static void serve_stop(struct serve *s) {
  mem_free(s->seq);
  mem_free(s->free_list);
  mem_free(s->heap);
  mem_free(s->wait);
  mem_free(s->piece);
  serve_share_stop(s);
}

/* One round: what arrived is queued, the policy fills an iteration, else the batch decodes on, else time jumps to the next arrival. */
static bool round_once(struct serve *s, bool *ret_ok) {
  pull(s);
  s->pieces = 0;
  s->piece_tokens = s->piece_pairs = 0;
  while (s->decoding > 0 && cache_full(s))
    evict_newest(s);
  bool mixed = s->cfg->policy->admit(s);
  if (s->pieces > 0)
    return *ret_ok = prompt_iteration(s, mixed);
  if (s->decoding > 0)
    return *ret_ok = decode_stretch(s);
  assert(s->kv_fx == 0); /* nobody runs, so nobody is charged */
  look_ahead(s);
  if (!s->ahead_ok)
    return false;
  if (s->ahead_t > s->now)
    s->now = s->ahead_t;
  return true;
}

/* Totals between two moments. */
static void difference(const struct serve_totals *a, const struct serve_totals *b, struct serve_totals *ret) {
  *ret = *b;
  ret->start = a->end;
  ret->arrived -= a->arrived;
  ret->finished -= a->finished;
  ret->rejected -= a->rejected;
  ret->preemptions -= a->preemptions;
  ret->iterations -= a->iterations;
  ret->input_tokens -= a->input_tokens;
  ret->output_tokens -= a->output_tokens;
  ret->hit_tokens -= a->hit_tokens;
  ret->blocks_dropped -= a->blocks_dropped;
  ret->batch_integral -= a->batch_integral;
  ret->kv_integral -= a->kv_integral;
  for (int i = 0; i < SERVE_CLASSES; i++) {
    ret->work[i].busy_s -= a->work[i].busy_s;
    ret->work[i].span_s -= a->work[i].span_s;
    ret->work[i].bytes -= a->work[i].bytes;
    ret->work[i].flop -= a->work[i].flop;
  }
}

bool serve_run(const struct serve_config *cfg, struct serve_totals *ret, struct serve_totals *window) {
  struct serve s;
  struct serve_totals mark[2];
  int marks = window ? 0 : 2;
  bool ok = true, more = true;
  serve_start(&s, cfg);
  while (more) {
    more = round_once(&s, &ok);
    s.tot.end = s.now;
    while (marks < 2 && (!more || s.now >= (marks ? cfg->window_to : cfg->window_from)))
      mark[marks++] = s.tot;
  }
  *ret = s.tot;
  if (window)
    difference(&mark[0], &mark[1], window);
  serve_stop(&s);
  return ok;
}
