/* The cheapest fleet for each of a scenario's servings, offer by offer; why the first wins, what the limits cost, and throughput per dollar against speed. */
#include <math.h>
#include <string.h>
#include "base/mem.h"
#include "base/units.h"
#include "cli/plan.h"
#include "output/front.h"
#include "output/table.h"
#include "sim/serve_plan.h"
#include "workloads/trace.h"
#include "workloads/trace_demand.h"

/* ---- what is asked ---- */
struct question {
  struct plan_call *call;
  const struct sim_serving *serving;
  struct sim_serve_ask ask;
  struct sim_serve_plan plan;
  long long month;              /* whose demand is asked for */
  struct sim_request *requests; /* of a trace; owned */
};
enum { MOST_REQUESTS = 200000 };

/* Up to MOST_REQUESTS requests from the trace's start. */
static void read_requests(struct question *q, const char *path) {
  struct plan_call *c = q->call;
  struct wl_trace *t = wl_trace_open(path, NULL, 0.01, c->errs);
  struct wl_trace_request r;
  size_t n = 0, cap = 0;
  struct sim_request *all = NULL;
  while (t && n < MOST_REQUESTS && wl_trace_next(t, &r)) {
    all = mem_grow(all, &cap, n + 1, sizeof *all);
    all[n++] = (struct sim_request){.arrival_s = r.arrival_s, .input = r.input, .output = r.output, .cached = (int32_t)(q->ask.hit * r.input)};
  }
  wl_trace_close(t);
  q->requests = all;
  q->ask.request = all;
  q->ask.n_request = n;
}

/* The likeliest growth, compounded. */
static struct sim_hours *grown(const struct question *q, struct sim_hours *hours) {
  double factor = pow(1 + dist_central(&q->serving->growth_per_yr), (double)q->month / 12);
  for (int i = 0; i < q->ask.n_hours; i++)
    hours[i].rate_req_s *= factor;
  return hours;
}

static bool read_demand(struct question *q) {
  struct plan_call *c = q->call;
  const char *rate = cli_value(c->args, "rate"), *trace = cli_value(c->args, "trace");
  struct sim_serving with = *q->serving;
  char why[200];
  double req_s = 0;
  if (trace) {
    with.rate = wl_trace_curve(c->arena, trace, c->errs);
    if (with.rate) { /* else every reading would complain of the same */
      with.input = wl_trace_lengths(c->arena, trace, WL_TRACE_INPUT, c->errs);
      with.output = wl_trace_lengths(c->arena, trace, WL_TRACE_OUTPUT, c->errs);
      read_requests(q, trace);
    }
    memset(with.weekly, 0, sizeof with.weekly);
  }
  if (q->month > 0 && (rate || trace))
    errs_add(c->errs, NULL, 0, NULL, "option '--month': it is the scenario's demand that grows, not that of --rate or --trace");
  if (rate && trace)
    errs_add(c->errs, NULL, 0, NULL, "options '--rate' and '--trace': one of them, not both");
  if (rate && (!units_parse(rate, "req/s", &req_s, why, sizeof why) || !(req_s > 0)))
    errs_add(c->errs, NULL, 0, NULL, "option '--rate': got '%s', expected requests a second above 0 ('40 req/s')", rate);
  if (errs_count(c->errs) > 0)
    return false;
  q->ask.input = with.input;
  q->ask.output = with.output;
  q->ask.hours = grown(q, sim_serve_hours(c->arena, c->spec, &with, &q->ask.n_hours));
  if (rate) {
    struct sim_hours *one = arena_alloc(c->arena, sizeof *one);
    *one = (struct sim_hours){req_s, 1};
    q->ask.hours = one;
    q->ask.n_hours = 1;
  }
  return true;
}

