/* The engine's cases again, built with so few versions and generations of a slot that they are used up all the time. */
#include "tests/kernel_tests.h"

int main(void) {
  struct kernel_cases engine = kernel_engine_cases();
  return cu_main("kernel, slots used up", engine.list, engine.n);
}
