/* Collective measurements -> fits per link and operation. `system` rows of the catalog say what joins the GPUs of each
 * system in the table. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/units.h"
#include "hwmodels/coll.h"
#include "hwmodels/problem.h"

struct row {
  const char *system, *op, *test, *source;
  double ranks, nodes, bytes, time_s;
  int line;
};
struct table {
  const struct hw_catalog *c;
  struct row *row;
  size_t n;
  uint64_t seed;
  struct hw_calibration *k;
};

/* ---- reading ---- */

static double number_in(const char *text, const char *after) {
  const char *p = strstr(text, after);
  double v;
  return p && units_leading_number(p + strlen(after), &v) ? v : 0;
}

/* An expert-parallel dispatch ("dispatch tokens=96" of "... (h7168 top8 e256)") sends FP8 rows with a scale for 128
 * elements, a combine 16-bit rows. */
static double expert_bytes(const struct row *r) {
  double tokens = number_in(r->op, "tokens="), h = number_in(r->test, "(h"), k = number_in(r->test, " top");
  return tokens * k * (strncmp(r->op, "dispatch", 8) == 0 ? h * (1 + 4.0 / 128) : 2 * h);
}

static struct row read_row(const struct csv_table *t, size_t r, struct errs *errs) {
  static const char *const name[] = {"n_ranks", "n_nodes", "size_bytes", "time_us"};
  double v[4] = {0, 1, 0, 0};
  for (int i = 0; i < 4; i++) {
    const char *text = csv_cell(t, r, csv_column(t, name[i]));
    if (*text && !units_number(text, &v[i]))
      errs_add(errs, csv_path(t), csv_line(t, r), name[i], "got '%s', expected a number or nothing", text);
  }
  struct row row = {csv_cell(t, r, csv_column(t, "system")),
                    csv_cell(t, r, csv_column(t, "op")),
                    csv_cell(t, r, csv_column(t, "test")),
                    csv_cell(t, r, csv_column(t, "source")),
                    v[0],
                    v[1],
                    v[2],
                    v[3] * 1e-6,
                    csv_line(t, r)};
  if (strstr(row.test, "low-latency (h"))
    row.bytes = expert_bytes(&row);
  return row;
}

static const struct hw_link *link_of(const struct table *t, const struct row *r, const char *metric) {
  const char *name = hwi_text(t->c, "system", r->system, metric);
  return name ? hw_link_find(t->c, name) : NULL;
}

static struct hwi_problem problem(const struct hw_link *l, const char *what) {
  return (struct hwi_problem){.name = l->name, .what = what, .kind = "collective", .source = "", .extra = l};
}
static void add(const struct table *t, struct hwi_problem *p, const struct row *r, struct hwi_point at) {
  at.t_s = r->time_s;
  hwi_problem_add(p, at);
  if (!strstr(p->source, r->source))
    p->source = *p->source ? arena_printf(t->k->arena, "%s; %s", p->source, r->source) : r->source;
}

/* ---- inside a node ---- */

enum { LATENCY, STEP, SHARE_2, SHARE_4, SHARE_8, RAMP, RAMP_SIZE, NVLS_SHARE, NVLS_LATENCY, INTRA_PARAMS };
static const struct hwi_fit_param intra_params[INTRA_PARAMS] = {
    {"latency", "us", 6, 0.5, 40},     {"latency_per_step", "us", 1, 0.01, 20}, {"share_2", "", 0.6, 0.02, 1.1},
    {"share_4", "", 0.7, 0.02, 1.1},   {"share_8", "", 0.75, 0.02, 1.1},        {"ramp", "us", 30, 0.1, 2000},
    {"ramp_size", "MB", 5, 0.01, 200}, {"nvls.share", "", 0.55, 0.05, 1.1},     {"nvls.latency", "us", 15, 1, 80},
};

static struct hwi_coll intra_of(const double *v, enum hw_coll kind) {
  struct hwi_coll p = {.nvls_share = v[NVLS_SHARE], .nvls_lat_s = v[NVLS_LATENCY] * 1e-6};
  p.op[kind] = (struct hwi_coll_intra){
      v[LATENCY] * 1e-6, v[STEP] * 1e-6, {v[SHARE_2], v[SHARE_4], v[SHARE_8]}, v[RAMP] * 1e-6, v[RAMP_SIZE] * 1e6};
  return p;
}

