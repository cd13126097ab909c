#include "output/store.h"
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include "base/date.h"
#include "base/mem.h"
#include "output/db.h"
#include "output/schema.h"

enum { WRITER_PATIENCE_MS = 60000 };

enum statement {
  PUT_INPUT,
  PUT_METRIC,
  PUT_POINT,
  PUT_CHARGE,
  PUT_EVENT,
  PUT_JOB,
  PUT_REQUEST,
  PUT_VALIDATION,
  STATEMENTS
};
static const char *const statement_sql[STATEMENTS] = {
    [PUT_INPUT] = "INSERT INTO input VALUES(?,?,?,?,?,?,?,?)",
    [PUT_METRIC] = "INSERT INTO metric VALUES(?,?,?,?,?,?,?,?,?,?)",
    [PUT_POINT] = "INSERT INTO series VALUES(?,?,?,?,?)",
    [PUT_CHARGE] =
        "INSERT INTO charge(run,option,kind,month,BilledCost,EffectiveCost,ListCost,ContractedCost,ListUnitPrice,"
        "ContractedUnitPrice,PricingQuantity,PricingUnit,PricingCategory,ConsumedQuantity,ConsumedUnit,BillingCurrency,"
        "ChargeCategory,ChargeFrequency,ChargeDescription,ChargePeriodStart,ChargePeriodEnd,BillingPeriodStart,"
        "BillingPeriodEnd,CommitmentDiscountStatus,ServiceCategory,ServiceName,ResourceId,ResourceName)"
        "VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
    [PUT_EVENT] = "INSERT INTO event VALUES(?,?,?,?,?)",
    [PUT_JOB] = "INSERT INTO job VALUES(?,?,?,?,?,?,?,?,?)",
    [PUT_REQUEST] = "INSERT INTO request VALUES(?,?,?,?,?,?,?)",
    [PUT_VALIDATION] = "INSERT INTO validation VALUES(?,?,?,?,?,?,?,?)",
};

struct store {
  sqlite3 *db;
  char *path;
  sqlite3_stmt *put[STATEMENTS];
  struct sim_listener listener;
  pthread_mutex_t lock; /* records come from the simulation, store_interrupt from the signal thread */
  int64_t run;          /* 0 = none open */
  bool broken;
  char problem[256];
};

/* ---- opening ---- */

static bool exec(struct store *s, const char *sql) {
  if (sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK)
    return true;
  if (!s->broken)
    snprintf(s->problem, sizeof s->problem, "%s", sqlite3_errmsg(s->db));
  s->broken = true;
  return false;
}

static bool fail(struct store *s, struct errs *errs) {
  errs_add(errs, s->path, 0, NULL, "cannot write the database: %s", s->problem);
  return false;
}

/* Views are made anew each time: they read the tables alone, and the file may be older than ours. */
static bool renew_views(struct store *s) {
  bool good = true;
  for (int i = 0; good && i < SCHEMA_VIEWS; i++) {
    char *sql = mem_printf("DROP VIEW IF EXISTS %s; CREATE VIEW %s AS %s", schema_views[i].name, schema_views[i].name,
                           schema_views[i].select);
    good = exec(s, sql);
    mem_free(sql);
  }
  return good;
}

static bool views_current(struct store *s) {
  for (int i = 0; i < SCHEMA_VIEWS; i++) {
    char *sql = mem_printf("CREATE VIEW %s AS %s", schema_views[i].name, schema_views[i].select);
    bool same = db_value(s->db, "SELECT count(*) FROM sqlite_schema WHERE type='view' AND sql=?", "s", sql) == 1;
    mem_free(sql);
    if (!same)
      return false;
  }
  return true;
}

static bool create_schema(struct store *s) {
  char ids[96];
  snprintf(ids, sizeof ids, "PRAGMA application_id=%d; PRAGMA user_version=%d;", SCHEMA_APPLICATION_ID, SCHEMA_VERSION);
  return exec(s, schema_tables_sql) && exec(s, ids);
}

/* In one transaction, so that a kill leaves an empty file or a whole layout, and of two programs that open a new file
 * at once one makes it. */
