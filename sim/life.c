#include "sim/life.h"
#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "base/mem.h"
#include "base/units.h"
#include "sim/replay.h"

enum { BEYOND_MONTHS = 120 }; /* terms may end so much after the horizon */

/* ---- telling ---- */
void life_infeasible(struct life *l, const char *fmt, ...) {
  if (!l->feasible)
    return;
  l->feasible = false;
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(l->why, sizeof l->why, fmt, ap);
  va_end(ap);
  life_tell(l, "infeasible", "%s", l->why);
}

void life_tell(struct life *l, const char *kind, const char *fmt, ...) {
  if (!l->out || !l->out->event)
    return;
  char text[512];
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(text, sizeof text, fmt, ap);
  va_end(ap);
  l->out->event(l->out->ctx,
                &(struct rec_event){.option = l->option->name, .t_h = l->engine ? engine_now_s(l->engine) / 3600 : 0, .kind = kind, .text = text});
}

/* ---- the calendar ---- */
double life_hours_at(const struct life *l, double months) {
  double whole = floor(months), part = months - whole;
  if (l->spec->hours_per_yr > 0)
    return months * l->spec->hours_per_yr / 12;
  long day0 = date_days(l->spec->start), day = date_days(date_add_months(l->spec->start, (int)whole));
  long next = date_days(date_add_months(l->spec->start, (int)whole + 1));
  return 24 * ((double)(day - day0) + part * (double)(next - day));
}

double life_months_at(const struct life *l, double t_h) {
  if (l->spec->hours_per_yr > 0)
    return t_h / l->spec->hours_per_yr * 12;
  double guess = floor(t_h / 731), m = guess;
  while (life_hours_at(l, m + 1) <= t_h + 1e-9)
    m++;
  double h0 = life_hours_at(l, m), h1 = life_hours_at(l, m + 1);
  return m + fmax(0, t_h - h0) / (h1 - h0);
}

double life_months_to(const struct life *l, struct date d) {
  struct date s = l->spec->start;
  return 12 * (d.year - s.year) + d.month - s.month + (double)(d.day - s.day) / date_days_in_month(d.year, d.month);
}

static double now_h(const struct life *l) { return engine_now_s(l->engine) / 3600; }

double life_now_months(const struct life *l) { return life_months_at(l, now_h(l)); }

event_id life_at_months(struct life *l, double months, enum event_band band, event_fn fn, void *object) {
  sim_time t;
  if (!sim_time_from_s(life_hours_at(l, months) * 3600, &t))
    return 0;
  return engine_at(l->engine, t, band, fn, l, object);
}

/* ---- accounting ---- */
static void sum_into(double to[SUMS], const double from[SUMS]) {
  for (int i = 0; i < SUMS; i++)
    to[i] += from[i];
}

/* kWh that all layers have taken in the open month: its growth over an interval is the interval's power. */
static double month_kwh(const struct life *l) {
  double kwh = l->outside[SUM_KWH];
  for (int i = 0; i < l->option->n; i++)
    kwh += l->layer[i].month[SUM_KWH];
  return kwh;
}

void life_advance(struct life *l) {
  double t = now_h(l), hours = t - l->last_h;
  if (hours <= 0)
    return;
  double before = month_kwh(l);
  l->month[l->now].sum[SUM_HOURS] += hours;
  for (int i = 0; i < l->option->n; i++)
    for (size_t j = 0; j < l->layer[i].n_batch; j++) {
      l->layer[i].batch[j].month_h += l->layer[i].batch[j].servers * hours;
      l->layer[i].batch_h += l->layer[i].batch[j].servers * hours;
    }
  fleet_account(l, hours);
  sim_time start;
  if (sim_time_from_s(l->last_h * 3600, &start)) /* the meter learns an interval's mean power when it is over */
    timeweighted_set(&l->meter, start, (month_kwh(l) - before) / hours);
  l->last_h = t;
}

/* ---- capacity ---- */
struct life_batch *life_batch_new(struct life_layer *y) {
  y->batch = mem_grow(y->batch, &y->cap_batch, y->n_batch + 1, sizeof *y->batch);
  return &y->batch[y->n_batch++];
}

