/* The capacity of an option over time and what runs on it: how many servers each layer should have, and what an interval of hours does with them. */
#ifndef SIM_FLEET_H
#define SIM_FLEET_H

struct life;
struct life_layer;
struct fleet {
  int unused;
};

void fleet_open(struct life *l);  /* the first capacity, at the start */
void fleet_plan(struct life *l);  /* a month has begun: grow what should grow */
void fleet_account(struct life *l, double hours); /* nothing has changed for so long: fill the layers' month sums */
int fleet_wanted(struct life *l, struct life_layer *y); /* servers that a layer should have now, of its own */
double fleet_nameplate_kw(const struct life *l, const struct life_layer *y); /* of one server, as contracted */
double fleet_pue(const struct life *l, const struct life_layer *y);
#endif
