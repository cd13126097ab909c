/* The ledger of one option: dated charges, one a month, kind and layer. Its sum is the TCO; three sums kept apart (lines, kinds, dates) must agree. */
#ifndef SIM_LEDGER_H
#define SIM_LEDGER_H
#include <stdbool.h>
#include <stddef.h>

enum charge_kind {
  CHARGE_SERVER, CHARGE_FABRIC, CHARGE_STORAGE, CHARGE_RACK, CHARGE_INSTALL, CHARGE_SPARES, CHARGE_TAX, /* capital goods */
  CHARGE_RESIDUAL,
  CHARGE_ENERGY, CHARGE_COLOCATION, CHARGE_MAINTENANCE, CHARGE_INSURANCE, CHARGE_STAFF, CHARGE_EGRESS,
  CHARGE_RENT, CHARGE_COMMITMENT, CHARGE_COMMITMENT_UNUSED, CHARGE_STRANDED, CHARGE_SPOT, CHARGE_BLOCK,
  CHARGE_RENT_STORAGE,
  CHARGE_KINDS
};
struct charge_class {
  const char *kind;             /* as handed out */
  const char *category, *service_category, *pricing_category, *description; /* FOCUS 1.2 */
  bool capital;
};
extern const struct charge_class charge_class[CHARGE_KINDS];

struct ledger_line {
  enum charge_kind kind;
  int layer;       /* -1 = of the option as a whole */
  int month;       /* 0-based month of the horizon in which the money flows */
  bool advance;    /* at the month's start (purchases), else at its end (invoices) */
  double usd;      /* negative = credit */
  double moving;   /* how much of usd moves with use: 0..usd */
  double quantity, unit_price, list_price; /* quantity 0 = 1 lump */
  const char *unit; /* static; NULL = lump */
};
struct ledger {
  int months;
  bool keep;       /* keep the lines, not only the sums */
  struct ledger_line *line;
  size_t n, cap;
  double *flow;    /* months + 1 values: what flows at the start, and at each month's end (a purchase at a month's start counts to the end before) */
  double *year;    /* years x kinds */
  int years;
  double kind[CHARGE_KINDS];
  double fixed, moving;
};
void ledger_init(struct ledger *l, int months, bool keep);
void ledger_free(struct ledger *l);
/* Posts to a line of the same kind, layer, month and price are joined. 0 USD is dropped. A month outside the horizon is a programmer's error. */
void ledger_post(struct ledger *l, const struct ledger_line *line);
double ledger_total(const struct ledger *l);
/* The largest difference between the three sums, relative to the gross turnover. */
double ledger_imbalance(const struct ledger *l);
#endif
