/* Simulated time: integer nanoseconds, 292 years. Only this header converts. */
#ifndef SIM_KERNEL_CLOCK_H
#define SIM_KERNEL_CLOCK_H
#include <stdint.h>
#include <stdbool.h>

typedef int64_t sim_time;
#define SIM_TIME_MAX INT64_MAX

/* Rounds to the nearest ns, halves away from zero. NaN, negative or beyond the clock: returns false, *ret untouched. */
static inline bool sim_time_from_s(double seconds, sim_time *ret) {
  double ns = seconds * 1e9;
  if (!(ns >= 0 && ns < 0x1p63)) /* written so that NaN fails */
    return false;
  sim_time whole = (sim_time)ns;
  *ret = whole + (ns - (double)whole >= 0.5); /* the difference is exact, and above 2^52 zero */
  return true;
}

static inline double sim_time_as_s(sim_time t) {
  return (double)t * 1e-9;
}
#endif
