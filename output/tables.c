#include "output/tables.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "output/db.h"
#include "output/groups.h"
#include "output/tables_work.h"

/* ---- options side by side ---- */

/* The month in which an option's cumulative cost crosses that of the baseline; in words where it does not. */
static void breakeven(const struct outcome *o, const struct outcome_option *p, struct table *t) {
  const struct outcome_option *base = outcome_find(o, o->baseline);
  if (!base || isnan(p->tco_usd) || isnan(base->tco_usd))
    table_number(t, (double)NAN, 1);
  else if (p == base)
    table_said(t, (double)NAN, "baseline");
  else if (isfinite(p->breakeven_month))
    table_number(t, p->breakeven_month, 1);
  else
    table_said(t, p->breakeven_month,
               outcome_crossing(o, p->name, base->name) == 0
                   ? "at once"
                   : "never"); /* one line lies below the other all the time */
}

static bool serves(const struct outcome *o) {
  for (size_t i = 0; i < o->n; i++)
    if (!isnan(o->option[i].usd_per_mtoken_out))
      return true;
  return false;
}

static struct table *make_summary(const struct outcome *o) {
  const char *usd = o->money.unit;
  const struct table_col col[] = {
      {"option", "", "option", true},
      {"layers", "", "class", true},
      {"does\nthe work", "", "feasible", true},
      {"servers", "", "servers", false},
      {"nodes a\nreplica", "", "nodes_per_replica", false},
      {"TCO", usd, "tco", false},
      {"P10", usd, "tco_p10", false},
      {"P50", usd, "tco_p50", false},
      {"P90", usd, "tco_p90", false},
      {"output\ntokens", "USD/M", "usd_per_mtoken_output", false},
      {"GPU\nhour", "USD", "usd_per_gpu_hour", false},
      {"training\nrun", usd, "usd_per_training_run", false},
      {"time to\ntrain", "days", "time_to_train_d", false},
      {"GPUs\nbusy", "%", "gpu_utilization_pct", false},
      {"\nload", "%", "load_factor_pct", false},
      {"energy", "MWh", "energy_mwh", false},
      {"peak", "kW", "peak_power_kw", false},
      {"breaks\neven", "month", "breakeven_month", false},
      {"P\ncheaper", "%", "prob_cheaper_pct", false},
  };
  struct table *t = table_create("Options side by side", col, sizeof col / sizeof *col);
  double scale = o->money.scale;
  int dec = o->money.decimals;
  for (size_t i = 0; i < o->n; i++) {
    const struct outcome_option *p = &o->option[i];
    table_row(t);
    if (p == o->best)
      table_strong(t);
    table_text(t, p->name);
    table_text(t, p->class ? outcome_class_name(p->class) : NULL);
    table_text(t, !p->feasible               ? "no"
                  : p->prob_feasible < 0.995 ? arena_printf(o->arena, "in %.0f %%", 100 * p->prob_feasible)
                                             : "yes");
    table_number(t, p->servers, 0);
    table_number(t, p->nodes_per_replica, p->nodes_per_replica < 1 ? 3 : 0);
    table_scaled(t, p->tco_usd, scale, dec);
    table_scaled(t, p->p10_usd, scale, dec);
    table_scaled(t, p->p50_usd, scale, dec);
    table_scaled(t, p->p90_usd, scale, dec);
    table_number(t, p->usd_per_mtoken_out, 2);
    table_number(t, p->usd_per_gpu_hour, 2);
    table_scaled(t, p->usd_per_training_run, scale, dec);
    table_scaled(t, p->time_to_train_s, 86400, 1);
    table_scaled(t, p->utilization, 0.01, 0);
    table_scaled(t, p->load, 0.01, p->load < 0.01 ? 2 : 0);
    table_number(t, p->energy_mwh, p->energy_mwh < 100 ? 1 : 0);
    table_number(t, p->peak_kw, p->peak_kw < 1 ? 3 : p->peak_kw < 100 ? 1 : 0);
    breakeven(o, p, t);
    table_scaled(t, p->prob_cheaper, 0.01, 0);
  }
  if (serves(o)) { /* trainings are shown with the work then, for want of room */
    table_drop(t, "usd_per_training_run");
    table_drop(t, "time_to_train_d");
  }
  return t;
}

