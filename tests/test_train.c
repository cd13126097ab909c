/* The training model against closed forms (pipeline schedules), and its reactions to what it is given. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "base/err.h"
#include "base/mem.h"
#include "hwmodels/clock.h"
#include "sim/train_play.h"
#include "sim/train_priv.h"
#include "tests/train_fixture.h"

/* ---- schedules ---- */
static double played(enum sim_schedule schedule, int p, int m, int v, struct play_cost one, double send_s) {
  struct play_cost cost[128];
  struct play_result r;
  for (int i = 0; i < p * v; i++)
    cost[i] = one;
  struct play_spec s = {.stages = p,
                        .chunks = v,
                        .micro_batches = m,
                        .schedule = schedule,
                        .cost = cost,
                        .send_s = send_s,
                        .send_blocks = 0};
  CU_ASSERT_FATAL(play_pipeline(&s, &r));
  double t = r.time_s;
  play_result_free(&r);
  return t;
}

/* golden.md Q16 in the words: time = m(tf+tb) + (p-1)(tf+tb)/v with tf = 1, tb = 2 per micro-batch and stage.
 */
static void test_bubbles(void) {
  static const struct {
    int p, m, v;
    double time;
  } golden[] = {{4, 8, 1, 33}, {8, 32, 1, 117}, {8, 32, 4, 101.25}, {16, 128, 2, 406.5}, {12, 24, 3, 83}};
  for (size_t i = 0; i < 5; i++) {
    double v = golden[i].v;
    enum sim_schedule s = golden[i].v > 1 ? SCHEDULE_INTERLEAVED : SCHEDULE_1F1B;
    CU_CLOSE(played(s, golden[i].p, golden[i].m, golden[i].v, (struct play_cost){1 / v, 2 / v, 1 / v, 0, 0}, 0),
             golden[i].time, 1e-8);
  }
}

/* ZB-H1 (Qi et al. 2023): bubble (p-1)(tf + tb - tw) with tb the backward of the input alone: (p-1) x 1 here, a third
 * of 1F1B's. DualPipe (DeepSeek-V3 report, table 2): (p/2-1)(F&B + B - 3W), with F 1, B 2 (input and weight), W 1, F&B
 * 3 = (p/2-1) x 2; its table counts no gap in the middle ranks, where two of ours remain. */
static void test_zero_bubble(void) {
  struct play_cost c = {1, 2, 1, 0, 0};
  for (int p = 4; p <= 16; p *= 2) {
    int m = 4 * p;
    CU_CLOSE(played(SCHEDULE_ZERO_BUBBLE, p, m, 1, c, 0), 3.0 * m + (p - 1), 1e-9);
    double dual = played(SCHEDULE_DUALPIPE, p, m, 2, c, 0), one = played(SCHEDULE_1F1B, p, m, 1, c, 0);
    CU_ASSERT(dual >= 3.0 * m);
    CU_CLOSE(dual, 3.0 * m + (p / 2 - 1) * 2, 0.025);
    CU_ASSERT(dual < one);
  }
}

/* A pair's communication runs under the other's compute: with half of each pass hideable it costs nothing in the steady
 * state. */
static void test_pairs_hide(void) {
  struct play_cost plain = {1, 2, 0, 0, 0}, loaded = {2, 3, 0, 1, 1};
  double hidden = played(SCHEDULE_DUALPIPE, 4, 64, 2, loaded, 0), bare = played(SCHEDULE_DUALPIPE, 4, 64, 2, plain, 0);
  CU_ASSERT(hidden < bare + 16); /* what runs alone at either end shows it */
  CU_ASSERT(hidden > bare);
}

static void test_transfers_cost(void) {
  struct play_cost c = {1, 2, 1, 0, 0};
  double free_ones = played(SCHEDULE_1F1B, 8, 32, 1, c, 0), slow = played(SCHEDULE_1F1B, 8, 32, 1, c, 0.1);
  CU_ASSERT(slow > free_ones + 14 * 0.1 - 1e-9); /* at least there and back once */
  CU_ASSERT(slow < free_ones + 2 * 40 * 0.1);
}

