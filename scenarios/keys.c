/* Every key of a scenario file, section by section: what it may hold, its default as it would be written, what it means.
 * Read, checked, shown by `rackcast run --help-keys`, printed as the reference and stored in the database from here alone. */
#include "scenarios/keys.h"
#include <math.h>
#include "scenarios/params.h"

static const double MUCH = 1e15; /* no upper bound worth a message */
static const char *const metered_or_contracted[] = {"metered", "contracted", NULL};
static const char *const report_or_exclude[] = {"report", "exclude", NULL};
static const char *const never_or_missed[] = {"never", "attainment_below_slo", NULL};
static const char *const fixed_or_auto[] = {"fixed", "auto", NULL};
static const char *const exact_or_truncated[] = {"exact", "truncated", NULL};
static const char *const monthly_or_yearly[] = {"monthly", "yearly", NULL};
static const char *const whole_or_prorated[] = {"whole", "prorated", NULL};
static const char *const along_or_upfront[] = {"as_used", "upfront", NULL};
static const char *const usd[] = {"USD", NULL}, *const basis[] = {"nominal pre-tax", NULL};
static const char *const recompute[] = {"none", "selective", "full", "auto", NULL};                          /* enum sim_recompute */
static const char *const schedule[] = {"auto", "1f1b", "interleaved", "zero_bubble", "dualpipe", NULL};      /* enum sim_schedule */
static const char *const residual[] = {"none", "fraction", "decay_from_launch", NULL};                       /* enum sim_residual */
static const char *const depreciation[] = {"straight_line", "double_declining", "sum_of_years", "macrs5", "market_decay", NULL};

/* ---- work ---- */

#define T struct sim_serving
static const struct sc_param weekly_params[] = {
    NUMBER("mon", "", 0, 10, "100 %", weekly[0], "share of the curve on Mondays"),
    NUMBER("tue", "", 0, 10, "100 %", weekly[1], "on Tuesdays"),
    NUMBER("wed", "", 0, 10, "100 %", weekly[2], "on Wednesdays"),
    NUMBER("thu", "", 0, 10, "100 %", weekly[3], "on Thursdays"),
    NUMBER("fri", "", 0, 10, "100 %", weekly[4], "on Fridays"),
    NUMBER("sat", "", 0, 10, "100 %", weekly[5], "on Saturdays"),
    NUMBER("sun", "", 0, 10, "100 %", weekly[6], "on Sundays"),
};
static const struct sc_table weekly_table = TABLE("the weekly shape", weekly_params);
#undef T

#define T struct sim_replica
static const struct sc_param replica_params[] = {
    SPECIAL("engine", sc_engine, "auto", engine, "serving engine; auto = the usual one for the GPU and year"),
    SPECIAL("weights", sc_dtype, "auto", weights, "stored format of the weights"),
    SPECIAL("kv", sc_dtype, "auto", kv, "stored format of the KV cache"),
    COUNT_OR("nodes", 1, 4096, "auto", 0, nodes, "servers a replica spans"),
    COUNT_OR("gpus", 1, 4096, "auto", 0, gpus, "GPUs of a replica that is smaller than a server"),
    COUNT_OR("tp", 1, 1024, "auto", 0, tp, "tensor-parallel GPUs"),
    COUNT_OR("pp", 1, 1024, "auto", 0, pp, "pipeline stages"),
    COUNT_OR("ep", 1, 4096, "auto", 0, ep, "expert-parallel GPUs"),
    SWITCH("dp_attention", NULL, "no", dp_attention, "attention by data parallelism instead of tensor parallelism"),
    COUNT_OR("max_batch", 1, 65536, "auto", 0, max_batch, "sequences decoded together"),
    COUNT("poll_steps", 1, 1000, "1", poll_steps, "decode steps after which the engine looks for new requests again"),
    NUMBER("mtp_tokens", "", 1, 16, "1", mtp_tokens, "tokens accepted a step by speculation, 1 = none"),
    SWITCH("top_p", NULL, "no", top_p, "requests ask for top-p sampling, which looks at every logit"),
};
const struct sc_table sc_replica_table = TABLE("a replica", replica_params);
#undef T

