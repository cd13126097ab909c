/* How long one kernel takes on one GPU. Efficiency parameters are fitted on kernel measurements (`rackcast calibrate`) and read from
 * catalog/kernels.csv per GPU x format; a GPU without its own inherits from its architecture class, then from the nearest older one (grade says so).
 * All times in seconds, sizes in elements unless named _bytes. Formulas and sources: docs/models-hardware.md. */
#ifndef HWMODELS_KERNELS_H
#define HWMODELS_KERNELS_H
#include "hwmodels/catalog.h"

struct hw_gemm {
  double m, n, k, batch;   /* C[m,n] = A[m,k] B[k,n], `batch` times */
  enum dtype dtype;        /* what the matrix unit computes in */
  double weight_bytes;     /* stored bytes per element of B; 0 = dtype's own (weight-only quantisation: less) */
  double clock;            /* sustained clock / boost clock, 0 = 1 (kernel benchmarks) */
};
/* The format that a GPU really computes in when asked for `want` (FP8 on Ampere: BF16 with 1-byte weights). */
enum dtype hw_compute_dtype(const struct hw_gpu *g, enum dtype want);
double hw_gemm_s(const struct hw_gpu *g, const struct hw_gemm *op);
/* Time of a product whose rows do not begin at multiples of 16 bytes (kernels that read 16 bytes at a time cannot take it) / of one whose rows do. 1 for formats
 * that no matrix unit computes, and for low ones, whose libraries pad. */
double hw_misaligned(const struct hw_gpu *g, enum dtype dtype);
/* By a kernel that widens stored weights (weight_bytes) for the units of `dtype` and reaches `share` of their dense peak. */
double hw_widening_gemm_s(const struct hw_gpu *g, const struct hw_gemm *op, double share);

/* Experts: `groups` GEMMs of `rows` rows in all, spread over them (rows/groups on average, at least one row in a touched group). */
struct hw_grouped_gemm {
  double groups, rows, n, k;
  enum dtype dtype;
  double weight_bytes, clock;
  double imbalance; /* rows of the fullest rank / mean, 1 = balanced */
};
double hw_grouped_gemm_s(const struct hw_gpu *g, const struct hw_grouped_gemm *op);

/* The expert layer of a serving engine on one rank (routing, permutation, both grouped GEMMs in fused kernels): slower than the bare grouped GEMMs
 * above, which training uses. */
struct hw_moe_ffn {
  double touched;        /* experts of this rank that got at least one token */
  double rows;           /* pairs of token and expert that this rank computes */
  double all_rows;       /* the same over all ranks of the group: routing and permutation see them */
  double hidden, inter;  /* model width; width of one expert */
  bool gated;
  enum dtype dtype;
  double weight_bytes, clock;
  double imbalance;      /* rows of the fullest rank / mean, 1 = balanced; scales `rows` */
};
double hw_moe_ffn_s(const struct hw_gpu *g, const struct hw_moe_ffn *op);

/* Activations of 16 bits into a low-precision format before a GEMM (not part of hw_gemm_s): one launch and its traffic; 0 for 16-bit formats. */
double hw_quantize_s(const struct hw_gpu *g, double elements, enum dtype to);

enum hw_attn_kernel { HW_ATTN_AUTO, HW_ATTN_UNFUSED, HW_ATTN_FLASH1, HW_ATTN_FLASH2, HW_ATTN_FLASH3, HW_ATTN_COUNT };
struct hw_attn { /* prefill or training; softmax(QK^T)V */
  double batch, heads, kv_heads, q_len, kv_len, d_qk, d_v;
  bool causal, backward;       /* backward: the backward pass alone */
  enum dtype dtype;
  enum hw_attn_kernel kernel;  /* AUTO: best that the GPU has */
  double clock;
};
double hw_attn_s(const struct hw_gpu *g, const struct hw_attn *op);

struct hw_decode_attn { /* one token per sequence against its cache */
  double seqs, context_tokens; /* context_tokens: all sequences together */
  double heads, kv_heads, d_qk, d_v;
  double kv_bytes;             /* bytes per cached element */
  bool mla;                    /* latent cache: kv_heads ignored, d_qk = kv_lora + rope, d_v = kv_lora */
};
double hw_decode_attn_s(const struct hw_gpu *g, const struct hw_decode_attn *op);

/* Element-wise, norm, cast, optimizer traffic: bytes read + written by `kernels` launches. */
double hw_stream_s(const struct hw_gpu *g, double bytes, double kernels);
#endif
