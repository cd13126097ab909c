/* Quantities and distributions as they are written in scenarios and catalogs. */
#include <locale.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/dist.h"
#include "base/hash.h"
#include "base/units.h"
#include "tests/cu.h"
#include "tests/noise.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

/* ---- units ---- */

/* Exact: every value here is the number of the text, correctly rounded once, times or by a whole factor. */
static void units_values(void) {
  static const struct {
    const char *text, *unit;
    double value;
  } rows[] = {
      {"0.12 USD/kWh", "USD/kWh", 0.12},
      {"184.06 USD/kW-month", "USD/kW-month", 184.06},
      {"6.5 /1000-node-days", "1/node-day", 0.0065},
      {"6.5 /1000-node-days", "1/node-yr", 6.5 * 365 / 1000},
      {"8 %/yr", "1/yr", 0.08},
      {"8 %/yr", "%/yr", 8},
      {"8 %/yr", "/yr", 0.08},
      {"0.14 USD/GB-month", "USD/GB-month", 0.14},
      {"5 FTE", "fte", 5},
      {"0.5 fte", "fte", 0.5},
      {"50 B/token", "B/token", 50},
      {"415.8 g/kWh", "g/kWh", 415.8},
      {"0.4158 kg/kWh", "g/kWh", 415.8},
      {"3350 GB/s", "B/s", 3350e9},
      {"3.35 TB/s", "B/s", 3.35e12},
      {"3350 GB/s", "GB/s", 3350},
      {"312 TFLOPS", "FLOP/s", 312e12},
      {"312 TFLOP/s", "FLOP/s", 312e12},
      {"624 TOPS", "FLOP/s", 624e12},
      {"2.2 h", "s", 2.2 * 3600},
      {"2.2h", "h", 2.2},
      {"90 min", "h", 1.5},
      {"5 yr", "s", 5 * 8760 * 3600.0},
      {"5 years", "yr", 5},
      {"1 month", "h", 730},
      {"12 months", "yr", 1},
      {"1 week", "day", 7},
      {"10 ms", "s", 0.01},
      {"2.1 us", "s", 2.1 / 1e6},
      {"2.1 \u00b5s", "us", 2.1},
      {"400 Gbit/s", "GB/s", 50},
      {"100 Gbps", "B/s", 12.5e9},
      {"80 GiB", "B", 80 * 1073741824.0},
      {"1 MiB/s", "KiB/s", 1024},
      {"6.5 kW", "W", 6500},
      {"1 kWh", "J", 3.6e6},
      {"1 W-h", "J", 3600},
      {"1 J/s", "W", 1},
      {"2 W*h", "Wh", 2},
      {"42.5 req/s", "req/s", 42.5},
      {"60 req/min", "req/s", 1},
      {"1 Hz", "1/s", 1},
      {"1.2 USD/GPU-hour", "USD/gpu-h", 1.2},
      {"120000 USD", "USD", 120000},
      {"120 kUSD", "USD", 120000},
      {"14.8 Ttokens", "token", 14.8e12},
      {"25 C", "C", 25},
      {"4 racks", "rack", 4},
      {"1 t", "kg", 1000},
      {"8 USD/B/s", "USD/B-s", 8},
      {"15 %", "", 0.15},
      {"0.29", "", 0.29},
      {"29 %", "", 0.29},
      {"1e3 W", "W", 1000},
      {"1.5E+3W", "W", 1500},
      {"1 EB", "B", 1e18},
      {"-5 %", "", -0.05},
      {"+3 s", "s", 3},
      {"0", "USD/kWh", 0},
      {" 7 ", "", 7},
      {"  7\tGB / s ", "GB/s", 7},
      {"0.1 kg", "g", 100},
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    double value = -1;
    char why[256] = "";
    bool good = units_parse(rows[i].text, rows[i].unit, &value, why, sizeof why);
    if (!good || value != rows[i].value)
      printf("\n'%s' in '%s': %.17g, want %.17g %s\n", rows[i].text, rows[i].unit, value, rows[i].value, why);
    CU_ASSERT(good && value == rows[i].value);
  }
}

