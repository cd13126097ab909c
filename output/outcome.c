#include "output/outcome.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/date.h"
#include "base/units.h"
#include "output/db.h"
#include "output/groups.h"
#include "output/table.h"

#define NO_BREAK "\xc2\xa0"                       /* keeps a number and its unit on one line */
enum { MOST_LINES = 12, MOST_MONTHS = 12 * 292 }; /* the simulation's clock ends there */

/* ---- loading ---- */

static const char *keep(struct outcome *o, const struct db_query *q, int col) {
  return db_null(q, col) ? NULL : arena_strdup(o->arena, db_text(q, col));
}

static void load_run(struct outcome *o) {
  struct db_query *q =
      db_query(o->db,
               "SELECT name,state,scenario,version,input_hash,as_of,start,basis,baseline,settings,seed,months,"
               "replicas,hours_per_year FROM run WHERE run=?",
               "i", o->run);
  const char **field[] = {&o->name,  &o->state, &o->scenario, &o->version,  &o->input_hash,
                          &o->as_of, &o->start, &o->basis,    &o->baseline, &o->settings};
  int n = sizeof field / sizeof *field;
  if (db_next(q)) {
    for (int i = 0; i < n; i++)
      *field[i] = keep(o, q, i);
    o->seed = db_int(q, n);
    o->months = db_int(q, n + 1) > 0 && db_int(q, n + 1) < MOST_MONTHS ? (int)db_int(q, n + 1) : 0;
    o->replicas = (int)db_int(q, n + 2);
    o->hours_per_year = db_real(q, n + 3);
  }
  db_done(q);
}

/* The columns of load_options' query, in its order. */
static void read_option(struct outcome *o, const struct db_query *q, struct outcome_option *p) {
  *p = (struct outcome_option){.name = keep(o, q, 0), .feasible = db_null(q, 1) || db_int(q, 1)};
  double *figure[] = {&p->servers, &p->gpus, &p->nodes_per_replica, &p->tco_usd, &p->p10_usd, &p->p50_usd, &p->p90_usd,
                      &p->usd_per_mtoken_out, &p->usd_per_mtoken_in, &p->usd_per_gpu_hour, &p->usd_per_training_run,
                      &p->time_to_train_s, &p->utilization, &p->load, &p->prob_feasible, &p->slo_attainment,
                      &p->unserved, &p->energy_mwh, &p->peak_kw, &p->carbon_t, &p->breakeven_month, &p->prob_cheaper,
                      &p->npv_usd};
  int n = sizeof figure / sizeof *figure;
  for (int i = 0; i < n; i++)
    *figure[i] = db_real(q, 2 + i);
  bool buys = db_int(q, 2 + n), rents = db_int(q, 3 + n);
  p->class = buys && rents ? OUTCOME_MIXED : rents ? OUTCOME_RENTED : buys ? OUTCOME_OWNED : OUTCOME_UNKNOWN;
  p->reason = keep(o, q, 4 + n);
}

