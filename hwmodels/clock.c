#include "hwmodels/clock.h"

#include <math.h>
#include "hwmodels/priv.h"

static double constant(const struct hw_catalog *c, const char *metric) {
  double v = hwi_number(c, "constant", "clock", metric, "");
  return isfinite(v) ? v : 1;
}

double hw_capped_clock(const struct hw_catalog *c, double tdp_w, double idle_w, double cap_w) {
  if (!(cap_w < tdp_w && cap_w > idle_w))
    return 1;
  double share = (cap_w - idle_w) / (tdp_w - idle_w), floor_share = constant(c, "voltage_floor"), e = constant(c, "power_exponent");
  return share >= floor_share ? pow(share, 1 / e) : pow(floor_share, 1 / e) * share / floor_share;
}

const struct hw_gpu *hw_full_part(const struct hw_catalog *c, const struct hw_gpu *g) {
  const char *name = c ? hwi_text(c, "gpu", g->name, "based_on") : NULL;
  const struct hw_gpu *full = name ? hw_gpu_find(c, name) : NULL;
  return full && full->sms == g->sms ? full : NULL;
}

static double matrix_per_watt(const struct hw_gpu *g) {
  return g->tdp_w > 0 ? fmax(g->peak_flops[DT_FP16], g->peak_flops[DT_BF16]) / g->tdp_w : 0;
}

double hw_board_clock(const struct hw_catalog *c, const struct hw_gpu *g) {
  const char *name = c ? hwi_text(c, "arch", g->arch, "reference") : NULL;
  const struct hw_gpu *reference = name ? hw_gpu_find(c, name) : NULL;
  double own = matrix_per_watt(g), best = reference ? matrix_per_watt(reference) : 0;
  return own > best && best > 0 ? pow(best / own, constant(c, "board_exponent")) : 1;
}

double hw_part_clock(const struct hw_catalog *c, const struct hw_gpu *g) {
  const struct hw_gpu *full = hw_full_part(c, g);
  return full && g->tdp_w < full->tdp_w ? hw_capped_clock(c, full->tdp_w, full->idle_w, g->tdp_w) : hw_board_clock(c, g);
}
