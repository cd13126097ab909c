#include "output/summary.h"
#include "base/units.h"
#include <math.h>
#include <string.h>
#include "output/db.h"
#include "output/escape.h"
#include "output/tables.h"

enum { WIDTH = 100, MOST_PARTS = 8, MOST_WARNINGS = 6, MOST_INPUTS = 4 };

/* No-break blanks kept a word together; on the terminal they are plain ones. In place. */
static void plain_blanks(char *word) {
  char *to = word;
  for (const char *from = word; *from; from++)
    if (from[0] == '\xc2' && from[1] == '\xa0') {
      *to++ = ' ';
      from++;
    } else
      *to++ = *from;
  *to = '\0';
}

/* Words of plain text behind a `mark`, broken at WIDTH, later lines indented as deep as the mark. */
static void wrapped(FILE *f, const char *mark, const char *text) {
  int at = 0, indent = (int)strlen(mark);
  fputs(mark, f);
  while (*text) {
    size_t len = strcspn(text, " ");
    char *word = mem_printf("%.*s", (int)len, text);
    plain_blanks(word);
    int width = (int)escape_width(word);
    if (at && at + 1 + width > WIDTH - indent) {
      fprintf(f, "\n%*s", indent, "");
      at = 0;
    }
    fputs(at ? " " : "", f);
    escape_terminal(f, word);
    at += (at > 0) + width;
    mem_free(word);
    text += len + strspn(text + len, " ");
  }
  fputc('\n', f);
}

static void heading(const struct outcome *o, FILE *f) {
  const char *hours = isnan(o->hours_per_year) ? ""
                      : o->hours_per_year > 0  ? arena_printf(o->arena, ", %.0f hours a year", o->hours_per_year)
                                               : ", calendar hours";
  const char *draws =
      o->replicas > 0 ? arena_printf(o->arena, "%d replica%s", o->replicas, units_s(o->replicas)) : "central values, no replicas";
  wrapped(f, "",
          arena_printf(o->arena, "%s: %d month%s from %s, prices as of %s, %s%s; %s, seed %lld.%s",
                       o->name ? o->name : "run", o->months, units_s(o->months), o->start ? o->start : "-", o->as_of ? o->as_of : "-",
                       o->basis ? o->basis : "nominal pre-tax", hours, draws, (long long)o->seed, outcome_caveat(o)));
}

static void answer(const struct outcome *o, FILE *f) {
  const char *const *line = outcome_answer(o);
  fputc('\n', f);
  wrapped(f, "", *line);
  while (*++line)
    wrapped(f, "  - ", *line);
}

static void side_by_side(const struct outcome *o, FILE *f) {
  if (!o->n)
    return;
  struct table *t = tables_find("summary")->make(o);
  table_drop(t, "gpu_utilization_pct"); /* for want of room; the report has it */
  char *dropped = table_drop_unknown(t);
  fputc('\n', f);
  table_write_text(t, f);
  if (o->n_feasible)
    wrapped(f, "", "GPU hour: the cost over the GPU-hours given to work. Load: what of the GPUs' capacity was used.");
  if (o->n_feasible && o->baseline && *o->baseline && o->n > 1)
    wrapped(f, "",
            arena_printf(o->arena, "P: share of the replicas. Break-even and P cheaper are against %s.", o->baseline));
  if (*dropped && o->n_feasible)
    wrapped(f, "", arena_printf(o->arena, "Not known in this run: %s.", dropped));
  mem_free(dropped);
  table_free(t);
}

static void replay(const struct outcome *o, FILE *f) {
  struct table *t = tables_replay(o);
  if (!t)
    return;
  mem_free(table_drop_unknown(t));
  fputc('\n', f);
  table_write_text(t, f);
  table_free(t);
}

static void why(const struct outcome *o, FILE *f) {
  struct table *t = tables_why(o);
  if (!t)
    return;
  fputc('\n', f);
  table_write_text(t, f);
  table_free(t);
}

/* "- option: text" of the events of a kind; those past `most` are counted. */
static void events(const struct outcome *o, FILE *f, const char *kind, const char *title, int most) {
  struct db_query *q =
      db_query(o->db, "SELECT DISTINCT option, text FROM event WHERE run=? AND kind=? ORDER BY option, rowid", "is",
               o->run, kind);
  int n = 0;
  for (; db_next(q); n++) {
    if (n == 0)
      fprintf(f, "\n%s\n", title);
    if (n < most)
      wrapped(f, "  - ", arena_printf(o->arena, "%s%s%s", db_text(q, 0), *db_text(q, 0) ? ": " : "", db_text(q, 1)));
  }
  if (n > most)
    fprintf(f, "  ... and %d more (rackcast report shows all)\n", n - most);
  db_done(q);
}

/* The same for every option that uses such servers, so without their names. */
static void fits(const struct outcome *o, FILE *f) {
  struct db_query *q =
      db_query(o->db, "SELECT DISTINCT text FROM event WHERE run=? AND kind='fit' ORDER BY text", "i", o->run);
  for (int n = 0; db_next(q); n++) {
    if (n == 0)
      fputs("\nWhat does not fit one server\n", f);
    wrapped(f, "  - ", db_text(q, 0));
  }
  db_done(q);
}

static void what_could_change(const struct outcome *o, FILE *f) {
  if (!o->best)
    return;
  struct db_query *q = db_query(
      o->db,
      "SELECT substr(lo.scope,7), lo.value, hi.value, f.value, f.unit FROM metric lo JOIN metric hi ON hi.run=lo.run "
      "AND hi.option=lo.option"
      " AND hi.scope=lo.scope AND hi.name='tornado_high_usd' LEFT JOIN metric f ON f.run=lo.run AND f.option=lo.option "
      "AND f.scope=lo.scope"
      " AND f.name='flip_value' AND f.value IS NOT NULL WHERE lo.run=?1 AND lo.option=?2 AND lo.name='tornado_low_usd'"
      " GROUP BY lo.scope ORDER BY abs(hi.value-lo.value) DESC, lo.scope LIMIT ?3",
      "isi", o->run, o->best->name, (int64_t)MOST_INPUTS);
  for (int n = 0; db_next(q); n++) {
    if (n == 0)
      fprintf(f, "\nWhat moves the total of the cheapest option most\n");
    const char *flip =
        db_null(q, 3) ? "" : arena_printf(o->arena, "; the choice flips at %.4g %s", db_real(q, 3), db_text(q, 4));
    wrapped(f, "  - ",
            arena_printf(o->arena, "%s: from %s to %s%s", db_text(q, 0),
                         outcome_usd(o, fmin(db_real(q, 1), db_real(q, 2))),
                         outcome_usd(o, fmax(db_real(q, 1), db_real(q, 2))), flip));
  }
  db_done(q);
}

void summary_write(const struct outcome *o, FILE *f) {
  heading(o, f);
  answer(o, f);
  side_by_side(o, f);
  replay(o, f);
  why(o, f);
  what_could_change(o, f);
  fits(o, f);
  events(o, f, "infeasible", "Options that do not do the work", 1000);
  events(o, f, "warning", "Be careful", MOST_WARNINGS);
}
