/* Everybody may wait. */
#include "sim/serve_policies.h"

static bool admits(const struct serve *s, const struct sim_request *r) {
  (void)s;
  (void)r;
  return true;
}

const struct serve_admission serve_admission_all = {"all", "every request may wait", admits};
