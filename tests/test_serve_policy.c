/* Serving: what each policy of an engine does, on cases worked by hand. Every iteration takes 10 ms. */
#include <math.h>
#include <string.h>
#include "base/datadir.h"
#include "sim/serve_setup.h"
#include "tests/cu.h"
#include "tests/serve_random.h"

enum { MOST = 400 };
static struct serve_cost cost;
static struct sim_request asked[MOST];
static int asked_n, next_i;
static struct serve_finish done[MOST], lost[MOST];
static int done_n, lost_n;
static struct serve_totals totals;

static void keep_done(void *ctx, const struct serve_finish *f) {
  (void)ctx;
  done[done_n++] = *f;
}

static void keep_lost(void *ctx, const struct serve_finish *f) {
  (void)ctx;
  lost[lost_n++] = *f;
}

static bool next(void *ctx, struct sim_request *r) {
  (void)ctx;
  if (next_i == asked_n)
    return false;
  *r = asked[next_i++];
  return true;
}

static struct serve_config plain(void) {
  asked_n = 0;
  return (struct serve_config){.cost = &cost, .batching = serve_batchings[WL_POLICY_PREFILL_FIRST], .max_seqs = 64, .budget_tokens = 4096, .kv_tokens = 1e6, .mtp = 1,
                               .beams = 1, .finish = keep_done, .lost = keep_lost};
}

static void ask(double at_s, int32_t input, int32_t output, int32_t priority, int32_t tenant) {
  asked[asked_n++] = (struct sim_request){.arrival_s = at_s, .input = input, .output = output, .priority = priority, .tenant = tenant};
}

static void play(const struct serve_config *cfg) {
  next_i = done_n = lost_n = 0;
  CU_ASSERT_FATAL(serve_run(cfg, &(struct serve_source){next, NULL, 0}, &totals, NULL));
  CU_ASSERT_EQUAL(done_n + lost_n, asked_n);
  CU_ASSERT_EQUAL(totals.arrived, totals.finished + totals.rejected + totals.timed_out);
}

static bool in_order(const int *want, int n) {
  for (int i = 0; i < n; i++)
    if (i >= done_n || (int)done[i].index != want[i])
      return false;
  return done_n == n;
}

/* One at a time; while the first runs, four more come. */
static void test_priority(void) {
  struct serve_config cfg = plain();
  cfg.max_seqs = 1;
  ask(0, 10, 20, 0, 0);
  for (int i = 0; i < 4; i++)
    ask(0.01 * (i + 1), 10, 5, (int[]){1, 2, 1, 3}[i], 0);
  play(&cfg);
  CU_ASSERT(in_order((int[]){0, 1, 2, 3, 4}, 5));
  cfg.queueing = serve_queueing_find("priority", NULL, 0);
  play(&cfg);
  CU_ASSERT(in_order((int[]){0, 4, 2, 1, 3}, 5));
}

/* Iterations of 10 ms. The first prompt is read by 10 ms; then the engine looks every ten steps: at 110 ms, and, having read a prompt by 120 ms, at 220 ms. When nobody decodes it looks at once. */
static void test_poll(void) {
  static const double at[] = {0, 0.015, 0.125, 5}, first[2][4] = {{0.01, 0.03, 0.14, 5.01}, {0.01, 0.12, 0.23, 5.01}};
  for (int polls = 0; polls < 2; polls++)
    for (int literal = 0; literal < 2; literal++) {
      struct serve_config cfg = plain();
      cfg.poll_steps = polls ? 10 : 1;
      cfg.mode = literal ? SERVE_LITERAL : SERVE_COALESCED;
      for (int i = 0; i < 4; i++)
        ask(at[i], 10, 50, 0, 0);
      play(&cfg);
      for (int i = 0; i < done_n; i++)
        CU_CLOSE(sim_time_as_s(done[i].first), first[polls][done[i].index], 1e-9);
    }
}

