/* Capacity blocks: whole servers for a fixed span, booked and paid ahead, no refund. As a layer they follow each other month by month; for a training run one is
 * bought as long as the run. */
#include <math.h>
#include <string.h>
#include "sim/life.h"

enum { DAY_S = 86400 };

static bool covers(const struct sim_layer *s) { return !s->owned && s->term && !strcmp(s->term, "capacity-block"); }

static void add(struct life *l, struct life_layer *y, int servers) { contract_on_demand.add(l, y, servers); }

static void invoice(struct life *l, struct life_layer *y) { contract_bill_hours(l, y, CHARGE_BLOCK); }

double contract_block_usd(const struct sim_contract *c, double servers, double seconds) {
  double days = ceil(fmax(seconds, c->min_s) / DAY_S - 1e-9);
  if (c->max_s > 0 && days * DAY_S > c->max_s * (1 + 1e-9))
    return NAN;
  return servers * days * 24 * c->usd_per_h.a;
}

const struct contract contract_block = {
    .name = "capacity-block",
    .doc = "a fixed span of whole days, paid ahead",
    .price = "capacity-block",
    .covers = covers,
    .add = add,
    .invoice = invoice,
};
