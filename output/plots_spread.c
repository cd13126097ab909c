/* Plots of uncertainty: which inputs the total cost depends on, and how sure it is. */
#include <math.h>
#include "base/units.h"
#include "output/db.h"
#include "output/escape.h"
#include "output/plots_draw.h"

enum { MOST_BARS = 12 };

bool plots_script_tornado(const struct outcome *o, FILE *f) {
  if (!o->best)
    return false;
  struct db_query *q = db_query(o->db,
                                "SELECT substr(lo.scope,7), lo.value, hi.value FROM metric lo JOIN metric hi ON "
                                "hi.run=lo.run AND hi.option=lo.option"
                                " AND hi.scope=lo.scope AND hi.name='tornado_high_usd' WHERE lo.run=? AND lo.option=? "
                                "AND lo.name='tornado_low_usd'"
                                " AND lo.value<>hi.value ORDER BY abs(hi.value-lo.value) DESC, lo.scope LIMIT ?",
                                "isi", o->run, o->best->name, (int64_t)MOST_BARS);
  double mid = o->best->tco_usd / plots_money(o).scale, low[MOST_BARS], high[MOST_BARS];
  int n = 0;
  fputs("set ytics scale 0 (", f);
  for (; n < MOST_BARS && db_next(q); n++) {
    fputs(n ? ", " : "", f);
    escape_gnuplot(f, db_text(q, 0));
    fprintf(f, " %d", -n);
    low[n] = db_real(q, 1) / plots_money(o).scale;
    high[n] = db_real(q, 2) / plots_money(o).scale;
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
  plots_label(f, "set xlabel",
              arena_printf(o->arena, "total cost of %s, %s (%.*f with every input at its central value)", o->best->name,
                           plots_money(o).unit, plots_money(o).decimals, mid));
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

bool plots_script_scurve(const struct outcome *o, FILE *f) {
  bool known[PLOTS_MOST_LINES], any = false;
  double end = plots_money_end(o, true);
  for (size_t i = 0; i < plots_drawn(o); i++) {
    double n = db_value(o->db, "SELECT count(*) FROM series WHERE run=? AND option=? AND name='tco_sample'", "is",
                        o->run, o->option[i].name);
    any |= known[i] = n > 1 && !(end > 0 && o->option[i].p10_usd / plots_money(o).scale > end);
    if (!known[i])
      continue;
    struct db_query *q = db_query(
        o->db,
        "SELECT value, k FROM (SELECT value, row_number() OVER (ORDER BY value) k FROM series WHERE run=? AND option=?"
        " AND name='tco_sample') WHERE k%?=0 OR k=1 OR k=? ORDER BY k",
        "isii", o->run, o->option[i].name, (int64_t)(n > PLOTS_THIN_TO ? n / PLOTS_THIN_TO : 1), (int64_t)n);
    fprintf(f, "$s%zu << EOD\n", i);
    while (db_next(q))
      fprintf(f, "%.10g %.6g\n", db_real(q, 0) / plots_money(o).scale, 100 * (db_real(q, 1) - 0.5) / n);
    fputs("EOD\n", f);
    db_done(q);
  }
  if (!any)
    return false;
  fputs("set yrange [0:100]\nset ytics (0, 10, 25, 50, 75, 90, 100)\nset xtics auto\nset ylabel 'replicas that cost no "
        "more than this, %'\n",
        f);
  plots_label(f, "set xlabel", arena_printf(o->arena, "total cost over %d month%s, %s", o->months, units_s(o->months), plots_money(o).unit));
  if (end > 0)
    fprintf(f, "set xrange [0:%.6g]\n", end);
  fputs("@BEGIN\n", f);
  struct plots_parts p = {f, 0};
  for (size_t i = 0; i < plots_drawn(o); i++)
    if (known[i]) {
      plots_line(&p, o, "s", i, "lines", plots_dash(&o->option[i]), plots_width(o, &o->option[i]));
      plots_titled(f, o->option[i].name);
    }
  fputs("\n@END\n", f);
  return true;
}
