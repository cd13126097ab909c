#include "output/plots_draw.h"
#include <math.h>
#include "output/db.h"
#include "output/escape.h"

enum { CONTENDERS = 5, FAR = 3 };

/* Okabe and Ito, then Tol: told apart by the colour-blind, and by dashes besides. */
static const char *const colours[] = {"#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9",
                                      "#882255", "#999933", "#332288", "#000000", "#888888", "#44AA99"};

const char *plots_colour(const struct outcome *o, const struct outcome_option *p) {
  return colours[(size_t)(p - o->option) % (sizeof colours / sizeof *colours)];
}

const char *plots_dash(const struct outcome_option *p) { /* owned solid, rented dashed, mixed in between */
  static const char *const type[] = {
      [OUTCOME_UNKNOWN] = "1", [OUTCOME_OWNED] = "1", [OUTCOME_RENTED] = "(8,4)", [OUTCOME_MIXED] = "(12,3,2,3)"};
  return type[p->class];
}

double plots_width(const struct outcome *o, const struct outcome_option *p) {
  return p == o->best || p == o->rival ? 3.2 : 1.6;
}

void plots_label(FILE *f, const char *command, const char *text) {
  fprintf(f, "%s ", command);
  escape_gnuplot(f, text);
  fputc('\n', f);
}

/* Options to draw: those that do the work; all when none does. */
size_t plots_drawn(const struct outcome *o) {
  size_t n = o->n_feasible ? o->n_feasible : o->n;
  return n < PLOTS_MOST_LINES ? n : PLOTS_MOST_LINES;
}

/* The horizon ends at the last point of the cumulative cost, whatever hours a year has. */
double plots_hours_per_month(const struct outcome *o) {
  double last = db_value(o->db, "SELECT max(t) FROM series WHERE run=? AND name='cumulative_cost_usd'", "i", o->run);
  return last > 0 && o->months > 0 ? last / o->months : 730;
}

/* Axes have no room for long figures: thousands below millions. */
struct outcome_money plots_money(const struct outcome *o) {
  bool large = o->best && fabs(o->best->tco_usd) >= 2e4;
  return o->money.scale > 1 || !large ? o->money : (struct outcome_money){1e3, "k USD", 1};
}

void plots_month_axis(const struct outcome *o, FILE *f) {
  int step = o->months > 36 ? 12 : o->months > 18 ? 6 : o->months > 6 ? 3 : 1;
  fprintf(f, "set xrange [0:%d]\nset xtics %d\nset mxtics %d\n", o->months > 0 ? o->months : 1, step,
          step > 6   ? 4
          : step > 1 ? 3
                     : 1);
  plots_label(f, "set xlabel", arena_printf(o->arena, "months from %s", o->start ? o->start : "the start"));
}

/* Options that the choice is between: the cheapest few, and the baseline. Where many lines would hide each other only
 * they are drawn. */
bool plots_contender(const struct outcome *o, size_t i) {
  const struct outcome_option *p = &o->option[i];
  return i < CONTENDERS || p == o->best || p == o->rival || p == outcome_find(o, o->baseline);
}

/* Where an axis of money ends: what costs several times the winner must not press the contenders flat; its lines leave
 * the plot. `spread`: with the P90 of all contenders, not of the best and its rival alone. 0 = no need to cut. */
double plots_money_end(const struct outcome *o, bool spread) {
  double all = 0, near = 0;
  for (size_t i = 0; i < plots_drawn(o); i++) {
    const struct outcome_option *p = &o->option[i];
    double top = fmax(p->tco_usd, p->p90_usd);
    all = fmax(all, top);
    if (p == o->best || p == o->rival)
      near = fmax(near, top);
    else if (o->best && plots_contender(o, i) && p->tco_usd < FAR * o->best->tco_usd)
      near = fmax(near, spread ? top : p->tco_usd);
  }
  return o->best && near > 0 && all > 1.3 * near ? 1.08 * near / plots_money(o).scale : 0;
}

FILE *plots_part(struct plots_parts *p) {
  fputs(p->n++ ? ", \\\n     " : "plot ", p->f);
  return p->f;
}

void plots_line(struct plots_parts *p, const struct outcome *o, const char *block, size_t i, const char *style,
                const char *dash, double width) {
  fprintf(plots_part(p), "$%s%zu using 1:2 with %s lc rgb '%s' dt %s lw %.1f", block, i, style,
          plots_colour(o, &o->option[i]), dash, width);
}

void plots_titled(FILE *f, const char *text) {
  fputs(" title ", f);
  escape_gnuplot(f, text);
}
