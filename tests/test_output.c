/* What is made from the result database. It is written into the directory the test runs in. */
#include "tests/cu.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <jansson.h>
#include "base/mem.h"
#include "output/compare.h"
#include "output/db.h"
#include "output/escape.h"
#include "output/export.h"
#include "output/outcome.h"
#include "output/report.h"
#include "output/table.h"
#include "output/tables.h"
#include "tests/feed.h"

static void test_outcome(void) {
  fill("test_output.db", feed_plain, false);
  sqlite3 *db = open_db("test_output.db");
  struct outcome *o = outcome_load(db, 1);
  CU_ASSERT_EQUAL_FATAL(o->n, 4);
  CU_ASSERT_EQUAL(o->n_feasible, 3);
  CU_ASSERT_STRING_EQUAL(o->best->name, "own");
  CU_ASSERT_STRING_EQUAL(o->rival->name, "rent"); /* not `mixed`, which is cheaper: the question is own or rent */
  CU_ASSERT_STRING_EQUAL(o->option[3].name, "toosmall"); /* the cheapest never wins when it does not do the work */
  CU_ASSERT_EQUAL(outcome_find(o, "own")->class, OUTCOME_OWNED);
  CU_ASSERT_EQUAL(outcome_find(o, "rent")->class, OUTCOME_RENTED);
  CU_ASSERT_EQUAL(outcome_find(o, "mixed")->class, OUTCOME_MIXED);
  CU_CLOSE(outcome_crossing(o, "own", "rent"), 30, 1e-9);
  CU_CLOSE(outcome_crossing(o, "own", "mixed"), 60 - 1 + 0.1 / 2.1,
           1e-9); /* 12 + 0.1 m against 6 + 0.2 m meet at 60; the resale comes in month 60 */
  CU_ASSERT_EQUAL(outcome_crossing(o, "toosmall", "own"), 0); /* from the start */
  CU_ASSERT_TRUE(isnan(outcome_crossing(o, "rent", "own")));
  CU_CLOSE(outcome_prob_cheaper(o, "own", "rent"), 74.0 / 101, 1e-12);
  CU_ASSERT_TRUE(isnan(outcome_prob_cheaper(o, "own", "mixed")));
  CU_ASSERT_STRING_EQUAL(outcome_usd(o, 16e6), "16.00\xc2\xa0M\xc2\xa0USD");
  CU_ASSERT_STRING_EQUAL(outcome_month(o, 30), "2029-05");
  CU_ASSERT_STRING_EQUAL(outcome_month(o, 0), "2026-12");
  outcome_free(o);
  db_close(db);
}

static void test_summary(void) {
  fill("test_output.db", feed_plain, false);
  sqlite3 *db = open_db("test_output.db");
  struct outcome *o = outcome_load(db, 1);
  char *text = written(write_answer, o);
  CU_ASSERT_PTR_NOT_NULL(strstr(text, "Own: own is the cheapest option that does the work, 16.00 M USD over 60 months "
                                      "(P10 to P90:\n12.00 to 20.00 M USD)."));
  CU_ASSERT_PTR_NOT_NULL(strstr(text, "685 GB of weights"));
  CU_ASSERT_PTR_NOT_NULL(strstr(text, "never"));
  CU_ASSERT_PTR_NOT_NULL(strstr(text, "flips at 0.5 USD/kWh"));
  CU_ASSERT_PTR_NULL(strstr(text, "nan"));
  mem_free(text);
  outcome_free(o);
  db_close(db);
}

static void write_all_text(const void *ctx, FILE *f) {
  for (size_t i = 0; tables_at(i); i++) {
    struct table *t = tables_at(i)->make(ctx);
    if (t) {
      table_write_text(t, f);
      table_write_html(t, f);
    }
    table_free(t);
  }
}

static void write_all_csv(const void *ctx, FILE *f) {
  for (size_t i = 0; tables_at(i); i++) {
    struct table *t = tables_at(i)->make(ctx);
    if (t)
      table_write_csv(t, f);
    table_free(t);
  }
}