static void load_options(struct outcome *o) {
  /* One row per option; the figures that need a pair are those against the baseline. */
  struct db_query *q = db_query(
      o->db,
      "SELECT s.option, s.feasible, s.servers, s.gpus, s.nodes_per_replica, s.tco_usd, s.tco_p10_usd, "
      "s.tco_p50_usd, s.tco_p90_usd,"
      " s.usd_per_mtoken_output, s.usd_per_mtoken_input, s.usd_per_gpu_hour, s.usd_per_training_run, s.time_to_train_s,"
      " s.gpu_utilization, s.load_factor, s.prob_feasible, s.slo_attainment, s.unserved_requests, s.energy_mwh, "
      "s.peak_power_kw, s.carbon_t,"
      " max(CASE m.name WHEN 'breakeven_month' THEN m.value END), max(CASE m.name WHEN 'prob_cheaper' THEN m.value "
      "END),"
      " max(CASE m.name WHEN 'npv_usd' THEN m.value END),"
      " EXISTS(SELECT 1 FROM charge c WHERE c.run=s.run AND c.option=s.option AND c.kind='server'),"
      " EXISTS(SELECT 1 FROM charge c WHERE c.run=s.run AND c.option=s.option AND c.kind IN "
      "('rent','commitment','commitment_unused','spot')),"
      " (SELECT group_concat(text, '; ') FROM event e WHERE e.run=s.run AND e.option=s.option AND e.kind='infeasible')"
      " FROM v_summary s LEFT JOIN metric m ON m.run=s.run AND m.option=s.option AND m.scope='whole' AND m.versus=?2"
      " AND m.name IN ('breakeven_month','prob_cheaper','npv_usd') AND ?2<>''"
      " WHERE s.run=?1 GROUP BY s.option ORDER BY s.feasible IS 0, s.tco_usd IS NULL, CASE s.feasible IS 0 WHEN 0 THEN "
      "s.tco_usd END, s.option",
      "is", o->run, o->baseline ? o->baseline : "");
  size_t cap = 0;
  struct outcome_option *list = NULL;
  while (db_next(q)) {
    list = mem_grow(list, &cap, o->n + 1, sizeof *list);
    struct outcome_option *p = &list[o->n++];
    read_option(o, q, p);
    o->n_feasible += p->feasible;
  }
  db_done(q);
  o->option = arena_alloc(o->arena, (o->n + 1) * sizeof *list);
  if (o->n)
    memcpy(o->option, list, o->n * sizeof *list);
  mem_free(list);
}

static const struct outcome_option *cheapest_of(const struct outcome *o, enum outcome_class class) {
  for (size_t i = 0; i < o->n_feasible; i++)
    if (o->option[i].class == class && !isnan(o->option[i].tco_usd))
      return &o->option[i];
  return NULL;
}

static void pick_best(struct outcome *o) {
  if (!o->n_feasible || isnan(o->option[0].tco_usd))
    return;
  o->best = &o->option[0];
  o->rival = o->best->class == OUTCOME_OWNED    ? cheapest_of(o, OUTCOME_RENTED)
             : o->best->class == OUTCOME_RENTED ? cheapest_of(o, OUTCOME_OWNED)
                                                : NULL;
  if (!o->rival && o->n_feasible > 1 && !isnan(o->option[1].tco_usd))
    o->rival = &o->option[1];
}

static struct outcome_money pick_money(const struct outcome *o) {
  double top = 0;
  for (size_t i = 0; i < o->n; i++)
    top = fmax(top, fmax(fabs(o->option[i].tco_usd), fabs(o->option[i].p90_usd)));
  return top >= 1e8   ? (struct outcome_money){1e6, "M USD", 1}
         : top >= 2e6 ? (struct outcome_money){1e6, "M USD", 2}
                      : (struct outcome_money){1, "USD", 2};
}

struct outcome *outcome_load(sqlite3 *db, int64_t run) {
  struct arena *a = arena_create();
  struct outcome *o = arena_alloc(a, sizeof *o);
  o->arena = a;
  o->db = db;
  o->run = run;
  load_run(o);
  load_options(o);
  pick_best(o);
  o->money = pick_money(o);
  return o;
}

void outcome_free(struct outcome *o) {
  if (o)
    arena_destroy(o->arena);
}

const struct outcome_option *outcome_find(const struct outcome *o, const char *name) {
  for (size_t i = 0; name && i < o->n; i++)
    if (strcmp(o->option[i].name, name) == 0)
      return &o->option[i];
  return NULL;
}

const char *outcome_class_name(enum outcome_class c) {
  static const char *const name[] = {"unknown", "owned", "rented", "mixed"};
  return name[c];
}

/* ---- pairs ---- */

