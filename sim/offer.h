/* What capacity costs by the GPU-hour, for planning: each layer of each option is an offer. Owned: the ledger of a life of so many servers over the horizon (goods, network, racks,
 * energy, space, support, staff, less resale) / GPU-hours provisioned. Rented: the layer's price row less its discount, plus staff. What does not move with the number of servers
 * (storage, egress, the base crew) is left out on both sides. Nothing is drawn: central values. */
#ifndef SIM_OFFER_H
#define SIM_OFFER_H
#include "sim/spec.h"

struct sim_offer {
  const char *name;               /* the option's, with the layer's term where an option has several; in the list's arena */
  int option, layer;              /* in the spec */
  const struct hw_server *server;
  bool owned;
  bool hourly;                    /* paid for the hours in use: servers follow demand */
  const char *basis;              /* how the price came about, to be printed */
};
struct sim_price {                /* USD for an hour of one GPU; parts sum to the whole. NaN: the catalog has no price on that day */
  double usd_per_gpu_h;
  double goods, resale, energy, space, care, staff, rent;
};
struct sim_offers {
  struct arena *arena;
  int n;
  struct sim_offer *offer;        /* in the spec's order; same server on the same terms at the same price: the first alone */
  const struct sim_spec *spec;
  struct world *world;
};
void sim_offers_make(struct sim_offers *s, const struct sim_spec *spec);
void sim_offers_free(struct sim_offers *s);
/* Of `servers` servers that draw server_w each on average (0 = the nameplate). */
void sim_offer_price(const struct sim_offers *s, int offer, int servers, double server_w, struct sim_price *ret);
#endif
