/* The clock that watts leave to a part, relative to the part its kernel constants come from. */
#ifndef HWMODELS_CLOCK_H
#define HWMODELS_CLOCK_H
#include "hwmodels/catalog.h"

/* Clock that a power cap leaves to a kernel that would draw the full TDP, relative: dynamic power goes with the clock to a power (voltage follows the clock) down to a share of
 * the watts above idle where voltage falls no further, and with the clock below. Catalog constants clock.power_exponent and clock.voltage_floor. */
double hw_capped_clock(const struct hw_catalog *c, double tdp_w, double idle_w, double cap_w);
/* The full part that g is, run with other watts (`based_on` in the catalog, as many SMs); NULL when g is a part of its own. */
const struct hw_gpu *hw_full_part(const struct hw_catalog *c, const struct hw_gpu *g);
/* Kernel constants come from the architecture's reference part at its clock. A board that has fewer watts for its peak than that part does not hold it under full matrix
 * load: the catalog's root (clock.board_exponent) of the ratio fits BERT on PCIe, NVL and A30 boards beside their SXM siblings. 1 for all others. */
double hw_board_clock(const struct hw_catalog *c, const struct hw_gpu *g);
/* Of a part that its operator caps, else of a board. */
double hw_part_clock(const struct hw_catalog *c, const struct hw_gpu *g);
#endif