/* Cumulative cost of a less that of b at the start and at each month's end; *ret_n points, NULL when there are none. */
static double *difference(const struct outcome *o, const char *a, const char *b, size_t *ret_n) {
  struct db_query *q = db_query(
      o->db,
      "SELECT x.value-y.value FROM series x JOIN series y ON y.run=x.run AND y.option=?3 AND y.name=x.name AND y.t=x.t"
      " WHERE x.run=?1 AND x.option=?2 AND x.name='cumulative_cost_usd' ORDER BY x.t",
      "iss", o->run, a, b);
  double *diff = NULL;
  size_t cap = 0, n = 0;
  while (db_next(q)) {
    diff = mem_grow(diff, &cap, n + 1, sizeof *diff);
    diff[n++] = db_real(q, 0);
  }
  db_done(q);
  *ret_n = n;
  return diff;
}

double outcome_crossing(const struct outcome *o, const char *a, const char *b) {
  size_t n;
  double *diff = difference(o, a, b, &n), at = (double)NAN;
  if (n > 1 && diff[n - 1] < 0) {
    size_t i = n - 1;
    while (i > 0 && diff[i - 1] < 0)
      i--;
    at = i == 0 ? 0 : (double)(i - 1) + diff[i - 1] / (diff[i - 1] - diff[i]);
  }
  mem_free(diff);
  return at;
}

double outcome_prob_cheaper(const struct outcome *o, const char *a, const char *b) {
  return db_value(o->db,
                  "SELECT avg(x.value<y.value) FROM series x JOIN series y ON y.run=x.run AND y.option=?3 AND "
                  "y.name=x.name AND y.t=x.t"
                  " WHERE x.run=?1 AND x.option=?2 AND x.name='tco_sample'",
                  "iss", o->run, a, b);
}

/* ---- the answer ---- */

const char *outcome_usd(const struct outcome *o, double usd) {
  char buf[64];
  bool small = o->money.scale > 1 && fabs(usd) < 10 * o->money.scale; /* one digit before the point: two behind it */
  format_number(usd / o->money.scale, small ? 2 : o->money.decimals, buf);
  return arena_printf(o->arena, "%s" NO_BREAK "%s", buf, o->money.scale > 1 ? "M" NO_BREAK "USD" : o->money.unit);
}

const char *outcome_month(const struct outcome *o, double month) {
  struct date d;
  if (!o->start || !date_parse(o->start, &d) || isnan(month))
    return "-";
  d = date_add_months(d, month > 0 ? (int)ceil(month) - 1 : 0);
  return arena_printf(o->arena, "%04d-%02d", d.year, d.month);
}

const char *outcome_caveat(const struct outcome *o) {
  if (!o->state || strcmp(o->state, "done") == 0 || strcmp(o->state, "infeasible") == 0)
    return "";
  if (strcmp(o->state, "running") == 0)
    return " NOT COMPLETE: the run was killed or is still going on.";
  return arena_printf(o->arena, " NOT COMPLETE: the run is marked %s, what follows is partial.", o->state);
}

/* All replicas cost the same. */
static bool is_certain(const struct outcome_option *p) {
  return p->p10_usd == p->p90_usd;
}

static const char *headline(const struct outcome *o) {
  static const char *const verb[] = {[OUTCOME_UNKNOWN] = "",
                                     [OUTCOME_OWNED] = "Own: ",
                                     [OUTCOME_RENTED] = "Rent: ",
                                     [OUTCOME_MIXED] = "Own and rent: "};
  if (o->n == 0) {
    double rows = db_value(o->db, "SELECT count(*) FROM validation WHERE run=?", "i", o->run);
    return rows > 0 ? arena_printf(o->arena,
                                   "This run holds the validation of %.0f measurement%s (rackcast export --format csv "
                                   "--table validation).",
                                   rows, units_s(rows))
                    : "This run holds no options.";
  }
  if (!o->n_feasible)
    return "No option does the work as asked. What stands against each, and the smallest change that cures it, is "
           "listed below.";
  if (!o->best)
    return "The options' costs are unknown in this run.";
  char low[64];
  format_number(o->best->p10_usd / o->money.scale, o->money.decimals, low);
  const char *spread = isnan(o->best->p10_usd) || is_certain(o->best)
                           ? ""
                           : arena_printf(o->arena, " (P10 to P90: %s" NO_BREAK "to" NO_BREAK "%s)",
                                                              low, outcome_usd(o, o->best->p90_usd));
  return arena_printf(o->arena, "%s%s is the cheapest option that does the work, %s over %d month%s%s.",
                      verb[o->best->class], o->best->name, outcome_usd(o, o->best->tco_usd), o->months, units_s(o->months), spread);
}