/* ---- the step ---- */
static void test_reacts(void) {
  struct sim_train_job j =
      job("H100-SXM-80GB", "Llama-3.1-70B", 256, 8192, 512,
          (struct sim_plan){.tp = 4, .pp = 8, .vpp = 5, .zero = 1, .micro_batch = 1, .recompute = RECOMPUTE_SELECTIVE});
  struct sim_step base = step(j);
  double parts = 0;
  for (int i = 0; i < STEP_PARTS; i++)
    parts += base.part_s[i];
  CU_CLOSE(parts, base.time_s, 1e-9);
  CU_ASSERT(base.mfu > 0.3 && base.mfu < 0.65);
  CU_ASSERT(base.fits);

  struct sim_train_job full = j;
  full.plan.recompute = RECOMPUTE_FULL;
  struct sim_step again = step(full);
  CU_ASSERT(again.time_s > 1.15 * base.time_s && again.time_s < 1.4 * base.time_s);
  CU_ASSERT(again.mem_activations < 0.6 * base.mem_activations);

  struct sim_train_job fp8 = j;
  fp8.plan.precision = DT_FP8;
  CU_ASSERT(step(fp8).time_s < 0.9 * base.time_s);

  struct sim_train_job slow = j;
  slow.server = hw_server_generic(shared.catalog, j.server->gpu, 8, 12.5e9);
  CU_ASSERT(step(slow).time_s > 1.05 * base.time_s);

  struct sim_train_job a100 = j;
  a100.server = hw_server_generic(shared.catalog, hw_gpu_find(shared.catalog, "A100-SXM-80GB"), 8, 0);
  double ratio = step(a100).time_s / base.time_s;
  CU_ASSERT(ratio > 2 && ratio < 4);

  struct sim_train_job tp8 = j;
  tp8.plan.tp = 8;
  struct sim_step wide = step(tp8);
  CU_ASSERT(wide.part_s[STEP_TP] > base.part_s[STEP_TP]);
  CU_ASSERT(wide.mem_weights < base.mem_weights);
}

/* What a run says of its software, and what an unknown stack is taken for. */
static void test_software(void) {
  struct sim_train_job j = job("H100-SXM-80GB", "Llama-3.1-8B", 64, 8192, 64,
                               (struct sim_plan){.tp = 4, .pp = 1, .zero = 3, .micro_batch = 4, .precision = DT_BF16, .recompute = RECOMPUTE_FULL});
  j.stack = "torchtitan 2024";
  struct sim_step plain = step(j);
  struct sim_train_job compiled = j, async = j, stated = j;
  compiled.fusion = FUSION_COMPILED;
  async.async_tp = true;
  stated.fusion = FUSION_EAGER;
  CU_ASSERT(step(compiled).part_s[STEP_ELEMENTWISE] < 0.5 * plain.part_s[STEP_ELEMENTWISE]);
  CU_ASSERT(step(async).part_s[STEP_TP] < 0.5 * plain.part_s[STEP_TP]);
  CU_CLOSE(step(stated).time_s, plain.time_s, 1e-12);
  struct sim_train_job unknown = j, uncut = j; /* nobody's name: Megatron's modules, or PyTorch as it comes */
  unknown.stack = uncut.stack = "nobody-heard-of-it 2024";
  unknown.plan.zero = 1;
  uncut.plan.tp = 1;
  CU_ASSERT(step(unknown).part_s[STEP_ELEMENTWISE] < step(uncut).part_s[STEP_ELEMENTWISE]);
  uncut.plan.zero = 1;
  double modules = step(uncut).part_s[STEP_ELEMENTWISE];
  uncut.sharded = true;
  CU_ASSERT(step(uncut).part_s[STEP_ELEMENTWISE] > 2 * modules);
}

/* Adapters cost traffic beside every product they spare a gradient; 32-bit steps run at 32-bit rates. */
static void test_adapters_and_wide_steps(void) {
  struct sim_train_job j = job("A100-SXM-80GB", "Llama-3.1-8B", 8, 4096, 8,
                               (struct sim_plan){.tp = 1, .pp = 1, .zero = 3, .micro_batch = 1, .precision = DT_BF16, .recompute = RECOMPUTE_FULL});
  j.stack = "somebody-else 2025";
  struct sim_step whole = step(j);
  struct sim_train_job lora = j, wide = j;
  lora.lora = true;
  struct sim_step adapted = step(lora);
  CU_ASSERT(adapted.part_s[STEP_ELEMENTWISE] > 1.3 * whole.part_s[STEP_ELEMENTWISE]);
  CU_ASSERT(adapted.part_s[STEP_COMPUTE] < 0.8 * whole.part_s[STEP_COMPUTE]);
  struct sim_train_job hooks = j; /* Python gathers module by module */
  hooks.stack = "deepspeed 2023";
  struct sim_step gathered = step(hooks);
  hooks.plan.zero = 2;
  CU_ASSERT(gathered.time_s - step(hooks).time_s > 0);
  hooks.gpus = 1;
  hooks.global_batch = 1;
  hooks.seq_len = 512;
  double quick = step(hooks).time_s;
  hooks.plan.zero = 3;
  CU_ASSERT(step(hooks).time_s > quick + 32 * 3 * 0.5e-3);
  struct sim_train_job low = j; /* plain operators have no 8-bit products: fused modules or a compiler do */
  low.server = hw_server_generic(shared.catalog, hw_gpu_find(shared.catalog, "H100-SXM-80GB"), 8, 0);
  low.stack = "somebody-else 2024";
  double operators = step(low).part_s[STEP_ELEMENTWISE];
  low.plan.precision = DT_FP8;
  CU_ASSERT(step(low).part_s[STEP_ELEMENTWISE] < 0.8 * operators);
  wide.plan.precision = DT_TF32; /* half the rate of 16 bit on this part */
  struct sim_step tf32 = step(wide);
  CU_ASSERT(tf32.part_s[STEP_COMPUTE] > 1.8 * whole.part_s[STEP_COMPUTE]);
  CU_CLOSE(tf32.part_s[STEP_ELEMENTWISE], 2 * whole.part_s[STEP_ELEMENTWISE], 0.1);
}

