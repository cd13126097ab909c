/* The collective formulas on bare numbers, shared by hw_coll_s and by their fit. */
#ifndef HWMODELS_COLL_H
#define HWMODELS_COLL_H
#include "hwmodels/priv.h"

struct hwi_coll_intra {      /* one operation inside the scale-up domain */
  double lat0_s, lat1_s;     /* launch; per step of the ring */
  double share[3];           /* of the link's one-way rate that a ring of 2, 4, 8 ranks reaches */
  double ramp_s, ramp_bytes; /* what a message in the middle sizes loses: ramp V / (V + ramp_bytes) */
};
struct hwi_coll_net {  /* one kind of operation across nodes, by NIC */
  double lat_s, hop_s; /* between two nodes; for each further doubling of the nodes */
  double share;        /* of the NICs' rate */
  double ramp_s, ramp_bytes;
};
struct hwi_coll {
  struct hwi_coll_intra op[HW_COLL_COUNT];
  double nvls_share, nvls_lat_s; /* in-switch reduction: buffer bytes / one-way rate; launch */
  struct hwi_coll_net net, net_a2a, net_p2p;
};
enum { HWI_NVLS_MIN = 5 }; /* fewer ranks gain nothing from reducing in the switch */

/* V: bytes that one rank sends, own part excluded. */
double hwi_wire_bytes(enum hw_coll kind, double bytes, int n);
double hwi_coll_intra_s(const struct hwi_coll_intra *p, double link_Bps, double wire_bytes, int n);
double hwi_coll_nvls_s(const struct hwi_coll *p, double link_Bps, double bytes);
double hwi_coll_net_s(const struct hwi_coll_net *p, double rate_Bps, double wire_bytes, int nodes);
#endif
