#include "output/plots.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "output/db.h"
#include "output/escape.h"
#include "output/groups.h"
#include "output/table.h"

enum {
  WIDTH_PX = 1000,
  HEIGHT_PX = 560,
  THIN_TO = 240,
  MOST_LINES = 12,
  MOST_BARS = 12,
  MOST_PANELS = 4,
  CONTENDERS = 5,
  FAR = 3
};

/* Okabe and Ito, then Tol: told apart by the colour-blind, and by dashes besides. */
static const char *const colours[] = {"#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9",
                                      "#882255", "#999933", "#332288", "#000000", "#888888", "#44AA99"};

static const char *colour(const struct outcome *o, const struct outcome_option *p) {
  return colours[(size_t)(p - o->option) % (sizeof colours / sizeof *colours)];
}

static const char *dash(const struct outcome_option *p) { /* owned solid, rented dashed, mixed in between */
  static const char *const type[] = {
      [OUTCOME_UNKNOWN] = "1", [OUTCOME_OWNED] = "1", [OUTCOME_RENTED] = "(8,4)", [OUTCOME_MIXED] = "(12,3,2,3)"};
  return type[p->class];
}

static double width(const struct outcome *o, const struct outcome_option *p) {
  return p == o->best || p == o->rival ? 3.2 : 1.6;
}

static void label(FILE *f, const char *command, const char *text) {
  fprintf(f, "%s ", command);
  escape_gnuplot(f, text);
  fputc('\n', f);
}

/* Options to draw: those that do the work; all when none does. */
static size_t drawn(const struct outcome *o) {
  size_t n = o->n_feasible ? o->n_feasible : o->n;
  return n < MOST_LINES ? n : MOST_LINES;
}

/* The horizon ends at the last point of the cumulative cost, whatever hours a year has. */
static double hours_per_month(const struct outcome *o) {
  double last = db_value(o->db, "SELECT max(t) FROM series WHERE run=? AND name='cumulative_cost_usd'", "i", o->run);
  return last > 0 && o->months > 0 ? last / o->months : 730;
}

/* Axes have no room for long figures: thousands below millions. */
static struct outcome_money money(const struct outcome *o) {
  bool large = o->best && fabs(o->best->tco_usd) >= 2e4;
  return o->money.scale > 1 || !large ? o->money : (struct outcome_money){1e3, "k USD", 1};
}

static void month_axis(const struct outcome *o, FILE *f) {
  int step = o->months > 36 ? 12 : o->months > 18 ? 6 : o->months > 6 ? 3 : 1;
  fprintf(f, "set xrange [0:%d]\nset xtics %d\nset mxtics %d\n", o->months > 0 ? o->months : 1, step,
          step > 6   ? 4
          : step > 1 ? 3
                     : 1);
  label(f, "set xlabel", arena_printf(o->arena, "months from %s", o->start ? o->start : "the start"));
}

/* Options that the choice is between: the cheapest few, and the baseline. Where many lines would hide each other only
 * they are drawn. */
static bool contender(const struct outcome *o, size_t i) {
  const struct outcome_option *p = &o->option[i];
  return i < CONTENDERS || p == o->best || p == o->rival || p == outcome_find(o, o->baseline);
}

/* Where an axis of money ends: what costs several times the winner must not press the contenders flat; its lines leave
 * the plot. `spread`: with the P90 of all contenders, not of the best and its rival alone. 0 = no need to cut. */
static double money_end(const struct outcome *o, bool spread) {
  double all = 0, near = 0;
  for (size_t i = 0; i < drawn(o); i++) {
    const struct outcome_option *p = &o->option[i];
    double top = fmax(p->tco_usd, p->p90_usd);
    all = fmax(all, top);
    if (p == o->best || p == o->rival)
      near = fmax(near, top);
    else if (o->best && contender(o, i) && p->tco_usd < FAR * o->best->tco_usd)
      near = fmax(near, spread ? top : p->tco_usd);
  }
  return o->best && near > 0 && all > 1.3 * near ? 1.08 * near / money(o).scale : 0;
}

/* Ends the list of a plot command: every part was written as ",\\\n part". */
struct parts {
  FILE *f;
  int n;
};
static FILE *part(struct parts *p) {
  fputs(p->n++ ? ", \\\n     " : "plot ", p->f);
  return p->f;
}
static void titled(FILE *f, const char *text) {
  fputs(" title ", f);
  escape_gnuplot(f, text);
}

