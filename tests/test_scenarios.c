/* Scenario files from inside: what is read, merged, checked and refused. Files are written into the directory the test
 * runs in. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "base/datadir.h"
#include "scenarios/node.h"
#include "scenarios/scenario.h"
#include "sim/kernel/stream.h"
#include "tests/cu.h"
#include "workloads/trace.h"

enum { MANY = 64 };
static struct hw_catalog *catalog;
static struct wl_models *models;
static struct errs *errs; /* of the last load */

static const char file[] = "test_scenarios.yaml";

static void write_file(const char *path, const char *text, size_t n) {
  FILE *f = fopen(path, "wb");
  CU_ASSERT_FATAL(f != NULL);
  CU_ASSERT(fwrite(text, 1, n, f) == n);
  CU_ASSERT(fclose(f) == 0);
}

static struct sim_spec *load_file(const char *path, const char *const *sets, size_t n) {
  errs_destroy(errs);
  errs = errs_create();
  return sc_scenario_load(path, sets, n, &(struct sc_library){.catalog = catalog, .models = models}, errs);
}

static struct sim_spec *load(const char *text, const char *const *sets, size_t n) {
  write_file(file, text, strlen(text));
  return load_file(file, sets, n);
}

/* A scenario that must be good; says why when it is not. */
static struct sim_spec *good(const char *text, const char *const *sets, size_t n) {
  struct sim_spec *s = load(text, sets, n);
  for (size_t i = 0; !s && i < errs_count(errs); i++)
    printf("\n%s", errs_text(errs, i));
  CU_ASSERT_FATAL(s != NULL);
  return s;
}

static bool told(const char *part) {
  for (size_t i = 0; i < errs_count(errs); i++)
    if (strstr(errs_text(errs, i), part))
      return true;
  printf("\nnot told: %s", part);
  return false;
}

static const struct rec_input *row(const struct sim_spec *s, const char *key) {
  for (int i = 0; i < s->n_input; i++)
    if (strcmp(s->input[i].key, key) == 0)
      return &s->input[i];
  return NULL;
}

#define HEAD "name: t\nas_of: 2026-11-09\n"
#define MONEY HEAD "work: {fixed: {power: 8 kW}}\nsite: {pue: 1.5, tariff: 0.12 USD/kWh}\n"
#define OWN "options: {own: {layers: [{own: DGX-A100-640, count: 2}]}}\n"

/* ---- values ---- */

static void units_are_converted(void) {
  struct sim_spec *s = good(HEAD "horizon: 5 yr\nhours: 8760 hours/year\nmoney: {discount: 8 %/yr, flows: yearly}\n"
                                 "work: {fixed: {power: 8000 W}}\nreliability: {failures: 6.5 /1000-node-days, repair: "
                                 "'lognormal(2.2 h, sd 4 h)'}\n"
                                 "site: {pue: 1.5, tariff: 12 USD/MWh, limit: 0.25 MW, colocation: {price: 0.18406 "
                                 "kUSD/kW-month, bill: metered}}\n" OWN,
                            NULL, 0);
  CU_ASSERT_EQUAL(s->months, 60);
  CU_CLOSE(s->hours_per_yr, 8760, 0);
  CU_CLOSE(s->discount_per_yr.a, 0.08, 1e-15);
  CU_ASSERT(s->yearly_flows);
  CU_CLOSE(s->fixed.power_kw.a, 8, 1e-15);
  CU_CLOSE(s->reliability.failures_per_node_day.a, 0.0065, 1e-12);
  CU_CLOSE(s->reliability.repair_s.a, 7920, 1e-12);
  CU_CLOSE(s->reliability.repair_s.b, 14400, 1e-12);
  CU_CLOSE(s->site.tariff_usd_per_kwh.a, 0.012, 1e-12);
  CU_CLOSE(s->site.limit_kw, 250, 1e-12);
  CU_CLOSE(s->site.colo_usd_per_kw_month.a, 184.06, 1e-12);
  CU_ASSERT(!s->site.colo_contracted);
  sc_scenario_free(s);
}