#define T struct sim_serving
static const struct sc_param serving_params[] = {
    TEXT("name", "serving", name, "how results call this workload"),
    REQUIRED("model", sc_model, replica.model, "a model of the library"),
    REQUIRED("rate", sc_rate, rate, "requests over a day"),
    REQUIRED("input_tokens", sc_input_lengths, input, "prompt lengths"),
    REQUIRED("output_tokens", sc_output_lengths, output, "lengths of answers; 0 for an encoder"),
    GROUP("weekly", weekly_table, 0, "the days of the week"),
    DIST("growth", "1/yr", -1, 100, "0 %/yr", growth_per_yr, "of the rate, compounding"),
    DIST("prefix_hit", "", 0, 1, "0 %", prefix_hit, "share of prompt tokens found in the prefix cache"),
    DIST("egress", "B/token", 0, MUCH, "0", egress_bytes_per_token, "data sent out for an output token"),
    SPECIAL("slo", sc_slo, NULL, slo, "service level: latency limits and the share of requests that must meet them"),
    SWITCH("unmet", report_or_exclude, "exclude", unmet_excludes, "what becomes of an option that misses the service level"),
    GROUP("replica", sc_replica_table, offsetof(T, replica), "how one replica is laid out; auto = chosen for each server"),
};
static const struct sc_table serving_table = TABLE("a serving workload", serving_params, .finish = sc_check_serving);
#undef T

#define T struct sim_plan
static const struct sc_param plan_params[] = {
    COUNT_OR("tp", 1, 1024, "auto", 0, tp, "tensor-parallel GPUs"),
    COUNT_OR("pp", 1, 1024, "auto", 0, pp, "pipeline stages"),
    COUNT_OR("vpp", 1, 64, "auto", 0, vpp, "virtual stages a GPU (interleaved schedule)"),
    COUNT_OR("dp", 1, 1 << 20, "auto", 0, dp, "data-parallel replicas"),
    COUNT_OR("ep", 1, 4096, "auto", 0, ep, "expert-parallel GPUs"),
    COUNT_OR("cp", 1, 1024, "auto", 0, cp, "context-parallel GPUs"),
    COUNT_OR("zero", 0, 3, "auto", -1, zero, "ZeRO stage, 3 = FSDP"),
    SWITCH("sequence_parallel", NULL, "yes", sequence_parallel, "sequence parallelism beside tensor parallelism"),
    CHOICE("recompute", recompute, "auto", recompute, "activations recomputed in the backward pass"),
    CHOICE("schedule", schedule, "auto", schedule, "pipeline schedule"),
    COUNT_OR("micro_batch", 1, 65536, "auto", 0, micro_batch, "sequences a micro-batch"),
    SPECIAL("precision", sc_dtype, "auto", precision, "compute format"),
};
static const struct sc_table plan_table = TABLE("a training layout", plan_params);
#undef T

#define T struct sim_habits
static const struct sc_param checkpoint_params[] = {
    NUMBER_OR("interval", "s", 1, 1e9, "auto", 0, checkpoint_interval_s, "between checkpoints; auto = Daly's optimum"),
    NUMBER_OR("write", "s", 0, 1e7, "auto", 0, checkpoint_s, "to write one; auto = size of the state / storage"),
    NUMBER_OR("storage", "B/s", 0, 1e16, "auto", 0, storage_Bps, "writes of all nodes together; auto = the nodes' own drives"),
    NUMBER("hidden", "", 0, 1, "0 %", checkpoint_hidden, "share of the writing that goes on beside training, 0 % = synchronous"),
};
static const struct sc_table checkpoint_table = TABLE("how a run is saved", checkpoint_params);
static const struct sc_param evaluation_params[] = {
    NUMBER_OR("every", "", 1, 1e9, "never", 0, eval_every_steps, "steps between evaluations"),
    NUMBER("tokens", "token", 0, 1e15, "0", eval_tokens, "tokens of one evaluation"),
};
static const struct sc_table evaluation_table = TABLE("evaluations", evaluation_params);
#undef T

