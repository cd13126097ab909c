/* Commitments: a term is paid whether used or not, keeps its price while it runs, cannot be divided, and renews at the price then in force. What of it lies beyond the
 * horizon is owed all the same and shown as stranded, unless the scenario says `prorated`. */
#include <math.h>
#include "sim/life.h"

static bool covers(const struct sim_layer *s) { return !s->owned && s->term_months > 0; }

/* The first term's, or that of renewals: when it is one, or when the first would reach beyond the horizon and the other is shorter. */
static bool takes_renewal_term(const struct life *l, const struct life_layer *y, const struct world_layer *w, double now) {
  bool beyond = now + y->spec->term_months > l->spec->months + 1e-6;
  return w->renew_months > 0 && (y->renewing || (beyond && now > 0 && w->renew_months < y->spec->term_months));
}

struct contract_offer contract_term_offer(const struct life *l, const struct life_layer *y) {
  const struct world_layer *w = world_layer(l->world, l->index, y->index);
  double now = life_now_months(l), usd = y->spec->usd_per_h.a;
  int term = y->spec->term_months;
  if (takes_renewal_term(l, y, w, now)) {
    term = w->renew_months;
    usd = w->renew_usd_per_h;
  }
  double list = usd * pow(1 + y->spec->list_drift_per_yr.a, now / 12);
  return (struct contract_offer){term, list, list * (1 - y->spec->discount.a)};
}

static void add(struct life *l, struct life_layer *y, int servers) {
  struct contract_offer o = contract_term_offer(l, y);
  double now = life_now_months(l);
  struct life_batch *b = life_batch_new(y);
  *b = (struct life_batch){.servers = servers, .from = now, .to = now + o.months, .usd = o.usd_per_h, .list_usd = o.list_usd_per_h};
  y->servers += servers;
}

static void post(struct life *l, struct life_layer *y, const struct life_batch *b, enum charge_kind kind, double hours) {
  ledger_post(&l->ledger, &(struct ledger_line){.kind = kind,
                                                .layer = y->index,
                                                .month = l->now,
                                                .usd = b->usd * hours,
                                                .quantity = hours,
                                                .unit_price = b->usd,
                                                .list_price = b->list_usd,
                                                .unit = "server-hour"});
}

/* Use is spread over the batches alike. */
static void invoice(struct life *l, struct life_layer *y) {
  double paid = y->month[SUM_SERVER_H], used = paid > 0 ? fmin(1, y->month[SUM_USED_H] / paid) : 0;
  for (size_t i = 0; i < y->n_batch; i++) {
    struct life_batch *b = &y->batch[i];
    post(l, y, b, CHARGE_COMMITMENT, b->month_h * used);
    post(l, y, b, CHARGE_COMMITMENT_UNUSED, b->month_h * (1 - used));
  }
}

static void close(struct life *l, struct life_layer *y) {
  if (y->spec->prorated)
    return;
  double end_h = life_hours_at(l, l->spec->months);
  for (size_t i = 0; i < y->n_batch; i++) {
    struct life_batch *b = &y->batch[i];
    if (b->servers <= 0 || b->to <= l->spec->months + 1e-6)
      continue;
    post(l, y, b, CHARGE_STRANDED, (life_hours_at(l, b->to) - end_h) * b->servers);
  }
}

const struct contract contract_term = {
    .name = "term",
    .doc = "committed for a term (\"1 yr\", \"3 yr\"), paid used or not",
    .covers = covers,
    .add = add,
    .invoice = invoice,
    .close = close,
};
