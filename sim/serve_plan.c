/* The planner: every server is screened, its best ways are simulated, offers are ranked by money. Nothing that was only screened is handed out. */
#include "sim/serve_plan.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "sim/crew.h"
#include "sim/serve_plan_priv.h"

enum { RIVALS = 2 /* offers looked at for each what-if */, FRONT_POINTS = 12 };

const char *const sim_serve_limit_name[SERVE_LIMITS] = {"load", "memory", "batch limit", "TPOT", "TTFT", "compute"};

/* ---- what is handed out ---- */
/* Simulates one side at its share of the load. Rarely a lower load goes worse than a higher one that was tried before (prompts are spread less evenly over attention groups): then
 * the side holds less than was thought, and false is returned. */
static bool measure_side(struct ways *w, struct way *y, int bound, double rate, struct sim_serve_level *ret) {
  struct serve_trial *t = plan_trial(w, y, bound);
  bool ok = t && serve_trial_at(t, rate, 0, ret);
  struct sim_slo slo;
  ways_slo(w->ask, bound, y->side, y->transfer_s, &slo);
  serve_trial_destroy(t);
  if (ok && ret->r.slo_attainment >= slo.attainment)
    return true;
  y->held[bound] = fmin(y->held[bound], 0.999 * rate);
  return false;
}

static bool measure(struct ways *w, const struct combination *c, int bound, double rate, struct sim_serve_level *ret) {
  struct sim_serve_level first;
  *ret = (struct sim_serve_level){0};
  if (!measure_side(w, c->decode, bound, rate / c->fleet.replicas, ret))
    return false;
  if (!c->prefill)
    return true;
  if (!measure_side(w, c->prefill, bound, rate / c->fleet.prefills, &first))
    return false;
  double share = (double)c->fleet.prefills / c->fleet.replicas; /* of a prefill replica for each that decodes */
  for (int i = 0; i < 5; i++)
    ret->r.ttft_s[i] = first.r.ttft_s[i] + c->prefill->transfer_s;
  ret->r.slo_attainment = fmax(0, ret->r.slo_attainment + first.r.slo_attainment - 1);
  ret->r.input_tok_per_s = first.r.input_tok_per_s * share;
  ret->power_w += first.power_w * share;
  return true;
}

static double load_on(const struct sim_serve_ask *a, const struct fleet_of *f) {
  return a->servers > 0 ? f->held_req_s : plan_peak_req_s(a);
}

static const char *why_none(const struct plan *p, const struct ways *w, int bound) {
  double most = 0;
  for (size_t i = 0; i < w->n; i++)
    most = fmax(most, w->way[i].rate[bound]);
  if (p->ask->servers > 0)
    return "no layout on so many servers keeps the latency limits at any load";
  return most > 0 && plan_peak_req_s(p->ask) / most >= PLAN_MOST_REPLICAS ? "the load takes more than a million replicas of any layout" : "no layout keeps the latency limits at any load";
}

static void hand_out(struct plan *p, struct ways *w, int offer, const struct combination *c, int bound, const struct sim_serve_level *at, struct sim_serve_pick *ret) {
  const struct sim_serve_ask *a = p->ask;
  *ret = (struct sim_serve_pick){.offer = offer, .layouts = w->screened, .without_room = w->without_room};
  memcpy(ret->too_late, w->too_late, sizeof ret->too_late);
  if (!c->decode) {
    snprintf(ret->why, sizeof ret->why, "%s", *w->why ? w->why : why_none(p, w, bound));
    return;
  }
  double mean = a->servers > 0 ? c->fleet.held_req_s : plan_mean_req_s(a);
  ret->feasible = true;
  ret->replica = c->decode->r;
  if (c->prefill) {
    ret->prefill = c->prefill->r;
    ret->transfer_s = c->prefill->transfer_s;
    ret->prefill_req_s = c->prefill_req_s;
  }
  ret->rate_req_s = c->decode_req_s;
  ret->replicas = c->fleet.replicas;
  ret->prefills = c->fleet.prefills;
  ret->servers = c->fleet.servers;
  ret->gpus = c->fleet.servers * w->server->gpus;
  ret->held_req_s = c->fleet.held_req_s;
  ret->limit = (enum sim_serve_limit)c->decode->limit[bound];
  ret->published = plan_as_published(c);
  ret->at = *at;
  sim_offer_price(p->offers, offer, c->fleet.servers, ret->at.power_w * c->fleet.replicas / c->fleet.servers, &ret->price);
  ret->gpu_hours_per_h = c->server_hours * w->server->gpus;
  ret->usd_per_h = ret->gpu_hours_per_h * ret->price.usd_per_gpu_h;
  double tokens = mean * fmax(wl_hist_mean(a->output), a->replica.model->encoder ? wl_hist_mean(a->input) : 0);
  ret->usd_per_mtok = tokens > 0 ? ret->usd_per_h / (tokens * 3600) * 1e6 : (double)NAN;
}

