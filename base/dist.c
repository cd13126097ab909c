#include "base/dist.h"
#include <ctype.h>
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/units.h"

enum { ARG_BYTES = 96, MAX_ARGS = 3 };

static const struct {
  const char *name;
  enum dist_kind kind;
  int args;
  const char *form;
} kinds[] = {
    {"tri", DIST_TRI, 3, "tri(lo, mode, hi) unit"},
    {"uniform", DIST_UNIFORM, 2, "uniform(lo, hi) unit"},
    {"normal", DIST_NORMAL, 2, "normal(mean unit, sd 15 %)"},
    {"lognormal", DIST_LOGNORMAL, 2, "lognormal(mean unit, sd 15 %)"},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

struct dist dist_point(double value) { return (struct dist){.kind = DIST_POINT, .a = value}; }

/* The text taken apart at brackets and commas, blanks stripped. */
struct call {
  int kind; /* index of kinds */
  int n;
  char arg[MAX_ARGS][ARG_BYTES];
  char unit[ARG_BYTES]; /* after the bracket, "" = none */
};

static bool copy_trimmed(char dst[ARG_BYTES], const char *from, const char *end) {
  while (from < end && isspace((unsigned char)*from))
    from++;
  while (end > from && isspace((unsigned char)end[-1]))
    end--;
  if (end - from >= ARG_BYTES)
    return false;
  memcpy(dst, from, (size_t)(end - from));
  dst[end - from] = '\0';
  return true;
}

static bool take_apart(const char *open, struct call *c) {
  const char *close = strchr(open, ')');
  if (!close || !copy_trimmed(c->unit, close + 1, close + 1 + strlen(close + 1)))
    return false;
  for (const char *s = open + 1; s <= close; c->n++) {
    const char *end = s + strcspn(s, ",)");
    if (c->n == MAX_ARGS || !copy_trimmed(c->arg[c->n], s, end) || !*c->arg[c->n])
      return false;
    s = end + 1;
  }
  return c->n == kinds[c->kind].args;
}

/* An argument carries its own unit or the one after the bracket. */
static bool parse_arg(const struct call *c, int i, const char *unit, double *ret, char *why, size_t why_size) {
  double number;
  char text[2 * ARG_BYTES + 1];
  bool bare = units_number(c->arg[i], &number);
  snprintf(text, sizeof text, "%s%s%s", c->arg[i], bare && *c->unit ? " " : "", bare ? c->unit : "");
  return units_parse(text, unit, ret, why, why_size);
}

/* "sd 15 %" is a share of the mean, anything else is in the parameter's dimension. */
static bool parse_sd(const struct call *c, double mean, const char *unit, double *ret, char *why, size_t why_size) {
  const char *s = c->arg[1];
  if (strncmp(s, "sd", 2) != 0 || !isspace((unsigned char)s[2])) {
    snprintf(why, why_size, "the standard deviation is missing, got '%s', expected 'sd 15 %%' or 'sd x unit'", s);
    return false;
  }
  struct call sd = *c;
  memmove(sd.arg[1], s + 3, strlen(s + 3) + 1);
  if (s[strlen(s) - 1] != '%')
    return parse_arg(&sd, 1, unit, ret, why, why_size);
  double share;
  if (!units_parse(sd.arg[1], "", &share, why, why_size))
    return false;
  *ret = share * fabs(mean);
  return true;
}

static bool complain(char *why, size_t why_size, const char *what, const char *text, int kind) {
  snprintf(why, why_size, "%s, got '%s', expected %s", what, text, kinds[kind].form);
  return false;
}

static bool parse_call(const char *text, struct call *c, const char *unit, struct dist *ret, char *why, size_t why_size) {
  struct dist d = {.kind = kinds[c->kind].kind};
  double *values[MAX_ARGS] = {&d.a, &d.b, &d.c};
  bool by_sd = d.kind == DIST_NORMAL || d.kind == DIST_LOGNORMAL;
  for (int i = 0; i < (by_sd ? 1 : c->n); i++)
    if (!parse_arg(c, i, unit, values[i], why, why_size))
      return false;
  if (by_sd && !parse_sd(c, d.a, unit, &d.b, why, why_size))
    return false;
  if (by_sd && d.b < 0)
    return complain(why, why_size, "a negative standard deviation", text, c->kind);
  if (d.kind == DIST_LOGNORMAL && d.a <= 0)
    return complain(why, why_size, "the mean is not positive", text, c->kind);
  if ((d.kind == DIST_TRI && (d.a > d.b || d.b > d.c)) || (d.kind == DIST_UNIFORM && d.a > d.b))
    return complain(why, why_size, "values out of order", text, c->kind);
  if (!isfinite(d.b))
    return complain(why, why_size, "number out of range", text, c->kind);
  *ret = d;
  return true;
}

bool dist_parse(const char *text, const char *unit, struct dist *ret, char *why, size_t why_size) {
  const char *name = text + strspn(text, " \t"), *open = strchr(name, '(');
  if (!open) {
    double value;
    if (!units_parse(text, unit, &value, why, why_size))
      return false;
    *ret = dist_point(value);
    return true;
  }
  size_t len = (size_t)(open - name);
  while (len > 0 && isspace((unsigned char)name[len - 1]))
    len--;
  struct call c = {.kind = 0};
  while (c.kind < KINDS && (strlen(kinds[c.kind].name) != len || strncmp(kinds[c.kind].name, name, len) != 0))
    c.kind++;
  if (c.kind == KINDS) {
    snprintf(why, why_size, "unknown distribution '%.*s', got '%s', expected tri, uniform, normal or lognormal",
             (int)(len < 40 ? len : 40), name, text);
    return false;
  }
  if (!take_apart(open, &c))
    return complain(why, why_size, "malformed distribution", text, c.kind);
  return parse_call(text, &c, unit, ret, why, why_size);
}

double dist_mean(const struct dist *d) {
  switch (d->kind) {
  case DIST_TRI:
    return (d->a + d->b + d->c) / 3;
  case DIST_UNIFORM:
    return (d->a + d->b) / 2;
  default:
    return d->a;
  }
}

double dist_variance(const struct dist *d) {
  double a = d->a, b = d->b, c = d->c;
  switch (d->kind) {
  case DIST_TRI:
    return (a * a + b * b + c * c - a * b - a * c - b * c) / 18;
  case DIST_UNIFORM:
    return (b - a) * (b - a) / 12;
  case DIST_NORMAL:
  case DIST_LOGNORMAL:
    return b * b;
  default:
    return 0;
  }
}

double dist_central(const struct dist *d) { return d->kind == DIST_TRI ? d->b : dist_mean(d); }

static double tri_quantile(const struct dist *d, double u) {
  double width = d->c - d->a, left = d->b - d->a, right = d->c - d->b;
  if (width == 0)
    return d->a;
  return u * width < left ? d->a + sqrt(u * width * left) : d->c - sqrt((1 - u) * width * right);
}

/* exp(mu + s z) has mean exp(mu + s^2/2) and variance mean^2 (exp(s^2) - 1). */
static double lognormal_quantile(const struct dist *d, double z) {
  double s2 = log1p(d->b / d->a * (d->b / d->a));
  return d->a * exp(sqrt(s2) * z - s2 / 2);
}

double dist_quantile(const struct dist *d, double u) {
  switch (d->kind) {
  case DIST_TRI:
    return tri_quantile(d, u);
  case DIST_UNIFORM:
    return d->a + u * (d->b - d->a);
  case DIST_NORMAL:
    return d->b > 0 ? d->a + d->b * gsl_cdf_ugaussian_Pinv(u) : d->a;
  case DIST_LOGNORMAL:
    return d->b > 0 ? lognormal_quantile(d, gsl_cdf_ugaussian_Pinv(u)) : d->a;
  default:
    return d->a;
  }
}

double dist_low(const struct dist *d) {
  return d->kind == DIST_TRI || d->kind == DIST_UNIFORM ? d->a : dist_quantile(d, 0.1);
}

double dist_high(const struct dist *d) {
  if (d->kind == DIST_TRI)
    return d->c;
  return d->kind == DIST_UNIFORM ? d->b : dist_quantile(d, 0.9);
}

bool dist_is_uncertain(const struct dist *d) { return dist_variance(d) > 0; }

/* The fewest digits that read back as the same double. */
static const char *shortest(double value, char buf[32]) {
  for (int digits = 15; digits <= 17; digits++) {
    snprintf(buf, 32, "%.*g", digits, value);
    double back;
    if (units_number(buf, &back) && back == value)
      break;
  }
  return buf;
}

void dist_format(const struct dist *d, const char *unit, char *buf, size_t size) {
  char a[32], b[32], c[32];
  shortest(d->a, a), shortest(d->b, b), shortest(d->c, c);
  const char *gap = *unit ? " " : "";
  switch (d->kind) {
  case DIST_TRI:
    snprintf(buf, size, "tri(%s, %s, %s)%s%s", a, b, c, gap, unit);
    break;
  case DIST_UNIFORM:
    snprintf(buf, size, "uniform(%s, %s)%s%s", a, b, gap, unit);
    break;
  case DIST_NORMAL:
  case DIST_LOGNORMAL:
    snprintf(buf, size, "%s(%s%s%s, sd %s%s%s)", d->kind == DIST_NORMAL ? "normal" : "lognormal", a, gap, unit, b, gap, unit);
    break;
  default:
    snprintf(buf, size, "%s%s%s", a, gap, unit);
  }
}
