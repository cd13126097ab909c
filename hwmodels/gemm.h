/* The GEMM formula on bare numbers, shared by the kernels and by their fit. */
#ifndef HWMODELS_GEMM_H
#define HWMODELS_GEMM_H
#include "hwmodels/priv.h"

struct hwi_machine {
  double peak_flops; /* dense, of the compute format, at the clock it runs at */
  double mem_Bps;
  double sms;
};
void hwi_gemm_tiles(struct hwi_gemm *p, double exponent); /* fills p->tile: (tile area / largest)^exponent */
extern const int hwi_tile_m[HWI_TILES], hwi_tile_n[HWI_TILES];
/* Seconds of one C[m,n] = A[m,k] B[k,n], `batch` times in one launch. a_bytes, b_bytes: stored bytes an element. */
double hwi_gemm_time_s(const struct hwi_gemm *p, const struct hwi_machine *g, double m, double n, double k, double batch, double a_bytes, double b_bytes);
#endif
