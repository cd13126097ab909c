/* The planner: fleets and prices by hand, what must follow from tighter limits, more load and other prices; layouts of training and the timeline of a step. */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "base/datadir.h"
#include "base/err.h"
#include "base/mem.h"
#include "cli/timeline.h"
#include "scenarios/scenario.h"
#include "sim/offer.h"
#include "sim/serve_plan.h"
#include "sim/serve_plan_priv.h"
#include "sim/train.h"
#include "tests/cu.h"

/* ---- fixtures ---- */
static struct {
  struct arena *arena;
  struct hw_catalog *catalog;
  struct wl_models *models;
} shared;

static void load_shared(void) {
  struct errs *errs = errs_create();
  shared.arena = arena_create();
  const char *hw = datadir_path(shared.arena, "hwmodels/catalog"), *models = datadir_path(shared.arena, "workloads/catalog/models");
  shared.catalog = hw_catalog_load(&hw, 1, errs);
  shared.models = wl_models_load(&models, 1, errs);
  errs_destroy(errs);
}

/* Formats are settled, so that each plan is quick. */
struct planned {
  struct sim_spec *spec;
  struct sim_offers offers;
  struct sim_serve_ask ask;
  struct sim_serve_plan plan;
};

static struct sim_spec *scenario(const char *file, const char *const *set, size_t n) {
  struct errs *errs = errs_create();
  struct sim_spec *s = sc_scenario_load(datadir_path(shared.arena, file), set, n, &(struct sc_library){.catalog = shared.catalog, .models = shared.models}, errs);
  for (size_t i = 0; i < errs_count(errs); i++)
    printf("%s\n", errs_text(errs, i));
  errs_destroy(errs);
  CU_ASSERT_PTR_NOT_NULL_FATAL(s);
  return s;
}

static void open_plan(struct planned *p, const char *set) {
  const char *sets[] = {"work.serving.replica.weights=fp8", "work.serving.replica.kv=fp8", "work.serving.replica.pp=1", set};
  *p = (struct planned){.spec = scenario("scenarios/expand-fleet.yaml", sets, set ? 4 : 3)};
  const struct sim_serving *s = &p->spec->serving[0];
  sim_offers_make(&p->offers, p->spec);
  p->ask = (struct sim_serve_ask){.replica = s->replica, .input = wl_hist_point(p->spec->arena, 1000), .output = wl_hist_point(p->spec->arena, 200), .slo = s->slo,
                                  .seed = 1, .jobs = 1, .together = true};
  p->ask.replica.catalog = p->spec->catalog;
  p->ask.hours = sim_serve_hours(p->spec->arena, p->spec, s, &p->ask.n_hours);
}

static void close_plan(struct planned *p) {
  sim_serve_plan_free(&p->plan);
  sim_offers_free(&p->offers);
  sc_scenario_free(p->spec);
}

static const struct sim_serve_pick *plan(struct planned *p) {
  sim_serve_plan_free(&p->plan);
  sim_serve_plan(&p->ask, &p->offers, &p->plan);
  CU_ASSERT_FATAL(p->plan.n == 2);
  return &p->plan.pick[0];
}

static void steady(struct planned *p, double rate_req_s) {
  struct sim_hours *h = arena_alloc(p->spec->arena, sizeof *h);
  *h = (struct sim_hours){rate_req_s, 1};
  p->ask.hours = h;
  p->ask.n_hours = 1;
}

/* ---- fleets ---- */
static void test_fleets(void) {
  struct hw_server s = {.gpus = 8};
  struct fleet_part none = {0}, small = {2, 3.0}, large = {24, 10.0}, reader = {8, 25.0};
  struct fleet_of f = fleet_for(&s, small, none, 10, 1); /* 4 replicas, 4 to a server */
  CU_ASSERT(f.replicas == 4 && f.servers == 1);
  CU_CLOSE(f.held_req_s, 12, 1e-12);
  f = fleet_for(&s, small, none, 13, 1);
  CU_ASSERT(f.replicas == 5 && f.servers == 2);
  f = fleet_for(&s, small, none, 1, 3);
  CU_ASSERT(f.replicas == 3);
  f = fleet_for(&s, large, reader, 30, 1); /* 3 x 3 servers decode, 2 read */
  CU_ASSERT(f.replicas == 3 && f.prefills == 2 && f.servers == 11);
  CU_CLOSE(f.held_req_s, 30, 1e-12);
  f = fleet_for(&s, (struct fleet_part){8, 0}, none, 1, 1);
  CU_ASSERT(f.servers == 0);
  f = fleet_within(&s, large, reader, 8); /* 1 reads, 2 x 3 decode, one is left */
  CU_ASSERT(f.prefills == 1 && f.replicas == 2);
  CU_CLOSE(f.held_req_s, 20, 1e-12);
  f = fleet_within(&s, large, none, 2);
  CU_ASSERT(f.replicas == 0 && f.held_req_s == 0);
}

