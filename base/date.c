#include "base/date.h"
#include <ctype.h>
#include <stdio.h>

static bool is_leap(int year) { return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0; }

int date_days_in_month(int year, int month) {
  static const int days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return days[month - 1] + (month == 2 && is_leap(year));
}

/* Exactly n digits; -1 when there are not. */
static int digits(const char *s, int n) {
  int value = 0;
  for (int i = 0; i < n; i++) {
    if (!isdigit((unsigned char)s[i]))
      return -1;
    value = value * 10 + (s[i] - '0');
  }
  return value;
}

bool date_parse(const char *iso, struct date *ret) {
  struct date d = {.day = 1};
  if ((d.year = digits(iso, 4)) < 1 || iso[4] != '-' || (d.month = digits(iso + 5, 2)) < 1 || d.month > 12)
    return false;
  if (iso[7] == '-') {
    d.day = digits(iso + 8, 2);
    if (d.day < 1 || d.day > date_days_in_month(d.year, d.month) || iso[10])
      return false;
  } else if (iso[7]) {
    return false;
  }
  *ret = d;
  return true;
}

static long floor_div(long a, long b) { return a / b - (a % b != 0 && (a < 0) != (b < 0)); }

/* Days before 1 January of `year`, counted from 1 January of year 1. */
static long days_before_year(long year) {
  long y = year - 1;
  return 365 * y + floor_div(y, 4) - floor_div(y, 100) + floor_div(y, 400);
}

enum { EPOCH_DAYS = 719162 }; /* 0001-01-01 to 1970-01-01 */

long date_days(struct date d) {
  long days = days_before_year(d.year) - EPOCH_DAYS + d.day - 1;
  for (int m = 1; m < d.month; m++)
    days += date_days_in_month(d.year, m);
  return days;
}

struct date date_from_days(long days) {
  long day = days + EPOCH_DAYS;
  long year = floor_div(400 * day, 146097) + 1; /* right, or one too late at the very end of a year, or one too early */
  while (days_before_year(year) > day)
    year--;
  while (days_before_year(year + 1) <= day)
    year++;
  struct date d = {.year = (int)year, .month = 1, .day = (int)(day - days_before_year(year)) + 1};
  while (d.day > date_days_in_month(d.year, d.month))
    d.day -= date_days_in_month(d.year, d.month), d.month++;
  return d;
}

struct date date_add_months(struct date d, int months) {
  long count = (long)d.year * 12 + (d.month - 1) + months;
  d.year = (int)floor_div(count, 12);
  d.month = (int)(count - 12L * d.year) + 1;
  int last = date_days_in_month(d.year, d.month);
  if (d.day > last)
    d.day = last;
  return d;
}

int date_weekday(struct date d) {
  long day = date_days(d) + 3; /* 1970-01-01 was a Thursday */
  return (int)(day - 7 * floor_div(day, 7));
}

void date_format(struct date d, char buf[11]) {
  unsigned year = (unsigned)d.year % 10000, month = (unsigned)d.month % 100, day = (unsigned)d.day % 100;
  snprintf(buf, 11, "%04u-%02u-%02u", year, month, day);
}