/* Tenant 0 floods, tenant 1 comes a little later with a few: it is served at once, but what it did not use before it came is not owed to it. */
static void test_fair(void) {
  struct serve_config cfg = plain();
  cfg.max_seqs = 4;
  for (int i = 0; i < 100; i++)
    ask(0, 10, 20, 0, 0);
  for (int i = 0; i < 20; i++)
    ask(1, 10, 20, 0, 1);
  play(&cfg);
  CU_ASSERT_EQUAL(done[99].tenant, 0);
  CU_ASSERT_EQUAL(done[119].tenant, 1); /* first come, first served: the few wait for the flood */
  cfg.queueing = serve_queueing_find("fair", NULL, 0);
  play(&cfg);
  int late[2] = {0, 0};
  for (int i = 0; i < 120; i++)
    if (done[i].end > 1000000000 && done[i].end < 3000000000)
      late[done[i].tenant]++;
  CU_ASSERT(late[1] >= 17 && abs(late[0] - late[1]) <= 5); /* equal shares from then on, within a batch */
}

/* Both have more than can be served, one with three times the weight: so many times the tokens. */
static void test_fair_weight(void) {
  struct serve_config cfg = plain();
  cfg.max_seqs = 8;
  cfg.queueing = serve_queueing_find("fair", NULL, 0);
  for (int i = 0; i < 300; i++) {
    ask(0, 10, 10 + i % 30, 0, i % 2);
    asked[i].weight = i % 2 ? 3 : 1;
  }
  play(&cfg);
  double tokens[2] = {0, 0};
  for (int i = 0; i < 160; i++)
    tokens[done[i].tenant] += done[i].input + done[i].output;
  CU_CLOSE(tokens[1] / tokens[0], 3, 0.1);
}

/* What waits leaves at its very time-out, what has its first token then stays, and what is being read leaves after the iteration. */
static void test_time_out(void) {
  struct serve_config cfg = plain();
  cfg.max_seqs = 1;
  cfg.timeout_s = 0.5;
  ask(0, 10, 200, 0, 0);
  ask(0.1234, 10, 5, 0, 0);
  play(&cfg);
  CU_ASSERT(in_order((int[]){0}, 1));
  CU_ASSERT_EQUAL(lost[0].end, 623400000);
  CU_ASSERT_EQUAL(lost[0].first, -1);
  CU_ASSERT_EQUAL(done[0].end, 2000000000);
  CU_ASSERT_EQUAL(totals.timed_out, 1);
  cfg = plain();
  cfg.timeout_s = 0.01;
  ask(0, 10, 3, 0, 0);
  play(&cfg);
  CU_ASSERT_EQUAL(done_n, 1); /* its first token comes at 10 ms sharp */
  cfg = plain();
  cfg.batching = serve_batchings[WL_POLICY_CHUNKED];
  cfg.budget_tokens = 100;
  cfg.timeout_s = 0.025;
  ask(0, 400, 3, 0, 0);
  play(&cfg);
  CU_ASSERT_EQUAL(lost[0].end, 30000000);
  CU_ASSERT_EQUAL(totals.iterations, 3);
}

/* Two prompts of 100 and 250 tokens of cache: after 25 steps the newer, with 125 cached, must go. The older ends after 49 steps, then the other has 24 to go: 74 iterations,
 * and 125 tokens out and in. Without room in host memory it reads 126 tokens again, which gives the next token, and decodes 23. */
static void test_swap(void) {
  struct serve_config cfg = plain();
  cfg.kv_tokens = 250;
  cfg.preempting = serve_preempting_find("swap", NULL, 0);
  cfg.swap_s_per_token = 1e-4;
  for (double room = 100; room <= 125; room += 25) {
    cfg.swap_tokens = room;
    asked_n = 0;
    ask(0, 100, 50, 0, 0);
    ask(0, 100, 50, 0, 0);
    play(&cfg);
    bool swaps = room >= 125;
    CU_ASSERT(in_order((int[]){0, 1}, 2));
    CU_ASSERT_EQUAL(totals.preemptions, 1);
    CU_ASSERT_EQUAL(totals.swapped, swaps);
    CU_ASSERT_EQUAL(totals.iterations, 74);
    CU_ASSERT_EQUAL(done[0].end, swaps ? 512500000 : 500000000);
    CU_ASSERT_EQUAL(totals.end, swaps ? 765000000 : 740000000);
  }
}

