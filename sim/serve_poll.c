/* Engines may look for new requests only every so many decode steps (SGLang's scheduler_recv_interval), to spend less of the host on it. They always look after an iteration
 * that read prompts, and while nobody decodes. A request is seen at the first such moment at or after its arrival; who has not been seen cannot join. */
#include "sim/serve_core.h"

/* The first step at which the engine looks, not before `step`. */
static int64_t look_at(const struct serve *s, int64_t step) {
  int64_t every = s->cfg.poll_steps > 1 ? s->cfg.poll_steps : 1;
  return s->read_step + (step - s->read_step + every - 1) / every * every;
}

void serve_poll_arrival(struct serve *s, int32_t i, sim_time t) {
  struct serve_seq *q = &s->seq[i];
  q->seen_read = s->reads;
  q->seen_step = s->decoding > 0 && s->cfg.poll_steps > 1 ? look_at(s, serve_stretch_step(s, t)) : s->step;
}

int64_t serve_seen_step(const struct serve *s, int32_t i) {
  const struct serve_seq *q = &s->seq[i];
  return s->decoding == 0 || q->seen_read < s->reads ? s->step : q->seen_step;
}

void serve_poll_read(struct serve *s) {
  s->reads++;
  s->read_step = s->step;
}