static void units_refused(void) {
  static const struct {
    const char *text, *unit, *why;
  } rows[] = {
      {"5", "GB/s", "a unit is missing, got '5', expected a quantity in GB/s"},
      {"5 GB", "GB/s", "a unit of another kind, got '5 GB', expected a quantity in GB/s"},
      {"5 GB/s", "", "a unit of another kind, got '5 GB/s', expected a bare number or %"},
      {"5 GBB/s", "B/s", "unknown unit 'GBB', got '5 GBB/s', expected a quantity in B/s"},
      {"5 tokn", "token", "unknown unit 'tokn', got '5 tokn', expected a quantity in token, did you mean 'token'?"},
      {"5 ktokn", "token", "unknown unit 'ktokn', got '5 ktokn', expected a quantity in token, did you mean 'ktoken'?"},
      {"3 GHertz", "Hz", "unknown unit 'GHertz', got '3 GHertz', expected a quantity in Hz"},
      {"", "s", "not a number, got '', expected a quantity in s"},
      {"fast", "s", "not a number, got 'fast', expected a quantity in s"},
      {"nan s", "s", "not a number, got 'nan s', expected a quantity in s"},
      {"inf", "", "not a number, got 'inf', expected a bare number or %"},
      {"-", "", "not a number, got '-', expected a bare number or %"},
      {".", "", "not a number, got '.', expected a bare number or %"},
      {"1e999 s", "s", "number out of range, got '1e999 s', expected a quantity in s"},
      {"1e300 EB", "B", "number out of range, got '1e300 EB', expected a quantity in B"},
      {"5 GB/", "B/s", "a unit is missing, got '5 GB/', expected a quantity in B/s"},
      {"5 GB//s", "B/s", "a unit is missing, got '5 GB//s', expected a quantity in B/s"},
      {"5 GB s", "B/s", "more text after the unit, got '5 GB s', expected a quantity in B/s"},
      {"5 GB/0-s", "B/s", "unknown unit '0', got '5 GB/0-s', expected a quantity in B/s"},
      {"0x10", "", "unknown unit 'x10', got '0x10', expected a bare number or %"},
      {"1,000 W", "W", NULL},
      {"1 2 W", "W", NULL},
      {"5 kh", "h", NULL},
      {"5 kday", "day", NULL},
      {"5 KiW", "W", NULL},
      {"5 Ws", "J", NULL},
      {"5", "%/yr", "a unit is missing, got '5', expected such as 1 %/yr"},
      {"5 gpu", "node", "a unit of another kind, got '5 gpu', expected a quantity in node"},
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    double value = 77;
    char why[256] = "";
    bool good = units_parse(rows[i].text, rows[i].unit, &value, why, sizeof why);
    if (good || (rows[i].why && strcmp(why, rows[i].why) != 0))
      printf("\n'%s' in '%s': %s\n", rows[i].text, rows[i].unit, good ? "taken" : why);
    CU_ASSERT_FALSE(good);
    CU_ASSERT(value == 77); /* untouched */
    CU_ASSERT(*why && (!rows[i].why || strcmp(why, rows[i].why) == 0));
  }
}

static void units_small_why_buffer(void) {
  double value;
  char why[8] = "";
  CU_ASSERT_FALSE(units_parse("5 parsecs", "s", &value, why, sizeof why));
  CU_ASSERT_EQUAL(strlen(why), 7);
}

