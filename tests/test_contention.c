/* Collectives as flows: alone they are the closed forms, together they share links. Expected times are written out
 * beside each case. */
#include <math.h>
#include <stdio.h>
#include "base/datadir.h"
#include "base/mem.h"
#include "hwmodels/catalog.h"
#include "hwmodels/contention.h"
#include "tests/cu.h"

enum { MOST = 64 };

/* Nodes of 8 GPUs at 100 GB/s, each with its own NIC port at 10 GB/s. */
static struct hw_fabric eight(int nodes) {
  return (struct hw_fabric){nodes, 8, 100e9, 8, 10e9, 0, true, 1};
}
/* The seats of one GPU number on nodes from, from + stride, ... */
static const int *rail(int *seat, int gpu, int from, int stride, int n) {
  for (int i = 0; i < n; i++)
    seat[i] = (from + i * stride) * 8 + gpu;
  return seat;
}
static struct hw_traffic ring(enum hw_coll kind, double bytes, const int *seat, int n) {
  return (struct hw_traffic){kind, bytes, n, seat, n, 1, 0};
}

/* ---- alone ---- */

static void test_rings_are_the_closed_forms(void) {
  /* golden.md Q15: 2 (n-1) a + 2 (n-1)/n S/B; rings of more than 16 on four seats that stand for all */
  static const struct {
    int n;
    double bytes, B, a, s;
  } golden[] = {{8, 1073741824, 235e9, 5e-6, 0.008065950},
                {8, 1e9, 100e9, 0, 0.0175},
                {16, 1e9, 25e9, 1e-5, 0.0753},
                {2, 1e6, 12.5e9, 2e-6, 0.000084},
                {1024, 1e9, 50e9, 8e-6, 0.056328938}};
  int seat[16];
  for (int i = 0; i < 16; i++)
    seat[i] = i;
  for (size_t i = 0; i < sizeof golden / sizeof *golden; i++) {
    int n = golden[i].n, seats = n > 16 ? 4 : n;
    struct hw_traffic t = {HW_ALL_REDUCE, golden[i].bytes, n, seat, seats, 1, golden[i].a};
    for (int across = 0; across < 2; across++) { /* inside one node; one GPU in each node */
      struct hw_fabric f = {across ? 16 : 1, across ? 1 : 16, golden[i].B, across ? 1 : 16, golden[i].B, 0, true, 1};
      t.kind = HW_ALL_REDUCE;
      double s = hw_contended_s(&f, &t, 1, NULL);
      CU_ASSERT(fabs(s - golden[i].s) <= 1e-9);
      CU_CLOSE(s, hw_ring_all_reduce_s(n, golden[i].bytes, golden[i].B, golden[i].a), 1e-9);
      t.kind = HW_ALL_GATHER;
      CU_CLOSE(hw_contended_s(&f, &t, 1, NULL), s / 2, 1e-9);
      t.kind = HW_REDUCE_SCATTER;
      CU_CLOSE(hw_contended_s(&f, &t, 1, NULL), s / 2, 1e-9);
    }
  }
}

static void test_a_thousand_seats(void) {
  /* the last golden case again, all of its ranks played */
  static int seat[1024];
  for (int i = 0; i < 1024; i++)
    seat[i] = i;
  struct hw_fabric f = {1024, 1, 100e9, 1, 50e9, 0, true, 1};
  struct hw_traffic t = {HW_ALL_REDUCE, 1e9, 1024, seat, 1024, 1, 8e-6};
  CU_ASSERT(fabs(hw_contended_s(&f, &t, 1, NULL) - 0.056328938) <= 1e-9);
}

static void test_direct_flows(void) {
  struct hw_fabric f = eight(4);
  int seat[4];
  rail(seat, 0, 0, 1, 4);
  struct hw_traffic t = ring(HW_ALL_TO_ALL, 4e9, seat, 4); /* 3/4 of 4 GB leave at 10 GB/s */
  CU_CLOSE(hw_contended_s(&f, &t, 1, NULL), 0.3, 1e-9);
  t.step_s = 1e-3;
  CU_CLOSE(hw_contended_s(&f, &t, 1, NULL), 0.301, 1e-9);
  struct hw_traffic p = {HW_P2P, 1e9, 2, seat, 2, 1, 0};
  CU_CLOSE(hw_contended_s(&f, &p, 1, NULL), 0.1, 1e-9);
  p.channels = 4; /* four NICs */
  CU_CLOSE(hw_contended_s(&f, &p, 1, NULL), 0.025, 1e-9);
  p.seats = 4; /* a chain of three sends */
  CU_CLOSE(hw_contended_s(&f, &p, 1, NULL), 0.025, 1e-9);
  p.kind = HW_BROADCAST;
  CU_CLOSE(hw_contended_s(&f, &p, 1, NULL), 0.025, 1e-9);
}