static void test_hostile_tables(void) {
  fill("test_hostile.db", feed_hostile, false);
  sqlite3 *db = open_db("test_hostile.db");
  struct outcome *o = outcome_load(db, 1);
  char *summary = written(write_answer, o), *html = written(write_all_text, o), *csv = written(write_all_csv, o);
  CU_ASSERT_PTR_NULL(strchr(summary, '\x1b'));
  CU_ASSERT_PTR_NULL(strchr(html, '\x1b'));
  CU_ASSERT_PTR_NOT_NULL(strstr(html, "&lt;script&gt;"));
  CU_ASSERT_PTR_NULL(strstr(html, "<td class=\"l\"><script>"));
  CU_ASSERT_PTR_NULL(strstr(csv, "\n=cmd"));
  CU_ASSERT_PTR_NULL(strstr(csv, ",=cmd"));
  CU_ASSERT_PTR_NOT_NULL(strstr(csv, "'=cmd"));
  CU_ASSERT_PTR_NOT_NULL(strstr(csv, "\"x\"\"y, z\nnew line\""));
  mem_free(summary);
  mem_free(html);
  mem_free(csv);
  outcome_free(o);
  db_close(db);
}

struct export_call {
  const struct outcome *o;
  const char *format, *table;
};
static void write_export(const void *ctx, FILE *f) {
  const struct export_call *x = ctx;
  struct errs *errs = errs_create();
  const struct export_format *format = export_find(x->format, errs);
  CU_ASSERT_PTR_NOT_NULL_FATAL(format);
  CU_ASSERT_TRUE(format->write(x->o, x->table, f, errs));
  CU_ASSERT_EQUAL(errs_count(errs), 0);
  errs_destroy(errs);
}

static size_t count_lines(const char *text) {
  size_t n = 0;
  for (; *text; text++)
    n += *text == '\n';
  return n;
}

static void test_export(void) {
  fill("test_output.db", feed_plain, false);
  sqlite3 *db = open_db("test_output.db");
  struct outcome *o = outcome_load(db, 1);
  char *focus = written(write_export, &(struct export_call){o, "focus", NULL});
  /* every column that FOCUS 1.2 wants in all rows */
  static const char *const must[] = {"BilledCost",         "BillingAccountId",  "BillingCurrency", "BillingPeriodEnd",
                                     "BillingPeriodStart", "ChargeCategory",    "ChargeClass",     "ChargeDescription",
                                     "ChargePeriodEnd",    "ChargePeriodStart", "ContractedCost",  "EffectiveCost",
                                     "InvoiceIssuerName",  "ListCost",          "PricingQuantity", "PricingUnit",
                                     "ProviderName",       "PublisherName",     "ServiceCategory", "ServiceName"};
  focus[strcspn(focus, "\n")] = '\0';
  for (size_t i = 0; i < sizeof must / sizeof *must; i++)
    CU_ASSERT_PTR_NOT_NULL(strstr(focus, must[i]));
  focus[strlen(focus)] = '\n';
  CU_ASSERT_EQUAL(count_lines(focus), 1 + 184); /* 61 + 1 of own, 60 of rent, 61 of mixed, 1 of toosmall */
  mem_free(focus);
  char *raw = written(write_export, &(struct export_call){o, "csv", "job"});
  CU_ASSERT_STRING_EQUAL(raw, "run,option,name,state,submit_h,start_h,end_h,gpus,gpu_hours\n1,own,r1-post-training,"
                              "done,2160,2160,2900,128,94720\n");
  mem_free(raw);
  struct errs *errs = errs_create();
  CU_ASSERT_PTR_NULL(export_find("xlsx", errs));
  CU_ASSERT_FALSE(export_find("csv", errs)->write(o, "no such table", stdout, errs));
  CU_ASSERT_EQUAL(errs_count(errs), 2);
  errs_destroy(errs);
  outcome_free(o);
  db_close(db);
}