static const char *percent(const struct outcome *o, double share) {
  return 100 * share < 0.1 ? "less than 0.1" NO_BREAK "%" : arena_printf(o->arena, "%.*f" NO_BREAK "%%", share < 0.1 ? 1 : 0, 100 * share);
}

/* "In 95 % of 100 replicas it stays the cheaper of the two", "" where that is not known or no input of either is uncertain. */
static const char *how_sure(const struct outcome *o, const struct outcome_option *other, const char *what) {
  double p = outcome_prob_cheaper(o, o->best->name, other->name);
  return isnan(p) || (is_certain(o->best) && is_certain(other))
             ? ""
             : arena_printf(o->arena, " In %.0f %% of %d replica%s %s stays the cheaper of the two.", 100 * p, o->replicas, units_s(o->replicas), what);
}

static const char *against(const struct outcome *o, const struct outcome_option *other, const char *what) {
  double less = other->tco_usd - o->best->tco_usd;
  return arena_printf(o->arena, "That is %s (%s) less than %s, %s (%s).%s", outcome_usd(o, less),
                      percent(o, less / other->tco_usd), what, other->name, outcome_usd(o, other->tco_usd), how_sure(o, other, "it"));
}

static const char *from_month(const struct outcome *o, const struct outcome_option *other) {
  double m = outcome_crossing(o, o->best->name, other->name);
  if (isnan(m))
    return NULL;
  if (m <= 0)
    return arena_printf(o->arena, "Its cumulative cost is below that of %s from the first month on.", other->name);
  if (ceil(m) >= o->months)
    return arena_printf(o->arena,
                        "Its cumulative cost falls below that of %s in the last month only, when hardware is resold "
                        "and commitments are settled.",
                        other->name);
  return arena_printf(o->arena, "Its cumulative cost stays below that of %s from month %.0f on (%s).", other->name,
                      ceil(m), outcome_month(o, m));
}

/* How much of what it takes. */
static const char *size(const struct outcome *o) {
  const struct outcome_option *p = o->best;
  if (!(p->servers > 0))
    return NULL;
  const char *gpus = p->gpus > 0 ? arena_printf(o->arena, " (%.0f GPU%s)", p->gpus, p->gpus > 1 ? "s" : "") : "";
  const char *nodes =
      !(p->nodes_per_replica > 0) ? ""
      : p->nodes_per_replica < 1  ? arena_printf(o->arena, ", %.3g replicas on each", 1 / p->nodes_per_replica)
                                  : arena_printf(o->arena, ", %.0f per replica", p->nodes_per_replica);
  const char *load =
      p->load > 0 ? arena_printf(o->arena, "; %s of their capacity is used", percent(o, p->load)) : "";
  const char *power = !(p->peak_kw > 0)  ? ""
                      : p->peak_kw < 0.1 ? arena_printf(o->arena, "; they draw up to %.0f" NO_BREAK "W", 1000 * p->peak_kw)
                                         : arena_printf(o->arena, "; they draw up to %.*f" NO_BREAK "kW",
                                                        p->peak_kw < 1    ? 2
                                                        : p->peak_kw < 10 ? 1
                                                                          : 0,
                                                        p->peak_kw);
  return arena_printf(o->arena, "It takes up to %.0f server%s%s%s%s%s.", p->servers, p->servers > 1 ? "s" : "", gpus,
                      nodes, load, power);
}

