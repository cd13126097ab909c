/* What a scenario asks for, checked and resolved: filled by scenarios/, played by sim/life. Values are in the unit of the suffix; a struct dist
 * may be uncertain. Strings and arrays live in the spec's arena. */
#ifndef SIM_SPEC_H
#define SIM_SPEC_H
#include <stdbool.h>
#include <stdint.h>
#include "base/date.h"
#include "base/dist.h"
#include "base/mem.h"
#include "hwmodels/catalog.h"
#include "sim/serve_cluster.h"
#include "sim/train.h"
#include "workloads/demand.h"
#include "workloads/model.h"
#include "workloads/phases.h"

/* ---- the work, the same for all options ---- */
struct sim_serving {
  const char *name;
  struct sim_replica replica;      /* model, formats, engine, batch; the server comes from the layer */
  struct wl_curve *rate;           /* a day */
  struct wl_hist *input, *output;
  double weekly[7];                /* Monday .. Sunday, 1 = as the curve */
  struct dist growth_per_yr, prefix_hit, egress_bytes_per_token;
  struct sim_slo slo;
  bool unmet_excludes;             /* an option that misses the service level is infeasible (else only reported) */
};
enum sim_where { WHERE_FLEET, WHERE_CONTRACT };
struct sim_training {
  const char *name;
  const struct wl_model *model;
  struct wl_phases *phases;
  const char *stack;
  struct sim_plan plan;
  struct sim_habits habits;
  int gpus;                        /* 0 = all of the option's */
  int every_months;                /* 0 = once */
  struct date first;
  double deadline_s;               /* 0 = none */
  const char *where[4];            /* "fleet" or names of contracts; the cheapest feasible is taken */
  int n_where;
};
struct sim_fixed_load {            /* for money-only work: what runs is given, not simulated */
  bool present;
  struct dist power_kw;            /* per server of the option */
  struct dist utilization;         /* share of provisioned GPU-hours that is used */
  struct dist output_tok_per_s;    /* per server; 0 = unknown */
  double joule_per_token;          /* 0 = unknown */
  double gpu_hours;                /* of one run, per run cost; 0 = none */
};

struct sim_replay {                /* a stretch of traffic, request by request, over the option's servers; the years are made of it */
  bool present;
  const char *name;
  struct sim_replica replica;      /* model, formats, engine; the server comes from the layer */
  const char *trace;               /* path of a request trace; NULL = made of what follows */
  struct wl_curve *rate;           /* req/s, scaled already; of a trace as it is in the file */
  struct wl_hist *input, *output;
  double duration_s;               /* of made requests */
  int arrivals;                    /* enum wl_arrivals */
  double cv;
  double scale, growth_per_yr, ahead_yr; /* of the arrival rate: scale x (1 + growth)^ahead */
  int most;                        /* requests; 0 = all */
  int concurrency;                 /* > 0: closed loop */
  struct sim_class *class;         /* tenants; may be none */
  int n_class;
  struct sim_slo slo;
  bool unmet_excludes;
};

/* ---- where owned machines stand ---- */
struct sim_site {
  struct dist colo_usd_per_kw_month, colo_growth_per_yr;
  bool colo_contracted;            /* billed on contracted (nameplate) kW, else on metered */
  double limit_kw;                 /* 0 = none */
  struct dist pue, tariff_usd_per_kwh;
  double carbon_g_per_kwh;
  struct dist storage_usd_per_tb, rack_usd, fabric_share;
  double rack_kw;                  /* how much one rack feeds */
  struct dist sales_tax, insurance_per_yr;
  struct dist install_share;       /* one-off, of the servers' price */
  struct dist egress_usd_per_gb;   /* what an owner pays for traffic out; the rented side has its own key */
};
struct sim_staff {
  struct dist loaded_usd_per_yr, own_base_fte, own_fte_per_1000_gpus, rent_base_fte, rent_fte_per_1000_gpus;
};
struct sim_reliability {
  struct dist failures_per_node_day, repair_s; /* repair: mean and spread */
  double detect_s, restart_s, replace_rented_s;
};