static bool read_question(struct question *q) {
  struct plan_call *c = q->call;
  long long bits = 8, replicas = 1;
  q->ask.replica = q->serving->replica;
  q->ask.replica.catalog = c->spec->catalog;
  if (!q->ask.replica.year)
    q->ask.replica.year = c->spec->year;
  q->ask.hit = dist_central(&q->serving->prefix_hit);
  q->ask.slo = q->serving->slo;
  q->ask.servers = (int)c->servers;
  q->ask.together = cli_flag(c->args, "together");
  q->ask.seed = (uint64_t)c->seed;
  q->ask.jobs = (int)c->jobs;
  const char *room = cli_value(c->args, "headroom");
  char why[200];
  if (room && (!units_parse(room, "", &q->ask.headroom, why, sizeof why) || !(q->ask.headroom >= 0 && q->ask.headroom <= 10)))
    errs_add(c->errs, NULL, 0, NULL, "option '--headroom': got '%s', expected a share of the load from 0 to 1000 %%", room);
  cli_integer(c->args, "month", 0, 1200, &q->month, c->errs);
  cli_integer(c->args, "least-bits", 4, 16, &bits, c->errs);
  cli_integer(c->args, "least-replicas", 1, 10000, &replicas, c->errs);
  q->ask.least_replicas = (int)replicas;
  q->ask.least_bits = (double)bits;
  return read_demand(q);
}

/* ---- words ---- */
static const char *layout_text(const struct plan_call *c, const struct sim_replica *r) {
  int gpus = sim_replica_gpus(r), dp = r->dp_attention ? gpus / r->pp / r->tp : 1;
  const char *t = arena_printf(c->arena, "TP%d", r->tp);
  if (r->pp > 1)
    t = arena_printf(c->arena, "%s PP%d", t, r->pp);
  if (dp > 1)
    t = arena_printf(c->arena, "%s DP%d", t, dp);
  if (r->ep > 1)
    t = arena_printf(c->arena, "%s EP%d", t, r->ep);
  return t;
}

static const char *formats_text(const struct plan_call *c, const struct sim_replica *r) {
  return r->model->encoder ? dtype_name(r->weights) : arena_printf(c->arena, "%s/%s", dtype_name(r->weights), dtype_name(r->kv));
}

static const char *offer_name(const struct plan_call *c, const struct sim_serve_pick *p) {
  return c->offers.offer[p->offer].name;
}

static double quantile_of(const struct sim_slo *s) {
  return s->quantile > 0 ? s->quantile : 0.95;
}

static int place_of(double q) {
  return q >= 0.985 ? SERVE_P99 : q >= 0.925 ? SERVE_P95 : q >= 0.7 ? SERVE_P90 : SERVE_P50;
}

static const char *setting(const struct plan_call *c, double value) {
  return value > 0 ? arena_printf(c->arena, "%.0f", value) : "engine's";
}

/* ---- the table of offers ---- */
static const char *fleet_text(const struct plan_call *c, int n, const struct sim_replica *r) {
  return arena_printf(c->arena, "%d x (%d GPU%s: %s)", n, sim_replica_gpus(r), sim_replica_gpus(r) > 1 ? "s" : "", layout_text(c, r));
}

static const char *replicas_text(const struct plan_call *c, const struct sim_serve_pick *p) {
  const char *t = fleet_text(c, p->replicas, &p->replica);
  return p->prefill.server ? arena_printf(c->arena, "%s decode + %s prefill", t, fleet_text(c, p->prefills, &p->prefill)) : t;
}

static void picks_rows(const struct question *q, struct table *t, void (*row)(const struct question *q, struct table *t, const struct sim_serve_pick *p)) {
  for (int i = 0; i < q->plan.n; i++)
    if (q->plan.pick[i].feasible) {
      table_row(t);
      row(q, t, &q->plan.pick[i]);
    }
}

static void row_short(const struct question *q, struct table *t, const struct sim_serve_pick *p) {
  struct plan_call *c = q->call;
  int k = place_of(quantile_of(&q->ask.slo));
  table_text(t, offer_name(c, p));
  table_text(t, arena_printf(c->arena, "%d x %s", p->servers, p->replica.server->name));
  table_text(t, replicas_text(c, p));
  table_text(t, arena_printf(c->arena, "%s%s", formats_text(c, &p->replica), p->published ? "" : " *"));
  table_number(t, p->held_req_s, 2);
  table_number(t, p->at.r.ttft_s[k], 2);
  table_number(t, p->replica.model->encoder ? (double)NAN : p->at.r.tpot_s[k] * 1e3, 1);
  table_number(t, p->price.usd_per_gpu_h, 2);
  table_number(t, p->usd_per_h, 2);
  table_number(t, p->usd_per_mtok, 3);
  table_text(t, sim_serve_limit_name[p->limit]);
}