/* x = ranks, bytes, operation */
static double intra_s(const struct hwi_problem *problem, const struct hwi_point *at, const double *v) {
  const struct hw_link *l = problem->extra;
  enum hw_coll kind = (enum hw_coll)at->x[2];
  struct hwi_coll p = intra_of(v, kind);
  int n = (int)at->x[0];
  double ring = hwi_coll_intra_s(&p.op[kind], l->raw_Bps, hwi_wire_bytes(kind, at->x[1], n), n);
  return l->in_network_reduction && kind == HW_ALL_REDUCE && n >= HWI_NVLS_MIN
             ? fmin(ring, hwi_coll_nvls_s(&p, l->raw_Bps, at->x[1]))
             : ring;
}

static bool op_is(const struct row *r, enum hw_coll kind) {
  static const char *const name[HW_COLL_COUNT] = {"all_reduce", "all_gather", "reduce_scatter",
                                                  "alltoall",   "broadcast",  "send_recv intra-node"};
  return strcmp(r->op, name[kind]) == 0;
}

/* What these points cannot tell: shares of group sizes that were not measured are those of the next smaller one,
 * in-switch reduction stays out. */
static void intra_params_for(struct hwi_problem *p, const struct hw_link *l, enum hw_coll kind) {
  bool seen[9] = {false}, in_switch = kind == HW_ALL_REDUCE && l->in_network_reduction;
  memcpy(p->param, intra_params, sizeof intra_params);
  p->n_param = INTRA_PARAMS;
  for (size_t i = 0; i < p->n; i++)
    seen[p->point[i].x[0] <= 8 ? (int)p->point[i].x[0] : 8] = true;
  seen[8] &= !in_switch;
  for (int j = SHARE_2, n = 2; j <= SHARE_8; j++, n *= 2)
    if (!seen[n]) {
      p->param[j].name = NULL;
      p->param[j].lo = p->param[j].hi = 0;
    }
  for (int j = NVLS_SHARE; j < INTRA_PARAMS && !in_switch; j++) {
    p->param[j].name = NULL;
    p->param[j].lo = p->param[j].hi = 0;
  }
  if (kind == HW_P2P)
    p->param[STEP] = (struct hwi_fit_param){"latency_per_step", "us", 0, 0, 0};
}

static void fit_intra(const struct table *t, const struct hw_link *l, enum hw_coll kind, const char *what) {
  struct hwi_problem p = problem(l, what);
  for (size_t i = 0; i < t->n; i++) {
    const struct row *r = &t->row[i];
    if (r->nodes != 1 || !(r->ranks >= 2) || !op_is(r, kind) ||
        link_of(t, r, kind == HW_P2P ? "p2p_link" : "link") != l || !(r->time_s > 0) || !(r->bytes > 0))
      continue;
    add(t, &p, r, (struct hwi_point){.x = {r->ranks, r->bytes, kind}, .group = -1});
    t->k->skipped--;
  }
  p.time_s = intra_s;
  double v[HWI_FIT_MAX];
  if (p.n) {
    intra_params_for(&p, l, kind);
    hwi_problem_solve(t->k, &p, t->seed, v);
  }
  mem_free(p.point);
}

/* ---- across nodes ---- */

enum { N_LATENCY, N_SHARE, N_RAMP, N_RAMP_SIZE, N_HOP, NET_PARAMS };
static const struct hwi_fit_param net_params[NET_PARAMS] = {{"latency", "us", 40, 2, 400},
                                                            {"share", "", 0.8, 0.1, 1},
                                                            {"ramp", "us", 50, 0.1, 2000},
                                                            {"ramp_size", "MB", 1, 0.01, 200},
                                                            {"hop", "us", 20, 0, 0}};