static void defaults_are_what_the_tables_say(void) {
  struct sim_spec *s = good(MONEY OWN, NULL, 0);
  CU_ASSERT_EQUAL(s->months, 60);
  CU_CLOSE(s->hours_per_yr, 0, 0);
  CU_ASSERT(s->start.year == 2026 && s->start.month == 12 && s->start.day == 1);
  CU_ASSERT(s->site.colo_contracted && s->common_random_numbers && s->replicas == 0);
  CU_ASSERT(isnan(s->option[0].layer[0].price_usd.a)); /* the catalog's */
  CU_ASSERT_EQUAL(s->year, 2026); /* of as_of */
  CU_ASSERT_STRING_EQUAL(row(s, "software")->value, "2026");
  CU_ASSERT_STRING_EQUAL(row(s, "horizon")->source, "default");
  CU_ASSERT_STRING_EQUAL(row(s, "horizon")->grade, "default");
  CU_ASSERT_STRING_EQUAL(row(s, "site.pue")->source, "test_scenarios.yaml:4");
  sc_scenario_free(s);
}

static void layers_of_all_kinds(void) {
  struct sim_spec *s = good(
      HEAD
      "work: {serving: {model: DeepSeek-R1, rate: 2 req/s, input_tokens: 1268 tokens, output_tokens: 1527 tokens}}\n"
      "defaults: {rented: {discount: 10 %, acquire: {p_success: 90 %}}}\n"
      "options:\n  stack:\n    layers:\n"
      "      - {rent: p4d.24xlarge, term: 36 months, cover: trough, acquire: {retry: 2 h}}\n"
      "      - {rent: p4d.24xlarge, term: 1 yr, cover: 63 % use, discount: 5 %}\n"
      "      - {rent: p4d.24xlarge, cover: 60 % of hours, price: 2 USD/gpu-h}\n"
      "      - {rent: p4d.24xlarge, cover: rest, scale: auto}\n",
      NULL, 0);
  const struct sim_layer *l = s->option[0].layer;
  CU_ASSERT_EQUAL_FATAL(s->option[0].n, 4);
  CU_ASSERT_STRING_EQUAL(l[0].term, "3 yr");
  CU_ASSERT_EQUAL(l[0].term_months, 36);
  CU_ASSERT_EQUAL(l[0].cover, COVER_TROUGH);
  CU_CLOSE(l[0].discount.a, 0.10, 1e-15);
  CU_CLOSE(l[0].p_success.a, 0.9, 1e-15);
  CU_CLOSE(l[0].retry_s, 7200, 0);
  CU_ASSERT(l[1].cover == COVER_BASE && l[2].cover == COVER_SHARE_OF_HOURS && l[3].cover == COVER_REST);
  CU_CLOSE(l[1].cover_share, 0.63, 1e-15);
  CU_CLOSE(l[1].discount.a, 0.05, 1e-15);
  CU_CLOSE(l[2].usd_per_h.a, 16, 1e-15); /* eight GPUs */
  CU_CLOSE(l[2].cover_share, 0.6, 1e-15);
  CU_ASSERT(l[3].scale && l[3].count == -1);
  CU_ASSERT_STRING_EQUAL(l[3].term, "on-demand");
  CU_ASSERT_STRING_EQUAL(row(s, "options.stack.layers.0.discount")->source, "test_scenarios.yaml:4");
  CU_ASSERT_STRING_EQUAL(row(s, "options.stack.layers.0.discount")->option, "stack");
  sc_scenario_free(s);
}

static void provenance_reaches_the_rows(void) {
  struct sim_spec *s =
      good(HEAD "work: {fixed: {power: {value: 'tri(4, 5, 6) kW', source: meter, date: 2026-10-01, grade: measured}}}\n"
                "site: {pue: {value: 1.4, grade: assumed}, tariff: 0}\n" OWN,
           NULL, 0);
  const struct rec_input *r = row(s, "work.fixed.power");
  CU_ASSERT_STRING_EQUAL(r->value, "tri(4, 5, 6)");
  CU_ASSERT_STRING_EQUAL(r->unit, "kW");
  CU_ASSERT_STRING_EQUAL(r->source, "meter (test_scenarios.yaml:3)");
  CU_ASSERT_STRING_EQUAL(r->date, "2026-10-01");
  CU_ASSERT_STRING_EQUAL(r->grade, "measured");
  CU_ASSERT_STRING_EQUAL(row(s, "site.pue")->grade, "assumed");
  CU_ASSERT_EQUAL(s->fixed.power_kw.kind, DIST_TRI);
  sc_scenario_free(s);
}

