#include "bench/bench.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "base/mem.h"

static double read_clock_s(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

double bench_now_s(void) {
  return read_clock_s(CLOCK_MONOTONIC);
}

double bench_cpu_s(void) {
  return read_clock_s(CLOCK_PROCESS_CPUTIME_ID);
}

static int compare(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

int bench_main(const struct bench *list, size_t n, int repeats) {
  size_t r = (size_t)repeats;
  double *value = mem_array(n * r, sizeof *value);
  for (size_t k = 0; k < r; k++)
    for (size_t i = 0; i < n; i++)
      value[i * r + k] = list[i].run();
  for (size_t i = 0; i < n; i++) {
    qsort(value + i * r, r, sizeof *value, compare);
    printf("%s %.6g %s\n", list[i].name, value[i * r + r / 2], list[i].unit);
  }
  mem_free(value);
  return EXIT_SUCCESS;
}