/* Three alike that do not all fit; who is evicted ends last. */
static void test_victims(void) {
  static const struct {
    const char *victim;
    int last;
  } want[] = {{"newest", 2}, {"lowest", 1}, {"smallest", 0}};
  for (int v = 0; v < 3; v++) {
    struct serve_config cfg = plain();
    cfg.kv_tokens = 350;
    cfg.victim = serve_victim_find(want[v].victim, NULL, 0);
    ask(0, 90, 50, 1, 0);
    ask(0, 100, 50, 0, 0);
    ask(0, 100, 50, 1, 0);
    play(&cfg);
    CU_ASSERT(totals.preemptions >= 1);
    CU_ASSERT_EQUAL(done[2].index, want[v].last);
  }
}

static void test_admission(void) {
  struct serve_config cfg = plain();
  cfg.max_seqs = 1;
  cfg.admission = serve_admission_find("queue", NULL, 0);
  cfg.max_queue = 2;
  for (int i = 0; i < 5; i++)
    ask(0, 10, 5, 0, 0);
  play(&cfg);
  CU_ASSERT(in_order((int[]){0, 1}, 2));
  CU_ASSERT_EQUAL(totals.rejected, 3);
  /* A request of 10 tokens is let in every 50 ms, so with a second of patience about 20 wait, whatever comes. */
  cfg = plain();
  cfg.max_seqs = 1;
  cfg.admission = serve_admission_find("wait", NULL, 0);
  cfg.max_wait_s = 1;
  for (int i = 0; i < 300; i++)
    ask(0.02 * i, 10, 5, 0, 0);
  play(&cfg);
  double longest = 0;
  for (int i = 0; i < done_n; i++)
    longest = fmax(longest, sim_time_as_s(done[i].first - done[i].arrival) - 0.01);
  CU_ASSERT(longest > 0.9 && longest < 1.2);
  CU_ASSERT(totals.rejected > 100);
  /* A high priority does not see the queue of the low one. */
  cfg.queueing = serve_queueing_find("priority", NULL, 0);
  for (int i = 0; i < 300; i++)
    asked[i].priority = i % 10 == 9;
  play(&cfg);
  for (int i = 0; i < lost_n; i++)
    CU_ASSERT_EQUAL(lost[i].priority, 0);
}

/* Two within the limits, one late, one timed out, of two classes. */
static void test_classes(void) {
  struct serve_stats st;
  struct sim_serve_result r;
  struct serve_totals t = {.end = 2000000000, .finished = 3, .timed_out = 1, .arrived = 4};
  serve_stats_init(&st, 1, 0, 0);
  serve_stats_finish(&st, &(struct serve_finish){.arrival = 0, .first = 500000000, .end = 1000000000, .input = 5, .output = 10, .priority = 1});
  serve_stats_finish(&st, &(struct serve_finish){.arrival = 0, .first = 1500000000, .end = 1600000000, .input = 5, .output = 30, .tenant = 7});
  serve_stats_finish(&st, &(struct serve_finish){.arrival = 0, .first = 900000000, .end = 1600000000, .input = 5, .output = 20, .tenant = 7});
  serve_stats_lost(&st, &(struct serve_finish){.arrival = 0, .first = -1, .end = 1000000000, .tenant = 7});
  serve_stats_result(&st, &t, &r);
  CU_ASSERT_EQUAL(r.slo_attainment, 0.5);
  CU_ASSERT_EQUAL(r.goodput_req_per_s, 1);
  CU_ASSERT_EQUAL(r.goodput_tok_per_s, 15);
  CU_ASSERT_EQUAL(r.timed_out, 1);
  CU_ASSERT_EQUAL_FATAL(r.classes, 2);
  CU_ASSERT_EQUAL(r.of_class[0].slo_attainment, 1);
  CU_ASSERT_EQUAL(r.of_class[1].tenant, 7);
  CU_ASSERT_EQUAL(r.of_class[1].lost, 1);
  CU_CLOSE(r.of_class[1].slo_attainment, 1 / 3.0, 1e-12);
  CU_ASSERT_EQUAL(r.of_class[1].goodput_tok_per_s, 10);
  for (int i = 0; i < 40; i++)
    serve_stats_lost(&st, &(struct serve_finish){.tenant = 100 + i});
  serve_stats_result(&st, &t, &r);
  CU_ASSERT_EQUAL(r.classes, SIM_SERVE_CLASSES);
  CU_ASSERT_EQUAL(r.of_class[SIM_SERVE_CLASSES - 1].tenant, SIM_SERVE_OTHERS);
  CU_ASSERT_EQUAL(r.of_class[SIM_SERVE_CLASSES - 1].lost, 40 - (SIM_SERVE_CLASSES - 3));
  serve_stats_free(&st);
}