/* x = ranks, bytes, nodes, operation. What happens inside the nodes is the catalog's. */
static double net_s(const struct hwi_problem *p, const struct hwi_point *at, const double *v) {
  const struct hw_server *s = p->extra;
  struct hwi_coll net = *(const struct hwi_coll *)s->nic->coll;
  struct hwi_coll_net fitted = {v[N_LATENCY] * 1e-6, v[N_HOP] * 1e-6, v[N_SHARE], v[N_RAMP] * 1e-6,
                                v[N_RAMP_SIZE] * 1e6};
  net.net = net.net_a2a = net.net_p2p = fitted;
  struct hw_link nic = *s->nic;
  struct hw_server with = *s;
  nic.coll = &net;
  with.nic = &nic;
  struct hw_coll_op op = {(enum hw_coll)at->x[3], at->x[1], (int)at->x[0], (int)(at->x[0] / at->x[2]), 1};
  return hw_coll_s(&with, &op);
}

static void fit_net(const struct table *t, const struct hw_server *s, enum hw_coll kind, const char *what) {
  struct hwi_problem p = problem(s->nic, what);
  double nodes_lo = INFINITY, nodes_hi = 0;
  for (size_t i = 0; i < t->n; i++) {
    const struct row *r = &t->row[i];
    const char *server = hwi_text(t->c, "system", r->system, "server");
    bool a2a = strstr(r->test, "low-latency (h") != NULL;
    if (!server || hw_server_find(t->c, server) != s || !(r->nodes > 1) || !(r->ranks >= r->nodes) ||
        !(r->time_s > 0) || !(r->bytes > 0))
      continue;
    if (kind == HW_ALL_TO_ALL ? !a2a : strcmp(r->op, "all_reduce") != 0)
      continue;
    add(t, &p, r, (struct hwi_point){.x = {r->ranks, r->bytes, r->nodes, kind}, .group = -1});
    nodes_lo = fmin(nodes_lo, r->nodes);
    nodes_hi = fmax(nodes_hi, r->nodes);
    t->k->skipped--;
  }
  memcpy(p.param, net_params, sizeof net_params);
  p.n_param = NET_PARAMS;
  const struct hwi_coll *known = s->nic->coll;
  p.param[N_HOP].start = (kind == HW_ALL_TO_ALL ? known->net_a2a.hop_s : known->net.hop_s) * 1e6;
  if (nodes_hi > nodes_lo)
    p.param[N_HOP] = (struct hwi_fit_param){"hop", "us", 5, 0, 100};
  else
    p.param[N_HOP].name = NULL; /* one count of nodes tells nothing of the next */
  p.time_s = net_s;
  p.extra = s;
  double v[HWI_FIT_MAX];
  if (p.n)
    hwi_problem_solve(t->k, &p, t->seed, v);
  mem_free(p.point);
}

/* ---- the table ---- */

static const char *const columns[] = {"system", "test", "op", "n_ranks", "n_nodes", "size_bytes", "time_us", "source"};

static void fit_all(const struct table *t) {
  static const char *const what[HW_COLL_COUNT] = {"all_reduce", "all_gather", "reduce_scatter",
                                                  "all_to_all", "broadcast",  "p2p"};
  for (size_t i = 0; hw_link_at(t->c, i); i++)
    for (int kind = 0; kind < HW_COLL_COUNT; kind++)
      fit_intra(t, hw_link_at(t->c, i), (enum hw_coll)kind, what[kind]);
  for (size_t i = 0; hw_server_at(t->c, i); i++)
    if (hw_server_at(t->c, i)->nic) {
      fit_net(t, hw_server_at(t->c, i), HW_ALL_REDUCE, "net");
      fit_net(t, hw_server_at(t->c, i), HW_ALL_TO_ALL, "net_all_to_all");
    }
}

void hwi_calibrate_collectives(const struct hw_catalog *c, const struct csv_table *csv, uint64_t seed,
                               struct hw_calibration *k, struct errs *errs) {
  if (!csv_require(csv, columns, sizeof columns / sizeof *columns, errs))
    return;
  size_t before = errs_count(errs);
  struct table t = {c, mem_array(csv_rows(csv) + 1, sizeof(struct row)), csv_rows(csv), seed, k};
  for (size_t r = 0; r < t.n; r++)
    t.row[r] = read_row(csv, r, errs);
  k->skipped = t.n;
  if (errs_count(errs) == before)
    fit_all(&t);
  mem_free(t.row);
}
