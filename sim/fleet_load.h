/* What an interval in which nothing changes does with the capacity in place: demand is laid on the layers in their order, cell by cell. */
#ifndef SIM_FLEET_LOAD_H
#define SIM_FLEET_LOAD_H

struct life;
/* Fills the layers' month sums for so many hours of the open month. */
void fleet_account(struct life *l, double hours);
/* Share of a workload's requests that the open month would serve in time as things stand; leaves no trace. */
double fleet_attainment(struct life *l, int serving);
#endif
