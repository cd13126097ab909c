/* Private to sim/kernel: progressive filling of a small closed problem, members that cross sites. Raise the level (rate
 * / weight) of all members together; whom a full site or his own limit stops keeps his rate; go on with the others.
 *
 * The problem may grow between runs, not shrink. Everything lies in dense arrays: it is solved again and again. */
#ifndef SIM_KERNEL_FILLING_H
#define SIM_KERNEL_FILLING_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FILLING_BY_LIMIT UINT32_MAX         /* a member's `stop` when its limit stopped it */
#define FILLING_BY_NOTHING (UINT32_MAX - 1) /* it has neither limit nor site */

struct filling_site {
  double available, weight;  /* for all members; a member that crosses twice counts twice */
  uint32_t crossings, first; /* number, and the newest + 1 */
  uint32_t link;             /* the caller's */
  double ceiling;            /* the caller's */
  /* results */
  double rest;   /* what the members leave */
  double top;    /* highest level of a member */
  double filled; /* level at which it stopped members, INFINITY = it did not */
  /* on the way */
  double open_weight;
  uint32_t open;
};

struct filling_member {
  double weight, limit; /* limit INFINITY = none */
  uint32_t first, n;    /* its crossings */
  uint32_t flow;        /* the caller's */
  bool fixed;
  /* results */
  uint32_t stop; /* site, or one of the above */
  double rate;
};

struct filling_crossing {
  uint32_t member, site;
  uint32_t next; /* older one of the same site + 1, 0 = none */
};

/* What stops members at `level`: a site, or the limit of a member (its index + the number of sites). */
struct filling_key {
  double level;
  uint32_t index;
};

struct filling {
  struct filling_site *site;
  struct filling_member *member;
  struct filling_crossing *crossing;
  struct filling_key *key;
  size_t sites, site_cap, members, member_cap, crossings, crossing_cap, keys, key_cap;
  size_t open; /* members without a rate */
};

void filling_free(struct filling *f);
void filling_run(struct filling *f);

static inline void filling_clear(struct filling *f) {
  f->sites = f->members = f->crossings = 0;
}

/* Room for a member and so many crossings and sites. */
void filling_grow(struct filling *f, size_t crossings);

/* A new member; its n calls of filling_cross follow, with new sites among them or not, before the next member. */
static inline void filling_add_member(struct filling *f, double weight, double limit, size_t n, uint32_t flow) {
  if (f->members == f->member_cap || f->crossings + n > f->crossing_cap || f->sites + n > f->site_cap)
    filling_grow(f, n);
  struct filling_member *m = &f->member[f->members++];
  m->weight = weight;
  m->limit = limit;
  m->first = (uint32_t)f->crossings;
  m->n = (uint32_t)n;
  m->flow = flow;
}

static inline uint32_t filling_add_site(struct filling *f, double available, uint32_t link, double ceiling) {
  struct filling_site *s = &f->site[f->sites];
  s->available = available;
  s->weight = 0;
  s->crossings = s->first = 0;
  s->link = link;
  s->ceiling = ceiling;
  return (uint32_t)f->sites++;
}

/* The newest member crosses the site, where it has `rate` by now, which becomes available again. */
static inline void filling_cross(struct filling *f, uint32_t site, double rate) {
  struct filling_site *s = &f->site[site];
  struct filling_crossing *c = &f->crossing[f->crossings++];
  c->member = (uint32_t)f->members - 1;
  c->site = site;
  c->next = s->first;
  s->first = (uint32_t)f->crossings;
  s->crossings++;
  s->available += rate;
  s->weight += f->member[f->members - 1].weight;
}
#endif
