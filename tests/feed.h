/* A made-up run for the tests of output/: four options over five years, charges, series, replicas, with figures a
 * reader can check by hand. */
#ifndef TESTS_FEED_H
#define TESTS_FEED_H
#include <stdio.h>
#include "output/db.h"
#include "output/store.h"

extern const struct store_run feed_run; /* 60 months from 2026-12-01, baseline "rent" */

/* own: 12 M USD of servers in month 0, 0.1 M USD a month of energy, 2 M USD resale in the last month: 16 M USD.
 * rent: 0.5 M USD a month: 30 M USD. Cumulative costs cross where 12 + 0.1 m = 0.5 m, after 30 months. mixed: 6 M USD
 * of servers, 0.2 M USD rent a month: 18. toosmall: infeasible, 1 M USD. Replica k of own costs 16 + (k - 50) / 10 M
 * USD, of rent 30 - (k - 50) / 2 M USD: own is cheaper for k < 73.33. */
void feed_plain(const struct sim_listener *to);
/* Names that are wrong in every language that a result is written in. */
void feed_hostile(const struct sim_listener *to);
extern const char *const feed_hostile_names[];
enum { FEED_HOSTILE = 9 };

/* The run in a database of its own, or after the runs that are there. */
void fill(const char *path, void (*feed)(const struct sim_listener *), bool append);
sqlite3 *open_db(const char *path);
/* What fn(ctx, file) writes, as a string for mem_free. */
char *written(void (*fn)(const void *ctx, FILE *f), const void *ctx);
void write_answer(const void *ctx, FILE *f); /* such a function: the printed answer of a struct outcome */
#endif
