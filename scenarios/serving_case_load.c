/* The work of a serving row: lengths, load, limits, what a named data set says of them. */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "base/units.h"
#include "scenarios/serving_case_reader.h"

/* ---- lengths ---- */

/* Lengths spread where real conversations are named; everything else is cut to one length. */
static bool is_spread(const struct case_reader *r) {
  return strcasestr(case_text(r, "input_len"), "ShareGPT") || strcasestr(case_text(r, "notes"), "ShareGPT");
}

static struct wl_lengths read_lengths(struct case_reader *r, const char *column, const struct wl_lengths *set) {
  const char *s = case_text(r, column);
  double v = case_leading(s), cap = case_after(s, "cap");
  struct wl_lengths l = {0};
  if (!isfinite(v))
    return set ? *set : l;
  l.max = isfinite(cap) ? cap : 0;
  if (set && set->p50 > 0 && strstr(s, "mean")) /* a known set: its shape with the stated mean */
    return (struct wl_lengths){.mean = v, .p50 = set->p50 * v / set->mean, .max = set->max};
  if (set && set->p50 > 0 && strstr(s, "p50")) /* what a harness says of its prompts: the prompts themselves are known */
    return *set;
  l.fixed = !((strstr(s, "mean") || strstr(s, "p50")) && is_spread(r));
  l.mean = l.fixed || strstr(s, "mean") ? v : 0;
  l.p50 = l.fixed || strstr(s, "p50") ? v : 0;
  return l;
}

/* ---- load ---- */
static const struct {
  const char *name;
  enum case_load load;
} loads[] = {{"static_batch", LOAD_STATIC}, {"concurrency", LOAD_CLOSED}, {"poisson_rate", LOAD_RATE}, {"poisson_rate_at_limit", LOAD_LIMIT}, {"offline", LOAD_OFFLINE}};

/* "3000 uniform synthetic requests", "10 requests", "100-150 requests" (then their mean). */
static int stated_requests(const char *notes) {
  for (const char *p = strstr(notes, "request"); p; p = strstr(p + 1, "request")) {
    const char *q = p;
    while (q > notes && (q[-1] == ' ' || isalpha((unsigned char)q[-1])))
      q--;
    while (q > notes && (isdigit((unsigned char)q[-1]) || q[-1] == '-'))
      q--;
    int a = 0, b = 0, n = sscanf(q, "%d-%d", &a, &b);
    if (n == 2 && b > a)
      return (a + b) / 2;
    if (n >= 1 && a > 0)
      return a;
  }
  return 0;
}

/* A run without a stated number takes that of the same source's other runs. */
int case_requests_of_source(const struct case_reader *r) {
  int own = stated_requests(case_text(r, "notes"));
  const char *source = case_text(r, "source");
  int col_source = csv_column(r->t, "source"), col_notes = csv_column(r->t, "notes");
  size_t same = strcspn(source, "_"); /* "AccelMark verified suite_A": the suites share a harness */
  for (size_t i = 0; own == 0 && i < csv_rows(r->t); i++)
    if (strncmp(csv_cell(r->t, i, col_source), source, same) == 0)
      own = stated_requests(csv_cell(r->t, i, col_notes));
  return own;
}

/* Start of the number that ends right before p, NULL when none does: "56.3%" "20-22 tok". */
static const char *number_before(const char *text, const char *p) {
  const char *q = p;
  while (q > text && (isdigit((unsigned char)q[-1]) || q[-1] == '.' || q[-1] == '-'))
    q--;
  return q < p ? q : NULL;
}

/* "20-22 tok/s per request": seconds a token, of the middle; 0 when not stated. */
static double token_time(const char *notes) {
  const char *p = strstr(notes, " tok/s per request"), *q = p ? number_before(notes, p) : NULL;
  double a = 0, b = 0;
  const char *end = q ? units_leading_number(q, &a) : NULL;
  if (!end || a <= 0)
    return 0;
  return *end == '-' && units_leading_number(end + 1, &b) ? 2 / (a + b) : 1 / a;
}

/* "56.3% of input tokens hit": share of prompt tokens that were found in a cache and counted all the same. */
static double hit_share(const char *notes) {
  const char *p = strstr(notes, "% of input tokens hit"), *q = p ? number_before(notes, p) : NULL;
  double share = 0;
  return q && units_leading_number(q, &share) ? share / 100 : 0;
}

