#include "tests/serve_random.h"

#include <math.h>
#include "base/mem.h"
#include "tests/cu.h"
#include "workloads/engines.h"
#include "workloads/trace.h"

/* ---- requests ---- */
/* Numbers as a prefix hash gives them: same family, same depth, same number; from a random depth on the prompt is its own. */
static void feed_blocks(struct feed *f, struct sim_request *r) {
  int32_t family = (int32_t)(stream_uniform(&f->st) * f->families), common = (int32_t)(stream_uniform(&f->st) * 12);
  r->blocks = (r->input + WL_TRACE_BLOCK_TOKENS - 1) / WL_TRACE_BLOCK_TOKENS;
  r->block = f->block;
  for (int32_t b = 0; b < r->blocks; b++)
    f->block[b] = b < common ? family * 64 + b : 1000000 + f->i * 64 + b;
}

bool feed_next(void *ctx, struct sim_request *r) {
  struct feed *f = ctx;
  if (f->i >= f->n)
    return false;
  f->i++;
  f->t += stream_exponential(&f->st, 1 / f->rate);
  r->arrival_s = f->grid_s > 0 ? floor(f->t / f->grid_s) * f->grid_s : f->t;
  r->blocks = 0;
  r->block = NULL;
  r->input = 1 + (int32_t)(stream_uniform(&f->st) * f->max_in);
  r->output = 1 + (int32_t)(stream_uniform(&f->st) * f->max_out);
  r->cached = stream_uniform(&f->st) < 0.3 ? r->input / 2 : 0;
  r->priority = (int32_t)(stream_uniform(&f->st) * 3) - 1;
  r->tenant = (int32_t)(stream_uniform(&f->st) * stream_uniform(&f->st) * 5);
  r->weight = r->tenant == 2 ? 3 : 0;
  if (f->families > 0 && stream_uniform(&f->st) < 0.9)
    feed_blocks(f, r);
  return true;
}

void feed_start(struct feed *f, int n, double rate, int max_in, int max_out, uint64_t seed) {
  *f = (struct feed){.n = n, .rate = rate, .max_in = max_in, .max_out = max_out};
  stream_init(&f->st, seed, "feed", 0);
}

void digest_finish(void *ctx, const struct serve_finish *f) {
  struct digest *d = ctx;
  uint64_t x[4] = {(uint64_t)f->arrival, (uint64_t)f->first, (uint64_t)f->end, f->index};
  for (int i = 0; i < 4; i++)
    d->sum = (d->sum ^ x[i]) * 0x9E3779B97F4A7C15ull + i;
  d->n++;
}

/* ---- engines ---- */
void random_cost(struct serve_cost *c, struct stream *st) {
  *c = (struct serve_cost){.max_m = 4096, .max_s = 512};
  c->lin_s = mem_array(4097, sizeof(double));
  c->lin_bytes = mem_array(4097, sizeof(double));
  c->log_s = mem_array(513, sizeof(double));
  c->att0_s = mem_array(513, sizeof(double));
  c->att1_s = mem_array(513, sizeof(double));
  double base = 1e-3 + 2e-2 * stream_uniform(st), per = 1e-6 + 1e-4 * stream_uniform(st), ctx = 1e-9 + 1e-7 * stream_uniform(st);
  for (int i = 0; i <= 4096; i++) {
    c->lin_s[i] = base + per * i;
    c->lin_bytes[i] = 1e9;
  }
  for (int i = 0; i <= 512; i++) {
    c->log_s[i] = 1e-4 + 1e-6 * i;
    c->att0_s[i] = 1e-4;
    c->att1_s[i] = ctx;
  }
  c->step_rows = 1;
  c->idle_rows = stream_uniform(st) < 0.3 ? 2 * stream_uniform(st) : 0;
  c->pair_s = 1e-9 * stream_uniform(st);
  c->host0_s = 5e-3 * stream_uniform(st);
  c->host_seq_s = 2e-4 * stream_uniform(st);
  c->host_prompt_s = 1e-3 * stream_uniform(st);
  c->overlap = stream_uniform(st) < 0.5;
  c->floor_seq_s = stream_uniform(st) < 0.3 ? 1e-3 * stream_uniform(st) : 0;
  c->graph_seqs = floor(5e4 * c->host_seq_s); /* of what was drawn, so that the draws after it stay as they were */
  c->eager_s = c->host0_s > 3.5e-3 ? 4 * c->host0_s : 0;
  c->lin_flop_per_token = 1e10;
  c->ctx_bytes = 1e5;
  c->peak_flops = 1e15;
  c->mem_Bps = 1e12;
}

void even_cost(struct serve_cost *c) {
  for (int i = 0; i <= c->max_m; i++)
    c->lin_s[i] = 0.01;
  for (int i = 0; i <= c->max_s; i++)
    c->log_s[i] = c->att0_s[i] = c->att1_s[i] = 0;
  c->pair_s = c->idle_rows = c->host0_s = c->host_seq_s = c->host_prompt_s = c->floor_seq_s = c->eager_s = 0;
}

