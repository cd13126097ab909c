#include "tests/cu.h"
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/csv.h"
#include "base/datadir.h"
#include "base/date.h"
#include "base/dist.h"
#include "base/dtype.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/units.h"

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

/* ---- dates ---- */

static void dates_count_days(void) {
  struct date d;
  CU_ASSERT(date_parse("1970-01-01", &d) && date_days(d) == 0 && date_weekday(d) == 3);
  CU_ASSERT(date_parse("2000-03-01", &d) && date_days(d) == 11017);
  CU_ASSERT(date_parse("2025-06-05", &d) && date_days(d) == 20244 && date_weekday(d) == 3);
  CU_ASSERT(date_parse("1969-12-31", &d) && date_days(d) == -1 && date_weekday(d) == 2);
  CU_ASSERT(date_parse("2025-06", &d) && d.year == 2025 && d.month == 6 && d.day == 1);
  CU_ASSERT(date_parse("2024-02-29", &d));
  CU_ASSERT_EQUAL(date_days_in_month(1900, 2), 28);
  CU_ASSERT_EQUAL(date_days_in_month(2000, 2), 29);
}

/* Every day of eight centuries: the next day is one step on in both directions. */
static void dates_are_a_bijection(void) {
  struct date d = {1600, 1, 1};
  int wrong = 0;
  for (long n = date_days(d), end = n + 292194; n < end; n++) {
    struct date back = date_from_days(n);
    wrong += date_days(d) != n || back.year != d.year || back.month != d.month || back.day != d.day;
    if (++d.day > date_days_in_month(d.year, d.month)) {
      d.day = 1;
      if (++d.month > 12) {
        d.month = 1;
        d.year++;
      }
    }
  }
  CU_ASSERT_EQUAL(wrong, 0);
  CU_ASSERT_EQUAL(d.year, 2400);
}

static void dates_refused(void) {
  static const char *const bad[] = {"",         "2025",       "2025-13-01", "2025-00-01",  "2025-02-29", "2025-04-31",     "2025-6-5",
                                    "25-06-05", "2025/06/05", "2025-06-00", "2025-06-05x", "2025-06-5",  "2025-06-05 10:00", "0000-01-01",
                                    "2025-",    "2025-06-",   "-025-06-05"};
  struct date d = {7, 7, 7};
  for (size_t i = 0; i < COUNT(bad); i++)
    CU_ASSERT_FALSE(date_parse(bad[i], &d));
  CU_ASSERT(d.year == 7);
}

static void dates_add_months(void) {
  static const struct {
    struct date from;
    int months;
    const char *to;
  } rows[] = {{{2024, 1, 31}, 1, "2024-02-29"},  {{2025, 1, 31}, 1, "2025-02-28"},   {{2025, 10, 15}, 3, "2026-01-15"}, {{2025, 1, 1}, -1, "2024-12-01"},
              {{2025, 3, 31}, -13, "2024-02-29"}, {{2025, 5, 5}, 60, "2030-05-05"},  {{2025, 12, 31}, 12, "2026-12-31"}};
  for (size_t i = 0; i < COUNT(rows); i++) {
    char buf[11];
    date_format(date_add_months(rows[i].from, rows[i].months), buf);
    CU_ASSERT_STRING_EQUAL(buf, rows[i].to);
  }
}

/* ---- CSV ---- */

static const char *const scratch = "test_base.tmp";

static void write_bytes(const void *bytes, size_t n) {
  FILE *f = fopen(scratch, "wb");
  CU_ASSERT_PTR_NOT_NULL_FATAL(f);
  CU_ASSERT_EQUAL(fwrite(bytes, 1, n, f), n);
  fclose(f);
}

static void write_text(const char *text) { write_bytes(text, strlen(text)); }

static struct csv_table *load_text(const char *text, struct errs *e) {
  write_text(text);
  struct csv_table *t = csv_load(scratch, e);
  unlink(scratch);
  return t;
}