#define T struct sim_training
static const struct sc_param training_params[] = {
    TEXT("name", "training", name, "how results call this run"),
    REQUIRED("model", sc_model, model, "a model of the library"),
    REQUIRED("phases", sc_phases, phases, "training trace, one phase a row"),
    SPECIAL("stack", sc_stack, "auto", stack, "training software; auto = the usual one for the GPU and year"),
    GROUP("plan", plan_table, offsetof(T, plan), "layout of a step; auto = the fastest that fits"),
    GROUP("checkpoint", checkpoint_table, offsetof(T, habits), "how the run is saved"),
    GROUP("evaluation", evaluation_table, offsetof(T, habits), "forward passes over held-out text"),
    NUMBER("straggler", "", 0, 10, "0 %", habits.straggler, "by how much the slowest rank holds up a step"),
    COUNT_OR("gpus", 1, 1 << 20, "all", 0, gpus, "GPUs of the run; all = the option's"),
    {.key = "every", .kind = SC_SPECIAL, .special = &sc_months, .lo = 1, .hi = 1200, .def = "once", .word = "once", AT(every_months),
     .meaning = "how often the run is repeated"},
    {.key = "first", .kind = SC_DATE, AT(first), .meaning = "day of the first run (default: the start of the horizon)"},
    NUMBER_OR("deadline", "s", 1, 1e10, "none", 0, deadline_s, "longest time the run may take"),
    SPECIAL("where", sc_where, "fleet", where, "where it may run: fleet, or names of contracts; the cheapest feasible is taken"),
};
static const struct sc_table training_table = TABLE("a training run", training_params, .finish = sc_check_training);
#undef T

#define T struct sim_fixed_load
static const struct sc_param fixed_params[] = {
    {.key = "power", .kind = SC_DIST, .unit = "kW", .hi = 1e6, .required = true, AT(power_kw),
     .meaning = "drawn by one server, before PUE"},
    DIST("utilization", "", 0, 1, "100 %", utilization, "share of the provisioned GPU-hours that is used; what `scale: auto` pays for"),
    DIST_OR("throughput", "token/s", 0, MUCH, "unknown", 0, output_tok_per_s, "output tokens of one server"),
    NUMBER_OR("energy_per_token", "J/token", 0, 1e9, "unknown", 0, joule_per_token, "measured energy of an output token"),
    NUMBER_OR("gpu_hours", "gpu-h", 0, MUCH, "none", 0, gpu_hours, "of one training run, for its price"),
};
static const struct sc_table fixed_table = TABLE("fixed work", fixed_params, .finish = sc_check_fixed);
#undef T

#define T struct sim_spec
static const struct sc_param work_storage_params[] = {
    NUMBER("active", "B", 0, 1e21, "0", storage_active_bytes, "kept on fast storage"),
    NUMBER("archive", "B", 0, 1e21, "0", storage_archive_bytes, "kept on cheap storage"),
};
static const struct sc_table work_storage_table = TABLE("stored data", work_storage_params);
static const struct sc_param work_params[] = {
    LIST("serving", serving_table, serving, n_serving, "requests to answer"),
    LIST("training", training_table, training, n_training, "models to train"),
    {.key = "fixed", .kind = SC_GROUP, .table = &fixed_table, .optional = true, AT(fixed),
     .meaning = "for sums of money alone: what runs is given, not simulated"},
    {.key = "replay", .kind = SC_GROUP, .table = &sc_replay_table, .optional = true, AT(replay),
     .meaning = "a stretch of traffic, played request by request over all servers of an option"},
    GROUP("storage", work_storage_table, 0, "data that must be kept"),
};
static const struct sc_table work_table = TABLE("the work", work_params);
#undef T

/* ---- what surrounds it ---- */

