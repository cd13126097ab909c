/* Request traces: what is in one, and making one. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "base/mem.h"
#include "base/units.h"
#include "cli/cli.h"
#include "sim/kernel/stats.h"
#include "sim/serve_prefix.h"
#include "workloads/trace_make.h"

static const struct cli_opt opts[] = {
    {"format", 0, "NAME", "stats: of the file (default: by its content)"},
    {"bad", 0, "SHARE", "stats: share of bad rows that is tolerated (default 1 %)"},
    {"rate", 0, "RATE|FILE.csv", "make: requests a second ('16 req/s'), or a curve over the day"},
    {"mean", 0, "RATE", "make: scale the curve to this mean"},
    {"input", 0, "TOKENS|FILE.csv", "make: prompt length, or a histogram"},
    {"output", 0, "TOKENS|FILE.csv", "make: answer length, or a histogram"},
    {"duration", 0, "TIME", "make: how long (default 1 day)"},
    {"requests", 'n', "N", "make: at most so many"},
    {"arrivals", 0, "KIND", "make: poisson, gamma or weibull (default poisson)"},
    {"cv", 0, "X", "make: coefficient of variation of the gaps, gamma and weibull"},
    {"growth", 0, "SHARE", "make: of the rate a year, compounded ('40 %')"},
    {"seed", 0, "N", "make: of the random numbers (default 1)"},
    {NULL, 0, NULL, NULL},
};

/* ---- stats ---- */
struct seen {
  struct sketch *input, *output, *gap;
  struct tally gaps;
  double last_s, blocks, known, tokens, reusable;
  uint64_t n;
  struct serve_prefix *seen; /* without limit: nothing is ever dropped */
};

static void note_blocks(struct seen *s, const struct wl_trace_request *r) {
  int32_t whole = r->input / WL_TRACE_BLOCK_TOKENS, n = r->hashes < whole ? r->hashes : whole, most = (r->input - 1) / WL_TRACE_BLOCK_TOKENS;
  s->tokens += r->input;
  s->reusable += (double)WL_TRACE_BLOCK_TOKENS * serve_prefix_find(s->seen, r->hash, n < most ? n : most, NULL);
  for (int32_t i = 0; i < r->hashes; i++)
    s->known += !serve_prefix_hold(s->seen, r->hash[i]);
  s->blocks += r->hashes;
}

static void note(struct seen *s, const struct wl_trace_request *r) {
  if (s->n > 0) {
    tally_add(&s->gaps, r->arrival_s - s->last_s);
    sketch_add(s->gap, r->arrival_s - s->last_s);
  }
  sketch_add(s->input, r->input);
  sketch_add(s->output, r->output);
  note_blocks(s, r);
  s->last_s = r->arrival_s;
  s->n++;
}

static void print_sketch(const char *name, const struct sketch *s) {
  printf("%-8s mean %.1f  p10 %.0f  p50 %.0f  p90 %.0f  p99 %.0f  max %.0f tokens\n", name, sketch_mean(s), sketch_quantile(s, 0.1), sketch_quantile(s, 0.5),
         sketch_quantile(s, 0.9), sketch_quantile(s, 0.99), sketch_max(s));
}

static void print_seen(const struct seen *s, const struct wl_trace *t) {
  printf("format   %s\n", wl_trace_format_of(t)->name);
  printf("rows     %llu, bad %llu, failed requests %llu\n", (unsigned long long)wl_trace_rows(t), (unsigned long long)wl_trace_bad(t),
         (unsigned long long)wl_trace_failures(t));
  if (s->n == 0)
    return;
  if (s->last_s > 0)
    printf("span     %.1f s, %.4g requests/s, gaps: coefficient of variation %.3f\n", s->last_s, (double)(s->n - 1) / s->last_s,
           s->gaps.mean > 0 ? sqrt(tally_variance(&s->gaps)) / s->gaps.mean : 0);
  print_sketch("input", s->input);
  print_sketch("output", s->output);
  if (s->blocks > 0)
    printf("prefix   %.1f %% of %.0f blocks were seen before; %.1f %% of input tokens are reusable with a cache without limit, in whole blocks of %d\n",
           100 * s->known / s->blocks, s->blocks, 100 * s->reusable / s->tokens, WL_TRACE_BLOCK_TOKENS);
  printf("quantiles are within %.1f %%\n", 100 * SKETCH_ERROR);
}

static int stats_of(const struct cli_args *args, const char *path, struct errs *errs) {
  double share = 0.01;
  char why[160];
  const char *bad = cli_value(args, "bad");
  if (bad && (!units_parse(bad, "", &share, why, sizeof why) || share < 0 || share > 1)) {
    errs_add(errs, NULL, 0, "--bad", "got '%s', expected a share such as '1 %%'", bad);
    return CLI_USAGE;
  }
  struct wl_trace *t = wl_trace_open(path, cli_value(args, "format"), share, errs);
  if (!t)
    return CLI_USAGE;
  struct seen s = {.input = sketch_create(), .output = sketch_create(), .gap = sketch_create(), .seen = serve_prefix_create()};
  struct wl_trace_request r;
  while (wl_trace_next(t, &r))
    note(&s, &r);
  bool failed = wl_trace_failed(t);
  for (size_t i = 0; !failed && wl_trace_bad_text(t, i); i++)
    cli_say("%s", wl_trace_bad_text(t, i));
  if (!failed)
    print_seen(&s, t);
  sketch_destroy(s.input);
  sketch_destroy(s.output);
  sketch_destroy(s.gap);
  serve_prefix_destroy(s.seen);
  wl_trace_close(t);
  return failed ? CLI_USAGE : CLI_DONE;
}