static void units_conversion(void) {
  double v;
  CU_ASSERT(units_convert(1, "kWh", "J", &v) && v == 3.6e6);
  CU_ASSERT(units_convert(3.6e6, "J", "kWh", &v) && v == 1);
  CU_ASSERT(units_convert(0.1, "", "%", &v) && v == 10);
  CU_ASSERT(units_convert(0.12, "USD/kWh", "USD/kWh", &v) && v == 0.12);
  CU_ASSERT(units_convert(184.06, "USD/kW-month", "USD/W-yr", &v));
  CU_CLOSE(v, 184.06 * 12 / 1000, 1e-15);
  v = 77;
  CU_ASSERT_FALSE(units_convert(1, "J", "W", &v));
  CU_ASSERT_FALSE(units_convert(1, "J", "furlong", &v));
  CU_ASSERT_FALSE(units_convert(1e300, "EB", "nB", &v));
  CU_ASSERT(v == 77);
}

static void units_numbers(void) {
  static const struct {
    const char *text;
    double value;
  } good[] = {{"0", 0},         {"-0.5", -0.5},       {" 1.5 ", 1.5},  {"1e-7", 1e-7}, {"123456789012345678901", 123456789012345678901.0},
              {"5.", 5},        {".5", 0.5},          {"1E5", 1e5},    {"0.1", 0.1},   {"2.2250738585072014e-308", 2.2250738585072014e-308},
              {"9007199254740993", 9007199254740992}, {"1e23", 1e23},  {"1e-400", 0},  {"0.30000000000000004", 0.30000000000000004},
              {"18.6805900", 18.68059}};
  for (size_t i = 0; i < COUNT(good); i++) {
    double v = 77;
    CU_ASSERT(units_number(good[i].text, &v));
    CU_ASSERT(v == good[i].value);
  }
  static const char *const bad[] = {"", " ", "1 2", "1x", "x", "nan", "inf", "-inf", "infinity", "1e400", "0x1p3", "1,5", "--1", "+-1", "1..2", "e5", "1e"};
  for (size_t i = 0; i < COUNT(bad); i++) {
    double v = 77;
    CU_ASSERT_FALSE(units_number(bad[i], &v));
    CU_ASSERT(v == 77);
  }
  CU_ASSERT(signbit(units_number("-0", &(double){0}) ? -0.0 : 0.0));
}

static void units_leading_numbers(void) {
  double v = 77;
  const char *text = " 310.5 p50, cap 512", *end = units_leading_number(text, &v);
  CU_ASSERT(v == 310.5 && end == text + 6);
  v = 77;
  CU_ASSERT(!units_leading_number("p50", &v) && !units_leading_number("infinite", &v) && !units_leading_number("1e999x", &v) && v == 77);
}

/* Random decimals of every length read like strtod in the C locale, which is correctly rounded in glibc. */
static void units_number_rounds_correctly(void) {
  uint64_t x = 1;
  int wrong = 0;
  for (int i = 0; i < 20000; i++) {
    char text[64];
    x = hash_mix(x + 0x9e3779b97f4a7c15u);
    snprintf(text, sizeof text, "%s%.*f", x & 1 ? "-" : "", (int)(x >> 8 & 15), (double)(x >> 12) / (double)(1ull << (x >> 4 & 31)));
    double got = 0;
    wrong += !units_number(text, &got) || got != strtod(text, NULL);
    snprintf(text, sizeof text, "%.*e", (int)(x >> 8 & 15), (double)x * pow(10, (double)(x >> 16 & 63) - 32));
    wrong += !units_number(text, &got) || got != strtod(text, NULL);
  }
  CU_ASSERT_EQUAL(wrong, 0);
}

static void units_integers(void) {
  long long v = 77;
  CU_ASSERT(units_integer("42", &v) && v == 42);
  CU_ASSERT(units_integer(" -7 ", &v) && v == -7);
  CU_ASSERT(units_integer("+9223372036854775807", &v) && v == INT64_MAX);
  static const char *const bad[] = {"", "1.0", "1e3", "9223372036854775808", "0x10", "12a", "- 1", " "};
  for (size_t i = 0; i < COUNT(bad); i++)
    CU_ASSERT_FALSE(units_integer(bad[i], &v));
  CU_ASSERT_EQUAL(v, INT64_MAX);
}