/* The whole fleet behind a router does better than its replicas at their shares, or worse where one side's delays meet the other's: when it misses the limits the side that is late holds less
 * than was thought. */
static bool play(struct plan *p, struct ways *w, const struct combination *c, int bound, struct sim_serve_level *at, uint64_t *ret_played) {
  struct serve_bounds b;
  bool late_first = false;
  ways_bounds(p->ask, bound, &b);
  *ret_played = 0;
  if (!fleet_play(w, c->decode, c->prefill, &c->fleet, bound, load_on(p->ask, &c->fleet), at, ret_played, &late_first) || at->r.slo_attainment >= b.quantile)
    return true; /* what cannot be played is left as its replicas were measured */
  struct way *side = c->prefill && late_first ? c->prefill : c->decode;
  int replicas = side == c->prefill ? c->fleet.prefills : c->fleet.replicas;
  side->held[bound] = p->ask->servers > 0 ? 0.95 * side->held[bound] : fmin(side->held[bound], 0.999 * load_on(p->ask, &c->fleet) / replicas); /* one more */
  return false;
}

/* The best of an offer, measured at the asked load. */
static void pick_of(struct plan *p, struct ways *w, int offer, int bound, bool published, bool together, struct sim_serve_pick *ret) {
  enum { TRIES = 20 };
  struct combination c;
  struct sim_serve_level at = {0};
  uint64_t played = 0;
  bool measured = false;
  for (int i = 0; i < TRIES; i++) {
    plan_choose(p, w, p->offers->offer[offer].hourly, bound, published, together, &c);
    measured = c.decode && measure(w, &c, bound, load_on(p->ask, &c.fleet), &at);
    if (!c.decode || (measured && play(p, w, &c, bound, &at, &played)))
      break;
  }
  bool untried = c.decode && !measured;
  if (untried)
    c.decode = NULL;
  hand_out(p, w, offer, &c, bound, &at, ret);
  ret->played = played;
  if (untried)
    snprintf(ret->why, sizeof ret->why, "none of %d fleets could be simulated at this load within the limits", TRIES);
}

static struct ways *ways_of(struct plan *p, int offer) {
  for (int i = 0; i < p->servers; i++)
    if (p->ways[i].server == p->offers->offer[offer].server)
      return &p->ways[i];
  return NULL;
}

/* ---- a server: screen, finalists, front ---- */
static double at_quantile(const double *five, double q) {
  return five[q >= 0.985 ? SERVE_P99 : q >= 0.925 ? SERVE_P95 : q >= 0.7 ? SERVE_P90 : SERVE_P50];
}

static int by_users(const void *a, const void *b) {
  const struct sim_serve_front *x = a, *y = b;
  return (x->tok_per_s_user < y->tok_per_s_user) - (x->tok_per_s_user > y->tok_per_s_user);
}

/* With N users who each wait for their answer, N / mean time of an answer come out a second. */
static bool front_measure(struct ways *w, struct sim_serve_front *f) {
  struct sim_serve_level l;
  struct sim_replica r = f->replica;
  int gpus = sim_replica_gpus(&r);
  r.max_batch = (int)f->users;
  struct way y = {.r = r, .side = SERVE_WHOLE};
  struct serve_trial *t = plan_trial(w, &y, 0);
  bool ok = t && f->users <= serve_trial_users(t) && serve_trial_at(t, 0, (int)f->users, &l) && l.r.e2e_s[SERVE_MEAN] > 0 && l.r.tpot_s[SERVE_MEAN] > 0;
  serve_trial_destroy(t);
  w->simulated++;
  if (!ok)
    return false;
  f->tok_per_s_user = 1 / l.r.tpot_s[SERVE_MEAN];
  f->tok_per_s_gpu = f->users / l.r.e2e_s[SERVE_MEAN] * w->len.output / gpus;
  f->ttft_s = at_quantile(l.r.ttft_s, w->ask->slo.quantile);
  f->tpot_s = at_quantile(l.r.tpot_s, w->ask->slo.quantile);
  return w->ask->slo.ttft_s <= 0 || f->ttft_s <= w->ask->slo.ttft_s;
}

