#include "output/export.h"
#include <math.h>
#include <string.h>
#include "base/csv.h"
#include "output/db.h"
#include "output/escape.h"
#include "output/page.h"
#include "output/plots.h"
#include "output/tables.h"

/* ---- CSV ---- */

/* Every column but the leading `skip`; numbers in full, text guarded against formulas. */
static void dump(struct db_query *q, int skip, FILE *f) {
  for (int c = skip; c < db_columns(q); c++) {
    fputs(c > skip ? "," : "", f);
    csv_write_field(f, db_column_name(q, c));
  }
  fputc('\n', f);
  while (db_next(q)) {
    for (int c = skip; c < db_columns(q); c++) {
      fputs(c > skip ? "," : "", f);
      if (db_is_number(q, c))
        fprintf(f, "%.12g", db_real(q, c)); /* not the rounding of the last bits */
      else
        csv_write_field(f, db_text(q, c));
    }
    fputc('\n', f);
  }
  db_done(q);
}

static bool write_focus(const struct outcome *o, const char *table, FILE *f, struct errs *errs) {
  (void)errs;
  dump(db_query(o->db,
                "SELECT * FROM v_focus WHERE run=?1 AND (?2 IS NULL OR option=?2) ORDER BY option, BillingPeriodStart, "
                "ServiceName, ResourceId, ChargeDescription",
                "is", o->run, table),
       2, f);
  return true;
}

/* Tables of the database itself, as they are. */
static const char *const raw[] = {"run",   "input",         "metric",           "series",     "charge",
                                  "event", "job",           "request",          "validation", "v_summary",
                                  "v_tco", "v_utilization", "v_charges_by_year"};

static const char *table_name_at(const void *ctx, size_t i) {
  size_t made = 0;
  (void)ctx;
  while (tables_at(made))
    made++;
  return i < made ? tables_at(i)->name : i - made < sizeof raw / sizeof *raw ? raw[i - made] : NULL;
}

static bool unknown_table(const struct outcome *o, const char *name, struct errs *errs) {
  const char *near = err_nearest(name, table_name_at, NULL), *list = "";
  for (size_t i = 0; table_name_at(NULL, i); i++)
    list = arena_printf(o->arena, "%s%s%s", list, i ? ", " : "", table_name_at(NULL, i));
  errs_add(errs, NULL, 0, NULL, "no table '%s'%s%s%s; there are %s", name, near ? ", did you mean '" : "",
           near ? near : "", near ? "'?" : "", list);
  return false;
}

static bool write_csv(const struct outcome *o, const char *table, FILE *f, struct errs *errs) {
  const struct table_kind *kind = tables_find(table ? table : "metrics");
  for (size_t i = 0; !kind && i < sizeof raw / sizeof *raw; i++)
    if (strcmp(raw[i], table) == 0) {
      dump(db_query(o->db, arena_printf(o->arena, "SELECT * FROM %s WHERE run=?", raw[i]), "i", o->run), 0, f);
      return true;
    }
  if (!kind)
    return unknown_table(o, table, errs);
  struct table *t = kind->make(o);
  if (t)
    table_write_csv(t, f);
  table_free(t);
  return true;
}

/* ---- Markdown ---- */

static bool write_markdown(const struct outcome *o, const char *table, FILE *f, struct errs *errs) {
  static const bool no_plots[32];
  if (!table) {
    page_markdown(o, "the database", no_plots, f);
    return true;
  }
  const struct table_kind *kind = tables_find(table);
  if (!kind)
    return unknown_table(o, table, errs);
  struct table *t = kind->make(o);
  if (t)
    table_write_markdown(t, f);
  table_free(t);
  return true;
}

/* ---- Chrome trace (chrome://tracing, Perfetto): an option is a process; jobs are slices, series counters, events
 * instants. A simulated hour is shown as a second. ---- */

static void trace_head(FILE *f, bool *first, int64_t pid, const char *phase, const char *name) {
  fprintf(f, "%s\n{\"ph\":\"%s\",\"pid\":%lld,\"tid\":0,\"name\":", *first ? "" : ",", phase, (long long)pid);
  *first = false;
  escape_json(f, name);
}

