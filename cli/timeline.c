#include "cli/timeline.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { MOST_SPANS = 200000 }; /* a viewer still opens that */

static void write_names(FILE *f, int stages) {
  for (int s = 0; s < stages; s++) {
    fprintf(f, "%s{\"name\":\"process_name\",\"ph\":\"M\",\"pid\":%d,\"tid\":0,\"args\":{\"name\":\"pipeline stage %d\"}}", s ? ",\n" : "", s, s);
    fprintf(f, ",\n{\"name\":\"process_sort_index\",\"ph\":\"M\",\"pid\":%d,\"tid\":0,\"args\":{\"sort_index\":%d}}", s, s);
    for (int t = 0; t < STREAMS; t++) {
      fprintf(f, ",\n{\"name\":\"thread_name\",\"ph\":\"M\",\"pid\":%d,\"tid\":%d,\"args\":{\"name\":\"%s\"}}", s, t, sim_stream_name[t]);
      fprintf(f, ",\n{\"name\":\"thread_sort_index\",\"ph\":\"M\",\"pid\":%d,\"tid\":%d,\"args\":{\"sort_index\":%d}}", s, t, t);
    }
  }
}

static void write_span(void *ctx, const struct sim_step_span *s) {
  FILE *f = ctx;
  char name[80];
  if (s->micro_batch >= 0)
    snprintf(name, sizeof name, "%s %d", s->task, s->micro_batch);
  else
    snprintf(name, sizeof name, "%s", s->task);
  fprintf(f, ",\n{\"name\":\"%s\",\"cat\":\"%s\",\"ph\":\"X\",\"pid\":%d,\"tid\":%d,\"ts\":%.3f,\"dur\":%.3f", name, s->task, s->stage, (int)s->stream, s->start_s * 1e6,
          (s->end_s - s->start_s) * 1e6);
  if (s->micro_batch >= 0)
    fprintf(f, ",\"args\":{\"micro_batch\":%d,\"chunk\":%d}", s->micro_batch, s->chunk);
  fputc('}', f);
}

void timeline_write(const char *path, const struct sim_train_job *job, const struct sim_plan *plan, struct errs *errs) {
  struct sim_train_job j = *job;
  FILE *f = fopen(path, "w");
  j.plan = *plan;
  if (!f) {
    errs_add(errs, path, 0, NULL, "cannot write the timeline: %s", strerror(errno));
    return;
  }
  fputs("{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n", f);
  write_names(f, plan->pp);
  bool good = sim_train_timeline(&j, MOST_SPANS, write_span, f);
  fputs("\n]}\n", f);
  bool bad = ferror(f);
  if ((fclose(f) != 0) | bad || !good)
    errs_add(errs, path, 0, NULL, "cannot write the timeline: %s", good ? strerror(errno) : "the step cannot be played");
}
