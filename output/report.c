#include "output/report.h"
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/mem.h"
#include "output/gnuplot.h"
#include "output/page.h"
#include "output/plots.h"
#include "output/tables.h"

enum { MOST_PLOTS = 32 };

static bool make_dir(const char *path, struct errs *errs) {
  if (mkdir(path, 0777) == 0 || errno == EEXIST)
    return true;
  errs_add(errs, path, 0, NULL, "cannot make the directory: %s", strerror(errno));
  return false;
}

static FILE *create(const char *path, struct errs *errs) {
  FILE *f = fopen(path, "w");
  if (!f)
    errs_add(errs, path, 0, NULL, "cannot write: %s", strerror(errno));
  return f;
}

static bool finish(FILE *f, const char *path, struct errs *errs) {
  bool good = !ferror(f);
  good = fclose(f) == 0 && good;
  if (!good)
    errs_add(errs, path, 0, NULL, "cannot write: %s", strerror(errno));
  return good;
}

/* The script, then its pictures. A plot without data leaves no file, not even an older one. */
static bool draw(const struct outcome *o, const struct plot *p, const char *dir, struct report_result *ret,
                 struct errs *errs) {
  char *stem = arena_printf(o->arena, "%s/%s", dir, p->name), *gp = arena_printf(o->arena, "%s.gp", stem), why[400];
  unlink(arena_printf(o->arena, "%s.svg", stem));
  unlink(arena_printf(o->arena, "%s.png", stem));
  FILE *f = create(gp, errs);
  if (!f)
    return false;
  bool any = plots_write(p, o, f);
  if (!finish(f, gp, errs))
    return false;
  if (!any) {
    unlink(gp);
    return false;
  }
  if (ret->gnuplot_missing)
    return false;
  enum gnuplot_result r = gnuplot_run(dir, arena_printf(o->arena, "%s.gp", p->name), why, sizeof why);
  if (r == GNUPLOT_MISSING)
    ret->gnuplot_missing = true;
  if (r == GNUPLOT_FAILED)
    errs_add(errs, gp, 0, NULL, "gnuplot failed: %s", why);
  ret->plots += r == GNUPLOT_DONE;
  return r == GNUPLOT_DONE;
}

static void write_tables(const struct outcome *o, const char *dir, struct report_result *ret, struct errs *errs) {
  for (size_t i = 0; tables_at(i); i++) {
    const char *path = arena_printf(o->arena, "%s/%s.csv", dir, tables_at(i)->name);
    struct table *t = tables_at(i)->make(o);
    FILE *f = t ? create(path, errs) : NULL;
    if (f) {
      table_write_csv(t, f);
      ret->tables += finish(f, path, errs);
    }
    table_free(t);
  }
}

bool report_write(const struct outcome *o, const char *db_path, const char *dir, struct report_result *ret,
                  struct errs *errs) {
  const char *plots = arena_printf(o->arena, "%s/plots", dir), *tables = arena_printf(o->arena, "%s/tables", dir);
  const char *html = arena_printf(o->arena, "%s/index.html", dir),
             *markdown = arena_printf(o->arena, "%s/report.md", dir);
  bool drawn[MOST_PLOTS] = {false};
  size_t before = errs_count(errs);
  FILE *f;

  *ret = (struct report_result){0};
  if (!make_dir(dir, errs) || !make_dir(plots, errs) || !make_dir(tables, errs))
    return false;
  for (size_t i = 0; plots_at(i) && i < MOST_PLOTS; i++)
    drawn[i] = draw(o, plots_at(i), plots, ret, errs);
  write_tables(o, tables, ret, errs);
  if ((f = create(html, errs))) {
    page_html(o, db_path, dir, drawn, f);
    finish(f, html, errs);
  }
  if ((f = create(markdown, errs))) {
    page_markdown(o, db_path, drawn, f);
    finish(f, markdown, errs);
  }
  return errs_count(errs) == before;
}