/* ---- money ---- */

struct table *tables_why(const struct outcome *o) {
  if (!o->best || !o->rival)
    return NULL;
  const struct table_col col[] = {{"cost", o->money.unit, "kind", true},
                                  {o->best->name, "", "best", false},
                                  {o->rival->name, "", "rival", false},
                                  {"difference", "", "difference", false}};
  struct table *t = table_create("What makes the difference", col, 4);
  const char *sql = arena_printf(
      o->arena,
      "SELECT %s, sum(CASE option WHEN ?2 THEN BilledCost END) a, sum(CASE option WHEN ?3 THEN BilledCost END) b,"
      " sum(CASE option WHEN ?2 THEN BilledCost ELSE -BilledCost END) d FROM charge WHERE run=?1 AND option IN (?2,?3)"
      " GROUP BY kind HAVING a<>0 OR b<>0 ORDER BY abs(d) DESC, kind",
      groups_words());
  struct db_query *q = db_query(o->db, sql, "iss", o->run, o->best->name, o->rival->name);
  while (db_next(q)) {
    table_row(t);
    table_text(t, db_text(q, 0));
    for (int c = 1; c < 4; c++)
      table_scaled(t, db_real(q, c), o->money.scale, 2);
  }
  db_done(q);
  table_row(t);
  table_strong(t);
  table_text(t, "total");
  table_scaled(t, o->best->tco_usd, o->money.scale, 2);
  table_scaled(t, o->rival->tco_usd, o->money.scale, 2);
  table_scaled(t, o->best->tco_usd - o->rival->tco_usd, o->money.scale, 2);
  return t;
}

/* A label in two lines, broken at the blank nearest its middle. */
static const char *two_lines(const struct outcome *o, const char *label) {
  char *text = arena_strdup(o->arena, label), *at = NULL;
  for (char *p = text; *p; p++)
    if (*p == ' ' && (!at || labs(p - text - (long)strlen(text) / 2) < labs(at - text - (long)strlen(text) / 2)))
      at = p;
  if (at)
    *at = '\n';
  return text;
}

/* What an option's cost is worth today, by year: pv[0..years), pv[years] the sum, which is its pv_cost_usd. Flows are
 * those between the points of the cumulative cost, discounted at the end of their month, or of their year when the
 * scenario says so. */
static void discount(const struct outcome *o, const char *option, int years, double *pv) {
  double rate =
      db_value(o->db, "SELECT CAST(value AS REAL) FROM input WHERE run=? AND key='money.discount'", "i", o->run);
  bool yearly = db_value(o->db, "SELECT value='yearly' FROM input WHERE run=? AND key='money.flows'", "i", o->run) > 0;
  struct db_query *q = db_query(o->db,
                                "SELECT value-lag(value,1,0) OVER (ORDER BY t) FROM series WHERE run=? AND option=? "
                                "AND name='cumulative_cost_usd' ORDER BY t",
                                "is", o->run, option);
  for (int y = 0; y <= years; y++)
    pv[y] = rate > 0 ? 0 : (double)NAN;
  for (int i = 0; db_next(q); i++) {
    double flow = db_real(q, 0) * pow(1 + rate, -(yearly ? ceil(i / 12.0) : i / 12.0));
    int year = i > 0 ? (i - 1) / 12 : 0;
    pv[year < years ? year : years - 1] += flow;
    pv[years] += flow;
  }
  db_done(q);
}

/* A row per option and year, a column per group of costs; the last row of an option is its sum. */
static struct table *make_cash_flow(const struct outcome *o) {
  struct table_col col[GROUPS + 5] = {{"option", "", "option", true}, {"year", "", "year", true}};
  size_t n = 2;
  for (size_t g = 0; g < GROUPS; g++)
    col[n++] = (struct table_col){two_lines(o, groups[g].label), o->money.unit, groups[g].name, false};
  col[n++] = (struct table_col){"total", o->money.unit, "total", false};
  col[n++] = (struct table_col){"cumulative", o->money.unit, "cumulative", false};
  col[n++] = (struct table_col){"discounted", o->money.unit, "discounted", false};
  struct table *t = table_create("Cash flow by year", col, n);