/* Products go with the clock that a part's watts leave: its own figure, the full part's by the power law, its architecture's on a board short of watts. */
static void test_watts(void) {
  struct sim_plan plan = {.tp = 1, .pp = 1, .zero = 3, .micro_batch = 1, .precision = DT_BF16, .recompute = RECOMPUTE_FULL};
  struct sim_train_job full = job("H100-SXM-80GB", "Llama-3.1-8B", 8, 4096, 8, plan), capped = job("H100-SXM-80GB@350W", "Llama-3.1-8B", 8, 4096, 8, plan),
                       limited = full;
  limited.gpu_power_w = 350; /* said of the run instead of the part */
  CU_ASSERT(step(capped).part_s[STEP_COMPUTE] > 1.5 * step(full).part_s[STEP_COMPUTE]);
  CU_CLOSE(step(capped).part_s[STEP_COMPUTE], step(limited).part_s[STEP_COMPUTE], 1e-9);
  struct sim_train_job small = job("H20", "Llama-3.1-8B", 8, 4096, 8, plan), large = job("H20-141GB", "Llama-3.1-8B", 8, 4096, 8, plan);
  CU_CLOSE(step(large).part_s[STEP_COMPUTE], step(small).part_s[STEP_COMPUTE], 0.01);
  const struct hw_gpu *sxm = hw_gpu_find(shared.catalog, "A100-SXM-80GB"), *board = hw_gpu_find(shared.catalog, "A100-PCIe-80GB");
  CU_CLOSE(hw_board_clock(shared.catalog, sxm), 1, 1e-12);
  CU_CLOSE(hw_board_clock(shared.catalog, board), pow(300.0 / 400, 0.25), 1e-9);
}

/* Fine-tuning keeps its frozen weights in the bits they are stored in, gathers tokens for adapters beside what hides behind products, and attends within its samples. */
static void test_fine_tuning(void) {
  struct sim_train_job j = job("H100-SXM-80GB", "Llama-2-70B", 8, 8192, 8,
                               (struct sim_plan){.tp = 4, .pp = 1, .micro_batch = 1, .precision = DT_FP8, .recompute = RECOMPUTE_NONE});
  j.stack = "nemo 2024";
  j.lora = j.async_tp = true; /* the frozen layers' own collectives hide */
  struct sim_step low = step(j);
  struct sim_train_job wide = j, four = j, attention = j, whole = j;
  wide.plan.precision = DT_BF16;
  CU_CLOSE(step(wide).mem_weights / low.mem_weights, 2, 0.01);
  four.qlora = true;
  CU_ASSERT(step(four).mem_weights < 0.6 * low.mem_weights);
  attention.lora_attention = true; /* an adapter more a layer, at the end of attention: a gather each way, 80 layers, four micro-batches, beside nothing */
  attention.plan.precision = DT_BF16; /* products that could hide it */
  struct hw_coll_op gather = {HW_ALL_GATHER, 8192.0 * 8192 * 2, 4, 4, 1, 0};
  CU_CLOSE(step(attention).part_s[STEP_TP] - step(wide).part_s[STEP_TP], 2 * 80 * 4 * hw_coll_s(j.server, &gather), 1e-6);
  whole.lora = false;
  whole.sft = true;
  CU_ASSERT(step(whole).part_s[STEP_TP] < low.part_s[STEP_TP]); /* nothing but what hides */
  attention = j;
  attention.sample_len = 8192;
  CU_ASSERT(step(attention).part_s[STEP_ATTENTION] > 3 * low.part_s[STEP_ATTENTION]);
}

