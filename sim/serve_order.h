/* Small numbers 0 .. n-1 in order of a key, the smallest first, equal keys by number: a binary heap that knows where each number is. O(log n) a change. */
#ifndef SIM_SERVE_ORDER_H
#define SIM_SERVE_ORDER_H
#include <stdint.h>

struct serve_order {
  int n;          /* in it */
  int *at, *place; /* heap of numbers; place of each + 1, 0 = not in it */
  int64_t *key;
};
void serve_order_make(struct serve_order *o, int most);
void serve_order_free(struct serve_order *o);
void serve_order_set(struct serve_order *o, int number, int64_t key); /* enters or moves it */
void serve_order_drop(struct serve_order *o, int number);             /* not in it is fine */
static inline int serve_order_first(const struct serve_order *o) { /* -1 = none */
  return o->n ? o->at[0] : -1;
}
static inline int64_t serve_order_least(const struct serve_order *o) { /* key of the first; INT64_MAX = none */
  return o->n ? o->key[o->at[0]] : INT64_MAX;
}
#endif
