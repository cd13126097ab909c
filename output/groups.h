/* The kinds of charge (sim/record.h) gathered into the lines of a cash-flow table and the colours of a plot. A kind
 * that is not listed belongs to `other`. */
#ifndef OUTPUT_GROUPS_H
#define OUTPUT_GROUPS_H
#include <stddef.h>

struct group {
  const char *name, *label;
  const char *kinds;  /* as an SQL list: "'server','spares'" ; the last group takes the rest */
  const char *colour; /* of a palette that the colour-blind can tell apart (Paul Tol, "muted") */
};
enum { GROUPS = 11 };
extern const struct group groups[GROUPS];

/* An SQL expression that maps column `kind` to the group's name. Static. */
const char *groups_case(void);
/* The same to words for a reader: "unused commitments". Static. */
const char *groups_words(void);
const struct group *groups_find(const char *name); /* the last when unknown */
#endif