static void test_nothing_to_do_or_no_way(void) {
  struct hw_fabric f = eight(2);
  int seat[2] = {0, 8}, off[2] = {0, 16};
  struct hw_traffic t = ring(HW_ALL_REDUCE, 1e9, seat, 1);
  CU_ASSERT_EQUAL(hw_contended_s(&f, &t, 1, NULL), 0);
  CU_ASSERT_EQUAL(hw_contended_slowdown(&f, &t, 1, 1), 1);
  t = ring(HW_ALL_REDUCE, 0, seat, 2);
  CU_ASSERT_EQUAL(hw_contended_s(&f, &t, 1, NULL), 0);
  t = ring(HW_ALL_REDUCE, 1e9, off, 2);
  CU_ASSERT(isnan(hw_contended_s(&f, &t, 1, NULL)));
  t = ring(HW_ALL_REDUCE, 1e9, seat, 2);
  f.port_Bps = 0;
  CU_ASSERT(isinf(hw_contended_s(&f, &t, 1, NULL)));
  CU_ASSERT_EQUAL(hw_contended_slowdown(&f, &t, 1, 1), 1);
}

/* The fitted model's slope at large messages, its share of the rate taken out, is what flows take. Every GPU works, in
 * groups of one rank a node. */
static double fluid_all_groups_s(const struct hw_server *s, enum hw_coll kind, double bytes, int nodes) {
  struct hw_fabric f = hw_fabric_of(s, nodes);
  struct hw_traffic t[MOST];
  int seat[MOST][4];
  for (int g = 0; g < f.gpus; g++) {
    for (int i = 0; i < nodes; i++)
      seat[g][i] = i * f.gpus + g;
    t[g] = ring(kind, bytes, seat[g], nodes);
  }
  return hw_contended_s(&f, t, (size_t)f.gpus, NULL);
}

static void test_agrees_with_fitted_collectives(void) {
  static const char *const servers[] = {"p4d.24xlarge", "p5.48xlarge", "DGX-H100"};
  static const struct {
    enum hw_coll kind;
    const char *share;
  } kinds[] = {{HW_ALL_REDUCE, "net.share"}, {HW_ALL_GATHER, "net.share"}, {HW_ALL_TO_ALL, "net_all_to_all.share"}};
  struct arena *paths = arena_create();
  struct errs *e = errs_create();
  const char *dirs[] = {datadir_path(paths, "hwmodels/catalog")};
  struct hw_catalog *c = hw_catalog_load(dirs, 1, e);
  CU_ASSERT_PTR_NOT_NULL_FATAL(c);
  for (size_t i = 0; i < sizeof servers / sizeof *servers; i++)
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
      const struct hw_server *s = hw_server_find(c, servers[i]);
      CU_ASSERT_PTR_NOT_NULL_FATAL(s);
      const struct hw_fact *own = hw_fact_find(c, "collective", s->nic->name, kinds[k].share),
                           *cls = hw_fact_find(c, "link", s->nic->name, "class");
      if (!own && cls)
        own = hw_fact_find(c, "collective", cls->text, kinds[k].share);
      if (!own)
        own = hw_fact_find(c, "collective", "any", kinds[k].share);
      CU_ASSERT_PTR_NOT_NULL_FATAL(own);
      struct hw_coll_op small = {kinds[k].kind, 1e14, 4, 1, s->gpus}, large = small; /* far beyond the ramps */
      large.bytes = 2e14;
      double slope = (hw_coll_s(s, &large) - hw_coll_s(s, &small)) / 1e14;
      CU_CLOSE(fluid_all_groups_s(s, kinds[k].kind, 1e9, 4) / 1e9, slope * own->value, 1e-6);
    }
  hw_catalog_free(c);
  errs_destroy(e);
  arena_destroy(paths);
}

/* ---- together ---- */

static void test_two_groups_on_one_port(void) {
  struct hw_fabric f = eight(4);
  f.ports = 4; /* two GPUs behind each */
  int seat[3][4];
  struct hw_traffic t[3];
  for (int g = 0; g < 3; g++)
    t[g] = ring(HW_ALL_REDUCE, 1e9, rail(seat[g], g, 0, 1, 4), 4);
  CU_CLOSE(hw_contended_s(&f, t, 1, NULL), 0.15, 1e-9); /* 2 x 3/4 x 1 GB / 10 GB/s */
  CU_CLOSE(hw_contended_slowdown(&f, t, 1, 2), 2, 1e-9);
  CU_CLOSE(hw_contended_slowdown(&f, t, 1, 3), 2, 1e-9); /* GPU 2 is on the next port */
  CU_CLOSE(hw_contended_slowdown(&f, t, 2, 3), 1, 1e-9);
  rail(seat[2], 1, 0, 1, 4); /* now on the same one */
  CU_CLOSE(hw_contended_slowdown(&f, t, 1, 3), 3, 1e-9);
}

