/* Request traces: shipped files and spoiled ones, generators, histograms, rate curves, engine rows. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "base/datadir.h"
#include "base/mem.h"
#include "tests/cu.h"
#include "workloads/datasets.h"
#include "workloads/engines.h"
#include "workloads/trace.h"
#include "workloads/trace_make.h"

static struct arena *arena;

struct sums {
  uint64_t n;
  double input, output, last_s;
  uint64_t hashes;
};

static struct sums read_all(struct wl_trace *t) {
  struct sums s = {0, 0, 0, 0, 0};
  struct wl_trace_request r;
  while (wl_trace_next(t, &r)) {
    s.n++;
    s.input += r.input;
    s.output += r.output;
    CU_ASSERT(r.arrival_s >= s.last_s);
    s.last_s = r.arrival_s;
    s.hashes += (uint64_t)r.hashes;
  }
  return s;
}

static struct sums shipped(const char *name, const char *format, uint64_t failures) {
  struct errs *errs = errs_create();
  struct wl_trace *t = wl_trace_open(datadir_path(arena, name), NULL, 0, errs);
  struct sums s = {0, 0, 0, 0, 0};
  CU_ASSERT_PTR_NOT_NULL_FATAL(t);
  CU_ASSERT_STRING_EQUAL(wl_trace_format_of(t)->name, format);
  s = read_all(t);
  CU_ASSERT(!wl_trace_failed(t));
  CU_ASSERT_EQUAL(wl_trace_bad(t), 0);
  CU_ASSERT_EQUAL(wl_trace_failures(t), failures);
  wl_trace_close(t);
  errs_destroy(errs);
  return s;
}

static void test_shipped(void) {
  struct sums s = shipped("scenarios/traces/azure-conv.csv", "azure", 0);
  CU_ASSERT_EQUAL(s.n, 19366); /* the last row has no newline */
  CU_CLOSE(s.input / (double)s.n, 1154.7, 1e-3);
  CU_CLOSE(s.output / (double)s.n, 211.1, 1e-3);
  CU_CLOSE(s.last_s, 3501.7, 2e-3);
  s = shipped("scenarios/traces/azure-code.csv", "azure", 0);
  CU_ASSERT_EQUAL(s.n, 8819);
  s = shipped("scenarios/traces/vidur-conv.csv", "vidur", 0);
  CU_ASSERT_EQUAL(s.n, 2000);
  s = shipped("scenarios/traces/vidur-arxiv-lengths.csv", "vidur-lengths", 0);
  CU_ASSERT(s.n == 1000 && s.last_s == 0);
  s = shipped("scenarios/traces/mooncake-conversation.jsonl", "mooncake", 0);
  CU_ASSERT(s.n == 1200 && s.hashes > 1200);
  s = shipped("scenarios/traces/sharegpt-300.csv", "rackcast", 0);
  CU_ASSERT_EQUAL(s.n, 300);
  struct errs *errs = errs_create();
  struct wl_trace *t = wl_trace_open(datadir_path(arena, "scenarios/traces/burstgpt-sample.csv"), NULL, 0, errs);
  CU_ASSERT_PTR_NOT_NULL_FATAL(t);
  s = read_all(t);
  CU_ASSERT(wl_trace_failures(t) > 0);
  CU_ASSERT_EQUAL(s.n + wl_trace_failures(t), 400);
  wl_trace_close(t);
  errs_destroy(errs);
}

/* ---- spoiled files ---- */
static const char *const path = "test_traces.csv";

static void put(const char *text) {
  FILE *f = fopen(path, "w");
  CU_ASSERT_PTR_NOT_NULL_FATAL(f);
  fputs(text, f);
  fclose(f);
}

/* Reads a written text with a tolerated share; returns the requests read, *ret_bad the bad rows, *ret_errors the errors. */
static uint64_t spoiled(const char *text, double share, uint64_t *ret_bad, size_t *ret_errors) {
  struct errs *errs = errs_create();
  put(text);
  struct wl_trace *t = wl_trace_open(path, NULL, share, errs);
  uint64_t n = t ? read_all(t).n : 0;
  *ret_bad = t ? wl_trace_bad(t) : 0;
  if (t && *ret_bad > 0)
    CU_ASSERT_PTR_NOT_NULL(strstr(wl_trace_bad_text(t, 0), "test_traces.csv:"));
  *ret_errors = errs_count(errs);
  wl_trace_close(t);
  errs_destroy(errs);
  return n;
}

