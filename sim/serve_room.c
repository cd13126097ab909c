/* Room in the paged cache: what a request takes when it is let in, whether it may, and how far the batch may decode on. */
#include "sim/serve_core.h"

/* Cache that is there already, or the prompt; with the answer where the engine reserves both. */
int64_t serve_kv_need(const struct serve *s, const struct serve_seq *q) {
  int64_t fx = q->cached ? q->base_fx : ((int64_t)q->past + q->prompt) * SERVE_TOKEN_FX * s->cfg.beams;
  int64_t more = s->cfg.reserve && !s->cfg.reads_only ? (int64_t)(q->output - q->produced) * SERVE_TOKEN_FX : 0;
  return fx + (more + s->block_fx) * s->cfg.beams;
}

/* Room for it and for the next token of everyone: what joins gets at least one step before an eviction, so evictions cannot go in circles. */
static bool fits(const struct serve *s, int64_t need) {
  int in = s->running + s->landing;
  if (in >= s->cfg.max_seqs)
    return false;
  int64_t step = s->cfg.reserve ? 0 : (in + 1) * s->grow_fx;
  return s->kv_fx + need + step <= (in + s->held > 0 ? s->limit_fx : s->cap_fx);
}

bool serve_head_fits(struct serve *s) {
  int32_t i = serve_head(s);
  int64_t held = s->share && !s->seq[i].cached ? serve_share_find(s, i) : 0;
  return fits(s, serve_kv_need(s, &s->seq[i]) - held);
}

bool serve_head_joins(struct serve *s) {
  return serve_seen_step(s, serve_head(s)) <= s->step && serve_head_fits(s);
}

bool serve_head_reads(struct serve *s) {
  return serve_waiting(s) && !s->seq[serve_head(s)].cached && serve_head_joins(s);
}

bool serve_can_hold(const struct serve *s, const struct sim_request *r) {
  int64_t all = ((int64_t)r->input + (s->cfg.encoder || s->cfg.reads_only ? 0 : r->output)) * SERVE_TOKEN_FX + s->block_fx;
  return all * s->cfg.beams + s->grow_fx <= s->cap_fx;
}

int64_t serve_room_steps(const struct serve *s) {
  return s->cfg.reserve ? INT64_MAX / 4 : (s->cap_fx - s->kv_fx) / (s->decoding * s->grow_fx);
}
