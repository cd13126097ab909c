/* Prompts that share cached blocks. A sequence is charged for all of its tokens; for every block it shares its charge is given back, and the block is charged once
 * however many hold it. Blocks that nobody holds fill what is left of the capacity and give way to whatever a running sequence needs. Usage only grows while a
 * batch decodes on, so trimming after a jump drops the same blocks as trimming after every iteration. */
#include <assert.h>
#include <math.h>
#include "base/mem.h"
#include "sim/serve_core.h"
#include "sim/serve_prefix.h"
#include "workloads/trace.h"

enum { BLOCK = WL_TRACE_BLOCK_TOKENS };
static const int64_t BLOCK_FX = (int64_t)BLOCK * SERVE_TOKEN_FX;

struct held { /* of one sequence */
  int32_t *id;
  size_t cap;
  int32_t n;      /* whole blocks of the prompt */
  int32_t shared; /* leading ones that it holds */
};
struct serve_share {
  struct serve_prefix *cache;
  struct held *of; /* by sequence */
  int cap;
};

bool serve_share_wanted(const struct serve_config *c) {
  return c->prefix_cache && !c->encoder && c->beams == 1 && isfinite(c->kv_tokens);
}

static void start(struct serve *s) {
  s->share = mem_alloc(sizeof *s->share);
  *s->share = (struct serve_share){.cache = serve_prefix_create()};
}

void serve_share_stop(struct serve *s) {
  if (!s->share)
    return;
  for (int i = 0; i < s->share->cap; i++)
    mem_free(s->share->of[i].id);
  mem_free(s->share->of);
  serve_prefix_destroy(s->share->cache);
  mem_free(s->share);
}

static int32_t whole_blocks(const struct sim_request *r) {
  int32_t n = r->input / BLOCK;
  return !r->block ? 0 : r->blocks < n ? r->blocks : n;
}

/* The last token of a prompt is always read: the first answer token comes out of it. */
static int32_t findable(int32_t blocks, int32_t input) {
  int32_t most = (input - 1) / BLOCK;
  return blocks < most ? blocks : most;
}

bool serve_share_accept(struct serve *s, int32_t i, const struct sim_request *r) {
  if (!s->share)
    start(s);
  struct serve_share *h = s->share;
  if (h->cap < s->seq_cap) {
    h->of = mem_realloc(h->of, (size_t)s->seq_cap, sizeof *h->of);
    for (; h->cap < s->seq_cap; h->cap++)
      h->of[h->cap] = (struct held){0};
  }
  struct held *q = &h->of[i];
  q->n = whole_blocks(r);
  q->shared = 0;
  q->id = mem_grow(q->id, &q->cap, (size_t)q->n, sizeof *q->id);
  for (int32_t b = 0; b < q->n; b++)
    q->id[b] = r->block[b];
  return q->n > 0;
}

int64_t serve_share_find(struct serve *s, int32_t i) {
  const struct held *h = &s->share->of[i];
  struct serve_seq *q = &s->seq[i];
  int32_t held = 0;
  if (h->n == 0)
    return 0;
  q->past = BLOCK * serve_prefix_find(s->share->cache, h->id, findable(h->n, q->input), &held);
  q->prompt = q->input - q->past + q->produced;
  return held * BLOCK_FX;
}

int32_t serve_share_match(const struct serve *s, const struct sim_request *r) {
  return BLOCK * serve_prefix_find(s->share->cache, r->block, findable(whole_blocks(r), r->input), NULL);
}

static void share_upto(struct serve *s, struct held *h, int32_t blocks) {
  for (; h->shared < blocks && h->shared < h->n; h->shared++) {
    s->kv_fx -= BLOCK_FX;
    if (serve_prefix_hold(s->share->cache, h->id[h->shared]))
      s->kv_fx += BLOCK_FX;
  }
}

void serve_share_join(struct serve *s, int32_t i) {
  struct held *h = &s->share->of[i];
  if (h->n > 0)
    share_upto(s, h, s->seq[i].past / BLOCK);
  serve_share_trim(s);
}

void serve_share_read(struct serve *s, int32_t i) {
  const struct serve_seq *q = &s->seq[i];
  share_upto(s, &s->share->of[i], (q->past + q->done) / BLOCK);
}

static int64_t room(const struct serve *s) {
  return (s->cap_fx - s->kv_fx) / BLOCK_FX;
}

void serve_share_leave(struct serve *s, int32_t i) {
  assert(serve_prefix_idle(s->share->cache) <= (room(s) > 0 ? room(s) : 0)); /* nothing is cached where there is no memory for it */
  struct held *h = &s->share->of[i];
  while (h->shared > 0) {
    s->kv_fx += BLOCK_FX;
    if (serve_prefix_release(s->share->cache, h->id[--h->shared]))
      s->kv_fx -= BLOCK_FX;
  }
}

void serve_share_trim(struct serve *s) {
  s->tot.blocks_dropped += serve_prefix_trim(s->share->cache, room(s));
}
