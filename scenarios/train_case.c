#include "scenarios/train_case.h"
#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/units.h"
#include "workloads/model_guess.h"

enum { FILLING_SEQS = 8 }; /* sequences of a step per data rank, where nothing is said of the batch */

struct reader {
  const struct training_tables *k;
  const struct csv_table *t;
  size_t row;
  struct train_case *c;
};

static const char *text(const struct reader *r, const char *column) {
  return csv_cell(r->t, r->row, csv_column(r->t, column));
}

/* 0 = not stated; what is no number counts as not stated. */
static double number(const struct reader *r, const char *column) {
  double v;
  return units_number(text(r, column), &v) && v > 0 && v < 1e15 ? v : 0;
}

static int count(const struct reader *r, const char *column) {
  double v = number(r, column);
  return v < 1e8 ? (int)v : 0;
}

__attribute__((format(printf, 3, 4))) static bool give_up(const struct reader *r, enum val_status s, const char *fmt,
                                                          ...) {
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(r->c->note, sizeof r->c->note, fmt, ap);
  va_end(ap);
  r->c->status = s;
  return false;
}

static void assume(struct train_case *c, const char *what) {
  size_t n = strlen(c->note);
  snprintf(c->note + n, sizeof c->note - n, "%s%s", n ? "; " : "assumed: ", what);
}

/* ---- what sources say in prose ---- */
static bool says(const struct reader *r, const char *phrase) {
  return strstr(text(r, "notes"), phrase) != NULL;
}

/* The kind of training: titles of tables and names of models say it, seldom a column of its own. */
static bool titled(const struct reader *r, const char *word) {
  return strstr(text(r, "source"), word) || strstr(text(r, "model"), word) || says(r, word);
}

/* The number that ends right before `unit` ("15.6T tokens", "4194304 tokens per step"), blanks, '+' and '~' aside; 0
 * when there is none. */
static double number_before(const char *notes, const char *unit) {
  const char *at = strstr(notes, unit);
  if (!at)
    return 0;
  const char *end = at;
  while (end > notes && (end[-1] == ' ' || end[-1] == '+'))
    end--;
  const char *start = end;
  while (start > notes && (isdigit((unsigned char)start[-1]) || start[-1] == '.'))
    start--;
  double v;
  return start < end && units_leading_number(start, &v) ? v : 0;
}

static double number_after(const char *notes, const char *key) {
  const char *at = strstr(notes, key);
  double v;
  return at && units_leading_number(at + strlen(key), &v) ? fmax(v, 0) : 0;
}

static double tokens_of_run(const char *notes) {
  double t = number_before(notes, "T tokens") * 1e12;
  if (t == 0)
    t = number_before(notes, "T+ tokens") * 1e12;
  return t > 0 ? t : number_before(notes, "B tokens") * 1e9;
}

/* ---- the machine ---- */
/* A trailing "-500W" is a power limit. */
static bool read_gpu(const struct reader *r, const struct hw_gpu **ret) {
  char name[96];
  snprintf(name, sizeof name, "%s", text(r, "gpu"));
  if (!*name)
    return give_up(r, VAL_INCOMPLETE, "gpu is not stated");
  char *dash = strrchr(name, '-');
  double watts = 0;
  const char *end = dash ? units_leading_number(dash + 1, &watts) : NULL;
  if (end && watts > 0 && strcmp(end, "W") == 0) {
    r->c->job.gpu_power_w = watts;
    *dash = '\0';
  }
  *ret = hw_gpu_find(r->k->catalog, name);
  for (char *cut = strrchr(name, '-'); !*ret && cut; cut = strrchr(name, '-')) {
    *cut = '\0';
    *ret = hw_gpu_find(r->k->catalog, name);
  }
  return *ret ? true : give_up(r, VAL_UNSUPPORTED, "unknown GPU '%s': add a catalog row", text(r, "gpu"));
}

/* How many links: the 8 of "8x400 Gb/s", 1 where there is no such factor. */
static double links_before(const char *s, const char *unit) {
  while (unit > s && (unit[-1] == ' ' || isdigit((unsigned char)unit[-1]) || unit[-1] == '.'))
    unit--;
  const char *end = unit > s && unit[-1] == 'x' ? unit - 1 : s, *start = end;
  while (start > s && isdigit((unsigned char)start[-1]))
    start--;
  double n;
  return start < end && units_leading_number(start, &n) && n > 0 ? n : 1;
}

/* "400 Gb/s per GPU ...", "800 Gb/s per node", "8x400 Gb/s per node", "50 GB/s per GPU", "4 Omni-Path links per node" -> bytes/s per node; 0 =
 * not stated. */
