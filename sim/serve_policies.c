/* Lists of the policies: a new one is a file and a line here (and in sim/serve_policies.h). */
#include "sim/serve_policies.h"

#include <stdio.h>
#include <string.h>

const struct serve_batching *const serve_batchings[] = {&serve_batching_static, &serve_batching_prefill_first, &serve_batching_chunked};
static const struct serve_queueing *const queueings[] = {&serve_queueing_fcfs, &serve_queueing_priority, &serve_queueing_fair};
static const struct serve_victim *const victims[] = {&serve_victim_newest, &serve_victim_lowest, &serve_victim_smallest};
static const struct serve_preempting *const preemptings[] = {&serve_preempting_recompute, &serve_preempting_swap};
static const struct serve_admission *const admissions[] = {&serve_admission_all, &serve_admission_queue, &serve_admission_wait};

/* Every policy struct begins with its name. */
static const void *find(const char *what, const void *const *list, size_t n, const char *name, char *why, size_t why_size) {
  for (size_t i = 0; i < n; i++)
    if (!name || !*name || strcmp(*(const char *const *)list[i], name) == 0)
      return list[i];
  size_t used = why ? (size_t)snprintf(why, why_size, "unknown %s '%s', valid:", what, name) : why_size;
  for (size_t i = 0; i < n && used < why_size; i++)
    used += (size_t)snprintf(why + used, why_size - used, "%s %s", i > 0 ? "," : "", *(const char *const *)list[i]);
  return NULL;
}
#define FIND(what, list) find(what, (const void *const *)(list), sizeof(list) / sizeof *(list), name, why, why_size)

const struct serve_queueing *serve_queueing_find(const char *name, char *why, size_t why_size) {
  return FIND("queue policy", queueings);
}

const struct serve_victim *serve_victim_find(const char *name, char *why, size_t why_size) {
  return FIND("victim policy", victims);
}

const struct serve_preempting *serve_preempting_find(const char *name, char *why, size_t why_size) {
  return FIND("preemption", preemptings);
}

const struct serve_admission *serve_admission_find(const char *name, char *why, size_t why_size) {
  return FIND("admission policy", admissions);
}