/* Gradients beside experts that hold the NICs for half of the window lose half of their time again, on one GPU a NIC
 * and on two; inside a node, or with nothing beside them, none. */
static void test_gradients_beside_experts(void) {
  struct sim_train_job j = job("A100-SXM-80GB", "Mixtral-8x7B", 64, 4096, 64, (struct sim_plan){.tp = 2, .ep = 8});
  struct train_env e;
  char why[200];
  size_t tried = 0;
  const struct hw_server *box;
  for (size_t i = 0; (box = hw_server_at(shared.catalog, i)); i++) {
    if (!(box->node_net_Bps > 0) || box->gpus != 8 || box->scaleup_domain > 8)
      continue;
    tried++;
    j.server = box;
    CU_ASSERT_FATAL(train_env_init(&e, &j, why, sizeof why));
    CU_CLOSE(train_crowded_s(&e, 2, 1, 2), 3, 1e-9);
    CU_CLOSE(train_crowded_s(&e, 2, 5, 2), 4, 1e-9);
    CU_ASSERT_EQUAL(train_crowded_s(&e, 2, 0, 2), 2);
  }
  CU_ASSERT(tried > 5);
  j.server = hw_server_find(shared.catalog, "p4d.24xlarge");
  CU_ASSERT_PTR_NOT_NULL_FATAL(j.server);
  j.gpus = 8;
  CU_ASSERT_FATAL(train_env_init(&e, &j, why, sizeof why));
  CU_ASSERT_EQUAL(train_crowded_s(&e, 2, 1, 2), 2);

  struct train_layer across, within; /* what is beside them is counted where it leaves the node */
  j.gpus = 64;
  j.plan.etp = 2;
  CU_ASSERT_FATAL(train_env_init(&e, &j, why, sizeof why));
  train_layer_price(&e, LAYER_MOE, &across);
  j.plan.ep = 4;
  CU_ASSERT_FATAL(train_env_init(&e, &j, why, sizeof why));
  train_layer_price(&e, LAYER_MOE, &within);
  CU_ASSERT(across.forward.experts_net_s > 0 && across.backward.experts_net_s >= across.forward.experts_net_s);
  CU_ASSERT_EQUAL(within.forward.experts_net_s, 0);
}

static void test_out_of_memory(void) {
  struct sim_step s =
      step(job("A100-SXM-40GB", "Llama-3.1-70B", 64, 4096, 64, (struct sim_plan){.tp = 1, .pp = 1, .micro_batch = 1}));
  CU_ASSERT_FALSE(s.fits);
  CU_ASSERT_PTR_NOT_NULL(strstr(s.why, "smallest change"));
  struct sim_step broken;
  struct sim_train_job j = job("A100-SXM-80GB", "Llama-3.1-70B", 60, 4096, 64, (struct sim_plan){.tp = 8});
  CU_ASSERT_FALSE(sim_train_step(&j, &broken));
  CU_ASSERT(strlen(broken.why) > 10);
}

/* The same job under a stack of its own. */
static struct train_env env_with(struct sim_train_job *j, struct wl_stack *own) {
  struct train_env e;
  char why[200];
  CU_ASSERT_FATAL(train_env_init(&e, j, why, sizeof why));
  *own = *e.stack;
  e.stack = own;
  return e;
}

/* A token whose eight experts lie on eight ranks reaches 8 (1 - (7/8)^8) of them: so much is sent where doubles are
 * removed. */
static void test_doubles(void) {
  struct sim_train_job j = job("H100-SXM-80GB", "Qwen3-30B-A3B", 8, 4096, 64, (struct sim_plan){.precision = DT_BF16, .zero = 1, .ep = 8, .micro_batch = 8, .recompute = RECOMPUTE_NONE});
  struct wl_stack own;
  struct train_layer every, once;
  struct train_env e = env_with(&j, &own);
  own.ep_overlap = 0;
  own.dispatch_bytes = 2;
  own.dedupe = false;
  train_layer_price(&e, LAYER_MOE, &every);
  own.dedupe = true;
  train_layer_price(&e, LAYER_MOE, &once);
  double reached = 1 - pow(7.0 / 8, 8);
  CU_ASSERT(every.forward.part[STEP_EP] > 0);
  CU_CLOSE(once.forward.part[STEP_EP], reached * every.forward.part[STEP_EP], 0.03);
  CU_CLOSE(once.forward.part[STEP_COMPUTE], every.forward.part[STEP_COMPUTE], 1e-12);
}

/* Where the software keeps the optimizer's state on the host when it must, the step pays its way there and back and
 * nothing is recomputed. Experts that nobody placed: one box, or all ranks that share weights out anyway. */