static double network_of(const char *s, int gpus_per_node) {
  const char *rate = strstr(s, "Gb/s"), *bytes = strstr(s, "GB/s");
  double v = rate ? number_before(s, "Gb/s") / 8 : bytes ? number_before(s, "GB/s") : 0;
  const char *unit = rate ? rate : bytes;
  v *= unit ? links_before(s, unit) : 1;
  if (v == 0 && strstr(s, "Omni-Path"))
    return number_before(s, "Omni-Path") * 12.5e9;
  const char *node = unit ? strstr(unit, "per node") : NULL, *gpu = unit ? strstr(unit, "per GPU") : NULL;
  if (node && (!gpu || node < gpu))
    return v * 1e9;
  return v * 1e9 * gpus_per_node;
}

/* Clusters that train have a port per GPU (before 2020 one per two), whatever the machine that the catalog knows the GPU from has. */
static double cluster_network(const struct reader *r, const struct hw_server *usual, int per_node) {
  const struct hw_gpu *gpu = usual->gpu;
  double year = number(r, "year");
  int ports = year > 0 && year < 2020 ? (per_node + 1) / 2 : per_node;
  if (!gpu->scaleup || !usual->nic || usual->nics >= ports)
    return 0;
  return usual->nic->raw_Bps * ports;
}

static bool read_machine(const struct reader *r) {
  const struct hw_gpu *gpu = NULL;
  if (!read_gpu(r, &gpu))
    return false;
  int per_node = count(r, "gpus_per_node");
  if (per_node == 0)
    per_node = gpu->scaleup && hw_fact_find(r->k->catalog, "gpu", gpu->name, "scaleup_domain") ? 4 : 8;
  const char *inter = text(r, "interconnect_inter");
  double share = strstr(inter, "Omni-Path") ? wl_insitu(r->k->stacks, "Omni-Path", "", "net_share") : 1;
  double net = share * network_of(inter, per_node);
  r->c->job.server = hw_server_generic(r->k->catalog, gpu, per_node, net);
  if (net == 0 && r->c->job.server)
    net = cluster_network(r, r->c->job.server, per_node);
  if (net > 0)
    r->c->job.server = hw_server_generic(r->k->catalog, gpu, per_node, net);
  if (r->c->job.server && (says(r, "immersion cooled") || says(r, "liquid cooled")))
    r->c->job.server = hw_server_without_fans(r->k->catalog, r->c->job.server);
  r->c->job.catalog = r->k->catalog;
  return r->c->job.server ? true : give_up(r, VAL_UNSUPPORTED, "no server for GPU '%s'", gpu->name);
}

/* ---- the model ---- */
/* What the row says of a model that no file describes; a size in its name where no column states one. */
static struct wl_model_size size_of(const struct reader *r) {
  const char *name = text(r, "model");
  struct wl_model_size s = {.name = name,
                            .params = number(r, "params_total_B") * 1e9,
                            .active = number(r, "params_active_B") * 1e9,
                            .layers = count(r, "layers"),
                            .hidden = count(r, "hidden"),
                            .heads = count(r, "heads"),
                            .kv_heads = count(r, "kv_heads"),
                            .ffn = count(r, "ffn_hidden"),
                            .vocab = count(r, "vocab"),
                            .experts = count(r, "moe_experts"),
                            .topk = count(r, "moe_topk"),
                            .moe_every = says(r, "every second layer") ? 2 : 1,
                            .placed_experts = count(r, "ep") > 1,
                            .stages = wl_model_find(r->k->models, name) ? 0 : count(r, "pp"),
                            .year = number(r, "year")};
  wl_size_from_name(&s);
  return s;
}

/* A known model with what the row states otherwise: a proxy has fewer layers (dense ones and prediction heads shrink
 * with it). */
static void override_shape(const struct reader *r, struct wl_model *m) {
  struct {
    const char *column;
    int *at;
  } f[] = {{"heads", &m->heads}, {"kv_heads", &m->kv_heads}, {"vocab", &m->vocab}};
  for (size_t i = 0; i < 3; i++)
    if (count(r, f[i].column) > 0 && !(m->mla && i == 1))
      *f[i].at = count(r, f[i].column);
  if (m->experts == 0 && count(r, "ffn_hidden") > 0)
    m->ffn = count(r, "ffn_hidden");
  int layers = count(r, "layers");
  if (layers == 0 || layers == m->layers)
    return;
  if (layers < m->layers) {
    double share = (double)layers / m->layers;
    m->dense_layers = m->dense_layers > 0 ? (int)fmax(1, round(m->dense_layers * share)) : 0;
    m->mtp_layers = 0;
  }
  m->layers = layers;
}

