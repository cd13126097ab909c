#include "cli/sweep.h"
#include <math.h>
#include <string.h>
#include "base/units.h"

/* Length up to the next `sign` outside of brackets. */
static size_t up_to(const char *text, char sign) {
  size_t n = 0;
  for (int depth = 0; text[n] && (text[n] != sign || depth); n++)
    depth += strchr("([{", text[n]) ? 1 : strchr(")]}", text[n]) ? -1 : 0;
  return n;
}

static const char *trimmed(struct arena *a, const char *text, size_t n) {
  while (n && *text == ' ')
    text++, n--;
  while (n && text[n - 1] == ' ')
    n--;
  return arena_printf(a, "%.*s", (int)n, text);
}

static void parse_list(const char *text, struct arena *a, struct sweep_vary *v) {
  size_t most = 1;
  for (const char *p = text; *p; p++)
    most += *p == ',';
  v->value = arena_alloc(a, most * sizeof *v->value);
  for (size_t n; *text; text += n + (text[n] == ',')) {
    n = up_to(text, ',');
    v->value[v->n++] = trimmed(a, text, n);
  }
}

/* A number and what stands behind it, which is returned; NULL when there is none. */
static const char *number_and_unit(struct arena *a, const char *text, double *ret) {
  for (size_t n = strlen(text); n > 0; n--)
    if (units_number(arena_printf(a, "%.*s", (int)n, text), ret))
      return text + n + strspn(text + n, " ");
  return NULL;
}

static bool parse_range(const char *text, struct arena *a, struct sweep_vary *v, struct errs *errs) {
  double lo, hi, step;
  size_t n1 = strcspn(text, ":"), n2 = n1 + 1 + strcspn(text + n1 + 1, ":");
  const char *from = trimmed(a, text, n1), *to = trimmed(a, text + n1 + 1, n2 - n1 - 1),
             *by = trimmed(a, text + n2 + 1, strlen(text + n2 + 1));
  const char *unit = number_and_unit(a, by, &step);
  if (!unit || !units_number(from, &lo) || !units_number(to, &hi) || !(step > 0) || !(hi >= lo) ||
      (hi - lo) / step > SWEEP_MOST_POINTS) {
    errs_add(
        errs, NULL, 0, v->key,
        "malformed range '%s', expected LO:HI:STEP with the unit behind the last, LO <= HI, STEP > 0, at most %d steps",
        text, SWEEP_MOST_POINTS);
    return false;
  }
  size_t most = (size_t)floor((hi - lo) / step + 1e-9) + 1;
  v->value = arena_alloc(a, most * sizeof *v->value);
  for (; v->n < most; v->n++)
    v->value[v->n] = arena_printf(a, "%.12g%s%s", lo + (double)v->n * step, *unit ? " " : "", unit);
  return true;
}

static bool is_range(const char *text) {
  size_t colons = 0;
  for (const char *p = text; *p; p++)
    colons += *p == ':';
  return colons == 2 && text[up_to(text, ',')] == '\0' && !strpbrk(text, "([{");
}

bool sweep_parse(const char *text, struct arena *a, struct sweep_vary *ret, struct errs *errs) {
  size_t n = strcspn(text, "=");
  *ret = (struct sweep_vary){.key = arena_printf(a, "%.*s", (int)n, text)};
  if (!n || !text[n] || !text[n + 1]) {
    errs_add(errs, NULL, 0, NULL, "option '--vary': got '%s', expected KEY=V1,V2,... or KEY=LO:HI:STEP", text);
    return false;
  }
  if (is_range(text + n + 1))
    return parse_range(text + n + 1, a, ret, errs);
  parse_list(text + n + 1, a, ret);
  return true;
}

size_t sweep_points(const struct sweep_vary *v, size_t n, struct errs *errs) {
  size_t points = 1;
  for (size_t i = 0; i < n; i++) {
    points *= v[i].n;
    if (points > SWEEP_MOST_POINTS) {
      errs_add(errs, NULL, 0, NULL, "the sweep has more than %d points", SWEEP_MOST_POINTS);
      return 0;
    }
  }
  return points;
}

const char *sweep_setting(const struct sweep_vary *v, size_t n, size_t point, size_t k, struct arena *a) {
  for (size_t i = n - 1; i > k; i--)
    point /= v[i].n;
  return arena_printf(a, "%s=%s", v[k].key, v[k].value[point % v[k].n]);
}