/* ---- prices ---- */
static double price(const struct planned *p, const char *name, double server_w) {
  struct sim_price x;
  for (int i = 0; i < p->offers.n; i++)
    if (!strcmp(p->offers.offer[i].name, name)) {
      sim_offer_price(&p->offers, i, 4, server_w, &x);
      CU_CLOSE(x.goods + x.resale + x.energy + x.space + x.care + x.staff + x.rent, x.usd_per_gpu_h, 1e-12);
      return x.usd_per_gpu_h;
    }
  CU_FAIL_FATAL("no such offer");
  return NAN;
}

static void test_prices(void) {
  struct planned p;
  open_plan(&p, "options.rent-the-rest.layers.1.price=16 USD/h");
  CU_ASSERT(p.offers.n == 2); /* the same server is bought on the same terms by several options */
  CU_ASSERT(!p.offers.offer[0].hourly && p.offers.offer[1].hourly);
  CU_CLOSE(price(&p, "rent-the-rest (on-demand)", 0), 16.0 / 8 + 215e3 / 1000 / 8766, 1e-3); /* and a thousandth of a person */
  double idle = price(&p, "at-once", 3000), busy = price(&p, "at-once", 6000);
  CU_CLOSE(busy - idle, 3.0 * 1.4 * 0.0826 / 8, 1e-6); /* 3 kW more at the meter, shared by eight */
  close_plan(&p);
  open_plan(&p, "site.tariff=0.1652 USD/kWh");
  CU_CLOSE(price(&p, "at-once", 6000) - busy, 6.0 * 1.4 * 0.0826 / 8, 1e-6);
  close_plan(&p);
}

/* ---- what must follow ---- */
static void test_limits_cost(void) {
  struct planned p;
  double last = 0, tpot[] = {0.2, 0.05, 0.02};
  open_plan(&p, NULL);
  for (int i = 0; i < 3; i++) {
    p.ask.slo.tpot_s = tpot[i];
    const struct sim_serve_pick *w = plan(&p);
    CU_ASSERT_FATAL(w->feasible);
    CU_ASSERT(w->usd_per_h >= last * (1 - 1e-9));
    CU_ASSERT(w->at.r.slo_attainment >= p.ask.slo.attainment);
    CU_ASSERT(w->held_req_s >= p.ask.hours[p.ask.n_hours - 1].rate_req_s);
    CU_ASSERT(w->at.r.tpot_s[SERVE_P90] <= tpot[i]);
    CU_ASSERT(w->played >= 3000);
    if (p.plan.what_if[PLAN_HALF_TPOT].pick.feasible)
      CU_ASSERT(p.plan.what_if[PLAN_HALF_TPOT].pick.usd_per_h >= w->usd_per_h * (1 - 1e-3)); /* watts differ a little */
    CU_ASSERT(p.plan.what_if[PLAN_TWICE_TPOT].pick.usd_per_h <= w->usd_per_h * (1 + 1e-3));
    last = w->usd_per_h;
  }
  p.ask.slo.tpot_s = 1e-4; /* nothing is so fast */
  CU_ASSERT(!plan(&p)->feasible);
  CU_ASSERT(strstr(p.plan.pick[0].why, "latency") != NULL);
  close_plan(&p);
}