/* The cheapest of a class that was not spoken of yet, and whether it ever gets cheaper. */
static const char *also(const struct outcome *o, enum outcome_class class) {
  const struct outcome_option *p = cheapest_of(o, class);
  if (!p || p == o->best || p == o->rival || class == o->best->class)
    return NULL;
  return arena_printf(o->arena,
                      "The cheapest %s option, %s, costs %s; it may lie below %s for a while, but not in the end.%s",
                      outcome_class_name(class), p->name, outcome_usd(o, p->tco_usd), o->best->name, how_sure(o, p, o->best->name));
}

/* "server 6.10 M USD (50 %), energy ..." of the largest parts. */
static const char *parts(const struct outcome *o, const struct outcome_option *p, int most) {
  const char *text = "";
  const char *sql = arena_printf(o->arena,
                                 "SELECT %s, sum(BilledCost) s FROM charge WHERE run=? AND option=? GROUP BY kind "
                                 "HAVING s>0 ORDER BY s DESC, kind LIMIT ?",
                                 groups_words());
  struct db_query *q = db_query(o->db, sql, "isi", o->run, p->name, (int64_t)most);
  while (db_next(q))
    text = arena_printf(o->arena, "%s%s%s" NO_BREAK "%s (%.0f" NO_BREAK "%%)", text, *text ? ", " : "", db_text(q, 0),
                        outcome_usd(o, db_real(q, 1)), 100 * db_real(q, 1) / p->tco_usd);
  db_done(q);
  return text;
}

const char *const *outcome_answer(const struct outcome *o) {
  const char **line = arena_alloc(o->arena, MOST_LINES * sizeof *line);
  size_t n = 0;
  line[n++] = headline(o);
  if (o->best && (line[n] = size(o)))
    n++;
  if (!o->best || !o->rival)
    return line;
  bool other_class = o->rival->class != o->best->class;
  const char *what = other_class ? arena_printf(o->arena, "the cheapest %s option", outcome_class_name(o->rival->class))
                                 : "the next cheapest";
  line[n++] = against(o, o->rival, what);
  if (o->replicas > 1 && is_certain(o->best) && is_certain(o->rival))
    line[n++] = arena_printf(o->arena,
                             "All %d replicas cost the same, for no input that moves these costs is given as "
                             "uncertain: how sure the answer is, this run cannot say.",
                             o->replicas);
  if ((line[n] = from_month(o, o->rival)))
    n++;
  for (enum outcome_class c = OUTCOME_OWNED; c <= OUTCOME_MIXED; c++)
    if ((line[n] = also(o, c)))
      n++;
  if (o->rival != &o->option[1] && o->option[1].class == o->best->class)
    line[n++] = arena_printf(o->arena, "The next cheapest of all is %s (%s, %s).", o->option[1].name,
                             outcome_class_name(o->option[1].class), outcome_usd(o, o->option[1].tco_usd));
  if (o->best->prob_feasible < 0.95)
    line[n++] = arena_printf(
        o->arena,
        "It does the work in %.0f" NO_BREAK
        "%% of the replicas only: where demand or model error turn out worse, it misses the service level.",
        100 * o->best->prob_feasible);
  const char *mine = parts(o, o->best, 3), *theirs = parts(o, o->rival, 3);
  if (*mine && *theirs)
    line[n++] = arena_printf(o->arena, "%s pays for %s. %s pays for %s.", o->best->name, mine, o->rival->name, theirs);
  const struct outcome_option *base = outcome_find(o, o->baseline);
  if (base && base != o->best && base != o->rival && base != &o->option[1] && base->feasible && !isnan(base->tco_usd))
    line[n++] = arena_printf(o->arena, "Against the baseline %s (%s) it saves %s.", base->name,
                             outcome_usd(o, base->tco_usd), outcome_usd(o, base->tco_usd - o->best->tco_usd));
  return line;
}
