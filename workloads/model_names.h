/* Names of models as people write them (workloads/model.c looks them up). */
#ifndef WORKLOADS_MODEL_NAMES_H
#define WORKLOADS_MODEL_NAMES_H
#include <stdbool.h>
#include <stddef.h>

/* "meta-llama/Llama-3.1-8B (proxy)" -> "llama318b": letters and digits, without organisation and remarks; '+' is "plus"; "1.3B" keeps its point. */
void model_key(const char *name, char *key, size_t size);
/* Takes one ending off a key that names a training state, a file format, a date or a version ("instruct", "awq", "2507", "v01"), not another shape; false when there is none. */
bool model_key_cut(char *key);
#endif
