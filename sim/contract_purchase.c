/* Owned machines: paid on delivery with their share of network, racks and spares; then energy, space, support and insurance; resold at the end at what the market
 * gives for a part of that age. */
#include <math.h>
#include "sim/finance.h"
#include "sim/life.h"

static bool covers(const struct sim_layer *s) { return s->owned; }

static void post(struct life *l, struct life_layer *y, enum charge_kind kind, double usd, double quantity, const char *unit) {
  ledger_post(&l->ledger, &(struct ledger_line){.kind = kind,
                                                .layer = y->index,
                                                .month = l->now,
                                                .advance = charge_class[kind].capital,
                                                .usd = usd,
                                                .quantity = quantity,
                                                .unit_price = quantity > 0 ? usd / quantity : 0,
                                                .list_price = quantity > 0 ? usd / quantity : 0,
                                                .unit = unit});
}

/* Racks that the machines in place need, by watts when a rack's feed is known, else by height. */
static double racks_needed(const struct life *l, const struct life_layer *y) {
  double kw = l->spec->site.rack_kw;
  return kw > 0 ? ceil(y->contracted_kw / kw) : ceil(y->servers * y->spec->server->rack_units / 42);
}

static void add(struct life *l, struct life_layer *y, int servers) {
  const struct sim_site *site = &l->spec->site;
  double usd = y->spec->price_usd.a, goods = usd * servers, share = site->fabric_share.a;
  struct life_batch *b = life_batch_new(y);
  *b = (struct life_batch){.servers = servers, .from = life_now_months(l), .to = HUGE_VAL, .usd = usd, .list_usd = usd};
  y->servers += servers;
  y->contracted_kw += servers * fleet_nameplate_kw(l, y);
  y->peak_kw = fmax(y->peak_kw, y->contracted_kw);
  double racks = fmax(0, racks_needed(l, y) - y->racks);
  double spares_due = ceil(y->servers * y->spec->spares.a - 1e-9), more_spares = fmax(0, spares_due - y->spares);
  double spares = usd * more_spares, fabric = goods * share / (1 - share), rack = racks * site->rack_usd.a;
  y->racks += racks;
  y->spares += more_spares;
  y->capital_usd += goods;
  post(l, y, CHARGE_SERVER, goods, servers, "server");
  post(l, y, CHARGE_FABRIC, fabric, servers, "server");
  post(l, y, CHARGE_SPARES, spares, more_spares, "server");
  post(l, y, CHARGE_RACK, rack, racks, "rack");
  post(l, y, CHARGE_INSTALL, goods * site->install_share.a, servers, "server");
  post(l, y, CHARGE_TAX, (goods + fabric + spares + rack) * site->sales_tax.a, servers, "server");
}

static void bill_energy(struct life *l, struct life_layer *y) {
  double kwh = y->month[SUM_KWH], usd_per_kwh = l->spec->site.tariff_usd_per_kwh.a, usd = kwh * usd_per_kwh, price = usd_per_kwh;
  double idle_share = y->month[SUM_IT_KWH] > 0 ? y->month[SUM_IDLE_KWH] / y->month[SUM_IT_KWH] : 1;
  if (l->option->truncate_annual_bill) {
    y->energy_due_usd += usd;
    if ((l->now + 1) % 12 && l->now + 1 < l->spec->months)
      return;
    usd = floor(y->energy_due_usd + 1e-6); /* a bill of whole dollars is not cut by rounding noise */
    y->energy_due_usd = 0;
    kwh = 0;
  }
  ledger_post(&l->ledger, &(struct ledger_line){.kind = CHARGE_ENERGY,
                                                .layer = y->index,
                                                .month = l->now,
                                                .usd = usd,
                                                .moving = usd * (1 - idle_share),
                                                .quantity = kwh,
                                                .unit_price = price,
                                                .list_price = price,
                                                .unit = "kWh"});
}

static void invoice(struct life *l, struct life_layer *y) {
  const struct sim_site *site = &l->spec->site;
  double months = y->month[SUM_SERVER_H] > 0 ? 1 : 0; /* nothing in place, nothing to pay */
  double metered_kw = l->month[l->now].sum[SUM_HOURS] > 0 ? y->month[SUM_IT_KWH] / l->month[l->now].sum[SUM_HOURS] : 0;
  double kw = site->colo_contracted ? y->contracted_kw : metered_kw;
  double colo = site->colo_usd_per_kw_month.a * pow(1 + site->colo_growth_per_yr.a, l->now / 12); /* yearly steps */
  bill_energy(l, y);
  post(l, y, CHARGE_COLOCATION, months * kw * colo, kw, "kW-month");
  post(l, y, CHARGE_MAINTENANCE, months * (y->capital_usd * y->spec->support_per_yr.a + y->servers * y->spec->maintenance_usd_per_yr.a) / 12, y->servers,
       "server-month");
  post(l, y, CHARGE_INSURANCE, months * y->capital_usd * site->insurance_per_yr.a / 12, y->servers, "server-month");
}

/* Decay runs from the part's launch and not from its purchase: a design that is six years old when bought new sells as an eleven-year-old after five. */
static double resale_usd(const struct life *l, const struct life_layer *y, const struct life_batch *b, double months) {
  double value = y->spec->residual_value.a, held_yr = (months - b->from) / 12;
  struct date launch;
  switch (y->spec->residual) {
  case RESIDUAL_NONE:
    return 0;
  case RESIDUAL_FRACTION:
    return b->usd * value;
  case RESIDUAL_DECAY_FROM_LAUNCH:
    if (!date_parse(y->spec->server->gpu->launch, &launch))
      return fin_market_decay(b->usd, value, held_yr);
    double age_yr = (double)(date_days(l->spec->start) - date_days(launch)) / 365.25 + months / 12;
    return fin_market_decay(b->usd, value, fmax(held_yr, age_yr));
  }
  return 0;
}

static double resell(struct life *l, struct life_layer *y, const struct life_batch *b, int servers, double months) {
  double usd = resale_usd(l, y, b, months) * servers;
  post(l, y, CHARGE_RESIDUAL, -usd, servers, "server");
  return usd;
}

static void retire(struct life *l, struct life_layer *y, struct life_batch *b, int servers) {
  resell(l, y, b, servers, life_now_months(l));
  y->capital_usd -= servers * b->list_usd;
  y->contracted_kw -= servers * fleet_nameplate_kw(l, y);
}

static void close(struct life *l, struct life_layer *y) {
  for (size_t i = 0; i < y->n_batch; i++)
    l->resale_usd += resell(l, y, &y->batch[i], y->batch[i].servers, l->spec->months);
}

const struct contract contract_purchase = {
    .name = "purchase",
    .doc = "bought: capital at delivery, energy, space and support each month, resale at the end",
    .price = "purchase",
    .covers = covers,
    .add = add,
    .invoice = invoice,
    .retire = retire,
    .close = close,
};
