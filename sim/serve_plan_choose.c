/* Which of a server's ways make the cheapest fleet: the closed form names finalists, their capacity is simulated, whole replicas on whole servers decide. */
#include <math.h>
#include "sim/serve_plan_priv.h"

enum { FINALISTS = 18, SIDE_FINALISTS = 6, SIZE_FINALISTS = 3, MOST_SIZES = 24 };

static const double DOUBT = 1.2, USUALLY = 0.8; /* what a simulation finds / what the screen says: at most, with few exceptions, and as a rule */

/* ---- money ---- */
double plan_peak_req_s(const struct sim_serve_ask *a) {
  return a->n_hours > 0 ? a->hours[a->n_hours - 1].rate_req_s : 0;
}

double plan_mean_req_s(const struct sim_serve_ask *a) {
  double sum = 0;
  for (int i = 0; i < a->n_hours; i++)
    sum += a->hours[i].rate_req_s * a->hours[i].share;
  return sum;
}

int plan_least_replicas(const struct sim_serve_ask *a) {
  return a->least_replicas > 1 ? a->least_replicas : 1;
}

static struct fleet_part part(const struct way *w, double rate) {
  return w ? (struct fleet_part){w->gpus, rate} : (struct fleet_part){0};
}

/* Fills fleet and paid hours; false when the load cannot be carried. */
static bool combine(const struct plan *plan, const struct hw_server *s, bool hourly, struct combination *c) {
  const struct sim_serve_ask *a = plan->ask;
  double more = 1 + a->headroom;
  struct fleet_part d = part(c->decode, c->decode_req_s), p = part(c->prefill, c->prefill_req_s);
  c->fleet = a->servers > 0 ? fleet_within(s, d, p, a->servers) : fleet_for(s, d, p, more * plan_peak_req_s(a), plan->least);
  c->server_hours = c->fleet.servers;
  if (c->fleet.servers == 0)
    return false;
  if (hourly && a->servers <= 0) {
    c->server_hours = 0;
    for (int i = 0; i < a->n_hours; i++)
      c->server_hours += a->hours[i].share * fleet_for(s, d, p, more * a->hours[i].rate_req_s, plan->least).servers;
  }
  return true;
}

static int largest(const struct combination *c) {
  return c->prefill && c->prefill->gpus > c->decode->gpus ? c->prefill->gpus : c->decode->gpus;
}

bool plan_as_published(const struct combination *c) {
  return c->decode->published && (!c->prefill || c->prefill->published);
}

/* Is a the better? Less paid (or more held); of equal ones the one with formats as published, the simpler, in smaller replicas, for what is lost when one stops; then the one with more to spare. */
static bool better(const struct sim_serve_ask *ask, const struct combination *a, const struct combination *b) {
  if (!b->decode)
    return true;
  if (ask->servers > 0 && a->fleet.held_req_s != b->fleet.held_req_s)
    return a->fleet.held_req_s > b->fleet.held_req_s;
  if (fabs(a->server_hours - b->server_hours) > 1e-9)
    return a->server_hours < b->server_hours;
  if (plan_as_published(a) != plan_as_published(b))
    return plan_as_published(a);
  if (!a->prefill != !b->prefill)
    return !a->prefill;
  if (largest(a) != largest(b))
    return largest(a) < largest(b);
  return a->fleet.held_req_s > b->fleet.held_req_s;
}

/* ---- finalists ---- */
static bool fits_filter(const struct way *w, enum serve_side side, bool published) {
  return w->side == side && (!published || w->published);
}

/* What a way costs by the screen, in servers, replicas not rounded; for given servers, what it does not hold. The closed form is off by more than a rounded replica, so rounding
 * is left to the simulated ones. */
static double burden(const struct plan *p, const struct hw_server *s, const struct way *y, int bound) {
  const struct sim_serve_ask *a = p->ask;
  double rate = USUALLY * y->rate[bound], each = (double)y->gpus / s->gpus;
  if (a->servers > 0)
    return -fmin(floor(a->servers / each + 1e-9), 1e6) * rate;
  return fmax(p->least, (1 + a->headroom) * plan_peak_req_s(a) / rate) * each;
}

/* The most promising ways of one side: of each size of a replica the best two shapes, for the screen cannot tell what rounding will do to large ones; each shape in its best formats. */
struct finalist {
  struct way *way;
  double key;
};

static bool same_shape(const struct sim_replica *a, const struct sim_replica *b) {
  return a->nodes == b->nodes && a->gpus == b->gpus && a->tp == b->tp && a->pp == b->pp && a->ep == b->ep && a->dp_attention == b->dp_attention;
}

