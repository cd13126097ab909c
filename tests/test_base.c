#include "tests/cu.h"
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/datadir.h"
#include "base/date.h"
#include "base/dtype.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/mem.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

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

static const char *const scratch = "test_base.tmp";

static void write_text(const char *text) {
  FILE *f = fopen(scratch, "w");
  CU_ASSERT_PTR_NOT_NULL_FATAL(f);
  fputs(text, f);
  fclose(f);
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

static const struct cu_case cases[] = {
    {"date: days since 1970", dates_count_days},
    {"date: days and dates are a bijection", dates_are_a_bijection},
    {"date: what is refused", dates_refused},
    {"date: months are added", dates_add_months},
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
};

int main(void) { return cu_main("base", cases, COUNT(cases)); }
