/* From a job to the environment in which its operations are priced: every choice made, every constant fetched once. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "hwmodels/clock.h"
#include "sim/train_priv.h"

static bool fail(char *why, size_t size, const char *what) {
  snprintf(why, size, "%s", what);
  return false;
}

static void choose_formats(struct train_env *e) {
  enum dtype want = e->job->plan.precision;
  enum dtype sixteen = hw_compute_dtype(e->gpu, DT_BF16);
  if (want == DT_FP64 || want >= DT_COUNT) /* not given */
    want = e->stack->low_precision ? DT_FP8 : DT_BF16;
  enum dtype got = hw_compute_dtype(e->gpu, want);
  bool low = (want == DT_FP8 || want == DT_FP6 || want == DT_FP4) && (got == DT_FP8 || got == DT_FP6 || got == DT_FP4);
  bool single = want == DT_FP32 || want == DT_TF32; /* TF32 shortens what the products read, nothing that is stored */
  e->high = single ? got : sixteen;
  e->low = low ? got : e->high;
  e->element_bytes = single ? 4 : 2;
  e->grad_bytes = fmax(e->stack->grad_bytes, e->element_bytes);
  e->state_bytes = e->stack->state_bytes - (single ? 4 : 0); /* no master copy */
  e->plan.precision = e->low;
}

/* Sustained clock of a hot cluster under the part's own watts: its own figure, else that of the full part it is made of, less by the power law where it has fewer watts (more are taken to be
 * another chip's, as on GH200), else its architecture's, of boards that have fewer watts for their peak less by the root that kernels show. */
static double sustained_clock(const struct train_env *e, const struct wl_stacks *stacks) {
  const struct hw_gpu *g = e->gpu, *full = hw_full_part(e->job->catalog, g);
  double own = wl_insitu_row(stacks, g->name, "sustained_clock");
  if (isfinite(own))
    return own;
  if (!full)
    return wl_insitu(stacks, g->name, g->arch, "sustained_clock") * hw_board_clock(e->job->catalog, g);
  double watts = fmin(1, g->tdp_w / full->tdp_w);
  return wl_insitu(stacks, full->name, g->arch, "sustained_clock") * pow(watts, wl_insitu(stacks, g->name, g->arch, "power_exponent"));
}

/* Parts that power holds back differ in what their watts buy, and all wait for the slowest; the catalog's clocks are those of
 * the slowest of as many as they were fitted on. Parts that hold their clock are alike. */
static double slowest_clock(double clock, double gpus, double fitted_on, double spread) {
  return clock < 1 ? clock * (1 + spread * train_slowest_of(fitted_on)) / (1 + spread * train_slowest_of(gpus)) : clock;
}

/* A power limit below the TDP lowers it further. */
static void choose_clocks(struct train_env *e, const struct wl_stacks *stacks) {
  const char *gpu = e->gpu->name, *arch = e->gpu->arch;
  e->clock = sustained_clock(e, stacks);
  e->low_rate = e->low == e->high ? 1 : wl_insitu(stacks, gpu, arch, e->low == DT_FP4 ? "fp4_rate" : "low_rate");
  double cap = hw_server_gpu_limit_w(e->server, e->job->gpu_power_w);
  if (e->gpu->tdp_w > cap)
    e->clock *= pow(cap / e->gpu->tdp_w, wl_insitu(stacks, gpu, arch, "power_exponent"));
  e->clock = slowest_clock(e->clock, fmax(e->job->gpus, 1), wl_insitu(stacks, gpu, arch, "clock_gpus"), wl_insitu(stacks, gpu, arch, "gpu_spread"));
  e->network_spread = wl_insitu(stacks, gpu, arch, "network_spread");
  e->optimizer_bytes = wl_insitu(stacks, gpu, arch, "optimizer_bytes");
  e->loop_bytes = wl_insitu(stacks, gpu, arch, "optimizer_loop_bytes");
  e->scales_cast[SCALES_TENSOR] = 1;
  e->scales_cast[SCALES_BLOCK] = wl_insitu(stacks, gpu, arch, "block_cast");
  e->scales_cast[SCALES_ROW] = wl_insitu(stacks, gpu, arch, "row_cast");
  e->tp_overlap = fmax(e->stack->tp_overlap, e->job->async_tp ? wl_insitu(stacks, gpu, arch, "async_tp") : 0);
  e->scan_bytes = wl_insitu(stacks, gpu, arch, "scan_bytes");
  e->biased_experts = e->stack->biased_experts > 0 ? e->stack->biased_experts : wl_insitu(stacks, gpu, arch, "biased_experts");
  e->reserve_bytes = wl_insitu(stacks, gpu, arch, "reserve_bytes");
  e->host_moe_forward = wl_insitu(stacks, gpu, arch, "host_moe_forward");
  e->trained = e->job->lora ? wl_insitu(stacks, gpu, arch, "lora_share") : 1;
}