/* ---- cumulative cost ---- */

static bool cumulative_data(const struct outcome *o, const struct outcome_option *p, size_t i, FILE *f) {
  struct db_query *q =
      db_query(o->db, "SELECT value FROM series WHERE run=? AND option=? AND name='cumulative_cost_usd' ORDER BY t",
               "is", o->run, p->name);
  int month = 0; /* a point at the start and one at each month's end */
  fprintf(f, "$cost%zu << EOD\n", i);
  for (; db_next(q); month++)
    fprintf(f, "%d %.10g\n", month, db_real(q, 0) / money(o).scale);
  fputs("EOD\n", f);
  db_done(q);
  return month > 0;
}

static bool band_data(const struct outcome *o, const struct outcome_option *p, size_t i, FILE *f) {
  struct db_query *q = db_query(
      o->db,
      "SELECT lo.t, lo.value, hi.value FROM series lo JOIN series hi ON hi.run=lo.run AND hi.option=lo.option AND "
      "hi.t=lo.t"
      " AND hi.name='cumulative_p90_usd' WHERE lo.run=? AND lo.option=? AND lo.name='cumulative_p10_usd' ORDER BY lo.t",
      "is", o->run, p->name);
  bool any = false;
  double per_month = hours_per_month(o);
  for (; db_next(q); any = true) {
    if (!any)
      fprintf(f, "$band%zu << EOD\n", i);
    fprintf(f, "%.6g %.10g %.10g\n", db_real(q, 0) / per_month, db_real(q, 1) / money(o).scale,
            db_real(q, 2) / money(o).scale);
  }
  if (any)
    fputs("EOD\n", f);
  db_done(q);
  return any;
}

static void mark_crossing(const struct outcome *o, FILE *f) {
  if (!o->best || !o->rival)
    return;
  double m = outcome_crossing(o, o->best->name, o->rival->name);
  if (isnan(m) || m <= 0)
    return;
  fprintf(f, "set arrow 1 from first %.6g, graph 0 to first %.6g, graph 1 nohead lc rgb '#444444' dt 3 lw 1.5 front\n",
          m, m);
  const char *text = arena_printf(o->arena, "break-even: month %.0f (%s)", ceil(m), outcome_month(o, m));
  bool right = m > 0.5 * o->months;
  fputs("set label 1 ", f);
  escape_gnuplot(f, text);
  fprintf(f, " at first %.6g, graph 0.965 %s offset %s front boxed tc rgb '#222222'\n", m, right ? "right" : "left",
          right ? "-1,0" : "1,0");
}

static bool script_cumulative(const struct outcome *o, FILE *f) {
  bool known[MOST_LINES], band[MOST_LINES] = {false}, any = false;
  double end = money_end(o, false);
  for (size_t i = 0; i < drawn(o); i++) {
    double first =
        db_value(o->db, "SELECT value FROM series WHERE run=? AND option=? AND name='cumulative_cost_usd' ORDER BY t",
                 "is", o->run, o->option[i].name);
    any |= known[i] = cumulative_data(o, &o->option[i], i, f) && !(end > 0 && first / money(o).scale > end);
    if (&o->option[i] == o->best || &o->option[i] == o->rival)
      band[i] = band_data(o, &o->option[i], i, f);
  }
  if (!any)
    return false;
  month_axis(o, f);
  label(f, "set ylabel", arena_printf(o->arena, "cumulative cost, %s", money(o).unit));
  fprintf(f, end > 0 ? "set yrange [0:%.6g]\n" : "set yrange [0:*]\n", end);
  mark_crossing(o, f);
  fputs("@BEGIN\n", f);
  struct parts p = {f, 0};
  for (size_t i = 0; i < drawn(o); i++)
    if (band[i])
      fprintf(part(&p), "$band%zu using 1:2:3 with filledcurves fc rgb '%s' fs transparent solid 0.18 noborder notitle",
              i, colour(o, &o->option[i]));
  for (size_t i = 0; i < drawn(o); i++) {
    if (!known[i])
      continue;
    fprintf(part(&p), "$cost%zu using 1:2 with lines lc rgb '%s' dt %s lw %.1f", i, colour(o, &o->option[i]),
            dash(&o->option[i]), width(o, &o->option[i]));
    titled(f, o->option[i].name);
  }
  fputs("\n@END\n", f);
  return true;
}

