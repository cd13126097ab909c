#include "sim/fleet.h"
#include <math.h>
#include "sim/life.h"

double fleet_nameplate_kw(const struct life *l, const struct life_layer *y) {
  return l->spec->fixed.present ? l->spec->fixed.power_kw.a : y->spec->server->power_max_w / 1e3;
}

double fleet_pue(const struct life *l, const struct life_layer *y) {
  double pue = y->spec->owned ? l->spec->site.pue.a : l->spec->rent_pue.a;
  return pue > 0 ? pue : 1;
}

/* Work that is stated, not simulated: so many watts a server, used so much of the time. What is paid by use is there when used only. */
static void account_fixed(struct life *l, struct life_layer *y, double hours) {
  const struct sim_fixed_load *f = &l->spec->fixed;
  double use = f->utilization.a, there = y->servers * hours * (y->spec->scale ? use : 1), used = y->servers * hours * use;
  double kwh = there * f->power_kw.a;
  y->month[SUM_SERVER_H] += there;
  y->month[SUM_USED_H] += used;
  y->month[SUM_IDLE_H] += there - used;
  y->month[SUM_GPU_H] += there * y->spec->server->gpus;
  y->month[SUM_GPU_ALLOCATED_H] += used * y->spec->server->gpus;
  y->month[SUM_GPU_PRODUCTIVE_H] += used * y->spec->server->gpus;
  y->month[SUM_GPU_BUSY_H] += used * y->spec->server->gpus;
  y->month[SUM_TOKENS_OUT] += used * 3600 * f->output_tok_per_s.a;
  y->month[SUM_IT_KWH] += kwh;
  y->month[SUM_IDLE_KWH] += kwh; /* the stated watts do not move with use */
  y->month[SUM_KWH] += kwh * fleet_pue(l, y);
}

static void account_all_fixed(struct life *l, double hours) {
  double kw = 0;
  for (int i = 0; i < l->option->n; i++) {
    struct life_layer *y = &l->layer[i];
    account_fixed(l, y, hours);
    kw += y->servers * l->spec->fixed.power_kw.a * fleet_pue(l, y);
  }
  l->month[l->now].peak_kw = fmax(l->month[l->now].peak_kw, kw);
}

void fleet_account(struct life *l, double hours) {
  if (l->spec->fixed.present)
    account_all_fixed(l, hours);
}

int fleet_wanted(struct life *l, struct life_layer *y) {
  (void)l;
  return y->spec->count >= 0 ? y->spec->count : 1;
}

void fleet_open(struct life *l) {
  for (int i = 0; i < l->option->n; i++)
    life_add(l, &l->layer[i], fleet_wanted(l, &l->layer[i]));
}

void fleet_plan(struct life *l) { (void)l; }
