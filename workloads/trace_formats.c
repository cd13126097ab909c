/* The known trace formats: which columns, and how a row becomes a request. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/date.h"
#include "base/units.h"
#include "workloads/trace.h"

/* ---- fields ---- */

/* Non-negative decimal without locale; blanks are not numbers. */
static bool decimal(const char *s, double *ret) {
  double v = 0, scale = 1;
  const char *p = s;
  for (; *p >= '0' && *p <= '9'; p++)
    v = v * 10 + (*p - '0');
  if (*p == '.')
    for (p++; *p >= '0' && *p <= '9'; p++)
      v += (*p - '0') * (scale *= 0.1);
  if (p == s || (p == s + 1 && *s == '.'))
    return false;
  if (*p != '\0') /* exponents and the like take the slow way */
    return units_number(s, ret) && *ret >= 0;
  *ret = v;
  return v < 1e18;
}

static bool tokens(const char *s, const char *what, int lo, int32_t *ret, char *why) {
  double v;
  if (!decimal(s, &v) || v != (double)(int32_t)v || v > WL_TRACE_TOKENS_MAX || v < lo) {
    snprintf(why, 80, "%s: got '%.30s', expected a whole number of at least %d", what, s, lo);
    return false;
  }
  *ret = (int32_t)v;
  return true;
}

static bool seconds(const char *s, double *ret, char *why) {
  if (decimal(s, ret))
    return true;
  snprintf(why, 80, "arrival: got '%.30s', expected seconds", s);
  return false;
}

static int two(const char *s) {
  if (s[0] < '0' || s[0] > '9' || s[1] < '0' || s[1] > '9')
    return -1;
  return (s[0] - '0') * 10 + (s[1] - '0');
}

/* "2023-11-16 18:17:03.9799600" (or with a T), without a time zone. */
static bool timestamp(const char *s, double *ret, char *why) {
  static const int at[] = {0, 2, 5, 8, 11, 14, 17}; /* century, year, month, day, hour, minute, second */
  bool shaped = strnlen(s, 19) == 19 && s[4] == '-' && s[7] == '-' && (s[10] == ' ' || s[10] == 'T') && s[13] == ':' && s[16] == ':';
  int part[7], sign = shaped ? 0 : -1;
  for (int i = 0; i < 7 && sign >= 0; i++)
    sign |= part[i] = two(s + at[i]);
  if (sign < 0) {
    snprintf(why, 80, "time: got '%.30s', expected YYYY-MM-DD hh:mm:ss", s);
    return false;
  }
  struct date d = {part[0] * 100 + part[1], part[2], part[3]};
  int h = part[4], m = part[5], sec = part[6];
  if (d.month < 1 || d.month > 12 || d.day < 1 || d.day > date_days_in_month(d.year, d.month) || h > 23 || m > 59 || sec > 60) {
    snprintf(why, 80, "time: '%.30s' is not a date and time", s);
    return false;
  }
  double fraction = 0;
  if (s[19] != '\0' && (s[19] != '.' || !decimal(s + 19, &fraction) || fraction >= 1)) {
    snprintf(why, 80, "time: got '%.30s', expected a fraction", s);
    return false;
  }
  *ret = (double)date_days(d) * 86400 + h * 3600 + m * 60 + sec + fraction;
  return true;
}

/* ---- formats ---- */
static enum wl_trace_row azure_row(const char *const *f, struct wl_trace_request *r, char *why) {
  bool ok = timestamp(f[0], &r->arrival_s, why) && tokens(f[1], "ContextTokens", 1, &r->input, why) &&
            tokens(f[2], "GeneratedTokens", 1, &r->output, why);
  return ok ? WL_ROW_OK : WL_ROW_BAD;
}
static const struct wl_trace_format azure = {
  "azure", "Azure LLM inference traces: TIMESTAMP,ContextTokens,GeneratedTokens", {"TIMESTAMP", "ContextTokens", "GeneratedTokens"}, azure_row, false};

static enum wl_trace_row vidur_row(const char *const *f, struct wl_trace_request *r, char *why) {
  bool ok = seconds(f[0], &r->arrival_s, why) && tokens(f[1], "num_prefill_tokens", 1, &r->input, why) &&
            tokens(f[2], "num_decode_tokens", 1, &r->output, why);
  return ok ? WL_ROW_OK : WL_ROW_BAD;
}
static const struct wl_trace_format vidur = {
  "vidur", "Vidur traces: arrived_at (s),num_prefill_tokens,num_decode_tokens", {"arrived_at", "num_prefill_tokens", "num_decode_tokens"}, vidur_row, false};

static enum wl_trace_row lengths_row(const char *const *f, struct wl_trace_request *r, char *why) {
  bool ok = tokens(f[0], "num_prefill_tokens", 1, &r->input, why) && tokens(f[1], "num_decode_tokens", 1, &r->output, why);
  r->arrival_s = 0;
  return ok ? WL_ROW_OK : WL_ROW_BAD;
}
static const struct wl_trace_format lengths = {
  "vidur-lengths", "Vidur length files without times: num_prefill_tokens,num_decode_tokens", {"num_prefill_tokens", "num_decode_tokens"}, lengths_row, true};

static enum wl_trace_row burstgpt_row(const char *const *f, struct wl_trace_request *r, char *why) {
  if (!seconds(f[0], &r->arrival_s, why) || !tokens(f[1], "Request tokens", 0, &r->input, why) || !tokens(f[2], "Response tokens", 0, &r->output, why))
    return WL_ROW_BAD;
  return r->output == 0 || r->input == 0 ? WL_ROW_FAILED : WL_ROW_OK;
}
static const struct wl_trace_format burstgpt = {
  "burstgpt", "BurstGPT: Timestamp (s),..,Request tokens,Response tokens,..; a response of 0 tokens is a failed request",
  {"Timestamp", "Request tokens", "Response tokens"}, burstgpt_row, false};

static enum wl_trace_row own_row(const char *const *f, struct wl_trace_request *r, char *why) {
  bool ok = seconds(f[0], &r->arrival_s, why) && tokens(f[1], "input_tokens", 1, &r->input, why) && tokens(f[2], "output_tokens", 1, &r->output, why);
  return ok ? WL_ROW_OK : WL_ROW_BAD;
}
static const struct wl_trace_format own = {
  "rackcast", "what `rackcast trace make` writes: arrival_s,input_tokens,output_tokens", {"arrival_s", "input_tokens", "output_tokens"}, own_row, false};

/* JSON lines have no columns: trace.c reads them and calls with the numbers as text. */
static const struct wl_trace_format mooncake = {
  "mooncake", "Mooncake JSON lines: timestamp (ms), input_length, output_length, hash_ids", {NULL}, NULL, false};

const struct wl_trace_format *const wl_trace_formats[] = {&azure, &vidur, &lengths, &burstgpt, &own, &mooncake, NULL};