static void test_load_costs(void) {
  struct planned p;
  int last = 0;
  open_plan(&p, NULL);
  for (double rate = 5; rate < 500; rate *= 9) {
    steady(&p, rate);
    const struct sim_serve_pick *w = plan(&p);
    CU_ASSERT_FATAL(w->feasible);
    CU_ASSERT(w->gpus >= last);
    CU_ASSERT(w->held_req_s >= rate);
    last = w->gpus;
  }
  CU_ASSERT(last > 8);
  p.ask.headroom = 1;
  CU_ASSERT(plan(&p)->gpus > last);
  close_plan(&p);
}

/* Arrivals beyond the clock cannot be simulated, so nothing is handed out; a load for more replicas than are counted says so. */
static void test_absurd_loads(void) {
  struct planned p;
  open_plan(&p, NULL);
  steady(&p, 1e-9);
  const struct sim_serve_pick *w = plan(&p);
  CU_ASSERT(!w->feasible);
  CU_ASSERT(strstr(w->why, "simulated") != NULL);
  steady(&p, 1e12);
  w = plan(&p);
  CU_ASSERT(!w->feasible);
  CU_ASSERT(strstr(w->why, "replicas") != NULL);
  close_plan(&p);
}

static void test_servers_hold(void) {
  struct planned p;
  double last = 0;
  open_plan(&p, NULL);
  for (p.ask.servers = 1; p.ask.servers <= 2; p.ask.servers *= 2) {
    const struct sim_serve_pick *w = plan(&p);
    CU_ASSERT_FATAL(w->feasible);
    CU_ASSERT(w->servers == p.ask.servers);
    CU_ASSERT(w->held_req_s >= 1.9 * last); /* replicas do not know of each other */
    CU_ASSERT(w->at.r.slo_attainment >= p.ask.slo.attainment);
    last = w->held_req_s;
  }
  close_plan(&p);
}

static void test_price_decides(void) {
  struct planned p;
  open_plan(&p, "options.rent-the-rest.layers.1.price=2 USD/h");
  CU_ASSERT(!strcmp(p.offers.offer[plan(&p)->offer].name, "rent-the-rest (on-demand)"));
  close_plan(&p);
  open_plan(&p, "options.rent-the-rest.layers.1.price=200 USD/h");
  CU_ASSERT(!strcmp(p.offers.offer[plan(&p)->offer].name, "at-once"));
  close_plan(&p);
}

/* Replicas that read beside replicas that decode: both carry the load, the cache's way is paid in time. */
static void test_split(void) {
  struct planned p;
  open_plan(&p, NULL);
  steady(&p, 60);
  p.ask.slo.tpot_s = 0.012; /* long prompts between steps would break it */
  double together = plan(&p)->usd_per_h;
  bool done = p.plan.pick[0].feasible;
  p.ask.together = false;
  const struct sim_serve_pick *w = plan(&p);
  CU_ASSERT_FATAL(w->feasible);
  CU_ASSERT(!done || w->usd_per_h <= together * (1 + 1e-3));
  CU_ASSERT_FATAL(w->prefill.server != NULL);
  CU_ASSERT(w->prefills * w->prefill_req_s >= 60 && w->replicas * w->rate_req_s >= 60);
  CU_ASSERT(w->transfer_s > 0 && w->at.r.ttft_s[SERVE_P50] > w->transfer_s);
  close_plan(&p);
}

static void test_front(void) {
  struct planned p;
  open_plan(&p, NULL);
  plan(&p);
  CU_ASSERT(p.plan.n_front > 6);
  bool any = false;
  for (int i = 0; i < p.plan.n_front; i++) {
    const struct sim_serve_front *a = &p.plan.front[i];
    any |= a->best;
    CU_ASSERT(a->ttft_s <= p.ask.slo.ttft_s);
    for (int k = 0; k < p.plan.n_front; k++) {
      const struct sim_serve_front *b = &p.plan.front[k];
      bool beats = b->tok_per_s_user > a->tok_per_s_user && b->tok_per_usd > a->tok_per_usd;
      CU_ASSERT(!(beats && a->best));
      CU_ASSERT(!(beats && a->offer == b->offer));
    }
  }
  CU_ASSERT(any);
  close_plan(&p);
}

static void test_threads_agree(void) {
  struct planned p;
  open_plan(&p, NULL);
  struct sim_serve_pick one = *plan(&p);
  p.ask.jobs = 3;
  const struct sim_serve_pick *many = plan(&p);
  CU_ASSERT(one.usd_per_h == many->usd_per_h && one.rate_req_s == many->rate_req_s && one.replicas == many->replicas);
  close_plan(&p);
}