static int largest_divisor(int n, int most) {
  for (int d = most < n ? most : n; d > 1; d--)
    if (n % d == 0)
      return d;
  return 1;
}

/* Numbers beyond any machine are mistakes; bounding them here keeps products in range later. */
static bool in_range(const struct train_env *e, char *why, size_t size) {
  const struct sim_plan *p = &e->plan;
  const int counts[] = {p->tp, p->pp, p->vpp, p->dp, p->ep, p->cp, p->micro_batch, p->shard, p->etp};
  for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
    if (counts[i] > 1000000)
      return fail(why, size, "a layout of more than a million ranks or sequences");
  double ranks = (double)p->tp * p->pp * p->cp * fmax(p->dp, 1);
  if (e->job->gpus > 10000000 || ranks > 1e7)
    return fail(why, size, "more than ten million GPUs");
  if (e->model->layers > 10000 || (double)p->pp * fmax(p->vpp, 1) > 10000)
    return fail(why, size, "more than ten thousand layers or stages");
  if (!(e->job->seq_len >= 1) || !(e->job->global_batch > 0) || e->job->seq_len > 1e9 || e->job->global_batch > 1e9)
    return fail(why, size, "sequence length and global batch must be positive and at most 1e9");
  return true;
}

static bool choose_layout(struct train_env *e, char *why, size_t size) {
  struct sim_plan *p = &e->plan;
  const struct sim_train_job *j = e->job;
  int *one[] = {&p->tp, &p->pp, &p->cp, &p->micro_batch};
  for (int i = 0; i < 4; i++)
    *one[i] = *one[i] > 0 ? *one[i] : 1;
  if (!in_range(e, why, size))
    return false;
  int model_ranks = p->tp * p->pp * p->cp;
  if (j->gpus <= 0)
    return fail(why, size, "no GPUs");
  if (j->gpus % model_ranks != 0)
    return fail(why, size, "the GPUs are not a multiple of tensor x pipeline x context ranks");
  if (p->dp <= 0)
    p->dp = j->gpus / model_ranks;
  if (p->dp * model_ranks != j->gpus)
    return fail(why, size, "tensor x pipeline x context x data ranks are not the number of GPUs");
  e->data_ranks = p->dp * p->cp;
  if (e->model->experts == 0)
    p->ep = p->etp = 1;
  int expert_room = j->gpus / p->pp; /* ranks of a stage that experts can be spread over */
  if (p->etp <= 0)
    p->etp = 1;
  int zero = p->zero >= 0 ? p->zero : e->stack->zero;
  int spread = zero >= 3 ? e->data_ranks : 8; /* tokens are less to send than sharded experts are to gather */
  if (p->ep <= 0)
    p->ep = largest_divisor(e->data_ranks, e->model->experts < spread ? e->model->experts : spread);
  if (p->ep * p->etp > expert_room || expert_room % (p->ep * p->etp) != 0)
    return fail(why, size, "expert ranks do not fit in a pipeline stage");
  if (p->ep > e->model->experts && e->model->experts > 0)
    return fail(why, size, "more expert ranks than experts");
  e->expert_copies = expert_room / (p->ep * p->etp);
  if (p->tp > e->model->heads)
    return fail(why, size, "more tensor ranks than attention heads");
  if (p->pp > e->model->layers)
    return fail(why, size, "more pipeline stages than layers");
  return true;
}

