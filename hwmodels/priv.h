/* What the files of hwmodels share and nobody else sees: the catalog's inside and the parameters that are resolved from
 * its rows at load, so that no model does string work later. */
#ifndef HWMODELS_PRIV_H
#define HWMODELS_PRIV_H
#include <stdint.h>
#include "base/mem.h"
#include "hwmodels/catalog.h"
#include "hwmodels/collective.h"
#include "hwmodels/kernels.h"

struct hwi_slot { /* open-addressing index from a hashed key to a number */
  uint64_t key;
  size_t value; /* + 1; 0 = empty */
};
struct hwi_index {
  struct hwi_slot *slot;
  size_t size, used;
};
void hwi_index_put(struct hwi_index *x, uint64_t key, size_t value); /* replaces */
bool hwi_index_get(const struct hwi_index *x, uint64_t key, size_t *ret_value);
void hwi_index_free(struct hwi_index *x);

struct hwi_alias {
  const char *alias, *kind, *name;
};
struct hwi_generic {
  struct hw_server *server;
  double asked_Bps;
};
struct hw_catalog {
  struct arena *arena;
  struct hw_fact *fact;
  size_t n_fact, cap_fact;
  struct hwi_index by_key;  /* kind, name, metric -> fact */
  struct hwi_index by_word; /* kinds, and metrics of a kind, that shipped rows have */
  struct hwi_alias *alias;
  size_t n_alias, cap_alias;
  struct hwi_index by_alias; /* kind, alias -> alias */
  struct hw_link *link;
  struct hw_gpu *gpu;
  struct hw_server *server;
  struct hw_price *price;
  int *price_layer; /* which directory a price came from: later ones win */
  size_t n_link, n_gpu, n_server, n_price, cap_price;
  struct hwi_index by_name; /* kind, name -> place in the array of that kind */
  struct hwi_generic *generic;
  size_t n_generic, cap_generic;
};

uint64_t hwi_name_hash(const char *kind, const char *name,
                       const char *metric); /* metric NULL = none; name case, blanks, '-', '_' ignored */
const char *hwi_canonical(const struct hw_catalog *c, const char *kind, const char *name); /* through the aliases */
const struct hw_gpu *hwi_gpu_by_tokens(const struct hw_catalog *c, const char *name);

/* A number from a fact, converted into `unit`; NaN when there is no such fact or it is text ("unsupported" is 0). */
double hwi_number(const struct hw_catalog *c, const char *kind, const char *name, const char *metric, const char *unit);
const char *hwi_text(const struct hw_catalog *c, const char *kind, const char *name,
                     const char *metric); /* NULL = none */

void hwi_build_views(struct hw_catalog *c, struct errs *errs);
const char *hwi_member_at(const char *kind, size_t i); /* the i-th metric that the view of a kind reads; NULL at the end */

/* Words of own rows (vocabulary.c): the shipped rows teach, own ones are checked. */
void hwi_word_note(struct hw_catalog *c, const struct hw_fact *shipped);
void hwi_word_check(const struct hw_catalog *c, const struct hw_fact *own, struct errs *errs);
void hwi_names_check(const struct hw_catalog *c, struct errs *errs); /* own rows are about parts that exist; after the views */
/* Rows of metric `like` take over what they do not state (like.c); before the views are built. */
void hwi_expand_likes(struct hw_catalog *c, struct errs *errs);

/* ---- parameters of the models ---- */
enum { HWI_TILES = 6 };
struct hwi_gemm {
  double t0_s;                           /* launch and drain */
  double eff_c, eff_m;                   /* best share of dense peak and of memory bandwidth */
  double p;                              /* how sharply the roofline bends: norm of compute and memory time */
  double k0;                             /* prologue, in elements of K */
  double wave;                           /* 0 = work spreads evenly over SMs, 1 = whole waves of tiles */
  double split_s;                        /* what splitting K costs besides its traffic */
  double tile_exponent, tile[HWI_TILES]; /* efficiency of each tile against the largest: (area / largest)^exponent */
  const struct hw_fact *from;            /* the row that eff_c came from */
};
struct hwi_attn {
  double eff_64, eff_128, eff_256; /* best share of dense peak at head sizes 64, 128 and 256 */
  double half_len;                 /* mean length that a query sees and that reaches half of it */
  double backward;                 /* rate of the backward pass / forward */
  double unequal;                  /* rate with different head sizes of keys and values (MLA) / the same */
  double t0_s;
  const struct hw_fact *from;
};
struct hwi_kernels {
  enum dtype compute[DT_COUNT];
  struct hwi_gemm gemm[DT_COUNT], grouped[DT_COUNT], moe_gemm[DT_COUNT];
  struct hwi_attn attn[HW_ATTN_COUNT];
  double unfused_bytes_fwd, unfused_bytes_bwd, unfused_misaligned;
  double gemm_misaligned; /* time of a product whose rows do not begin at multiples of 16 bytes / of one whose rows do */
  struct hwi_decode {
    double eff_m, eff_c; /* best share of memory bandwidth and of dense peak */
    double t0_s, seq_s;  /* launch; per sequence */
    double fill;         /* sequences that reach half of the rate: how badly a kernel splits one sequence over SMs */
    double p;            /* norm of compute and memory time */
  } decode, mla;
  struct hwi_moe {               /* fused expert layers of serving engines: both grouped GEMMs, routing, permutation */
    double launch_s, row_passes; /* per layer; how often a row of the model's width is moved per token and expert chosen
                                    on any rank */
  } moe[DT_COUNT];
  double stream_eff, stream_t0_s;
  double quant_eff[DT_COUNT], quant_t0_s[DT_COUNT]; /* activations into that format before a GEMM */
};
void hwi_kernels_resolve(struct hw_catalog *c, struct errs *errs);

struct hwi_power { /* shares of TDP, see power.h */
  double busy, comm, mem, comp;
};
void hwi_power_resolve(struct hw_catalog *c, struct errs *errs);
void hwi_collective_resolve(struct hw_catalog *c, struct errs *errs);

/* Rows about a GPU, nearest first (inherit.c); kind "kernel", "power" or "arch". */
enum { HWI_CHAIN = 40 };
struct hwi_chain {
  uint64_t name[HWI_CHAIN]; /* hashes of kind and name */
  int n;
};
struct hwi_chain hwi_chain_of(const struct hw_catalog *c, const char *kind, const struct hw_gpu *g);
const struct hw_fact *hwi_inherited(const struct hw_catalog *c, const struct hwi_chain *chain,
                                    const char *metric); /* NULL = nowhere */
const struct hw_fact *hwi_inherit(const struct hw_catalog *c, const char *kind, const struct hw_gpu *g,
                                  const char *metric); /* both in one */
#endif
