/* Plot of the latencies of a replay: a curve of quantiles an option. */
#include "output/db.h"
#include "output/plots_draw.h"

static bool quantile_data(const struct outcome *o, const char *what, size_t i, FILE *f) {
  struct db_query *q = db_query(o->db, "SELECT t, value FROM series WHERE run=? AND option=? AND name=? ORDER BY t",
                                "iss", o->run, o->option[i].name, arena_printf(o->arena, "%s_quantile_s", what));
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
  struct plots_parts p = {f, 0};
  plots_label(f, "set title", title);
  for (size_t i = 0; i < o->n && i < PLOTS_MOST_LINES; i++) {
    if (!known[i])
      continue;
    fprintf(plots_part(&p), "$%s%zu using 2:1 with lines lc rgb '%s' dt %s lw %.1f", what, i,
            plots_colour(o, &o->option[i]), plots_dash(&o->option[i]), plots_width(o, &o->option[i]));
    plots_titled(f, o->option[i].name);
  }
  fputc('\n', f);
}

bool plots_script_latency(const struct outcome *o, FILE *f) {
  bool ttft[PLOTS_MOST_LINES] = {false}, tpot[PLOTS_MOST_LINES] = {false}, any = false, answers = false;
  for (size_t i = 0; i < o->n && i < PLOTS_MOST_LINES; i++) {
    any |= ttft[i] = quantile_data(o, "ttft", i, f);
    answers |= tpot[i] = quantile_data(o, "tpot", i, f);
  }
  if (!any)
    return false;
  fputs("set logscale x\nset yrange [0:100]\nset key inside right bottom\n", f);
  plots_label(f, "set xlabel", "seconds");
  plots_label(f, "set ylabel", "requests not slower, %");
  fprintf(f, "@BEGIN\nset multiplot layout 1,%d\n", answers ? 2 : 1);
  quantile_panel(o, "ttft", "time to first token", ttft, f);
  if (answers)
    quantile_panel(o, "tpot", "time per output token", tpot, f);
  fputs("unset multiplot\n@END\n", f);
  return true;
}