#define T struct sim_site
static const struct sc_param colocation_params[] = {
    DIST("price", "USD/kW-month", 0, MUCH, "0", colo_usd_per_kw_month, "of space, cooling and power delivery"),
    SWITCH("bill", metered_or_contracted, "contracted", colo_contracted, "kW billed: contracted (nameplate) or metered"),
    DIST("growth", "1/yr", -1, 10, "0 %/yr", colo_growth_per_yr, "of the price, compounding"),
};
static const struct sc_table colocation_table = TABLE("colocation", colocation_params);
static const struct sc_param fabric_params[] = {
    DIST("share_of_cluster_capex", "", 0, 0.99, "0 %", fabric_share, "network's share of what servers and network cost together"),
};
static const struct sc_table fabric_table = TABLE("the fabric", fabric_params);
static const struct sc_param site_params[] = {
    GROUP("colocation", colocation_table, 0, "where the racks stand"),
    NUMBER_OR("limit", "kW", 0, 1e9, "none", 0, limit_kw, "IT power that can be contracted"),
    DIST("pue", "", 1, 5, "1", pue, "energy of the site over energy of the IT; to be given when something is owned"),
    DIST("tariff", "USD/kWh", 0, 100, "0", tariff_usd_per_kwh, "price of energy; to be given when something is owned"),
    NUMBER("carbon", "g/kWh", 0, 1e5, "0", carbon_g_per_kwh, "carbon intensity of the grid"),
    DIST("storage", "USD/TB", 0, MUCH, "0", storage_usd_per_tb, "purchase of storage"),
    DIST("rack", "USD/rack", 0, MUCH, "0", rack_usd, "purchase of a rack with its power and cooling"),
    NUMBER("rack_power", "kW/rack", 0.1, 1e4, "40 kW/rack", rack_kw, "what one rack can feed"),
    GROUP("fabric", fabric_table, 0, "network between servers"),
    DIST("install", "", 0, 2, "0 %", install_share, "one-off, of the servers' price"),
    DIST("egress", "USD/GB", 0, MUCH, "0", egress_usd_per_gb, "data sent out of the site"),
    DIST("sales_tax", "", 0, 2, "0 %", sales_tax, "on purchases"),
    DIST("insurance", "1/yr", 0, 1, "0 %/yr", insurance_per_yr, "of the purchase price"),
};
static const struct sc_table site_table = TABLE("the site", site_params);
#undef T

#define T struct sim_spec
static const struct sc_param cloud_storage_params[] = {
    DIST("active", "USD/GB-month", 0, MUCH, "0", rent_storage_active_usd_per_gb_month, "fast storage"),
    DIST("archive", "USD/GB-month", 0, MUCH, "0", rent_storage_archive_usd_per_gb_month, "cheap storage"),
};
static const struct sc_table cloud_storage_table = TABLE("rented storage", cloud_storage_params);
static const struct sc_param cloud_params[] = {
    GROUP("storage", cloud_storage_table, 0, "what stored data costs there"),
    DIST("egress", "USD/GB", 0, MUCH, "0", egress_usd_per_gb, "data sent out of the provider's network"),
    DIST("pue", "", 1, 5, "1", rent_pue, "of the provider's site: energy and carbon of rented servers, never billed"),
};
static const struct sc_table cloud_table = TABLE("the cloud", cloud_params);
#undef T

#define T struct sim_staff
static const struct sc_param staff_own_params[] = {
    DIST("base", "FTE", 0, 1e5, "0", own_base_fte, "people however small the fleet"),
    DIST("per_1000_gpus", "FTE", 0, 1e5, "0", own_fte_per_1000_gpus, "people added by 1,000 GPUs"),
};
static const struct sc_param staff_rent_params[] = {
    DIST("base", "FTE", 0, 1e5, "0", rent_base_fte, "people however small the fleet"),
    DIST("per_1000_gpus", "FTE", 0, 1e5, "0", rent_fte_per_1000_gpus, "people added by 1,000 GPUs"),
};
static const struct sc_table staff_own_table = TABLE("staff of owned servers", staff_own_params);
static const struct sc_table staff_rent_table = TABLE("staff of rented servers", staff_rent_params);
static const struct sc_param staff_params[] = {
    DIST("loaded", "USD/yr", 0, MUCH, "0", loaded_usd_per_yr, "what a full-time person costs a year, all included"),
    GROUP("own", staff_own_table, 0, "who runs owned servers"),
    GROUP("rent", staff_rent_table, 0, "who runs rented servers"),
};
static const struct sc_table staff_table = TABLE("the staff", staff_params);
#undef T

#define T struct sim_reliability
static const struct sc_param reliability_params[] = {
    DIST("failures", "1/node-day", 0, 100, "0", failures_per_node_day, "of a server, that stop what runs on it; the same owned and rented"),
    DIST("repair", "s", 0, 1e9, "0 s", repair_s, "of an owned server; a distribution is the spread of single repairs"),
    NUMBER("detect", "s", 0, 1e7, "0 s", detect_s, "until a failure is noticed"),
    NUMBER("restart", "s", 0, 1e7, "0 s", restart_s, "until a run computes again"),
    NUMBER("replace_rented", "s", 0, 1e8, "0 s", replace_rented_s, "until the provider gives another server"),
};
static const struct sc_table reliability_table = TABLE("reliability", reliability_params);
#undef T

/* ---- options ---- */

