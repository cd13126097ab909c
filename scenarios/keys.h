/* The keys a scenario may hold (keys.c) and the values that need a function to read (names.c, demand.c, terms.c). */
#ifndef SCENARIOS_KEYS_H
#define SCENARIOS_KEYS_H
#include "scenarios/table.h"

extern const struct sc_table sc_scenario_table;               /* struct sim_spec */
extern const struct sc_table sc_owned_table, sc_rented_table; /* struct sim_layer */
extern const struct sc_table sc_replica_table;                /* struct sim_replica */
extern const struct sc_table sc_replay_table;                 /* struct sim_replay (keys_replay.c) */
extern const struct sc_table sc_rules_table;                  /* struct sim_rules */
extern const struct sc_table sc_autoscale_table;              /* struct sim_layer */
extern const char *const sc_roles[];                          /* enum sim_role */

/* ---- specials ---- */
extern const struct sc_special sc_model, sc_server, sc_engine, sc_stack, sc_dtype; /* names; const pointers or enum */
extern const struct sc_special sc_months;                           /* int: "60 months", "5 yr"; p->word allowed */
extern const struct sc_special sc_only;                             /* the one word in choices; nothing stored */
extern const struct sc_special sc_rate;                             /* struct wl_curve * */
extern const struct sc_special sc_input_lengths, sc_output_lengths; /* struct wl_hist * */
extern const struct sc_special sc_slo;                              /* struct sim_slo */
extern const struct sc_special sc_replay_trace;                     /* struct sim_replay.trace, rate and lengths */
extern const struct sc_special sc_word;                             /* const char *: one of choices */
extern const struct sc_special sc_router, sc_scaler;                /* names; const pointers */
extern const struct sc_special sc_phases;                           /* struct wl_phases * */
extern const struct sc_special sc_where;                            /* struct sim_training.where */
extern const struct sc_special sc_rent_price,
    sc_block_price;                         /* struct dist, USD/h a server; of a layer, of a contract */
extern const struct sc_special sc_term;     /* struct sim_layer.term and term_months */
extern const struct sc_special sc_cover;    /* struct sim_layer.cover and cover_share */
extern const struct sc_special sc_defaults; /* keys checked only: merged into the layers before */
extern const struct sc_special sc_variants; /* likewise */

/* ---- what is checked across keys (check.c), each run when its section has been read ---- */
void sc_check_scenario(struct sc_reader *r, const struct sc_node *n, const char *path, void *spec);
/* More than any service has; beyond it counts of servers overflow. */
#define SC_MOST_REQ_S 1e6
/* A rate that some request arrives at, and whose peak, grown so many times, is no more than that; the error is at `key`. */
void sc_check_rate(struct sc_reader *r, const struct sc_node *n, const char *path, const char *key, const struct wl_curve *rate, double growth);
void sc_check_serving(struct sc_reader *r, const struct sc_node *n, const char *path, void *serving);
void sc_check_training(struct sc_reader *r, const struct sc_node *n, const char *path, void *training);
void sc_check_replay(struct sc_reader *r, const struct sc_node *n, const char *path, void *replay);
void sc_check_fixed(struct sc_reader *r, const struct sc_node *n, const char *path, void *fixed);
void sc_check_owned(struct sc_reader *r, const struct sc_node *n, const char *path, void *layer);
void sc_check_rented(struct sc_reader *r, const struct sc_node *n, const char *path, void *layer);
void sc_check_option(struct sc_reader *r, const struct sc_node *n, const char *path, void *option);
void sc_check_contract(struct sc_reader *r, const struct sc_node *n, const char *path, void *contract);
/* What a replay asks of options and layers (check_replay.c), and that nobody else has its keys. */
void sc_check_replay_options(struct sc_reader *r, const struct sc_node *root, struct sim_spec *s);
/* Input rows of the catalog facts that a spec without errors leans on (facts.c). */
void sc_fact_rows(struct sc_reader *r);

const struct sc_table *sc_pick_layer(struct sc_reader *r, const struct sc_node *n, const char *path);
#endif