static void on_term_end(struct engine *e, void *subject, void *object);

void life_add(struct life *l, struct life_layer *y, int servers) {
  if (servers <= 0)
    return;
  life_advance(l);
  y->contract->add(l, y, servers);
  y->peak_servers = fmax(y->peak_servers, y->servers);
  double to = y->batch[y->n_batch - 1].to;
  if (to <= l->spec->months)
    life_at_months(l, to, BAND_STATE, on_term_end, y);
  char term[24] = "";
  if (to < HUGE_VAL) /* what was signed, which need not be the layer's own term */
    snprintf(term, sizeof term, "%ld month%s", lround(to - y->batch[y->n_batch - 1].from), units_s(round(to - y->batch[y->n_batch - 1].from)));
  life_tell(l, y->spec->owned ? "purchase" : "contract", "%s: %d x %s, %s, now %d", y->spec->label, servers, y->spec->server->name,
            y->spec->owned ? "bought" : *term ? term : y->spec->term ? y->spec->term : "on-demand", y->servers);
}

void life_retire(struct life *l, struct life_layer *y, int servers) {
  int gone = 0;
  life_advance(l);
  for (size_t i = 0; i < y->n_batch && gone < servers; i++) {
    struct life_batch *b = &y->batch[i];
    int n = b->servers < servers - gone ? b->servers : servers - gone;
    if (n <= 0 || b->to < HUGE_VAL)
      continue;
    if (y->contract->retire)
      y->contract->retire(l, y, b, n);
    b->servers -= n;
    y->servers -= n;
    gone += n;
  }
  if (gone)
    life_tell(l, "retirement", "%s: %d x %s, now %d", y->spec->label, gone, y->spec->server->name, y->servers);
  if (gone < servers)
    life_tell(l, "warning", "%s: %d x %s cannot be given back: not there, or committed", y->spec->label, servers - gone, y->spec->server->name);
}

/* Batches whose term is over leave; what is still wanted renews at the price now in force. */
static void on_term_end(struct engine *e, void *subject, void *object) {
  struct life *l = subject;
  struct life_layer *y = object;
  (void)e;
  life_advance(l);
  double now = life_now_months(l);
  int over = 0;
  for (size_t i = 0; i < y->n_batch; i++)
    if (y->batch[i].servers > 0 && y->batch[i].to <= now + 1e-6) {
      over += y->batch[i].servers;
      y->batch[i].servers = 0;
    }
  y->servers -= over;
  if (!over || now > l->spec->months - 1e-6 || (y->spec->renew && !strcmp(y->spec->renew, "none")))
    return;
  int missing = fleet_wanted(l, y) - y->servers, again = missing < over ? missing : over;
  y->renewing = true;
  if (again > 0 && fleet_pays(l, y)) {
    life_tell(l, "renewal", "%s: %d of %d x %s renewed", y->spec->label, again, over, y->spec->server->name);
    life_add(l, y, again);
  }
  y->renewing = false;
}

struct dated {
  struct life_layer *layer;
  int servers, due; /* due: counted as on the way until now */
};

static void on_dated(struct engine *e, void *subject, void *object) {
  struct dated *d = object;
  (void)e;
  d->layer->due -= d->due;
  if (d->servers > 0)
    life_add(subject, d->layer, d->servers);
  else
    life_retire(subject, d->layer, -d->servers);
}

void life_order(struct life *l, struct life_layer *y, int servers, double lead_months) {
  struct dated *d = arena_alloc(l->arena, sizeof *d);
  *d = (struct dated){y, servers, servers};
  if (life_now_months(l) + lead_months >= l->spec->months)
    return; /* it would come when all is over */
  y->due += servers;
  life_at_months(l, life_now_months(l) + lead_months, BAND_STATE, on_dated, d);
  life_tell(l, "expansion", "%s: %d x %s ordered, %.1f months", y->spec->label, servers, y->spec->server->name, lead_months);
}