/* A service's cache holds prompts of this length; stated once for all of the source's rows. 0 = not stated. */
static double kv_length(const struct case_reader *r) {
  double own = case_after(case_text(r, "notes"), "KV length");
  int col_source = csv_column(r->t, "source"), col_notes = csv_column(r->t, "notes");
  for (size_t i = 0; r->c->live && !isfinite(own) && i < csv_rows(r->t); i++)
    if (strcmp(csv_cell(r->t, i, col_source), case_text(r, "source")) == 0)
      own = case_after(csv_cell(r->t, i, col_notes), "KV length");
  return isfinite(own) ? own : 0;
}

static void read_unit_load(struct case_reader *r) {
  const char *metric = case_text(r, "metric");
  if (strstr(metric, "nodes")) {
    case_give_up(r, CASE_INCOMPLETE, "the demand on the fleet is not in the row", "");
    return;
  }
  if (case_whole(r, "load_value") > 0) {
    r->c->load = LOAD_CLOSED;
    r->c->load_value = case_whole(r, "load_value");
    return;
  }
  bool prefill = strncmp(metric, "input", 5) == 0;
  r->c->hit_share = hit_share(case_text(r, "notes"));
  r->c->live = strcasestr(case_text(r, "model"), "service") || strcasestr(case_text(r, "notes"), "production service");
  r->c->load = prefill ? LOAD_PREFILL_UNIT : LOAD_DECODE_UNIT;
  double each = case_leading(case_text(r, "max_batch"));
  r->c->load_value = isfinite(each) ? each : 0;
  if (!prefill && r->c->load_value <= 0) {
    r->c->tpot_limit_s = token_time(case_text(r, "notes"));
    if (r->c->tpot_limit_s <= 0)
      case_give_up(r, CASE_INCOMPLETE, "sequences per device are not stated", "");
  }
}

void case_read_load(struct case_reader *r) {
  const char *kind = case_text(r, "load_kind");
  r->c->load_value = case_leading(case_text(r, "load_value"));
  if (!*kind) { /* a rate or a time of whom nothing is said: one stream, as local programs are measured */
    kind = "static_batch";
    case_assume(r, "one batch");
  }
  if (strcmp(kind, "static_batch") == 0 && !(r->c->load_value > 0)) {
    double batch = case_leading(case_text(r, "max_batch"));
    r->c->load_value = batch > 0 ? batch : 1;
    case_assume(r, batch > 0 ? "the batch is the largest" : "batch 1");
  }
  for (size_t i = 0; i < sizeof loads / sizeof *loads; i++)
    if (strcmp(kind, loads[i].name) == 0) {
      r->c->load = loads[i].load;
      if (r->c->load != LOAD_OFFLINE && !(r->c->load_value > 0))
        case_give_up(r, CASE_INCOMPLETE, "load_value is empty", "");
      return;
    }
  if (strcmp(kind, "other") == 0)
    read_unit_load(r);
  else
    case_give_up(r, CASE_UNSUPPORTED, "unknown load_kind: ", kind);
}

/* A run at its limits is judged by the rate held under them: its own p99 rows, else the stated limits. */
void case_read_limits(struct case_reader *r, const size_t *rows, size_t n) {
  const char *notes = case_text(r, "notes");
  double ttft = case_after(notes, "ttft_latency limit="), tpot = case_after(notes, "tpot_latency limit="), e2e = case_after(notes, "target_latency limit=");
  int metric = csv_column(r->t, "metric"), value = csv_column(r->t, "value");
  for (size_t i = 0; i < n; i++) {
    const char *m = csv_cell(r->t, rows[i], metric);
    double v = case_leading(csv_cell(r->t, rows[i], value));
    if (strcmp(m, "ttft_p99_ms") == 0)
      ttft = v;
    if (strcmp(m, "tpot_p99_ms") == 0)
      tpot = v;
    if (strcmp(m, "e2e_p99_ms") == 0 && isfinite(e2e))
      e2e = v;
  }
  r->c->ttft_limit_s = isfinite(ttft) ? ttft * 1e-3 : 0;
  r->c->tpot_limit_s = isfinite(tpot) ? tpot * 1e-3 : 0;
  r->c->e2e_limit_s = isfinite(e2e) && !(r->c->ttft_limit_s > 0) ? e2e * 1e-3 : 0;
}

/* The data set that model, source or notes name; NULL = none. */
static const struct wl_dataset *named_set(const struct case_reader *r) {
  char about[512];
  snprintf(about, sizeof about, "%s | %s | %s", case_text(r, "model"), case_text(r, "source"), case_text(r, "notes"));
  return wl_dataset_for(r->k->datasets, about);
}