static struct table *table_short(const struct question *q) {
  static const struct table_col cols[] = {
      {"offer", "", "", true},      {"servers", "", "", true},    {"replicas", "", "", true},      {"weights/\ncache", "", "", true}, {"holds", "req/s", "", false},
      {"TTFT", "s", "", false},     {"TPOT", "ms", "", false},    {"USD a\nGPU-h", "", "", false}, {"USD/h", "", "", false},          {"USD/M\ntokens", "", "", false},
      {"stopped\nby", "", "", true},
  };
  struct table *t = table_create("", cols, sizeof cols / sizeof *cols);
  picks_rows(q, t, row_short);
  return t;
}

static void row_replica(struct table *t, const struct sim_replica *r) {
  bool there = r->server != NULL;
  const double value[] = {there ? sim_replica_gpus(r) : 0, r->tp, r->pp, r->ep, there && r->dp_attention ? sim_replica_gpus(r) / r->pp / r->tp : 1};
  for (size_t i = 0; i < sizeof value / sizeof *value; i++)
    table_number(t, there ? value[i] : (double)NAN, 0);
  table_text(t, there ? dtype_name(r->weights) : "");
  table_text(t, there ? dtype_name(r->kv) : "");
  table_number(t, there && r->max_batch > 0 ? r->max_batch : (double)NAN, 0);
  table_number(t, there && r->budget_tokens > 0 ? r->budget_tokens : (double)NAN, 0);
}

static void row_full(const struct question *q, struct table *t, const struct sim_serve_pick *p) {
  struct plan_call *c = q->call;
  table_text(t, q->serving->name);
  table_text(t, offer_name(c, p));
  table_text(t, p->replica.server->name);
  table_number(t, p->servers, 0);
  table_number(t, p->gpus, 0);
  table_number(t, p->replicas, 0);
  table_number(t, p->prefills, 0);
  row_replica(t, &p->replica);
  row_replica(t, &p->prefill);
  table_number(t, p->held_req_s, 4);
  for (int i = SERVE_P50; i <= SERVE_P99; i++)
    table_number(t, p->at.r.ttft_s[i] * 1e3, 2);
  for (int i = SERVE_P50; i <= SERVE_P99; i++)
    table_number(t, p->at.r.tpot_s[i] * 1e3, 3);
  table_number(t, p->at.r.slo_attainment, 4);
  table_number(t, p->at.power_w * p->replicas, 0);
  table_number(t, p->price.usd_per_gpu_h, 4);
  table_number(t, p->usd_per_h, 3);
  table_number(t, p->usd_per_mtok, 4);
  table_text(t, sim_serve_limit_name[p->limit]);
  table_text(t, p->published ? "yes" : "no");
}

#define FIGURE(name) {name, "", name, false}
#define WORD(name) {name, "", name, true}
#define REPLICA(x) FIGURE(x "gpus_per_replica"), FIGURE(x "tp"), FIGURE(x "pp"), FIGURE(x "ep"), FIGURE(x "dp"), WORD(x "weights"), WORD(x "kv"), FIGURE(x "max_batch"), FIGURE(x "budget_tokens")
static struct table *table_full(const struct question *q) {
  static const struct table_col cols[] = {
      WORD("serving"), WORD("offer"), WORD("server"), FIGURE("servers"), FIGURE("gpus"), FIGURE("replicas"), FIGURE("prefill_replicas"), REPLICA(""), REPLICA("prefill_"),
      FIGURE("held_req_s"), FIGURE("ttft_p50_ms"), FIGURE("ttft_p90_ms"), FIGURE("ttft_p95_ms"), FIGURE("ttft_p99_ms"), FIGURE("tpot_p50_ms"), FIGURE("tpot_p90_ms"),
      FIGURE("tpot_p95_ms"), FIGURE("tpot_p99_ms"), FIGURE("slo_attainment"), FIGURE("power_w"), FIGURE("usd_per_gpu_hour"), FIGURE("usd_per_h"),
      FIGURE("usd_per_mtoken_output"), WORD("limit"), WORD("published_formats"),
  };
  struct table *t = table_create("", cols, sizeof cols / sizeof *cols);
  picks_rows(q, t, row_full);
  return t;
}

