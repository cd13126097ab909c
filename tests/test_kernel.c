#include <stdlib.h>
#include <string.h>
#include <gsl/gsl_errno.h>
#include "tests/kernel_tests.h"

int main(void) {
  gsl_set_error_handler_off();
  const struct kernel_cases part[] = {kernel_engine_cases(), kernel_fluid_cases(), kernel_stats_cases(),
                                      kernel_queue_cases(), kernel_network_cases()};
  struct cu_case all[100];
  size_t n = 0;
  for (size_t i = 0; i < sizeof part / sizeof *part; i++) {
    memcpy(all + n, part[i].list, part[i].n * sizeof *all);
    n += part[i].n;
  }
  return cu_main("kernel", all, n);
}
