#include "sim/ledger.h"
#include <assert.h>
#include <math.h>
#include "base/mem.h"

const struct charge_class charge_class[CHARGE_KINDS] = {
    [CHARGE_SERVER] = {"server", "Purchase", "Compute", "Other", "servers bought", true},
    [CHARGE_FABRIC] = {"fabric", "Purchase", "Networking", "Other", "cluster network bought", true},
    [CHARGE_STORAGE] = {"storage", "Purchase", "Storage", "Other", "shared storage bought", true},
    [CHARGE_RACK] = {"rack", "Purchase", "Facility", "Other", "racks bought", true},
    [CHARGE_INSTALL] = {"install", "Purchase", "Facility", "Other", "installation", true},
    [CHARGE_SPARES] = {"spares", "Purchase", "Compute", "Other", "spare servers bought", true},
    [CHARGE_TAX] = {"tax", "Tax", "Other", "Other", "sales tax on purchases", true},
    [CHARGE_RESIDUAL] = {"residual", "Credit", "Compute", "Other", "resale at the end", false},
    [CHARGE_ENERGY] = {"energy", "Usage", "Facility", "Standard", "electricity at the meter", false},
    [CHARGE_COLOCATION] = {"colocation", "Usage", "Facility", "Standard", "colocation", false},
    [CHARGE_MAINTENANCE] = {"maintenance", "Usage", "Compute", "Standard", "support and maintenance", false},
    [CHARGE_INSURANCE] = {"insurance", "Usage", "Other", "Standard", "insurance", false},
    [CHARGE_STAFF] = {"staff", "Usage", "Labor", "Standard", "staff", false},
    [CHARGE_EGRESS] = {"egress", "Usage", "Networking", "Standard", "traffic out", false},
    [CHARGE_RENT] = {"rent", "Usage", "Compute", "Standard", "rented by the hour", false},
    [CHARGE_COMMITMENT] = {"commitment", "Usage", "Compute", "Committed", "committed hours that were used", false},
    [CHARGE_COMMITMENT_UNUSED] = {"commitment_unused", "Usage", "Compute", "Committed", "committed hours that stood unused", false},
    [CHARGE_STRANDED] = {"commitment", "Usage", "Compute", "Committed", "remainder of commitments beyond the horizon", false},
    [CHARGE_SPOT] = {"spot", "Usage", "Compute", "Dynamic", "spot capacity", false},
    [CHARGE_BLOCK] = {"block", "Purchase", "Compute", "Committed", "capacity block", false},
    [CHARGE_RENT_STORAGE] = {"storage", "Usage", "Storage", "Standard", "rented storage", false},
};

void ledger_init(struct ledger *l, int months, bool keep) {
  *l = (struct ledger){.months = months, .keep = keep, .years = (months + 11) / 12};
  l->flow = mem_array((size_t)months + 1, sizeof *l->flow);
  l->year = mem_array((size_t)l->years * CHARGE_KINDS, sizeof *l->year);
}

void ledger_free(struct ledger *l) {
  mem_free(l->flow);
  mem_free(l->year);
  mem_free(l->line);
  *l = (struct ledger){0};
}

static bool same_line(const struct ledger_line *a, const struct ledger_line *b) {
  return a->kind == b->kind && a->layer == b->layer && a->month == b->month && a->advance == b->advance && a->unit_price == b->unit_price;
}

static void keep_line(struct ledger *l, const struct ledger_line *line) {
  for (size_t i = l->n; i-- > 0 && l->line[i].month >= line->month;) /* months come in order: few to look at */
    if (same_line(&l->line[i], line)) {
      l->line[i].usd += line->usd;
      l->line[i].moving += line->moving;
      l->line[i].quantity += line->quantity;
      return;
    }
  l->line = mem_grow(l->line, &l->cap, l->n + 1, sizeof *l->line);
  l->line[l->n++] = *line;
}

void ledger_post(struct ledger *l, const struct ledger_line *line) {
  assert(line->month >= 0 && line->month < l->months);
  if (line->usd == 0)
    return;
  l->flow[line->advance ? line->month : line->month + 1] += line->usd;
  l->year[line->month / 12 * CHARGE_KINDS + (int)line->kind] += line->usd;
  l->kind[line->kind] += line->usd;
  l->moving += line->moving;
  l->fixed += line->usd - line->moving;
  if (l->keep)
    keep_line(l, line);
}

double ledger_total(const struct ledger *l) {
  double sum = 0;
  for (int m = 0; m <= l->months; m++)
    sum += l->flow[m];
  return sum;
}

double ledger_imbalance(const struct ledger *l) {
  double total = ledger_total(l), kinds = 0, lines = 0, gross = 0;
  for (int k = 0; k < CHARGE_KINDS; k++) {
    kinds += l->kind[k];
    gross += fabs(l->kind[k]);
  }
  for (size_t i = 0; i < l->n; i++)
    lines += l->line[i].usd;
  double off = fmax(fabs(kinds - total), fabs(l->fixed + l->moving - total));
  if (l->keep)
    off = fmax(off, fabs(lines - total));
  return gross > 0 ? off / gross : 0;
}
