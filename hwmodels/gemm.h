/* The kernel formulas on bare numbers, shared by hw_*_s and by their fit. */
#ifndef HWMODELS_GEMM_H
#define HWMODELS_GEMM_H
#include "hwmodels/priv.h"

struct hwi_machine {
  double peak_flops; /* dense, of the compute format, at the clock it runs at */
  double mem_Bps;
  double sms;
  bool vector; /* products on vector units: a tile is as narrow as the rows there are */
};
void hwi_gemm_tiles(struct hwi_gemm *p, double exponent); /* fills p->tile: (tile area / largest)^exponent */
extern const int hwi_tile_m[HWI_TILES], hwi_tile_n[HWI_TILES];
/* Seconds of one C[m,n] = A[m,k] B[k,n], `batch` times in one launch. a_bytes, b_bytes: stored bytes an element. */
double hwi_gemm_time_s(const struct hwi_gemm *p, const struct hwi_machine *g, double m, double n, double k,
                       double batch, double a_bytes, double b_bytes);
/* The same by a weight-only kernel: stored weights are widened in registers on the way to the matrix units, in strips of 8 rows (the narrow side of a matrix instruction) instead of tiles, so that few rows stay
 * bound by memory (Frantar et al., MARLIN, arXiv 2408.11743). share: of the dense peak that such a kernel reaches. */
double hwi_widening_gemm_time_s(const struct hwi_gemm *p, const struct hwi_machine *g, double m, double n, double k,
                                double batch, double a_bytes, double b_bytes, double share);
/* Softmax(QK^T)V by a flash kernel; io_s: what reading and writing Q, K, V, O takes at least. `clock` is in the
 * machine's peak. */
double hwi_attn_time_s(const struct hwi_attn *p, const struct hwi_machine *g, const struct hw_attn *op, double io_s);
/* One token per sequence against its cache. */
double hwi_decode_time_s(const struct hwi_decode *p, const struct hwi_machine *g, double seqs, double flops,
                         double bytes);
#endif