/* ---- sentences ---- */
static const char *demand_text(const struct question *q) {
  const struct plan_call *c = q->call;
  if (cli_value(c->args, "rate") || cli_value(c->args, "trace"))
    return "";
  return q->month > 0 ? arena_printf(c->arena, " of month %lld", q->month) : " of the horizon's start";
}

static void print_head(const struct question *q) {
  const struct sim_serve_ask *a = &q->ask;
  double mean = 0, top = a->hours[a->n_hours - 1].rate_req_s;
  for (int i = 0; i < a->n_hours; i++)
    mean += a->hours[i].rate_req_s * a->hours[i].share;
  printf("\n%s: %s, prompts of %.0f and answers of %.0f tokens on average\n", q->serving->name, a->replica.model->name, wl_hist_mean(a->input), wl_hist_mean(a->output));
  if (a->servers > 0)
    printf("asked: the highest load that %d server%s %s", a->servers, units_s(a->servers), a->servers == 1 ? "holds" : "hold");
  else
    printf("asked: carry the peak of %.4g req/s (mean %.4g)%s", top, mean, demand_text(q));
  if (a->headroom > 0)
    printf(" and %.4g %% more", 100 * a->headroom);
  if (a->slo.ttft_s > 0)
    printf(", TTFT within %.4g s", a->slo.ttft_s);
  if (a->slo.tpot_s > 0)
    printf(", TPOT within %.4g ms", a->slo.tpot_s * 1e3);
  if (a->slo.ttft_s > 0 || a->slo.tpot_s > 0)
    printf(" for %.4g %% of requests", 100 * (a->slo.attainment > 0 ? a->slo.attainment : quantile_of(&a->slo)));
  printf("\n");
}

static void print_picks(const struct question *q) {
  struct table *t = table_short(q);
  mem_free(table_drop_unknown(t));
  if (table_rows(t) > 0)
    table_write_text(t, stdout);
  table_free(t);
  bool starred = false;
  for (int i = 0; i < q->plan.n; i++)
    starred |= q->plan.pick[i].feasible && !q->plan.pick[i].published;
  if (starred)
    printf("* fewer bits or other units than published: check the quality of answers\n");
  for (int i = 0; i < q->plan.n; i++)
    if (!q->plan.pick[i].feasible)
      printf("not %s: %s\n", offer_name(q->call, &q->plan.pick[i]), q->plan.pick[i].why);
}

static void print_price(const struct question *q, const struct sim_serve_pick *p) {
  const struct sim_price *x = &p->price;
  const struct sim_offer *o = &q->call->offers.offer[p->offer];
  printf("  %s: %.3f USD per GPU-hour, %s", o->name, x->usd_per_gpu_h, o->basis);
  if (o->owned)
    printf(" (goods %.3f, resale %.3f, energy %.3f, space %.3f, support %.3f, staff %.3f)\n", x->goods, x->resale, x->energy, x->space, x->care, x->staff);
  else
    printf(" (rent %.3f, staff %.3f)\n", x->rent, x->staff);
}

static void print_winner(const struct question *q, const struct sim_serve_pick *w) {
  const struct plan_call *c = q->call;
  printf("  carries %.2f req/s, %.2f times what is asked; most sequences a replica: %s, token budget: %s; %.1f kW in all at the peak\n", w->held_req_s,
         w->held_req_s / w->at.rate_req_s / w->replicas, setting(c, w->replica.max_batch), setting(c, w->replica.budget_tokens), w->at.power_w * w->replicas / 1e3);
  if (w->prefill.server)
    printf("  prefill: a replica reads for %.2f req/s; a mean prompt's cache takes %.1f ms to its decoder\n", w->prefill_req_s, 1e3 * w->transfer_s);
  if (w->played > 0)
    printf("  played as a whole with %llu requests%s: %.1f %% within the limits\n", (unsigned long long)w->played, q->ask.request ? " of the trace" : "", 100 * w->at.r.slo_attainment);
  printf("  what stops a replica of it from carrying more: %s\n", sim_serve_limit_name[w->limit]);
}