/* A locale with a decimal comma, if the machine has one, must not matter. */
static void units_ignore_locale(void) {
  static const char *const comma[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "de_DE"};
  bool set = false;
  for (size_t i = 0; i < COUNT(comma) && !set; i++)
    set = setlocale(LC_NUMERIC, comma[i]) != NULL;
  double v = 0, slow = 0;
  CU_ASSERT(units_number("1.5", &v) && v == 1.5);
  CU_ASSERT(units_number("1.23456789012345678901234", &slow) && slow == 1.2345678901234568);
  CU_ASSERT_FALSE(units_number("1,5", &v));
  setlocale(LC_NUMERIC, "C");
}

/* ---- distributions ---- */

static struct dist parsed(const char *text, const char *unit) {
  struct dist d = {.kind = DIST_POINT, .a = NAN};
  char why[256] = "";
  if (!dist_parse(text, unit, &d, why, sizeof why)) {
    printf("\n%s\n", why);
    CU_FAIL("a distribution was refused");
  }
  return d;
}

static void dist_forms(void) {
  struct dist d = parsed("0.12 USD/kWh", "USD/kWh");
  CU_ASSERT(d.kind == DIST_POINT && d.a == 0.12 && !dist_is_uncertain(&d));
  CU_ASSERT(dist_quantile(&d, 0.9) == 0.12 && dist_mean(&d) == 0.12 && dist_low(&d) == 0.12 && dist_high(&d) == 0.12);

  d = parsed("tri(0.08, 0.12, 0.16) USD/kWh", "USD/kWh");
  CU_ASSERT(d.kind == DIST_TRI && d.a == 0.08 && d.b == 0.12 && d.c == 0.16 && dist_is_uncertain(&d));
  CU_ASSERT(dist_central(&d) == 0.12 && dist_low(&d) == 0.08 && dist_high(&d) == 0.16);
  CU_CLOSE(dist_mean(&d), 0.12, 1e-15);

  d = parsed(" tri ( 5,10 , 20 )%/yr ", "1/yr");
  CU_ASSERT(d.a == 0.05 && d.b == 0.10 && d.c == 0.20);
  d = parsed("tri(5 %, 10 %, 0.2)", "");
  CU_ASSERT(d.a == 0.05 && d.b == 0.10 && d.c == 0.20);
  d = parsed("tri(800 W, 1 kW, 2 kW)", "kW");
  CU_ASSERT(d.a == 0.8 && d.b == 1 && d.c == 2);

  d = parsed("uniform(1.15, 1.58)", "");
  CU_ASSERT(d.kind == DIST_UNIFORM && d.a == 1.15 && d.b == 1.58 && dist_central(&d) == (1.15 + 1.58) / 2);

  d = parsed("normal(-5 %, sd 10 %)", "");
  CU_ASSERT(d.kind == DIST_NORMAL && d.a == -0.05);
  CU_CLOSE(d.b, 0.005, 1e-15);
}

static void dist_lognormal(void) {
  struct dist d = parsed("lognormal(0.0826 USD/kWh, sd 15 %)", "USD/kWh");
  CU_ASSERT(d.kind == DIST_LOGNORMAL && d.a == 0.0826);
  CU_CLOSE(d.b, 0.0826 * 0.15, 1e-15);
  d = parsed("lognormal(2.2 h, sd 4 h)", "s");
  CU_ASSERT(d.a == 2.2 * 3600 && d.b == 14400);
  d = parsed("lognormal(2.2 h, sd 90 min)", "h");
  CU_ASSERT(d.a == 2.2 && d.b == 1.5);
  d = parsed("lognormal(2.2, sd 4) h", "h");
  CU_ASSERT(d.a == 2.2 && d.b == 4);
  /* The median is mean / sqrt(1 + (sd/mean)^2). */
  CU_CLOSE(dist_quantile(&d, 0.5), 2.2 / sqrt(1 + 16 / 4.84), 1e-14);
  CU_CLOSE(dist_low(&d) * dist_high(&d), pow(dist_quantile(&d, 0.5), 2), 1e-12);
  d = parsed("lognormal(2.2 h, sd 0 h)", "h");
  CU_ASSERT(dist_quantile(&d, 0.99) == 2.2 && !dist_is_uncertain(&d));
}

