/* Quantities with units, by unit algebra: "900 GB/s", "0.12 USD/kWh", "184.06 USD/kW-month", "8 %/yr", "6.5 /1000-node-days",
 * "42.5 req/s", "5 s". A value is converted into the unit its parameter is documented in and kept so, hence the names' suffixes.
 *
 * Base units: s, B, J, USD, FLOP, g, token, req, gpu, node, fte, rack, C (1 C step), oom (order of magnitude), and 1 (ratio; % = 1/100). Derived: W, Wh, Hz,
 * bit (B/8), bps, min, h, day, week, month (yr/12), yr (8760 h), t (1e6 g), FLOPS and OPS (FLOP/s). Prefixes n u m k K M G T P E
 * (K as k), and Ki Mi Gi Ti of bytes and bits. '-' and '*' multiply, '/' divides by everything after it until the next '/';
 * a factor may be a number ("/1000-node-days"). Plurals of words and the long names (hour, byte, request ...) are accepted.
 *
 * Equal units leave the value as it is; others cost one rounding, since factors are kept as whole numerator and denominator. */
#ifndef BASE_UNITS_H
#define BASE_UNITS_H
#include <stddef.h>
#include <stdbool.h>

/* Parse `text` as a quantity and express it in `unit` ("" = bare count or ratio, '%' allowed). A bare number for a unit that is
 * not "" is an error unless it is 0. Locale-independent; NaN, inf and overflow are errors.
 * Returns true and sets *ret_value; on failure returns false and writes what was got and expected into why[why_size]. */
bool units_parse(const char *text, const char *unit, double *ret_value, char *why, size_t why_size);

/* Convert a value between two units of the same dimension: false when the dimensions differ or a unit is unknown. */
bool units_convert(double value, const char *from, const char *to, double *ret_value);

/* strtod without locale, whole string must be consumed (surrounding blanks aside). */
bool units_number(const char *text, double *ret_value);
/* A number at the start of a longer text ("310 p50"): returns where it ends, or NULL when there is none or it is out of range. */
const char *units_leading_number(const char *text, double *ret_value);
/* What a word gets after a count as it is printed: "1 month", "2 months". */
static inline const char *units_s(double count) {
  return count == 1 ? "" : "s";
}
/* Exact integers: digits with optional sign and blanks. */
bool units_integer(const char *text, long long *ret_value);
#endif
