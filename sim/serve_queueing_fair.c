/* Fair shares of tenants by virtual token counters (Sheng et al., "Fairness in Serving Large Language Models", OSDI 2024): a tenant's counter grows by its
 * prompt tokens when they are let in and, step by step, by what its sequences write, times fair_output and divided by the weight. The tenant with the smallest counter that
 * has somebody waiting is next. A tenant that was away is lifted to the others' level, so that idling saves up nothing. A prompt that is read again after an eviction is
 * not charged again. Counters are in 1/64 tokens and linear while a batch decodes on, so the step at which one passes another is known ahead. */
#include <math.h>
#include "sim/serve_policies.h"

static int32_t key(const struct sim_request *r) {
  return r->tenant;
}

static int64_t counter(const struct serve *s, const struct serve_lane *l) {
  return l->served + l->rate * (s->step - l->at);
}

static void settle(const struct serve *s, struct serve_lane *l) {
  l->served = counter(s, l);
  l->at = s->step;
}

static int next(const struct serve *s) {
  int best = -1;
  for (int l = 0; l < (int)s->lanes; l++)
    if (s->lane[l].n > 0 && (best < 0 || counter(s, &s->lane[l]) < counter(s, &s->lane[best])))
      best = l;
  return best;
}

/* Among equal counters the lane made first is next, so a later one must be strictly below. */
static int64_t steady(const struct serve *s) {
  int p = next(s);
  int64_t steps = INT64_MAX / 4;
  for (int l = 0; l < (int)s->lanes; l++) {
    int64_t closing = s->lane[p].rate - s->lane[l].rate, gap = counter(s, &s->lane[l]) - counter(s, &s->lane[p]);
    if (l == p || s->lane[l].n == 0 || closing <= 0)
      continue;
    int64_t k = l < p ? (gap + closing - 1) / closing : gap / closing + 1;
    steps = k < steps ? k : steps;
  }
  return steps > 1 ? steps : 1;
}

static void wakes(struct serve *s, int lane) {
  int64_t level = INT64_MAX;
  for (size_t l = 0; l < s->lanes; l++)
    if (s->lane[l].n > 0 && counter(s, &s->lane[l]) < level)
      level = counter(s, &s->lane[l]);
  if (level == INT64_MAX)
    level = s->emptied >= 0 ? counter(s, &s->lane[s->emptied]) : 0;
  settle(s, &s->lane[lane]);
  if (s->lane[lane].served < level)
    s->lane[lane].served = level;
}

static void reads(struct serve *s, int32_t i) {
  struct serve_seq *q = &s->seq[i];
  if (!q->charged)
    s->lane[q->lane].served += q->prompt * q->cost;
  q->charged = true;
}

static void writes(struct serve *s, int32_t i, int more) {
  const struct serve_seq *q = &s->seq[i];
  struct serve_lane *l = &s->lane[q->lane];
  settle(s, l);
  l->rate += more * llround((s->cfg.fair_output > 0 ? s->cfg.fair_output : 1) * s->cfg.mtp * (double)q->cost);
}

/* As much of the others' as of its own. */
static int64_t ahead(const struct serve *s, const struct sim_request *r) {
  int64_t own = r->input, tokens = 0;
  for (size_t l = 0; l < s->lanes; l++)
    own += s->lane[l].key == r->tenant ? s->lane[l].tokens : 0;
  for (size_t l = 0; l < s->lanes; l++)
    tokens += s->lane[l].key == r->tenant || s->lane[l].tokens < own ? s->lane[l].tokens : own;
  return tokens;
}

const struct serve_queueing serve_queueing_fair = {.name = "fair", .doc = "equal shares of tokens for tenants (virtual token counters)", .key = key, .next = next,
                                                   .ahead = ahead, .steady = steady, .wakes = wakes, .reads = reads, .writes = writes};
