#include "tests/noise.h"
#include <string.h>
#include "base/hash.h"

uint64_t noise(uint64_t *state) { return hash_mix(*state += 0x9e3779b97f4a7c15u); }

void spoil(char *text, size_t size, uint64_t *state) {
  static const char alphabet[] = "0123456789.eE+-*/%(), \t\"\nkMGTsBWhUSDtri\xc2\xb5\xff";
  for (uint64_t changes = 1 + noise(state) % 4; changes; changes--) {
    size_t len = strlen(text), at = noise(state) % (len + 1);
    char c = alphabet[noise(state) % (sizeof alphabet - 1)];
    if (noise(state) % 2 && len + 2 < size) {
      memmove(text + at + 1, text + at, len - at + 1);
      text[at] = c;
    } else if (at < len) {
      text[at] = c;
    }
  }
}
