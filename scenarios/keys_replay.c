/* The keys of a replay: what traffic, how the replicas of an option work together, how many of them there are. */
#include "scenarios/keys.h"
#include "scenarios/params.h"

static const char *const report_or_exclude[] = {"report", "exclude", NULL};
static const char *const arrivals[] = {"poisson", "gamma", "weibull", NULL};          /* enum wl_arrivals */
static const char *const caching[] = {"engine", "on", "off", NULL};                   /* enum sim_prefix */
static const char *const queues[] = {"fcfs", "priority", "fair", NULL};               /* what follows: names of sim/serve_policies.c */
static const char *const victims[] = {"newest", "lowest", "smallest", NULL};
static const char *const preemptions[] = {"recompute", "swap", NULL};
static const char *const admissions[] = {"all", "queue", "wait", NULL};
const char *const sc_roles[] = {"both", "prefill", "decode", NULL};
#define WORD(k, w, field, m) {.key = k, .kind = SC_SPECIAL, .special = &sc_word, .choices = w, .def = w##_default, AT(field), .meaning = m}
#define queues_default "fcfs"
#define victims_default "newest"
#define preemptions_default "recompute"
#define admissions_default "all"

#define T struct sim_class
static const struct sc_param tenant_params[] = {
    NUMBER("share", "", 0, 1e6, "1", share, "of the requests, relative to the others'"),
    NUMBER("ttft", "s", 1e-9, 1e7, NULL, ttft_s, "limit of the time to its first token (absent: that of slo)"),
    NUMBER("tpot", "s", 1e-9, 1e7, NULL, tpot_s, "limit of the time per output token (absent: that of slo)"),
    COUNT("priority", -1000, 1000, "0", priority, "higher is more important (queue: priority)"),
    NUMBER("weight", "", 1e-6, 1e6, "1", weight, "of its fair share (queue: fair)"),
};
static const struct sc_table tenant_table = TABLE("a tenant", tenant_params, .offset_name = offsetof(T, name));
#undef T

#define T struct sim_replay
static const struct sc_param replay_params[] = {
    TEXT("name", "replay", name, "how results call this traffic"),
    REQUIRED("model", sc_model, replica.model, "a model of the library"),
    SPECIAL("trace", sc_replay_trace, NULL, trace, "request trace, as `rackcast trace` reads them; instead of rate and lengths"),
    SPECIAL("rate", sc_rate, NULL, rate, "requests are made: how many a second over the day"),
    SPECIAL("input_tokens", sc_input_lengths, NULL, input, "of made requests"),
    SPECIAL("output_tokens", sc_output_lengths, NULL, output, "of made requests"),
    NUMBER("duration", "s", 1, 1e9, "1 h", duration_s, "of made requests"),
    CHOICE("arrivals", arrivals, "poisson", arrivals, "of made requests: law of the gaps"),
    NUMBER("cv", "", 0.01, 100, "1", cv, "coefficient of variation of the gaps (gamma and weibull)"),
    NUMBER("scale", "", 1e-6, 1e6, "1", scale, "the rate is so many times that of the trace or curve"),
    NUMBER("growth", "1/yr", -0.99, 100, "0 %/yr", growth_per_yr, "of the rate, compounding"),
    NUMBER("ahead", "yr", 0, 100, "0 yr", ahead_yr, "so much growth is in the replay"),
    COUNT_OR("requests", 1, 1000000000, "all", 0, most, "at most, from the start"),
    COUNT_OR("concurrency", 1, 1000000, "open", 0, concurrency, "closed loop: so many requests at once, whatever their times"),
    NAMED("tenants", tenant_table, class, n_class, "kinds of requests, drawn for each"),
    SPECIAL("slo", sc_slo, NULL, slo, "service level: latency limits and the share of requests that must meet them"),
    SWITCH("unmet", report_or_exclude, "exclude", unmet_excludes, "what becomes of an option that misses the service level"),
    GROUP("replica", sc_replica_table, offsetof(T, replica), "how one replica is laid out; auto = the smallest that holds the model"),
};
const struct sc_table sc_replay_table = TABLE("a replay", replay_params, .finish = sc_check_replay);
#undef T

#define T struct sim_rules
static const struct sc_param rules_params[] = {
    SPECIAL("router", sc_router, "least_loaded", router, "which replica takes a request"),
    SPECIAL("decode_router", sc_router, "least_loaded", decode_router, "which decode replica takes a prompt that is read"),
    NUMBER("match", "", 0, 1, "30 %", match_share, "prefix router: share of a prompt that must be cached"),
    NUMBER("apart_requests", "", 0, 1e9, "64", apart_requests, "prefix router: above this difference of outstanding requests, and"),
    NUMBER("apart_ratio", "", 1, 1e9, "1.5", apart_ratio, "above this ratio, the least loaded takes it"),
    CHOICE("prefix_cache", caching, "engine", prefix_cache, "prompts share cached blocks; engine = as it does by default"),
    WORD("queue", queues, policies.queue, "who is let in next"),
    WORD("victim", victims, policies.victim, "who goes when the cache is full"),
    WORD("preemption", preemptions, policies.preemption, "what becomes of its cache"),
    WORD("admission", admissions, policies.admission, "who may wait: all, max_queue requests, or whoever waits less than max_wait"),
    COUNT("max_queue", 0, 1000000, "256", policies.max_queue, "of admission: queue, at one replica"),
    NUMBER("max_wait", "s", 0, 1e7, "10 s", policies.max_wait_s, "of admission: wait, as predicted"),
    NUMBER_OR("timeout", "s", 1e-6, 1e7, "never", 0, policies.timeout_s, "a request without its first token by then gives up"),
    NUMBER("fair_output", "", 0.01, 100, "2", policies.fair_output, "of queue: fair: what a written token counts, in read ones"),
};
const struct sc_table sc_rules_table = TABLE("how replicas work together", rules_params);
#undef T

#define T struct sim_layer
static const struct sc_param autoscale_params[] = {
    SPECIAL("policy", sc_scaler, "queue", scaling.policy, "how many replicas are wanted"),
    NUMBER("target", "", 1e-3, 1e6, NULL, scaling.target, "requests in the system a replica (queue, scale_to_zero), or used share of what they may run (utilization); to be given"),
    NUMBER("tolerance", "", 0, 1, "10 %", scaling.tolerance, "utilization: so far off the target nothing is done"),
    COUNT("min", 1, 1000000, "1", scaling.min, "replicas that always stay (not of scale_to_zero); at most what count holds"),
    COUNT_OR("initial", 0, 1000000, "min", -1, initial, "replicas at the start; at most what count holds"),
    NUMBER("period", "s", 0.001, 1e6, "15 s", scaling.period_s, "between decisions"),
    NUMBER("cooldown", "s", 0, 1e7, "300 s", scaling.cooldown_s, "fewer must be wanted for so long before one leaves"),
    NUMBER_OR("start", "s", 0, 1e6, "auto", -1, scaling.start_s, "from the order to the first request; auto = weights over drives and PCIe, and the engine's start"),
};
const struct sc_table sc_autoscale_table = TABLE("how replicas follow the load", autoscale_params);
#undef T
