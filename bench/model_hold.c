#include "bench/models.h"
#include "bench/bench.h"
#include "sim/kernel/engine.h"
#include "sim/kernel/stream.h"

static void again(struct engine *e, void *subject, void *object) {
  engine_after_s(e, stream_exponential(subject, 1), BAND_STATE, again, subject, object);
}

double model_hold(size_t pending, uint64_t events) {
  struct engine *e = engine_create();
  struct stream st;
  stream_init(&st, 1, "hold", 0);
  for (size_t i = 0; i < pending; i++)
    again(e, &st, NULL);
  sim_time steady = (sim_time)(HOLD_WARM_UP_S * 1e9);
  engine_run_until(e, steady);
  uint64_t before = engine_events_run(e);
  double t0 = bench_cpu_s();
  engine_run_until(e, steady + (sim_time)((double)events / (double)pending * 1e9));
  double rate = (double)(engine_events_run(e) - before) / (bench_cpu_s() - t0);
  engine_destroy(e);
  return rate;
}