static void test_hostile_export(void) {
  fill("test_hostile.db", feed_hostile, false);
  sqlite3 *db = open_db("test_hostile.db");
  struct outcome *o = outcome_load(db, 1);
  char *trace = written(write_export, &(struct export_call){o, "chrome-trace", NULL});
  json_t *root = json_loads(trace, 0, NULL);
  CU_ASSERT_PTR_NOT_NULL_FATAL(root);
  CU_ASSERT_TRUE(json_array_size(json_object_get(root, "traceEvents")) > 1000);
  json_decref(root);
  mem_free(trace);
  char *focus = written(write_export, &(struct export_call){o, "focus", NULL});
  CU_ASSERT_PTR_NULL(strstr(focus, ",=cmd"));
  mem_free(focus);
  outcome_free(o);
  db_close(db);
}

static void test_compare(void) {
  fill("test_output.db", feed_plain, false);
  fill("test_hostile.db", feed_hostile, false);
  struct errs *errs = errs_create();
  struct compare_run same[] = {{"a", "test_output.db", 0}, {"b", "test_output.db", 1}};
  struct compare *c = compare_open(same, 2, errs);
  CU_ASSERT_PTR_NOT_NULL_FATAL(c);
  struct table *t = compare_inputs(c);
  CU_ASSERT_EQUAL(table_rows(t), 0);
  table_free(t);
  t = compare_outcomes(c, true);
  CU_ASSERT_EQUAL(table_rows(t), 0);
  table_free(t);
  compare_free(c);
  struct compare_run other[] = {{"a", "test_output.db", 0}, {"b", "test_hostile.db", 0}};
  c = compare_open(other, 2, errs);
  CU_ASSERT_PTR_NOT_NULL_FATAL(c);
  t = compare_inputs(c);
  CU_ASSERT_EQUAL(table_rows(t), 2 + FEED_HOSTILE);
  table_free(t);
  compare_free(c);
  CU_ASSERT_EQUAL(errs_count(errs), 0);
  struct compare_run none[] = {{"a", "test_output.db", 9}, {"b", "no_such.db", 0}};
  CU_ASSERT_PTR_NULL(compare_open(none, 2, errs));
  CU_ASSERT_EQUAL(errs_count(errs), 1);
  errs_destroy(errs);
}

static char *read_file(const char *path) {
  FILE *f = fopen(path, "r");
  CU_ASSERT_PTR_NOT_NULL_FATAL(f);
  char *text = mem_alloc(4 << 20);
  CU_ASSERT_TRUE(fread(text, 1, (4 << 20) - 1, f) > 0);
  fclose(f);
  return text;
}

/* With gnuplot away everything but the plots is made; with it nothing that a hostile name asks for happens, and the
 * page loads nothing. */
static void test_report(void) {
  fill("test_hostile.db", feed_hostile, false);
  sqlite3 *db = open_db("test_hostile.db");
  struct outcome *o = outcome_load(db, 1);
  struct report_result r;
  struct errs *errs = errs_create();
  char *path = mem_strdup(getenv("PATH"));
  CU_ASSERT_EQUAL(system("rm -rf test_report"), 0);
  setenv("PATH", "/nonexistent", 1);
  CU_ASSERT_TRUE(report_write(o, "test_hostile.db", "test_report", &r, errs));
  CU_ASSERT_TRUE(r.gnuplot_missing);
  CU_ASSERT_EQUAL(r.plots, 0);
  CU_ASSERT_TRUE(r.tables > 5);
  setenv("PATH", path, 1);
  mem_free(path);
  CU_ASSERT_TRUE(report_write(o, "test_hostile.db", "test_report", &r, errs));
  CU_ASSERT_EQUAL(errs_count(errs), 0);
  if (!r.gnuplot_missing)
    CU_ASSERT_EQUAL(r.plots, 7);
  char *html = read_file("test_report/index.html");
  CU_ASSERT_PTR_NULL(strstr(html, "<script>alert"));
  CU_ASSERT_PTR_NULL(strstr(html, "src="));
  CU_ASSERT_PTR_NULL(strstr(html, "href=\"http"));
  CU_ASSERT_PTR_NULL(strstr(html, "@import"));
  mem_free(html);
  CU_ASSERT_NOT_EQUAL(access("pwned", F_OK), 0);
  CU_ASSERT_NOT_EQUAL(access("test_report/plots/pwned", F_OK), 0);
  CU_ASSERT_EQUAL(system("rm -rf test_report"), 0);
  errs_destroy(errs);
  outcome_free(o);
  db_close(db);
}