static void trace_options(const struct outcome *o, FILE *f, bool *first) {
  for (size_t i = 0; i < o->n; i++) {
    trace_head(f, first, (int64_t)i + 1, "M", "process_name");
    fputs(",\"args\":{\"name\":", f);
    escape_json(f, o->option[i].name);
    fputs("}}", f);
  }
}

static int64_t pid_of(const struct outcome *o, const char *option) {
  const struct outcome_option *p = outcome_find(o, option);
  return p ? p - o->option + 1 : 0;
}

static void trace_jobs(const struct outcome *o, FILE *f, bool *first) {
  struct db_query *q = db_query(o->db,
                                "SELECT option, name, start_h, end_h, gpus, state FROM job WHERE run=? AND start_h IS "
                                "NOT NULL AND end_h IS NOT NULL ORDER BY option, start_h, rowid",
                                "i", o->run);
  while (db_next(q)) {
    trace_head(f, first, pid_of(o, db_text(q, 0)), "X", db_text(q, 1));
    fprintf(f, ",\"ts\":%.6f,\"dur\":%.6f,\"args\":{\"gpus\":%.10g,\"state\":", db_real(q, 2) * 1e6,
            (db_real(q, 3) - db_real(q, 2)) * 1e6, db_null(q, 4) ? 0.0 : db_real(q, 4));
    escape_json(f, db_text(q, 5));
    fputs("}}", f);
  }
  db_done(q);
}

static void trace_events(const struct outcome *o, FILE *f, bool *first) {
  struct db_query *q =
      db_query(o->db, "SELECT option, kind, t, text FROM event WHERE run=? ORDER BY option, t, rowid", "i", o->run);
  while (db_next(q)) {
    trace_head(f, first, pid_of(o, db_text(q, 0)), "i", db_text(q, 1));
    fprintf(f, ",\"s\":\"p\",\"ts\":%.6f,\"args\":{\"text\":", db_real(q, 2) * 1e6);
    escape_json(f, db_text(q, 3));
    fputs("}}", f);
  }
  db_done(q);
}

static void trace_series(const struct outcome *o, FILE *f, bool *first) {
  struct db_query *q = db_query(o->db,
                                "SELECT option, name, t, value FROM series WHERE run=? AND name<>'tco_sample' AND "
                                "value IS NOT NULL ORDER BY option, name, t",
                                "i", o->run);
  while (db_next(q)) {
    trace_head(f, first, pid_of(o, db_text(q, 0)), "C", db_text(q, 1));
    fprintf(f, ",\"ts\":%.6f,\"args\":{\"value\":%.10g}}", db_real(q, 2) * 1e6, db_real(q, 3));
  }
  db_done(q);
}

static bool write_chrome_trace(const struct outcome *o, const char *table, FILE *f, struct errs *errs) {
  (void)table;
  (void)errs;
  bool first = true;
  fputs("{\"displayTimeUnit\":\"ms\",\"traceEvents\":[", f);
  trace_options(o, f, &first);
  trace_jobs(o, f, &first);
  trace_events(o, f, &first);
  trace_series(o, f, &first);
  fputs("\n]}\n", f);
  return true;
}

/* ---- the list ---- */

static const struct export_format format[] = {
    {"focus", "charges in the columns of FOCUS 1.2 (FinOps), CSV; --table is the option, default all", write_focus},
    {"csv", "one table, of the report or of the database; --table, default metrics", write_csv},
    {"markdown", "the report without plots; with --table that table alone", write_markdown},
    {"chrome-trace", "jobs, events and series for chrome://tracing or Perfetto; an hour is shown as a second",
     write_chrome_trace},
};

const struct export_format *export_at(size_t i) {
  return i < sizeof format / sizeof *format ? &format[i] : NULL;
}

const struct export_format *export_find(const char *name, struct errs *errs) {
  for (size_t i = 0; export_at(i); i++)
    if (strcmp(export_at(i)->name, name) == 0)
      return export_at(i);
  errs_add(errs, NULL, 0, NULL, "no format '%s'; there are focus, csv, markdown, chrome-trace", name);
  return NULL;
}
