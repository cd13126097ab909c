/* Watts from activity. P_gpu = min(TDP, idle + TDP (c busy + a u_mem + b sqrt(u_comp))), constants by catalog row (docs/models-hardware.md). */
#ifndef HWMODELS_POWER_H
#define HWMODELS_POWER_H
#include "hwmodels/catalog.h"

struct hw_activity {
  double busy;   /* share of time with a kernel running, 0..1 */
  double u_mem;  /* memory bytes / (time x peak bandwidth) */
  double u_comp; /* FLOP / (time x dense peak of the format) */
};
double hw_gpu_power_w(const struct hw_catalog *c, const struct hw_gpu *g, const struct hw_activity *a);
double hw_server_power_w(const struct hw_catalog *c, const struct hw_server *s, const struct hw_activity *a); /* all its GPUs alike + host */
double hw_server_idle_w(const struct hw_catalog *c, const struct hw_server *s);
#endif