static void test_spoiled(void) {
  uint64_t bad;
  size_t errors;
  CU_ASSERT_EQUAL(spoiled("arrived_at,num_prefill_tokens,num_decode_tokens\n0,5,6\nx,5,6\n2,0,6\n1,5\n3,7.5,1\n2,5,6\n1,5,6\n", 1, &bad, &errors), 2);
  CU_ASSERT_EQUAL(bad, 5); /* not a time, no tokens, a field short, half a token, before the row above */
  CU_ASSERT_EQUAL(errors, 0);
  CU_ASSERT_EQUAL(spoiled("arrived_at,num_prefill_tokens,num_decode_tokens\n0,5,6\nx,5,6\n", 0.1, &bad, &errors), 0);
  CU_ASSERT_EQUAL(errors, 2); /* the row by name, and the share */
  CU_ASSERT_EQUAL(spoiled("TIMESTAMP,ContextTokens,GeneratedTokens\n2023-02-30 00:00:00,1,1\n2023-02-28 24:00:00,1,1\nyesterday,1,1\n", 1, &bad, &errors), 0);
  CU_ASSERT_EQUAL(bad, 3);
  CU_ASSERT_EQUAL(spoiled("a,b\n1,2\n", 1, &bad, &errors), 0);
  CU_ASSERT_EQUAL(errors, 1);
  CU_ASSERT_EQUAL(spoiled("", 1, &bad, &errors), 0);
  CU_ASSERT_EQUAL(errors, 1);
  static char late[200000]; /* empty lines before the header, more than are read at once */
  memset(late, '\n', sizeof late - 1);
  strcpy(late + 100000, "arrived_at,num_prefill_tokens,num_decode_tokens\n0,5,6\n");
  CU_ASSERT_EQUAL(spoiled(late, 1, &bad, &errors), 1);
  CU_ASSERT(bad == 0 && errors == 0);
  CU_ASSERT_EQUAL(spoiled("{\"timestamp\": 0, \"input_length\": 5, \"output_length\": 2}\n{\"timestamp\": 1, \"input_length\"\n\n{\"timestamp\": -1}\n", 1, &bad, &errors), 1);
  CU_ASSERT_EQUAL(bad, 2);
  CU_ASSERT_EQUAL(spoiled("{\"timestamp\": 0, \"input_length\": 5, \"output_length\": 2, \"hash_ids\": [0, 2147483647]}\n"
                          "{\"timestamp\": 1, \"input_length\": 5, \"output_length\": 2, \"hash_ids\": [-1]}\n"
                          "{\"timestamp\": 2, \"input_length\": 5, \"output_length\": 2, \"hash_ids\": [0.5]}\n"
                          "{\"timestamp\": 3, \"input_length\": 5, \"output_length\": 2, \"hash_ids\": [2147483648]}\n"
                          "{\"timestamp\": 4, \"input_length\": 5, \"output_length\": 2, \"hash_ids\": \"x\"}\n", 1, &bad, &errors), 1);
  CU_ASSERT_EQUAL(bad, 4); /* below 0, not whole, too large, no list */
  CU_ASSERT_EQUAL(spoiled("arrived_at,num_prefill_tokens,num_decode_tokens\n0,\"5,6\n", 1, &bad, &errors), 0);
  CU_ASSERT(errors > 0); /* an open quote swallows the rest */
  remove(path);
}