static bool choose_batches(struct train_env *e, char *why, size_t size) {
  const struct sim_train_job *j = e->job;
  double per_pipeline = j->global_batch / e->plan.dp;
  e->micro_batches = per_pipeline / e->plan.micro_batch;
  if (e->micro_batches > 1e6)
    return fail(why, size, "more than a million micro-batches in a step");
  if (e->micro_batches < 1) { /* fewer sequences than data ranks x micro-batch: the micro-batch shrinks, below one
                                 sequence the job is wrong */
    if (per_pipeline < 1 - 1e-9)
      return fail(why, size, "fewer sequences in a step than data-parallel ranks");
    e->plan.micro_batch = (int)per_pipeline;
    e->micro_batches = per_pipeline / e->plan.micro_batch;
  }
  return true;
}

int train_layers_dealt(const struct train_env *e, int pp) {
  int n = e->model->layers;
  return n % pp != 0 && e->stack->balanced_ends && (n + 2) % pp == 0 ? n + 2 : n;
}

static void choose_schedule(struct train_env *e) {
  struct sim_plan *p = &e->plan;
  if (p->schedule == SCHEDULE_AUTO && p->vpp <= 1)
    p->schedule = (enum sim_schedule)e->stack->schedule; /* the same order of names */
  int m = (int)ceil(e->micro_batches - 1e-9), layers = train_layers_dealt(e, p->pp);
  int per_stage = layers / p->pp;
  if (p->pp == 1)
    p->vpp = 1;
  if (p->vpp <= 0) {
    bool can = p->schedule == SCHEDULE_INTERLEAVED || p->schedule == SCHEDULE_AUTO;
    p->vpp = can && layers % p->pp == 0 && m % p->pp == 0 ? largest_divisor(per_stage, e->stack->interleave) : 1;
    if (p->schedule == SCHEDULE_INTERLEAVED && p->vpp == 1 && per_stage > 1 && m % p->pp == 0)
      p->vpp = 2; /* the least that deserves the name */
  }
  bool dual = p->schedule == SCHEDULE_DUALPIPE && p->pp % 2 == 0 && m >= 2 * p->pp; /* what its order needs */
  if (dual || p->schedule == SCHEDULE_ZERO_BUBBLE)
    p->vpp = 1;
  if (p->schedule == SCHEDULE_AUTO || p->pp == 1 || (p->schedule == SCHEDULE_DUALPIPE && !dual))
    p->schedule = p->vpp > 1 ? SCHEDULE_INTERLEAVED : SCHEDULE_1F1B;
}

static void choose_sharding(struct train_env *e) {
  struct sim_plan *p = &e->plan;
  if (p->zero < 0)
    p->zero = e->stack->zero;
  if (p->shard <= 0 || p->shard > e->data_ranks)
    p->shard = e->data_ranks;
  e->fsdp = p->zero >= 3 ? p->shard : 1;
  if (p->sequence_parallel == 0)
    p->sequence_parallel = e->stack->sequence_parallel ? 1 : -1;
  if (p->tp == 1)
    p->sequence_parallel = -1;
}

/* What the run says of itself, else the stack's; but 8-bit products come with fused modules (Transformer Engine) or a
 * compiler: plain operators have none. */
static enum wl_fusion fusion_of(const struct train_env *e, bool low) {
  if (e->job->fusion != FUSION_OF_STACK)
    return e->job->fusion == FUSION_EAGER ? WL_FUSION_EAGER : WL_FUSION_FULL;
  return low && e->stack->fusion == WL_FUSION_EAGER ? WL_FUSION_FULL : e->stack->fusion;
}

