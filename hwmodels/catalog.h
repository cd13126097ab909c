/* The catalog: what is known of GPUs, links, servers, prices, fitted constants; each fact one CSV row with source, date and grade
 * (measured, vendor, derived, assumed, fitted). Columns kind,name,metric,value,unit,source,where,date,grade; prices add region,from,to,low,high and
 * have the contract as metric. Every *.csv of a directory is read; its sub-directories are not. Structs below are views of the rows for the models; the rows stay reachable for
 * `rackcast catalog`, the report and the `input` table. A user's --catalog directory holds files of the same names and columns;
 * its rows win over the shipped ones. All pointers live as long as the catalog. */
#ifndef HWMODELS_CATALOG_H
#define HWMODELS_CATALOG_H
#include <stddef.h>
#include <stdbool.h>
#include "base/date.h"
#include "base/dtype.h"
#include "base/err.h"

struct hw_fact {
  const char *kind;   /* "gpu", "link", "server", "kernel", "collective", "power", "reliability", "economics", ... */
  const char *name;   /* "A100-SXM-80GB" */
  const char *metric; /* "mem_bandwidth" */
  const char *text;   /* as written */
  double value;       /* in `unit`; NaN for text */
  const char *unit;
  const char *source, *where, *date, *grade;
  const char *file;
  int line;
  bool own; /* from a user's directory */
};

struct hw_link { /* NVLink 3, PCIe 4.0 x16, InfiniBand NDR 4x, EFA v1 100G, xGMI, HCCS ... */
  const char *name;
  double raw_Bps;   /* per direction, as the vendor states it */
  double eff_Bps;   /* per direction, best sustained by a copy or ib_write; 0 = unknown */
  double latency_s; /* one way, software included; 0 = unknown */
  bool in_network_reduction; /* NVLS */
  int domain;       /* most GPUs that it joins; 0 = any number (a bridge joins 2) */
  const void *coll; /* fitted parameters, hwmodels/collective.c's own */
};

struct hw_gpu {
  const char *name, *vendor, *arch; /* arch: "volta", "turing", "ampere", "ada", "hopper", "blackwell", "cdna3", "davinci" ... */
  const char *launch;               /* ISO date; "" unknown */
  double peak_flops[DT_COUNT];      /* dense matrix peak, FLOP/s (or OP/s); 0 = no unit for this format */
  double vector_flops;              /* FP32 outside matrix units */
  double mem_bytes;                 /* what an allocator can get (capacity less what the driver keeps) */
  double mem_Bps;
  double l2_bytes;
  int sms;                          /* SMs or CUs */
  double clock_hz;
  double tdp_w, idle_w;
  const struct hw_link *scaleup;    /* NULL = none: peers go over pcie */
  const struct hw_link *pcie;       /* NULL = unknown */
  const struct hw_link *host;       /* to the host's memory: pcie, or what the catalog says is faster; NULL = unknown */
  int mig_max;                      /* 0 = no MIG */
  double street_usd;                /* 0 = unknown */
  const char *based_on;             /* the part this one is a variant or a slice of; "" = none */
  const void *kernels;              /* fitted parameters, hwmodels/kernels.c's own */
  const void *power;                /* the same of hwmodels/power.c */
};

struct hw_server {
  const char *name, *provider;      /* provider "" = bought, "AWS" ... = rented */
  const struct hw_gpu *gpu;
  int gpus;
  const struct hw_link *intra;      /* between GPUs in the node */
  int scaleup_domain;               /* GPUs that share the scale-up fabric (8; 72 on NVL72) */
  const struct hw_link *nic;        /* NULL = none usable for a cluster */
  int nics;
  double node_net_Bps;              /* all NICs together, per direction */
  int gpus_per_nic_port;            /* 2 on p4d: two GPUs share one 100G NIC */
  int pod_nodes;                    /* scale-up domains behind one set of leaf switches; 0 = any number */
  double oversubscription;          /* of a leaf: bandwidth down / up, >= 1 */
  double host_mem_bytes;
  double gpu_limit_w;               /* to which this server holds its GPUs; 0 = their TDP */
  double power_max_w, host_idle_w, host_busy_w; /* nameplate; host (CPU, NIC, fans, PSU loss) without GPUs */
  double host_fans_w;               /* of the host's watts, what a box cooled by liquid does without */
  const char *host_class;           /* joins software stacks with a host: "2020-epyc", ... */
  double local_storage_bytes, local_storage_Bps;
  double rack_units;
};

