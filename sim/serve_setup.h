/* A replica with its facts looked up and its tables built: what replay, table, validation and `fit` start from. */
#ifndef SIM_SERVE_SETUP_H
#define SIM_SERVE_SETUP_H
#include "sim/serve.h"
#include "sim/serve_cost.h"
#include "sim/serve_instance.h"
#include "sim/serve_stats.h"

/* The engines of the catalog directory that ships with the program, read once. NULL when they cannot be read (reason in why). */
const struct wl_engines *serve_engines_shipped(char *why, size_t why_size);
/* Fills setup from a replica whose layout is chosen (tp, pp, ep > 0). false: reason in why. */
bool serve_setup_make(const struct sim_replica *rep, struct serve_setup *ret, char *why, size_t why_size);
/* A constant of the catalog (kind "constant"); 1 when there is no such row. */
double serve_constant(const struct hw_catalog *c, const char *name, const char *metric);
/* Tokens a step with so many drafts (the default engine's acceptance). */
double serve_draft_tokens(int drafts);
double serve_gpu_power_w(const struct sim_replica *rep, const struct serve_setup *s, const struct hw_activity *a);
/* Formats that are left open: weights as published in what the GPU has units for, a cache of 16 bits. */
void serve_settle_formats(struct sim_replica *r);
struct serve_memory { /* bytes of the fullest GPU */
  double usable, weights, workspace, kv;
  double kv_tokens; /* of the replica; INFINITY without a cache */
};
void serve_memory_of(const struct serve_setup *s, const struct sim_replica *rep, struct serve_memory *ret);
/* Joules of the replica's servers over the span of a run, and its mean activity; of its GPUs alone. */
double serve_gpu_energy_j(const struct sim_replica *rep, const struct serve_setup *s, const struct serve_totals *t);
double serve_energy_j(const struct sim_replica *rep, const struct serve_setup *s, const struct serve_totals *t, struct hw_activity *ret_mean);
/* A core configuration from the engine's facts. */
void serve_config_of(const struct sim_replica *rep, const struct serve_setup *s, const struct serve_cost *cost, double kv_tokens,
                     struct serve_config *ret);
/* Are all names known and limits stated? false: what is wrong in why. */
bool serve_policies_check(const struct sim_policies *p, const struct hw_server *server, char *why, size_t why_size);
/* Checked ones into a configuration, with the engine's figures where none are stated (serve_config_of does so for the replica's own). */
void serve_policies_take(const struct sim_policies *p, const struct serve_setup *s, struct serve_config *c);
int serve_max_seqs(const struct sim_replica *rep, const struct serve_setup *s);
double serve_budget(const struct sim_replica *rep, const struct serve_setup *s);
/* Requests as the steady state sees them: mean prompt and output tokens, share of the prompt found in the prefix cache. */
struct serve_mix {
  double input, output, hit;
};
/* The most sequences that decode at once with rounds within tpot_s (0 = no limit), inside the cache and the engine's batch. */
double serve_steady_seqs(const struct serve_cost *c, const struct serve_mix *x, double kv_tokens, double max_seqs, double tpot_s);
/* Requests per second that n sequences in flight finish. No simulation carries more than SERVE_TOP times that: sequences are counted with a tenth of the cache free, and rounds with and without prompts can
 * be cheaper than their mean. */
static const double SERVE_TOP = 1.15;
double serve_steady_rate(const struct serve_cost *c, const struct serve_mix *x, double n);
/* The highest rate within the limits, by simulation; the layout is chosen. To 1 % of what memory and the engine's batch allow. */
double serve_capacity(const struct sim_replica *rep, const struct wl_hist *input, const struct wl_hist *output, double hit, const struct sim_slo *slo,
                      uint64_t seed);
/* What a replica does: all, or one part of it beside replicas that do the other: reads prompts and gives the first token, or decodes behind caches that come whole. */
enum serve_side { SERVE_WHOLE, SERVE_PREFILL, SERVE_DECODE };
/* A replica whose layout is chosen, tried at single loads; the same requests at each. create: NULL when the layout is meaningless. */
struct serve_trial;
struct serve_trial *serve_trial_create(const struct sim_replica *rep, const struct wl_hist *input, const struct wl_hist *output, double hit,
                                       const struct sim_slo *slo, enum serve_side side, uint64_t seed);
void serve_trial_destroy(struct serve_trial *t); /* NULL is fine */
/* At a rate, or with so many users who each wait for their answer (users > 0). */
bool serve_trial_at(const struct serve_trial *t, double rate, int users, struct sim_serve_level *ret);
int serve_trial_users(const struct serve_trial *t); /* the most users with which a trial still reaches a steady state */
/* The highest rate within the limits, to 2 %; guess: where to look first, 0 = anywhere. */
double serve_trial_capacity(const struct serve_trial *t, double guess);
/* Tokens of the longest request worth keeping room for: the 99.9th percentile of one length beside the median of the other. */
double serve_longest(const struct wl_model *m, const struct wl_hist *input, const struct wl_hist *output);
#endif
