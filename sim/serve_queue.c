/* Requests that wait to be let in: a ring, the head is next. */
#include "base/mem.h"
#include "sim/serve_core.h"

static void make_room(struct serve *s) {
  if (s->wait_n < s->wait_cap)
    return;
  size_t cap = s->wait_cap ? 2 * s->wait_cap : 256;
  int32_t *w = mem_array(cap, sizeof *w);
  for (size_t i = 0; i < s->wait_n; i++)
    w[i] = s->wait[(s->wait_head + i) % s->wait_cap];
  mem_free(s->wait);
  s->wait = w;
  s->wait_head = 0;
  s->wait_cap = cap;
}

bool serve_waiting(const struct serve *s) {
  return s->wait_n > 0;
}

int32_t serve_head(const struct serve *s) {
  return s->wait[s->wait_head];
}

static void count(struct serve *s, int32_t i) {
  s->seq[i].queued = s->seq[i].cached ? 0 : s->seq[i].prompt;
  s->queued += s->seq[i].queued;
}

void serve_wait_push(struct serve *s, int32_t i) {
  make_room(s);
  count(s, i);
  s->wait[(s->wait_head + s->wait_n++) % s->wait_cap] = i;
}

void serve_wait_push_front(struct serve *s, int32_t i) {
  make_room(s);
  count(s, i);
  s->wait_head = (s->wait_head + s->wait_cap - 1) % s->wait_cap;
  s->wait[s->wait_head] = i;
  s->wait_n++;
}

int32_t serve_wait_pop(struct serve *s) {
  int32_t i = serve_head(s);
  s->wait_head = (s->wait_head + 1) % s->wait_cap;
  s->wait_n--;
  s->queued -= s->seq[i].queued;
  return i;
}
