#include "base/units.h"
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/err.h"

enum dim { D_S, D_B, D_J, D_USD, D_FLOP, D_G, D_TOKEN, D_REQ, D_GPU, D_NODE, D_FTE, D_RACK, D_C, D_OOM, D_COUNT };

/* A unit is num/den times a product of base units. Both stay whole numbers as far as doubles go, so that 15 % is 15/100 and not
 * 15 times the double nearest to 0.01. */
struct unit {
  double num, den;
  int power[D_COUNT];
};

static const double HOUR_S = 3600, DAY_S = 86400, YEAR_S = 8760 * 3600.0;

/* How a name may be written besides as it stands. */
enum { PREFIX = 1, BINARY = 2, PLURAL = 4 };

static const struct unit_name {
  const char *name;
  double num, den;
  int power[D_COUNT];
  int forms;
} unit_names[] = {
    {"s", 1, 1, {[D_S] = 1}, PREFIX},
    {"sec", 1, 1, {[D_S] = 1}, 0},
    {"second", 1, 1, {[D_S] = 1}, PLURAL},
    {"min", 60, 1, {[D_S] = 1}, PLURAL},
    {"minute", 60, 1, {[D_S] = 1}, PLURAL},
    {"h", HOUR_S, 1, {[D_S] = 1}, 0},
    {"hr", HOUR_S, 1, {[D_S] = 1}, PLURAL},
    {"hour", HOUR_S, 1, {[D_S] = 1}, PLURAL},
    {"d", DAY_S, 1, {[D_S] = 1}, 0},
    {"day", DAY_S, 1, {[D_S] = 1}, PLURAL},
    {"week", 7 * DAY_S, 1, {[D_S] = 1}, PLURAL},
    {"month", YEAR_S / 12, 1, {[D_S] = 1}, PLURAL},
    {"mo", YEAR_S / 12, 1, {[D_S] = 1}, 0},
    {"yr", YEAR_S, 1, {[D_S] = 1}, PLURAL},
    {"year", YEAR_S, 1, {[D_S] = 1}, PLURAL},
    {"Hz", 1, 1, {[D_S] = -1}, PREFIX},
    {"B", 1, 1, {[D_B] = 1}, PREFIX | BINARY},
    {"byte", 1, 1, {[D_B] = 1}, PREFIX | BINARY | PLURAL},
    {"bit", 1, 8, {[D_B] = 1}, PREFIX | BINARY | PLURAL},
    {"bps", 1, 8, {[D_B] = 1, [D_S] = -1}, PREFIX | BINARY},
    {"J", 1, 1, {[D_J] = 1}, PREFIX},
    {"W", 1, 1, {[D_J] = 1, [D_S] = -1}, PREFIX},
    {"Wh", HOUR_S, 1, {[D_J] = 1}, PREFIX},
    {"USD", 1, 1, {[D_USD] = 1}, PREFIX},
    {"$", 1, 1, {[D_USD] = 1}, PREFIX},
    {"FLOP", 1, 1, {[D_FLOP] = 1}, PREFIX},
    {"FLOPs", 1, 1, {[D_FLOP] = 1}, PREFIX},
    {"OP", 1, 1, {[D_FLOP] = 1}, PREFIX},
    {"FLOPS", 1, 1, {[D_FLOP] = 1, [D_S] = -1}, PREFIX},
    {"OPS", 1, 1, {[D_FLOP] = 1, [D_S] = -1}, PREFIX},
    {"g", 1, 1, {[D_G] = 1}, PREFIX},
    {"t", 1e6, 1, {[D_G] = 1}, PREFIX},
    {"token", 1, 1, {[D_TOKEN] = 1}, PREFIX | PLURAL},
    {"tok", 1, 1, {[D_TOKEN] = 1}, PREFIX},
    {"req", 1, 1, {[D_REQ] = 1}, PREFIX | PLURAL},
    {"request", 1, 1, {[D_REQ] = 1}, PREFIX | PLURAL},
    {"gpu", 1, 1, {[D_GPU] = 1}, PLURAL},
    {"GPU", 1, 1, {[D_GPU] = 1}, PLURAL},
    {"node", 1, 1, {[D_NODE] = 1}, PLURAL},
    {"fte", 1, 1, {[D_FTE] = 1}, PLURAL},
    {"FTE", 1, 1, {[D_FTE] = 1}, PLURAL},
    {"rack", 1, 1, {[D_RACK] = 1}, PLURAL},
    {"C", 1, 1, {[D_C] = 1}, 0},
    {"oom", 1, 1, {[D_OOM] = 1}, 0},
    {"%", 1, 100, {0}, 0},
};
enum { UNIT_NAMES = sizeof unit_names / sizeof *unit_names };