static void csv_tables(void) {
  struct errs *e = errs_create();
  struct csv_table *t = load_text("name,value, note\nA100, 312 ,\"dense, not \"\"sparse\"\"\"\n\nH100,,\"two\nlines\"\r\nT4,65,", e);
  CU_ASSERT_PTR_NOT_NULL_FATAL(t);
  CU_ASSERT_EQUAL(csv_rows(t), 3);
  CU_ASSERT_EQUAL(csv_columns(t), 3);
  CU_ASSERT_STRING_EQUAL(csv_header(t, 2), "note");
  CU_ASSERT_EQUAL(csv_column(t, "value"), 1);
  CU_ASSERT_EQUAL(csv_column(t, "Value"), -1);
  CU_ASSERT_STRING_EQUAL(csv_cell(t, 0, 1), "312");
  CU_ASSERT_STRING_EQUAL(csv_cell(t, 0, 2), "dense, not \"sparse\"");
  CU_ASSERT_STRING_EQUAL(csv_cell(t, 1, 1), "");
  CU_ASSERT_STRING_EQUAL(csv_cell(t, 1, 2), "two\nlines");
  CU_ASSERT_STRING_EQUAL(csv_cell(t, 2, 0), "T4"); /* a last row without a newline counts */
  CU_ASSERT_STRING_EQUAL(csv_cell(t, 2, -1), "");
  CU_ASSERT_EQUAL(csv_line(t, 0), 2);
  CU_ASSERT_EQUAL(csv_line(t, 1), 4);
  CU_ASSERT_EQUAL(csv_line(t, 2), 6);
  CU_ASSERT_STRING_EQUAL(csv_path(t), scratch);
  static const char *const names[] = {"name", "valeu", "date"};
  CU_ASSERT(csv_require(t, names, 1, e));
  CU_ASSERT_FALSE(csv_require(t, names, 3, e));
  CU_ASSERT_EQUAL(errs_count(e), 2);
  CU_ASSERT_STRING_EQUAL(errs_text(e, 0), "test_base.tmp:1: the column 'valeu' is missing, the nearest there is 'value'");
  CU_ASSERT_STRING_EQUAL(errs_text(e, 1), "test_base.tmp:1: the column 'date' is missing");
  csv_unload(t);
  csv_unload(NULL);
  errs_destroy(e);
}

static void csv_line_ends(void) {
  static const char *const texts[] = {"a,b\n1,2\n3,4\n", "a,b\r\n1,2\r\n3,4", "\xef\xbb\xbf" "a,b\n1,2\n3,4", "a,b\r1,2\r3,4\r"};
  for (size_t i = 0; i < COUNT(texts); i++) {
    struct errs *e = errs_create();
    struct csv_table *t = load_text(texts[i], e);
    CU_ASSERT_PTR_NOT_NULL_FATAL(t);
    CU_ASSERT(csv_rows(t) == 2 && csv_column(t, "a") == 0 && csv_line(t, 1) == 3);
    CU_ASSERT_STRING_EQUAL(csv_cell(t, 1, 1), "4");
    csv_unload(t);
    errs_destroy(e);
  }
}

static void csv_refused(void) {
  static const struct {
    const char *text;
    size_t n; /* errors */
    const char *first;
  } rows[] = {
      {"a,b\n1,2\n3,\"x\n4,5\n", 1, "test_base.tmp:3: a quote is opened and never closed"},
      {"a,b\n1,2\n3,x\"y\n", 1, "test_base.tmp:3: a quote inside a field that is not quoted, or text after a closing quote"},
      {"a,b\n\"1\"x,2\n", 1, "test_base.tmp:2: a quote inside a field that is not quoted, or text after a closing quote"},
      {"a,b\n1\n1,2\n1,2,3\n", 2, "test_base.tmp:2: a row with another number of fields than the header, got 1, expected 2"},
      {"a,b,a\n1,2,3\n", 1, "test_base.tmp:1: the column 'a' appears twice"},
      {"", 1, "test_base.tmp: an empty file, expected a header line"},
      {"\n\n", 1, "test_base.tmp: an empty file, expected a header line"},
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    struct errs *e = errs_create();
    CU_ASSERT_PTR_NULL(load_text(rows[i].text, e));
    CU_ASSERT_EQUAL_FATAL(errs_count(e), rows[i].n);
    CU_ASSERT_STRING_EQUAL(errs_text(e, 0), rows[i].first);
    errs_destroy(e);
  }
}

