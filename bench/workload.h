/* The work that a benchmark and its counterpart on another simulator must share to be compared. */
#ifndef BENCH_WORKLOAD_H
#define BENCH_WORKLOAD_H
#define FLOW_BYTES 1e8 /* mean */
#define LINK_BPS 1e10
#endif
