/* Civil dates without time zones: days since 1970-01-01, proleptic Gregorian. */
#ifndef BASE_DATE_H
#define BASE_DATE_H
#include <stdbool.h>
#include <stddef.h>

struct date {
  int year, month, day; /* month 1..12, day 1..31 */
};
bool date_parse(const char *iso, struct date *ret); /* YYYY-MM-DD or YYYY-MM (day 1); false when not a real date */
long date_days(struct date d);
struct date date_from_days(long days);
struct date date_add_months(struct date d, int months); /* the day is clipped to the month's end */
int date_days_in_month(int year, int month);
int date_weekday(struct date d); /* 0 = Monday */
void date_format(struct date d, char buf[11]);
#endif