static void test_rails_are_disjoint(void) {
  struct hw_fabric f = eight(4);
  f.oversubscription = 8; /* nothing goes to the spine */
  int seat[8][4];
  struct hw_traffic t[8];
  for (int g = 0; g < 8; g++)
    t[g] = ring(g % 2 ? HW_ALL_TO_ALL : HW_ALL_REDUCE, 1e9 * (g + 1), rail(seat[g], g, 0, 1, 4), 4);
  CU_CLOSE(hw_contended_slowdown(&f, t, 1, 8), 1, 1e-9);
}

static void test_oversubscribed_leaves(void) {
  /* pods of two nodes, node 0 to 2 and 1 to 3 on every rail: all of it crosses the spine */
  int seat[16][2];
  struct hw_traffic across[16], within[16];
  for (int i = 0; i < 16; i++)
    across[i] = ring(HW_P2P, 1e9, rail(seat[i], i / 2, i % 2, 2, 2), 2);
  int near[16][2];
  for (int i = 0; i < 16; i++)
    within[i] = ring(HW_P2P, 1e9, rail(near[i], i / 2, i % 2 * 2, 1, 2), 2);
  for (int rails = 0; rails < 2; rails++) {
    struct hw_fabric f = eight(4);
    f.pod_nodes = 2;
    f.rails = rails;
    CU_CLOSE(hw_contended_s(&f, across, 16, NULL), 0.1, 1e-9);
    f.oversubscription = 2;
    CU_CLOSE(hw_contended_s(&f, across, 16, NULL), 0.2, 1e-9);
    CU_CLOSE(hw_contended_s(&f, within, 16, NULL), 0.1, 1e-9);
    CU_CLOSE(hw_contended_s(&f, across, 1, NULL), 0.1, 1e-9); /* one alone has the uplinks to itself */
  }
}

static void test_crossing_rails_needs_the_spine(void) {
  /* GPU 0 of node 0 to GPU 1 of node 1, both nodes in one pod: one leaf without rails, two with */
  int seat[2][2] = {{0, 9}, {16, 25}};
  struct hw_traffic t[2] = {ring(HW_P2P, 1e9, seat[0], 2), ring(HW_P2P, 1e9, seat[1], 2)};
  struct hw_fabric f = eight(4);
  f.oversubscription = 4; /* four ports of 10 GB/s in, 10 GB/s up */
  CU_CLOSE(hw_contended_s(&f, t, 2, NULL), 0.2, 1e-9);
  f.rails = false;
  CU_CLOSE(hw_contended_s(&f, t, 2, NULL), 0.1, 1e-9);
}

static void test_a_group_counts_once(void) {
  /* a ring beside an all-to-all of the same ranks: half each, not a quarter for the ring's one flow against three */
  struct hw_fabric f = eight(4);
  int seat[4];
  rail(seat, 0, 0, 1, 4);
  struct hw_traffic t[2] = {ring(HW_ALL_REDUCE, 1e9, seat, 4), ring(HW_ALL_TO_ALL, 50e9, seat, 4)};
  CU_CLOSE(hw_contended_slowdown(&f, t, 1, 2), 2, 1e-9);
}

static void test_part_of_the_time(void) {
  /* beside an all-to-all that holds the port a quarter of the time, 1 ms in 4: it takes 2 ms in 5 now, and the ring
   * loses 1 ms in each */
  struct hw_fabric f = eight(2);
  int seat[2];
  rail(seat, 0, 0, 1, 2);
  struct hw_traffic t[2] = {ring(HW_ALL_GATHER, 20e9, seat, 2), ring(HW_ALL_TO_ALL, 20e6, seat, 2)};
  t[1].step_s = 3e-3;
  CU_CLOSE(hw_contended_s(&f, t, 1, NULL), 1, 1e-9);
  CU_CLOSE(hw_contended_slowdown(&f, t, 1, 2), 1.25, 2e-3); /* but for the cycle it ends in */
}

