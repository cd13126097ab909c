/* Number formats of weights, activations and matrix units. */
#ifndef BASE_DTYPE_H
#define BASE_DTYPE_H
#include <stdbool.h>

enum dtype { DT_FP64, DT_FP32, DT_TF32, DT_FP16, DT_BF16, DT_FP8, DT_INT8, DT_FP6, DT_FP4, DT_INT4, DT_COUNT };

double dtype_bytes(enum dtype t);      /* stored bytes per element, block scales included for FP4 (0.5625) and INT4 (0.53) */
const char *dtype_name(enum dtype t);  /* "bf16" */
bool dtype_parse(const char *name, enum dtype *ret); /* case-insensitive; knows "bfloat16", "float16", "half", "fp8_block", "e4m3", "nvfp4", "mxfp4" */
#endif
