#include "sim/serve_order.h"
#include <stdbool.h>
#include "base/mem.h"

void serve_order_make(struct serve_order *o, int most) {
  *o = (struct serve_order){.at = mem_array((size_t)most + 1, sizeof(int)), .place = mem_array((size_t)most + 1, sizeof(int)),
                            .key = mem_array((size_t)most + 1, sizeof(int64_t))};
}

void serve_order_free(struct serve_order *o) {
  mem_free(o->at);
  mem_free(o->place);
  mem_free(o->key);
}

static bool before(const struct serve_order *o, int a, int b) {
  return o->key[a] < o->key[b] || (o->key[a] == o->key[b] && a < b);
}

static void put(struct serve_order *o, int i, int number) {
  o->at[i] = number;
  o->place[number] = i + 1;
}

static void sift(struct serve_order *o, int i) {
  int x = o->at[i];
  while (i > 0 && before(o, x, o->at[(i - 1) / 2])) {
    put(o, i, o->at[(i - 1) / 2]);
    i = (i - 1) / 2;
  }
  for (int k; (k = 2 * i + 1) < o->n; i = k) {
    if (k + 1 < o->n && before(o, o->at[k + 1], o->at[k]))
      k++;
    if (!before(o, o->at[k], x))
      break;
    put(o, i, o->at[k]);
  }
  put(o, i, x);
}

void serve_order_set(struct serve_order *o, int number, int64_t key) {
  o->key[number] = key;
  if (!o->place[number])
    put(o, o->n++, number);
  sift(o, o->place[number] - 1);
}

void serve_order_drop(struct serve_order *o, int number) {
  int i = o->place[number] - 1;
  if (i < 0)
    return;
  o->place[number] = 0;
  int last = o->at[--o->n];
  if (last == number)
    return;
  put(o, i, last);
  sift(o, i);
}
