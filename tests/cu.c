#include "tests/cu.h"
#include <CUnit/Basic.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>



int cu_main(const char *suite, const struct cu_case *cases, size_t n) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  if (CU_initialize_registry() != CUE_SUCCESS)
    return EXIT_FAILURE;
  CU_pSuite s = CU_add_suite(suite, NULL, NULL);
  for (size_t i = 0; s && i < n; i++)
    if (!CU_add_test(s, cases[i].name, cases[i].run))
      return EXIT_FAILURE;

  CU_basic_set_mode(CU_BRM_NORMAL);
  CU_ErrorCode rc = CU_basic_run_tests();
  unsigned run = CU_get_number_of_tests_run(), failed = CU_get_number_of_tests_failed();
  unsigned suites_failed = CU_get_number_of_suites_failed();
  printf("\nTESTS passed=%u failed=%u\n", run - failed, failed + suites_failed);
  bool good = rc == CUE_SUCCESS && run == n && run > 0 && failed == 0 && suites_failed == 0;
  CU_cleanup_registry();
  return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

void cu_close(const char *what, double got, double want, double rel, const char *file, int line) {
  bool ok = fabs(got - want) <= rel * fabs(want) + 1e-300;
  if (!ok)
    printf("\n%s:%d: %s = %.17g, want %.17g (off by %.3g relative, allowed %.3g)\n", file, line, what, got, want,
           fabs(got - want) / (fabs(want) + 1e-300), rel);
  CU_assertImplementation(ok, line, what, file, "", CU_FALSE);
}