/* ---- training ---- */
static struct sim_train_job job(const char *gpu, const char *model, int gpus, struct sim_plan plan) {
  return (struct sim_train_job){.catalog = shared.catalog,
                                .server = hw_server_generic(shared.catalog, hw_gpu_find(shared.catalog, gpu), 8, 0),
                                .model = wl_model_find(shared.models, model),
                                .stack = "megatron-core 2024",
                                .gpus = gpus,
                                .seq_len = 4096,
                                .global_batch = 256,
                                .plan = plan};
}

static void test_own_layout(void) {
  struct sim_train_job j = job("H100-SXM-80GB", "Llama-3.1-70B", 128, (struct sim_plan){.zero = -1, .recompute = RECOMPUTE_AUTO});
  struct sim_plan_search s, alone;
  struct sim_plan slow = {.tp = 8, .pp = 16, .vpp = 1, .dp = 1, .ep = 1, .cp = 1, .zero = 1, .micro_batch = 1, .recompute = RECOMPUTE_AUTO};
  CU_ASSERT_FATAL(sim_train_search(&j, &alone));
  CU_ASSERT_FATAL(sim_train_search_beside(&j, &slow, &s));
  CU_ASSERT(s.screened == alone.screened && s.best[0].time_s == alone.best[0].time_s);
  CU_ASSERT(isfinite(s.own_screened_s));
  CU_ASSERT(s.faster_than_own > 0 && s.faster_than_own < s.fitting);
  struct sim_plan best = s.best[0].plan;
  best.recompute = RECOMPUTE_AUTO;
  CU_ASSERT_FATAL(sim_train_search_beside(&j, &best, &s));
  CU_ASSERT(s.faster_than_own < SIM_PLANS_KEPT); /* the winner by events is among the first by the closed form */
  CU_ASSERT(s.n_rejected > 0);
  for (int i = 0; i < s.n_rejected; i++) {
    CU_ASSERT(!s.rejected[i].fits && strstr(s.rejected[i].why, "out of memory"));
    CU_ASSERT(i == 0 || s.rejected[i].time_s >= s.rejected[i - 1].time_s);
  }
  for (int i = 0; i < s.n; i++)
    CU_ASSERT(!(s.best[i].plan.zero >= 2 && s.best[i].plan.pp > 1));
}

/* ---- the timeline ---- */
struct seen {
  double until[64][STREAMS], end, compute;
  size_t n;
  bool overlap, wild;
};

static void see(void *ctx, const struct sim_step_span *s) {
  struct seen *t = ctx;
  double *until = &t->until[s->stage][s->stream];
  t->overlap |= s->start_s < *until - 1e-12;
  t->wild |= !(s->end_s > s->start_s) || s->start_s < 0;
  *until = s->end_s;
  t->end = fmax(t->end, s->end_s);
  t->compute += s->stream == STREAM_COMPUTE ? s->end_s - s->start_s : 0;
  t->n++;
}

static void test_timeline(void) {
  static const struct sim_plan plan[] = {
      {.tp = 8, .pp = 4, .vpp = 1, .micro_batch = 1, .zero = 1, .schedule = SCHEDULE_1F1B},
      {.tp = 8, .pp = 4, .vpp = 5, .micro_batch = 1, .zero = 1, .schedule = SCHEDULE_INTERLEAVED},
      {.tp = 8, .pp = 4, .vpp = 1, .micro_batch = 1, .zero = 1, .schedule = SCHEDULE_ZERO_BUBBLE},
      {.tp = 4, .pp = 8, .vpp = 1, .micro_batch = 1, .zero = 1, .schedule = SCHEDULE_DUALPIPE},
      {.tp = 1, .pp = 1, .vpp = 1, .micro_batch = 1, .zero = 3, .recompute = RECOMPUTE_FULL},
  };
  for (size_t i = 0; i < sizeof plan / sizeof *plan; i++) {
    struct sim_train_job j = job("H100-SXM-80GB", "Llama-3.1-70B", 64, plan[i]);
    struct sim_step step;
    struct seen t = {0};
    CU_ASSERT_FATAL(sim_train_step(&j, &step));
    CU_ASSERT_FATAL(sim_train_timeline(&j, 1000000, see, &t));
    CU_ASSERT(!t.overlap && !t.wild);
    CU_CLOSE(t.end, step.time_s, 1e-6);
    double own = step.part_s[STEP_COMPUTE] + step.part_s[STEP_ATTENTION] + step.part_s[STEP_ELEMENTWISE];
    CU_ASSERT(t.compute / step.plan.pp > 0.5 * own && t.compute / step.plan.pp < 1.02 * step.time_s);
    struct seen few = {0};
    CU_ASSERT_FATAL(sim_train_timeline(&j, 100, see, &few));
    CU_ASSERT(few.n <= 100);
    CU_CLOSE(few.end, t.end, 1e-12); /* the end is always there */
  }
}