/* ---- where the money goes ---- */

static bool bar_data(const struct outcome *o, size_t g, double *up, double *down, const char *sql, FILE *f) {
  bool any = false;
  fprintf(f, "$group%zu << EOD\n", g);
  for (size_t i = 0; i < drawn(o); i++) {
    double v = db_value(o->db, sql, "iss", o->run, o->option[i].name, groups[g].name) / money(o).scale;
    if (isnan(v) || v == 0)
      continue;
    double *end = v > 0 ? &up[i] : &down[i], from = *end;
    *end += v;
    double y = (double)(drawn(o) - 1 - i);
    fprintf(f, "%.10g %g %.10g %.10g %g %g\n", *end, y, fmin(from, *end), fmax(from, *end), y - 0.36, y + 0.36);
    any = true;
  }
  if (!any)
    fputs("NaN NaN NaN NaN NaN NaN\n", f);
  fputs("EOD\n", f);
  return any;
}

static void option_tics(const struct outcome *o, FILE *f) {
  fputs("set ytics scale 0 (", f);
  for (size_t i = 0; i < drawn(o); i++) {
    fputs(i ? ", " : "", f);
    escape_gnuplot(f, o->option[i].name);
    fprintf(f, " %zu", drawn(o) - 1 - i);
  }
  fprintf(f, ")\nset yrange [-0.6:%g]\n", (double)drawn(o) - 0.4);
}

/* The figure behind each bar; of a bar that leaves the plot it stands in the bar, at the edge. */
static void bar_totals(const struct outcome *o, const double *up, const double *down, double last, double edge,
                       FILE *f) {
  int decimals = money(o).scale > 1 ? (fabs(o->option[0].tco_usd) < 10 * money(o).scale ? 2 : 1) : 0;
  for (int beyond = 0; beyond < 2; beyond++) {
    fprintf(f, "$%s << EOD\n", beyond ? "beyond" : "total");
    for (size_t i = 0; i < drawn(o); i++) {
      char text[64];
      double sum = up[i] + down[i];
      if ((up[i] > last) != beyond)
        continue;
      format_number(sum, decimals, text);
      fprintf(f, "%.10g %zu \"%s%s\" %.10g\n", beyond ? edge : up[i], drawn(o) - 1 - i, text, beyond ? " >" : "", sum);
    }
    fputs("NaN NaN \"\" NaN\nEOD\n", f);
  }
}

static bool script_breakdown(const struct outcome *o, FILE *f) {
  double up[MOST_LINES] = {0}, down[MOST_LINES] = {0};
  bool known[GROUPS], any = false;
  const char *sql =
      arena_printf(o->arena, "SELECT sum(BilledCost) FROM charge WHERE run=? AND option=? AND (%s)=?", groups_case());
  for (size_t g = 0; g < GROUPS; g++)
    any |= known[g] = bar_data(o, g, up, down, sql, f);
  if (!any)
    return false;
  double least = 0, most = 0, end = money_end(o, false);
  for (size_t i = 0; i < drawn(o); i++) {
    most = fmax(most, up[i]);
    least = fmin(least, down[i]);
  }
  bool cut = end > 0 && end < most;
  double edge = cut ? end : 1.12 * most;
  bar_totals(o, up, down, cut ? 0.88 * edge : edge, edge, f);
  option_tics(o, f);
  /* As exact as the data: a label on the edge is not drawn when the range ends a digit before it. */
  fprintf(f, "set xrange [%.10g:%.10g]\nset grid noytics\nset xtics auto\n", least * 1.05, edge);
  label(f, "set xlabel",
        arena_printf(o->arena, "billed over %d months, %s; diamond and figure: total less resale", o->months,
                     money(o).unit));
  fputs("set arrow 1 from first 0, graph 0 to first 0, graph 1 nohead lc rgb '#444444' lw 1 front\n@BEGIN\n", f);
  struct parts p = {f, 0};
  for (size_t g = 0; g < GROUPS; g++)
    if (known[g]) {
      fprintf(part(&p),
              "$group%zu using 1:2:3:4:5:6 with boxxyerror fc rgb '%s' fs solid 1.0 border rgb '#ffffff' lw 0.5", g,
              groups[g].colour);
      titled(f, groups[g].label);
    }
  fputs(", \\\n     $total using 4:2 with points pt 12 ps 1.1*pass lw 1.5 lc rgb '#000000' notitle", f);
  fputs(", \\\n     $total using 1:2:3 with labels left offset 1,0 notitle", f);
  if (cut) /* gnuplot 5.4 dies of boxed labels that are all unknown */
    fputs(", \\\n     $beyond using 1:2:3 with labels right offset -0.8,0 boxed notitle", f);
  fputs("\n@END\n", f);
  return true;
}