struct hw_price {
  const char *server, *contract; /* "purchase", "on-demand", "1 yr", "3 yr", "spot", "capacity-block" */
  const char *region;
  struct date from, to;          /* inclusive, exclusive; to.year 9999 = open */
  double usd;                    /* USD/h, or USD a server for "purchase" */
  double low_usd, high_usd;      /* spread of quotes, 0 = none */
  const char *source, *where, *grade;
};

struct hw_catalog;
/* dirs[0] is the shipped one; later ones win. NULL when errs got an entry. */
struct hw_catalog *hw_catalog_load(const char *const *dirs, size_t n, struct errs *errs);
void hw_catalog_free(struct hw_catalog *c);

/* By name or alias, case, blanks, '-' and '_' ignored; NULL when unknown (hw_*_nearest gives the nearest name or NULL). A GPU is also found when all
 * words of one of its names stand among the words of `name` and no other memory size does: "NVIDIA H100 80GB HBM3". */
const struct hw_gpu *hw_gpu_find(const struct hw_catalog *c, const char *name);
const struct hw_server *hw_server_find(const struct hw_catalog *c, const char *name);
const struct hw_link *hw_link_find(const struct hw_catalog *c, const char *name);
const char *hw_gpu_nearest(const struct hw_catalog *c, const char *name);
const char *hw_server_nearest(const struct hw_catalog *c, const char *name);
/* Iterate: i-th, NULL at the end, in file order. */
const struct hw_gpu *hw_gpu_at(const struct hw_catalog *c, size_t i);
const struct hw_server *hw_server_at(const struct hw_catalog *c, size_t i);
const struct hw_link *hw_link_at(const struct hw_catalog *c, size_t i);
const struct hw_fact *hw_fact_at(const struct hw_catalog *c, size_t i);
const struct hw_price *hw_price_at(const struct hw_catalog *c, size_t i);

/* The price of a contract in force on a day (the newest row whose period holds it; region "" = any). NULL when none: unknown is never 0. */
const struct hw_price *hw_price_find(const struct hw_catalog *c, const char *server, const char *contract, const char *region, struct date on);
/* A single fact; NULL when not there. */
const struct hw_fact *hw_fact_find(const struct hw_catalog *c, const char *kind, const char *name, const char *metric);
/* A fact's value in the unit asked for; NaN when there is none, or it measures something else. */
double hw_fact_number(const struct hw_catalog *c, const char *kind, const char *name, const char *metric,
                      const char *unit);

/* A server put together for a GPU in `gpus_per_node` boxes with a given network, for measurements that name only the GPU: intra = the GPU's scale-up link,
 * net_Bps per node (0 = the usual for this GPU and host). Owned by the catalog, made once per distinct request. */
const struct hw_server *hw_server_generic(struct hw_catalog *c, const struct hw_gpu *gpu, int gpus_per_node, double net_Bps);
/* What a GPU in this server may draw: `asked_w` (0 = nobody asked) and the server's limit, at most its TDP. */
double hw_server_gpu_limit_w(const struct hw_server *s, double asked_w);
/* The same box cooled by liquid; owned by the catalog, s itself when nothing is known of its fans. */
const struct hw_server *hw_server_without_fans(struct hw_catalog *c, const struct hw_server *s);
#endif
