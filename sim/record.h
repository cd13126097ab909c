/* What the simulation hands out: plain records to whoever listens. Strings are valid during the call only. NaN = unknown.
 *
 * Names that the tables and plots look for (docs/database.md lists all):
 *   metric  those of the design; besides `servers`, `gpus` (most provisioned at once; also per scope "layer-N"), `gpu_hours_provisioned`,
 *           `gpu_hours_productive`, `contracted_kw`, and per uncertain input (scope "input:KEY") `tornado_low_usd`, `tornado_high_usd`: the TCO with this
 *           input alone at its low and high end, `flip_value`, `sobol`. A pair's `breakeven_month` that is infinite means never.
 *   series  `gpu_utilization`, `load_factor` (0..1), `power_kw` (drawn at the meter, PUE in), `contracted_kw`, `provisioned_gpus`, `needed_gpus` (to serve the peak within the
 *           service level), each a month's mean unless finer; `cumulative_cost_usd` (at the start and at
 *           each month's end); of the replicas `cumulative_p10_usd`, `cumulative_p90_usd` (at month ends) and `tco_sample`
 *           (t = number of the replica).
 *   event   kinds `infeasible` (the reason, then the smallest cure), `fit` (a model larger than one server), `warning`, `assumption`, `exclusion` (what the figures leave out), `breakeven`, `purchase`,
 *           `renewal`, `expansion`, `retirement`, `failure`, `phase`. */
#ifndef SIM_RECORD_H
#define SIM_RECORD_H
#include <stdbool.h>
#include <stdint.h>

struct rec_input { /* one resolved input: a scenario key or a catalog row that was used */
  const char *option; /* "" = all */
  const char *key, *value, *unit, *source, *date, *grade; /* grade: scenario, default, or the catalog's */
};
struct rec_metric {
  const char *option, *scope; /* scope: "whole", "year-1".., "serving:NAME", "training:NAME", "layer-0"..; of a replay "replay", "replay:layer-0".., "replay:TENANT" */
  const char *name, *versus;  /* versus: "" or the other option of a pair */
  double value;
  const char *unit;
  double p10, p50, p90;       /* NaN when there are no replicas */
};
struct rec_point { /* of a time series */
  const char *option, *name;
  double t_h;      /* hours since the start of the horizon */
  double value;
};
struct rec_charge { /* FOCUS 1.2 columns that matter; the store fills the rest */
  const char *option, *category;     /* ChargeCategory: Usage, Purchase, Tax, Credit, Adjustment */
  const char *service_category;      /* Compute, Storage, Networking, Facility, Labor ... */
  const char *kind;                  /* our own class: server, fabric, storage, rack, install, spares, energy, colocation, maintenance, staff, rent, commitment,
                                        commitment_unused, spot, block, egress, licence, insurance, tax, financing, residual */
  const char *description, *resource; /* resource: layer or server name */
  const char *period_start, *period_end; /* ISO dates, [start, end) */
  const char *pricing_category;      /* Standard, Dynamic, Committed, Other */
  double list_unit_price, unit_price, quantity;
  const char *unit;
  double billed_usd, effective_usd;  /* EffectiveCost: capex spread over its life, BilledCost 0 there */
  int month;                         /* 0-based month of the horizon in which the money flows */
};
struct rec_event {
  const char *option;
  double t_h;
  const char *kind, *text; /* kind: infeasible, purchase, renewal, failure, expansion, warning, assumption, phase ... */
};
struct rec_job {
  const char *option, *name, *state;
  double submit_h, start_h, end_h, gpus, gpu_hours;
};
struct rec_request {
  const char *option;
  double arrival_s, ttft_s, end_s;
  int64_t input_tokens, output_tokens;
};

struct sim_listener {
  void *ctx;
  void (*input)(void *ctx, const struct rec_input *r);
  void (*metric)(void *ctx, const struct rec_metric *r);
  void (*point)(void *ctx, const struct rec_point *r);
  void (*charge)(void *ctx, const struct rec_charge *r);
  void (*event)(void *ctx, const struct rec_event *r);
  void (*job)(void *ctx, const struct rec_job *r);
  void (*request)(void *ctx, const struct rec_request *r); /* NULL = not wanted */
};
#endif