static const struct prefix {
  const char *name;
  double num, den;
  int form; /* what a unit must allow */
} prefixes[] = {
    {"Ki", 1024.0, 1, BINARY},
    {"Mi", 1048576.0, 1, BINARY},
    {"Gi", 1073741824.0, 1, BINARY},
    {"Ti", 1099511627776.0, 1, BINARY},
    {"n", 1, 1e9, PREFIX},
    {"u", 1, 1e6, PREFIX},
    {"\u00b5", 1, 1e6, PREFIX}, /* micro sign */
    {"\u03bc", 1, 1e6, PREFIX}, /* Greek mu, which looks the same */
    {"m", 1, 1e3, PREFIX},
    {"k", 1e3, 1, PREFIX},
    {"K", 1e3, 1, PREFIX},
    {"M", 1e6, 1, PREFIX},
    {"G", 1e9, 1, PREFIX},
    {"T", 1e12, 1, PREFIX},
    {"P", 1e15, 1, PREFIX},
    {"E", 1e18, 1, PREFIX},
};
enum { PREFIXES = sizeof prefixes / sizeof *prefixes };

/* ---- numbers ---- */

static locale_t c_locale;
static void make_c_locale(void) { c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0); }

static double slow_strtod(const char *s) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, make_c_locale);
  return strtod_l(s, NULL, c_locale);
}

/* Decimal [+-]digits[.digits][e[+-]digits] at the start of s: returns its end, or NULL when there is none. *ret may become infinite.
 * Up to 2^53 with an exponent of at most 22 one division or multiplication of two exact doubles is correctly rounded; the library does the rest. */