static bool read_model(const struct reader *r) {
  struct wl_model *m = &r->c->model;
  const char *name = text(r, "model");
  struct wl_model_size size = size_of(r);
  const struct wl_model *known = *name ? wl_model_read(r->k->models, name) : NULL;
  if (known && size.hidden > 0 && known->hidden != size.hidden)
    known = NULL; /* another model of that name */
  r->c->job.model = m;
  if (known) {
    *m = *known;
    override_shape(r, m);
    if (strstr(name, "w/o MTP"))
      m->mtp_layers = 0;
    size.active = 0;
    wl_model_set_experts(r->k->stacks, &size, m);
    return true;
  }
  if (!wl_model_guess(r->k->stacks, &size, m))
    return give_up(r, VAL_INCOMPLETE, "model '%s' is unknown and neither its size nor its layers and width are stated", name);
  assume(r->c, "model shape from the row");
  return true;
}

/* ---- the layout ---- */
static enum dtype precision_of(const char *s) {
  if (strstr(s, "FP4") || strstr(s, "fp4"))
    return DT_FP4;
  if (strstr(s, "16"))
    return DT_BF16;
  if (strchr(s, '8'))
    return DT_FP8;
  if (strstr(s, "32"))
    return strstr(s, "TF32") || strstr(s, "tf32") ? DT_TF32 : DT_FP32;
  return DT_FP64; /* not stated */
}

/* What the scales of a low format belong to: the precision says it. */
static enum sim_scales scales_of(const struct reader *r) {
  const char *s = text(r, "precision");
  if (strstr(s, "row"))
    return SCALES_ROW;
  return strstr(s, "MX") || strstr(s, "block") || says(r, "parenthesised variant: different FP8") ? SCALES_BLOCK : SCALES_TENSOR;
}

static void read_sharding(const struct reader *r, struct sim_plan *p) {
  const char *z = text(r, "zero_stage_fsdp");
  p->zero = -1;
  if (strstr(z, "no FSDP") || !*z)
    return;
  if (strstr(z, "SHARD_GRAD_OP") || strstr(z, "ZeRO-2") || strstr(z, "reshard_after_forward=never"))
    p->zero = 2; /* weights stay gathered between the passes */
  else if (strstr(z, "FSDP") || strstr(z, "ZeRO-3"))
    p->zero = 3;
  else if (strstr(z, "ZeRO"))
    p->zero = 1;
  p->shard = (int)fmax(fmax(number_after(z, "FSDP="), number_after(z, "FSDP ")),
                       fmax(number_after(z, "group="), number_after(z, "group ")));
}

static void read_recompute(const struct reader *r, struct sim_plan *p) {
  const char *s = text(r, "activation_recompute");
  p->recompute = strstr(s, "full")        ? RECOMPUTE_FULL
                 : strstr(s, "selective") ? RECOMPUTE_SELECTIVE
                 : strcmp(s, "none") == 0 ? RECOMPUTE_NONE
                                          : RECOMPUTE_AUTO;
  if (!*s && says(r, "gradient checkpointing on"))
    p->recompute = RECOMPUTE_FULL;
}

/* A run whose layout the row leaves out: as its publication says. */
static void lay_out_as_published(const struct wl_trainer *w, struct sim_plan *p) {
  p->tp = w->tp;
  p->pp = w->pp;
  p->vpp = w->vpp;
  p->cp = p->cp > 0 ? p->cp : w->cp;
  p->ep = p->ep > 0 ? p->ep : w->ep;
  p->micro_batch = p->micro_batch > 0 ? p->micro_batch : w->micro_batch;
}

static void read_plan(const struct reader *r) {
  struct sim_plan *p = &r->c->job.plan;
  *p = (struct sim_plan){.tp = count(r, "tp"),
                         .pp = count(r, "pp"),
                         .vpp = count(r, "vpp"),
                         .dp = count(r, "dp"),
                         .ep = count(r, "ep"),
                         .cp = count(r, "cp"),
                         .micro_batch = count(r, "micro_batch")};
  p->etp = (int)number_after(text(r, "notes"), "ETP=");
  const char *sp = text(r, "sequence_parallel");
  p->sequence_parallel = *sp == 'y' ? 1 : *sp == 'n' ? -1 : 0;
  p->precision = precision_of(text(r, "precision"));
  p->scales = scales_of(r);
  if (says(r, "DualPipe"))
    p->schedule = SCHEDULE_DUALPIPE;
  if (says(r, "Interleaved"))
    p->schedule = SCHEDULE_INTERLEAVED;
  read_sharding(r, p);
  read_recompute(r, p);
  if (r->c->published && p->tp == 0 && p->pp == 0)
    lay_out_as_published(r->c->published, p);
  if (*text(r, "zero_stage_fsdp") && p->tp == 0 && p->pp == 0 && p->zero >= 3)
    p->tp = p->pp = 1;
  bool whole = p->tp <= 1 && p->pp <= 1, tuning = r->c->job.tuned;
  r->c->job.sharded = p->zero >= 3 || (whole && (p->zero >= 1 || tuning || count(r, "num_gpus") == 1));
}