static void test_state_on_host(void) {
  struct sim_train_job j = job("RTX-PRO-6000", "Qwen2.5-14B", 1, 1024, 512, (struct sim_plan){.zero = 1, .micro_batch = 4, .recompute = RECOMPUTE_AUTO});
  j.stack = "llmq 2026";
  struct sim_step m = step(j);
  CU_ASSERT(m.fits && m.mem_optimizer == 0 && m.plan.recompute == RECOMPUTE_NONE);
  struct wl_counts n;
  wl_model_count(j.model, &n);
  const struct hw_link *host = j.server->gpu->host;
  CU_ASSERT(m.part_s[STEP_OPTIMIZER] > 4 * n.params / fmax(host->eff_Bps, host->raw_Bps));
  struct sim_train_job moe = job("H100-SXM-80GB", "Qwen3-30B-A3B", 64, 4096, 64, (struct sim_plan){.zero = 1});
  CU_ASSERT(step(moe).plan.ep == 8);
  moe.plan.zero = 3;
  CU_ASSERT(step(moe).plan.ep == 64);
}

/* What is repeated when nobody says: what repeats least of all that fits. Scores written to memory are cheap to make again;
 * flash attention keeps none, so that it is a share of the layers. */
static void test_recompute_chosen(void) {
  struct sim_train_job j = job("A100-SXM-80GB", "GPT-3-175B", 128, 4096, 64,
                               (struct sim_plan){.tp = 8, .pp = 8, .sequence_parallel = 1, .zero = 1, .micro_batch = 1, .recompute = RECOMPUTE_AUTO});
  struct wl_stack own;
  struct train_env e = env_with(&j, &own);
  struct train_stages s;
  struct sim_step m = {0};
  own.selective = WL_AGAIN_SCORES;
  own.attention = WL_ATTN_UNFUSED;
  e.share.fusion = WL_FUSION_JIT;
  train_settle_recompute(&e, &s, &m);
  double again_s = s.chunk[0].backward.recompute_s;
  CU_ASSERT(m.fits && e.plan.recompute == RECOMPUTE_SELECTIVE && again_s > 0);
  train_stages_free(&s);
  e = env_with(&j, &own);
  own.attention = WL_ATTN_UNFUSED;
  e.share.fusion = WL_FUSION_JIT;
  e.plan.recompute = RECOMPUTE_FULL;
  train_settle_recompute(&e, &s, &m);
  CU_ASSERT(m.fits && s.chunk[0].backward.recompute_s > again_s);
  train_stages_free(&s);
  e = env_with(&j, &own);
  own.attention = WL_ATTN_FLASH2;
  train_settle_recompute(&e, &s, &m);
  CU_ASSERT(m.fits && e.plan.recompute != RECOMPUTE_SELECTIVE);
  train_stages_free(&s);
}

/* What does not fit goes to the host's memory at the cost of what the link cannot hide: nothing over NVLink-C2C beside
 * a long pass; recomputation otherwise. */
static void test_offload(void) {
  struct sim_train_job j = job("GB200", "Llama-3.1-70B", 64, 8192, 256,
                               (struct sim_plan){.zero = 3, .micro_batch = 2, .recompute = RECOMPUTE_AUTO});
  struct wl_stack own;
  struct train_env e = env_with(&j, &own);
  struct train_stages s;
  struct sim_step m = {0};
  own.offload = false;
  train_settle_recompute(&e, &s, &m);
  double again = train_cost_s(&s.chunk[0].backward);
  CU_ASSERT(m.fits && e.plan.recompute == RECOMPUTE_FULL && e.recompute_share > 0.05);
  train_stages_free(&s);
  e = env_with(&j, &own);
  own.offload = true;
  train_settle_recompute(&e, &s, &m);
  CU_ASSERT(m.fits && e.plan.recompute == RECOMPUTE_NONE && e.offload_share > 0.05);
  CU_ASSERT(train_cost_s(&s.chunk[0].backward) < again);
  train_stages_free(&s);
  struct train_layer fast, slow;
  struct hw_link thin = *e.gpu->host;
  struct hw_gpu gpu = *e.gpu;
  train_layer_price(&e, LAYER_DENSE, &fast);
  thin.raw_Bps = thin.eff_Bps = 1e9;
  gpu.host = &thin;
  e.gpu = &gpu;
  train_layer_price(&e, LAYER_DENSE, &slow);
  double bytes = e.offload_share / (1 - e.offload_share) * train_layer_activations(&e, LAYER_DENSE);
  CU_CLOSE(train_cost_s(&slow.forward), bytes / 1e9, 1e-9);
  CU_ASSERT(train_cost_s(&fast.forward) < train_cost_s(&slow.forward));
  CU_ASSERT_STRING_EQUAL(hw_gpu_find(shared.catalog, "GB200")->host->name, "NVLink-C2C");
  CU_ASSERT_PTR_EQUAL(hw_gpu_find(shared.catalog, "H100")->host, hw_gpu_find(shared.catalog, "H100")->pcie);
}

