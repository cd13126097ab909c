/* Continuous batching; decoding sequences take one token of the budget each, prompts share the rest in pieces, the oldest first. */
#include "sim/serve_policies.h"

static bool open(const struct serve *s) {
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

static int32_t piece(struct serve *s, int32_t i, double room) {
  int32_t left = s->seq[i].prompt - s->seq[i].done, n = left < room ? left : (int32_t)room;
  serve_piece_add(s, i, n);
  return n;
}

static bool admit(struct serve *s) {
  double room = s->cfg.budget_tokens - s->decoding;
  for (int32_t i = oldest_reading(s); i >= 0 && room >= 1; i = s->seq[i].next)
    if (!s->seq[i].decoding)
      room -= piece(s, i, room);
  while (room >= 1 && serve_head_reads(s))
    room -= piece(s, serve_join(s), room);
  return true;
}

const struct serve_batching serve_batching_chunked = {
  "chunked", "continuous batching; every iteration decodes the batch and fills the rest of its token budget with prompts", open, admit};
