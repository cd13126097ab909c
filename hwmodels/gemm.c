/* Matrix multiplication: the one function for training and serving.
 *
 * The compute path is the best of six tile sizes and, where tiles are fewer than SMs, of splitting K: waves of tiles
 * over the SMs, each tile 2 tm tn (K + k0) FLOP at the fitted share of the dense peak; a split adds a launch and the
 * traffic of its partial sums. The memory path is A + B + C at the fitted share of the memory bandwidth. Both are
 * joined by a p-norm and a launch time is added. */
#include <math.h>
#include "hwmodels/gemm.h"

const int hwi_tile_m[HWI_TILES] = {256, 128, 128, 128, 64, 64}, hwi_tile_n[HWI_TILES] = {128, 256, 128, 64, 128, 64};
enum { MAX_SPLIT = 8, MIN_SPLIT_K = 256, WIDENING_ROWS = 8 };

void hwi_gemm_tiles(struct hwi_gemm *p, double exponent) {
  p->tile_exponent = exponent;
  for (int i = 0; i < HWI_TILES; i++)
    p->tile[i] = pow(hwi_tile_m[i] * hwi_tile_n[i] / (256.0 * 128.0), exponent);
}

/* ceil() of what is below 2^63, without the call: this is the innermost of all loops. */
static double up(double x) {
  double whole = (double)(int64_t)x;
  return whole + (whole < x);
}

/* Rounds of tiles on all SMs: between work that spreads evenly (wave = 0) and whole waves (1). */
static double rounds(const struct hwi_gemm *p, const struct hwi_machine *g, double tiles) {
  double waves = tiles / g->sms;
  return waves <= 1 ? 1 : (1 - p->wave) * waves + p->wave * up(waves);
}

static double compute_s(const struct hwi_gemm *p, const struct hwi_machine *g, double m, double n, double k,
                        double batch) {
  double best = INFINITY, flop_s = 2 * g->sms / (g->peak_flops * p->eff_c);
  double partial_s =
      8 * m * n * batch / (g->mem_Bps * p->eff_m); /* FP32 partial sums of one slice of K, written and read */
  for (int i = 0; i < HWI_TILES; i++) {
    double area_s = flop_s * (g->vector ? fmin(m, hwi_tile_m[i]) : hwi_tile_m[i]) * hwi_tile_n[i] / p->tile[i];
    double tiles = up(m / hwi_tile_m[i]) * up(n / hwi_tile_n[i]) * batch;
    best = fmin(best, rounds(p, g, tiles) * area_s * (k + p->k0));
    for (int split = 2; split <= MAX_SPLIT && tiles < g->sms && k / split >= MIN_SPLIT_K; split *= 2)
      best = fmin(best, rounds(p, g, tiles * split) * area_s * (k / split + p->k0) + p->split_s + split * partial_s);
  }
  return best;
}

/* Memory and compute time joined by the p-norm, behind the launch. */
static double joined_s(const struct hwi_gemm *p, double compute_s, double memory_s) {
  double big = fmax(compute_s, memory_s), ratio = fmin(compute_s, memory_s) / big;
  return p->t0_s + big * pow(1 + pow(ratio, p->p), 1 / p->p);
}

static double memory_s(const struct hwi_gemm *p, const struct hwi_machine *g, double m, double n, double k,
                       double batch, double a_bytes, double b_bytes) {
  return batch * (m * k * a_bytes + n * k * b_bytes + 2 * m * n) / (g->mem_Bps * p->eff_m);
}

double hwi_gemm_time_s(const struct hwi_gemm *p, const struct hwi_machine *g, double m, double n, double k,
                       double batch, double a_bytes, double b_bytes) {
  return joined_s(p, compute_s(p, g, m, n, k, batch), memory_s(p, g, m, n, k, batch, a_bytes, b_bytes));
}

double hwi_widening_gemm_time_s(const struct hwi_gemm *p, const struct hwi_machine *g, double m, double n, double k,
                                double batch, double a_bytes, double b_bytes, double share) {
  double compute = 2 * up(m / WIDENING_ROWS) * WIDENING_ROWS * n * k * batch / (g->peak_flops * share);
  return joined_s(p, compute, memory_s(p, g, m, n, k, batch, a_bytes, b_bytes));
}