/* ---- series over time ---- */

/* One series of an option as block $NAMEi, thinned to means over at most THIN_TO stretches; false = none. */
static bool series_data(const struct outcome *o, const char *option, const char *series, const char *block, size_t i,
                        double scale, FILE *f) {
  double n =
      db_value(o->db, "SELECT count(*) FROM series WHERE run=? AND option=? AND name=?", "iss", o->run, option, series);
  double last =
      db_value(o->db, "SELECT max(t) FROM series WHERE run=? AND option=? AND name=?", "iss", o->run, option, series);
  if (!(n > 0))
    return false;
  double per_month = hours_per_month(o), stretch = n > THIN_TO && last > 0 ? last / THIN_TO : 0;
  struct db_query *q =
      stretch > 0 ? db_query(o->db,
                             "SELECT avg(t), avg(value) FROM series WHERE run=? AND option=? AND name=? GROUP BY "
                             "cast(t/? AS INTEGER) ORDER BY 1",
                             "issd", o->run, option, series, stretch)
                  : db_query(o->db, "SELECT t, value FROM series WHERE run=? AND option=? AND name=? ORDER BY t", "iss",
                             o->run, option, series);
  double t = 0, before = 0, v = (double)NAN;
  fprintf(f, "$%s%zu << EOD\n", block, i);
  while (db_next(q))
    if (!db_null(q, 1)) {
      before = t;
      t = db_real(q, 0);
      v = db_real(q, 1) * scale;
      fprintf(f, "%.8g %.8g\n", t / per_month, v);
    }
  if (!isnan(v)) /* a value holds up to the next: the last one too */
    fprintf(f, "%.8g %.8g\n", (2 * t - before) / per_month, v);
  fputs("EOD\n", f);
  db_done(q);
  return true;
}

/* Few values are drawn as what they are, means of a stretch of time; many as a line. */
static const char *over_time(const struct outcome *o) {
  return o->months > 12 ? "lines" : "steps";
}

static void series_part(struct parts *p, const char *block, size_t i, const struct outcome *o, const char *dashes,
                        double lw) {
  fprintf(part(p), "$%s%zu using 1:2 with %s lc rgb '%s' dt %s lw %.1f", block, i,
          *block == 's' ? "lines" : over_time(o), colour(o, &o->option[i]), dashes, lw);
}

static bool script_utilization(const struct outcome *o, FILE *f) {
  bool known[MOST_LINES], any = false;
  for (size_t i = 0; i < drawn(o); i++)
    any |= known[i] = contender(o, i) && (series_data(o, o->option[i].name, "load_factor", "u", i, 100, f) ||
                                          series_data(o, o->option[i].name, "gpu_utilization", "u", i, 100, f));
  if (!any)
    return false;
  month_axis(o, f);
  fputs("set ylabel 'load, % of what the provisioned GPUs could do'\nset yrange [0:100]\n@BEGIN\n", f);
  struct parts p = {f, 0};
  for (size_t i = 0; i < drawn(o); i++)
    if (known[i]) {
      series_part(&p, "u", i, o, dash(&o->option[i]), width(o, &o->option[i]));
      titled(f, o->option[i].name);
    }
  fputs("\n@END\n", f);
  return true;
}

static bool script_power(const struct outcome *o, FILE *f) {
  bool known[MOST_LINES], limit[MOST_LINES], any = false;
  for (size_t i = 0; i < drawn(o); i++) {
    any |= known[i] = contender(o, i) && series_data(o, o->option[i].name, "power_kw", "p", i, 1, f);
    limit[i] = known[i] && series_data(o, o->option[i].name, "contracted_kw", "c", i, 1, f);
  }
  if (!any)
    return false;
  month_axis(o, f);
  fputs("set ylabel 'mean power at the meter, kW'\nset yrange [0:*]\n@BEGIN\n", f);
  struct parts p = {f, 0};
  bool said = false;
  for (size_t i = 0; i < drawn(o); i++)
    if (known[i]) {
      series_part(&p, "p", i, o, dash(&o->option[i]), width(o, &o->option[i]));
      titled(f, o->option[i].name);
    }
  for (size_t i = 0; i < drawn(o); i++)
    if (limit[i]) {
      series_part(&p, "c", i, o, "3", 1.4);
      fputs(" notitle", f);
      if (!said)
        fputs(", NaN with lines lc rgb '#444444' dt 3 lw 1.4 title 'contracted'", f);
      said = true;
    }
  fputs("\n@END\n", f);
  return true;
}

