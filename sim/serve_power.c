/* Watts and joules of a replica's servers from what its iterations did. */
#include <math.h>
#include "sim/serve_setup.h"

double serve_gpu_power_w(const struct sim_replica *rep, const struct serve_setup *s, const struct hw_activity *a) {
  return fmin(hw_gpu_power_w(rep->catalog, s->gpu, a), hw_server_gpu_limit_w(s->server, rep->power_cap_w));
}

/* A replica smaller than a server carries its share. */
static double servers(const struct serve_setup *s) {
  return (double)s->gpus / s->server->gpus;
}

static struct hw_activity activity_of(const struct serve_setup *s, const struct serve_work *w, double span_s) {
  return (struct hw_activity){.busy = fmin(1, w->busy_s / span_s), .comm = fmin(1, w->comm_s / span_s), .u_mem = fmin(1, w->bytes / span_s / s->gpu->mem_Bps),
                              .u_comp = fmin(1, w->flop / span_s / s->gpu->peak_flops[s->compute])};
}

/* Kinds of iterations have watts of their own, which are not linear in what they do; between them the servers idle. */
static double integrate(const struct sim_replica *rep, const struct serve_setup *s, const struct serve_totals *t, double (*watts)(const struct sim_replica *, const struct serve_setup *, const struct hw_activity *),
                        struct serve_work *ret_sum) {
  double joules = 0;
  *ret_sum = (struct serve_work){0};
  for (int i = 0; i < SERVE_CLASSES; i++) {
    const struct serve_work *w = &t->work[i];
    if (w->span_s <= 0)
      continue;
    struct hw_activity a = activity_of(s, w, w->span_s);
    joules += watts(rep, s, &a) * w->span_s;
    ret_sum->span_s += w->span_s;
    ret_sum->busy_s += w->busy_s;
    ret_sum->comm_s += w->comm_s;
    ret_sum->bytes += w->bytes;
    ret_sum->flop += w->flop;
  }
  double span = (double)(t->end - t->start) * 1e-9;
  return joules + watts(rep, s, &(struct hw_activity){0}) * fmax(0, span - ret_sum->span_s);
}

static double server_w(const struct sim_replica *rep, const struct serve_setup *s, const struct hw_activity *a) {
  return hw_server_power_at_w(s->server, serve_gpu_power_w(rep, s, a));
}

double serve_energy_j(const struct sim_replica *rep, const struct serve_setup *s, const struct serve_totals *t, struct hw_activity *ret_mean) {
  struct serve_work sum;
  double joules = servers(s) * integrate(rep, s, t, server_w, &sum);
  *ret_mean = activity_of(s, &sum, fmax((double)(t->end - t->start) * 1e-9, 1e-9));
  return joules;
}

double serve_gpu_energy_j(const struct sim_replica *rep, const struct serve_setup *s, const struct serve_totals *t) {
  struct serve_work sum;
  return s->gpus * integrate(rep, s, t, serve_gpu_power_w, &sum);
}
