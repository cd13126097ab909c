/* Rented by the hour at the list price of the day: no commitment, no certainty either (fleet.c refuses requests by p_success). */
#include <math.h>
#include <string.h>
#include "sim/life.h"

static bool covers(const struct sim_layer *s) { return !s->owned && s->term_months == 0 && (!s->term || !strcmp(s->term, "on-demand")); }

static void add(struct life *l, struct life_layer *y, int servers) {
  double now = life_now_months(l);
  struct life_batch *b = life_batch_new(y);
  *b = (struct life_batch){.servers = servers, .from = now, .to = HUGE_VAL, .usd = contract_usd_per_h(y, now)};
  y->servers += servers;
}

static void invoice(struct life *l, struct life_layer *y) { contract_bill_hours(l, y, CHARGE_RENT); }

const struct contract contract_on_demand = {
    .name = "on-demand",
    .doc = "by the hour at the list price of the day",
    .price = "on-demand",
    .covers = covers,
    .add = add,
    .invoice = invoice,
};
