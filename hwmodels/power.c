#include "hwmodels/power.h"
#include <math.h>
#include <stdio.h>
#include "hwmodels/priv.h"

static void read_share(struct hw_catalog *c, const struct hw_gpu *g, const char *metric, double *ret,
                       struct errs *errs) {
  const struct hw_fact *f = hwi_inherit(c, "power", g, metric);
  if (!f || isnan(f->value) || *f->unit)
    errs_add(errs, f ? f->file : NULL, f ? f->line : 0, metric,
             "no power row (a bare share of TDP) for gpu '%s', nor for its architecture, nor for 'any'", g->name);
  else
    *ret = f->value;
}

void hwi_power_resolve(struct hw_catalog *c, struct errs *errs) {
  for (size_t i = 0; i < c->n_gpu && errs_count(errs) == 0; i++) {
    struct hwi_power *p = arena_alloc(c->arena, sizeof *p);
    read_share(c, &c->gpu[i], "busy", &p->busy, errs);
    read_share(c, &c->gpu[i], "comm", &p->comm, errs);
    read_share(c, &c->gpu[i], "memory", &p->mem, errs);
    read_share(c, &c->gpu[i], "compute", &p->comp, errs);
    c->gpu[i].power = p;
  }
}

double hw_gpu_power_w(const struct hw_catalog *c, const struct hw_gpu *g, const struct hw_activity *a) {
  (void)c;
  const struct hwi_power *p = g->power;
  double busy = fmin(fmax(a->busy, 0), 1), comm = fmin(fmax(a->comm, 0), busy);
  double share = p->busy * (busy - comm) + p->comm * comm + p->mem * fmax(a->u_mem, 0) + p->comp * sqrt(fmax(a->u_comp, 0));
  return fmin(g->tdp_w, g->idle_w + g->tdp_w * share);
}

/* The host's draw goes from idle to busy with its GPUs' power above idle. */
double hw_server_power_at_w(const struct hw_server *s, double gpu_w) {
  double load = (gpu_w - s->gpu->idle_w) / fmax(1, s->gpu->tdp_w - s->gpu->idle_w);
  return s->gpus * gpu_w + s->host_idle_w + (s->host_busy_w - s->host_idle_w) * fmin(fmax(load, 0), 1);
}

double hw_server_power_w(const struct hw_catalog *c, const struct hw_server *s, const struct hw_activity *a) {
  return hw_server_power_at_w(s, hw_gpu_power_w(c, s->gpu, a));
}

double hw_server_idle_w(const struct hw_catalog *c, const struct hw_server *s) {
  (void)c;
  return hw_server_power_at_w(s, s->gpu->idle_w);
}

void hw_activity_text(const struct hw_activity *a, char *buf, size_t size) {
  snprintf(buf, size, "busy %.3f comm %.3f memory %.3f compute %.3f", a->busy, a->comm, a->u_mem, a->u_comp);
}