static void csv_unreadable(void) {
  struct errs *e = errs_create();
  CU_ASSERT_PTR_NULL(csv_load("no/such/file.csv", e));
  CU_ASSERT_PTR_NULL(csv_load("/", e));
  write_bytes("a,b\n1,\0\n", 8);
  CU_ASSERT_PTR_NULL(csv_load(scratch, e));
  unlink(scratch);
  CU_ASSERT_EQUAL_FATAL(errs_count(e), 3);
  CU_ASSERT_STRING_EQUAL(errs_text(e, 0), "no/such/file.csv: No such file or directory");
  CU_ASSERT_STRING_EQUAL(errs_text(e, 2), "test_base.tmp:1: a zero byte, expected a text file");
  errs_destroy(e);
}

struct counting {
  size_t rows, stop_at;
  long long sum;
  int last_line;
  bool in_order;
};

static bool count_row(void *ctx, size_t row, int line, const char *const *fields, size_t n) {
  struct counting *c = ctx;
  c->in_order = c->in_order && row == c->rows && n == 2;
  c->rows++;
  c->last_line = line;
  long long v = 0;
  if (row > 0 && units_integer(fields[1], &v))
    c->sum += v;
  return row != c->stop_at;
}

/* Larger than one read, so that records lie across its border. */
static void csv_streams_large_files(void) {
  enum { ROWS = 60000 };
  FILE *f = fopen(scratch, "w");
  CU_ASSERT_PTR_NOT_NULL_FATAL(f);
  fputs("text,value\n", f);
  for (int i = 1; i <= ROWS; i++)
    fprintf(f, i % 7 ? "row %d,%d\n" : "\"row\n%d\",%d\r\n", i, i);
  fclose(f);
  struct errs *e = errs_create();
  struct counting all = {.stop_at = SIZE_MAX, .in_order = true}, some = {.stop_at = 10, .in_order = true};
  CU_ASSERT(csv_stream(scratch, count_row, &all, e));
  CU_ASSERT(all.in_order && all.rows == ROWS + 1);
  CU_ASSERT_EQUAL(all.sum, (long long)ROWS * (ROWS + 1) / 2);
  CU_ASSERT_EQUAL(all.last_line, ROWS + 1 + (ROWS - 1) / 7);
  CU_ASSERT(csv_stream(scratch, count_row, &some, e));
  CU_ASSERT_EQUAL(some.rows, 11);
  CU_ASSERT_EQUAL(errs_count(e), 0);
  unlink(scratch);
  errs_destroy(e);
}