static bool prepare_file(struct store *s, struct errs *errs) {
  if (!exec(s, "BEGIN IMMEDIATE"))
    return fail(s, errs);
  bool ours = true;
  bool good = db_is_empty(s->db) ? create_schema(s) : (ours = db_is_ours(s->db, s->path, errs));
  if (good && (views_current(s) || renew_views(s)) && exec(s, "COMMIT"))
    return true;
  sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
  return ours ? fail(s, errs) : false;
}

static bool prepare_statements(struct store *s, struct errs *errs) {
  for (int i = 0; i < STATEMENTS; i++)
    if (sqlite3_prepare_v3(s->db, statement_sql[i], -1, SQLITE_PREPARE_PERSISTENT, &s->put[i], NULL) != SQLITE_OK) {
      errs_add(errs, s->path, 0, NULL, "cannot write the database: %s", sqlite3_errmsg(s->db));
      return false;
    }
  return true;
}

static void fill_listener(struct store *s);

struct store *store_open(const char *path, struct errs *errs) {
  if (db_looks_foreign(path, errs))
    return NULL;
  struct store *s = mem_alloc(sizeof *s);
  s->path = mem_strdup(path);
  pthread_mutex_init(&s->lock, NULL);
  fill_listener(s);
  /* NOMUTEX: the lock above serialises; private cache large enough that a transaction seldom spills early. */
  if (sqlite3_open_v2(path, &s->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL) !=
      SQLITE_OK) {
    errs_add(errs, path, 0, NULL, "cannot open the database: %s", sqlite3_errmsg(s->db));
    store_close(s);
    return NULL;
  }
  sqlite3_busy_timeout(s->db, WRITER_PATIENCE_MS);
  if (!prepare_file(s, errs) || !exec(s, "PRAGMA cache_size=-16000; PRAGMA synchronous=NORMAL") ||
      !prepare_statements(s, errs)) {
    store_close(s);
    return NULL;
  }
  return s;
}

/* ---- one row ---- */

static void text(sqlite3_stmt *q, int i, const char *value) {
  sqlite3_bind_text(q, i, value, -1, SQLITE_STATIC); /* NULL stays NULL; bound only during the step */
}

static void number(sqlite3_stmt *q, int i, double value) {
  sqlite3_bind_double(q, i, value); /* SQLite stores NaN as NULL: unknown stays unknown */
}

static sqlite3_stmt *row(struct store *s, enum statement which, const char *option) {
  pthread_mutex_lock(&s->lock);
  sqlite3_stmt *q = s->put[which];
  sqlite3_bind_int64(q, 1, s->run);
  text(q, 2, option ? option : "");
  return q;
}

static void put(struct store *s, sqlite3_stmt *q) {
  if (s->run && !s->broken && sqlite3_step(q) != SQLITE_DONE) {
    snprintf(s->problem, sizeof s->problem, "%s", sqlite3_errmsg(s->db));
    s->broken = true;
  }
  sqlite3_reset(q);
  pthread_mutex_unlock(&s->lock);
}

/* ---- the listener ---- */

static void on_input(void *ctx, const struct rec_input *r) {
  sqlite3_stmt *q = row(ctx, PUT_INPUT, r->option);
  text(q, 3, r->key);
  text(q, 4, r->value);
  text(q, 5, r->unit);
  text(q, 6, r->source);
  text(q, 7, r->date);
  text(q, 8, r->grade);
  put(ctx, q);
}

static void on_metric(void *ctx, const struct rec_metric *r) {
  sqlite3_stmt *q = row(ctx, PUT_METRIC, r->option);
  text(q, 3, r->scope ? r->scope : "whole");
  text(q, 4, r->name);
  text(q, 5, r->versus ? r->versus : "");
  number(q, 6, r->value);
  text(q, 7, r->unit);
  number(q, 8, r->p10);
  number(q, 9, r->p50);
  number(q, 10, r->p90);
  put(ctx, q);
}

static void on_point(void *ctx, const struct rec_point *r) {
  sqlite3_stmt *q = row(ctx, PUT_POINT, r->option);
  text(q, 3, r->name);
  number(q, 4, r->t_h);
  number(q, 5, r->value);
  put(ctx, q);
}

