/* Simulated time: integer nanoseconds, 292 years. Only this header converts. */
#ifndef SIM_KERNEL_CLOCK_H
#define SIM_KERNEL_CLOCK_H
#include <stdint.h>
#include <stdbool.h>

typedef int64_t sim_time;
#define SIM_TIME_MAX INT64_MAX

/* Rounds to the nearest ns. NaN, negative or beyond the clock: returns false, *ret untouched. */
bool sim_time_from_s(double seconds, sim_time *ret);
static inline double sim_time_as_s(sim_time t) {
  return (double)t * 1e-9;
}
#endif
