/* The work that benchmarks of this engine and of others share: what it is, and how we do it. */
#ifndef BENCH_MODELS_H
#define BENCH_MODELS_H
#include <stddef.h>
#include <stdint.h>

/* Hold: `pending` events, each of which, when it runs, enters one again after an exponential delay of mean 1 s. After a
 * warm-up about `events` are timed, as each pending one runs once a second on average. Returns events per second. */
#define HOLD_WARM_UP_S 2.0
double model_hold(size_t pending, uint64_t events);

/* Flows on a two-level fat tree with full bisection: every host sends to a random other host, an exponential size, and
 * again when it is done. k leaves of k hosts and k spines; the spine follows from the destination. All links have one
 * capacity, no latency. Each host draws from its own stream, so that every simulator plays the same flows. Returns
 * flows ended per second; *ret_end_s (may be NULL) is the simulated time then. */
#define FLOW_BYTES 1e8 /* mean */
#define LINK_BPS 1e10
double model_flows(uint32_t leaves, uint64_t wanted, double *ret_end_s);
#endif
