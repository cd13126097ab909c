/* What the tests of whole replicas share: the shipped catalogs and what is played on them. */
#ifndef TESTS_SERVE_FIXTURE_H
#define TESTS_SERVE_FIXTURE_H
#include "base/mem.h"
#include "sim/serve_setup.h"
#include "tests/cu.h"

extern struct hw_catalog *catalog; /* while serve_main runs the cases */
extern struct wl_models *models;
extern struct arena *arena;

struct sim_replica replica(const char *model, const char *server); /* layout left open */
struct sim_replica llama_70b(void);                                /* Llama 2 70B on four GPUs of a DGX A100 */
/* 400 made requests at `rate` a second. */
void play(const struct sim_replica *r, double rate, enum sim_serve_mode mode, struct sim_serve_result *ret);
bool from_trace(void *trace, struct sim_request *r); /* priority and tenant made of the lengths */

/* A suite's main: loads the catalogs, runs the cases. */
int serve_main(const char *suite, const struct cu_case *cases, size_t n);
#endif