/* An even choice of the screened front, simulated; what then lies behind another point is dropped. */
static void front_make(struct ways *w) {
  size_t kept = 0, n = w->n_front < FRONT_POINTS ? w->n_front : FRONT_POINTS;
  if (n == 0)
    return;
  qsort(w->front, w->n_front, sizeof *w->front, by_users);
  for (size_t i = 0; i < n; i++) {
    struct sim_serve_front f = w->front[n > 1 ? i * (w->n_front - 1) / (n - 1) : 0];
    if (front_measure(w, &f))
      w->front[kept++] = f; /* kept <= i <= the place it was read from */
  }
  w->n_front = kept;
  qsort(w->front, w->n_front, sizeof *w->front, by_users);
  kept = 0;
  for (size_t i = 0; i < w->n_front; i++)
    if (kept == 0 || w->front[i].tok_per_s_gpu > w->front[kept - 1].tok_per_s_gpu)
      w->front[kept++] = w->front[i];
  w->n_front = kept;
}

static void server_task(void *ctx, void *own, int number) {
  struct plan *p = ctx;
  struct ways *w = &p->ways[number];
  (void)own;
  ways_screen(w);
  for (int o = 0; o < p->offers->n; o++) { /* simulated here, on this thread: what is chosen of them is cheap to find again */
    struct combination unused;
    if (p->offers->offer[o].server == w->server)
      plan_choose(p, w, p->offers->offer[o].hourly, 0, false, p->ask->together, &unused);
  }
  front_make(w);
}

/* ---- all of them ---- */
static int by_money(const void *a, const void *b) {
  const struct sim_serve_pick *x = a, *y = b;
  if (x->feasible != y->feasible)
    return y->feasible - x->feasible;
  bool known_x = !isnan(x->usd_per_mtok), known_y = !isnan(y->usd_per_mtok);
  if (known_x != known_y)
    return known_y - known_x;
  if (known_x && x->usd_per_mtok != y->usd_per_mtok)
    return x->usd_per_mtok < y->usd_per_mtok ? -1 : 1;
  return x->offer - y->offer;
}

static void pick_all(struct plan *p, struct sim_serve_plan *ret) {
  ret->n = p->offers->n;
  ret->pick = mem_array((size_t)ret->n + 1, sizeof *ret->pick);
  for (int o = 0; o < ret->n; o++)
    pick_of(p, ways_of(p, o), o, 0, false, p->ask->together, &ret->pick[o]);
  qsort(ret->pick, (size_t)ret->n, sizeof *ret->pick, by_money);
}

/* ---- what the limits cost ---- */
struct what {
  int bound;
  bool published, together;
};

static bool worth_asking(const struct plan *p, const struct sim_serve_plan *r, enum sim_serve_what what) {
  const struct sim_slo *s = &p->ask->slo;
  switch (what) {
  case PLAN_HALF_TPOT:
  case PLAN_TWICE_TPOT:
    return s->tpot_s > 0;
  case PLAN_HALF_TTFT:
  case PLAN_TWICE_TTFT:
    return s->ttft_s > 0;
  case PLAN_PUBLISHED:
    return !r->pick[0].published;
  case PLAN_TOGETHER:
    return r->pick[0].prefill.server != NULL;
  case PLAN_TWO_REPLICAS:
    return p->ask->servers <= 0 && (r->pick[0].replicas == 1 || r->pick[0].prefills == 1);
  default:
    return false;
  }
}

