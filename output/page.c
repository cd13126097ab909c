#include "output/page.h"
#include "base/units.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "output/escape.h"
#include "output/plots.h"
#include "output/tables.h"

static const char css[] =
    ":root{--ink:#1a1f26;--soft:#5b6672;--line:#e3e7eb;--accent:#0b5cad;--paper:#fff}\n"
    "*{box-sizing:border-box}\n"
    "body{margin:0;background:#f5f6f8;color:var(--ink);font:16px/1.55 system-ui,-apple-system,'Segoe "
    "UI',Helvetica,Arial,sans-serif}\n"
    "main{max-width:84rem;margin:0 auto;padding:2.5rem 2rem 4rem;background:var(--paper)}\n"
    "h1{font-size:1.9rem;line-height:1.2;margin:0 0 .3rem}h2{font-size:1.3rem;margin:2.8rem 0 .4rem}\n"
    ".caveat{font-weight:600;color:#a3260b}\n"
    ".soft,figcaption{color:var(--soft)}p{max-width:50rem;margin:.5rem 0}\n"
    ".answer{border-left:5px solid var(--accent);background:#f0f5fb;padding:1rem 1.4rem;margin:1.6rem 0}\n"
    ".answer p:first-child{font-size:1.25rem;font-weight:600;margin-top:0}\n"
    ".wide{overflow:auto;max-height:38rem;margin:.8rem 0}.wide thead "
    "th{position:sticky;top:0;background:var(--paper)}\n"
    "table{border-collapse:collapse;font-size:.82rem;font-variant-numeric:tabular-nums;min-width:40%}\n"
    "th,td{padding:.3rem .42rem;text-align:right;vertical-align:top;border-bottom:1px solid "
    "var(--line);white-space:nowrap}\n"
    "th{vertical-align:bottom;border-bottom:2px solid #9aa5b1;font-weight:600;line-height:1.25}th "
    "small{font-weight:400;color:var(--soft)}\n"
    "td.l,th.l{text-align:left}td.l:last-child,.text td.l{white-space:normal;min-width:7rem;overflow-wrap:anywhere}\n"
    ".dense th,.dense td{padding:.24rem .32rem;font-size:.76rem}\n"
    "tr.strong td{font-weight:600;background:#f0f5fb}\n"
    "figure{margin:1.2rem 0 2.2rem}figure svg,figure img{width:100%;height:auto;border:1px solid "
    "var(--line)}figcaption{font-size:.92rem}\n"
    "details{margin-top:2.4rem}summary{font-size:1.3rem;font-weight:600;cursor:pointer}\n"
    "nav{font-size:.92rem;margin:1rem 0}nav a{margin-right:1rem}a{color:var(--accent)}\n"
    "footer{margin-top:3rem;padding-top:1rem;border-top:1px solid var(--line);font-size:.86rem;color:var(--soft)}\n"
    "@media "
    "print{.wide{max-height:none}body{background:#fff}main{padding:0}details:not([open])>*{display:block}figure,tr{"
    "break-inside:avoid}}\n";

static const char *title(const struct outcome *o) {
  return o->name ? o->name : "rackcast run";
}

static const char *subtitle(const struct outcome *o) {
  const char *hours = isnan(o->hours_per_year) ? ""
                      : o->hours_per_year > 0  ? arena_printf(o->arena, ", %.0f hours a year", o->hours_per_year)
                                               : ", calendar hours";
  const char *draws = o->replicas > 0 ? arena_printf(o->arena, "%d replica%s over the uncertain inputs", o->replicas, units_s(o->replicas))
                                      : "central values only";
  return arena_printf(o->arena, "%d month%s from %s, prices as of %s, %s%s; %s", o->months, units_s(o->months), o->start ? o->start : "-",
                      o->as_of ? o->as_of : "-", o->basis ? o->basis : "nominal pre-tax", hours, draws);
}

static const char *provenance(const struct outcome *o, const char *db_path) {
  return arena_printf(o->arena,
                      "Made from run %lld of %s alone: scenario %s, input %s, seed %lld, rackcast %s, state %s.",
                      (long long)o->run, db_path, o->scenario ? o->scenario : "-", o->input_hash ? o->input_hash : "-",
                      (long long)o->seed, o->version ? o->version : "-", o->state ? o->state : "-");
}

/* ---- HTML ---- */

static void element(FILE *f, const char *tag, const char *text) {
  fprintf(f, "<%s>", tag);
  escape_html(f, text);
  fprintf(f, "</%.*s>\n", (int)strcspn(tag, " "), tag);
}

static char *slurp(const char *path) {
  FILE *f = fopen(path, "rb");
  if (!f)
    return NULL;
  size_t cap = 0, n = 0;
  char *text = NULL;
  do {
    text = mem_grow(text, &cap, n + 65536, 1);
    n += fread(text + n, 1, cap - n - 1, f);
  } while (!feof(f) && !ferror(f));
  fclose(f);
  text[n] = '\0';
  return text;
}