/* Layers that do not divide are interleaved all the same when the layout says so; kernels over parts of a ring run at
 * the stack's rate for them. */
static void test_interleaved_and_rings(void) {
  struct sim_train_job j =
      job("H100-SXM-80GB", "Llama-3.1-405B", 64, 8192, 64,
          (struct sim_plan){.tp = 8, .pp = 8, .schedule = SCHEDULE_INTERLEAVED, .recompute = RECOMPUTE_FULL});
  j.stack = "torchtitan 2024";
  CU_ASSERT_EQUAL(step(j).plan.vpp, 2);
  j.plan.pp = 4;
  j.plan.cp = 2;
  struct wl_stack own;
  struct train_env e = env_with(&j, &own);
  struct train_layer whole, parts;
  own.ring_rate = 1;
  train_layer_price(&e, LAYER_DENSE, &whole);
  own.ring_rate = 0.5;
  train_layer_price(&e, LAYER_DENSE, &parts);
  CU_CLOSE(parts.forward.part[STEP_ATTENTION], 2 * whole.forward.part[STEP_ATTENTION], 1e-9);
}

/* What software is told to do: tensor communication beside the products, scales per block, what selective
 * recomputation repeats. */
static void test_told(void) {
  struct sim_train_job j = job("H100-SXM-80GB", "Llama-3.1-70B", 64, 8192, 64,
                               (struct sim_plan){.tp = 8, .precision = DT_FP8, .recompute = RECOMPUTE_SELECTIVE});
  struct wl_stack own;
  struct train_layer scores, operators, plain, block, rows;
  j.stack = "torchtitan 2025";
  double exposed = step(j).part_s[STEP_TP];
  j.async_tp = true;
  CU_ASSERT(step(j).part_s[STEP_TP] < 0.5 * exposed);
  struct train_env e = env_with(&j, &own);
  struct train_layer open, hidden; /* behind the products of its block, and never for longer than these take */
  e.tp_overlap = 0;
  train_layer_price(&e, LAYER_MLP, &open);
  e.tp_overlap = 0.7;
  train_layer_price(&e, LAYER_MLP, &hidden);
  CU_CLOSE(hidden.forward.part[STEP_TP], 0.3 * open.forward.part[STEP_TP], 1e-9);
  e.tp_overlap = 1;
  e.clock *= 20;
  train_layer_price(&e, LAYER_MLP, &hidden);
  CU_ASSERT(hidden.forward.part[STEP_TP] > 0);
  CU_CLOSE(hidden.forward.part[STEP_TP], open.forward.part[STEP_TP] - hidden.forward.part[STEP_COMPUTE], 1e-9);
  e.clock /= 20;
  own.selective = WL_AGAIN_SCORES;
  train_layer_price(&e, LAYER_DENSE, &scores);
  CU_CLOSE(scores.backward.recompute_s, scores.forward.part[STEP_ATTENTION], 1e-9);
  own.selective = WL_AGAIN_LAYERS; /* of a job that fits, none */
  struct sim_train_job roomy = job("H100-SXM-80GB", "Llama-3.1-8B", 64, 4096, 64, (struct sim_plan){.zero = 3, .recompute = RECOMPUTE_SELECTIVE});
  roomy.stack = "fms-fsdp 2024";
  CU_ASSERT(step(roomy).plan.recompute == RECOMPUTE_NONE);
  own.selective = WL_AGAIN_OPERATORS;
  train_layer_price(&e, LAYER_DENSE, &operators);
  CU_CLOSE(operators.backward.recompute_s,
           operators.forward.part[STEP_ELEMENTWISE] +
               (operators.forward.part[STEP_COMPUTE] + operators.forward.part[STEP_TP]) / 2,
           1e-9);
  j.plan.recompute = RECOMPUTE_NONE;
  e = env_with(&j, &own);
  train_layer_price(&e, LAYER_DENSE, &plain);
  j.plan.scales = SCALES_BLOCK;
  e = env_with(&j, &own);
  train_layer_price(&e, LAYER_DENSE, &block);
  CU_ASSERT(block.forward.part[STEP_ELEMENTWISE] > 1.1 * plain.forward.part[STEP_ELEMENTWISE]);
  CU_CLOSE(block.forward.part[STEP_COMPUTE], plain.forward.part[STEP_COMPUTE], 1e-12);
  j.plan.scales = SCALES_ROW;
  e = env_with(&j, &own);
  train_layer_price(&e, LAYER_DENSE, &rows);
  CU_ASSERT(rows.forward.part[STEP_ELEMENTWISE] > 1.1 * block.forward.part[STEP_ELEMENTWISE]);
}

