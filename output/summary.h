/* The answer for somebody who has ten minutes: own or rent, from which month, how sure, and why. */
#ifndef OUTPUT_SUMMARY_H
#define OUTPUT_SUMMARY_H
#include <stdio.h>
#include "output/outcome.h"

void summary_write(const struct outcome *o, FILE *f);
#endif
