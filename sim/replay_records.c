/* A replay as records: scopes replay (the whole), replay:layer-N, replay:NAME of a tenant; quantiles and populations as series. */
#include <math.h>
#include <stdio.h>
#include "base/mem.h"
#include "sim/life_records.h"
#include "sim/replay.h"

static double over(double part, double whole) { return whole > 0 ? part / whole : (double)NAN; }

struct teller {
  const struct sim_listener *out;
  const char *option, *scope;
};

static void one(const struct teller *t, const char *name, double value, const char *unit) {
  if (!isnan(value))
    life_tell_metric(t->out, t->option, t->scope, name, "", value, unit, NULL);
}

static void latency(const struct teller *t, const char *name, const double *s, const char *unit, double scale) {
  static const char *const which[] = {"mean", "p50", "p90", "p95", "p99"};
  char key[40];
  for (int i = 0; i < 5; i++) {
    snprintf(key, sizeof key, "%s_%s_%s", name, which[i], unit);
    one(t, key, s[i] * scale, unit);
  }
}

static void part(const struct teller *t, const struct sim_part *p) {
  latency(t, "ttft", p->ttft_s, "ms", 1e3);
  latency(t, "tpot", p->tpot_s, "ms", 1e3);
  latency(t, "itl", p->itl_s, "ms", 1e3);
  latency(t, "e2e", p->e2e_s, "s", 1);
  latency(t, "transfer", p->transfer_s, "ms", 1e3);
  one(t, "requests", (double)p->arrived, "req");
  one(t, "rejected_requests", (double)p->rejected, "req");
  one(t, "timed_out_requests", (double)p->timed_out, "req");
  one(t, "lost_requests", (double)(p->rejected + p->timed_out), "req");
  one(t, "slo_attainment", p->slo_attainment, "");
  one(t, "goodput_req_per_s", p->goodput_req_per_s, "req/s");
  one(t, "input_tok_per_s", over(p->input_tokens, p->span_s), "token/s");
  one(t, "output_tok_per_s", over(p->output_tokens, p->span_s), "token/s");
  one(t, "output_tok_per_s_user", p->output_tok_per_s_user, "token/s");
}

/* Of what has GPUs. */
static void machines(const struct teller *t, const struct sim_part *p) {
  double gpu_s = p->gpu_h * 3600;
  one(t, "input_tok_per_s_gpu", over(p->input_tokens, gpu_s), "token/s");
  one(t, "output_tok_per_s_gpu", over(p->output_tokens, gpu_s), "token/s");
  one(t, "preemptions", (double)p->preemptions, "");
  one(t, "swapped", (double)p->swapped, "");
  one(t, "starts", (double)p->starts, "");
  one(t, "hit_share", over(p->hit_tokens, p->input_tokens), "");
  one(t, "replicas_mean", p->replicas, "");
  one(t, "replica_hours", p->replica_h, "h");
  one(t, "gpu_hours_provisioned", p->gpu_h, "gpu-h");
  one(t, "batch_mean", p->batch_mean, "");
  one(t, "kv_occupancy", p->kv_occupancy, "");
  one(t, "gpu_utilization", p->busy, "");
  one(t, "compute_utilization", p->compute, "");
  one(t, "memory_utilization", p->memory, "");
  one(t, "network_utilization", p->network, "");
  one(t, "joule_per_token", over(p->energy_j, p->output_tokens), "J/token");
}

static void price(const struct teller *t, double input, double cached, double output) {
  one(t, "usd_per_mtoken_read", input, "USD/Mtoken");
  one(t, "usd_per_mtoken_cached", cached, "USD/Mtoken");
  one(t, "usd_per_mtoken_written", output, "USD/Mtoken");
}

/* Pools were priced at 1 USD a GPU-hour: each kind's bill scales with its pool's price. */
static double whole_price(const struct replay *r, const struct sim_option *o, const double *usd, int kind) {
  double bill = 0, tokens = 0;
  for (int i = 0; i < o->n; i++)
    for (int k = 0; k < r->layer[i].pools; k++) {
      const struct sim_part *p = &r->r.pool[r->layer[i].pool + k];
      double n[] = {p->input_tokens - p->hit_tokens, p->hit_tokens, p->output_tokens}, each[] = {p->usd_per_mtoken_input, p->usd_per_mtoken_cached, p->usd_per_mtoken_output};
      if (kind < 2 && p->role == SIM_DECODE) /* read elsewhere */
        continue;
      bill += isnan(each[kind]) ? 0 : usd[i] * each[kind] * n[kind];
      tokens += n[kind];
    }
  return over(bill, tokens);
}

static void pool(const struct teller *t, const struct sim_part *p, const struct replay_layer *l, double usd) {
  part(t, p);
  machines(t, p);
  one(t, "replicas", l->pools == 1 ? l->replicas : (double)NAN, "");
  one(t, "gpus_per_replica", l->gpus, "gpu");
  price(t, p->usd_per_mtoken_input * usd, p->usd_per_mtoken_cached * usd, p->usd_per_mtoken_output * usd);
}

static void curves(const struct sim_listener *out, const char *option, const struct replay *r) {
  for (int i = 0; i < SIM_CURVE; i++) {
    if (!isnan(r->r.ttft_curve_s[i]))
      life_tell_point(out, option, "ttft_quantile_s", i, r->r.ttft_curve_s[i]);
    if (!isnan(r->r.tpot_curve_s[i]))
      life_tell_point(out, option, "tpot_quantile_s", i, r->r.tpot_curve_s[i]);
  }
  for (int i = 0; i < r->r.populations; i++) {
    life_tell_point(out, option, "replay_replicas", r->r.population[i].t_s / 3600, r->r.population[i].replicas);
    life_tell_point(out, option, "replay_requests", r->r.population[i].t_s / 3600, r->r.population[i].requests);
  }
}

void replay_tell(const struct sim_spec *spec, int option, const struct replay *r, const double *usd, const struct sim_listener *out) {
  const struct sim_option *o = &spec->option[option];
  char scope[200];
  if (!r->ok)
    return;
  struct teller t = {out, o->name, "replay"};
  part(&t, &r->r.whole);
  machines(&t, &r->r.whole);
  one(&t, "start_s", r->start_s > 0 ? r->start_s : (double)NAN, "s");
  price(&t, whole_price(r, o, usd, 0), whole_price(r, o, usd, 1), whole_price(r, o, usd, 2));
  t.scope = "whole"; /* what an option over years has no other source for */
  one(&t, "hit_share", over(r->r.whole.hit_tokens, r->r.whole.input_tokens), "");
  t.scope = scope;
  for (int i = 0; i < o->n; i++)
    for (int k = 0; k < r->layer[i].pools; k++) {
      snprintf(scope, sizeof scope, "replay:layer-%d%s", i, r->layer[i].pools == 1 ? "" : k ? ":decode" : ":prefill");
      pool(&t, &r->r.pool[r->layer[i].pool + k], &r->layer[i], usd[i]);
    }
  for (int i = 0; spec->replay.n_class && i < r->r.classes; i++) {
    snprintf(scope, sizeof scope, "replay:%s", r->r.class[i].name);
    part(&t, &r->r.class[i]);
  }
  curves(out, o->name, r);
}
