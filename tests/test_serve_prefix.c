/* The prefix cache: alone against a plain search, and in a replica. */
#include <string.h>
#include "base/datadir.h"
#include "sim/kernel/stream.h"
#include "sim/serve_prefix.h"
#include "tests/serve_fixture.h"
#include "workloads/trace.h"

static void test_prefix_order(void) {
  static const int32_t chain[] = {7, 8, 9, 10}, other[] = {7, 8, 50};
  struct serve_prefix *p = serve_prefix_create();
  int32_t held;
  for (int i = 0; i < 4; i++)
    CU_ASSERT(serve_prefix_hold(p, chain[i]));
  CU_ASSERT(!serve_prefix_hold(p, 7)); /* a second holder */
  for (int i = 3; i >= 0; i--)
    CU_ASSERT_EQUAL(serve_prefix_release(p, chain[i]), i > 0);
  CU_ASSERT_EQUAL(serve_prefix_idle(p), 3);
  CU_ASSERT_EQUAL(serve_prefix_find(p, other, 3, &held), 2);
  CU_ASSERT_EQUAL(held, 1);
  CU_ASSERT_EQUAL(serve_prefix_trim(p, 2), 1); /* the end of the prompt goes first */
  CU_ASSERT_EQUAL(serve_prefix_find(p, chain, 4, NULL), 3);
  CU_ASSERT_EQUAL(serve_prefix_trim(p, -5), 2); /* what is held stays */
  CU_ASSERT_EQUAL(serve_prefix_find(p, chain, 4, NULL), 1);
  CU_ASSERT(serve_prefix_release(p, 7));
  CU_ASSERT_EQUAL(serve_prefix_trim(p, 0), 1);
  CU_ASSERT_EQUAL(serve_prefix_find(p, chain, 4, NULL), 0);
  serve_prefix_destroy(p);
}

/* Blocks asked for one by one, each free again at once: hits under a capacity, by the cache and by a list searched from its newest end. */
static int lru_hits(int capacity, bool plain) {
  enum { ASKED = 3000, IDS = 3000 };
  struct serve_prefix *p = serve_prefix_create();
  static int last[IDS];
  struct stream st;
  int n = 0;
  stream_init(&st, 5, "blocks", 0);
  memset(last, 0, sizeof last);
  for (int i = 1; i <= ASKED; i++) {
    double u = stream_uniform(&st);
    int32_t id = (int32_t)(u * u * IDS);
    if (plain) {
      int since = 0;
      for (int k = 0; last[id] && k < IDS; k++)
        since += last[k] > last[id];
      n += last[id] && since < capacity;
      last[id] = i;
    } else {
      n += serve_prefix_find(p, &id, 1, NULL);
      serve_prefix_hold(p, id);
      serve_prefix_release(p, id);
      serve_prefix_trim(p, capacity);
    }
  }
  serve_prefix_destroy(p);
  return n;
}

static void test_prefix_is_lru(void) {
  int before = 0;
  for (int capacity = 1; capacity < 4000; capacity *= 3) {
    int n = lru_hits(capacity, false);
    CU_ASSERT_EQUAL(n, lru_hits(capacity, true));
    CU_ASSERT(n > before); /* more room, more hits */
    before = n;
  }
}

/* The Mooncake trace, whose requests come thirty times as far apart so that a replica holds it. */
static bool slowly(void *ctx, struct sim_request *r) {
  bool more = from_trace(ctx, r);
  r->arrival_s *= 30;
  return more;
}

static void mooncake(const struct sim_replica *r, struct sim_serve_result *ret) {
  struct errs *errs = errs_create();
  struct wl_trace *t = wl_trace_open(datadir_path(arena, "scenarios/traces/mooncake-conversation.jsonl"), NULL, 0, errs);
  CU_ASSERT_FATAL(sim_serve_replay(r, slowly, t, 0, 0, SERVE_COALESCED, NULL, ret));
  wl_trace_close(t);
  errs_destroy(errs);
}