static void set_share(struct train_env *e) {
  bool low = e->low != e->high;
  bool whole = e->plan.zero == 0 || (e->job->autocast && e->plan.zero == 1); /* FSDP and DeepSpeed hold 16-bit weights of their own */
  e->autocast = e->element_bytes <= 2 && !low && !e->job->lora && whole && (e->job->autocast || e->stack->autocast);
  e->share = (struct wl_share){.model = e->model,
                               .seqs = e->plan.micro_batch,
                               .seq_len = e->job->seq_len,
                               .packed_len = !e->job->sft && !e->job->lora ? 0 : e->job->sample_len > 0 ? e->job->sample_len : e->stack->packed_len,
                               .tp = e->plan.tp,
                               .cp = e->plan.cp,
                               .ep = e->plan.ep,
                               .etp = e->plan.etp,
                               .sequence_parallel = e->plan.sequence_parallel > 0,
                               .fusion = fusion_of(e, low),
                               .element_bytes = e->element_bytes,
                               .low_precision = low,
                               .permute = e->stack->moe_permute,
                               .scan_bytes = e->scan_bytes,
                               .biased_experts = e->biased_experts,
                               .cast_bytes = e->stack->cast_bytes * e->scales_cast[e->plan.scales],
                               .expert_cast_bytes = e->stack->cast_bytes,
                               .dispatch_bytes = low ? e->stack->dispatch_bytes : 2,
                               .grad_bytes = e->stack->accumulate_fp32 && e->plan.zero < 3 ? 4 : 0,
                               .frozen = e->job->lora,
                               .adapt_output = e->job->lora_attention || e->stack->adapters == WL_ADAPT_ALL,
                               .adapt_mlp = !e->job->lora_attention && e->stack->adapters == WL_ADAPT_ALL,
                               .dequant_bytes = e->job->qlora ? e->stack->dequant_bytes : 0,
                               .loss_bytes = e->stack->loss_bytes,
                               .autocast = e->autocast,
                               .pads_vocab = e->stack->pads_vocab,
                               .head_in_16bit = e->stack->head_16bit};
}

const struct wl_stack *train_stack(const struct sim_train_job *job, const struct wl_stacks *stacks) {
  const struct hw_gpu *gpu = job->server->gpu;
  bool sharded = job->sharded || job->plan.zero >= 3, tuned = job->tuned || job->lora || job->sft;
  return wl_stack_find(stacks, job->stack, job->model->name, job->year, gpu->name, gpu->arch,
                       !sharded ? WL_CUT : tuned ? WL_TUNED : WL_SHARDED, NULL);
}

bool train_env_begin(struct train_env *e, const struct sim_train_job *job, char *why, size_t why_size) {
  const struct wl_stacks *stacks = job->stacks ? job->stacks : wl_stacks_shipped();
  *e = (struct train_env){.job = job, .server = job->server, .model = job->model, .plan = job->plan};
  if (!job->server || !job->model)
    return fail(why, why_size, "a server and a model are needed");
  if (!stacks)
    return fail(why, why_size, "the catalog of software stacks cannot be read");
  e->gpu = job->server->gpu;
  e->stack = train_stack(job, stacks);
  int domain = job->server->scaleup_domain > 0 ? job->server->scaleup_domain : job->server->gpus;
  e->domain = job->gpus > 0 ? largest_divisor(job->gpus, domain) : 1;
  choose_formats(e);
  choose_clocks(e, stacks);
  e->contention = e->stack->contention;
  return true;
}

bool train_env_lay_out(struct train_env *e, const struct sim_plan *plan, char *why, size_t why_size) {
  enum dtype precision = e->plan.precision; /* as the GPU computes it */
  e->plan = *plan;
  e->plan.precision = precision;
  if (!choose_layout(e, why, why_size) || !choose_batches(e, why, why_size))
    return false;
  choose_schedule(e);
  choose_sharding(e);
  if (e->plan.recompute == RECOMPUTE_AUTO && e->stack->recompute != WL_KEEP_AUTO)
    e->plan.recompute = (enum sim_recompute)e->stack->recompute;
  if (e->plan.recompute == RECOMPUTE_SELECTIVE && e->stack->selective == WL_AGAIN_LAYERS)
    e->plan.recompute = RECOMPUTE_AUTO;
  e->recompute_share = 1;
  e->offload_share = 0;
  e->state_on_host = false;
  set_share(e);
  return true;
}

bool train_env_init(struct train_env *e, const struct sim_train_job *job, char *why, size_t why_size) {
  return train_env_begin(e, job, why, why_size) && train_env_lay_out(e, &job->plan, why, why_size);
}

int train_ranks_per_node(const struct train_env *e, int ranks, int stride) {
  int room = e->domain / (stride > 0 ? stride : 1);
  return room < 1 ? 1 : room < ranks ? room : ranks;
}