/* ---- options ---- */
enum sim_residual { RESIDUAL_NONE, RESIDUAL_FRACTION, RESIDUAL_DECAY_FROM_LAUNCH };
enum sim_cover { COVER_ALL, COVER_TROUGH, COVER_BASE, COVER_SHARE_OF_HOURS, COVER_REST };
/* How an owned part's price is spread over its life for the books (EffectiveCost, book value); never part of TCO. MACRS is the 5-year table and its 6 years. */
enum sim_depreciation { DEPRECIATION_STRAIGHT_LINE, DEPRECIATION_DOUBLE_DECLINING, DEPRECIATION_SUM_OF_YEARS, DEPRECIATION_MACRS5, DEPRECIATION_MARKET_DECAY };
struct sim_purchase_event { struct date date; int servers; /* negative = retired */ };
struct sim_layer {
  bool owned;
  const struct hw_server *server;
  int count;                       /* servers; -1 = auto */
  /* owned */
  struct dist price_usd;           /* a server; NaN = the catalog's */
  struct dist spares, support_per_yr, maintenance_usd_per_yr, lead_time_s;
  enum sim_residual residual;
  struct dist residual_value;      /* share of price at the end, or orders of magnitude a year */
  struct sim_purchase_event *event; /* dated purchases beyond the first; may be none */
  int n_event;
  enum sim_depreciation depreciation;
  double depreciation_years;
  struct dist depreciation_oom_per_yr; /* of market decay: book = price x 10^-(rate x years) */
  bool expand;                     /* buy a replica when the service level would be missed; a stated count stays as it is */
  /* rented */
  const char *term;                /* "on-demand", "1 yr", "3 yr", "spot", "capacity-block" */
  int term_months;                 /* 0 = by the hour */
  const char *renew;               /* "then_current", "none", or a term */
  bool prorated;                   /* a term beyond the horizon is charged in part only */
  struct dist usd_per_h;           /* NaN = the catalog's */
  struct dist discount, list_drift_per_yr;
  struct dist p_success;           /* on-demand: chance that a request for capacity is met */
  double retry_s;
  bool scale;                      /* count follows demand hour by hour (on-demand, spot); taken as said for `cover: rest` by the hour with count auto */
  /* both */
  double oversubscription;         /* of the network's leaves; 0 = the catalog's */
  int pod_nodes;                   /* servers behind one set of leaves; 0 = the catalog's */
  enum sim_cover cover;
  double cover_share;              /* for COVER_BASE: share of hours a unit must be used; COVER_SHARE_OF_HOURS: share of hours covered */
  const char *region;
  const char *label;               /* "0: own DGX-A100-640" */
  /* of a replay */
  enum sim_role role;
  int prefill;                     /* of the replicas on each server (or whole group of servers), so many read prompts and the others decode; 0 = as role says */
  struct sim_scaling scaling;      /* policy NULL = all replicas all the time */
  int initial;                     /* replicas at the start of a replay that scales; -1 = the fewest */
};
struct sim_rules {                 /* how an option's replicas work together in a replay */
  const struct sim_router *router, *decode_router;
  double match_share, apart_requests, apart_ratio;
  enum sim_prefix prefix_cache;
  struct sim_policies policies;
};
struct sim_option {
  const char *name;
  struct sim_rules rules;
  struct sim_layer *layer;
  int n;
  bool truncate_annual_bill;       /* each year's energy bill is cut to whole dollars: how some published sums were made */
};
struct sim_contract { /* named, for training rented as a block */
  const char *name;
  const struct hw_server *server;
  struct dist usd_per_h;
  bool upfront;
  double min_s, max_s;
};

struct sim_spec {
  struct arena *arena;
  const struct hw_catalog *catalog;
  const struct wl_models *models;
  const struct wl_engines *engines;
  const struct wl_stacks *stacks;
  const char *name, *file, *variant; /* variant: applied set of changes, "" = none */
  uint64_t input_hash;             /* of the resolved text */
  struct date as_of, start;        /* start of the horizon: first of the month after as_of unless given */
  int months;
  double hours_per_yr;             /* 0 = calendar, else 8760 */
  struct dist discount_per_yr;
  bool yearly_flows;               /* money flows at the end of each year, else of each month */
  const char *basis;               /* "nominal pre-tax" */
  const char *baseline;            /* option, "" = the first */
  int year;                        /* of software, 0 = newest */
  struct sim_serving *serving;
  int n_serving;
  struct sim_training *training;
  int n_training;
  struct sim_fixed_load fixed;
  struct sim_replay replay;
  double storage_active_bytes, storage_archive_bytes;
  struct dist rent_storage_active_usd_per_gb_month, rent_storage_archive_usd_per_gb_month, egress_usd_per_gb;
  struct dist rent_pue;            /* of the renter's site: energy and carbon of rented servers, never billed; 0 = 1 */
  struct sim_site site;
  struct sim_staff staff;
  struct sim_reliability reliability;
  struct sim_contract *contract;
  int n_contract;
  struct sim_option *option;
  int n_option;
  int replicas;                    /* 0 = one run at central values */
  bool common_random_numbers;
  /* What is achieved (drawn) / what is predicted, one draw per GPU type: rate of replicas, speed of training, watts. A point of NaN = the catalog's `model_error` rows. */
  struct dist model_error_throughput, model_error_training, model_error_power;
  double widen_if_extrapolated;
  struct rec_input *input;         /* every resolved key, for the database */
  int n_input;
};

struct sim_run_opts {
  uint64_t seed;
  int replicas;                    /* -1 = the scenario's */
  int jobs;                        /* threads */
};
/* Plays every option over the horizon and hands out records, options in order, the same at any number of threads. Returns 0, or 1 when the run failed (errs), or 3
 * when no option is feasible. */
int sim_run(const struct sim_spec *spec, const struct sim_run_opts *opts, const struct sim_listener *out, struct errs *errs);
#endif