/* Room for more cached blocks finds more of them and answers sooner, up to what the trace itself repeats (23.2 % of its tokens). */
static void test_prefix_sensitivity(void) {
  struct sim_replica r = llama_70b();
  struct sim_serve_result off, before, now;
  struct hw_gpu gpu = *r.server->gpu;
  struct hw_server server = *r.server;
  server.gpu = &gpu;
  r.server = &server;
  memset(&before, 0, sizeof before);
  for (int k = 0; k < 5; k++, gpu.mem_bytes *= 2, before = now) {
    r.prefix_cache = SIM_PREFIX_OFF;
    mooncake(&r, &off);
    CU_ASSERT(off.hit_share == 0 && off.blocks_dropped == 0);
    r.prefix_cache = SIM_PREFIX_ON;
    mooncake(&r, &now);
    CU_ASSERT(now.ttft_s[SERVE_MEAN] < off.ttft_s[SERVE_MEAN]);
    CU_ASSERT(now.hit_share >= before.hit_share);
    CU_ASSERT(k == 0 || now.ttft_s[SERVE_MEAN] <= before.ttft_s[SERVE_MEAN]);
    CU_ASSERT(k > 0 || (now.hit_share > 0.01 && now.blocks_dropped > 0));
  }
  CU_ASSERT(before.hit_share > 0.2 && before.hit_share < 0.2316);
}

/* A prompt asked twice: all but its last token may be found, in whole blocks, and the second answer starts as a prompt of the rest would. */
static bool twice(void *ctx, struct sim_request *r) {
  static const int32_t id[] = {0, 1, 2, 3};
  int *n = ctx;
  *r = (struct sim_request){.arrival_s = 100 * *n, .input = 2048, .output = 2, .blocks = 4, .block = id};
  return (*n)++ < 2;
}

static bool cached_once(void *ctx, struct sim_request *r) {
  int *n = ctx;
  *r = (struct sim_request){.arrival_s = 100 * *n, .input = 2048, .output = 2, .cached = *n ? 1536 : 0};
  return (*n)++ < 2;
}

static void test_prefix_of_one_prompt(void) {
  struct sim_replica r = llama_70b();
  struct sim_serve_result a, b;
  int n = 0;
  r.prefix_cache = SIM_PREFIX_ON;
  CU_ASSERT_FATAL(sim_serve_replay(&r, twice, &n, 0, 0, SERVE_COALESCED, NULL, &a));
  n = 0;
  CU_ASSERT_FATAL(sim_serve_replay(&r, cached_once, &n, 0, 0, SERVE_COALESCED, NULL, &b));
  CU_CLOSE(a.hit_share, 3 * 512 / 4096.0, 1e-12);
  CU_ASSERT_EQUAL(a.ttft_s[SERVE_MEAN], b.ttft_s[SERVE_MEAN]);
  CU_ASSERT_EQUAL(a.hit_share, b.hit_share);
}

/* On by the engine's own default and date, and only for requests with numbers. */
static void test_prefix_default(void) {
  struct sim_replica r = llama_70b();
  struct serve_setup s;
  char why[200];
  r.engine = "vLLM 0.6.0";
  CU_ASSERT_FATAL(serve_setup_make(&r, &s, why, sizeof why));
  CU_ASSERT(!s.engine.prefix_cache);
  r.engine = "vLLM 0.10.0";
  CU_ASSERT_FATAL(serve_setup_make(&r, &s, why, sizeof why));
  CU_ASSERT(s.engine.prefix_cache);
  struct sim_serve_result a, b;
  play(&r, 3, SERVE_COALESCED, &a);
  r.prefix_cache = SIM_PREFIX_OFF;
  play(&r, 3, SERVE_COALESCED, &b);
  CU_ASSERT_EQUAL(a.ttft_s[SERVE_P99], b.ttft_s[SERVE_P99]);
  CU_ASSERT_EQUAL(a.hit_share, b.hit_share);
  CU_ASSERT(a.hit_share > 0.1 && a.hit_share < 0.2); /* what the feed says of its own */
}

int main(void) {
  static const struct cu_case cases[] = {
      {"order of the prefix cache", test_prefix_order},
      {"prefix cache is least recently used", test_prefix_is_lru},
      {"prefix cache over capacity", test_prefix_sensitivity},
      {"prefix cache of one prompt", test_prefix_of_one_prompt},
      {"prefix cache by default", test_prefix_default},
  };
  return serve_main("serve_prefix", cases, sizeof cases / sizeof *cases);
}