  const char *sql =
      arena_printf(o->arena,
                   "SELECT month/12+1, %s g, sum(BilledCost) FROM charge WHERE run=? AND option=? AND BilledCost<>0"
                   " GROUP BY 1, 2 ORDER BY 1",
                   groups_case());
  int years = (o->months + 11) / 12;
  double *flow = mem_array((size_t)(years + 1) * (GROUPS + 1), sizeof *flow),
         *pv = mem_array((size_t)years + 1, sizeof *pv);
  for (size_t i = 0; i < o->n; i++) {
    memset(flow, 0, (size_t)(years + 1) * (GROUPS + 1) * sizeof *flow);
    struct db_query *q = db_query(o->db, sql, "is", o->run, o->option[i].name);
    while (db_next(q)) {
      int year = (int)db_int(q, 0);
      year = year < 1 ? 1 : year > years ? years : year;
      size_t g = (size_t)(groups_find(db_text(q, 1)) - groups);
      for (int row = 0; row < 2 && years > 0; row++) { /* the year and, in the last row, the sum */
        double *line = flow + (size_t)(row ? years : year - 1) * (GROUPS + 1);
        line[g] += db_real(q, 2);
        line[GROUPS] += db_real(q, 2);
      }
    }
    db_done(q);
    if (years > 0)
      discount(o, o->option[i].name, years, pv);
    double cumulative = 0;
    for (int y = 0; y <= years && years > 0; y++) {
      const double *line = flow + (size_t)y * (GROUPS + 1);
      table_row(t);
      if (y == years)
        table_strong(t);
      table_text(t, o->option[i].name);
      table_text(t, y == years ? "all" : arena_printf(o->arena, "%d", y + 1));
      for (size_t g = 0; g < GROUPS; g++)
        table_scaled(t, line[g] != 0 ? line[g] : (double)NAN, o->money.scale, o->money.decimals);
      table_scaled(t, line[GROUPS], o->money.scale, o->money.decimals);
      cumulative += y < years ? line[GROUPS] : 0;
      table_scaled(t, cumulative, o->money.scale, o->money.decimals);
      table_scaled(t, pv[y], o->money.scale, o->money.decimals);
    }
  }
  mem_free(flow);
  mem_free(pv);
  mem_free(table_drop_unknown(t));
  return t;
}

/* ---- tables that are a query ---- */


struct query_col {
  struct table_col col;
  int decimals; /* -1 = text */
};

static struct table *from_query(const struct outcome *o, const char *title, const char *sql,
                                const struct query_col *cols, size_t n) {
  struct table_col head[16];
  for (size_t i = 0; i < n; i++)
    head[i] = cols[i].col;
  struct table *t = table_create(title, head, n);
  struct db_query *q = db_query(o->db, sql, "i", o->run);
  while (db_next(q)) {
    table_row(t);
    for (size_t c = 0; c < n; c++)
      if (cols[c].decimals < 0)
        table_text(t, db_text(q, (int)c));
      else
        table_number(t, db_real(q, (int)c), cols[c].decimals);
  }
  db_done(q);
  return t;
}

#define TEXT(head, name)                                                                                               \
  { {head, "", name, true}, -1 }
#define NUMBER(head, unit, name, decimals)                                                                             \
  { {head, unit, name, false}, decimals }
#define FROM_QUERY(o, title, sql, cols) from_query(o, title, sql, cols, sizeof cols / sizeof *cols)

static struct table *make_infeasible(const struct outcome *o) {
  static const struct query_col cols[] = {TEXT("option", "option"),
                                          TEXT("why it does not do the work, and the smallest cure", "reason")};
  return FROM_QUERY(o, "Options that do not do the work",
                    "SELECT option, text FROM event WHERE run=? AND kind='infeasible' ORDER BY option, rowid", cols);
}

/* A share that n replicas cannot tell from nothing (about 1/sqrt(n)) is said to be below that. */
static void variance_share(const struct outcome *o, double share, struct table *t) {
  double noise = o->replicas > 0 ? 1 / sqrt(o->replicas) : 0;
  if (share < noise)
    table_said(t, 100 * share, arena_printf(o->arena, "< %.0f", ceil(100 * noise)));
  else
    table_scaled(t, share, 0.01, 0);
}

