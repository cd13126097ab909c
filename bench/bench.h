/* What every benchmark program shares: each measurement is repeated, all of a program interleaved so that a slow minute
 * of the machine falls on all alike, and the median is printed as one line `name value unit` in base units. */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H
#include <stddef.h>

struct bench {
  const char *name, *unit;
  double (*run)(void); /* one measurement, in unit */
};
double bench_now_s(void); /* monotonic wall clock */
double bench_cpu_s(void); /* processor time of this process: fair on a machine busy with other things */
int bench_main(const struct bench *list, size_t n, int repeats); /* value for main to return */
#endif