static void the_hash_follows_the_meaning(void) {
  struct sim_spec *a = good(MONEY OWN, NULL, 0);
  struct sim_spec *b =
      good("# a comment, another order, another unit\nas_of: 2026-11-09\nname: t\nwork: {fixed: {power: 8000 W}}\n"
           "site: {tariff: 0.12 USD/kWh, pue: 150 %}\n" OWN,
           NULL, 0);
  const char *set = "site.pue=1.6";
  struct sim_spec *c = good(MONEY OWN, &set, 1);
  CU_ASSERT(a->input_hash == b->input_hash);
  CU_ASSERT(a->input_hash != c->input_hash);
  sc_scenario_free(a);
  sc_scenario_free(b);
  sc_scenario_free(c);
}

/* A trace gives the rate and the lengths that it has, within the width of a bin. */
static void traces_become_demand(void) {
  struct sim_spec *s = good(HEAD "work: {serving: {model: Llama-3.1-8B, rate: {trace: traces/azure-code.csv},"
                                 " input_tokens: {trace: traces/azure-code.csv}, output_tokens: {trace: traces/azure-code.csv}}}\n"
                                 "options: {r: {layers: [{rent: p4d.24xlarge}]}}\n",
                            NULL, 0);
  struct wl_trace *t = wl_trace_open(datadir_path(s->arena, "scenarios/traces/azure-code.csv"), NULL, 0.01, errs);
  struct wl_trace_request r = {0};
  double n = 0, input = 0, output = 0;
  for (; wl_trace_next(t, &r); n++) {
    input += r.input;
    output += r.output;
  }
  wl_trace_close(t);
  CU_ASSERT(n > 8000);
  CU_CLOSE(wl_hist_mean(s->serving[0].input), input / n, 0.02);
  CU_CLOSE(wl_hist_mean(s->serving[0].output), output / n, 0.05);
  CU_CLOSE(wl_curve_mean(s->serving[0].rate), (n - 1) / r.arrival_s, 1e-9);
  CU_ASSERT(wl_curve_max(s->serving[0].rate) > 1.2 * wl_curve_mean(s->serving[0].rate));
  sc_scenario_free(s);
}

/* ---- one file on top of another ---- */

static void includes_merge_maps_and_replace_lists(void) {
  static const char below[] = MONEY
      "horizon: 12 months\noptions:\n  a: {layers: [{own: DGX-A100-640, count: 1}, {own: DGX-A100-640, count: 2}]}\n"
      "  b: {layers: [{own: DGX-A100-640, count: 1}]}\n";
  write_file("test_scenarios-2.yaml", below, sizeof below - 1);
  struct sim_spec *s = good(
      "include: test_scenarios-2.yaml\nsite: {pue: 1.1}\noptions: {a: {layers: [{own: DGX-A100-640, count: 7}]}}\n",
      NULL, 0);
  CU_ASSERT_EQUAL(s->months, 12);
  CU_CLOSE(s->site.pue.a, 1.1, 0);
  CU_CLOSE(s->site.tariff_usd_per_kwh.a, 0.12, 0);
  CU_ASSERT_EQUAL(s->n_option, 2);
  CU_ASSERT_EQUAL(s->option[0].n, 1);
  CU_ASSERT_EQUAL(s->option[0].layer[0].count, 7);
  CU_ASSERT_STRING_EQUAL(row(s, "horizon")->source, "test_scenarios-2.yaml:5");
  sc_scenario_free(s);
}

static void sets_and_variants_change_values(void) {
  static const char text[] = MONEY "variants: {big: {own.layers.0.count: 16, horizon: 1 yr}}\n" OWN;
  const char *one[] = {"variant=big", "horizon=2 yr", "options.own.layers.0.price=100 kUSD",
                       "uncertainty={replicas: 3}"};
  struct sim_spec *s = good(text, one, 4);
  CU_ASSERT_EQUAL(s->option[0].layer[0].count, 16);
  CU_ASSERT_EQUAL(s->months, 24); /* --set is above the variant */
  CU_CLOSE(s->option[0].layer[0].price_usd.a, 1e5, 1e-15);
  CU_ASSERT_EQUAL(s->replicas, 3);
  CU_ASSERT_STRING_EQUAL(s->variant, "big");
  CU_ASSERT_STRING_EQUAL(row(s, "horizon")->source, "--set");
  sc_scenario_free(s);
  s = good(text, NULL, 0);
  CU_ASSERT_EQUAL(s->option[0].layer[0].count, 2);
  sc_scenario_free(s);
}