static const char *scan_number(const char *s, double *ret) {
  const char *p = s;
  bool negative = *p == '-', any = false, exact = true;
  uint64_t mantissa = 0;
  int scale = 0;
  if (*p == '+' || *p == '-')
    p++;
  for (bool point = false; isdigit((unsigned char)*p) || (*p == '.' && !point); p++) {
    if (*p == '.') {
      point = true;
      continue;
    }
    any = true;
    exact = exact && mantissa < 900719925474099u;
    mantissa = mantissa * 10 + (uint64_t)(*p - '0');
    scale -= point;
  }
  if (!any)
    return NULL;
  const char *e = p + 1;
  if ((*p == 'e' || *p == 'E') && isdigit((unsigned char)e[*e == '+' || *e == '-'])) {
    bool minus = *e == '-';
    int exponent = 0;
    for (e += *e == '+' || *e == '-'; isdigit((unsigned char)*e); e++)
      exponent = exponent < 10000 ? exponent * 10 + (*e - '0') : exponent;
    scale += minus ? -exponent : exponent;
    p = e;
  }
  static const double tens[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  if (!exact || scale < -22 || scale > 22) {
    *ret = slow_strtod(s);
    return p;
  }
  double value = scale < 0 ? (double)mantissa / tens[-scale] : (double)mantissa * tens[scale];
  *ret = negative ? -value : value;
  return p;
}

static const char *skip_blanks(const char *s) {
  while (*s == ' ' || *s == '\t' || *s == '\r' || *s == '\n')
    s++;
  return s;
}

const char *units_leading_number(const char *text, double *ret_value) {
  double value;
  const char *end = scan_number(skip_blanks(text), &value);
  if (!end || !isfinite(value))
    return NULL;
  *ret_value = value;
  return end;
}

bool units_number(const char *text, double *ret_value) {
  double value;
  const char *end = units_leading_number(text, &value);
  if (!end || *skip_blanks(end))
    return false;
  *ret_value = value;
  return true;
}

bool units_integer(const char *text, long long *ret_value) {
  const char *s = skip_blanks(text);
  if (!isdigit((unsigned char)s[*s == '+' || *s == '-']))
    return false;
  char *end;
  errno = 0;
  long long value = strtoll(s, &end, 10);
  if (errno || *skip_blanks(end))
    return false;
  *ret_value = value;
  return true;
}

/* ---- units ---- */

static void multiply(struct unit *u, double num, double den, const int power[D_COUNT], int sign) {
  u->num *= sign > 0 ? num : den;
  u->den *= sign > 0 ? den : num;
  for (int d = 0; d < D_COUNT; d++)
    u->power[d] += sign * power[d];
}

/* A name of n characters without prefix; `form` is what the prefix before it needs. */
static const struct unit_name *find_name(const char *s, size_t n, int form) {
  for (size_t i = 0; i < UNIT_NAMES; i++) {
    const struct unit_name *u = &unit_names[i];
    size_t len = strlen(u->name);
    bool plural = (u->forms & PLURAL) && n == len + 1 && s[len] == 's';
    if ((n == len || plural) && strncmp(s, u->name, len) == 0 && (u->forms & form) == form)
      return u;
  }
  return NULL;
}

static bool apply_name(struct unit *u, const char *s, size_t n, int sign) {
  const struct unit_name *found = find_name(s, n, 0);
  if (found) {
    multiply(u, found->num, found->den, found->power, sign);
    return true;
  }
  static const int none[D_COUNT];
  for (size_t i = 0; i < PREFIXES; i++) {
    const struct prefix *p = &prefixes[i];
    size_t len = strlen(p->name);
    if (n <= len || strncmp(s, p->name, len) != 0 || !(found = find_name(s + len, n - len, p->form)))
      continue;
    multiply(u, p->num, p->den, none, sign);
    multiply(u, found->num, found->den, found->power, sign);
    return true;
  }
  return false;
}

static const char *name_get(const void *ctx, size_t i) {
  (void)ctx;
  return i < UNIT_NAMES ? unit_names[i].name : NULL;
}

/* What is wrong with a unit, and the unit that may have been meant ("" = no idea). */
struct complaint {
  char what[96], hint[32];
};

/* A unit with a prefix is guessed from what follows the prefix too. */
static void guess(const char *word, char hint[32]) {
  const char *near = err_nearest(word, name_get, NULL), *prefix = "";
  for (size_t i = 0; !near && i < PREFIXES; i++) {
    size_t len = strlen(prefixes[i].name);
    const char *rest = strncmp(word, prefixes[i].name, len) == 0 ? err_nearest(word + len, name_get, NULL) : NULL;
    if (rest && find_name(rest, strlen(rest), prefixes[i].form)) {
      prefix = prefixes[i].name;
      near = rest;
    }
  }
  snprintf(hint, 32, "%s%s", prefix, near ? near : "");
}

static bool say_unknown(const char *s, size_t n, struct complaint *c) {
  char word[32];
  snprintf(word, sizeof word, "%.*s", (int)(n < 31 ? n : 31), s);
  snprintf(c->what, sizeof c->what, "unknown unit '%s'", word);
  guess(word, c->hint);
  return false;
}

static bool say(const char *what, struct complaint *c) {
  snprintf(c->what, sizeof c->what, "%s", what);
  return false;
}

/* One factor of a product, a name or a number; moves *s behind it. */
static bool parse_factor(const char **s, int sign, struct unit *u, struct complaint *c) {
  static const int none[D_COUNT];
  double number;
  const char *end = isdigit((unsigned char)**s) || **s == '.' ? scan_number(*s, &number) : NULL;
  if (end && number > 0 && isfinite(number)) {
    multiply(u, number, 1, none, sign);
    *s = end;
    return true;
  }
  size_t n = strcspn(*s, "-*/ \t\r\n");
  if (n == 0)
    return say("a unit is missing", c);
  if (!apply_name(u, *s, n, sign))
    return say_unknown(*s, n, c);
  *s += n;
  return true;
}

/* unit: ['/'] product ('/' product)...; product: factor (('-' | '*') factor)... */
static bool parse_unit(const char *text, struct unit *ret, struct complaint *c) {
  *c = (struct complaint){0};
  struct unit u = {.num = 1, .den = 1};
  const char *s = skip_blanks(text);
  int sign = *s == '/' ? -1 : 1;
  if (*s == '/')
    s = skip_blanks(s + 1);
  else if (!*s) {
    *ret = u;
    return true;
  }
  for (;;) {
    if (!parse_factor(&s, sign, &u, c))
      return false;
    s = skip_blanks(s);
    if (!*s)
      break;
    if (!strchr("/-*", *s))
      return say("more text after the unit", c);
    if (*s == '/')
      sign = -1;
    s = skip_blanks(s + 1);
  }
  *ret = u;
  return true;
}

/* One rounding: the factor is whole, or the value is divided by the whole inverse. */
static double convert(double value, const struct unit *from, const struct unit *to) {
  double num = from->num * to->den, den = from->den * to->num;
  if (num == den)
    return value;
  return num > den ? value * (num / den) : value / (den / num);
}

static bool same_dimension(const struct unit *a, const struct unit *b) {
  return memcmp(a->power, b->power, sizeof a->power) == 0;
}

bool units_convert(double value, const char *from, const char *to, double *ret_value) {
  struct unit a, b;
  struct complaint c;
  if (!parse_unit(from, &a, &c) || !parse_unit(to, &b, &c) || !same_dimension(&a, &b))
    return false;
  double converted = convert(value, &a, &b);
  if (!isfinite(converted))
    return false;
  *ret_value = converted;
  return true;
}

/* The common form of a message: what is wrong, got 'x', expected y, did you mean 'z'? */
static bool refuse(char *why, size_t why_size, const char *what, const char *text, const char *unit, const char *hint) {
  char expected[64];
  snprintf(expected, sizeof expected, *unit == '/' || *unit == '%' ? "such as 1 %s" : "a quantity in %s", unit);
  snprintf(why, why_size, "%s, got '%s', expected %s%s%s%s", what, text, *unit ? expected : "a bare number or %",
           *hint ? ", did you mean '" : "", hint, *hint ? "'?" : "");
  return false;
}

bool units_parse(const char *text, const char *unit, double *ret_value, char *why, size_t why_size) {
  struct unit given, wanted;
  struct complaint c;
  double value;
  const char *rest = scan_number(skip_blanks(text), &value);
  if (!rest)
    return refuse(why, why_size, "not a number", text, unit, "");
  if (!isfinite(value))
    return refuse(why, why_size, "number out of range", text, unit, "");
  rest = skip_blanks(rest);
  if (!*rest && *unit && value != 0)
    return refuse(why, why_size, "a unit is missing", text, unit, "");
  if (!parse_unit(unit, &wanted, &c)) /* the caller's own unit: a mistake in a parameter table */
    return refuse(why, why_size, c.what, text, unit, c.hint);
  if (!*rest || strcmp(rest, unit) == 0) {
    *ret_value = value;
    return true;
  }
  if (!parse_unit(rest, &given, &c))
    return refuse(why, why_size, c.what, text, unit, c.hint);
  if (!same_dimension(&given, &wanted))
    return refuse(why, why_size, "a unit of another kind", text, unit, "");
  value = convert(value, &given, &wanted);
  if (!isfinite(value))
    return refuse(why, why_size, "number out of range", text, unit, "");
  *ret_value = value;
  return true;
}