/* Worlds with other limits differ in money alone: of two cheap offers the best. */
static void ask_what_if(struct plan *p, struct sim_serve_plan *r, enum sim_serve_what what) {
  bool limit = what <= PLAN_TWICE_TTFT;
  struct what q = {limit ? 1 + (int)what : 0, what == PLAN_PUBLISHED, p->ask->together || what == PLAN_TOGETHER};
  struct sim_serve_what_if *x = &r->what_if[what];
  if (r->n == 0 || !r->pick[0].feasible || !worth_asking(p, r, what))
    return;
  x->asked = true;
  p->least = what == PLAN_TWO_REPLICAS ? 2 : plan_least_replicas(p->ask);
  for (int i = 0; i < r->n && i < RIVALS && r->pick[i].feasible; i++) {
    struct ways *w = ways_of(p, r->pick[i].offer);
    struct sim_serve_pick pick;
    pick_of(p, w, r->pick[i].offer, q.bound, q.published, q.together, &pick);
    if (i == 0 || by_money(&pick, &x->pick) < 0)
      x->pick = pick;
  }
}

/* ---- the front of all offers ---- */
static int first_offer(const struct plan *p, const struct sim_serve_plan *r, const struct hw_server *s) {
  for (int i = 0; i < r->n; i++) /* in order of money: the cheapest way to this server */
    if (p->offers->offer[r->pick[i].offer].server == s && !isnan(r->pick[i].price.usd_per_gpu_h))
      return i;
  return -1;
}

static void front_all(struct plan *p, struct sim_serve_plan *r) {
  size_t cap = 0;
  for (int i = 0; i < p->servers; i++) {
    int k = first_offer(p, r, p->ways[i].server);
    struct sim_price price;
    if (k < 0)
      continue;
    price = r->pick[k].price;
    if (!r->pick[k].feasible)
      sim_offer_price(p->offers, r->pick[k].offer, 1, 0, &price);
    for (size_t j = 0; j < p->ways[i].n_front; j++) {
      r->front = mem_grow(r->front, &cap, (size_t)r->n_front + 1, sizeof *r->front);
      struct sim_serve_front *f = &r->front[r->n_front++];
      *f = p->ways[i].front[j];
      f->offer = r->pick[k].offer;
      f->tok_per_usd = f->tok_per_s_gpu * 3600 / price.usd_per_gpu_h;
    }
  }
  for (int i = 0; i < r->n_front; i++) {
    struct sim_serve_front *f = &r->front[i];
    f->best = true;
    for (int j = 0; j < r->n_front && f->best; j++)
      f->best = j == i || r->front[j].tok_per_usd < f->tok_per_usd || r->front[j].tok_per_s_user < f->tok_per_s_user ||
                (r->front[j].tok_per_usd == f->tok_per_usd && r->front[j].tok_per_s_user == f->tok_per_s_user);
  }
}

static void distinct_servers(struct plan *p) {
  p->ways = mem_array((size_t)p->offers->n + 1, sizeof *p->ways);
  for (int o = 0; o < p->offers->n; o++)
    if (!ways_of(p, o))
      p->ways[p->servers++] = (struct ways){.ask = p->ask, .server = p->offers->offer[o].server};
}

void sim_serve_plan(const struct sim_serve_ask *ask, const struct sim_offers *offers, struct sim_serve_plan *ret) {
  struct plan p = {.ask = ask, .offers = offers, .least = plan_least_replicas(ask)};
  *ret = (struct sim_serve_plan){0};
  distinct_servers(&p);
  crew_run(&(struct crew_work){.task = server_task, .ctx = &p}, p.servers, ask->jobs > 0 ? ask->jobs : 1);
  pick_all(&p, ret);
  for (int i = 0; i < PLAN_WHATS; i++)
    ask_what_if(&p, ret, (enum sim_serve_what)i);
  front_all(&p, ret);
  for (int i = 0; i < p.servers; i++) {
    ret->screened += p.ways[i].screened;
    ret->fitting += p.ways[i].fitting;
    ret->simulated += p.ways[i].simulated;
    ret->screen_s += p.ways[i].screen_s;
    ways_free(&p.ways[i]);
  }
  mem_free(p.ways);
}

void sim_serve_plan_free(struct sim_serve_plan *p) {
  mem_free(p->pick);
  mem_free(p->front);
  *p = (struct sim_serve_plan){0};
}
