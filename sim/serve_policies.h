/* The policies of an engine, one const struct in a file each, and their lists (sim/serve_policies.c). */
#ifndef SIM_SERVE_POLICIES_H
#define SIM_SERVE_POLICIES_H
#include "sim/serve_core.h"

extern const struct serve_batching serve_batching_static, serve_batching_prefill_first, serve_batching_chunked;
extern const struct serve_queueing serve_queueing_fcfs, serve_queueing_priority, serve_queueing_fair;
extern const struct serve_victim serve_victim_newest, serve_victim_lowest, serve_victim_smallest;
extern const struct serve_preempting serve_preempting_recompute, serve_preempting_swap;
extern const struct serve_admission serve_admission_all, serve_admission_queue, serve_admission_wait;
#endif
