/* An input that may be uncertain: a plain quantity or tri(lo, mode, hi) unit, uniform(lo, hi) unit, normal(mean unit, sd 15 %),
 * lognormal(mean unit, sd 15 % | sd x unit). All values are in the parameter's unit (base/units.h). */
#ifndef BASE_DIST_H
#define BASE_DIST_H
#include <stddef.h>
#include <stdbool.h>

enum dist_kind { DIST_POINT, DIST_TRI, DIST_UNIFORM, DIST_NORMAL, DIST_LOGNORMAL };
struct dist {
  enum dist_kind kind;
  double a, b, c; /* POINT: a; TRI: lo, mode, hi; UNIFORM: lo, hi; NORMAL, LOGNORMAL: mean a, standard deviation b (of the value itself) */
};

struct dist dist_point(double value);
/* Parses every form above. Order lo <= mode <= hi and sd >= 0 are checked. Failure as units_parse. */
bool dist_parse(const char *text, const char *unit, struct dist *ret, char *why, size_t why_size);
double dist_mean(const struct dist *d);
double dist_central(const struct dist *d);              /* what a single run uses: the mode of TRI, else the mean */
double dist_quantile(const struct dist *d, double u);   /* inverse CDF, u in (0,1) */
double dist_low(const struct dist *d);                  /* P10, for tornado bars: lo of TRI and UNIFORM */
double dist_high(const struct dist *d);
double dist_variance(const struct dist *d);
bool dist_is_uncertain(const struct dist *d);
void dist_format(const struct dist *d, const char *unit, char *buf, size_t size); /* as it would be written in a scenario */
#endif
