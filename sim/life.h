/* The life of one option: five years on one engine. Capacity comes and goes in batches under contracts, demand moves through the hours of each month, every
 * month is invoiced. Between two events nothing changes, so an interval is accounted in one go, at the state before the event. */
#ifndef SIM_LIFE_H
#define SIM_LIFE_H
#include "sim/contract.h"
#include "sim/fleet.h"
#include "sim/fleet_load.h"
#include "sim/kernel/engine.h"
#include "sim/kernel/stats.h"
#include "sim/ledger.h"
#include "sim/life_memo.h"
#include "sim/life_train.h"
#include "sim/record.h"
#include "sim/spec.h"
#include "sim/uncertainty.h"

/* What is summed up over an interval, a month, a year, the whole. _h = hours. */
enum sum {
  SUM_HOURS, SUM_ARRIVED, SUM_SERVED, SUM_WITHIN_SLO, SUM_TOKENS_IN, SUM_TOKENS_OUT, SUM_EGRESS_GB, /* requests, tokens */
  SUM_SERVER_H, SUM_USED_H, SUM_IDLE_H, SUM_DOWN_H,                                  /* provisioned = used + idle + down */
  SUM_GPU_H, SUM_GPU_ALLOCATED_H, SUM_GPU_PRODUCTIVE_H, SUM_GPU_BUSY_H,
  SUM_IT_KWH, SUM_IDLE_KWH, SUM_KWH,                                                 /* at the servers, of that when idling, at the meter */
  SUM_TTFT_P50, SUM_TTFT_P90, SUM_TTFT_P95, SUM_TTFT_P99, /* request-weighted seconds */
  SUM_TPOT_P50, SUM_TPOT_P90, SUM_TPOT_P95, SUM_TPOT_P99,
  SUMS
};

enum { LIFE_WHY = 320 };

struct life_batch { /* servers that came under one contract at one time */
  int servers;
  double from, to;   /* months since the start; to = HUGE_VAL: until retired */
  double usd;        /* paid: for a server, or for an hour of one */
  double list_usd;
  double month_h;    /* server-hours of the open month */
};
struct life_layer {
  const struct sim_layer *spec;
  const struct contract *contract;
  int index;
  bool renewing;     /* what is added now continues a commitment */
  int servers;       /* in place */
  int due;           /* ordered, not yet here */
  int training;      /* of those in place, held by training runs */
  struct life_batch *batch;
  size_t n_batch, cap_batch;
  double capital_usd;          /* list value of what is in place: bases of support and insurance */
  double contracted_kw, peak_kw; /* nameplate of what is in place, and of the most that ever was; owned only */
  double racks, spares;
  double energy_due_usd;       /* of a bill that is written once a year */
  double batch_h;              /* server-hours of all batches, reckoned apart from the sums: checks them */
  double month[SUMS], whole[SUMS];
  double at_once, peak_servers; /* most in the last interval, and ever */
};
struct life_month {
  double sum[SUMS];
  double peak_kw, servers, gpus, contracted_kw, needed_gpus;
};
struct life {
  struct arena *arena;
  const struct world *world;
  struct memo *memo;               /* shared with other lives; only its training entries grow, under its lock */
  const struct sim_spec *spec;     /* the world's: every dist is a point */
  const struct sim_option *option;
  int index;                       /* of the option */
  const struct sim_listener *out;  /* events are told to it; NULL in replicas */
  struct engine *engine;
  struct ledger ledger;
  struct life_layer *layer;
  struct fleet fleet;
  struct life_month *month;        /* spec->months of them */
  double outside[SUMS];            /* of the open month: what is on no layer (blocks; demand that nobody meets) */
  double total[SUMS];
  struct life_run *run;
  size_t n_run, cap_run;
  int now;                         /* the open month */
  double last_h;                   /* up to where everything is accounted */
  double peak_kw, peak_servers, peak_gpus; /* of all layers at once */
  double resale_usd;               /* what the end brings, of the residual in the ledger */
  double blocks_h;                 /* server-hours of blocks bought for training */
  struct timeweighted meter;       /* kW over the engine's clock: checks the energy */
  bool played;                     /* false: a price is unknown, so nothing is known of the money */
  bool feasible;
  char why[LIFE_WHY];
};

/* Plays one option. out may be NULL. Caller life_free()s. A broken conservation law is an error in errs. */
void life_play(struct life *l, const struct world *w, struct memo *memo, int option, const struct sim_listener *out, struct errs *errs);
void life_free(struct life *l);

/* ---- for the contracts and the fleet ---- */
/* The option cannot do the work: the first reason stays. */
void life_infeasible(struct life *l, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void life_tell(struct life *l, const char *kind, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
double life_months_at(const struct life *l, double t_h);  /* months since the start, with fraction */
double life_hours_at(const struct life *l, double months); /* its inverse; months may lie beyond the horizon */
double life_months_to(const struct life *l, struct date d); /* by the calendar, whatever the convention of hours */
double life_now_months(const struct life *l);
/* Accounts the time up to now at the present state; called before every change of it. */
void life_advance(struct life *l);
event_id life_at_months(struct life *l, double months, enum event_band band, event_fn fn, void *object);
/* Servers that come after a while. */
void life_order(struct life *l, struct life_layer *y, int servers, double lead_months);
/* Takes servers under the layer's contract, now. */
void life_add(struct life *l, struct life_layer *y, int servers);
/* Takes servers off, oldest first. */
void life_retire(struct life *l, struct life_layer *y, int servers);
struct life_batch *life_batch_new(struct life_layer *y);

/* What is billed to both sides alike, for the open month: staff, storage, egress. */
void life_bill_common(struct life *l);
#endif
