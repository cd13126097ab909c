/* Requests that wait to be let in, in lanes. Which lane is next is the queueing policy's. */
#include "base/mem.h"
#include "sim/serve_core.h"

int serve_lane_of(struct serve *s, int32_t key) {
  for (size_t l = 0; l < s->lanes; l++)
    if (s->lane[l].key == key)
      return (int)l;
  s->lane = mem_grow(s->lane, &s->lanes_cap, s->lanes + 1, sizeof *s->lane);
  s->lane[s->lanes] = (struct serve_lane){.key = key, .first = -1, .last = -1, .at = s->step};
  return (int)s->lanes++;
}

/* Behind `after`, -1 = first. */
static void link_in(struct serve *s, struct serve_lane *l, int32_t i, int32_t after) {
  struct serve_seq *q = &s->seq[i];
  q->prev = after;
  q->next = after >= 0 ? s->seq[after].next : l->first;
  *(q->prev >= 0 ? &s->seq[q->prev].next : &l->first) = i;
  *(q->next >= 0 ? &s->seq[q->next].prev : &l->last) = i;
}

static void count(struct serve *s, struct serve_lane *l, int32_t i, int more) {
  l->n += more;
  l->fresh += s->seq[i].first < 0 ? more : 0;
  l->tokens += more * s->seq[i].queued;
  s->queued += more * s->seq[i].queued;
  s->waiting += more;
}

static void enter(struct serve *s, int32_t i, bool back) {
  struct serve_seq *q = &s->seq[i];
  struct serve_lane *l = &s->lane[q->lane];
  if (l->n == 0 && s->cfg.queueing->wakes)
    s->cfg.queueing->wakes(s, q->lane);
  q->queued = q->cached ? 0 : q->prompt;
  int32_t after = back ? l->last : -1;
  for (int32_t j = l->first; !back && j >= 0 && s->seq[j].index < q->index; j = s->seq[j].next)
    after = j;
  link_in(s, l, i, after);
  count(s, l, i, 1);
}

void serve_wait_push(struct serve *s, int32_t i) {
  enter(s, i, true);
}

void serve_wait_return(struct serve *s, int32_t i) {
  enter(s, i, false);
}

void serve_wait_remove(struct serve *s, int32_t i) {
  const struct serve_seq *q = &s->seq[i];
  struct serve_lane *l = &s->lane[q->lane];
  *(q->prev >= 0 ? &s->seq[q->prev].next : &l->first) = q->next;
  *(q->next >= 0 ? &s->seq[q->next].prev : &l->last) = q->prev;
  count(s, l, i, -1);
  if (l->n == 0)
    s->emptied = q->lane;
}

/* Sequences that have come back stand in front of those that wait for their first token; the latter are in order of arrival. */
static int32_t first_fresh(const struct serve *s, const struct serve_lane *l) {
  int32_t i = l->fresh > 0 ? l->first : -1;
  while (i >= 0 && s->seq[i].first >= 0)
    i = s->seq[i].next;
  return i;
}

sim_time serve_deadline(const struct serve *s) {
  sim_time first = SIM_TIME_MAX;
  for (size_t l = 0; s->timeout < SIM_TIME_MAX && l < s->lanes; l++) {
    int32_t i = first_fresh(s, &s->lane[l]);
    if (i >= 0 && s->seq[i].arrival < first - s->timeout)
      first = s->seq[i].arrival + s->timeout;
  }
  return first;
}

int32_t serve_overdue(const struct serve *s, sim_time t) {
  for (size_t l = 0; s->timeout < SIM_TIME_MAX && l < s->lanes; l++) {
    int32_t i = first_fresh(s, &s->lane[l]);
    if (i >= 0 && s->seq[i].arrival <= t - s->timeout)
      return i;
  }
  return -1;
}

int64_t serve_queued_all(const struct serve *s, const struct sim_request *r) {
  (void)r;
  return s->queued;
}
