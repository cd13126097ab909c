/* Matrix multiplication: the one function for training and serving.
 *
 * The compute path is the best of six tile sizes, waves of tiles over the SMs, each tile 2 tm tn (K + k0) FLOP at the fitted share of the dense peak;
 * the memory path is A + B + C at the fitted share of the memory bandwidth; both are joined by a p-norm and a launch time is added. */
#include <math.h>
#include "hwmodels/gemm.h"

const int hwi_tile_m[HWI_TILES] = {256, 128, 128, 128, 64, 64}, hwi_tile_n[HWI_TILES] = {128, 256, 128, 64, 128, 64};

static double compute_s(const struct hwi_gemm *p, const struct hwi_machine *g, double m, double n, double k, double batch) {
  double best = INFINITY;
  for (int i = 0; i < HWI_TILES; i++) {
    double tm = hwi_tile_m[i], tn = hwi_tile_n[i];
    double waves = ceil(m / tm) * ceil(n / tn) * batch / g->sms;
    double rounds = (1 - p->wave) * fmax(waves, 1) + p->wave * ceil(waves);
    best = fmin(best, rounds * tm * tn / p->tile[i]);
  }
  return best * 2 * (k + p->k0) * g->sms / (g->peak_flops * p->eff_c);
}

double hwi_gemm_time_s(const struct hwi_gemm *p, const struct hwi_machine *g, double m, double n, double k, double batch, double a_bytes, double b_bytes) {
  double tc = compute_s(p, g, m, n, k, batch);
  double bytes = batch * (m * k * a_bytes + n * k * b_bytes + 2 * m * n);
  double tm = bytes / (g->mem_Bps * p->eff_m);
  double big = fmax(tc, tm), ratio = fmin(tc, tm) / big;
  return p->t0_s + big * pow(1 + pow(ratio, p->p), 1 / p->p);
}
