/* What both sides pay alike, each at its own price: people, storage, traffic out. */
#include <math.h>
#include "sim/life.h"

static void post(struct life *l, enum charge_kind kind, double usd, double moving, double quantity, double price, const char *unit) {
  ledger_post(&l->ledger, &(struct ledger_line){.kind = kind,
                                                .layer = -1,
                                                .month = l->now,
                                                .advance = charge_class[kind].capital,
                                                .usd = usd,
                                                .moving = moving,
                                                .quantity = quantity,
                                                .unit_price = price,
                                                .list_price = price,
                                                .unit = unit});
}

/* Mean GPUs of the open month on one side. */
static double gpus(const struct life *l, bool owned) {
  double gpu_h = 0, hours = l->month[l->now].sum[SUM_HOURS];
  for (int i = 0; i < l->option->n; i++)
    if (l->layer[i].spec->owned == owned)
      gpu_h += l->layer[i].month[SUM_GPU_H];
  return hours > 0 ? gpu_h / hours : 0;
}

static bool has(const struct life *l, bool owned) {
  for (int i = 0; i < l->option->n; i++)
    if (l->option->layer[i].owned == owned)
      return true;
  return false;
}

/* A mixed option needs the owner's base crew; the renter's is part of it. */
static void bill_staff(struct life *l) {
  const struct sim_staff *s = &l->spec->staff;
  double base = has(l, true) ? s->own_base_fte.a : 0;
  if (has(l, false))
    base = fmax(base, s->rent_base_fte.a);
  double fte = base + gpus(l, true) / 1000 * s->own_fte_per_1000_gpus.a + gpus(l, false) / 1000 * s->rent_fte_per_1000_gpus.a;
  post(l, CHARGE_STAFF, fte * s->loaded_usd_per_yr.a / 12, 0, fte, s->loaded_usd_per_yr.a / 12, "fte-month");
}

/* Owned storage is bought at the start; an option without owned machines rents it. */
static void bill_storage(struct life *l) {
  const struct sim_spec *s = l->spec;
  double active = s->storage_active_bytes, archive = s->storage_archive_bytes;
  if (has(l, true)) {
    double tb = (active + archive) / 1e12, usd = tb * s->site.storage_usd_per_tb.a;
    if (l->now == 0) {
      post(l, CHARGE_STORAGE, usd, 0, tb, s->site.storage_usd_per_tb.a, "TB");
      post(l, CHARGE_TAX, usd * s->site.sales_tax.a, 0, tb, s->site.storage_usd_per_tb.a * s->site.sales_tax.a, "TB");
    }
    return;
  }
  double usd = active / 1e9 * s->rent_storage_active_usd_per_gb_month.a + archive / 1e9 * s->rent_storage_archive_usd_per_gb_month.a;
  post(l, CHARGE_RENT_STORAGE, usd, 0, (active + archive) / 1e9, usd > 0 ? usd / ((active + archive) / 1e9) : 0, "GB-month");
}

/* Answers leave from where they were made. */
static void bill_egress(struct life *l) {
  for (int owned = 0; owned <= 1; owned++) {
    double gb = 0, price = owned ? l->spec->site.egress_usd_per_gb.a : l->spec->egress_usd_per_gb.a;
    for (int i = 0; i < l->option->n; i++)
      if (l->layer[i].spec->owned == owned)
        gb += l->layer[i].month[SUM_EGRESS_GB];
    post(l, CHARGE_EGRESS, gb * price, gb * price, gb, price, "GB");
  }
}

void life_bill_common(struct life *l) {
  bill_staff(l);
  bill_storage(l);
  bill_egress(l);
}
