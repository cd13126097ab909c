/* Sequences of an instance: a pool of slots, the list of those in the batch, and the heap of those that decode by their last step. */
#include "base/mem.h"
#include "sim/serve_core.h"

int32_t serve_seq_new(struct serve *s) {
  if (s->free_n == 0) {
    int old = s->seq_cap, cap = old ? 2 * old : 256;
    s->seq = mem_realloc(s->seq, (size_t)cap, sizeof *s->seq);
    s->free_list = mem_realloc(s->free_list, (size_t)cap, sizeof *s->free_list);
    for (int i = cap - 1; i >= old; i--)
      s->free_list[s->free_n++] = i;
    s->seq_cap = cap;
  }
  return s->free_list[--s->free_n];
}

void serve_seq_free(struct serve *s, int32_t i) {
  s->free_list[s->free_n++] = i;
}

void serve_list_append(struct serve *s, int32_t i) {
  s->seq[i].prev = s->newest;
  s->seq[i].next = -1;
  if (s->newest >= 0)
    s->seq[s->newest].next = i;
  else
    s->oldest = i;
  s->newest = i;
  s->running++;
}

void serve_list_remove(struct serve *s, int32_t i) {
  const struct serve_seq *q = &s->seq[i];
  if (q->prev >= 0)
    s->seq[q->prev].next = q->next;
  else
    s->oldest = q->next;
  if (q->next >= 0)
    s->seq[q->next].prev = q->prev;
  else
    s->newest = q->prev;
  s->running--;
}

/* ---- the heap; ties in order of arrival ---- */
static bool less(const struct serve_due_step *a, const struct serve_due_step *b) {
  return a->step != b->step ? a->step < b->step : a->index < b->index;
}

/* Where x belongs, at place i or below it; smaller children move up. */
static int sift_down(const struct serve *s, int i, const struct serve_due_step *x) {
  for (int c; (c = 2 * i + 1) < s->heap_n; i = c) {
    c += c + 1 < s->heap_n && less(&s->heap[c + 1], &s->heap[c]);
    if (!less(&s->heap[c], x))
      break;
    s->heap[i] = s->heap[c];
  }
  return i;
}

static int sift_up(const struct serve *s, int i, const struct serve_due_step *x) {
  for (int above; i > 0 && less(x, &s->heap[above = (i - 1) / 2]); i = above)
    s->heap[i] = s->heap[above];
  return i;
}

void serve_heap_push(struct serve *s, int64_t step, int32_t seq) {
  if (s->heap_n == s->heap_cap) {
    s->heap_cap = s->heap_cap ? 2 * s->heap_cap : 256;
    s->heap = mem_realloc(s->heap, (size_t)s->heap_cap, sizeof *s->heap);
  }
  const struct serve_due_step x = {step, s->seq[seq].index, seq};
  s->heap[sift_up(s, s->heap_n, &x)] = x;
  s->heap_n++;
}

static void remove_at(struct serve *s, int i) {
  const struct serve_due_step x = s->heap[--s->heap_n];
  if (i < s->heap_n)
    s->heap[sift_up(s, sift_down(s, i, &x), &x)] = x;
}

void serve_heap_pop(struct serve *s) {
  remove_at(s, 0);
}

void serve_heap_remove(struct serve *s, int32_t seq) {
  for (int i = 0; i < s->heap_n; i++)
    if (s->heap[i].seq == seq) {
      remove_at(s, i);
      return;
    }
}