/* Peaks of an A100: vector units an eighth of TF32, that a half of 16 bits; what share of them is reached differs. All
 * that is kept or sent has twice the bytes, but no 16-bit copy is kept beside the master. */
static void test_single_precision(void) {
  struct sim_train_job j = job("A100-SXM-80GB", "GPT-3-6.7B", 64, 2048, 64,
                               (struct sim_plan){.precision = DT_BF16, .tp = 8, .zero = 1, .recompute = RECOMPUTE_FULL});
  struct sim_step half = step(j);
  j.plan.precision = DT_TF32;
  struct sim_step tf32 = step(j);
  j.plan.precision = DT_FP32;
  struct sim_step single = step(j);
  CU_ASSERT(tf32.part_s[STEP_COMPUTE] > 1.9 * half.part_s[STEP_COMPUTE] && tf32.part_s[STEP_COMPUTE] < 4 * half.part_s[STEP_COMPUTE]);
  CU_ASSERT(single.part_s[STEP_COMPUTE] > 3 * tf32.part_s[STEP_COMPUTE] && single.part_s[STEP_COMPUTE] < 20 * half.part_s[STEP_COMPUTE]);
  CU_CLOSE(single.part_s[STEP_TP], tf32.part_s[STEP_TP], 1e-9);
  CU_ASSERT(tf32.part_s[STEP_TP] > 1.5 * half.part_s[STEP_TP] && tf32.part_s[STEP_TP] < 2.01 * half.part_s[STEP_TP]);
  CU_CLOSE(tf32.mem_weights, 2 * half.mem_weights, 1e-9);
  CU_CLOSE(tf32.mem_optimizer, half.mem_optimizer * 2 / 3, 1e-9);
}

/* A head with an odd number of columns is slow unless the software pads it; GELU written out costs where nothing fuses it. */
static void test_odd_vocabulary_and_gelu(void) {
  struct sim_train_job j = job("A100-SXM-80GB", "gpt2", 1, 1024, 8, (struct sim_plan){.tp = 1, .pp = 1, .micro_batch = 8, .recompute = RECOMPUTE_NONE});
  struct wl_model even = *j.model, plain = *j.model;
  even.vocab = 50304;
  plain.composed_gelu = false;
  static const char *const software[] = {"megatron-core 2024", "transformers 2024"};
  for (int unpadded = 0; unpadded < 2; unpadded++) {
    struct sim_train_job k = j;
    k.stack = software[unpadded];
    struct sim_step odd = step(k);
    k.model = &even;
    double head = odd.part_s[STEP_HEAD] / step(k).part_s[STEP_HEAD];
    k.model = &plain;
    double written_out = odd.part_s[STEP_ELEMENTWISE] / step(k).part_s[STEP_ELEMENTWISE];
    CU_ASSERT(unpadded ? head > 1.3 && head < 2.1 : fabs(head - 1) < 0.01);
    CU_ASSERT(unpadded ? written_out > 1.5 : written_out == 1);
  }
}

/* Autocast over 32-bit weights moves more and loops over tensors in the optimizer, where the stack does that and neither is spread. */
static void test_autocast(void) {
  struct sim_train_job j = job("V100-SXM2-32GB", "gpt2-medium", 8, 1024, 16, (struct sim_plan){.tp = 1, .pp = 1, .micro_batch = 2, .recompute = RECOMPUTE_NONE});
  j.stack = "transformers 2021";
  struct sim_step whole = step(j);
  CU_ASSERT(whole.part_s[STEP_OPTIMIZER] >= 24 * 12 * 350e-6); /* the host's loop, 12 tensors a layer */
  j.plan.zero = 1;
  struct sim_step spread = step(j);
  CU_ASSERT(whole.part_s[STEP_ELEMENTWISE] > 1.3 * spread.part_s[STEP_ELEMENTWISE]);
  CU_ASSERT(whole.part_s[STEP_ATTENTION] > 1.2 * spread.part_s[STEP_ATTENTION]);
  j.autocast = true;
  CU_CLOSE(step(j).part_s[STEP_ELEMENTWISE], whole.part_s[STEP_ELEMENTWISE], 1e-9);
  j.plan.zero = 3;
  double sharded = step(j).part_s[STEP_ELEMENTWISE];
  j.autocast = false;
  CU_CLOSE(step(j).part_s[STEP_ELEMENTWISE], sharded, 1e-12);
}