/* ---- months ---- */
static void close_month(struct life *l) {
  struct life_month *m = &l->month[l->now];
  life_advance(l);
  for (int i = 0; i < l->option->n; i++) {
    struct life_layer *y = &l->layer[i];
    y->contract->invoice(l, y);
    m->servers += y->month[SUM_SERVER_H] / m->sum[SUM_HOURS];
    m->gpus += y->month[SUM_GPU_H] / m->sum[SUM_HOURS];
    m->contracted_kw += y->spec->owned ? y->contracted_kw : 0;
    sum_into(m->sum, y->month);
    sum_into(y->whole, y->month);
  }
  if (l->out)
    m->needed_gpus = fleet_needed_gpus(l);
  sum_into(m->sum, l->outside);
  life_train_bill(l);
  life_bill_common(l);
  memset(l->outside, 0, sizeof l->outside);
  for (int i = 0; i < l->option->n; i++) {
    struct life_layer *y = &l->layer[i];
    memset(y->month, 0, sizeof y->month);
    for (size_t j = 0; j < y->n_batch; j++)
      y->batch[j].month_h = 0;
  }
  if ((l->now + 1) % 12 == 0 || l->now + 1 == l->spec->months)
    fleet_close_year(l);
  sum_into(l->total, m->sum);
  l->peak_kw = fmax(l->peak_kw, m->peak_kw);
}

static void on_month(struct engine *e, void *subject, void *object) {
  struct life *l = subject;
  (void)e, (void)object;
  close_month(l);
  l->now++;
}

static void on_plan(struct engine *e, void *subject, void *object) {
  (void)e, (void)object;
  fleet_plan(subject);
}

static void on_end(struct engine *e, void *subject, void *object) {
  struct life *l = subject;
  (void)object;
  close_month(l);
  for (int i = 0; i < l->option->n; i++)
    if (l->layer[i].contract->close)
      l->layer[i].contract->close(l, &l->layer[i]);
  fleet_judge(l);
  engine_stop(e);
}

/* ---- the play ---- */
static void set_up_layers(struct life *l) {
  l->layer = mem_array((size_t)l->option->n, sizeof *l->layer);
  for (int i = 0; i < l->option->n; i++) {
    struct life_layer *y = &l->layer[i];
    y->spec = &l->option->layer[i];
    y->index = i;
    y->contract = contract_find(y->spec);
    if (y->spec->expand && y->spec->count >= 0)
      life_tell(l, "assumption", "%s: its count is stated, so it does not expand", y->spec->label);
    if (!y->contract)
      life_infeasible(l, "%s: no contract '%s'", y->spec->label, y->spec->term);
    else if (isnan(y->spec->owned ? y->spec->price_usd.a : y->spec->usd_per_h.a))
      life_infeasible(l, "%s: the catalog has no %s price of %s on that day: state one", y->spec->label,
                      y->contract->price ? y->contract->price : y->spec->term, y->spec->server->name);
  }
}

/* Month ends come first at their instant because they are scheduled first; plans come after every change of state. */
static void set_up_events(struct life *l) {
  for (int m = 1; m < l->spec->months; m++) {
    life_at_months(l, m, BAND_STATE, on_month, NULL);
    life_at_months(l, m, BAND_SCHEDULER, on_plan, NULL);
  }
  life_at_months(l, l->spec->months, BAND_END, on_end, NULL);
  for (int i = 0; i < l->option->n; i++)
    for (int j = 0; j < l->option->layer[i].n_event; j++) {
      const struct sim_purchase_event *ev = &l->option->layer[i].event[j];
      double months = life_months_to(l, ev->date);
      struct dated *d = arena_alloc(l->arena, sizeof *d);
      *d = (struct dated){&l->layer[i], ev->servers, 0};
      if (months < 0 || months >= l->spec->months)
        life_tell(l, "warning", "%s: an event outside the horizon is left out", l->option->layer[i].label);
      else
        life_at_months(l, months, BAND_STATE, on_dated, d);
    }
  life_train_schedule(l);
}