/* ---- uncertainty ---- */

static bool script_tornado(const struct outcome *o, FILE *f) {
  if (!o->best)
    return false;
  struct db_query *q = db_query(o->db,
                                "SELECT substr(lo.scope,7), lo.value, hi.value FROM metric lo JOIN metric hi ON "
                                "hi.run=lo.run AND hi.option=lo.option"
                                " AND hi.scope=lo.scope AND hi.name='tornado_high_usd' WHERE lo.run=? AND lo.option=? "
                                "AND lo.name='tornado_low_usd'"
                                " AND lo.value<>hi.value ORDER BY abs(hi.value-lo.value) DESC, lo.scope LIMIT ?",
                                "isi", o->run, o->best->name, (int64_t)MOST_BARS);
  double mid = o->best->tco_usd / money(o).scale, low[MOST_BARS], high[MOST_BARS];
  int n = 0;
  fputs("set ytics scale 0 (", f);
  for (; n < MOST_BARS && db_next(q); n++) {
    fputs(n ? ", " : "", f);
    escape_gnuplot(f, db_text(q, 0));
    fprintf(f, " %d", -n);
    low[n] = db_real(q, 1) / money(o).scale;
    high[n] = db_real(q, 2) / money(o).scale;
  }
  db_done(q);
  if (n == 0)
    return false;
  fprintf(f, ")\nset yrange [%g:0.6]\nset xtics auto\nset grid noytics\n", -n + 0.4);
  for (int side = 0; side < 2; side++) {
    fprintf(f, "$%s << EOD\n", side ? "high" : "low");
    for (int i = 0; i < n; i++) {
      double end = side ? high[i] : low[i];
      fprintf(f, "%.10g %d %.10g %.10g %g %g\n", end, -i, fmin(mid, end), fmax(mid, end), -i - 0.36, -i + 0.36);
    }
    fputs("EOD\n", f);
  }
  label(f, "set xlabel",
        arena_printf(o->arena, "total cost of %s, %s (%.*f with every input at its central value)", o->best->name,
                     money(o).unit, money(o).decimals, mid));
  fprintf(f,
          "set offsets graph 0.03, graph 0.03, 0, 0\nset arrow 1 from first %.10g, graph 0 to first %.10g, graph 1 "
          "nohead lc rgb '#222222' lw 1.5 front\n",
          mid, mid);
  fputs("@BEGIN\nplot $low using 1:2:3:4:5:6 with boxxyerror fc rgb '#56B4E9' fs solid 1.0 noborder title 'input at "
        "its low end', \\\n"
        "     $high using 1:2:3:4:5:6 with boxxyerror fc rgb '#E69F00' fs solid 1.0 noborder title 'input at its high "
        "end'\n@END\n",
        f);
  return true;
}

static bool script_scurve(const struct outcome *o, FILE *f) {
  bool known[MOST_LINES], any = false;
  double end = money_end(o, true);
  for (size_t i = 0; i < drawn(o); i++) {
    double n = db_value(o->db, "SELECT count(*) FROM series WHERE run=? AND option=? AND name='tco_sample'", "is",
                        o->run, o->option[i].name);
    any |= known[i] = n > 1 && !(end > 0 && o->option[i].p10_usd / money(o).scale > end);
    if (!known[i])
      continue;
    struct db_query *q = db_query(
        o->db,
        "SELECT value, k FROM (SELECT value, row_number() OVER (ORDER BY value) k FROM series WHERE run=? AND option=?"
        " AND name='tco_sample') WHERE k%?=0 OR k=1 OR k=? ORDER BY k",
        "isii", o->run, o->option[i].name, (int64_t)(n > THIN_TO ? n / THIN_TO : 1), (int64_t)n);
    fprintf(f, "$s%zu << EOD\n", i);
    while (db_next(q))
      fprintf(f, "%.10g %.6g\n", db_real(q, 0) / money(o).scale, 100 * (db_real(q, 1) - 0.5) / n);
    fputs("EOD\n", f);
    db_done(q);
  }
  if (!any)
    return false;
  fputs("set yrange [0:100]\nset ytics (0, 10, 25, 50, 75, 90, 100)\nset xtics auto\nset ylabel 'replicas that cost no "
        "more than this, %'\n",
        f);
  label(f, "set xlabel", arena_printf(o->arena, "total cost over %d months, %s", o->months, money(o).unit));
  if (end > 0)
    fprintf(f, "set xrange [0:%.6g]\n", end);
  fputs("@BEGIN\n", f);
  struct parts p = {f, 0};
  for (size_t i = 0; i < drawn(o); i++)
    if (known[i]) {
      series_part(&p, "s", i, o, dash(&o->option[i]), width(o, &o->option[i]));
      titled(f, o->option[i].name);
    }
  fputs("\n@END\n", f);
  return true;
}