static void test_bytes_are_conserved(void) {
  /* two rings of unlike size through one port, and one of them paused between steps: what they sent in the time of the
   * first is no more than the port carries, and all of it while both always have something to send */
  struct hw_fabric f = eight(3);
  f.ports = 1;
  int seat[2][3];
  struct hw_traffic t[2] = {ring(HW_ALL_REDUCE, 1e9, rail(seat[0], 0, 0, 1, 3), 3),
                            ring(HW_ALL_GATHER, 0.7e9, rail(seat[1], 5, 0, 1, 3), 3)};
  double bytes[2], s = hw_contended_s(&f, t, 2, bytes);
  CU_CLOSE(bytes[0], 3 * 2 * 2.0 / 3 * 1e9, 1e-9);
  CU_CLOSE(bytes[0] + bytes[1], 3 * 10e9 * s, 1e-9);
  t[1].step_s = 5e-3;
  double paused = hw_contended_s(&f, t, 2, bytes);
  CU_ASSERT(paused < s && paused > s / 2);
  CU_CLOSE(bytes[0], 3 * 2 * 2.0 / 3 * 1e9, 1e-9);
  CU_CLOSE(bytes[0] + bytes[1], 3 * 10e9 * paused, 1e-9);
  t[0].step_s = 8e-3; /* now the port is idle at times */
  double both = hw_contended_s(&f, t, 2, bytes);
  CU_CLOSE(bytes[0], 3 * 2 * 2.0 / 3 * 1e9, 1e-9);
  CU_ASSERT(bytes[0] + bytes[1] < 3 * 10e9 * both);
}

static void test_same_again(void) {
  struct hw_fabric f = eight(4);
  f.ports = 4;
  f.pod_nodes = 2;
  f.oversubscription = 3;
  int seat[8][4], all[32];
  struct hw_traffic t[9];
  for (int g = 0; g < 8; g++)
    t[g] = ring(HW_REDUCE_SCATTER, 1e9 + g * 1e7, rail(seat[g], g, 0, 1, 4), 4);
  for (int i = 0; i < 32; i++)
    all[i] = i;
  t[8] = ring(HW_ALL_TO_ALL, 2e8, all, 32);
  double a[9], b[9], s = hw_contended_s(&f, t, 9, a);
  CU_ASSERT(s > hw_contended_s(&f, t, 8, NULL));
  CU_ASSERT_EQUAL(hw_contended_s(&f, t, 9, b), s);
  for (int i = 0; i < 9; i++)
    CU_ASSERT_EQUAL(a[i], b[i]);
}

/* hw_spine_slowdown is what the fabric gives when every port is used alike. */
static void test_spine_in_closed_form(void) {
  struct hw_server s = {.pod_nodes = 2, .gpus = 8, .gpus_per_nic_port = 1, .scaleup_domain = 8, .node_net_Bps = 80e9};
  int seat[16][8];
  struct hw_traffic t[16];
  for (double over = 1; over <= 4; over += 1.5)
    for (int stride = 1; stride <= 2; stride++) {
      s.oversubscription = over;
      struct hw_fabric f = hw_fabric_of(&s, 8), flat = f;
      flat.oversubscription = 1;
      int n = 8 / stride, groups = 8 * stride;
      for (int a2a = 0; a2a < 2; a2a++) {
        enum hw_coll kind = a2a ? HW_ALL_TO_ALL : HW_REDUCE_SCATTER;
        for (int g = 0; g < groups; g++)
          t[g] = ring(kind, 1e9, rail(seat[g], g / stride, g % stride, stride, n), n);
        double fluid = hw_contended_s(&f, t, (size_t)groups, NULL) / hw_contended_s(&flat, t, (size_t)groups, NULL);
        CU_CLOSE(hw_spine_slowdown(&s, kind, n, stride), fluid, 1e-6);
      }
    }
  CU_CLOSE(hw_spine_slowdown(&s, HW_ALL_TO_ALL, 2, 1), 1, 1e-12); /* inside a pod */
  s.pod_nodes = 0;
  CU_CLOSE(hw_spine_slowdown(&s, HW_ALL_TO_ALL, 8, 1), 1, 1e-12); /* one pod for all */
}

int main(void) {
  static const struct cu_case cases[] = {
      {"rings alone are golden.md Q15", test_rings_are_the_closed_forms},
      {"a ring of 1,024 seats", test_a_thousand_seats},
      {"direct flows", test_direct_flows},
      {"nothing to do, no way", test_nothing_to_do_or_no_way},
      {"bandwidth term of the fitted collectives", test_agrees_with_fitted_collectives},
      {"two groups on one NIC port", test_two_groups_on_one_port},
      {"disjoint rails", test_rails_are_disjoint},
      {"2:1 oversubscribed leaves", test_oversubscribed_leaves},
      {"crossing rails needs the spine", test_crossing_rails_needs_the_spine},
      {"a group counts once on a link", test_a_group_counts_once},
      {"beside traffic that comes and goes", test_part_of_the_time},
      {"bytes are conserved", test_bytes_are_conserved},
      {"the spine in closed form", test_spine_in_closed_form},
      {"the same again", test_same_again},
  };
  return cu_main("contention", cases, sizeof cases / sizeof *cases);
}