/* More oversubscription is never faster; experts over pods feel it, a job inside one pod does not. */
static void test_oversubscribed_network(void) {
  struct sim_train_job j = job("H100-SXM-80GB", "DeepSeek-V3", 256, 4096, 2048, (struct sim_plan){.tp = 1, .pp = 4, .ep = 64, .micro_batch = 1, .recompute = RECOMPUTE_FULL});
  struct hw_server s = *j.server;
  double before = 0, flat = 0;
  for (double over = 1; over <= 8; over *= 2) {
    s.pod_nodes = 4;
    s.oversubscription = over;
    j.server = &s;
    double t = step(j).time_s;
    CU_ASSERT(t >= before);
    flat = over == 1 ? t : flat;
    before = t;
  }
  CU_ASSERT(before > 1.05 * flat);
  s.pod_nodes = 64;
  CU_CLOSE(step(j).time_s, flat, 1e-12);
}

/* A layout left open is filled with one that fits and is not slower than a plain one. */
static void test_choose(void) {
  struct sim_train_job j =
      job("H100-SXM-80GB", "Llama-3.1-70B", 128, 4096, 256, (struct sim_plan){.zero = 1, .recompute = RECOMPUTE_AUTO});
  struct sim_step best, plain;
  CU_ASSERT_FATAL(sim_train_choose(&j, &best));
  CU_ASSERT(best.fits);
  CU_ASSERT(best.plan.tp * best.plan.pp * best.plan.cp * best.plan.dp == 128);
  j.plan = (struct sim_plan){.tp = 8, .pp = 4, .zero = 1, .micro_batch = 1, .recompute = RECOMPUTE_AUTO};
  plain = step(j);
  CU_ASSERT(plain.fits);
  CU_ASSERT(best.time_s <= plain.time_s);
}

/* All wait for the slowest: parts that power holds back do more so the more there are, and the ways through a busy network; parts
 * that hold their clock are alike. */
static void test_slowest_of_many(void) {
  const char *const gpus[] = {"H100-SXM-80GB", "A100-SXM-80GB"};
  double compute[2][2], data[2][2];
  for (int g = 0; g < 2; g++)
    for (int n = 0; n < 2; n++) {
      int ranks = n ? 4096 : 64;
      struct sim_step s = step(job(gpus[g], "Llama-3.1-8B", ranks, 4096, 4 * ranks, (struct sim_plan){.tp = 1, .pp = 1, .dp = ranks, .micro_batch = 1, .zero = 1}));
      compute[g][n] = s.part_s[STEP_COMPUTE];
      data[g][n] = s.part_s[STEP_DP];
    }
  CU_ASSERT(compute[0][1] > 1.005 * compute[0][0] && compute[0][1] < 1.03 * compute[0][0]);
  CU_CLOSE(compute[1][1], compute[1][0], 1e-12);
  CU_ASSERT(data[0][1] > data[0][0] && data[1][1] > data[1][0]);
}

int main(void) {
  static const struct cu_case cases[] = {
      {"the slowest of many", test_slowest_of_many},
      {"1F1B and interleaved equal the closed form", test_bubbles},
      {"zero-bubble and DualPipe come near theirs", test_zero_bubble},
      {"paired micro-batches hide communication", test_pairs_hide},
      {"transfers between stages cost time", test_transfers_cost},
      {"the step reacts to layout, format, GPU and network", test_reacts},
      {"a run's own words, and unknown stacks", test_software},
      {"adapters and 32-bit steps", test_adapters_and_wide_steps},
      {"fine-tuning", test_fine_tuning},
      {"clocks that watts leave", test_watts},
      {"gradients share the NICs with experts", test_gradients_beside_experts},
      {"oversubscribed network", test_oversubscribed_network},
      {"what does not fit is said with a cure", test_out_of_memory},
      {"what is recomputed", test_recompute_chosen},
      {"what does not fit goes to the host's memory", test_offload},
      {"optimizer state on the host; experts placed by default", test_state_on_host},
      {"dispatch without doubles", test_doubles},
      {"interleaving without division; attention over a ring", test_interleaved_and_rings},
      {"asynchronous tensors, scales per block, selective recomputation", test_told},
      {"single precision and TF32", test_single_precision},
      {"odd vocabularies, GELU written out", test_odd_vocabulary_and_gelu},
      {"autocast", test_autocast},
      {"an open layout is filled", test_choose},
  };
  return train_main("train", cases, sizeof cases / sizeof *cases);
}