#define T struct sim_layer
static const struct sc_param residual_params[] = {
    CHOICE("law", residual, "none", residual,
           "how the resale value is found: a share of the price at the end, or decay since the part's launch"),
    DIST("value", "", 0, 1, NULL, residual_value, "fraction: share of the price at the end of the horizon"),
    DIST("rate", "oom/yr", 0, 10, NULL, residual_value, "decay_from_launch: orders of magnitude a year"),
};
static const struct sc_table residual_table = TABLE("the resale value", residual_params);
static const struct sc_param depreciation_params[] = {
    CHOICE("law", depreciation, "straight_line", depreciation, "how the price is spread over the years in the books"),
    NUMBER("years", "yr", 1, 50, "5 yr", depreciation_years, "over how long"),
    DIST("rate", "oom/yr", 0, 10, "0.14 oom/yr", depreciation_oom_per_yr, "market_decay: orders of magnitude a year"),
};
static const struct sc_table depreciation_table = TABLE("depreciation", depreciation_params);
#undef T
#define T struct sim_purchase_event
static const struct sc_param event_params[] = {
    {.key = "date", .kind = SC_DATE, .required = true, AT(date), .meaning = "day of the purchase or retirement"},
    {.key = "servers", .kind = SC_COUNT, .lo = -100000, .hi = 100000, .required = true, AT(servers),
     .meaning = "servers bought; negative = retired, oldest first"},
};
static const struct sc_table event_table = TABLE("a dated purchase", event_params);
#undef T
#define T struct sim_layer
static const struct sc_param network_params[] = {
    NUMBER("oversubscription", "", 1, 64, "1", oversubscription, "bandwidth of a leaf switch down to its servers over up to the spine"),
    COUNT("pod", 1, 1000000, "32", pod_nodes, "servers (or scale-up domains) behind one set of leaves; traffic between pods crosses the spine"),
};
static const struct sc_table network_table = TABLE("a network", network_params);
static const struct sc_param owned_params[] = {
    REQUIRED("own", sc_server, server, "server of the catalog that is bought"),
    COUNT_OR("count", 0, 1000000, "auto", -1, count, "servers bought at the start; auto = the fewest that meet the service level"),
    DIST_OR("price", "USD", 0, MUCH, "catalog", NAN, price_usd, "of one server"),
    DIST("spares", "", 0, 1, "0 %", spares, "servers bought beside those in use, rounded up"),
    DIST("support", "1/yr", 0, 1, "0 %/yr", support_per_yr, "of the purchase price, a year"),
    DIST("maintenance", "USD/yr", 0, MUCH, "0", maintenance_usd_per_yr, "of one server, a year"),
    DIST("lead_time", "s", 0, 1e9, "0 s", lead_time_s, "from order to first use"),
    GROUP("residual", residual_table, 0, "resale at the end of the horizon"),
    GROUP("depreciation", depreciation_table, 0, "for the books; never part of TCO"),
    LIST("events", event_table, event, n_event, "later purchases and retirements, in order of date"),
    SWITCH("expand", never_or_missed, "never", expand, "buy one more replica when the service level is missed; a stated count stays as it is"),
    {.key = "network", .kind = SC_GROUP, .table = &network_table, .optional = true, .meaning = "between its servers; absent = as the catalog has it (full bandwidth)"},
    SPECIAL("cover", sc_cover, "all", cover, "which part of the demand this layer takes"),
    CHOICE("role", sc_roles, NULL, role, "replay: what its replicas do; prefill and decode belong together (absent: both)"),
    {.key = "prefill", .kind = SC_COUNT, .lo = 1, .hi = 1024, AT(prefill), .meaning = "replay: so many of the replicas on each server read prompts, the others decode (absent: as role says)"},
    {.key = "autoscale", .kind = SC_GROUP, .table = &sc_autoscale_table, .optional = true, .meaning = "replay: its replicas follow the load, count is the most"},
};
static const struct sc_param acquire_params[] = {
    DIST("p_success", "", 0, 1, "100 %", p_success, "chance that a request for capacity is met"),
    NUMBER("retry", "s", 1, 1e8, "1 h", retry_s, "time between requests"),
};
static const struct sc_table acquire_table = TABLE("acquisition", acquire_params);
static const struct sc_param rented_params[] = {
    REQUIRED("rent", sc_server, server, "server of the catalog that is rented"),
    SPECIAL("term", sc_term, "on-demand", term,
            "on-demand, spot, capacity-block, or the months or years committed to; a commitment is paid used or not"),
    {.key = "price", .kind = SC_SPECIAL, .special = &sc_rent_price, .unit = "USD/h", .hi = 1e15, .def = "catalog", .word = "catalog", .word_value = NAN,
     AT(usd_per_h), .meaning = "of one server (USD/h) or one GPU (USD/gpu-h)"},
    COUNT_OR("count", 0, 1000000, "auto", -1, count, "servers; auto = the fewest that meet the service level"),
    SWITCH("scale", fixed_or_auto, "fixed", scale, "auto: the count follows demand hour by hour (on-demand and spot)"),
    TEXT("renew", "then_current", renew, "when a term ends: then_current (same term at the price then in force), none, or another term"),
    SWITCH("remainder", whole_or_prorated, "whole", prorated, "a term that reaches beyond the horizon: charged whole, or prorated"),
    DIST("discount", "", 0, 1, "0 %", discount, "off the list price by agreement"),
    DIST("list_drift", "1/yr", -1, 10, "0 %/yr", list_drift_per_yr, "of list prices; new contracts only, never a running commitment"),
    GROUP("acquire", acquire_table, 0, "getting on-demand capacity"),
    {.key = "network", .kind = SC_GROUP, .table = &network_table, .optional = true, .meaning = "between its servers; absent = as the catalog has it (full bandwidth)"},
    SPECIAL("cover", sc_cover, "all", cover, "which part of the demand this layer takes"),
    TEXT("region", "us-east-1", region, "region of the price"),
    CHOICE("role", sc_roles, NULL, role, "replay: what its replicas do; prefill and decode belong together (absent: both)"),
    {.key = "prefill", .kind = SC_COUNT, .lo = 1, .hi = 1024, AT(prefill), .meaning = "replay: so many of the replicas on each server read prompts, the others decode (absent: as role says)"},
    {.key = "autoscale", .kind = SC_GROUP, .table = &sc_autoscale_table, .optional = true, .meaning = "replay: its replicas follow the load, count is the most"},
};
const struct sc_table sc_owned_table = TABLE("an owned layer", owned_params, .finish = sc_check_owned);
const struct sc_table sc_rented_table = TABLE("a rented layer", rented_params, .finish = sc_check_rented);
static const struct sc_table *const layer_faces[] = {&sc_owned_table, &sc_rented_table, NULL};
static const struct sc_table layer_table = {.name = "a layer", .bytes = sizeof(T), .pick = sc_pick_layer, .faces = layer_faces};
#undef T