/* Whatever is changed in a copy leaves the tree it was made from as it was. */
static void changes_are_made_to_copies(void) {
  struct arena *a = arena_create();
  struct errs *e = errs_create();
  struct sc_node *root = sc_node_parse(a, "{x: {y: 1, z: [1, 2]}, w: 3}", "t", e),
                 *value = sc_node_parse(a, "9", "t", e);
  struct sc_node *changed = sc_node_put(a, root, "x.z.1", value, e), *merged = sc_node_merge(a, root, changed);
  CU_ASSERT_FATAL(changed && merged && errs_count(e) == 0);
  CU_ASSERT_STRING_EQUAL(sc_node_get(sc_node_get(root, "x"), "z")->entry[1].node->text, "2");
  CU_ASSERT_STRING_EQUAL(sc_node_get(sc_node_get(changed, "x"), "z")->entry[1].node->text, "9");
  CU_ASSERT_STRING_EQUAL(sc_node_get(sc_node_get(merged, "x"), "y")->text, "1");
  CU_ASSERT(sc_node_put(a, root, "w.q", value, e) == NULL && sc_node_put(a, root, "x.z.2", value, e) == NULL &&
            sc_node_put(a, root, "x..q", value, e) == NULL);
  CU_ASSERT_EQUAL(errs_count(e), 3);
  errs_destroy(e);
  arena_destroy(a);
}

/* ---- refusing ---- */

static void all_errors_come_at_once(void) {
  CU_ASSERT(load("nmae: t\nas_of: 2026-13-01\nhorizon: 60\nwork: {fixed: {power: 8 kWh}}\nsite: {pue: 0.5, tariff: -1 "
                 "USD/kWh}\nbaseline: none\n"
                 "options: {own: {layers: [{own: DGX-A101-640, count: one}]}}\n",
                 NULL, 0) == NULL);
  CU_ASSERT(told("test_scenarios.yaml:1: unknown key 'nmae'") && told("did you mean 'name'?"));
  CU_ASSERT(told(":2: as_of: not a date") && told(":3: horizon: a unit is missing") &&
            told(":4: work.fixed.power: a unit of another kind"));
  CU_ASSERT(told("site.pue: out of range") && told("site.tariff: negative") && told("baseline: no such option"));
  CU_ASSERT(told("unknown server, got 'DGX-A101-640'") && told("did you mean 'DGX-A100-640'?") &&
            told("count: not a whole number"));
}

static void an_inherited_error_is_told_once(void) {
  CU_ASSERT(
      load(MONEY
           "defaults: {owned: {support: 10, spars: 1 %}}\noptions:\n  a: {layers: [{own: DGX-A100-640, count: 1}]}\n"
           "  b: {layers: [{own: DGX-A100-640, count: 1}]}\n",
           NULL, 0) == NULL);
  CU_ASSERT_EQUAL(errs_count(errs), 2);
}

/* Trees that would take memory or time without bound are refused quickly, and say so. */
static void hostile_files_are_refused(void) {
  static char big[SC_MAX_BYTES + 100];
  memset(big, '[', 100000);
  big[100000] = '\0';
  CU_ASSERT(load(big, NULL, 0) == NULL && told("nested deeper"));
  memset(big, '#', sizeof big - 1);
  CU_ASSERT(load(big, NULL, 0) == NULL && told("is larger than"));
  size_t n = 0;
  for (int i = 0; i < SC_MAX_NODES / 2 + 10; i++)
    n += (size_t)sprintf(big + n, "k%d: 1\n", i);
  CU_ASSERT(load(big, NULL, 0) == NULL);
  for (int i = 0; i < SC_MAX_NODES + 10; i++)
    n += (size_t)sprintf(big + n, "l%d: 1\n", i);
  CU_ASSERT(load(big, NULL, 0) == NULL && told("too many values"));
  CU_ASSERT(load("a: &a [x, x, x, x, x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a]\nc: &c [*b, *b, *b, *b, "
                 "*b, *b, *b]\n"
                 "d: &d [*c, *c, *c, *c, *c, *c, *c]\ne: [*d, *d, *d, *d, *d, *d, *d]\n",
                 NULL, 0) == NULL &&
            told("too many values"));
  CU_ASSERT(load_file(".", NULL, 0) == NULL && told("cannot be read"));
  CU_ASSERT(load_file("no-such.yaml", NULL, 0) == NULL && told("cannot be read"));
}

