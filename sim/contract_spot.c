/* Spare capacity at a moving price; it may be taken back (the fleet lowers its availability). */
#include <math.h>
#include <string.h>
#include "sim/life.h"

static bool covers(const struct sim_layer *s) { return !s->owned && s->term && !strcmp(s->term, "spot"); }

static void invoice(struct life *l, struct life_layer *y) { contract_bill_hours(l, y, CHARGE_SPOT); }

static void add(struct life *l, struct life_layer *y, int servers) { contract_on_demand.add(l, y, servers); }

const struct contract contract_spot = {
    .name = "spot",
    .doc = "spare capacity by the hour, may be taken back",
    .price = "spot",
    .covers = covers,
    .add = add,
    .invoice = invoice,
};