/* Where y may stand in the list: the place of a worse one that it replaces, n = a new place, -1 = nowhere. */
static int place_for(const struct finalist *f, int n, const struct way *y, double key) {
  int of_size = 0, worst = -1;
  for (int i = 0; i < n; i++) {
    if (same_shape(&f[i].way->r, &y->r))
      return key < f[i].key - 1e-3 * fabs(f[i].key) ? i : -1; /* of nearly equal ones the first: as published, the engine's own settings */
    if (f[i].way->gpus == y->gpus) {
      of_size++;
      worst = i; /* sorted: the last is the worst */
    }
  }
  if (of_size < SIZE_FINALISTS)
    return n;
  return key < f[worst].key - 1e-3 * fabs(f[worst].key) ? worst : -1;
}

static int finalists_of(const struct plan *p, struct ways *w, enum serve_side side, int bound, bool published, struct way **ret, int most) {
  struct finalist f[MOST_SIZES * SIZE_FINALISTS];
  int n = 0;
  for (size_t i = 0; i < w->n; i++) {
    struct way *y = &w->way[i];
    if (!fits_filter(y, side, published) || y->rate[bound] <= 0)
      continue;
    struct finalist own = {y, burden(p, w->server, y, bound)};
    int k = place_for(f, n, y, own.key);
    if (k < 0 || k == MOST_SIZES * SIZE_FINALISTS)
      continue;
    n += k == n;
    for (; k > 0 && own.key < f[k - 1].key; k--)
      f[k] = f[k - 1];
    f[k] = own;
  }
  n = n < most ? n : most;
  for (int i = 0; i < n; i++)
    ret[i] = f[i].way;
  return n;
}

/* ---- simulation ---- */
struct serve_trial *plan_trial(const struct ways *w, const struct way *y, int bound) {
  struct sim_slo slo;
  ways_slo(w->ask, bound, y->side, y->transfer_s, &slo);
  return serve_trial_create(&y->r, w->ask->input, w->ask->output, w->ask->hit, &slo, y->side, w->ask->seed);
}

/* What a replica carries within the limits; simulated once. */
static double held_by(struct ways *w, struct way *y, int bound) {
  if (y->held[bound] >= 0)
    return y->held[bound];
  struct serve_trial *t = plan_trial(w, y, bound);
  y->held[bound] = t ? serve_trial_capacity(t, USUALLY * y->rate[bound]) : 0;
  serve_trial_destroy(t);
  w->simulated++;
  return y->held[bound];
}

static void consider(struct plan *p, struct ways *w, bool hourly, int bound, struct way *decode, struct way *prefill, struct combination *best) {
  double hope = DOUBT * decode->rate[bound], hope_p = prefill ? DOUBT * prefill->rate[bound] : 0;
  struct combination most = {.decode = decode, .prefill = prefill, .decode_req_s = hope, .prefill_req_s = hope_p};
  if (!combine(p, w->server, hourly, &most) || !better(p->ask, &most, best)) /* not even if the screen were so far too low */
    return;
  struct combination c = {.decode = decode, .prefill = prefill, .decode_req_s = held_by(w, decode, bound), .prefill_req_s = prefill ? held_by(w, prefill, bound) : 0};
  if (combine(p, w->server, hourly, &c) && better(p->ask, &c, best))
    *best = c;
}

/* Other batch limits, then other budgets, of the layout that won: a limit keeps steps short when many come at once, which the closed form, that sees averages, cannot value. */
static void refine(struct plan *p, struct ways *w, bool hourly, int bound, bool batches, struct combination *best) {
  const struct way from = *best->decode;
  for (size_t i = 0; i < w->n; i++) {
    struct way *y = &w->way[i];
    bool kin = y->table == from.table && y->side == from.side && y->rate[bound] > 0.8 * from.rate[bound];
    bool only = batches ? y->r.budget_tokens == from.r.budget_tokens : y->r.max_batch == from.r.max_batch;
    if (kin && only && y->held[bound] < 0)
      consider(p, w, hourly, bound, y, best->prefill, best);
  }
}

void plan_choose(struct plan *p, struct ways *w, bool hourly, int bound, bool published, bool together, struct combination *best) {
  struct way *whole[FINALISTS], *decode[SIDE_FINALISTS], *prefill[SIDE_FINALISTS];
  int n = finalists_of(p, w, SERVE_WHOLE, bound, published, whole, FINALISTS);
  *best = (struct combination){0};
  for (int i = 0; i < n; i++)
    consider(p, w, hourly, bound, whole[i], NULL, best);
  if (best->decode) {
    refine(p, w, hourly, bound, true, best);
    refine(p, w, hourly, bound, false, best);
  }
  if (together)
    return;
  int nd = finalists_of(p, w, SERVE_DECODE, bound, published, decode, SIDE_FINALISTS), np = finalists_of(p, w, SERVE_PREFILL, bound, published, prefill, SIDE_FINALISTS);
  for (int i = 0; i < nd; i++)
    for (int k = 0; k < np; k++)
      consider(p, w, hourly, bound, decode[i], prefill[k], best);
  if (best->decode && best->prefill)
    refine(p, w, hourly, bound, true, best);
}
