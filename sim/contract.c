#include "sim/contract.h"
#include <math.h>
#include "sim/life.h"

static const struct contract *const contracts[] = {
    &contract_purchase, &contract_on_demand, &contract_spot, &contract_block, &contract_term,
};

const struct contract *contract_at(int i) {
  return i >= 0 && i < (int)(sizeof contracts / sizeof *contracts) ? contracts[i] : NULL;
}

const struct contract *contract_find(const struct sim_layer *s) {
  for (int i = 0; contract_at(i); i++)
    if (contract_at(i)->covers(s))
      return contract_at(i);
  return NULL;
}

double contract_list_usd_per_h(const struct life_layer *y, double months) {
  return y->spec->usd_per_h.a * pow(1 + y->spec->list_drift_per_yr.a, months / 12);
}

double contract_usd_per_h(const struct life_layer *y, double months) {
  return contract_list_usd_per_h(y, months) * (1 - y->spec->discount.a);
}

void contract_bill_hours(struct life *l, struct life_layer *y, int kind) {
  double usd = contract_usd_per_h(y, l->now), hours = y->month[SUM_SERVER_H];
  ledger_post(&l->ledger, &(struct ledger_line){.kind = (enum charge_kind)kind,
                                                .layer = y->index,
                                                .month = l->now,
                                                .usd = usd * hours,
                                                .moving = y->spec->scale ? usd * hours : 0,
                                                .quantity = hours,
                                                .unit_price = usd,
                                                .list_price = contract_list_usd_per_h(y, l->now),
                                                .unit = "server-hour"});
}