/* The month (YYYY-MM-01) that holds an ISO date, and the next one: charges are billed by calendar month. */
static void billing_period(const char *iso, char start[11], char end[11]) {
  struct date d;
  start[0] = end[0] = '\0';
  if (!iso || !date_parse(iso, &d))
    return;
  d.day = 1;
  date_format(d, start);
  date_format(date_add_months(d, 1), end);
}

static const char *frequency(const struct rec_charge *r) {
  bool once = r->category && strcmp(r->category, "Purchase") == 0;
  bool usage = r->category && strcmp(r->category, "Usage") == 0;
  return once ? "One-Time" : usage ? "Usage-Based" : "Recurring";
}

/* FOCUS: the part of a commitment that was paid and not used stands in rows of its own. */
static const char *commitment_status(const struct rec_charge *r) {
  bool committed = r->pricing_category && strcmp(r->pricing_category, "Committed") == 0;
  bool usage = r->category && strcmp(r->category, "Usage") == 0;
  if (!committed || !usage)
    return NULL;
  return r->kind && strcmp(r->kind, "commitment_unused") == 0 ? "Unused" : "Used";
}

static void on_charge(void *ctx, const struct rec_charge *r) {
  char start[11], end[11];
  billing_period(r->period_start, start, end);
  bool purchase = r->category && strcmp(r->category, "Purchase") == 0;
  bool lump = !(r->quantity > 0); /* one unit at the price of the whole */
  double quantity = lump ? 1 : r->quantity, list = lump ? r->billed_usd : r->list_unit_price,
         price = lump ? r->billed_usd : r->unit_price;
  const char *unit = lump ? "lump sum" : r->unit;
  sqlite3_stmt *q = row(ctx, PUT_CHARGE, r->option);
  text(q, 3, r->kind);
  sqlite3_bind_int(q, 4, r->month);
  number(q, 5, r->billed_usd);
  number(q, 6, r->effective_usd);
  number(q, 7, list * quantity);
  number(q, 8, price * quantity);
  number(q, 9, list);
  number(q, 10, price);
  number(q, 11, quantity);
  text(q, 12, unit);
  text(q, 13, r->pricing_category);
  if (purchase) { /* FOCUS: nothing is consumed by a purchase */
    sqlite3_bind_null(q, 14);
    sqlite3_bind_null(q, 15);
  } else {
    number(q, 14, quantity);
    text(q, 15, unit);
  }
  text(q, 16, "USD");
  text(q, 17, r->category);
  text(q, 18, frequency(r));
  text(q, 19, r->description);
  text(q, 20, r->period_start);
  text(q, 21, r->period_end);
  text(q, 22, start);
  text(q, 23, end);
  text(q, 24, commitment_status(r));
  text(q, 25, r->service_category);
  text(q, 26, r->kind);
  text(q, 27, r->resource);
  text(q, 28, r->resource);
  put(ctx, q);
}

static void on_event(void *ctx, const struct rec_event *r) {
  sqlite3_stmt *q = row(ctx, PUT_EVENT, r->option);
  number(q, 3, r->t_h);
  text(q, 4, r->kind);
  text(q, 5, r->text);
  put(ctx, q);
}

static void on_job(void *ctx, const struct rec_job *r) {
  sqlite3_stmt *q = row(ctx, PUT_JOB, r->option);
  text(q, 3, r->name);
  text(q, 4, r->state);
  number(q, 5, r->submit_h);
  number(q, 6, r->start_h);
  number(q, 7, r->end_h);
  number(q, 8, r->gpus);
  number(q, 9, r->gpu_hours);
  put(ctx, q);
}

static void on_request(void *ctx, const struct rec_request *r) {
  sqlite3_stmt *q = row(ctx, PUT_REQUEST, r->option);
  number(q, 3, r->arrival_s);
  number(q, 4, r->ttft_s);
  number(q, 5, r->end_s);
  sqlite3_bind_int64(q, 6, r->input_tokens);
  sqlite3_bind_int64(q, 7, r->output_tokens);
  put(ctx, q);
}

static void fill_listener(struct store *s) {
  s->listener = (struct sim_listener){.ctx = s,
                                      .input = on_input,
                                      .metric = on_metric,
                                      .point = on_point,
                                      .charge = on_charge,
                                      .event = on_event,
                                      .job = on_job,
                                      .request = on_request};
}

