#include "tests/cu.h"
#include <string.h>
#include "base/units.h"
#include "base/dist.h"
#include "base/csv.h"
static void units_smoke(void) {
  double v = 0;
  char why[200] = "";
  CU_ASSERT(units_parse("184.06 USD/kW-month", "USD/kW-month", &v, why, sizeof why) && v == 184.06);
  CU_ASSERT(units_parse("3350 GB/s", "B/s", &v, why, sizeof why) && v == 3350e9);
  CU_ASSERT(units_parse("312TFLOPS", "FLOP/s", &v, why, sizeof why) && v == 312e12);
  CU_ASSERT(units_parse("6.5 /1000-node-days", "1/node-day", &v, why, sizeof why) && v == 0.0065);
  CU_ASSERT(!units_parse("5", "s", &v, why, sizeof why));
  CU_ASSERT_STRING_EQUAL(why, "a unit is missing, got '5', expected a quantity in s");
}
static const struct cu_case cases[] = {{"units smoke", units_smoke}};
int main(void) { return cu_main("base", cases, sizeof cases / sizeof *cases); }