/* The cheapest option first, its largest swing first. */
static struct table *make_sensitivity(const struct outcome *o) {
  const char *usd = o->money.unit;
  const struct table_col col[] = {{"option", "", "option", true},
                                  {"input", "", "input", true},
                                  {"TCO at\nits low end", usd, "tco_low", false},
                                  {"TCO at its\nhigh end", usd, "tco_high", false},
                                  {"swing", usd, "swing", false},
                                  {"share of\nvariance", "%", "sobol_pct", false},
                                  {"the choice\nflips at", "", "flip", true},
                                  {"against", "", "versus", true}};
  struct table *t = table_create("What the total cost depends on", col, sizeof col / sizeof *col);
  struct db_query *q = db_query(o->db,
                                "SELECT option, substr(scope,7), max(CASE name WHEN 'tornado_low_usd' THEN value END) "
                                "lo, max(CASE name WHEN 'tornado_high_usd' THEN value END) hi,"
                                " max(CASE name WHEN 'sobol' THEN value END), max(CASE WHEN name='flip_value' AND "
                                "value IS NOT NULL THEN printf('%.6g %s',value,coalesce(unit,'')) END),"
                                " max(CASE WHEN name='flip_value' AND value IS NOT NULL THEN versus END) FROM metric "
                                "WHERE run=?1 AND scope LIKE 'input:%'"
                                " GROUP BY option, scope ORDER BY" BY_MERIT("metric") ", abs(hi-lo) DESC, scope",
                                "i", o->run);
  while (db_next(q)) {
    table_row(t);
    table_text(t, db_text(q, 0));
    table_text(t, db_text(q, 1));
    table_scaled(t, db_real(q, 2), o->money.scale, o->money.decimals);
    table_scaled(t, db_real(q, 3), o->money.scale, o->money.decimals);
    table_scaled(t, fabs(db_real(q, 3) - db_real(q, 2)), o->money.scale, o->money.decimals);
    variance_share(o, db_real(q, 4), t);
    table_text(t, db_text(q, 5));
    table_text(t, db_text(q, 6));
  }
  db_done(q);
  return t;
}

static struct table *make_utilization(const struct outcome *o) {
  static const struct query_col cols[] = {TEXT("option", "option"),
                                          TEXT("scope", "scope"),
                                          NUMBER("provisioned", "GPU-h", "gpu_hours_provisioned", 0),
                                          NUMBER("allocated", "GPU-h", "gpu_hours", 0),
                                          NUMBER("productive", "GPU-h", "gpu_hours_productive", 0),
                                          NUMBER("utilization", "%", "gpu_utilization_pct", 1)};
  return FROM_QUERY(o, "GPU-hours and utilization",
                    "SELECT option, scope, gpu_hours_provisioned, gpu_hours, gpu_hours_productive, 100*gpu_utilization "
                    "FROM v_utilization"
                    " WHERE run=? AND option<>'' ORDER BY" BY_MERIT("v_utilization") ", scope<>'whole', scope",
                    cols);
}

static struct table *make_metrics(const struct outcome *o) {
  static const struct query_col cols[] = {
      TEXT("option", "option"),    TEXT("scope", "scope"),          TEXT("figure", "name"),
      TEXT("against", "versus"),   NUMBER("value", "", "value", 4), TEXT("unit", "unit"),
      NUMBER("P10", "", "p10", 4), NUMBER("P50", "", "p50", 4),     NUMBER("P90", "", "p90", 4)};
  return FROM_QUERY(o, "All figures",
                    "SELECT option, scope, name, versus, value, unit, p10, p50, p90 FROM metric WHERE run=? AND scope "
                    "NOT LIKE 'input:%'"
                    " ORDER BY option, scope<>'whole', scope, name, versus",
                    cols);
}