/* ---- demand against capacity, a panel per option ---- */

static bool script_capacity(const struct outcome *o, FILE *f) {
  size_t shown[MOST_PANELS], n = 0;
  for (size_t i = 0; i < drawn(o) && n < MOST_PANELS; i++)
    if (series_data(o, o->option[i].name, "provisioned_gpus", "have", i, 1, f) &&
        series_data(o, o->option[i].name, "needed_gpus", "need", i, 1, f))
      shown[n++] = i;
  if (n == 0)
    return false;
  month_axis(o, f);
  fputs("set ylabel 'GPUs'\nset yrange [0:*]\nset offsets 0, 0, graph 0.3, 0\nset key top left inside opaque\n@BEGIN\n",
        f);
  fprintf(f, "set multiplot layout %d,%d\n", n > 2 ? 2 : 1, n > 1 ? 2 : 1);
  for (size_t k = 0; k < n; k++) {
    const struct outcome_option *p = &o->option[shown[k]];
    label(f, "set title", p->name);
    fprintf(f,
            "plot $have%zu using 1:2 with fillsteps fc rgb '#C9D6E3' title 'paid for (mean of the month)', \\\n"
            "     $need%zu using 1:2 with steps lc rgb '%s' lw 2.4 title 'needed in its peak hour'\n",
            shown[k], shown[k], colour(o, p));
  }
  fputs("unset multiplot\n@END\n", f);
  return true;
}

/* ---- latencies of a replay ---- */
static bool quantile_data(const struct outcome *o, const char *what, size_t i, FILE *f) {
  struct db_query *q = db_query(o->db, "SELECT t, value FROM series WHERE run=? AND option=? AND name=? ORDER BY t", "iss", o->run, o->option[i].name,
                                arena_printf(o->arena, "%s_quantile_s", what));
  bool any = false;
  for (; db_next(q); any = true) {
    if (!any)
      fprintf(f, "$%s%zu << EOD\n", what, i);
    fprintf(f, "%.6g %.10g\n", db_real(q, 0), db_real(q, 1));
  }
  if (any)
    fputs("EOD\n", f);
  db_done(q);
  return any;
}

static void quantile_panel(const struct outcome *o, const char *what, const char *title, const bool *known, FILE *f) {
  struct parts p = {f, 0};
  label(f, "set title", title);
  for (size_t i = 0; i < o->n && i < MOST_LINES; i++) {
    if (!known[i])
      continue;
    fprintf(part(&p), "$%s%zu using 2:1 with lines lc rgb '%s' dt %s lw %.1f", what, i, colour(o, &o->option[i]), dash(&o->option[i]), width(o, &o->option[i]));
    titled(f, o->option[i].name);
  }
  fputc('\n', f);
}

static bool script_latency(const struct outcome *o, FILE *f) {
  bool ttft[MOST_LINES] = {false}, tpot[MOST_LINES] = {false}, any = false, answers = false;
  for (size_t i = 0; i < o->n && i < MOST_LINES; i++) {
    any |= ttft[i] = quantile_data(o, "ttft", i, f);
    answers |= tpot[i] = quantile_data(o, "tpot", i, f);
  }
  if (!any)
    return false;
  fputs("set logscale x\nset yrange [0:100]\nset key inside right bottom\n", f);
  label(f, "set xlabel", "seconds");
  label(f, "set ylabel", "requests not slower, %");
  fprintf(f, "@BEGIN\nset multiplot layout 1,%d\n", answers ? 2 : 1);
  quantile_panel(o, "ttft", "time to first token", ttft, f);
  if (answers)
    quantile_panel(o, "tpot", "time per output token", tpot, f);
  fputs("unset multiplot\n@END\n", f);
  return true;
}

