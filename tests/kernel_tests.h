/* The files that make up tests/test_kernel: each exports its cases. */
#ifndef TESTS_KERNEL_TESTS_H
#define TESTS_KERNEL_TESTS_H
#include "tests/cu.h"

struct kernel_cases {
  const struct cu_case *list;
  size_t n;
};
struct kernel_cases kernel_engine_cases(void);
struct kernel_cases kernel_queue_cases(void);
struct kernel_cases kernel_network_cases(void);
struct kernel_cases kernel_fluid_cases(void);
struct kernel_cases kernel_stats_cases(void);
#endif
