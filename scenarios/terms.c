/* Times and terms: durations in whole months, what a contract is called and costs, which part of the demand a layer
 * covers. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "base/units.h"
#include "scenarios/keys.h"

static bool is_word(const struct sc_node *v, const char *word) {
  return word && strcasecmp(v->text, word) == 0;
}

/* Whole months in a duration; false when it is none. */
static bool whole_months(const char *text, int *ret, char *why, size_t why_size) {
  double v;
  if (!units_parse(text, "month", &v, why, why_size))
    return false;
  double whole = round(v);
  if (fabs(v - whole) > 1e-9 * fmax(1, fabs(v)) || fabs(whole) > 1e6) {
    snprintf(why, why_size, "not whole months, got '%s', expected a number of months or years", text);
    return false;
  }
  *ret = (int)whole;
  return true;
}

static void read_months(struct sc_reader *r, const struct sc_key *k) {
  const struct sc_node *v = sc_scalar(r, k->node, k->path);
  const struct sc_param *p = k->param;
  char why[300], buf[16];
  int months;
  if (!v)
    return;
  if (is_word(v, p->word))
    sc_row(r, k->node, k->path, p->word, "");
  else if (!whole_months(v->text, &months, why, sizeof why))
    sc_error(r, k->node, k->path, "%s", why);
  else if (months < p->lo || months > p->hi)
    sc_error(r, k->node, k->path, "out of range, got '%s', expected %.0f to %.0f months", v->text, p->lo, p->hi);
  else {
    *(int *)k->field = months;
    snprintf(buf, sizeof buf, "%d", months);
    sc_row(r, k->node, k->path, buf, "month");
  }
}
const struct sc_special sc_months = {"duration in whole months", read_months, NULL};

/* ---- prices ---- */

/* USD/h is a server's price, USD/gpu-h a GPU's. A wrong value is reported in the server's unit. */
static void read_price(struct sc_reader *r, const struct sc_key *k, const struct hw_server *server) {
  char why[300];
  struct dist d, *price = k->field;
  struct sc_param as = *k->param;
  const struct sc_node *v = sc_scalar(r, k->node, k->path);
  if (!v)
    return;
  bool by_gpu = server && dist_parse(v->text, "USD/gpu-h", &d, why, sizeof why);
  as.kind = SC_DIST;
  as.unit = by_gpu ? "USD/gpu-h" : as.unit;
  if (!sc_read_value(r, k->node, k->path, &as, price) || !by_gpu)
    return;
  price->a *= server->gpus;
  price->b *= server->gpus;
  price->c *= server->gpus;
}

static void read_rent_price(struct sc_reader *r, const struct sc_key *k) {
  read_price(r, k, ((const struct sim_layer *)sc_struct_of(k))->server);
}
const struct sc_special sc_rent_price = {"distribution in USD/h (a server) or USD/gpu-h, or catalog", read_rent_price,
                                         NULL};

static void read_block_price(struct sc_reader *r, const struct sc_key *k) {
  read_price(r, k, ((const struct sim_contract *)sc_struct_of(k))->server);
}
const struct sc_special sc_block_price = {"distribution in USD/h (a server) or USD/gpu-h", read_block_price, NULL};

/* ---- terms ---- */

static const char *const by_the_hour[] = {"on-demand", "spot", "capacity-block"};
enum { BY_THE_HOUR = sizeof by_the_hour / sizeof *by_the_hour };

static void unknown_term(struct sc_reader *r, const struct sc_key *k, const char *text) {
  const char *near = err_nearest_in(text, by_the_hour, BY_THE_HOUR);
  sc_error(r, k->node, k->path,
           "unknown term, got '%s', expected on-demand, spot, capacity-block, or months or years such as '1 yr'%s%s%s",
           text, near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static void read_term(struct sc_reader *r, const struct sc_key *k) {
  struct sim_layer *l = sc_struct_of(k);
  const struct sc_node *v = sc_scalar(r, k->node, k->path);
  char why[300];
  int months = 0, i = 0;
  if (!v)
    return;
  while (i < BY_THE_HOUR && !is_word(v, by_the_hour[i]))
    i++;
  if (i < BY_THE_HOUR)
    l->term = by_the_hour[i];
  else if (whole_months(v->text, &months, why, sizeof why) && months >= 1 && months <= 1200) {
    l->term_months = months;
    l->term = months % 12 ? arena_printf(r->arena, "%d month%s", months, units_s(months)) : arena_printf(r->arena, "%d yr", months / 12);
  } else {
    unknown_term(r, k, v->text);
    return;
  }
  sc_row(r, k->node, k->path, l->term, "");
}
const struct sc_special sc_term = {"on-demand, spot, capacity-block, or a duration in whole months", read_term, NULL};

/* ---- covers ---- */

/* "63 % use" with the ending " use" is 0.63. */
static bool share_before(const char *text, const char *ending, double *ret) {
  size_t n = strlen(text), m = strlen(ending);
  char number[40], why[8];
  if (n <= m || n - m >= sizeof number || strcasecmp(text + n - m, ending) != 0)
    return false;
  snprintf(number, sizeof number, "%.*s", (int)(n - m), text);
  return units_parse(number, "", ret, why, sizeof why) && *ret >= 0 && *ret <= 1;
}

static bool parse_cover(const char *text, enum sim_cover *ret, double *ret_share) {
  static const struct {
    const char *word;
    enum sim_cover cover;
    double share;
  } words[] = {{"all", COVER_ALL, 0}, {"trough", COVER_TROUGH, 0}, {"base", COVER_BASE, 0.5}, {"rest", COVER_REST, 0}};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (strcasecmp(text, words[i].word) == 0) {
      *ret = words[i].cover;
      *ret_share = words[i].share;
      return true;
    }
  if (share_before(text, " use", ret_share)) {
    *ret = COVER_BASE;
    return true;
  }
  *ret = COVER_SHARE_OF_HOURS;
  return share_before(text, " of hours", ret_share);
}

static void read_cover(struct sc_reader *r, const struct sc_key *k) {
  struct sim_layer *l = sc_struct_of(k);
  const struct sc_node *v = sc_scalar(r, k->node, k->path);
  enum sim_cover cover;
  double share;
  if (v && parse_cover(v->text, &cover, &share)) {
    l->cover = cover;
    l->cover_share = share;
    sc_row(r, k->node, k->path, v->text, "");
  } else if (v)
    sc_error(r, k->node, k->path,
             "unknown cover, got '%s', expected all, trough, base, rest, 'N %% use' or 'N %% of hours'", v->text);
}
const struct sc_special sc_cover = {
    "all; trough (what is always needed); base (units used at least half the time) or 'N % use'; 'N % of hours'; rest",
    read_cover, NULL};
