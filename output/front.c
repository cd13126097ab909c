#include "output/front.h"
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "base/mem.h"
#include "output/escape.h"
#include "output/gnuplot.h"

/* Okabe and Ito: told apart by the colour-blind, and by their marks besides. */
static const char *const colours[] = {"#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#882255", "#999933", "#332288", "#000000"};
enum { COLOURS = sizeof colours / sizeof *colours };
static const int marks[] = {5, 9, 13, 7, 11, 4, 8, 12, 10}; /* gnuplot's squares, triangles, diamonds, discs: full, then open */
enum { MARKS = sizeof marks / sizeof *marks };

static bool begins(const struct front_plot *p, size_t i) {
  return i == 0 || strcmp(p->point[i].series, p->point[i - 1].series) != 0;
}

/* A data block for each series, and one of the best points. */
static void write_data(const struct front_plot *p, FILE *f) {
  int series = 0;
  for (size_t i = 0; i < p->n; i++) {
    if (begins(p, i)) {
      fprintf(f, "%s$s%d << EOD\n", series ? "EOD\n" : "", series + 1);
      series++;
    }
    fprintf(f, "%.10g %.10g\n", p->point[i].tok_per_s, p->point[i].mtok_per_usd);
  }
  fputs("EOD\n$best << EOD\n", f);
  for (size_t i = 0; i < p->n; i++)
    if (p->point[i].best)
      fprintf(f, "%.10g %.10g\n", p->point[i].tok_per_s, p->point[i].mtok_per_usd);
  fputs("EOD\n", f);
}

static void write_ranges(const struct front_plot *p, FILE *f) {
  double x0 = INFINITY, x1 = 0, y0 = INFINITY, y1 = 0;
  for (size_t i = 0; i < p->n; i++) {
    x0 = fmin(x0, p->point[i].tok_per_s);
    x1 = fmax(x1, p->point[i].tok_per_s);
    y0 = fmin(y0, p->point[i].mtok_per_usd);
    y1 = fmax(y1, p->point[i].mtok_per_usd);
  }
  if (p->least_tok_per_s > 0)
    x0 = fmin(x0, p->least_tok_per_s);
  fprintf(f, "set xrange [%.6g:%.6g]\nset yrange [%.6g:%.6g]\n", x0 / 1.2, x1 * 1.2, y0 / 1.5, y1 * 1.5);
}

static void write_frame(const struct front_plot *p, FILE *f) {
  fputs("set encoding utf8\nset border 3 lc rgb '#888888'\nset tics nomirror tc rgb '#222222'\nset grid lc rgb '#E4E4E4' lt 1 lw 1\n"
        "set key outside right top vertical Left reverse samplen 2.4 spacing 1.2\nset logscale xy\n"
        "set xtics (1,2,5,10,20,50,100,200,500,1000)\nset format y '%g'\nset title ",
        f);
  escape_gnuplot(f, p->title);
  fputs("\nset xlabel 'speed: output tokens a second for a user'\nset ylabel 'million output tokens for a dollar'\n", f);
  write_ranges(p, f);
  if (p->least_tok_per_s > 0)
    fprintf(f,
            "set arrow 1 from first %.6g, graph 0 to first %.6g, graph 1 nohead lc rgb '#444444' dt 3 lw 1.5\n"
            "set label 1 'limit on time per token' at first %.6g, graph 0.02 left offset 0.6,0 tc rgb '#444444'\n",
            p->least_tok_per_s, p->least_tok_per_s, p->least_tok_per_s);
}

static void write_drawing(const struct front_plot *p, const char *name, FILE *f) {
  fprintf(f, "do for [pass=1:2] {\nif (pass == 1) { set terminal svg size 1000,560 dynamic noenhanced font 'Helvetica,Arial,sans-serif,15' background '#ffffff'; set output ");
  escape_gnuplot(f, name);
  fprintf(f, ".'.svg' }\nif (pass == 2) { set terminal pngcairo size 2000,1120 noenhanced font 'DejaVu Sans,21' linewidth 1.7 background '#ffffff'; set output ");
  escape_gnuplot(f, name);
  fputs(".'.png' }\nplot $best using 1:2 with points pt 6 ps 2.4 lw 1.6 lc rgb '#777777' title 'none better in both'", f);
  int s = 0;
  for (size_t i = 0; i < p->n; i++)
    if (begins(p, i)) {
      fprintf(f, ", \\\n     $s%d using 1:2 with linespoints lc rgb '%s' pt %d lw 1.8 title ", s + 1, colours[s % COLOURS], marks[s % MARKS]);
      escape_gnuplot(f, p->point[i].series);
      s++;
    }
  fputs("\n}\nunset output\n", f);
}

static bool write_script(const struct front_plot *p, const char *path, const char *name, struct errs *errs) {
  FILE *f = fopen(path, "w");
  if (!f) {
    errs_add(errs, path, 0, NULL, "cannot write: %s", strerror(errno));
    return false;
  }
  fprintf(f, "# Redraw with: gnuplot -d %s.gp\n", name);
  write_data(p, f);
  write_frame(p, f);
  write_drawing(p, name, f);
  bool bad = ferror(f);
  if (fclose(f) != 0 || bad) {
    errs_add(errs, path, 0, NULL, "cannot write: %s", strerror(errno));
    return false;
  }
  return true;
}

bool front_draw(const struct front_plot *p, const char *stem, struct errs *errs) {
  struct arena *a = arena_create();
  const char *slash = strrchr(stem, '/'), *name = slash ? slash + 1 : stem;
  const char *dir = slash ? arena_printf(a, "%.*s", (int)(slash - stem + 1), stem) : ".", *gp = arena_printf(a, "%s.gp", stem);
  char why[400];
  bool ok = write_script(p, gp, name, errs);
  enum gnuplot_result r = ok ? gnuplot_run(dir, arena_printf(a, "%s.gp", name), why, sizeof why) : GNUPLOT_DONE;
  if (r == GNUPLOT_MISSING)
    errs_add(errs, gp, 0, NULL, "gnuplot is not installed: the script is there, the pictures are not");
  if (r == GNUPLOT_FAILED)
    errs_add(errs, gp, 0, NULL, "gnuplot failed: %s", why);
  arena_destroy(a);
  return ok && r == GNUPLOT_DONE;
}
