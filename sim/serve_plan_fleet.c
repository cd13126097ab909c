/* Fleets of whole replicas on whole servers. */
#include <math.h>
#include "sim/fleet_demand.h"
#include "sim/serve_plan_priv.h"

/* Servers that so many replicas take, in parts of one: a server holds as many small ones as fit whole. */
static double servers_of(const struct hw_server *s, int gpus, int replicas) {
  if (gpus <= 0)
    return 0;
  return gpus <= s->gpus ? replicas / floor((double)s->gpus / gpus) : replicas * ceil((double)gpus / s->gpus);
}

static double servers_in_all(const struct hw_server *s, const struct fleet_part *d, int replicas, const struct fleet_part *p, int prefills) {
  return ceil(servers_of(s, d->gpus, replicas) + servers_of(s, p->gpus, prefills) - 1e-9);
}

static int replicas_for(double rate, double each, int least) {
  return each > 0 && rate / each < PLAN_MOST_REPLICAS ? (int)fmax(least, ceil(rate / each - 1e-9)) : 0;
}

static double held(const struct fleet_part *d, const struct fleet_part *p, const struct fleet_of *f) {
  double decode = f->replicas * d->rate_req_s;
  return p->gpus > 0 ? fmin(decode, f->prefills * p->rate_req_s) : decode;
}

struct fleet_of fleet_for(const struct hw_server *s, struct fleet_part d, struct fleet_part p, double rate, int least) {
  struct fleet_of f = {.replicas = replicas_for(rate, d.rate_req_s, least), .prefills = p.gpus > 0 ? replicas_for(rate, p.rate_req_s, least) : 0};
  if (f.replicas == 0 || (p.gpus > 0 && f.prefills == 0))
    return (struct fleet_of){0};
  f.servers = (int)servers_in_all(s, &d, f.replicas, &p, f.prefills);
  f.held_req_s = held(&d, &p, &f);
  return f;
}

struct fleet_of fleet_within(const struct hw_server *s, struct fleet_part d, struct fleet_part p, int servers) {
  struct fleet_of best = {0};
  double per_decode = servers_of(s, d.gpus, 1), per_prefill = servers_of(s, p.gpus, 1);
  int most = p.gpus > 0 ? (int)fmin(floor(servers / per_prefill + 1e-9), 4096) : 0;
  for (int x = p.gpus > 0; x <= most; x++) {
    struct fleet_of f = {.prefills = x, .replicas = (int)floor((servers - x * per_prefill) / per_decode + 1e-9), .servers = servers};
    f.held_req_s = held(&d, &p, &f);
    if (f.replicas > 0 && f.held_req_s > best.held_req_s)
      best = f;
  }
  return best;
}

struct sim_hours *sim_serve_hours(struct arena *a, const struct sim_spec *spec, const struct sim_serving *serving, int *ret_n) {
  struct demand d;
  demand_make(&d, spec, serving);
  struct sim_hours *h = arena_alloc(a, (size_t)d.cells * sizeof *h);
  *ret_n = 0;
  for (int i = 0; i < d.cells; i++) {
    double share = (i > 0 ? d.above[i - 1] : 1) - d.above[i];
    if (*ret_n > 0 && h[*ret_n - 1].rate_req_s == d.level[i])
      h[*ret_n - 1].share += share;
    else
      h[(*ret_n)++] = (struct sim_hours){d.level[i], share};
  }
  demand_free(&d);
  return h;
}