const struct sim_listener *store_listener(struct store *s) {
  return &s->listener;
}

void store_validation(struct store *s, const struct store_validation *v) {
  sqlite3_stmt *q = row(s, PUT_VALIDATION, v->id);
  text(q, 3, v->metric);
  number(q, 4, v->measured);
  number(q, 5, v->predicted);
  number(q, 6, v->error_pct);
  text(q, 7, v->status);
  text(q, 8, v->note);
  put(s, q);
}

/* ---- a run ---- */

static bool insert_run(struct store *s, const struct store_run *r) {
  sqlite3_stmt *q = NULL;
  char hash[17];
  snprintf(hash, sizeof hash, "%016llx", (unsigned long long)r->input_hash);
  if (sqlite3_prepare_v2(s->db,
                         "INSERT INTO run(state,name,scenario,version,input_hash,seed,replicas,as_of,start,months,"
                         "hours_per_year,basis,baseline,settings)VALUES('running',?,?,?,?,?,?,?,?,?,?,?,?,?)",
                         -1, &q, NULL) != SQLITE_OK)
    return false;
  text(q, 1, r->name);
  text(q, 2, r->scenario);
  text(q, 3, r->version);
  text(q, 4, hash);
  sqlite3_bind_int64(q, 5, (sqlite3_int64)r->seed);
  sqlite3_bind_int(q, 6, r->replicas);
  text(q, 7, r->as_of);
  text(q, 8, r->start);
  sqlite3_bind_int(q, 9, r->months);
  number(q, 10, r->hours_per_year);
  text(q, 11, r->basis);
  text(q, 12, r->baseline);
  text(q, 13, r->settings);
  bool good = sqlite3_step(q) == SQLITE_DONE;
  sqlite3_finalize(q);
  return good;
}

int64_t store_begin(struct store *s, const struct store_run *run, struct errs *errs) {
  pthread_mutex_lock(&s->lock);
  s->broken = false;
  /* The row of the run is committed on its own first, so that a killed run leaves a trace. Whoever is `running` while
   * we hold the lock is dead. */
  bool good = exec(s, "BEGIN IMMEDIATE") && exec(s, "UPDATE run SET state='interrupted' WHERE state='running'");
  if (good && !(good = insert_run(s, run)))
    snprintf(s->problem, sizeof s->problem, "%s", sqlite3_errmsg(s->db));
  int64_t id = good ? sqlite3_last_insert_rowid(s->db) : 0;
  good = good && exec(s, "COMMIT; BEGIN IMMEDIATE");
  if (good)
    s->run = id;
  else
    fail(s, errs);
  pthread_mutex_unlock(&s->lock);
  return good ? id : 0;
}

static bool finish(struct store *s, const char *state) {
  char *sql = sqlite3_mprintf("UPDATE run SET state=%Q WHERE run=%lld", state, (long long)s->run);
  bool good = !s->broken && exec(s, sql) && exec(s, "COMMIT");
  if (!good && sqlite3_get_autocommit(s->db) == 0)
    sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
  if (!good) { /* the records are lost, the trace that there was a run is not */
    sqlite3_free(sql);
    sql = sqlite3_mprintf("UPDATE run SET state='failed' WHERE run=%lld", (long long)s->run);
    sqlite3_exec(s->db, sql, NULL, NULL, NULL);
  }
  sqlite3_free(sql);
  s->run = 0;
  return good;
}

bool store_end(struct store *s, const char *state, struct errs *errs) {
  pthread_mutex_lock(&s->lock);
  bool good = finish(s, state);
  pthread_mutex_unlock(&s->lock);
  return good || fail(s, errs);
}

void store_interrupt(struct store *s) {
  pthread_mutex_lock(&s->lock);
  if (s->run)
    finish(s, "interrupted");
  pthread_mutex_unlock(&s->lock);
}

void store_close(struct store *s) {
  if (!s)
    return;
  pthread_mutex_lock(&s->lock);
  if (s->run)
    finish(s, "failed");
  for (int i = 0; i < STATEMENTS; i++)
    sqlite3_finalize(s->put[i]);
  sqlite3_close(s->db);
  pthread_mutex_unlock(&s->lock);
  pthread_mutex_destroy(&s->lock);
  mem_free(s->path);
  mem_free(s);
}