#define T struct sim_option
static const struct sc_param option_params[] = {
    {.key = "layers", .kind = SC_LIST, .table = &layer_table, .required = true, AT(layer), .offset_n = offsetof(T, n),
     .meaning = "capacity, each layer whole replicas"},
    SWITCH("energy_bill", exact_or_truncated, "exact", truncate_annual_bill, "truncated: each year's energy bill is cut to whole dollars"),
    {.key = "serve", .kind = SC_GROUP, .table = &sc_rules_table, .optional = true, AT(rules), .meaning = "replay: how its replicas work together"},
};
static const struct sc_table option_table = TABLE("an option", option_params, .offset_name = offsetof(T, name), .finish = sc_check_option);
#undef T

#define T struct sim_contract
static const struct sc_param contract_params[] = {
    REQUIRED("server", sc_server, server, "server of the catalog"),
    {.key = "price", .kind = SC_SPECIAL, .special = &sc_block_price, .unit = "USD/h", .hi = 1e15, .required = true, AT(usd_per_h),
     .meaning = "of one server (USD/h) or one GPU (USD/gpu-h)"},
    SWITCH("pay", along_or_upfront, "as_used", upfront, "when the whole is due"),
    NUMBER("min", "s", 0, 1e10, "0 s", min_s, "shortest block"),
    NUMBER_OR("max", "s", 1, 1e10, "none", INFINITY, max_s, "longest block"),
};
static const struct sc_table contract_table =
    TABLE("a contract", contract_params, .offset_name = offsetof(T, name), .finish = sc_check_contract);
#undef T

/* ---- the whole ---- */

