#include "output/plots.h"
#include <string.h>
#include "base/mem.h"
#include "output/plots_draw.h"

enum { WIDTH_PX = 1000, HEIGHT_PX = 560 };

static const struct plot plot[] = {
    {"latency", "Latencies of the replay",
     "The share of requests that were not slower than so many seconds; the line to the left is the better. What an "
     "option looks like when all is well stands in the lower half, what its "
     "worst requests see at the top.",
     plots_script_latency},
    {"cumulative-cost", "Cumulative cost",
     "Where two lines cross, the one that runs below from there on has paid off; the dotted mark is the crossing of "
     "the cheapest option (thick) with what it is"
     " compared with (thick). Owned options solid, rented dashed; shaded: P10 to P90 of the replicas."
     " Lines that leave at the top cost several times the cheapest.",
     plots_script_cumulative},
    {"cost-breakdown", "Where the money goes",
     "Billed cost by group; a resale at the end counts against it, to the left of zero. Bars that leave at the right "
     "(>) cost several times the cheapest.",
     plots_script_breakdown},
    {"capacity", "Demand and capacity",
     "Where the area stands above the line, capacity is paid for that the peak does not need; rented by the hour it "
     "may lie below, for it follows the day.",
     plots_script_capacity},
    {"utilization", "Utilization over time",
     "Owned machines are there at night too; what is rented by the hour follows the demand. Low load is what makes "
     "ownership dear.",
     plots_script_utilization},
    {"power", "Power over time",
     "Means of each month, owned and rented machines together; the peak in the table is the highest draw of all. "
     "Dotted: "
     "the power contracted with the own site, which is billed whether drawn or not.",
     plots_script_power},
    {"tornado", "What the total cost depends on",
     "One input at a time at its low and high end, the others at their central values, for the cheapest option.",
     plots_script_tornado},
    {"s-curve", "How sure the total cost is",
     "Read at 50 % for the median, at 90 % for a budget that holds in nine cases of ten.", plots_script_scurve},
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
    plots_label(f, "set title", o->name && *o->name ? arena_printf(o->arena, "%s: %s", o->name, p->title) : p->title);
    fwrite(body, 1, (size_t)(begin - body), f);
    passes(p, f);
    fwrite(begin + 7, 1, (size_t)(end - begin) - 7, f);
    fputs("}\nunset output\n", f);
  }
  mem_free(body);
  return end != NULL;
}
