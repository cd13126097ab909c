/* What the plots share: colours, axes, and the parts of a plot command; and the scripts themselves, one a plot. Texts
 * live in the outcome's arena. */
#ifndef OUTPUT_PLOTS_DRAW_H
#define OUTPUT_PLOTS_DRAW_H
#include <stdbool.h>
#include <stdio.h>
#include "output/outcome.h"

enum {
  PLOTS_MOST_LINES = 12, /* options drawn */
  PLOTS_THIN_TO = 240    /* points of a line */
};

/* How option p of o is drawn: a colour of its own as "#rrggbb", gnuplot's dash type, the width of its line. */
const char *plots_colour(const struct outcome *o, const struct outcome_option *p);
const char *plots_dash(const struct outcome_option *p);
double plots_width(const struct outcome *o, const struct outcome_option *p);

size_t plots_drawn(const struct outcome *o);             /* the first so many options are drawn */
bool plots_contender(const struct outcome *o, size_t i); /* the choice is between option i and others */

struct outcome_money plots_money(const struct outcome *o); /* unit of the axes */
double plots_money_end(const struct outcome *o,
                       bool spread); /* where an axis of money is cut, in that unit; 0 = nowhere */
double plots_hours_per_month(const struct outcome *o);
void plots_month_axis(const struct outcome *o, FILE *f);

/* `command "text"`, the text escaped. */
void plots_label(FILE *f, const char *command, const char *text);

/* A plot command under way: every part after the first was written as ", \\\n part". Starts as {f, 0}. */
struct plots_parts {
  FILE *f;
  int n;
};
FILE *plots_part(struct plots_parts *p); /* begins the next part; returns p->f */
/* The part that draws data block $BLOCKi as option i's; `style` is gnuplot's: lines, steps. */
void plots_line(struct plots_parts *p, const struct outcome *o, const char *block, size_t i, const char *style,
                const char *dash, double width);
void plots_titled(FILE *f, const char *text); /* the part's line in the key */

/* Scripts: data blocks, settings, then between @BEGIN and @END what is drawn on each terminal (struct plot). */
bool plots_script_cumulative(const struct outcome *o, FILE *f);
bool plots_script_breakdown(const struct outcome *o, FILE *f);
bool plots_script_tornado(const struct outcome *o, FILE *f);
bool plots_script_scurve(const struct outcome *o, FILE *f);
bool plots_script_utilization(const struct outcome *o, FILE *f);
bool plots_script_power(const struct outcome *o, FILE *f);
bool plots_script_capacity(const struct outcome *o, FILE *f);
bool plots_script_latency(const struct outcome *o, FILE *f);
#endif
