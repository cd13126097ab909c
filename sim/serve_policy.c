/* Batching policies: which prompt pieces go into the next iteration. */
#include "sim/serve_core.h"

static int32_t left(const struct serve *s, int32_t i) {
  return s->seq[i].prompt - s->seq[i].done;
}

/* Whole prompts up to the budget, at least one; decoding waits. */
static void take_prompts(struct serve *s) {
  while (serve_waiting(s) && serve_head_fits(s)) {
    const struct serve_seq *head = &s->seq[s->wait[s->wait_head]];
    if (s->pieces > 0 && s->piece_tokens + head->prompt > s->cfg->budget_tokens)
      return;
    int32_t i = serve_join(s);
    serve_piece_add(s, i, s->seq[i].prompt);
  }
}

static bool admit_static(struct serve *s) {
  if (s->running == 0)
    take_prompts(s);
  return false;
}
static const struct serve_policy policy_static = {"static", "a batch is filled once and runs until all its members are done", admit_static, false};

static bool admit_prefill_first(struct serve *s) {
  take_prompts(s);
  return false;
}
static const struct serve_policy policy_prefill_first = {
  "prefill-first", "continuous batching; waiting prompts are read before the batch decodes on", admit_prefill_first, true};

/* Decoding sequences take one token of the budget each, prompts share the rest, the oldest first. */
static bool admit_chunked(struct serve *s) {
  double room = s->cfg->budget_tokens - s->decoding;
  for (int32_t i = s->reading > 0 ? s->oldest : -1; i >= 0 && room >= 1; i = s->seq[i].next)
    if (!s->seq[i].decoding) {
      int32_t n = left(s, i) < room ? left(s, i) : (int32_t)room;
      serve_piece_add(s, i, n);
      room -= n;
    }
  while (room >= 1 && serve_waiting(s) && serve_head_fits(s)) {
    int32_t i = serve_join(s);
    int32_t n = left(s, i) < room ? left(s, i) : (int32_t)room;
    serve_piece_add(s, i, n);
    room -= n;
  }
  return true;
}
static const struct serve_policy policy_chunked = {
  "chunked", "continuous batching; every iteration decodes the batch and fills the rest of its token budget with prompts", admit_chunked, true};

const struct serve_policy *const serve_policies[] = {&policy_static, &policy_prefill_first, &policy_chunked};