/* Shipped files with bytes changed, dropped and doubled at random: taken or refused with a reason, never a crash (run
 * under the sanitizers by check-sanitize). */
static size_t spoil(struct stream *st, const char *from, size_t n, char *to) {
  static const char salt[] = "[]{}:,-&*!|>'\"%@ \n\t#0195.e~\0\xff";
  size_t m = 0, at = (size_t)(stream_uniform(st) * (double)n), span = 1 + (size_t)(stream_uniform(st) * 30);
  int kind = (int)(stream_uniform(st) * 4);
  for (size_t i = 0; i < n; i++) {
    bool hit = i >= at && i < at + span;
    if (kind == 0 && i == at)
      to[m++] = salt[(size_t)(stream_uniform(st) * (sizeof salt - 1))];
    else if (kind == 1 && hit)
      continue;
    else if (kind == 2 && i == at)
      for (size_t k = 0; k < span && i + k < n; k++)
        to[m++] = from[i + k];
    else if (kind == 3 && hit && stream_uniform(st) < 0.3)
      to[m++] = salt[(size_t)(stream_uniform(st) * (sizeof salt - 1))];
    else
      to[m++] = from[i];
  }
  return m;
}

static void spoilt_files_are_taken_or_refused(void) {
  struct arena *a = arena_create();
  static const char *const shipped[] = {"tests/golden/g5.yaml", "scenarios/article-8xa100.yaml", "tests/bad/many.yaml",
                                        "scenarios/r1-onprem-vs-p4d.yaml", "scenarios/serve-cluster.yaml"};
  char from[32768], to[65536];
  int taken = 0, refused = 0;
  for (size_t k = 0; k < sizeof shipped / sizeof *shipped; k++) {
    FILE *f = fopen(datadir_path(a, shipped[k]), "rb");
    CU_ASSERT_FATAL(f != NULL);
    size_t n = fread(from, 1, sizeof from, f);
    fclose(f);
    struct stream st;
    stream_init(&st, 1, shipped[k], 0);
    for (int i = 0; i < MANY; i++) {
      write_file(file, to, spoil(&st, from, n, to));
      struct sim_spec *s = load_file(file, NULL, 0);
      taken += s != NULL;
      refused += s == NULL && errs_count(errs) > 0;
      sc_scenario_free(s);
    }
  }
  CU_ASSERT_EQUAL(taken + refused, (int)(MANY * sizeof shipped / sizeof *shipped));
  CU_ASSERT(taken > 10 && refused > 10);
  arena_destroy(a);
}

int main(void) {
  static const struct cu_case cases[] = {
      {"units are converted", units_are_converted},
      {"defaults are what the tables say", defaults_are_what_the_tables_say},
      {"layers of all kinds", layers_of_all_kinds},
      {"provenance reaches the rows", provenance_reaches_the_rows},
      {"the hash follows the meaning", the_hash_follows_the_meaning},
      {"traces become demand", traces_become_demand},
      {"includes merge maps and replace lists", includes_merge_maps_and_replace_lists},
      {"sets and variants change values", sets_and_variants_change_values},
      {"changes are made to copies", changes_are_made_to_copies},
      {"all errors come at once", all_errors_come_at_once},
      {"an inherited error is told once", an_inherited_error_is_told_once},
      {"hostile files are refused", hostile_files_are_refused},
      {"spoilt files are taken or refused", spoilt_files_are_taken_or_refused},
  };
  struct arena *a = arena_create();
  const char *dir[] = {datadir_path(a, "hwmodels/catalog")}, *lib[] = {datadir_path(a, "workloads/catalog/models")};
  errs = errs_create();
  catalog = hw_catalog_load(dir, 1, errs);
  models = wl_models_load(lib, 1, errs);
  int code = catalog && models ? cu_main("scenarios", cases, sizeof cases / sizeof *cases) : 1;
  hw_catalog_free(catalog);
  wl_models_free(models);
  errs_destroy(errs);
  arena_destroy(a);
  return code;
}