/* The demand curve integrated apart from the layers. */
static double requests_asked(const struct life *l, int serving) {
  const struct demand *d = &l->memo->demand[serving];
  double sum = 0, day = 0;
  for (int w = 0; w < d->windows; w++)
    day += d->rate[w] * d->window_h[w] * 3600;
  for (int m = 0; m < l->spec->months; m++) {
    double growth = fleet_growth(l, serving, m);
    for (int t = 0; t < d->types; t++)
      sum += growth * d->factor[t] * d->days[m * d->types + t] * day;
  }
  return sum;
}

/* The laws that must hold whatever the scenario: design section 6. */
static void check_laws(const struct life *l, struct errs *errs) {
  const double *t = l->total;
  double shares = t[SUM_USED_H] + t[SUM_IDLE_H] + t[SUM_DOWN_H], joules = timeweighted_integral(&l->meter, engine_now(l->engine)) / 3600;
  double asked = 0, answered = t[SUM_SERVED], capacity = l->blocks_h;
  for (int i = 0; i < l->option->n; i++) /* what is paid by use has no capacity apart from it */
    capacity += l->layer[i].spec->scale ? l->layer[i].whole[SUM_SERVER_H] : l->layer[i].batch_h;
  for (int i = 0; i < l->fleet.servings; i++)
    asked += requests_asked(l, i);
  if (l->spec->replay.present)
    asked = replay_rate(&l->memo->replay[l->index]) * t[SUM_HOURS] * 3600;
  const struct {
    const char *law;
    double left, right;
  } law[] = {
      {"busy + idle + down = capacity x time", shares, capacity},
      {"energy = integral of power", t[SUM_KWH], joules},
      {"arrivals = demand", t[SUM_ARRIVED], asked},
      {"served <= arrivals", fmax(answered, t[SUM_ARRIVED]), t[SUM_ARRIVED]},
      {"hours = the horizon", t[SUM_HOURS], life_hours_at(l, l->spec->months)},
  };
  for (size_t i = 0; i < sizeof law / sizeof *law; i++)
    if (!(fabs(law[i].left - law[i].right) <= 1e-6 * fmax(fabs(law[i].left), 1e-3)))
      errs_add(errs, NULL, 0, l->option->name, "%s is broken: %.9g against %.9g", law[i].law, law[i].left, law[i].right);
  if (!(ledger_imbalance(&l->ledger) < 1e-9))
    errs_add(errs, NULL, 0, l->option->name, "ledger sum = TCO is broken by %.3g of the turnover", ledger_imbalance(&l->ledger));
  if (engine_status(l->engine) != ENGINE_OK)
    errs_add(errs, NULL, 0, l->option->name, "the engine stopped: %s", engine_status_text(l->engine));
}

void life_play(struct life *l, const struct world *w, struct memo *memo, int option, const struct sim_listener *out, struct errs *errs) {
  *l = (struct life){.arena = arena_create(), .world = w, .memo = memo, .spec = &w->spec, .option = &w->spec.option[option], .index = option, .out = out, .feasible = true};
  l->engine = engine_create();
  l->month = mem_array((size_t)l->spec->months, sizeof *l->month);
  ledger_init(&l->ledger, l->spec->months, out != NULL);
  timeweighted_init(&l->meter, 0, 0);
  set_up_layers(l);
  if (l->spec->replay.present && l->feasible && !memo->replay[option].ok)
    life_infeasible(l, "%s", memo->replay[option].why);
  if (l->feasible)
    fleet_create(l);
  if (!l->feasible)
    return;
  l->played = true;
  set_up_events(l);
  fleet_open(l);
  engine_run(l->engine);
  check_laws(l, errs);
}

void life_free(struct life *l) {
  for (int i = 0; l->layer && i < l->option->n; i++)
    mem_free(l->layer[i].batch);
  fleet_destroy(l);
  mem_free(l->layer);
  mem_free(l->month);
  mem_free(l->run);
  ledger_free(&l->ledger);
  engine_destroy(l->engine);
  arena_destroy(l->arena);
  *l = (struct life){0};
}
