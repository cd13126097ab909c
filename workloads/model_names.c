#include "workloads/model_names.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include "base/units.h"
#include "workloads/model.h"

/* The point of a size ("1.3B", which is not 13B), where that of a version ("3.1") may be left out. */
static bool is_point_of_size(const char *name, const char *p) {
  const char *q = p + 1;
  if (*p != '.' || p == name || !isdigit((unsigned char)p[-1]) || !isdigit((unsigned char)*q))
    return false;
  while (isdigit((unsigned char)*q))
    q++;
  return strchr("bBmM", *q) && *q && !isalnum((unsigned char)q[1]);
}

void model_key(const char *name, char *key, size_t size) {
  const char *slash = strchr(name, '/'), *dashes = strstr(name, "--"), *remark = strchr(name, '(');
  const char *p = slash && (!remark || slash < remark) ? slash + 1 : dashes ? dashes + 2 : name;
  size_t n = 0;
  int depth = 0;
  for (; *p && n + 1 < size; p++) {
    depth += *p == '(';
    if (depth == 0 && *p == '+')
      n += (size_t)snprintf(key + n, size - n, "plus") < size - n ? strlen("plus") : 0;
    else if (depth == 0 && (isalnum((unsigned char)*p) || is_point_of_size(name, p)))
      key[n++] = (char)tolower((unsigned char)*p);
    depth -= *p == ')' && depth > 0;
  }
  key[n] = '\0';
}

static size_t digits_at_end(const char *key, size_t n) {
  size_t d = 0;
  while (d < n && isdigit((unsigned char)key[n - 1 - d]))
    d++;
  return d;
}

/* "2507" is July 2025, "0414" the 14th of April. */
static bool is_date(const char *four) {
  int head = (four[0] - '0') * 10 + four[1] - '0', tail = (four[2] - '0') * 10 + four[3] - '0';
  return (head >= 23 && head <= 39 && tail >= 1 && tail <= 12) || (head >= 1 && head <= 12 && tail >= 1 && tail <= 31);
}

static const char *const endings[] = {"instruct", "chat", "base", "hf", "it", "pt", "thinking", "reasoning", "preview", "dpo", "sft", "int", "awq", "gptq", "gguf", "ggml", "exl2", "bnb",
                                      "4bit", "8bit", "fp32", "fp16", "bf16", "fp8", "nvfp4", "mxfp4", "fp4", "int8", "int4", "w4a16", "w8a8", "w8a16", "w4a8", "q40", "q4km", "q80",
                                      "dynamic", "quantized", "marlin", "turbo"};

/* Length of the ending at n characters of the key; 0 when there is none. */
static size_t ending_at(const char *key, size_t n) {
  for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
    size_t e = strlen(endings[i]);
    if (n > e && strncmp(key + n - e, endings[i], e) == 0)
      return e;
  }
  return 0;
}

/* "7bv03", "instructv01": a version of what is named, where "deepseekv4" is another model. */
static bool is_version(const char *key, size_t v) {
  return v > 1 && key[v] == 'v' && ((key[v - 1] == 'b' && isdigit((unsigned char)key[v - 2])) || ending_at(key, v) > 0);
}

bool model_key_cut(char *key) {
  size_t n = strlen(key), d = digits_at_end(key, n), cut = ending_at(key, n);
  if (cut == 0 && d == 4 && n > 4 && is_date(key + n - 4))
    cut = 4;
  if (cut == 0 && d >= 1 && d <= 3 && n > d + 1 && is_version(key, n - d - 1))
    cut = d + 1;
  key[n - cut] = '\0';
  return cut > 0;
}

/* "33B" in what was cut off a name states a size ("A3B" and "8x7B" state others): does it contradict the model found? */
static bool other_size(const char *rest, const struct wl_model *m) {
  struct wl_counts c;
  wl_model_count(m, &c);
  for (const char *p = rest; *p; p++) {
    if (!isdigit((unsigned char)*p) || (p > rest && (isalnum((unsigned char)p[-1]) || p[-1] == '.')))
      continue;
    double billions;
    const char *end = units_leading_number(p, &billions);
    if (!end)
      return false;
    if ((*end == 'B' || *end == 'b') && !isalnum((unsigned char)end[1]))
      return billions * 1e9 > 1.5 * c.params || 1.5e9 * billions < c.params;
    p = end - 1;
  }
  return false;
}

const struct wl_model *wl_model_read(const struct wl_models *l, const char *name) {
  char buf[128];
  snprintf(buf, sizeof buf, "%s", name);
  char *at = buf, *slash = strchr(buf, '/');
  if (slash && !strchr(buf, ' '))
    at = slash + 1;
  const char *whole_name = name + (at - buf);
  for (;;) {
    const struct wl_model *m = wl_model_find(l, at);
    size_t n = strlen(at);
    if (m)
      return other_size(whole_name + n, m) ? NULL : m;
    while (n > 0 && !strchr("-/ .(", at[n - 1]))
      n--;
    if (n <= 3)
      return NULL;
    at[n - 1] = '\0';
  }
}