/* GPUs, sequences and their length; data ranks that contradict the GPU count give way (some sources count them their
 * own way). */
static bool read_sizes(const struct reader *r) {
  struct train_case *c = r->c;
  struct sim_plan *p = &c->job.plan;
  const char *notes = text(r, "notes");
  bool stated = p->tp > 0 && p->pp > 0;
  int one_copy = (p->tp > 0 ? p->tp : 1) * (p->pp > 0 ? p->pp : 1) * (p->cp > 0 ? p->cp : 1);
  const struct wl_trainer *w = c->published;
  c->job.gpus = count(r, "num_gpus");
  if (c->job.gpus == 0 && w && w->gpus > 0) {
    c->job.gpus = w->gpus;
    c->guessed_gpus = true;
  }
  if (c->job.gpus == 0 && stated)
    c->job.gpus = one_copy * (p->dp > 0 ? p->dp : 1);
  if (p->dp > 0 && stated && p->dp * one_copy != c->job.gpus)
    p->dp = 0;
  bool known;
  const struct wl_stack *s = wl_stack_find(r->k->stacks, c->software, c->model.name, number(r, "year"), c->job.server->gpu->name,
                                           c->job.server->gpu->arch, !c->job.sharded ? WL_CUT : c->job.tuned ? WL_TUNED : WL_SHARDED, &known);
  c->job.seq_len = number(r, "seq_len");
  const struct wl_trainer *usual = w || known ? w : wl_trainer(r->k->stacks, c->model.name, c->job.server->gpu->arch);
  if (c->job.seq_len == 0 && usual) /* an unknown framework has no habits: the length that the model was published with */
    c->job.seq_len = usual->seq_len;
  if (c->job.seq_len == 0) {
    c->job.seq_len = s->seq_len;
    assume(c, "sequence length");
  }
  c->tokens = tokens_of_run(notes);
  c->job.global_batch = number(r, "global_batch");
  double step_tokens = number_before(notes, "tokens per step");
  if (step_tokens == 0)
    step_tokens = number_before(notes, "M tokens") * 1e6;
  if (c->job.global_batch == 0 && step_tokens > 0)
    c->job.global_batch = step_tokens / c->job.seq_len;
  if (c->job.global_batch == 0 && w)
    c->job.global_batch = w->global_batch;
  if (p->zero < 0)
    p->zero = s->zero;
  c->micro_batches = s->micro_batches;
  return true;
}

/* Frameworks that cut a step into so many micro-batches per pipeline stage do so where the layout does not say. */
static void cut_step(struct train_case *c) {
  struct sim_plan *p = &c->job.plan;
  if (p->micro_batch > 0 || p->pp <= 1 || p->tp == 0 || c->micro_batches == 0)
    return;
  int data = p->dp > 0 ? p->dp : c->job.gpus / (p->tp * p->pp * (p->cp > 0 ? p->cp : 1));
  p->micro_batch = (int)fmax(1, round(c->job.global_batch / fmax(data, 1) / (p->pp * c->micro_batches)));
}

/* A run whose size is not stated: what is usual for models of its size, or what the model needs. GPU-hours hardly depend
 * on it. */