/* What a viewer reads: valid JSON, every process and thread that has spans is named, spans of a thread follow each other. */
static void test_trace_file(void) {
  struct sim_train_job j = job("H100-SXM-80GB", "Mixtral-8x7B", 64, (struct sim_plan){.tp = 2, .pp = 4, .ep = 8, .micro_batch = 1, .zero = 1, .recompute = RECOMPUTE_AUTO});
  double until[4][STREAMS] = {{0}};
  bool named[4][STREAMS] = {{false}}, process[4] = {false};
  struct errs *errs = errs_create();
  timeline_write("test_plan.json", &j, &j.plan, errs);
  CU_ASSERT_FATAL(errs_count(errs) == 0);
  json_error_t why;
  json_t *file = json_load_file("test_plan.json", JSON_REJECT_DUPLICATES, &why), *event;
  remove("test_plan.json");
  CU_ASSERT_PTR_NOT_NULL_FATAL(file);
  size_t i, spans = 0;
  json_array_foreach(json_object_get(file, "traceEvents"), i, event) {
    const char *ph = json_string_value(json_object_get(event, "ph")), *name = json_string_value(json_object_get(event, "name"));
    int pid = (int)json_integer_value(json_object_get(event, "pid")), tid = (int)json_integer_value(json_object_get(event, "tid"));
    CU_ASSERT_FATAL(ph && name && pid >= 0 && pid < 4 && tid >= 0 && tid < STREAMS);
    process[pid] |= !strcmp(name, "process_name");
    named[pid][tid] |= !strcmp(name, "thread_name");
    if (strcmp(ph, "X") != 0)
      continue;
    double ts = json_number_value(json_object_get(event, "ts")), dur = json_number_value(json_object_get(event, "dur"));
    CU_ASSERT(named[pid][tid] && process[pid]);
    CU_ASSERT(ts >= until[pid][tid] - 0.0021); /* microseconds are written to the nanosecond */
    until[pid][tid] = ts + dur;
    spans++;
  }
  CU_ASSERT(spans > 1000);
  CU_ASSERT(until[0][STREAM_EXPERT] > 0 && until[0][STREAM_TENSOR] > 0 && until[0][STREAM_DATA] > 0 && until[3][STREAM_OPTIMIZER] > 0);
  CU_ASSERT(until[0][STREAM_SEND_NEXT] > 0 && until[3][STREAM_SEND_PREVIOUS] > 0 && until[0][STREAM_SEND_PREVIOUS] == 0);
  json_decref(file);
  timeline_write("no-such-directory/x.json", &j, &j.plan, errs);
  CU_ASSERT(errs_count(errs) == 1);
  errs_destroy(errs);
}

int main(void) {
  static const struct cu_case cases[] = {
      {"fleets of whole servers", test_fleets},
      {"prices per GPU-hour", test_prices},
      {"tighter limits never cost less", test_limits_cost},
      {"more load never takes fewer GPUs", test_load_costs},
      {"absurd loads", test_absurd_loads},
      {"more servers hold more", test_servers_hold},
      {"the cheaper price wins", test_price_decides},
      {"prefill and decode apart", test_split},
      {"the front", test_front},
      {"threads do not matter", test_threads_agree},
      {"a layout is ranked among the others", test_own_layout},
      {"the timeline's streams", test_timeline},
      {"the timeline as a file", test_trace_file},
  };
  load_shared();
  return cu_main("plan", cases, sizeof cases / sizeof *cases);
}