static void print_rival(const struct question *q, const struct sim_serve_pick *w, const struct sim_serve_pick *p) {
  double all = p->usd_per_mtok / w->usd_per_mtok, price = p->price.usd_per_gpu_h / w->price.usd_per_gpu_h;
  printf("  %s costs %.2f times as much: a GPU-hour %.2f times, %.2f times as many of them; its replicas are stopped by %s", offer_name(q->call, p), all, price, all / price,
         sim_serve_limit_name[p->limit]);
  printf(" (of %zu layouts %zu have no room", p->layouts, p->without_room);
  for (int i = 0; i < SERVE_LIMITS; i++)
    if (p->too_late[i] > 0)
      printf(", %zu miss the %s at any load", p->too_late[i], sim_serve_limit_name[i]);
  printf(")\n");
}

static void print_why(const struct question *q) {
  const struct sim_serve_plan *r = &q->plan;
  printf("\nwhy %s:\n", offer_name(q->call, &r->pick[0]));
  print_winner(q, &r->pick[0]);
  for (int i = 1; i < r->n && r->pick[i].feasible; i++)
    print_rival(q, &r->pick[0], &r->pick[i]);
}

static void print_what_if(const struct question *q) {
  static const char *const text[PLAN_WHATS] = {"half the TPOT", "twice the TPOT", "half the TTFT", "twice the TTFT", "formats as published", "prefill and decode together", "two replicas at least"};
  const struct sim_serve_pick *w = &q->plan.pick[0];
  bool any = false;
  for (int i = 0; i < PLAN_WHATS; i++) {
    const struct sim_serve_what_if *x = &q->plan.what_if[i];
    if (!x->asked)
      continue;
    if (!any)
      printf("\nwhat the limits cost (of the two cheapest offers):\n");
    any = true;
    if (!x->pick.feasible)
      printf("  %-28s cannot be done: %s\n", text[i], x->pick.why);
    else if (x->pick.offer == w->offer && x->pick.gpu_hours_per_h == w->gpu_hours_per_h) /* what differs is watts */
      printf("  %-28s no difference: as many servers of %s, %s %s\n", text[i], offer_name(q->call, &x->pick), layout_text(q->call, &x->pick.replica),
             formats_text(q->call, &x->pick.replica));
    else
      printf("  %-28s %+6.1f %%: %.3f USD/M output, %d server%s of %s, %s %s\n", text[i], 100 * (x->pick.usd_per_mtok / w->usd_per_mtok - 1), x->pick.usd_per_mtok,
             x->pick.servers, units_s(x->pick.servers), offer_name(q->call, &x->pick), layout_text(q->call, &x->pick.replica), formats_text(q->call, &x->pick.replica));
  }
}

/* ---- the front ---- */
static struct table *table_of_front(const struct question *q, bool all) {
  static const struct table_col cols[] = {
      {"serving", "", "serving", true},
      {"tokens/s\na user", "", "tokens_per_s_per_user", false},
      {"M output\na USD", "", "mtoken_output_per_usd", false},
      {"tokens/s\na GPU", "", "output_tokens_per_s_per_gpu", false},
      {"users a\nreplica", "", "users", false},
      {"TTFT", "s", "ttft_s", false},
      {"TPOT", "ms", "tpot_ms", false},
      {"offer", "", "offer", true},
      {"GPUs a\nreplica", "", "gpus_per_replica", false},
      {"replica", "", "replica", true},
      {"weights/\ncache", "", "formats", true},
      {"best of\nall", "", "best", true},
  };
  struct plan_call *c = q->call;
  struct table *t = table_create("", cols, sizeof cols / sizeof *cols);
  for (int i = 0; i < q->plan.n_front; i++) {
    const struct sim_serve_front *f = &q->plan.front[i];
    if (!all && !f->best)
      continue;
    table_row(t);
    table_text(t, all ? q->serving->name : "");
    table_number(t, f->tok_per_s_user, 1);
    table_number(t, f->tok_per_usd / 1e6, 3);
    table_number(t, f->tok_per_s_gpu, 1);
    table_number(t, f->users, 0);
    table_number(t, f->ttft_s, 3);
    table_number(t, f->tpot_s * 1e3, 1);
    table_text(t, c->offers.offer[f->offer].name);
    table_number(t, sim_replica_gpus(&f->replica), 0);
    table_text(t, layout_text(c, &f->replica));
    table_text(t, formats_text(c, &f->replica));
    table_text(t, all ? (f->best ? "yes" : "no") : "");
  }
  return t;
}

