#include "sim/fleet_replay.h"
#include "hwmodels/power.h"
#include "sim/life.h"
#include "sim/replay.h"

static void account_layer(struct life *l, struct life_layer *y, const struct replay_layer *r, const struct sim_part *whole, double hours) {
  double all = y->servers * hours, used = all * r->up, there = y->spec->scale ? used : all, s = hours * 3600;
  double error = world_layer(l->world, l->index, y->index)->power.a, kwh = there * r->watts * error * 1e-3;
  double *m = y->month;
  m[SUM_SERVER_H] += there;
  m[SUM_USED_H] += used;
  m[SUM_IDLE_H] += there - used;
  m[SUM_GPU_H] += there * y->spec->server->gpus;
  m[SUM_GPU_ALLOCATED_H] += used * y->spec->server->gpus;
  m[SUM_GPU_PRODUCTIVE_H] += used * r->busy * y->spec->server->gpus;
  m[SUM_GPU_BUSY_H] += used * r->busy * y->spec->server->gpus;
  m[SUM_ARRIVED] += r->requests * s;
  m[SUM_SERVED] += r->requests * s;
  m[SUM_WITHIN_SLO] += r->within * s;
  m[SUM_TOKENS_IN] += r->input_tokens * s;
  m[SUM_TOKENS_OUT] += r->output_tokens * s;
  m[SUM_IT_KWH] += kwh;
  m[SUM_IDLE_KWH] += there * error * hw_server_idle_w(l->spec->catalog, y->spec->server) * 1e-3;
  m[SUM_KWH] += kwh * fleet_pue(l, y);
  for (int i = 0; i < 4; i++) { /* of the whole, so that their mean is */
    m[SUM_TTFT_P50 + i] += whole->ttft_s[SERVE_P50 + i] * r->requests * s;
    m[SUM_TPOT_P50 + i] += whole->tpot_s[SERVE_P50 + i] * r->requests * s;
  }
}

void fleet_account_replay(struct life *l, double hours) {
  const struct replay *r = &l->memo->replay[l->index];
  for (int i = 0; i < l->option->n; i++)
    account_layer(l, &l->layer[i], &r->layer[i], &r->r.whole, hours);
  l->outside[SUM_ARRIVED] += r->lost * hours * 3600;
}

void fleet_judge_replay(struct life *l) {
  const struct sim_replay *w = &l->spec->replay;
  const struct sim_part *whole = &l->memo->replay[l->index].r.whole;
  if (whole->finished == 0) /* also where nobody asked for a service level: what does nothing costs the least */
    life_infeasible(l, "%s: none of the %llu requests is answered, all are turned away or give up; smallest cure: shorter requests, larger replicas, or longer time-outs", w->name,
                    (unsigned long long)whole->arrived);
  else if (w->unmet_excludes && !(whole->slo_attainment >= w->slo.attainment))
    life_infeasible(l, "%s: %.1f %% of the requests in time, %.0f %% asked; smallest cure: more replicas, a better router, or wider limits", w->name, 100 * whole->slo_attainment,
                    100 * w->slo.attainment);
}
