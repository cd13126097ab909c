/* Gathers what became of requests into a result: latencies, and per class (priority and tenant) who was served within the limits. */
#ifndef SIM_SERVE_STATS_H
#define SIM_SERVE_STATS_H
#include "sim/serve.h"
#include "sim/serve_instance.h"

struct serve_class { /* counts */
  int32_t priority, tenant;
  uint64_t finished, lost, within;
  double within_tokens; /* output of those within */
};
struct serve_stats {
  struct sketch *ttft, *tpot, *e2e;
  double ttft_limit_s, tpot_limit_s; /* 0 = none */
  uint64_t within, counted, lost, warm; /* requests below index `warm` are not counted */
  double within_tokens;
  sim_time counted_from, counted_to; /* arrivals counted */
  double out_tokens, in_tokens;
  sim_time first_end, last_end;
  struct serve_class of[SIM_SERVE_CLASSES]; /* in order of appearance; when there are more, the last holds all others */
  int classes;
  const struct sim_listener *requests;
};
void serve_stats_init(struct serve_stats *st, double ttft_limit_s, double tpot_limit_s, uint64_t warm);
void serve_stats_free(struct serve_stats *st);
void serve_stats_finish(void *st, const struct serve_finish *f); /* a serve_config.finish */
void serve_stats_lost(void *st, const struct serve_finish *f);   /* a serve_config.lost */
void serve_stats_result(const struct serve_stats *st, const struct serve_totals *t, struct sim_serve_result *ret);
#endif
