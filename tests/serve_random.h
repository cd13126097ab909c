/* Random engines and random requests for the serving tests, and what is compared of two runs. */
#ifndef TESTS_SERVE_RANDOM_H
#define TESTS_SERVE_RANDOM_H
#include "sim/kernel/stream.h"
#include "sim/serve_instance.h"

struct feed {
  int n, i;
  double rate, t;
  int max_in, max_out;
  int families;       /* > 0: prompts start like others of their family */
  double grid_s;      /* > 0: arrivals on multiples */
  int32_t block[64];
  struct stream st;
};
void feed_start(struct feed *f, int n, double rate, int max_in, int max_out, uint64_t seed);
bool feed_next(void *feed, struct sim_request *r); /* a serve_source.next */

/* A cost made up at random: any numbers must do. Free with serve_cost_free. */
void random_cost(struct serve_cost *c, struct stream *st);
/* Every iteration takes 10 ms, so that with arrivals on a grid moments coincide. */
void even_cost(struct serve_cost *c);
void random_config(struct serve_config *cfg, int *ret_concurrency, const struct serve_cost *cost, struct stream *st);

/* Every request's times in one number that depends on their order too. */
struct digest {
  uint64_t sum, n;
};
void digest_finish(void *digest, const struct serve_finish *f); /* a serve_config.finish */

bool close_to(double a, double b); /* 1e-6 */
void same_work(const struct serve_totals *a, const struct serve_totals *b);
void same_totals(const struct serve_totals *a, const struct serve_totals *b); /* every count, and the work */
#endif