void random_config(struct serve_config *cfg, int *ret_concurrency, const struct serve_cost *cost, struct stream *st) {
  *cfg = (struct serve_config){.cost = cost, .max_seqs = 1 + (int)(stream_uniform(st) * 64), .beams = stream_uniform(st) < 0.2 ? 4 : 1};
  cfg->batching = serve_batchings[(int)(stream_uniform(st) * WL_POLICIES)];
  cfg->budget_tokens = stream_uniform(st) < 0.25 ? 1 + (int)(40 * stream_uniform(st)) : 128 + stream_uniform(st) * 2048; /* fewer than the batch, too */
  cfg->poll_steps = (int)cfg->budget_tokens % 5 < 2 ? (int)cfg->budget_tokens % 40 : 0; /* no draw of its own: the other choices stay as they were */
  cfg->reserve = stream_uniform(st) < 0.4;
  cfg->watermark = stream_uniform(st) < 0.5 ? 0.01 : 0;
  cfg->block_tokens = stream_uniform(st) < 0.5 ? 16 : 0;
  cfg->kv_tokens = stream_uniform(st) < 0.7 ? 2000 + stream_uniform(st) * 20000 : 1e7; /* often short of cache */
  cfg->mtp = stream_uniform(st) < 0.3 ? 1 + 2 * stream_uniform(st) : 1;
  *ret_concurrency = stream_uniform(st) < 0.3 ? 1 + (int)(stream_uniform(st) * 40) : 0;
  cfg->client_s = 0.01;
  static const char *const queue[] = {"fcfs", "priority", "fair"}, *const victim[] = {"newest", "lowest", "smallest"};
  static const char *const admission[] = {"all", "all", "all", "all", "queue", "wait"};
  cfg->queueing = serve_queueing_find(queue[(int)(3 * stream_uniform(st))], NULL, 0);
  cfg->victim = serve_victim_find(victim[(int)(3 * stream_uniform(st))], NULL, 0);
  cfg->preempting = serve_preempting_find(stream_uniform(st) < 0.5 ? "swap" : "recompute", NULL, 0);
  cfg->admission = serve_admission_find(admission[(int)(6 * stream_uniform(st))], NULL, 0);
  cfg->swap_tokens = 8000 * stream_uniform(st);
  cfg->swap_s_per_token = 2e-5 * stream_uniform(st);
  cfg->fair_output = stream_uniform(st) < 0.5 ? 2 : 0;
  cfg->max_queue = 1 + (int)(30 * stream_uniform(st));
  cfg->max_wait_s = 0.1 + 10 * stream_uniform(st);
  cfg->timeout_s = stream_uniform(st) < 0.25 ? 0.2 + 20 * stream_uniform(st) * stream_uniform(st) : 0;
}

bool close_to(double a, double b) {
  return fabs(a - b) <= 1e-6 * fmax(fabs(a), fabs(b)) + 1e-12;
}

void same_work(const struct serve_totals *a, const struct serve_totals *b) {
  double x = 0, y = 0, p = 0, q = 0;
  for (int i = 0; i < SERVE_CLASSES; i++) {
    CU_ASSERT(close_to(a->work[i].busy_s, b->work[i].busy_s));
    CU_ASSERT(close_to(a->work[i].span_s, b->work[i].span_s));
    x += a->work[i].bytes;
    y += b->work[i].bytes;
    p += a->work[i].flop;
    q += b->work[i].flop;
  }
  CU_ASSERT(close_to(x, y));
  CU_ASSERT(close_to(p, q));
  CU_ASSERT(close_to(a->batch_integral, b->batch_integral));
  CU_ASSERT(close_to(a->kv_integral, b->kv_integral));
}

void same_totals(const struct serve_totals *a, const struct serve_totals *b) {
  CU_ASSERT_EQUAL(a->arrived, b->arrived);
  CU_ASSERT_EQUAL(a->finished, b->finished);
  CU_ASSERT_EQUAL(a->iterations, b->iterations);
  CU_ASSERT_EQUAL(a->preemptions, b->preemptions);
  CU_ASSERT_EQUAL(a->rejected, b->rejected);
  CU_ASSERT_EQUAL(a->timed_out, b->timed_out);
  CU_ASSERT_EQUAL(a->swapped, b->swapped);
  CU_ASSERT_EQUAL(a->in_system, b->in_system);
  CU_ASSERT_EQUAL(a->hit_tokens, b->hit_tokens);
  CU_ASSERT_EQUAL(a->blocks_dropped, b->blocks_dropped);
  CU_ASSERT_EQUAL(a->input_tokens, b->input_tokens);
  CU_ASSERT_EQUAL(a->output_tokens, b->output_tokens);
  CU_ASSERT_EQUAL(a->start, b->start);
  CU_ASSERT_EQUAL(a->end, b->end);
  same_work(a, b);
}