static struct table *make_assumptions(const struct outcome *o) {
  static const struct query_col cols[] = {TEXT("input", "key"),    TEXT("option", "option"), TEXT("value", "value"),
                                          TEXT("unit", "unit"),    TEXT("grade", "grade"),   TEXT("date", "date"),
                                          TEXT("source", "source")};
  return FROM_QUERY(
      o, "Assumptions",
      "SELECT key, option, value, unit, grade, date, source FROM input WHERE run=? ORDER BY option<>'', option, rowid",
      cols);
}

static struct table *make_exclusions(const struct outcome *o) {
  static const struct query_col cols[] = {TEXT("kind", "kind"), TEXT("option", "option"), TEXT("note", "text")};
  return FROM_QUERY(
      o, "What is left out, and what to be careful with",
      "SELECT DISTINCT kind, option, text FROM event WHERE run=? AND kind IN ('exclusion','warning','assumption')"
      " ORDER BY kind='exclusion' DESC, kind='warning' DESC, kind, option, rowid",
      cols);
}

static struct table *make_timeline(const struct outcome *o) {
  static const struct query_col cols[] = {TEXT("option", "option"), NUMBER("time", "days", "t_d", 1),
                                          TEXT("what", "kind"), TEXT("", "text")};
  return FROM_QUERY(o, "What happened when",
                    "SELECT option, t/24, kind, text FROM event WHERE run=? AND kind NOT IN "
                    "('exclusion','warning','assumption','infeasible','failure')"
                    " ORDER BY" BY_MERIT("event") ", t, rowid",
                    cols);
}

static const struct table_kind kind[] = {
    {"summary", "Options side by side",
     "Feasible options by total cost, then the others. Does the work: at central inputs, and in how many of the "
     "replicas if not in all. GPU hour: the cost over the GPU-hours given to work. Busy: GPU-hours with any work, load: "
     "what of the capacity was used. Break-even and "
     "P(cheaper) are against the baseline.",
     TABLE_SHOWN, make_summary},
    {"why", "What makes the difference",
     "The cheapest option beside its rival, by kind of cost, largest difference first.", TABLE_SHOWN, tables_why},
    {"infeasible", "Options that do not do the work", "They never win, whatever they cost.", TABLE_SHOWN,
     make_infeasible},
    {"cash-flow", "Cash flow by year",
     "Billed money, nominal, by the year in which it flows; a resale is negative. Discounted: at the scenario's rate "
     "to the start.",
     TABLE_SHOWN, make_cash_flow},
    {"sensitivity", "What the total cost depends on",
     "Total cost with one uncertain input at its low and its high end, the others as they are. Share of variance: of the "
     "replicas' spread, as far as their number can tell.", TABLE_SHOWN,
     make_sensitivity},
    {"work", "How the work is done",
     "Serving: time to first token (TTFT) and per output token (TPOT). Training: time, useful share of the hardware's "
     "peak (MFU).",
     TABLE_SHOWN, tables_work},
    {"replay", "How the replay went",
     "The whole of each option, its layers, its tenants. In time: within both limits of the tenant. Goodput: those a second. Lost: turned away or timed out. Tokens read and "
     "written share out the cost of the GPU-hours by what each kind keeps GPUs busy with; what was found in a prefix cache is in the file.",
     TABLE_SHOWN, tables_replay_parts},
    {"utilization", "GPU-hours and utilization",
     "Provisioned: paid for or owned. Allocated: given to work. Productive: work that counted.", TABLE_SHOWN,
     make_utilization},
    {"exclusions", "What is left out, and what to be careful with", "Read before deciding.", TABLE_SHOWN,
     make_exclusions},
    {"timeline", "What happened when", "Purchases, renewals, expansions and phases of training, failures left out.",
     TABLE_FOLDED, make_timeline},
    {"assumptions", "Assumptions",
     "Every input of the run with where it comes from; `assumed` and `scenario` are the reader's to change.",
     TABLE_FOLDED, make_assumptions},
    {"metrics", "All figures", "As they stand in the database.", TABLE_FILE_ONLY, make_metrics},
};

const struct table_kind *tables_at(size_t i) {
  return i < sizeof kind / sizeof *kind ? &kind[i] : NULL;
}

const struct table_kind *tables_find(const char *name) {
  for (size_t i = 0; tables_at(i); i++)
    if (strcmp(kind[i].name, name) == 0)
      return &kind[i];
  return NULL;
}