#define T struct sim_spec
static const struct sc_param money_params[] = {
    {.key = "currency", .kind = SC_SPECIAL, .special = &sc_only, .choices = usd, .def = "USD", .meaning = "of all figures"},
    DIST("discount", "1/yr", -0.99, 10, "0 %/yr", discount_per_yr, "rate for NPV and payback"),
    {.key = "basis", .kind = SC_SPECIAL, .special = &sc_only, .choices = basis, .def = "nominal pre-tax",
     .meaning = "printed above every sum"},
    SWITCH("flows", monthly_or_yearly, "monthly", yearly_flows, "money flows at the end of each month or year"),
};
static const struct sc_table money_table = TABLE("money", money_params);
static const struct sc_param model_error_params[] = {
    DIST_OR("throughput", "", 0, 10, "measured", NAN, model_error_throughput,
            "factor on what serving replicas achieve; one draw for options that share a GPU; measured = the spread over published runs (`rackcast catalog model_error`)"),
    DIST_OR("training", "", 0, 10, "measured", NAN, model_error_training, "factor on the speed of training; measured = by dense or experts and format"),
    DIST_OR("power", "", 0, 10, "measured", NAN, model_error_power, "factor on the watts of servers"),
    NUMBER("widen_if_extrapolated", "", 1, 10, "2", widen_if_extrapolated, "factor on its spread where no measurement is near"),
};
static const struct sc_table model_error_table = TABLE("the model's error", model_error_params);
static const struct sc_param uncertainty_params[] = {
    COUNT("replicas", 0, 1000000, "0", replicas, "draws of the uncertain inputs; 0 = one run at their central values"),
    SWITCH("common_random_numbers", NULL, "yes", common_random_numbers, "options are compared under the same draws"),
    GROUP("model_error", model_error_table, 0, "how wrong the simulation may be"),
};
static const struct sc_table uncertainty_table = TABLE("uncertainty", uncertainty_params);

static const struct sc_param scenario_params[] = {
    {.key = "name", .kind = SC_TEXT, .required = true, AT(name), .meaning = "of the scenario, in every result"},
    {.key = "as_of", .kind = SC_DATE, .required = true, AT(as_of),
     .meaning = "the day of the decision: prices are those in force then"},
    {.key = "start", .kind = SC_DATE, AT(start), .meaning = "first day of the horizon (default: first of the month after as_of)"},
    {.key = "horizon", .kind = SC_SPECIAL, .special = &sc_months, .lo = 1, .hi = 1200, .def = "60 months", AT(months),
     .meaning = "how long costs are counted, in whole months"},
    {.key = "hours", .kind = SC_NUMBER, .unit = "h/yr", .lo = 8760, .hi = 8760, .def = "calendar", .word = "calendar", AT(hours_per_yr),
     .meaning = "calendar (leap days count), or 8760 h/yr with months of 730 h"},
    {.key = "software", .kind = SC_COUNT, .lo = 2015, .hi = 2100, .word = "newest", AT(year),
     .meaning = "year of engines and training software (default: that of as_of)"},
    GROUP("money", money_table, 0, "how sums are made"),
    TEXT("baseline", "", baseline, "option that others are compared with (default: the first)"),
    {.key = "work", .kind = SC_GROUP, .table = &work_table, .required = true,
     .meaning = "what is to be done, the same for all options"},
    GROUP("site", site_table, offsetof(T, site), "where owned servers stand; charged to owned layers only"),
    GROUP("cloud", cloud_table, 0, "what rented servers need beside their rent; charged to rented layers only"),
    GROUP("staff", staff_table, offsetof(T, staff), "people"),
    GROUP("reliability", reliability_table, offsetof(T, reliability), "failures"),
    {.key = "defaults", .kind = SC_SPECIAL, .special = &sc_defaults, .meaning = "keys for all `owned` and all `rented` layers"},
    NAMED("contracts", contract_table, contract, n_contract, "blocks of servers that training may rent"),
    {.key = "options", .kind = SC_NAMED, .table = &option_table, .required = true, AT(option), .offset_n = offsetof(T, n_option),
     .meaning = "what is compared"},
    {.key = "variants", .kind = SC_SPECIAL, .special = &sc_variants, .meaning = "named sets of changes, {path: value}"},
    {.key = "variant", .kind = SC_TEXT, .def = "", .offset = offsetof(struct sim_spec, variant),
     .meaning = "the variant that is applied"},
    GROUP("uncertainty", uncertainty_table, 0, "how uncertain inputs are played"),
};
const struct sc_table sc_scenario_table = TABLE("a scenario", scenario_params, .finish = sc_check_scenario);
#undef T