/* A named set whose rules say how many requests there are: its runs are judged by throughput, or one request at a time. */
bool case_benchmark_set(const struct case_reader *r) {
  const struct wl_dataset *set = named_set(r);
  return set && set->match[0] && set->requests > 0 && !(set->trace && set->trace[0]);
}

static bool is_known(const struct wl_lengths *l) {
  return l->mean > 0 || l->p50 > 0;
}

static void assume_length(struct case_reader *r, const struct wl_lengths *usual, const char *what, struct wl_lengths *ret) {
  *ret = (struct wl_lengths){.mean = usual->mean, .p50 = usual->mean, .fixed = true};
  case_assume(r, what);
}

/* A known set fills empty cells and gives stated means their spread; the set without a name only fills rows that state no length at all, and empty answers to real
 * conversations. */
static void fill_lengths(struct case_reader *r, const struct wl_dataset *set, bool named) {
  struct serving_case *c = r->c;
  bool stated = isfinite(case_leading(case_text(r, "input_len"))) || isfinite(case_leading(case_text(r, "output_len")));
  const struct wl_dataset *for_input = set && (named || !stated) ? set : NULL;
  const struct wl_dataset *for_output = for_input || (set && is_spread(r)) ? set : NULL;
  const struct wl_dataset *usual = wl_dataset_named(r->k->datasets, "one stream");
  double kv = kv_length(r);
  bool decoder = !c->rep.model->encoder;
  if (decoder && c->load == LOAD_STATIC && !named && !is_spread(r))
    for_input = for_output = NULL; /* one batch of conversations is nobody's benchmark */
  c->input = read_lengths(r, "input_len", for_input ? &for_input->input : NULL);
  c->output = read_lengths(r, "output_len", for_output && (for_input || !case_text(r, "output_len")[0]) ? &for_output->output : NULL);
  if (!case_text(r, "input_len")[0] && kv > 0)
    c->input = (struct wl_lengths){.mean = kv, .p50 = c->live ? 0 : kv, .fixed = !c->live};
  if (usual && decoder && c->load == LOAD_STATIC && !is_known(&c->input))
    assume_length(r, &usual->input, "a short prompt", &c->input);
  if (usual && decoder && r->writes && c->load != LOAD_DECODE_UNIT && !is_known(&c->output))
    assume_length(r, &usual->output, "128 new tokens", &c->output);
  if (!decoder || !is_known(&c->output))
    c->output = (struct wl_lengths){.mean = 1, .p50 = 1, .fixed = true};
}

/* What the rules of a benchmark with a set of its own say. */
static void read_rules(struct case_reader *r, const struct wl_dataset *set) {
  struct serving_case *c = r->c;
  bool online = c->load == LOAD_RATE || c->load == LOAD_CLOSED;
  c->requests = c->load == LOAD_RATE && set->requests_rate > 0 ? set->requests_rate : c->load == LOAD_CLOSED && set->requests_closed > 0 ? set->requests_closed : set->requests;
  c->trace = set->trace;
  c->least_requests = set->requests_least;
  c->rep.beams = set->beams;
  if (set->passes > 1) /* one user's runs start with prompts that are new; all at once is warmed up with, levels of a rate follow each other */
    c->seen_share = c->load == LOAD_CLOSED ? 1 - 1.0 / set->passes : 1;
  c->rep.widen_rows = set->widen_rows;
  c->rep.eager = c->rep.eager || (set->eager[0] && strstr(case_text(r, "engine"), set->eager));
  if (set->embedded && online) {
    c->rep.embedded = true;
    c->rep.max_batch = 0;
  }
}

void case_read_workload(struct case_reader *r) {
  struct serving_case *c = r->c;
  const struct wl_dataset *set = named_set(r);
  bool named = set && set->match[0] && is_known(&set->input);
  c->rep.one_batch = c->load == LOAD_STATIC;
  double top_p = case_after(case_text(r, "notes"), "top_p");
  c->rep.top_p = isfinite(top_p) && top_p > 0 && top_p < 1;
  c->steady = c->load == LOAD_CLOSED && strstr(case_text(r, "notes"), "steady state");
  c->rep.offline = (c->load == LOAD_OFFLINE || c->load == LOAD_STATIC) && !strstr(case_text(r, "notes"), "serve");
  fill_lengths(r, set, named);
  if (!is_known(&c->input))
    case_give_up(r, CASE_INCOMPLETE, "input_len is empty and the task is not a known data set", "");
  if (named) {
    read_rules(r, set);
  }
  if (set && c->input.fixed)
    c->input.least = set->least_share;
  if (set && c->output.fixed && c->output.mean > 1)
    c->output.least = set->least_share;
}