/* ---- generators ---- */
static double cv_of(enum wl_arrivals kind, double cv, double *ret_rate) {
  struct wl_generator g = {.kind = kind, .cv = cv, .rate = wl_curve_flat(arena, 4), .input = wl_hist_point(arena, 10), .output = wl_hist_point(arena, 20), .end_s = 1e9, .most = 20000};
  struct wl_trace_request r;
  double last = 0, sum = 0, square = 0, n = 0;
  CU_ASSERT_FATAL(wl_generator_start(&g, 3));
  while (wl_generator_next(&g, &r)) {
    double gap = r.arrival_s - last;
    sum += gap;
    square += gap * gap;
    n++;
    last = r.arrival_s;
    CU_ASSERT(r.input == 10 && r.output == 20);
  }
  *ret_rate = n / last;
  return sqrt(square / n - sum / n * sum / n) / (sum / n);
}

static void test_generators(void) {
  double rate;
  CU_CLOSE(cv_of(WL_ARRIVE_POISSON, 1, &rate), 1, 0.03);
  CU_CLOSE(rate, 4, 0.03);
  CU_CLOSE(cv_of(WL_ARRIVE_GAMMA, 2.5, &rate), 2.5, 0.06);
  CU_CLOSE(rate, 4, 0.06);
  CU_CLOSE(cv_of(WL_ARRIVE_WEIBULL, 0.5, &rate), 0.5, 0.03);
  CU_CLOSE(rate, 4, 0.03);
}

/* A day of the R1 service: as many requests as the curve's mean times a day; twice as many with growth after a year. */
static void test_r1_day(void) {
  struct errs *errs = errs_create();
  struct wl_curve *c = wl_curve_load(arena, datadir_path(arena, "scenarios/traces/r1-day-rate.csv"), errs);
  struct wl_hist *in = wl_hist_load(arena, datadir_path(arena, "scenarios/traces/r1-input.csv"), errs);
  struct wl_hist *out = wl_hist_load(arena, datadir_path(arena, "scenarios/traces/r1-output.csv"), errs);
  CU_ASSERT_EQUAL_FATAL(errs_count(errs), 0);
  CU_CLOSE(c->period_s, 86400, 1e-12);
  CU_CLOSE(wl_curve_mean(c), 16.01, 0.01);
  CU_CLOSE(wl_hist_mean(in), 1268.2, 0.02);
  CU_CLOSE(wl_hist_mean(out), 1527.4, 0.02);
  struct wl_generator g = {.rate = c, .input = in, .output = out, .end_s = 86400};
  struct wl_trace_request r;
  double tokens = 0;
  CU_ASSERT_FATAL(wl_generator_start(&g, 1));
  while (wl_generator_next(&g, &r))
    tokens += r.output;
  CU_CLOSE((double)g.made, 86400 * wl_curve_mean(c), 0.005);
  CU_CLOSE(tokens / (double)g.made, wl_hist_mean(out), 0.01);
  wl_curve_scale_to_mean(c, 32);
  CU_CLOSE(wl_curve_mean(c), 32, 1e-12);
  CU_CLOSE(wl_curve_at(c, 86400 + 100), wl_curve_at(c, 100), 1e-12);
  CU_ASSERT(wl_curve_max(c) > wl_curve_mean(c) && wl_curve_min(c) < wl_curve_mean(c));
  errs_destroy(errs);
}

static void test_hist(void) {
  struct errs *errs = errs_create();
  put("bin_start,bin_width,probability\n0,10,0.25\n10,10,0.5\n20,20,0.25\n");
  struct wl_hist *h = wl_hist_load(arena, path, errs);
  CU_ASSERT_PTR_NOT_NULL_FATAL(h);
  CU_CLOSE(wl_hist_mean(h), 0.25 * 5 + 0.5 * 15 + 0.25 * 30, 1e-12);
  CU_CLOSE(wl_hist_quantile(h, 0.5), 15, 1e-12);
  CU_CLOSE(wl_hist_quantile(h, 0.875), 30, 1e-12);
  put("bin_start,bin_width,probability\n0,10,0.25\n10,10,0.5\n");
  CU_ASSERT_PTR_NULL(wl_hist_load(arena, path, errs));
  CU_ASSERT_EQUAL(errs_count(errs), 1);
  remove(path);
  errs_destroy(errs);
}

