#include "sim/replay_size.h"
#include <math.h>
#include "sim/serve_router.h"

/* Measured (docs/models-serving.md, Speed): what a request costs where replicas are few, what it costs more where their state no longer is in the processor's caches, and a look at a replica. */
static const double request_s = 2.5e-6, far_s = 5e-6, look_s = 5e-9;
static const double replica_bytes = 18e3, request_bytes = 210;
enum { NEAR = 200 }; /* replicas whose state is at hand */

/* In the trace or made; the trace's own number whatever its rate is scaled to. */
static double requests_of(const struct sim_replay *p) {
  double all = !p->rate ? 0 : wl_curve_mean(p->rate) * (p->trace ? p->rate->period_s : p->duration_s);
  return p->most > 0 ? fmin(all, p->most) : all;
}

static double replicas_on(const struct sim_layer *y, const struct sim_replica *v) {
  int gpus = v->gpus > 0 ? v->gpus : (v->tp > 0 ? v->tp : y->server->gpus) * (v->pp > 0 ? v->pp : 1);
  return v->nodes > 0 ? y->count / v->nodes : floor((double)y->count * y->server->gpus / fmax(1, gpus));
}

void replay_size(const struct sim_spec *spec, int option, struct replay_size *ret) {
  const struct sim_replay *p = &spec->replay;
  const struct sim_option *o = &spec->option[option];
  *ret = (struct replay_size){.waiting_bytes = request_bytes};
  if (!p->present)
    return;
  for (int i = 0; i < o->n; i++)
    ret->replicas += replicas_on(&o->layer[i], &p->replica);
  const struct sim_router *router = o->rules.router ? o->rules.router : serve_routers[0];
  ret->requests = requests_of(p);
  ret->asks_all = router->asks_all || (o->rules.decode_router && o->rules.decode_router->asks_all);
  double each = request_s + (ret->replicas > NEAR ? far_s * (1 - NEAR / ret->replicas) : 0) + (ret->asks_all ? look_s * ret->replicas : 0);
  ret->cpu_s = ret->requests * each;
  ret->bytes = ret->replicas * replica_bytes;
}