static void print_front(const struct question *q) {
  struct table *t = table_of_front(q, false);
  if (table_rows(t) > 0) {
    printf("\nthroughput per dollar against speed, users who each wait for their answer (closed loop%s):\n", q->ask.slo.ttft_s > 0 ? ", within the limit on TTFT" : "");
    mem_free(table_drop_unknown(t));
    table_write_text(t, stdout);
  }
  table_free(t);
}

static void print_csv(const struct question *q) {
  struct table *t = strcmp(q->call->csv, "front") ? table_full(q) : table_of_front(q, true);
  table_write_csv(t, stdout);
  table_free(t);
}

static void print_answer(const struct question *q) {
  const struct sim_serve_plan *r = &q->plan;
  print_head(q);
  print_picks(q);
  if (r->n > 0 && r->pick[0].feasible) {
    print_why(q);
    print_what_if(q);
    printf("\nprices:\n");
    for (int i = 0; i < r->n && r->pick[i].feasible; i++)
      print_price(q, &r->pick[i]);
  }
  print_front(q);
}

/* ---- the picture ---- */
static void draw(const struct question *q, const char *stem) {
  const struct sim_serve_plan *r = &q->plan;
  struct plan_call *c = q->call;
  struct front_point *p = arena_alloc(c->arena, ((size_t)r->n_front + 1) * sizeof *p);
  for (int i = 0; i < r->n_front; i++)
    p[i] = (struct front_point){c->offers.offer[r->front[i].offer].name, r->front[i].tok_per_s_user, r->front[i].tok_per_usd / 1e6, r->front[i].best};
  struct front_plot plot = {.title = arena_printf(c->arena, "%s: tokens for a dollar against speed", q->serving->name),
                            .point = p, .n = (size_t)r->n_front, .least_tok_per_s = q->ask.slo.tpot_s > 0 ? 1 / q->ask.slo.tpot_s : 0};
  if (c->spec->n_serving > 1)
    stem = arena_printf(c->arena, "%s-%s", stem, q->serving->name);
  if (r->n_front == 0)
    cli_say("%s: no points to draw", q->serving->name);
  else if (front_draw(&plot, stem, c->errs))
    cli_say("%s.svg, %s.png, %s.gp: the picture and its script", stem, stem, stem);
}

static void plan_serving(struct plan_call *c, const struct sim_serving *serving) {
  struct question q = {.call = c, .serving = serving};
  if (!read_question(&q)) {
    mem_free(q.requests);
    return;
  }
  sim_serve_plan(&q.ask, &c->offers, &q.plan);
  c->planned = true;
  c->infeasible |= q.plan.n == 0 || !q.plan.pick[0].feasible;
  (c->csv ? print_csv : print_answer)(&q);
  if (cli_value(c->args, "plot"))
    draw(&q, cli_value(c->args, "plot"));
  cli_say("%s: %zu layouts screened in %.2f s of processor time (%.0f a second), %zu simulated request by request", serving->name, q.plan.screened, q.plan.screen_s,
          (double)q.plan.screened / fmax(q.plan.screen_s, 1e-9), q.plan.simulated);
  sim_serve_plan_free(&q.plan);
  mem_free(q.requests);
}

void plan_servings(struct plan_call *c) {
  for (int i = 0; i < c->spec->n_serving && errs_count(c->errs) == 0; i++)
    plan_serving(c, &c->spec->serving[i]);
}
