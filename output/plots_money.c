/* Plots of money: what accumulates, and where it goes. */
#include <math.h>
#include "base/units.h"
#include "output/db.h"
#include "output/escape.h"
#include "output/groups.h"
#include "output/plots_draw.h"
#include "output/table.h"

/* ---- cumulative cost ---- */

static bool cumulative_data(const struct outcome *o, const struct outcome_option *p, size_t i, FILE *f) {
  struct db_query *q =
      db_query(o->db, "SELECT value FROM series WHERE run=? AND option=? AND name='cumulative_cost_usd' ORDER BY t",
               "is", o->run, p->name);
  int month = 0; /* a point at the start and one at each month's end */
  fprintf(f, "$cost%zu << EOD\n", i);
  for (; db_next(q); month++)
    fprintf(f, "%d %.10g\n", month, db_real(q, 0) / plots_money(o).scale);
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
  double per_month = plots_hours_per_month(o);
  for (; db_next(q); any = true) {
    if (!any)
      fprintf(f, "$band%zu << EOD\n", i);
    fprintf(f, "%.6g %.10g %.10g\n", db_real(q, 0) / per_month, db_real(q, 1) / plots_money(o).scale,
            db_real(q, 2) / plots_money(o).scale);
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

bool plots_script_cumulative(const struct outcome *o, FILE *f) {
  bool known[PLOTS_MOST_LINES], band[PLOTS_MOST_LINES] = {false}, any = false;
  double end = plots_money_end(o, false);
  for (size_t i = 0; i < plots_drawn(o); i++) {
    double first =
        db_value(o->db, "SELECT value FROM series WHERE run=? AND option=? AND name='cumulative_cost_usd' ORDER BY t",
                 "is", o->run, o->option[i].name);
    any |= known[i] = cumulative_data(o, &o->option[i], i, f) && !(end > 0 && first / plots_money(o).scale > end);
    if (&o->option[i] == o->best || &o->option[i] == o->rival)
      band[i] = band_data(o, &o->option[i], i, f);
  }
  if (!any)
    return false;
  plots_month_axis(o, f);
  plots_label(f, "set ylabel", arena_printf(o->arena, "cumulative cost, %s", plots_money(o).unit));
  fprintf(f, end > 0 ? "set yrange [0:%.6g]\n" : "set yrange [0:*]\n", end);
  mark_crossing(o, f);
  fputs("@BEGIN\n", f);
  struct plots_parts p = {f, 0};
  for (size_t i = 0; i < plots_drawn(o); i++)
    if (band[i])
      fprintf(plots_part(&p),
              "$band%zu using 1:2:3 with filledcurves fc rgb '%s' fs transparent solid 0.18 noborder notitle", i,
              plots_colour(o, &o->option[i]));
  for (size_t i = 0; i < plots_drawn(o); i++) {
    if (!known[i])
      continue;
    plots_line(&p, o, "cost", i, "lines", plots_dash(&o->option[i]), plots_width(o, &o->option[i]));
    plots_titled(f, o->option[i].name);
  }
  fputs("\n@END\n", f);
  return true;
}

/* ---- where the money goes ---- */

static bool bar_data(const struct outcome *o, size_t g, double *up, double *down, const char *sql, FILE *f) {
  bool any = false;
  fprintf(f, "$group%zu << EOD\n", g);
  for (size_t i = 0; i < plots_drawn(o); i++) {
    double v = db_value(o->db, sql, "iss", o->run, o->option[i].name, groups[g].name) / plots_money(o).scale;
    if (isnan(v) || v == 0)
      continue;
    double *end = v > 0 ? &up[i] : &down[i], from = *end;
    *end += v;
    double y = (double)(plots_drawn(o) - 1 - i);
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
  for (size_t i = 0; i < plots_drawn(o); i++) {
    fputs(i ? ", " : "", f);
    escape_gnuplot(f, o->option[i].name);
    fprintf(f, " %zu", plots_drawn(o) - 1 - i);
  }
  fprintf(f, ")\nset yrange [-0.6:%g]\n", (double)plots_drawn(o) - 0.4);
}

/* The figure behind each bar; of a bar that leaves the plot it stands in the bar, at the edge. */
static void bar_totals(const struct outcome *o, const double *up, const double *down, double last, double edge,
                       FILE *f) {
  int decimals = plots_money(o).scale > 1 ? (fabs(o->option[0].tco_usd) < 10 * plots_money(o).scale ? 2 : 1) : 0;
  for (int beyond = 0; beyond < 2; beyond++) {
    fprintf(f, "$%s << EOD\n", beyond ? "beyond" : "total");
    for (size_t i = 0; i < plots_drawn(o); i++) {
      char text[64];
      double sum = up[i] + down[i];
      if ((up[i] > last) != beyond)
        continue;
      format_number(sum, decimals, text);
      fprintf(f, "%.10g %zu \"%s%s\" %.10g\n", beyond ? edge : up[i], plots_drawn(o) - 1 - i, text, beyond ? " >" : "",
              sum);
    }
    fputs("NaN NaN \"\" NaN\nEOD\n", f);
  }
}

bool plots_script_breakdown(const struct outcome *o, FILE *f) {
  double up[PLOTS_MOST_LINES] = {0}, down[PLOTS_MOST_LINES] = {0};
  bool known[GROUPS], any = false;
  const char *sql =
      arena_printf(o->arena, "SELECT sum(BilledCost) FROM charge WHERE run=? AND option=? AND (%s)=?", groups_case());
  for (size_t g = 0; g < GROUPS; g++)
    any |= known[g] = bar_data(o, g, up, down, sql, f);
  if (!any)
    return false;
  double least = 0, most = 0, end = plots_money_end(o, false);
  for (size_t i = 0; i < plots_drawn(o); i++) {
    most = fmax(most, up[i]);
    least = fmin(least, down[i]);
  }
  bool cut = end > 0 && end < most;
  double edge = cut ? end : 1.12 * most;
  bar_totals(o, up, down, cut ? 0.88 * edge : edge, edge, f);
  option_tics(o, f);
  /* As exact as the data: a label on the edge is not drawn when the range ends a digit before it. */
  fprintf(f, "set xrange [%.10g:%.10g]\nset grid noytics\nset xtics auto\n", least * 1.05, edge);
  plots_label(f, "set xlabel",
              arena_printf(o->arena, "billed over %d month%s, %s; diamond and figure: total less resale", o->months, units_s(o->months),
                           plots_money(o).unit));
  fputs("set arrow 1 from first 0, graph 0 to first 0, graph 1 nohead lc rgb '#444444' lw 1 front\n@BEGIN\n", f);
  struct plots_parts p = {f, 0};
  for (size_t g = 0; g < GROUPS; g++)
    if (known[g]) {
      fprintf(plots_part(&p),
              "$group%zu using 1:2:3:4:5:6 with boxxyerror fc rgb '%s' fs solid 1.0 border rgb '#ffffff' lw 0.5", g,
              groups[g].colour);
      plots_titled(f, groups[g].label);
    }
  fputs(", \\\n     $total using 4:2 with points pt 12 ps 1.1*pass lw 1.5 lc rgb '#000000' notitle", f);
  fputs(", \\\n     $total using 1:2:3 with labels left offset 1,0 notitle", f);
  if (cut) /* gnuplot 5.4 dies of boxed labels that are all unknown */
    fputs(", \\\n     $beyond using 1:2:3 with labels right offset -0.8,0 boxed notitle", f);
  fputs("\n@END\n", f);
  return true;
}
