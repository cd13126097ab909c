#include "sim/kernel/slots.h"
#include "base/mem.h"

uint32_t slots_take_new(struct slots *s) {
  s->at = mem_grow(s->at, &s->cap, s->n + 1, sizeof *s->at);
  s->at[s->n] = (struct slot){.generation = 1, .tag = TAG_FREE};
  return (uint32_t)s->n++;
}

void slots_free(struct slots *s) {
  mem_free(s->at);
}
