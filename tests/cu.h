/* The only file that knows CUnit. A suite is a table of cases; cu_main runs it, prints the failures and a last line
 * `TESTS passed=N failed=M` that ./check adds up, and returns EXIT_SUCCESS only if tests ran and none failed (CUnit's own return value does
 * not tell). */
#ifndef TESTS_CU_H
#define TESTS_CU_H
#include <CUnit/CUnit.h>

struct cu_case {
  const char *name;
  void (*run)(void);
};
int cu_main(const char *suite, const struct cu_case *cases, size_t n);

/* |got - want| <= rel * |want| (+ 1e-300); prints both on failure. */
void cu_close(const char *what, double got, double want, double rel, const char *file, int line);
#define CU_CLOSE(got, want, rel) cu_close(#got, (got), (want), (rel), __FILE__, __LINE__)
#endif