static void check_escape(void (*escape)(FILE *, const char *), const char *in, const char *want) {
  char *text = NULL;
  size_t size;
  FILE *f = open_memstream(&text, &size);
  escape(f, in);
  fclose(f);
  if (strcmp(text, want) != 0)
    printf("\nescaped [%s], got [%s], want [%s]\n", in, text, want);
  CU_ASSERT_STRING_EQUAL(text, want);
  free(text);
}

static void test_escape(void) {
  check_escape(escape_html, "<a href='x'>&\"", "&lt;a href=&#39;x&#39;&gt;&amp;&quot;");
  check_escape(escape_html, "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80", "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80");
  check_escape(escape_html, "\xff", "\xef\xbf\xbd");
  check_escape(escape_html, "\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd");                 /* overlong */
  check_escape(escape_html, "\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"); /* surrogate */
  check_escape(escape_html, "\xe2\x82", "\xef\xbf\xbd\xef\xbf\xbd");                 /* cut off */
  check_escape(escape_markdown, "a|b*_[x]`\n", "a\\|b\\*\\_\\[x\\]\\` ");
  check_escape(escape_gnuplot, "it's `x` \"@y\"\n", "\"it\\047s \\140x\\140 \\042\\100y\\042 \"");
  check_escape(escape_terminal, "\x1b[31mred\x07\xc2\x9b", " [31mred  ");
  check_escape(escape_json, "a\"b\\c\n", "\"a\\\"b\\\\c \"");
  CU_ASSERT_EQUAL(escape_width("\xc3\xa9\xe2\x82\xac"), 2);
}

static void check_number(double v, int decimals, const char *want) {
  char buf[64];
  format_number(v, decimals, buf);
  if (strcmp(buf, want) != 0)
    printf("\n%g: got [%s], want [%s]\n", v, buf, want);
  CU_ASSERT_STRING_EQUAL(buf, want);
}

static void test_numbers(void) {
  check_number(0, 0, "0");
  check_number(999, 0, "999");
  check_number(1000, 0, "1,000");
  check_number(-1234567.891, 2, "-1,234,567.89");
  check_number(162048, 2, "162,048.00");
  check_number(-0.001, 2, "0.00");
  check_number((double)NAN, 2, "-");
  check_number(1e20, 0, "1e+20");
}

static void write_table(const void *ctx, FILE *f) {
  table_write_text(ctx, f);
}

static void test_table(void) {
  const struct table_col col[] = {
      {"name", "", NULL, true}, {"two\nlines", "USD", "money", false}, {"empty", "", NULL, false}};
  struct table *t = table_create("t", col, 3);
  table_row(t);
  table_text(t, "a");
  table_number(t, 1234.5, 1);
  table_row(t);
  table_text(t, "longer");
  char *text = written(write_table, t);
  CU_ASSERT_STRING_EQUAL(text, "            two       \n"
                               "          lines       \n"
                               "name        USD  empty\n"
                               "----------------------\n"
                               "a       1,234.5      -\n"
                               "longer        -      -\n");
  mem_free(text);
  char *dropped = table_drop_unknown(t);
  CU_ASSERT_STRING_EQUAL(dropped, "empty");
  mem_free(dropped);
  table_free(t);
}

static const struct cu_case cases[] = {
    {"winner, rival, crossing", test_outcome},
    {"the printed answer", test_summary},
    {"hostile names in tables", test_hostile_tables},
    {"exports", test_export},
    {"hostile names in exports", test_hostile_export},
    {"runs compared", test_compare},
    {"the report, with and without gnuplot, of hostile names", test_report},
    {"escaping", test_escape},
    {"numbers", test_numbers},
    {"aligned table", test_table},
};

int main(void) {
  return cu_main("output", cases, sizeof cases / sizeof *cases);
}
