/* Hostile input: random changes to good texts must be taken or refused with a reason, never crash (run under the sanitizers too). */
#ifndef TESTS_NOISE_H
#define TESTS_NOISE_H
#include <stddef.h>
#include <stdint.h>

uint64_t noise(uint64_t *state); /* the next of a sequence that `state` begins */
/* One to four bytes of `text` are changed or put in; `size` is that of its array. */
void spoil(char *text, size_t size, uint64_t *state);
#endif
