/* Tables with a column per figure: how the work is done, how a replay went. */
#include "output/tables_work.h"
#include <math.h>
#include "output/db.h"
#include "output/tables.h"

struct figure {
  struct table_col col;
  const char *metric;
  double scale;
  int decimals;
  bool telling; /* a row is shown when one of these is known */
};
static const struct figure work_figure[] = {
    {{"TTFT\nP50", "ms", "ttft_p50_ms", false}, "ttft_p50_ms", 1, 0, true},
    {{"TTFT\nP95", "ms", "ttft_p95_ms", false}, "ttft_p95_ms", 1, 0, true},
    {{"TPOT\nP50", "ms", "tpot_p50_ms", false}, "tpot_p50_ms", 1, 1, true},
    {{"TPOT\nP95", "ms", "tpot_p95_ms", false}, "tpot_p95_ms", 1, 1, true},
    {{"within the\nservice level", "%", "slo_attainment_pct", false}, "slo_attainment", 0.01, 2, true},
    {{"unserved", "requests", "unserved_requests", false}, "unserved_requests", 1, 0, false},
    {{"output", "tokens/s", "output_tok_per_s", false}, "output_tok_per_s", 1, 0, false},
    {{"time to\ntrain", "days", "time_to_train_d", false}, "time_to_train_s", 86400, 2, true},
    {{"step", "s", "step_time_s", false}, "step_time_s", 1, 2, true},
    {{"MFU", "%", "mfu_pct", false}, "mfu", 0.01, 1, true},
    {{"goodput", "%", "goodput_pct", false}, "goodput", 0.01, 1, true},
    {{"allocated", "GPU-h", "gpu_hours", false}, "gpu_hours", 1, 0, false},
    {{"training\nrun", "USD", "usd_per_training_run", false}, "usd_per_training_run", 1, 0, false},
};
enum { WORK_FIGURES = sizeof work_figure / sizeof *work_figure };

/* A row per option and scope, a column per figure. Scopes are those that `where` lets through. */
static struct table *by_figures(const struct outcome *o, const char *title, const char *scope, const struct figure *figure, int n, const char *where) {
  enum { MOST = 24 };
  struct table_col col[MOST + 2] = {{"option", "", "option", true}, {scope, "", scope, true}};
  const char *values = "", *telling = "''";
  for (int i = 0; i < n; i++) {
    const struct figure *w = &figure[i];
    col[2 + i] = w->col;
    values = arena_printf(o->arena, "%s, max(CASE name WHEN '%s' THEN value END)", values, w->metric);
    if (w->telling)
      telling = arena_printf(o->arena, "%s,'%s'", telling, w->metric);
  }
  const char *sql = arena_printf(o->arena,
                                 "SELECT option, scope%s FROM metric WHERE run=? AND versus='' AND (%s) GROUP BY option, scope HAVING sum(name IN (%s))>0 ORDER BY" BY_MERIT(
                                     "metric") ", scope<>'whole', scope",
                                 values, where, telling);
  struct table *t = table_create(title, col, (size_t)n + 2);
  struct db_query *q = db_query(o->db, sql, "i", o->run);
  while (db_next(q)) {
    table_row(t);
    table_text(t, db_text(q, 0));
    table_text(t, db_text(q, 1));
    for (int i = 0; i < n; i++)
      table_scaled(t, db_real(q, 2 + i), figure[i].scale, figure[i].decimals);
  }
  db_done(q);
  return t;
}

struct table *tables_work(const struct outcome *o) {
  return by_figures(o, "How the work is done", "work", work_figure, WORK_FIGURES, "scope='whole' OR scope LIKE 'serving:%' OR scope LIKE 'training:%'");
}

static const struct figure replay_figure[] = {
    {{"TTFT\nP50", "s", "ttft_p50_s", false}, "ttft_p50_ms", 1e3, 2, true},
    {{"TTFT\nP95", "s", "ttft_p95_s", false}, "ttft_p95_ms", 1e3, 2, true},
    {{"TTFT\nP99", "s", "ttft_p99_s", false}, "ttft_p99_ms", 1e3, 2, false},
    {{"TPOT\nP50", "ms", "tpot_p50_ms", false}, "tpot_p50_ms", 1, 1, true},
    {{"TPOT\nP95", "ms", "tpot_p95_ms", false}, "tpot_p95_ms", 1, 1, false},
    {{"in\ntime", "%", "slo_attainment_pct", false}, "slo_attainment", 0.01, 1, true},
    {{"goodput", "req/s", "goodput_req_per_s", false}, "goodput_req_per_s", 1, 2, false},
    {{"lost", "requests", "lost_requests", false}, "lost_requests", 1, 0, false},
    {{"output\na GPU", "tok/s", "output_tok_per_s_gpu", false}, "output_tok_per_s_gpu", 1, 1, false},
    {{"cache\nhits", "%", "hit_share_pct", false}, "hit_share", 0.01, 1, false},
    {{"mean\nreplicas", "", "replicas_mean", false}, "replicas_mean", 1, 2, false},
    {{"GPUs\nbusy", "%", "gpu_utilization_pct", false}, "gpu_utilization", 0.01, 0, false},
    {{"energy", "J/tok", "joule_per_token", false}, "joule_per_token", 1, 1, false},
    {{"tokens\nread", "USD/M", "usd_per_mtoken_read", false}, "usd_per_mtoken_read", 1, 3, false},
    {{"tokens\nwritten", "USD/M", "usd_per_mtoken_written", false}, "usd_per_mtoken_written", 1, 2, false},
};
enum { REPLAY_FIGURES = sizeof replay_figure / sizeof *replay_figure };

struct table *tables_replay_parts(const struct outcome *o) {
  return by_figures(o, "How the replay went", "part", replay_figure, REPLAY_FIGURES, "scope='replay' OR scope LIKE 'replay:%'");
}

struct table *tables_replay(const struct outcome *o) {
  double rows = db_value(o->db, "SELECT count(*) FROM metric WHERE run=? AND scope='replay'", "i", o->run);
  struct table *t = rows > 0 ? by_figures(o, "How the replay went", "part", replay_figure, REPLAY_FIGURES, "scope='replay'") : NULL;
  static const char *const wide[] = {"part", "ttft_p99_s", "goodput_req_per_s"}; /* for want of room; the report has them */
  for (int i = 0; t && i < 3; i++)
    table_drop(t, wide[i]);
  return t;
}
