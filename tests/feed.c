#include "tests/feed.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/date.h"
#include "base/mem.h"
#include "output/summary.h"
#include "tests/cu.h"

enum { MONTHS = 60, REPLICAS = 101 };
#define UNKNOWN ((double)NAN)

const struct store_run feed_run = {.name = "feed",
                                   .scenario = "feed.yaml",
                                   .version = "test",
                                   .input_hash = 0x1234abcdu,
                                   .seed = 7,
                                   .replicas = REPLICAS,
                                   .as_of = "2026-11-09",
                                   .start = "2026-12-01",
                                   .months = MONTHS,
                                   .hours_per_year = 8760,
                                   .basis = "nominal pre-tax",
                                   .baseline = "rent"};

const char *const feed_hostile_names[] = {"<script>alert(1)</script>",
                                          "=cmd|' /C calc'!A0",
                                          "a'; DROP TABLE run; --",
                                          "x\"y, z\nnew line",
                                          "`touch pwned`",
                                          "'.system(\"touch pwned\").'",
                                          "pipe | star * under_score [link](x)",
                                          "bad \xff\xfe utf8 \x1b[31m",
                                          "EOD"};

static void metric(const struct sim_listener *to, const char *option, const char *name, double value,
                   const char *unit) {
  to->metric(to->ctx, &(struct rec_metric){option, "whole", name, "", value, unit, UNKNOWN, UNKNOWN, UNKNOWN});
}

static void versus_rent(const struct sim_listener *to, const char *option, const char *name, double value,
                        const char *unit) {
  to->metric(to->ctx, &(struct rec_metric){option, "whole", name, "rent", value, unit, UNKNOWN, UNKNOWN, UNKNOWN});
}

static void charge(const struct sim_listener *to, const char *option, int month, const char *kind, const char *category,
                   double usd) {
  char from[11], until[11];
  struct date start = {2026, 12, 1};
  date_format(date_add_months(start, month), from);
  date_format(date_add_months(start, month + 1), until);
  to->charge(to->ctx, &(struct rec_charge){.option = option,
                                           .category = category,
                                           .service_category = "Compute",
                                           .kind = kind,
                                           .description = kind,
                                           .resource = "layer-0",
                                           .period_start = from,
                                           .period_end = until,
                                           .pricing_category = "Standard",
                                           .list_unit_price = usd,
                                           .unit_price = usd,
                                           .quantity = 1,
                                           .unit = "month",
                                           .billed_usd = usd,
                                           .effective_usd = usd,
                                           .month = month});
}

static void money(const struct sim_listener *to, const char *option, double servers, double energy, double rent,
                  double resale) {
  if (servers > 0)
    charge(to, option, 0, "server", "Purchase", servers);
  for (int m = 0; m < MONTHS; m++) {
    if (energy > 0)
      charge(to, option, m, "energy", "Usage", energy);
    if (rent > 0)
      charge(to, option, m, "rent", "Usage", rent);
  }
  if (resale > 0)
    charge(to, option, MONTHS - 1, "residual", "Credit", -resale);
  for (int m = 0; m <= MONTHS; m++)
    to->point(to->ctx, &(struct rec_point){option, "cumulative_cost_usd", 730.0 * m,
                                           servers + m * (energy + rent) - (m == MONTHS ? resale : 0)});
}

static void tco(const struct sim_listener *to, const char *option, double value, double per_replica) {
  bool drawn = per_replica != 0;
  double half = fabs(per_replica) * 40;
  to->metric(to->ctx, &(struct rec_metric){option, "whole", "tco_usd", "", value, "USD", drawn ? value - half : UNKNOWN,
                                           drawn ? value : UNKNOWN, drawn ? value + half : UNKNOWN});
  for (int k = 0; drawn && k < REPLICAS; k++)
    to->point(to->ctx, &(struct rec_point){option, "tco_sample", k, value + per_replica * (k - 50)});
}

static void series(const struct sim_listener *to, const char *option, double kw) {
  for (int m = 0; m < MONTHS; m++) {
    double t = 730.0 * m, growth = 1 + 0.01 * m, wave = 1 + 0.1 * sin(m * 0.5);
    const struct rec_point p[] = {{option, "gpu_utilization", t, fmin(0.95, 0.4 * growth * wave)},
                                  {option, "power_kw", t, kw * growth * wave},
                                  {option, "contracted_kw", t, 1.9 * kw},
                                  {option, "needed_gpus", t, floor(100 * growth)},
                                  {option, "provisioned_gpus", t, 128 + 16 * (m / 15)},
                                  {option, "cumulative_p10_usd", t, 8e6 + 2e5 * m},
                                  {option, "cumulative_p90_usd", t, 12e6 + 3e5 * m}};
    for (size_t i = 0; i < sizeof p / sizeof *p; i++)
      to->point(to->ctx, &p[i]);
  }
}

static void tornado(const struct sim_listener *to, const char *option, const char *input, double low, double high,
                    double flip) {
  char scope[64];
  snprintf(scope, sizeof scope, "input:%s", input);
  to->metric(to->ctx,
             &(struct rec_metric){option, scope, "tornado_low_usd", "", low, "USD", UNKNOWN, UNKNOWN, UNKNOWN});
  to->metric(to->ctx,
             &(struct rec_metric){option, scope, "tornado_high_usd", "", high, "USD", UNKNOWN, UNKNOWN, UNKNOWN});
  to->metric(to->ctx,
             &(struct rec_metric){option, scope, "flip_value", "rent", flip, "USD/kWh", UNKNOWN, UNKNOWN, UNKNOWN});
}

