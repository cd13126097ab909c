/* Watts from activity. P_gpu = min(TDP, idle + TDP (b (busy - comm) + k comm + a u_mem + c sqrt(u_comp))), constants by catalog row
 * (docs/models-hardware.md). */
#ifndef HWMODELS_POWER_H
#define HWMODELS_POWER_H
#include "hwmodels/catalog.h"

struct hw_activity {
  double busy;   /* share of time with a kernel running, 0..1 */
  double comm;   /* of busy, waiting for peers: collectives that nothing hides */
  double u_mem;  /* memory bytes / (time x peak bandwidth) */
  double u_comp; /* FLOP / (time x dense peak of the format) */
};
double hw_gpu_power_w(const struct hw_catalog *c, const struct hw_gpu *g, const struct hw_activity *a);
double hw_server_power_w(const struct hw_catalog *c, const struct hw_server *s, const struct hw_activity *a); /* all its GPUs alike + host */
/* With all its GPUs at gpu_w (a cap, a known draw). */
double hw_server_power_at_w(const struct hw_server *s, double gpu_w);
double hw_server_idle_w(const struct hw_catalog *c, const struct hw_server *s);
/* "busy 0.93 memory 0.51 compute 0.08": for notes. */
void hw_activity_text(const struct hw_activity *a, char *buf, size_t size);
#endif
