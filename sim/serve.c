#include "sim/serve.h"

#include <math.h>
#include <string.h>
#include "sim/serve_setup.h"

bool sim_serve_replay(const struct sim_replica *rep, bool (*next)(void *ctx, struct sim_request *r), void *ctx, double ttft_limit_s,
                      double tpot_limit_s, enum sim_serve_mode mode, const struct sim_listener *requests, struct sim_serve_result *ret) {
  struct serve_setup s;
  struct serve_cost cost;
  struct serve_memory m;
  struct serve_config cfg;
  struct serve_stats st;
  struct serve_totals t;
  char why[240];
  memset(ret, 0, sizeof *ret);
  if (!serve_setup_make(rep, &s, why, sizeof why))
    return false;
  serve_memory_of(&s, rep, &m);
  serve_cost_build(&cost, &s, (int)fmax(serve_budget(rep, &s), serve_max_seqs(rep, &s)), serve_max_seqs(rep, &s));
  serve_config_of(rep, &s, &cost, m.kv_tokens, &cfg);
  serve_stats_init(&st, ttft_limit_s, tpot_limit_s, 0);
  st.requests = requests;
  cfg.mode = mode;
  cfg.finish = serve_stats_finish;
  cfg.lost = serve_stats_lost;
  cfg.finish_ctx = &st;
  bool ok = serve_run(&cfg, &(struct serve_source){next, ctx, 0}, &t, NULL);
  serve_stats_result(&st, &t, ret);
  ret->energy_j = serve_energy_j(rep, &s, &t, &ret->activity);
  ret->kv_occupancy = isfinite(m.kv_tokens) ? t.kv_integral / fmax(ret->span_s, 1e-9) / m.kv_tokens : 0;
  serve_stats_free(&st);
  serve_cost_free(&cost);
  return ok;
}