static void event(const struct sim_listener *to, const char *option, double t_h, const char *kind, const char *text) {
  to->event(to->ctx, &(struct rec_event){option, t_h, kind, text});
}

static void inputs(const struct sim_listener *to) {
  to->input(to->ctx, &(struct rec_input){"", "site.tariff", "lognormal(0.0826 USD/kWh, sd 15 %)", "USD/kWh",
                                         "EIA table 5.6.A", "2025-08", "vendor"});
  to->input(to->ctx, &(struct rec_input){"own", "layers.0.price", "300000", "USD", "quote", "2026-10-01", "assumed"});
}

void feed_plain(const struct sim_listener *to) {
  inputs(to);
  for (int i = 0; i < 4; i++)
    metric(to, (const char *[]){"own", "rent", "mixed", "toosmall"}[i], "feasible", i < 3, "");
  money(to, "own", 12e6, 0.1e6, 0, 2e6);
  money(to, "rent", 0, 0, 0.5e6, 0);
  money(to, "mixed", 6e6, 0, 0.2e6, 0);
  money(to, "toosmall", 1e6, 0, 0, 0);
  tco(to, "own", 16e6, 0.1e6);
  tco(to, "rent", 30e6, -0.5e6);
  tco(to, "mixed", 18e6, 0);
  tco(to, "toosmall", 1e6, 0);
  metric(to, "own", "servers", 16, "");
  metric(to, "own", "min_nodes_per_replica", 2, "");
  metric(to, "own", "nodes_per_replica", 4, "");
  metric(to, "own", "gpu_utilization", 0.43, "");
  metric(to, "own", "energy_mwh", 4567.8, "MWh");
  metric(to, "own", "peak_power_kw", 98.7, "kW");
  metric(to, "own", "usd_per_mtoken_output", 1.234, "USD/Mtoken");
  versus_rent(to, "own", "breakeven_month", 30, "month");
  versus_rent(to, "own", "prob_cheaper", 0.74, "");
  versus_rent(to, "mixed", "breakeven_month", (double)INFINITY, "month");
  series(to, "own", 80);
  series(to, "rent", 60);
  tornado(to, "own", "site.tariff", 15e6, 18e6, 0.5);
  tornado(to, "own", "layers.0.price", 12e6, 21e6, UNKNOWN);
  event(to, "toosmall", 0, "infeasible",
        "DeepSeek-R1 needs 685 GB of weights, 4 x 80 GB are there; cure: 2 servers per replica");
  event(to, "own", 0, "purchase", "16 DGX-A100-640");
  event(to, "", 0, "warning", "sales tax is 0 %");
  event(to, "", 0, "exclusion", "cost of moving the data");
  to->job(to->ctx, &(struct rec_job){"own", "r1-post-training", "done", 2160, 2160, 2900, 128, 94720});
}

void feed_hostile(const struct sim_listener *to) {
  for (int i = 0; i < FEED_HOSTILE; i++) {
    const char *name = feed_hostile_names[i];
    money(to, name, i % 2 ? 1e6 : 0, 0, i % 2 ? 0 : 3e4, 0);
    tco(to, name, i % 2 ? 1e6 : 1.8e6, 1e3);
    series(to, name, 10 + i);
    tornado(to, name, name, 1e5, 2e5 + i, UNKNOWN);
    event(to, name, 0, "warning", name);
    to->input(to->ctx, &(struct rec_input){name, name, name, name, name, name, name});
  }
  event(to, feed_hostile_names[0], 0, "infeasible", feed_hostile_names[0]);
  metric(to, feed_hostile_names[0], "feasible", 0, "");
}

void fill(const char *path, void (*feed)(const struct sim_listener *), bool append) {
  struct errs *errs = errs_create();
  if (!append)
    unlink(path);
  struct store *s = store_open(path, errs);
  CU_ASSERT_PTR_NOT_NULL_FATAL(s);
  CU_ASSERT_NOT_EQUAL(store_begin(s, &feed_run, errs), 0);
  feed(store_listener(s));
  CU_ASSERT_TRUE(store_end(s, "done", errs));
  store_close(s);
  CU_ASSERT_EQUAL(errs_count(errs), 0);
  errs_destroy(errs);
}

sqlite3 *open_db(const char *path) {
  struct errs *errs = errs_create();
  sqlite3 *db = db_open(path, errs);
  CU_ASSERT_EQUAL(errs_count(errs), 0);
  CU_ASSERT_PTR_NOT_NULL_FATAL(db);
  errs_destroy(errs);
  return db;
}

char *written(void (*fn)(const void *ctx, FILE *f), const void *ctx) {
  char *text = NULL;
  size_t size;
  FILE *f = open_memstream(&text, &size);
  fn(ctx, f);
  fclose(f);
  char *copy = mem_strdup(text);
  free(text);
  return copy;
}

void write_answer(const void *ctx, FILE *f) {
  summary_write(ctx, f);
}