/* ---- make ---- */
static void refuse(struct errs *errs, const char *opt, const char *why, const char *got) {
  char key[40];
  snprintf(key, sizeof key, "--%s", opt);
  errs_add(errs, NULL, 0, key, "%s%s%s%s", got ? "got '" : "", got ? got : "", got ? "', " : "", why);
}

static bool is_file(const char *text) {
  size_t n = strlen(text);
  return n > 4 && strcmp(text + n - 4, ".csv") == 0;
}

static double quantity(const struct cli_args *args, const char *opt, const char *unit, double otherwise, struct errs *errs) {
  const char *text = cli_value(args, opt);
  char why[160];
  double v = otherwise;
  if (text && !units_parse(text, unit, &v, why, sizeof why))
    refuse(errs, opt, why, NULL);
  return v;
}

static struct wl_hist *lengths(const struct cli_args *args, const char *opt, struct arena *a, struct errs *errs) {
  const char *text = cli_value(args, opt);
  double v;
  if (!text)
    refuse(errs, opt, "missing, expected tokens or a histogram file", NULL);
  else if (is_file(text))
    return wl_hist_load(a, text, errs);
  else if (!units_number(text, &v) || v < 1)
    refuse(errs, opt, "expected tokens or a histogram file", text);
  else
    return wl_hist_point(a, v);
  return NULL;
}

static struct wl_curve *rates(const struct cli_args *args, struct arena *a, struct errs *errs) {
  const char *text = cli_value(args, "rate");
  size_t before = errs_count(errs);
  if (!text)
    refuse(errs, "rate", "missing, expected requests a second or a curve file", NULL);
  struct wl_curve *c = text && is_file(text) ? wl_curve_load(a, text, errs) : wl_curve_flat(a, quantity(args, "rate", "req/s", 0, errs));
  double mean = quantity(args, "mean", "req/s", 0, errs);
  if (c && errs_count(errs) == before && mean > 0)
    wl_curve_scale_to_mean(c, mean);
  return c;
}

static int make(const struct cli_args *args, struct arena *a, struct errs *errs) {
  struct wl_generator g = {.cv = 1};
  struct wl_trace_request r;
  long long n = 0, seed = 1;
  const char *kind = cli_value(args, "arrivals");
  if (kind && !wl_arrivals_parse(kind, &g.kind))
    errs_add(errs, NULL, 0, "--arrivals", "got '%s', expected poisson, gamma or weibull", kind);
  cli_integer(args, "requests", 1, 1000000000000LL, &n, errs);
  cli_integer(args, "seed", 0, 1LL << 62, &seed, errs);
  g.rate = rates(args, a, errs);
  g.input = lengths(args, "input", a, errs);
  g.output = lengths(args, "output", a, errs);
  g.cv = quantity(args, "cv", "", 1, errs);
  g.growth_per_yr = quantity(args, "growth", "", 0, errs);
  g.end_s = quantity(args, "duration", "s", 86400, errs);
  g.most = (uint64_t)n;
  if (errs_count(errs) == 0 && !wl_generator_start(&g, (uint64_t)seed))
    errs_add(errs, NULL, 0, NULL, "no arrivals follow from these: the rate must be above 0, --cv between 0.05 and 20");
  if (errs_count(errs) > 0)
    return CLI_USAGE;
  puts("arrival_s,input_tokens,output_tokens");
  while (wl_generator_next(&g, &r))
    printf("%.6f,%d,%d\n", r.arrival_s, r.input, r.output);
  return CLI_DONE;
}

/* ---- */
static int run(const struct cli_args *args) {
  struct errs *errs = errs_create();
  struct arena *a = arena_create();
  const char *what = cli_word(args, 0);
  int code = CLI_USAGE;
  if (strcmp(what, "stats") == 0 && cli_words(args) == 2)
    code = stats_of(args, cli_word(args, 1), errs);
  else if (strcmp(what, "make") == 0 && cli_words(args) == 1)
    code = make(args, a, errs);
  else
    errs_add(errs, NULL, 0, NULL, "got 'trace %s' with %zu more, expected 'trace stats FILE' or 'trace make'", what, cli_words(args) - 1);
  cli_print_errs(errs);
  arena_destroy(a);
  errs_destroy(errs);
  return code;
}

static void formats(FILE *f) {
  fputs("\nformats that are read:\n", f);
  for (size_t i = 0; wl_trace_formats[i]; i++)
    fprintf(f, "  %-15s %s\n", wl_trace_formats[i]->name, wl_trace_formats[i]->doc);
}

const struct cli_cmd cmd_trace = {.name = "trace",
                                  .doc = "look into a request trace, or make one",
                                  .words = "stats FILE | make",
                                  .min_words = 1,
                                  .max_words = 2,
                                  .opts = opts,
                                  .notes = "A made trace goes to stdout as arrival_s,input_tokens,output_tokens and depends on its options and the seed alone.",
                                  .run = run,
                                  .more_help = formats};