static void dist_refused(void) {
  static const struct {
    const char *text, *unit, *part; /* of the reason */
  } rows[] = {
      {"tri(3, 2, 4) h", "h", "values out of order"},
      {"tri(1, 2) h", "h", "tri(lo, mode, hi) unit"},
      {"tri(1, 2, 3, 4) h", "h", "malformed"},
      {"tri(1, 2, 3 h", "h", "malformed"},
      {"tri(1, , 3) h", "h", "malformed"},
      {"tri() h", "h", "malformed"},
      {"tri(1, 2, 3)", "h", "a unit is missing"},
      {"tri(1, 2, 3) GB", "h", "a unit of another kind"},
      {"tri(1, x, 3) h", "h", "not a number"},
      {"uniform(2, 1) h", "h", "values out of order"},
      {"normal(2 h, 1 h)", "h", "expected 'sd 15 %'"},
      {"normal(2 h, sd -1 h)", "h", "negative standard deviation"},
      {"lognormal(0 h, sd 1 h)", "h", "not positive"},
      {"lognormal(1 h, sd 1e400 h)", "h", "out of range"},
      {"gauss(1, 2)", "", "unknown distribution 'gauss'"},
      {"(1, 2)", "", "unknown distribution"},
      {"5 parsec", "s", "unknown unit"},
      {"", "s", "not a number"},
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    struct dist d = {.a = 77};
    char why[256] = "";
    bool good = dist_parse(rows[i].text, rows[i].unit, &d, why, sizeof why);
    if (good || !strstr(why, rows[i].part))
      printf("\n'%s' in '%s': %s\n", rows[i].text, rows[i].unit, good ? "taken" : why);
    CU_ASSERT(!good && strstr(why, rows[i].part) && d.a == 77);
  }
}

struct moments {
  double mean, variance;
};

/* Integrals of the quantile function over (0,1), by the midpoint rule. */
static struct moments integrate(const struct dist *d) {
  enum { N = 200000 };
  double sum = 0, squares = 0;
  for (int i = 0; i < N; i++) {
    double x = dist_quantile(d, (i + 0.5) / N) - dist_mean(d);
    sum += x / N;
    squares += x * x / N;
  }
  return (struct moments){dist_mean(d) + sum, squares - sum * sum};
}

static void dist_quantiles_have_the_stated_moments(void) {
  static const char *const texts[] = {"tri(1, 2, 5)", "tri(1, 1, 5)", "tri(1, 5, 5)", "uniform(-1, 3)", "normal(3, sd 2)", "lognormal(3, sd 2)"};
  for (size_t i = 0; i < COUNT(texts); i++) {
    struct dist d = parsed(texts[i], "");
    struct moments m = integrate(&d);
    CU_CLOSE(m.mean, dist_mean(&d), 2e-5);
    CU_CLOSE(m.variance, dist_variance(&d), 2e-3);
    for (double u = 0.01, last = -INFINITY; u < 1; u += 0.01) {
      double x = dist_quantile(&d, u);
      CU_ASSERT(x > last);
      last = x;
    }
  }
}