static const struct plot plot[] = {
    {"latency", "Latencies of the replay",
     "The share of requests that were not slower than so many seconds; the line to the left is the better. What an option looks like when all is well stands in the lower half, what its "
     "worst requests see at the top.",
     script_latency},
    {"cumulative-cost", "Cumulative cost",
     "Where two lines cross, the one that runs below from there on has paid off; the dotted mark is the crossing of "
     "the cheapest option (thick) with what it is"
     " compared with (thick). Owned options solid, rented dashed; shaded: P10 to P90 of the replicas."
     " Lines that leave at the top cost several times the cheapest.",
     script_cumulative},
    {"cost-breakdown", "Where the money goes",
     "Billed cost by group; a resale at the end counts against it, to the left of zero. Bars that leave at the right "
     "(>) cost several times the cheapest.",
     script_breakdown},
    {"capacity", "Demand and capacity",
     "Where the area stands above the line, capacity is paid for that the peak does not need; rented by the hour it "
     "may lie below, for it follows the day.",
     script_capacity},
    {"utilization", "Utilization over time",
     "Owned machines are there at night too; what is rented by the hour follows the demand. Low load is what makes "
     "ownership dear.",
     script_utilization},
    {"power", "Power over time",
     "Means of each month, owned and rented machines together; the peak in the table is the highest draw of all. Dotted: "
     "the power contracted with the own site, which is billed whether drawn or not.",
     script_power},
    {"tornado", "What the total cost depends on",
     "One input at a time at its low and high end, the others at their central values, for the cheapest option.",
     script_tornado},
    {"s-curve", "How sure the total cost is",
     "Read at 50 % for the median, at 90 % for a budget that holds in nine cases of ten.", script_scurve},
};

const struct plot *plots_at(size_t i) {
  return i < sizeof plot / sizeof *plot ? &plot[i] : NULL;
}

/* ---- the frame of every script ---- */

static void preamble(const struct plot *p, FILE *f) {
  fprintf(f, "# Redraw with: gnuplot -d %s.gp\n", p->name);
  fputs("set encoding utf8\nset style fill solid\nset border 3 lc rgb '#888888'\nset tics nomirror tc rgb "
        "'#222222'\nset grid lc rgb '#E4E4E4' lt 1 lw 1\n"
        "set key outside right top vertical Left reverse samplen 2.4 spacing 1.2\nset style textbox opaque noborder "
        "margins 0.6,0.4 fc rgb '#ffffff'\n",
        f);
}

static void passes(const struct plot *p, FILE *f) {
  fprintf(f,
          "do for [pass=1:2] {\n"
          "if (pass == 1) { set terminal svg size %d,%d dynamic noenhanced font 'Helvetica,Arial,sans-serif,15' "
          "background '#ffffff'; set title font ',20'; set output '%s.svg' }\n"
          "if (pass == 2) { set terminal pngcairo size %d,%d noenhanced font 'DejaVu Sans,21' linewidth 1.7 background "
          "'#ffffff'; set title font ',28'; set output '%s.png' }\n",
          WIDTH_PX, HEIGHT_PX, p->name, WIDTH_PX * 2, HEIGHT_PX * 2, p->name);
}

bool plots_write(const struct plot *p, const struct outcome *o, FILE *f) {
  char *body = NULL;
  size_t size;
  FILE *m = open_memstream(&body, &size);
  if (!m)
    return false;
  bool any = p->script(o, m);
  fclose(m);
  char *begin = any ? strstr(body, "@BEGIN\n") : NULL, *end = begin ? strstr(begin, "@END\n") : NULL;
  if (end) { /* data blocks must stand outside of the loop over the two terminals, the drawing inside */
    preamble(p, f);
    label(f, "set title", o->name && *o->name ? arena_printf(o->arena, "%s: %s", o->name, p->title) : p->title);
    fwrite(body, 1, (size_t)(begin - body), f);
    passes(p, f);
    fwrite(begin + 7, 1, (size_t)(end - begin) - 7, f);
    fputs("}\nunset output\n", f);
  }
  mem_free(body);
  return end != NULL;
}
