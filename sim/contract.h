/* How capacity is paid for. A contract is a const struct of functions in a file of its own and one line in the list (contract.c); HACKING tells how to add one. */
#ifndef SIM_CONTRACT_H
#define SIM_CONTRACT_H
#include <stdbool.h>
#include "sim/spec.h"

struct life;
struct life_layer;
struct life_batch;

struct contract {
  const char *name, *doc;
  const char *price;               /* row of the price list; NULL = the layer's term */
  bool (*covers)(const struct sim_layer *s);                            /* is this layer under it? */
  void (*add)(struct life *l, struct life_layer *y, int servers);       /* servers come now: write the batch, charge what is due at once */
  void (*invoice)(struct life *l, struct life_layer *y);                /* the open month is over */
  void (*retire)(struct life *l, struct life_layer *y, struct life_batch *b, int servers); /* so many of a batch leave early; may be NULL */
  void (*close)(struct life *l, struct life_layer *y);                  /* the horizon is over; may be NULL */
};
/* In order of the list; the first that covers the layer is its contract. NULL when none does. */
const struct contract *contract_find(const struct sim_layer *s);
const struct contract *contract_at(int i); /* NULL at the end */

extern const struct contract contract_purchase, contract_on_demand, contract_term, contract_spot, contract_block;

/* ---- shared by the rented ones ---- */
/* List price of an hour in a month from the start: a running contract keeps its own, so this is for new ones. */
double contract_list_usd_per_h(const struct life_layer *y, double months);
double contract_usd_per_h(const struct life_layer *y, double months); /* less the agreed discount */
/* Bills the hours that the open batches ran. */
void contract_bill_hours(struct life *l, struct life_layer *y, int kind /* enum charge_kind */);

/* The commitment that would be signed now: its term and list price of an hour, those of a renewal when it is one. */
struct contract_offer {
  int months;
  double list_usd_per_h, usd_per_h;
};
struct contract_offer contract_term_offer(const struct life *l, const struct life_layer *y);

/* A block for one training run: whole days between the contract's limits, paid at once. Its price in USD at that month; NaN when longer than a block may be. */
double contract_block_usd(const struct sim_contract *c, double servers, double seconds);
#endif