static void check(const struct hw_server *server, struct sim_policies p, const char *says) {
  char why[200] = "";
  CU_ASSERT_EQUAL(serve_policies_check(&p, server, why, sizeof why), !*says);
  CU_ASSERT_PTR_NOT_NULL(strstr(why, says));
}

/* Names that are not known print those that are; limits must be stated; swapping takes a link that the catalog knows, and its time. */
static void test_names(void) {
  struct errs *errs = errs_create();
  struct arena *arena = arena_create();
  const char *hw = datadir_path(arena, "hwmodels/catalog");
  struct hw_catalog *catalog = hw_catalog_load(&hw, 1, errs);
  CU_ASSERT_FATAL(catalog != NULL);
  const struct hw_server *server = hw_server_find(catalog, "DGX-A100-640");
  check(server, (struct sim_policies){0}, "");
  check(server, (struct sim_policies){.queue = "fair", .victim = "lowest", .preemption = "swap", .admission = "wait", .max_wait_s = 1}, "");
  check(server, (struct sim_policies){.queue = "fiar"}, "unknown queue policy 'fiar', valid: fcfs, priority, fair");
  check(server, (struct sim_policies){.victim = "oldest"}, "valid: newest, lowest, smallest");
  check(server, (struct sim_policies){.preemption = "drop"}, "valid: recompute, swap");
  check(server, (struct sim_policies){.admission = "queue"}, "needs max_queue");
  check(server, (struct sim_policies){.admission = "wait"}, "needs max_wait");
  struct hw_gpu blind = *server->gpu;
  struct hw_server without = *server;
  blind.host = NULL;
  without.gpu = &blind;
  check(&without, (struct sim_policies){.preemption = "swap"}, "link to its host");
  struct serve_setup s = {.gpu = server->gpu, .layout.dp = 2, .ops.kv_bytes_per_token = 1e5, .engine.swap_bytes = 4e9, .engine.fair_output = 2};
  struct serve_config c = {0};
  serve_policies_take(&(struct sim_policies){0}, &s, &c);
  CU_CLOSE(c.swap_tokens, 4e9 / 1e5 * 2, 1e-12);
  CU_CLOSE(c.swap_s_per_token, 1e5 / (server->gpu->host->eff_Bps > 0 ? server->gpu->host->eff_Bps : server->gpu->host->raw_Bps), 1e-12);
  CU_ASSERT_EQUAL(c.fair_output, 2);
  hw_catalog_free(catalog);
  arena_destroy(arena);
  errs_destroy(errs);
}

int main(void) {
  struct stream st;
  stream_init(&st, 1, "cost", 0);
  random_cost(&cost, &st);
  even_cost(&cost);
  static const struct cu_case cases[] = {
    {"priority queue", test_priority},
    {"looking for requests", test_poll},
    {"fair shares", test_fair},
    {"fair shares by weight", test_fair_weight},
    {"time-outs", test_time_out},
    {"swapping", test_swap},
    {"victims", test_victims},
    {"admission", test_admission},
    {"classes", test_classes},
    {"names and limits of policies", test_names},
  };
  int code = cu_main("serve-policy", cases, sizeof cases / sizeof *cases);
  serve_cost_free(&cost);
  return code;
}
