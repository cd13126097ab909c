/* Seconds per draw of the random streams. */
#include "bench/bench.h"
#include "sim/kernel/stream.h"

enum { DRAWS = 10000000 };
static volatile double sink; /* so that the draws are not optimised away */

#define DRAW_BENCH(name, draw)                                                                                         \
  static double name(void) {                                                                                           \
    struct stream st;                                                                                                  \
    stream_init(&st, 1, #name, 0);                                                                                     \
    double t0 = bench_cpu_s(), sum = 0;                                                                                \
    for (int i = 0; i < DRAWS; i++)                                                                                    \
      sum += draw;                                                                                                     \
    sink = sum;                                                                                                        \
    return (bench_cpu_s() - t0) / DRAWS;                                                                               \
  }
DRAW_BENCH(stream_uniform_draw, stream_uniform(&st))
DRAW_BENCH(stream_exponential_draw, stream_exponential(&st, 1))
DRAW_BENCH(stream_normal_draw, stream_normal(&st, 0, 1))

int main(void) {
  static const struct bench list[] = {{"stream_uniform", "s", stream_uniform_draw},
                                      {"stream_exponential", "s", stream_exponential_draw},
                                      {"stream_normal", "s", stream_normal_draw}};
  return bench_main(list, sizeof list / sizeof *list, 5);
}