static void csv_writes_what_it_reads(void) {
  static const struct {
    const char *text, *written;
  } rows[] = {{"plain", "plain"}, {"a,b", "\"a,b\""}, {"say \"x\"", "\"say \"\"x\"\"\""}, {"two\nlines", "\"two\nlines\""}, {"", ""}, {" pad ", "\" pad \""},
              {"=1+2", "'=1+2"}, {"@x", "'@x"}, {"-x,y", "\"'-x,y\""}, {"-5.5", "-5.5"}, {"+1e3", "+1e3"}, {"a=b", "a=b"}};
  for (size_t i = 0; i < COUNT(rows); i++) {
    char buf[64] = "";
    FILE *f = fmemopen(buf, sizeof buf, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    csv_write_field(f, rows[i].text);
    fclose(f);
    CU_ASSERT_STRING_EQUAL(buf, rows[i].written);
  }
}

/* ---- errors ---- */

static void errors_are_collected(void) {
  struct errs *e = errs_create();
  errs_add(e, "a.yaml", 12, "gpu.count", "not a number, got '%s'", "x");
  errs_add(e, "a.yaml", 0, NULL, "empty");
  errs_add(e, NULL, 0, "seed", "missing");
  errs_add(e, NULL, 3, NULL, "odd");
  errs_add(e, NULL, 0, NULL, "%s", "100 % plain");
  CU_ASSERT_EQUAL_FATAL(errs_count(e), 5);
  CU_ASSERT_STRING_EQUAL(errs_text(e, 0), "a.yaml:12: gpu.count: not a number, got 'x'");
  CU_ASSERT_STRING_EQUAL(errs_text(e, 1), "a.yaml: empty");
  CU_ASSERT_STRING_EQUAL(errs_text(e, 2), "seed: missing");
  CU_ASSERT_STRING_EQUAL(errs_text(e, 3), "line 3: odd");
  CU_ASSERT_STRING_EQUAL(errs_text(e, 4), "100 % plain");
  for (int i = 0; i < 1000; i++)
    errs_add(e, "b", i, NULL, "%d", i);
  CU_ASSERT_STRING_EQUAL(errs_text(e, 1004), "b:999: 999");
  errs_destroy(e);
  errs_destroy(NULL);
}

static void errors_suggest(void) {
  static const char *const list[] = {"A100-SXM-80GB", "H100-SXM", "T4", "electricity_price", "pue"};
  static const struct {
    const char *word, *near;
  } rows[] = {{"A100-SXM-80G", "A100-SXM-80GB"}, {"a100-sxm-80gb", "A100-SXM-80GB"}, {"H100-SMX", "H100-SXM"}, {"electricity_pirce", "electricity_price"},
              {"eup", NULL},                     {"pu", NULL},                       {"peu", "pue"},           {"bandwidth", NULL},
              {"", NULL}};
  for (size_t i = 0; i < COUNT(rows); i++) {
    const char *near = err_nearest_in(rows[i].word, list, COUNT(list));
    CU_ASSERT(rows[i].near ? near && strcmp(near, rows[i].near) == 0 : !near);
  }
  char endless[300];
  memset(endless, 'x', sizeof endless - 1);
  endless[sizeof endless - 1] = '\0';
  CU_ASSERT_PTR_NULL(err_nearest_in(endless, list, COUNT(list)));
  CU_ASSERT_PTR_NULL(err_nearest_in("abc", (const char *const[]){endless}, 1));
  CU_ASSERT_PTR_NULL(err_nearest_in("abc", NULL, 0));
}

/* ---- memory ---- */

static jmp_buf exhausted;
static size_t exhausted_bytes;
static void jump_out(size_t bytes) {
  exhausted_bytes = bytes;
  longjmp(exhausted, 1);
}

static void memory_fails_on_demand(void) {
  mem_on_exhausted(jump_out);
  volatile int made = 0;
  mem_fail_at(3);
  if (setjmp(exhausted) == 0)
    for (;;) {
      mem_free(mem_alloc(10));
      made++;
    }
  CU_ASSERT_EQUAL(made, 2);
  mem_free(mem_alloc(10)); /* once only */
  mem_fail_at(0);
  mem_on_exhausted(NULL);
}

static void memory_refuses_overflow(void) {
  mem_on_exhausted(jump_out);
  volatile size_t huge = SIZE_MAX / 2;
  volatile int caught = 0;
  if (setjmp(exhausted) == 0)
    mem_array(huge, 4);
  else
    caught++;
  CU_ASSERT_EQUAL(caught, 1);
  CU_ASSERT_EQUAL(exhausted_bytes, SIZE_MAX);
  mem_on_exhausted(NULL);
}

static void memory_grows(void) {
  size_t cap = 0;
  int *a = NULL;
  for (int i = 0; i < 1000; i++) {
    a = mem_grow(a, &cap, (size_t)i + 1, sizeof *a);
    CU_ASSERT(a[i] == 0); /* new room is zeroed */
    a[i] = i + 1;
  }
  CU_ASSERT(cap >= 1000 && cap < 2500 && a[999] == 1000 && a[0] == 1);
  mem_free(a);
  char *s = mem_printf("%d GPUs of %s", 8, "A100");
  CU_ASSERT_STRING_EQUAL(s, "8 GPUs of A100");
  mem_free(s);
  CU_ASSERT_PTR_NULL(mem_strdup(NULL));
  mem_free(NULL);
}

static void arenas_keep_what_they_gave(void) {
  enum { N = 3000 };
  struct arena *a = arena_create();
  char *texts[N];
  for (int i = 0; i < N; i++) {
    unsigned char *p = arena_alloc(a, (size_t)i * 7 % 9000);
    CU_ASSERT((uintptr_t)p % _Alignof(max_align_t) == 0);
    for (size_t k = 0; k < (size_t)i * 7 % 9000; k += 97)
      CU_ASSERT_FATAL(p[k] == 0);
    memset(p, 0xff, (size_t)i * 7 % 9000);
    texts[i] = arena_printf(a, "text %d", i);
  }
  for (int i = 0; i < N; i++) {
    char want[32];
    snprintf(want, sizeof want, "text %d", i);
    CU_ASSERT_STRING_EQUAL(texts[i], want);
  }
  CU_ASSERT_STRING_EQUAL(arena_strdup(a, "x"), "x");
  CU_ASSERT_PTR_NULL(arena_strdup(a, NULL));
  arena_destroy(a);
  arena_destroy(NULL);
}

/* ---- hashes, formats, files ---- */

static void hashes_are_stable(void) {
  CU_ASSERT(hash_mix(0) == 0);
  CU_ASSERT(hash_mix(0x9e3779b97f4a7c15u) == 0xe220a8397b1dcdafu); /* the first output of splitmix64 with seed 0 */
  CU_ASSERT(hash_str(1, "abc") == hash_bytes(1, "abcd", 3));
  CU_ASSERT(hash_str(1, "abc") != hash_str(2, "abc") && hash_str(1, "abc") != hash_str(1, "abd") && hash_str(1, "") != hash_str(1, "a"));
  int ones = 0; /* one bit in flips half the bits out */
  for (int bit = 0; bit < 64; bit++) {
    uint64_t x = 0x0123456789abcdefu, y = x ^ 1ull << bit;
    ones += __builtin_popcountll(hash_bytes(7, &x, 8) ^ hash_bytes(7, &y, 8));
  }
  CU_ASSERT(ones > 64 * 28 && ones < 64 * 36);
}

static void dtypes(void) {
  enum dtype t;
  for (enum dtype i = 0; i < DT_COUNT; i++) {
    CU_ASSERT(dtype_parse(dtype_name(i), &t) && t == i);
    CU_ASSERT(dtype_bytes(i) > 0 && dtype_bytes(i) <= 8);
  }
  CU_ASSERT(dtype_parse("BFloat16", &t) && t == DT_BF16 && dtype_bytes(t) == 2);
  CU_ASSERT(dtype_parse("half", &t) && t == DT_FP16);
  CU_ASSERT(dtype_parse("fp8_block", &t) && t == DT_FP8 && dtype_bytes(t) == 1);
  CU_ASSERT(dtype_parse("e4m3", &t) && t == DT_FP8);
  CU_ASSERT(dtype_parse("NVFP4", &t) && t == DT_FP4 && dtype_bytes(t) == 0.5625);
  CU_ASSERT(dtype_parse("mxfp4", &t) && t == DT_FP4);
  CU_ASSERT(dtype_parse("int4", &t) && dtype_bytes(t) == 0.53);
  CU_ASSERT_FALSE(dtype_parse("fp7", &t) || dtype_parse("", &t));
}

static void json_files(void) {
  struct errs *e = errs_create();
  write_text("{\"hidden_size\": 7168, \"torch_dtype\": \"bfloat16\"}");
  json_t *j = json_read(scratch, e);
  CU_ASSERT_PTR_NOT_NULL_FATAL(j);
  CU_ASSERT_EQUAL(json_integer_value(json_object_get(j, "hidden_size")), 7168);
  json_decref(j);
  write_text("{\n\"a\": 1,\n\"b\": }\n");
  CU_ASSERT_PTR_NULL(json_read(scratch, e));
  write_text("{\"a\": 1,\n\"a\": 2}\n");
  CU_ASSERT_PTR_NULL(json_read(scratch, e));
  unlink(scratch);
  CU_ASSERT_PTR_NULL(json_read(scratch, e));
  CU_ASSERT_EQUAL_FATAL(errs_count(e), 3);
  CU_ASSERT(strncmp(errs_text(e, 0), "test_base.tmp:3: ", 17) == 0);
  CU_ASSERT_PTR_NOT_NULL(strstr(errs_text(e, 1), "duplicate"));
  CU_ASSERT_PTR_NOT_NULL(strstr(errs_text(e, 2), "No such file"));
  errs_destroy(e);
}

static void data_is_found(void) {
  struct arena *a = arena_create();
  CU_ASSERT_EQUAL(mkdir("test_base.d", 0777), 0);
  setenv("RACKCAST_DATADIR", "test_base.d", 1);
  CU_ASSERT_STRING_EQUAL(datadir(), "test_base.d");
  CU_ASSERT_STRING_EQUAL(datadir_path(a, "hwmodels/catalog/gpus.csv"), "test_base.d/hwmodels/catalog/gpus.csv");
  setenv("RACKCAST_DATADIR", "elsewhere", 1);
  CU_ASSERT_STRING_EQUAL(datadir(), "test_base.d"); /* cached */

  CU_ASSERT_EQUAL(mkdir("test_base.d/traces", 0777), 0);
  FILE *f = fopen("test_base.d/traces/x.csv", "w");
  CU_ASSERT_PTR_NOT_NULL_FATAL(f);
  fclose(f);
  const char *found = datadir_find(a, "x.csv", "test_base.d/traces/scenario.yaml", NULL);
  CU_ASSERT(found && strcmp(found, "test_base.d/traces/x.csv") == 0);
  found = datadir_find(a, "x.csv", "scenario.yaml", "traces");
  CU_ASSERT(found && strcmp(found, "test_base.d/traces/x.csv") == 0);
  found = datadir_find(a, "traces/x.csv", NULL, NULL);
  CU_ASSERT(found && strcmp(found, "test_base.d/traces/x.csv") == 0);
  found = datadir_find(a, "test_base.d/traces/x.csv", "other/scenario.yaml", NULL);
  CU_ASSERT(found && strcmp(found, "test_base.d/traces/x.csv") == 0);
  CU_ASSERT_PTR_NULL(datadir_find(a, "x.csv", NULL, NULL));
  CU_ASSERT_PTR_NULL(datadir_find(a, "traces", NULL, NULL)); /* a directory is not a file */
  CU_ASSERT_PTR_NULL(datadir_find(a, "/no/such", NULL, "traces"));
  CU_ASSERT_PTR_NULL(datadir_find(a, "", NULL, "traces"));
  unlink("test_base.d/traces/x.csv");
  rmdir("test_base.d/traces");
  rmdir("test_base.d");
  arena_destroy(a);
}

/* ---- hostile input: random changes to good texts must be taken or refused with a reason, never crash (run under the sanitizers too) ---- */

static uint64_t noise(uint64_t *state) { return hash_mix(*state += 0x9e3779b97f4a7c15u); }

static void spoil(char *text, size_t size, uint64_t *state) {
  static const char alphabet[] = "0123456789.eE+-*/%(), \t\"\nkMGTsBWhUSDtri\xc2\xb5\xff";
  for (uint64_t changes = 1 + noise(state) % 4; changes; changes--) {
    size_t len = strlen(text), at = noise(state) % (len + 1);
    char c = alphabet[noise(state) % (sizeof alphabet - 1)];
    if (noise(state) % 2 && len + 2 < size) {
      memmove(text + at + 1, text + at, len - at + 1);
      text[at] = c;
    } else if (at < len) {
      text[at] = c;
    }
  }
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

static void hostile_tables(void) {
  uint64_t state = 2;
  int taken = 0, silent = 0;
  for (int i = 0; i < 500; i++) {
    char text[160] = "name,value,note\r\nA100,312,\"dense, \"\"not\"\" sparse\"\nH100,,\"two\nlines\"\n\nT4,65,";
    spoil(text, sizeof text, &state);
    struct errs *e = errs_create();
    struct csv_table *t = load_text(text, e);
    taken += t != NULL;
    silent += !t && errs_count(e) == 0;
    for (size_t row = 0; t && row < csv_rows(t); row++)
      CU_ASSERT(csv_line(t, row) > 1 && csv_cell(t, row, 0) != NULL);
    csv_unload(t);
    errs_destroy(e);
  }
  CU_ASSERT(taken > 50 && taken < 450);
  CU_ASSERT_EQUAL(silent, 0);
}

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
    {"date: days since 1970", dates_count_days},
    {"date: days and dates are a bijection", dates_are_a_bijection},
    {"date: what is refused", dates_refused},
    {"date: months are added", dates_add_months},
    {"csv: tables", csv_tables},
    {"csv: line ends", csv_line_ends},
    {"csv: what is refused", csv_refused},
    {"csv: unreadable files", csv_unreadable},
    {"csv: large files are streamed", csv_streams_large_files},
    {"csv: what is written", csv_writes_what_it_reads},
    {"err: errors are collected", errors_are_collected},
    {"err: suggestions", errors_suggest},
    {"mem: the nth allocation fails", memory_fails_on_demand},
    {"mem: overflow is refused", memory_refuses_overflow},
    {"mem: arrays grow", memory_grows},
    {"mem: arenas", arenas_keep_what_they_gave},
    {"hash: stable and mixed", hashes_are_stable},
    {"dtype: names and sizes", dtypes},
    {"json: files", json_files},
    {"datadir: files are found", data_is_found},
    {"hostile quantities", hostile_quantities},
    {"hostile tables", hostile_tables},
};

int main(void) { return cu_main("base", cases, COUNT(cases)); }
