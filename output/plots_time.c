/* Plots of series over the months: load, power, capacity. */
#include <math.h>
#include "output/db.h"
#include "output/plots_draw.h"

enum { MOST_PANELS = 4 };

/* ---- series over time ---- */

/* One series of an option as block $NAMEi, thinned to means over at most PLOTS_THIN_TO stretches; false = none. */
static bool series_data(const struct outcome *o, const char *option, const char *series, const char *block, size_t i,
                        double scale, FILE *f) {
  double n =
      db_value(o->db, "SELECT count(*) FROM series WHERE run=? AND option=? AND name=?", "iss", o->run, option, series);
  double last =
      db_value(o->db, "SELECT max(t) FROM series WHERE run=? AND option=? AND name=?", "iss", o->run, option, series);
  if (!(n > 0))
    return false;
  double per_month = plots_hours_per_month(o), stretch = n > PLOTS_THIN_TO && last > 0 ? last / PLOTS_THIN_TO : 0;
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

bool plots_script_utilization(const struct outcome *o, FILE *f) {
  bool known[PLOTS_MOST_LINES], any = false;
  for (size_t i = 0; i < plots_drawn(o); i++)
    any |= known[i] = plots_contender(o, i) && (series_data(o, o->option[i].name, "load_factor", "u", i, 100, f) ||
                                                series_data(o, o->option[i].name, "gpu_utilization", "u", i, 100, f));
  if (!any)
    return false;
  plots_month_axis(o, f);
  fputs("set ylabel 'load, % of what the provisioned GPUs could do'\nset yrange [0:100]\n@BEGIN\n", f);
  struct plots_parts p = {f, 0};
  for (size_t i = 0; i < plots_drawn(o); i++)
    if (known[i]) {
      plots_line(&p, o, "u", i, over_time(o), plots_dash(&o->option[i]), plots_width(o, &o->option[i]));
      plots_titled(f, o->option[i].name);
    }
  fputs("\n@END\n", f);
  return true;
}

bool plots_script_power(const struct outcome *o, FILE *f) {
  bool known[PLOTS_MOST_LINES], limit[PLOTS_MOST_LINES], any = false;
  for (size_t i = 0; i < plots_drawn(o); i++) {
    any |= known[i] = plots_contender(o, i) && series_data(o, o->option[i].name, "power_kw", "p", i, 1, f);
    limit[i] = known[i] && series_data(o, o->option[i].name, "contracted_kw", "c", i, 1, f);
  }
  if (!any)
    return false;
  plots_month_axis(o, f);
  fputs("set ylabel 'mean power at the meter, kW'\nset yrange [0:*]\n@BEGIN\n", f);
  struct plots_parts p = {f, 0};
  bool said = false;
  for (size_t i = 0; i < plots_drawn(o); i++)
    if (known[i]) {
      plots_line(&p, o, "p", i, over_time(o), plots_dash(&o->option[i]), plots_width(o, &o->option[i]));
      plots_titled(f, o->option[i].name);
    }
  for (size_t i = 0; i < plots_drawn(o); i++)
    if (limit[i]) {
      plots_line(&p, o, "c", i, over_time(o), "3", 1.4);
      fputs(" notitle", f);
      if (!said)
        fputs(", NaN with lines lc rgb '#444444' dt 3 lw 1.4 title 'contracted'", f);
      said = true;
    }
  fputs("\n@END\n", f);
  return true;
}

/* ---- demand against capacity, a panel per option ---- */

bool plots_script_capacity(const struct outcome *o, FILE *f) {
  size_t shown[MOST_PANELS], n = 0;
  for (size_t i = 0; i < plots_drawn(o) && n < MOST_PANELS; i++)
    if (series_data(o, o->option[i].name, "provisioned_gpus", "have", i, 1, f) &&
        series_data(o, o->option[i].name, "needed_gpus", "need", i, 1, f))
      shown[n++] = i;
  if (n == 0)
    return false;
  plots_month_axis(o, f);
  fputs("set ylabel 'GPUs'\nset yrange [0:*]\nset offsets 0, 0, graph 0.6, 0\nset key top left inside noopaque\n@BEGIN\n",
        f);
  fprintf(f, "set multiplot layout %d,%d\n", n > 2 ? 2 : 1, n > 1 ? 2 : 1);
  for (size_t k = 0; k < n; k++) {
    const struct outcome_option *p = &o->option[shown[k]];
    plots_label(f, "set title", p->name);
    fprintf(f,
            "plot $have%zu using 1:2 with fillsteps fc rgb '#C9D6E3' title 'paid for (mean of the month)', \\\n"
            "     $need%zu using 1:2 with steps lc rgb '%s' lw 2.4 title 'needed in its peak hour'\n",
            shown[k], shown[k], plots_colour(o, p));
  }
  fputs("unset multiplot\n@END\n", f);
  return true;
}
