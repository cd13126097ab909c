/* How iterations are filled: which prompt pieces go into the next iteration. */
#include "sim/serve_core.h"

static int32_t left(const struct serve *s, int32_t i) {
  return s->seq[i].prompt - s->seq[i].done;
}

/* Whole prompts up to the budget, at least one; decoding waits. */
static void take_prompts(struct serve *s) {
  while (serve_head_reads(s)) {
    const struct serve_seq *head = &s->seq[serve_head(s)];
    if (s->pieces > 0 && s->piece_tokens + head->prompt > s->cfg.budget_tokens)
      return;
    int32_t i = serve_join(s);
    serve_piece_add(s, i, s->seq[i].prompt);
  }
}

static bool when_empty(const struct serve *s) {
  return s->running == 0;
}

static bool admit_static(struct serve *s) {
  if (s->running == 0)
    take_prompts(s);
  return false;
}
static const struct serve_batching policy_static = {"static", "a batch is filled once and runs until all its members are done", when_empty, admit_static};

static bool always(const struct serve *s) {
  (void)s;
  return true;
}

static bool admit_prefill_first(struct serve *s) {
  take_prompts(s);
  return false;
}
static const struct serve_batching policy_prefill_first = {
  "prefill-first", "continuous batching; waiting prompts are read before the batch decodes on", always, admit_prefill_first};

static bool below_budget(const struct serve *s) {
  return s->cfg.budget_tokens - s->decoding >= 1;
}

/* The oldest sequence that still reads; they are at the young end of the list, behind perhaps thousands that decode. -1 = none reads. */
static int32_t oldest_reading(const struct serve *s) {
  int32_t found = -1;
  for (int32_t i = s->newest, left = s->reading; left > 0 && i >= 0; i = s->seq[i].prev)
    if (!s->seq[i].decoding) {
      found = i;
      left--;
    }
  return found;
}

/* Decoding sequences take one token of the budget each, prompts share the rest, the oldest first. */
static bool admit_chunked(struct serve *s) {
  double room = s->cfg.budget_tokens - s->decoding;
  for (int32_t i = oldest_reading(s); i >= 0 && room >= 1; i = s->seq[i].next)
    if (!s->seq[i].decoding) {
      int32_t n = left(s, i) < room ? left(s, i) : (int32_t)room;
      serve_piece_add(s, i, n);
      room -= n;
    }
  while (room >= 1 && serve_head_reads(s)) {
    int32_t i = serve_join(s);
    int32_t n = left(s, i) < room ? left(s, i) : (int32_t)room;
    serve_piece_add(s, i, n);
    room -= n;
  }
  return true;
}
static const struct serve_batching policy_chunked = {
  "chunked", "continuous batching; every iteration decodes the batch and fills the rest of its token budget with prompts", below_budget, admit_chunked};

const struct serve_batching *const serve_batchings[] = {&policy_static, &policy_prefill_first, &policy_chunked};