/* Where `text` starts with an attribute that names or refers to an id, its length up to the name; else 0. */
static size_t id_attribute(const char *text) {
  static const char *const form[] = {" id=\"", " id='", "href=\"#", "href='#", "url(#"};
  for (size_t i = 0; i < sizeof form / sizeof *form; i++)
    if (strncmp(text, form[i], strlen(form[i])) == 0)
      return strlen(form[i]);
  return 0;
}

/* Several SVGs in one page: each gets its ids to itself, and prolog and document type go. */
static void inline_svg(FILE *f, const char *svg, const char *prefix) {
  const char *p = strstr(svg, "<svg");
  while (p && *p) {
    size_t skip = id_attribute(p);
    if (skip) {
      fwrite(p, 1, skip, f);
      fprintf(f, "%s-", prefix);
      p += skip;
    } else
      fputc(*p++, f);
  }
}

static void figure(const struct outcome *o, const struct plot *p, const char *dir, FILE *f) {
  char *path = arena_printf(o->arena, "%s/plots/%s.svg", dir, p->name), *svg = slurp(path);
  if (!svg)
    return;
  fprintf(f, "<figure id=\"%s\">\n", p->name);
  element(f, "h2", p->title);
  inline_svg(f, svg, p->name);
  element(f, "figcaption", p->about);
  fputs("</figure>\n", f);
  mem_free(svg);
}

static void table_section(const struct outcome *o, const struct table_kind *k, FILE *f) {
  bool folded = k->place == TABLE_FOLDED;
  struct table *t = k->place == TABLE_FILE_ONLY ? NULL : k->make(o);
  if (t && table_rows(t)) {
    mem_free(table_drop_unknown(t));
    fprintf(f, "<%s id=\"%s\">\n", folded ? "details" : "section", k->name);
    element(f, folded ? "summary" : "h2", k->title);
    element(f, "p class=\"soft\"", k->about);
    table_write_html(t, f);
    fprintf(f, "</%s>\n", folded ? "details" : "section");
  }
  table_free(t);
}

static void answer(const struct outcome *o, FILE *f) {
  fputs("<div class=\"answer\">\n", f);
  for (const char *const *line = outcome_answer(o); *line; line++)
    element(f, "p", *line);
  fputs("</div>\n", f);
}

void page_html(const struct outcome *o, const char *db_path, const char *dir, const bool *drawn, FILE *f) {
  fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
        "content=\"width=device-width,initial-scale=1\">\n",
        f);
  element(f, "title", title(o));
  fprintf(f, "<style>\n%s</style>\n</head>\n<body>\n<main>\n", css);
  element(f, "h1", title(o));
  element(f, "p class=\"soft\"", subtitle(o));
  if (*outcome_caveat(o))
    element(f, "p class=\"caveat\"", outcome_caveat(o));
  answer(o, f);

  /* The overview, then pictures, then everything else. */
  size_t early = 3; /* summary, why, infeasible */
  for (size_t i = 0; i < early; i++)
    table_section(o, tables_at(i), f);
  bool any = false;
  for (size_t i = 0; plots_at(i); i++)
    if (drawn[i]) {
      figure(o, plots_at(i), dir, f);
      any = true;
    }
  if (!any)
    element(f, "p class=\"soft\"", "No plots: gnuplot was not there, or the run holds nothing to draw.");
  for (size_t i = early; tables_at(i); i++)
    table_section(o, tables_at(i), f);
  element(f, "p class=\"soft\"",
          "Every table, and all figures of the run, are beside this page as CSV files in tables/.");
  element(f, "footer", provenance(o, db_path));
  fputs("</main>\n</body>\n</html>\n", f);
}

/* ---- Markdown ---- */

static void markdown_line(FILE *f, const char *before, const char *text, const char *after) {
  fputs(before, f);
  escape_markdown(f, text);
  fputs(after, f);
}

static void markdown_table(const struct outcome *o, const struct table_kind *k, FILE *f) {
  struct table *t = k->place == TABLE_FILE_ONLY ? NULL : k->make(o);
  if (t && table_rows(t)) {
    mem_free(table_drop_unknown(t));
    markdown_line(f, "\n## ", k->title, "\n\n");
    markdown_line(f, "", k->about, "\n\n");
    table_write_markdown(t, f);
  }
  table_free(t);
}

void page_markdown(const struct outcome *o, const char *db_path, const bool *drawn, FILE *f) {
  markdown_line(f, "# ", title(o), "\n\n");
  markdown_line(f, "", subtitle(o), ".\n");
  for (const char *const *line = outcome_answer(o); *line; line++)
    markdown_line(f, "\n", *line, "\n");
  size_t early = 3;
  for (size_t i = 0; i < early; i++)
    markdown_table(o, tables_at(i), f);
  for (size_t i = 0; plots_at(i); i++)
    if (drawn[i]) {
      markdown_line(f, "\n## ", plots_at(i)->title, "\n\n");
      fprintf(f, "![%s](plots/%s.png)\n\n", plots_at(i)->title, plots_at(i)->name);
      markdown_line(f, "", plots_at(i)->about, "\n");
    }
  for (size_t i = early; tables_at(i); i++)
    markdown_table(o, tables_at(i), f);
  markdown_line(f, "\n---\n\n", provenance(o, db_path), "\n");
}
