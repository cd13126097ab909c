/* Serving engines as dated catalog rows (workloads/catalog/engines.csv): engine,from,host,metric,value,unit,grade,source. A value holds for its
 * engine from that month on until a newer row; rows of engine "any" are the default for all, rows with a host class win over rows without.
 * Releases are rows of metric `release` (value = version), so a version is a date and an unknown version falls back to its year. */
#ifndef WORKLOADS_ENGINES_H
#define WORKLOADS_ENGINES_H
#include <stdbool.h>
#include <stddef.h>
#include "base/date.h"
#include "base/err.h"

enum wl_policy { WL_POLICY_STATIC, WL_POLICY_PREFILL_FIRST, WL_POLICY_CHUNKED, WL_POLICIES };
struct wl_engine {
  char name[48];            /* "vLLM 0.7.3" as resolved */
  struct date as_of;        /* the month its facts are taken for */
  /* scheduler */
  enum wl_policy policy;
  double budget_tokens;     /* of one iteration */
  double max_seqs;
  double small_below_bytes, small_seqs, small_tokens; /* GPUs with less memory than that have these limits by default; 0 = alike */
  double embedded_seqs, embedded_tokens; /* the same two where another program drives the engine without its server; 0 = alike */
  bool reserve;             /* admits on prompt + output; else on the prompt, and evicts the newest when memory runs out */
  double watermark;         /* share of the cache kept free at admission */
  double kv_share;          /* of memory: of all of it, or of what is free after weights when kv_of_free */
  bool kv_of_free;
  double block_tokens;
  double swap_bytes;        /* host memory for swapped caches, per GPU, where swapping is asked for */
  double fair_output;       /* fair queueing: what a written token counts, in read ones */
  double act_fixed_bytes;   /* workspace besides activations and logits */
  double act_token_bytes;   /* reserved for activations, for each token of an iteration; 0 = what the model needs */
  double logit_bytes;       /* workspace per logit of the most sequences */
  bool prefix_cache;        /* prompts share cached prefixes unless told otherwise */
  bool repeat_found;        /* and a prompt sent before is found as a whole in benchmarks that send one set over and over */
  double kv_overlap;        /* prompts read for another instance: share of their cache that goes out, layer by layer or piece by piece, while they are read */
  bool first_at_decode;     /* and the first token reaches the client from the decode side, after the transfer */
  double start_s;           /* from the command to the first request, weights aside: imports, compilation, memory profile, graphs */
  bool kv_follows;          /* weights in floats of 8 bits or less bring an 8-bit cache; integers do not */
  double auto_bits;         /* the builder takes floats of that few bits by itself where the GPU has units for them; 0 = never */
  double auto_int_bits;     /* the same for weights alone, in integers, of decoders on GPUs that have no such units */
  /* host */
  bool overlap;             /* eager launch: an iteration takes max(host, device), else their sum */
  double h_iter_s, h_layer_s, h_seq_s, h_prompt_s, h_tp_s /* when several ranks are led by one process */;
  double h_expert_s;        /* per expert that a rank holds and layer: eager loops over experts one by one; 0 = grouped kernels */
  double h_int4_layer_s, h_int8_layer_s; /* more of h_layer where weights are integers that libraries multiply by several calls each; 0 = one kernel each */
  double w_expert_s;        /* per expert that a rank holds and layer, where integer weights of experts are widened by kernels that are launched expert by expert */
  double pad_tokens;        /* encoders: lengths that kernels are built for; several prompts are packed without gaps */
  double h_kernel_s;        /* to launch one kernel of an iteration with prompts, which runs without a graph; the device waits for it */
  double h_eager_s;         /* to launch one kernel of a decode step that no graph replays; the device does not wait, but the step is not over before all are launched */
  double graph_seqs, small_graph_seqs; /* sequences that graphs are captured for, the second on GPUs below small_below; 0 = any number, and alike */
  double h_stream_s;        /* per sequence and iteration for streaming tokens to clients */
  bool lead_one_batch;      /* h_tp is paid for a batch filled once, too; else its ranks run the same loop by themselves */
  bool h_leader;            /* with data-parallel attention one process hands out and gathers the tokens of all ranks: h_seq of all of them, not of one rank's share */
  double host_f;            /* all of these on this host class */
  double flood_request_s, flood_input_s, flood_token_s; /* requests sent all at once: what a request and a prompt token cost the server's process, and a streamed token it and the client */
  double flood_encoded_s;   /* flood_request of models whose prompts are encoded by their publisher's library */
  double client_s;          /* HTTP, tokeniser, queue hand-over: once per request, seen in its first-token time */
  /* kernels in this engine, relative to the kernel models of hwmodels; 1 = as measured alone */
  double launch_f /* start-up of GEMM kernels that follow each other in a graph */, gemm_f, attn_prefill_f, attn_decode_f, moe_f /* of grouped products; fused layers are taken as measured */, moe_skew /* rows of the busy among many small experts / mean */,
      rank_skew /* rows of the fullest rank of an expert-parallel group / mean */, ar_lat_f, ar_bw_f;
  bool moe_fused;           /* experts in 8-bit floats run as one fused layer; else, and in other formats, as grouped products */
  double widen_ops;         /* instructions of vector units that widen one weight, for each strip of 16 rows; 0 = they hide behind memory */
  double widen_rows;        /* 4-bit weights are widened as a whole, through memory, for more rows than this; 0 = kernels for any number */
  double block_draw;        /* decode attention is not split along the context: one block a head, which draws so many times an SM's share of the memory bandwidth; 0 = split */
  double w4_compute_f, w8_compute_f;             /* weight-only formats: share of the dense peak that kernels reach which widen weights */
  double ar_direct_s, ar_direct_rank_s;          /* latency of the engine's own all-reduce over a scale-up link: fixed, and per rank; 0 = has none */
  double widened_f;         /* with many rows weights are widened once, into memory or for a whole tile, and multiplied at this share of the pace of 16-bit ones; 0 = never */
  bool kv_copied;           /* each step appends to the cache by copying it, and repeats heads that queries share */
  bool layer_split;         /* several GPUs hold layers one after the other and work one after the other unless a layout is stated */
  double fused_tokens;      /* encoders: longest prompts that the fused attention kernels are built for; scores of longer ones are written to memory; 0 = any */
  bool attn_unfused;        /* prompt attention writes its scores to memory, as before fused kernels */
  double ew_kernels, ew_tensors;                 /* small kernels and element-wise traffic (tensors of tokens x hidden) a layer */
  double sample_s, sample_seq_s;
  double filter_cycles, filter_few_cycles; /* of one SM for each logit where requests ask for top-p (sorting them all, or searching for the threshold), and for each of the first
                                              rows, which do not fill the GPU */
  double vector_attention;  /* > 0: decode attention runs on vector units at this share of their FP32 peak */
  double draft_accept;      /* share of drafted tokens that are accepted, given that the one before was */
  double a2a_overlap;       /* share of the all-to-all hidden behind compute (two-batch overlap) */
};
struct wl_engines;
/* Tokens a step gives when `drafts` are made and each is taken with probability `accept` if the one before was: 1 + a + a^2 ... */
double wl_draft_tokens(double accept, int drafts);
/* Its inverse: drafts a step (not a whole number) that give so many tokens, at most WL_MOST_DRAFTS. */
enum { WL_MOST_DRAFTS = 8 };
double wl_drafts_for(double accept, double tokens);
struct wl_engines *wl_engines_load(const char *const *dirs, size_t n, struct errs *errs); /* reads engines.csv of each, later ones add and win */
void wl_engines_free(struct wl_engines *e);
/* spec: "vLLM 0.7.3", "vLLM", "" (= the default engine). year 0 and no version = the newest. host may be "". false: unknown engine. */
bool wl_engine_get(const struct wl_engines *e, const char *spec, int year, int month, const char *host, struct wl_engine *ret);
/* Names in measurements. resolve: the engine that a word names, by name, alias or as a part of it ("vllm-ascend"); NULL. version_in: what stands at the engine's name or
 * alias in a text ("vLLM: v0.10.2"). decoder: the engine that runs decoders under this one's name; NULL. */
const char *wl_engine_resolve(const struct wl_engines *e, const char *word);
bool wl_engine_version_in(const struct wl_engines *e, const char *name, const char *text, char *ret, size_t size);
const char *wl_engine_decoder(const struct wl_engines *e, const char *spec);
const char *wl_engine_encoder(const struct wl_engines *e, const char *spec);     /* the same for encoders */
const char *wl_engine_unsupported(const struct wl_engines *e, const char *spec); /* why its runs are not modelled; NULL: they are */
/* Does the word name a house or a server under which other engines run as well ("Hugging Face TGI", "Triton with vLLM")? What stands beside it then counts first. */
bool wl_engine_is_umbrella(const struct wl_engines *e, const char *word);
const char *wl_engine_nearest(const struct wl_engines *e, const char *spec);
const char *wl_engine_name_at(const struct wl_engines *e, size_t i); /* distinct names, NULL at the end */
#endif
