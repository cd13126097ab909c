/* 64-bit hashes that are the same on every machine. Never hash an address. */
#ifndef BASE_HASH_H
#define BASE_HASH_H
#include <stddef.h>
#include <stdint.h>

uint64_t hash_bytes(uint64_t seed, const void *p, size_t n); /* FNV-1a folded through hash_mix */
uint64_t hash_str(uint64_t seed, const char *s);
uint64_t hash_mix(uint64_t x);                               /* splitmix64 finaliser */
#endif