/* golden.md G9: TCO = C + 350400 p with independent triangular C and p. */
static void dist_golden_g9(void) {
  struct dist c = parsed("tri(100, 120, 150) kUSD", "USD"), p = parsed("tri(0.08, 0.12, 0.16) USD/kWh", "USD/kWh");
  double kwh = 350400, vc = dist_variance(&c), vp = kwh * kwh * dist_variance(&p);
  CU_CLOSE(dist_mean(&c) + kwh * dist_mean(&p), 165381.3333, 1e-9);
  CU_CLOSE(vc + vp, 138296931.5556, 1e-12);
  CU_CLOSE(sqrt(vc + vp), 11759.9716, 1e-8);
  CU_CLOSE(vc / (vc + vp), 0.763253, 1e-6);
  CU_CLOSE(vp / (vc + vp), 0.236747, 1e-6);
  CU_CLOSE(dist_low(&c) + kwh * dist_central(&p), 142048, 1e-12);
  CU_CLOSE(dist_high(&c) + kwh * dist_central(&p), 192048, 1e-12);
  CU_CLOSE(dist_central(&c) + kwh * dist_low(&p), 148032, 1e-12);
  CU_CLOSE(dist_central(&c) + kwh * dist_high(&p), 176064, 1e-12);
}

static void dist_format_reads_back(void) {
  static const struct {
    const char *text, *unit;
  } rows[] = {{"0.12 USD/kWh", "USD/kWh"},          {"7", ""},
              {"tri(0.08, 0.12, 0.16) USD/kWh", "USD/kWh"}, {"uniform(1.15, 1.58)", ""},
              {"normal(3 h, sd 0.5 h)", "h"},        {"lognormal(2.2 h, sd 4 h)", "h"}};
  for (size_t i = 0; i < COUNT(rows); i++) {
    struct dist d = parsed(rows[i].text, rows[i].unit);
    char buf[160];
    dist_format(&d, rows[i].unit, buf, sizeof buf);
    CU_ASSERT_STRING_EQUAL(buf, rows[i].text);
  }
  struct dist third = dist_point(1.0 / 3);
  char buf[64];
  dist_format(&third, "W", buf, sizeof buf);
  struct dist back = parsed(buf, "W");
  CU_ASSERT(back.a == third.a);
}

static void hostile_quantities(void) {
  static const char *const seeds[] = {"184.06 USD/kW-month", "6.5 /1000-node-days", "tri(0.08, 0.12, 0.16) USD/kWh", "lognormal(2.2 h, sd 4 h)", "1e300 EB", "15 %"};
  static const char *const units[] = {"USD/kW-month", "1/node-day", "USD/kWh", "s", "B", ""};
  uint64_t state = 1;
  int taken = 0, silent = 0, touched = 0, unreal = 0;
  for (int i = 0; i < 30000; i++) {
    char text[64], why[96] = "";
    snprintf(text, sizeof text, "%s", seeds[i % 6]);
    spoil(text, sizeof text, &state);
    struct dist d = {.a = 77};
    bool good = dist_parse(text, units[i % 6], &d, why, sizeof why);
    taken += good;
    silent += !good && !*why;
    touched += !good && d.a != 77;
    unreal += good && !(isfinite(d.a) && isfinite(d.b) && isfinite(d.c));
  }
  CU_ASSERT(taken > 1000 && taken < 29000);
  CU_ASSERT(silent == 0 && touched == 0 && unreal == 0);
}

int main(void) {
  static const struct cu_case cases[] = {
      {"units: values are exact", units_values},
      {"units: what is refused, and how", units_refused},
      {"units: a small buffer for the reason", units_small_why_buffer},
      {"units: conversion", units_conversion},
      {"units: bare numbers", units_numbers},
      {"units: leading numbers", units_leading_numbers},
      {"units: numbers round correctly", units_number_rounds_correctly},
      {"units: integers", units_integers},
      {"units: the locale does not matter", units_ignore_locale},
      {"dist: forms", dist_forms},
      {"dist: lognormal", dist_lognormal},
      {"dist: what is refused", dist_refused},
      {"dist: quantiles have the stated moments", dist_quantiles_have_the_stated_moments},
      {"dist: golden G9", dist_golden_g9},
      {"dist: what is written reads back", dist_format_reads_back},
      {"hostile quantities", hostile_quantities},
  };
  return cu_main("units", cases, COUNT(cases));
}
