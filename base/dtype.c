#include "base/dtype.h"
#include <stddef.h>
#include <strings.h>

/* FP4 carries one 8-bit scale per 16 elements (NVFP4), INT4 a 16-bit scale and a zero point per about 64. */
static const struct {
  const char *name;
  double bytes;
} formats[DT_COUNT] = {
    [DT_FP64] = {"fp64", 8}, [DT_FP32] = {"fp32", 4}, [DT_TF32] = {"tf32", 4},   [DT_FP16] = {"fp16", 2},
    [DT_BF16] = {"bf16", 2}, [DT_FP8] = {"fp8", 1},   [DT_INT8] = {"int8", 1},   [DT_FP6] = {"fp6", 0.75},
    [DT_FP4] = {"fp4", 0.5625}, [DT_INT4] = {"int4", 0.53},
};

static const struct {
  const char *name;
  enum dtype type;
} aliases[] = {
    {"float64", DT_FP64}, {"double", DT_FP64},   {"float32", DT_FP32},     {"float", DT_FP32},       {"single", DT_FP32},
    {"float16", DT_FP16}, {"half", DT_FP16},     {"bfloat16", DT_BF16},    {"float8", DT_FP8},       {"fp8_block", DT_FP8},
    {"e4m3", DT_FP8},     {"e5m2", DT_FP8},      {"fp8_e4m3", DT_FP8},     {"fp8_e5m2", DT_FP8},     {"float8_e4m3fn", DT_FP8},
    {"mxfp8", DT_FP8},    {"w8a8", DT_INT8},     {"mxfp6", DT_FP6},        {"nvfp4", DT_FP4},        {"mxfp4", DT_FP4},
    {"w4a16", DT_INT4},   {"awq", DT_INT4},      {"gptq", DT_INT4},
};

double dtype_bytes(enum dtype t) { return formats[t].bytes; }

const char *dtype_name(enum dtype t) { return formats[t].name; }

bool dtype_parse(const char *name, enum dtype *ret) {
  for (enum dtype t = 0; t < DT_COUNT; t++)
    if (strcasecmp(name, formats[t].name) == 0) {
      *ret = t;
      return true;
    }
  for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++)
    if (strcasecmp(name, aliases[i].name) == 0) {
      *ret = aliases[i].type;
      return true;
    }
  return false;
}