static void guess_sizes(const struct reader *r) {
  struct train_case *c = r->c;
  struct sim_plan *p = &c->job.plan;
  struct wl_counts n;
  wl_model_count(&c->model, &n);
  const struct wl_trainer *usual = wl_usual_trainer(r->k->stacks, number(r, "year"), n.params);
  if (c->job.gpus == 0) {
    int one_copy = (p->tp > 0 ? p->tp : 1) * (p->pp > 0 ? p->pp : 1);
    c->job.gpus = one_copy * (int)fmax(1, round((double)usual->gpus / one_copy));
    c->guessed_gpus = true;
    assume(c, "number of GPUs");
  }
  if (c->job.global_batch > 0)
    return;
  int data = p->dp > 0 ? p->dp : p->tp > 0 && p->pp > 0 ? c->job.gpus / (p->tp * p->pp * (p->cp > 0 ? p->cp : 1)) : 0;
  double local = number_after(text(r, "notes"), "local batch "), mbc = number_after(text(r, "notes"), "(mbc)=");
  double accumulate = fmax(number_after(text(r, "notes"), "GA="), number_after(text(r, "notes"), "grad_accum="));
  int mb = p->micro_batch > 0 ? p->micro_batch : 1;
  if (data > 0 && local > 0)
    c->job.global_batch = local * data;
  else if (data > 0 && (mbc > 0 || accumulate > 0)) {
    c->job.global_batch = fmax(mbc, accumulate) * mb * data;
    p->micro_batch = mb;
  } else if (data > 0) { /* who recomputes everything has room for more than one sequence: the search finds how many */
    bool filled = p->micro_batch == 0 && p->pp <= 1 && p->recompute == RECOMPUTE_FULL;
    c->job.global_batch = (double)mb * data * (p->pp > 1 ? usual->micro_batches * p->pp : filled ? FILLING_SEQS : 1);
    assume(c, "batch");
  } else {
    c->job.global_batch = fmax(round(usual->step_tokens / c->job.seq_len), c->job.gpus);
    assume(c, "batch");
  }
}

static bool same_framework(const char *a, const char *b) {
  size_t n = strcspn(a, " ");
  return n > 0 && n == strcspn(b, " ") && strncmp(a, b, n) == 0;
}

/* The publication that the row may be about: it says nothing of its software, or names the same and no other number of GPUs. */
static const struct wl_trainer *publication_of(const struct reader *r) {
  const struct wl_trainer *w = wl_trainer(r->k->stacks, r->c->model.name, r->c->job.server->gpu->arch);
  const char *software = text(r, "software");
  int gpus = count(r, "num_gpus");
  if (!w || !*software)
    return w;
  return same_framework(software, w->software) && w->gpus > 0 && (gpus == 0 || gpus == w->gpus) ? w : NULL;
}

/* "LoRA (rank 16, attention)", "LoRA, attention only": adapters beside attention's products alone; "(flash attention)" is a kernel. */
static bool adapts_attention(const struct reader *r) {
  return says(r, "LoRA") && (says(r, "attention)") || says(r, "attention only")) && !says(r, "lash attention)") && !says(r, "lash-attention)");
}

/* Software in force: the name and date of the column, else what the model was published to be trained with; whether it
 * ran eagerly or compiled is told in prose. */
static void read_software(const struct reader *r) {
  struct train_case *c = r->c;
  const char *name = text(r, "software");
  c->published = publication_of(r);
  if (c->published && !*name)
    name = c->published->software;
  snprintf(c->software, sizeof c->software, "%s", name);
  c->job.stack = c->software;
  c->job.stacks = r->k->stacks;
  c->job.year = number(r, "year");
  c->job.lora = titled(r, "LoRA");
  c->job.lora_attention = adapts_attention(r);
  c->job.qlora = titled(r, "QLoRA") || titled(r, "Q-LoRA");
  c->job.sft = titled(r, "SFT");
  c->job.tuned = c->job.lora || c->job.sft || titled(r, "inetun") || titled(r, "ine-tun");
  const struct wl_dataset *samples = wl_dataset_for(r->k->datasets, text(r, "notes"));
  c->job.sample_len = samples && *samples->match ? samples->input.mean : 0;
  c->job.fusion = says(r, "eager") ? FUSION_EAGER : says(r, "torch.compile") || says(r, "torch compile") ? FUSION_COMPILED : FUSION_OF_STACK;
  c->job.autocast = strstr(text(r, "precision"), "amp") != NULL;
  c->job.async_tp = says(r, "AsyncTP") || says(r, "asynchronous tensor parallelism");
  c->job.flash2 = says(r, "flash attention 2") || says(r, "flash-attention 2") || says(r, "FlashAttention-2");
  c->job.launch_blocking = says(r, "CUDA_LAUNCH_BLOCKING=1");
  if (!*name)
    assume(c, "software of the year");
}

void train_case_read(const struct training_tables *k, const struct csv_table *t, size_t row, struct train_case *ret) {
  *ret = (struct train_case){.status = VAL_OK, .precision = "16bit"};
  struct reader r = {k, t, row, ret};
  if (!read_machine(&r) || !read_model(&r))
    return;
  read_software(&r);
  read_plan(&r);
  read_sizes(&r);
  guess_sizes(&r);
  cut_step(ret);
  const struct sim_plan *p = &ret->job.plan;
  ret->search = p->tp == 0 || p->pp == 0 || p->micro_batch == 0;
}