/* ---- engine rows ---- */
static void test_engines(void) {
  struct errs *errs = errs_create();
  const char *dir = datadir_path(arena, "workloads/catalog");
  struct wl_engines *e = wl_engines_load(&dir, 1, errs);
  struct wl_engine a, b;
  CU_ASSERT_PTR_NOT_NULL_FATAL(e);
  CU_ASSERT(wl_engine_get(e, "vLLM 0.7.3", 0, 0, "", &a) && a.policy == WL_POLICY_PREFILL_FIRST);
  CU_ASSERT(wl_engine_get(e, "vllm 0.19.0", 0, 0, "", &b) && b.policy == WL_POLICY_CHUNKED);
  CU_ASSERT(b.h_iter_s < a.h_iter_s); /* the later engine launches faster */
  CU_ASSERT(wl_engine_get(e, "vLLM", 2023, 9, "", &a) && a.overlap);
  CU_ASSERT(wl_engine_get(e, "TRT-LLM 0.14.0", 0, 0, "", &a) && a.reserve);
  CU_ASSERT(!wl_engine_get(e, "nonesuch", 0, 0, "", &a));
  CU_ASSERT_STRING_EQUAL(wl_engine_resolve(e, "vllm-ascend"), "vLLM");
  CU_ASSERT_STRING_EQUAL(wl_engine_resolve(e, "TensorRT-LLM"), "TRT-LLM");
  CU_ASSERT_PTR_NULL(wl_engine_resolve(e, "nonesuch"));
  CU_ASSERT_STRING_EQUAL(wl_engine_resolve(e, "Ollama"), "llama.cpp");
  CU_ASSERT_STRING_EQUAL(wl_engine_resolve(e, "CTransformers"), "llama.cpp"); /* an alias before a part of the name */
  CU_ASSERT(wl_engine_is_umbrella(e, "HuggingFace") && !wl_engine_is_umbrella(e, "TGI"));
  CU_ASSERT_STRING_EQUAL(wl_engine_encoder(e, "Transformers"), "PyTorch");
  CU_ASSERT_PTR_NOT_NULL(wl_engine_unsupported(e, "KTransformers"));
  CU_ASSERT_PTR_NULL(wl_engine_unsupported(e, "vLLM"));
  CU_ASSERT(wl_engine_get(e, "", 0, 0, "2017-xeon", &a) && wl_engine_get(e, "", 0, 0, "", &b) && a.host_f > b.host_f);
  wl_engines_free(e);
  CU_ASSERT_EQUAL(errs_count(errs), 0);
  errs_destroy(errs);
}

static void test_lengths(void) {
  struct wl_lengths l = {.mean = 300, .p50 = 200, .max = 1000};
  CU_CLOSE(wl_lengths_at(&l, 0.5), 200, 1e-12);
  CU_ASSERT(wl_lengths_at(&l, 0.9999) <= 1000);
  double sum = 0;
  l.max = 0;
  for (int i = 0; i < 100000; i++)
    sum += wl_lengths_at(&l, (i + 0.5) / 100000);
  CU_CLOSE(sum / 100000, 300, 0.01);
  l = (struct wl_lengths){.mean = 100}; /* one figure: exponential, whose median is ln 2 of its mean */
  CU_CLOSE(wl_lengths_at(&l, 0.5), 69, 1e-12);
  CU_CLOSE(wl_lengths_at(&l, 1 - exp(-3)), 300, 1e-12);
  CU_CLOSE(wl_lengths_mean(&(struct wl_lengths){.p50 = 69.3147}), 100, 1e-5);
  l = (struct wl_lengths){.mean = 77, .fixed = true};
  CU_ASSERT(wl_lengths_at(&l, 0.01) == 77 && wl_lengths_at(&l, 0.99) == 77);
}

int main(void) {
  arena = arena_create();
  static const struct cu_case cases[] = {
    {"shipped traces", test_shipped}, {"spoiled traces", test_spoiled}, {"generators", test_generators}, {"the R1 day", test_r1_day},
    {"histograms", test_hist},        {"engine rows", test_engines},    {"lengths", test_lengths},
  };
  int code = cu_main("traces", cases, sizeof cases / sizeof *cases);
  arena_destroy(arena);
  return code;
}
