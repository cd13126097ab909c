/* Training runs: checkpoints and failures against closed forms, and published runs. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "base/datadir.h"
#include "base/err.h"
#include "tests/train_fixture.h"
#include "workloads/phases.h"

/* ---- checkpoints and failures ---- */
/* golden.md, checkpointing: Ts 500 h, R 10, d 5 min; Daly's interval and the exact wall time Tw(Daly) = M e^(R/M)
 * (e^((tau+d)/M) - 1) Ts/tau. */
static const struct {
  double mtbf, daly, wall;
} checkpoint_golden[] = {
    {1440, 116.689815, 32872.906947}, {360, 56.712963, 36612.984410}, {15, 9.140920, 150249.907083}};

static void test_daly(void) {
  for (size_t i = 0; i < 3; i++)
    CU_CLOSE(sim_checkpoint_interval_s(5 * 60, checkpoint_golden[i].mtbf * 60) / 60, checkpoint_golden[i].daly, 1e-6);
  CU_ASSERT(isinf(sim_checkpoint_interval_s(300, INFINITY)));
  CU_CLOSE(sim_checkpoint_interval_s(300, 100), 100, 1e-12); /* writing takes longer than two lives */
}

/* A run of one phase whose step time is known: steps chosen so that the work is Ts. Node failures are the run's: 8
 * GPUs, one node. */
static struct sim_train_run run_with(double work_s, double mtbf_s, double restart_s, const struct sim_habits *habits, uint64_t seed) {
  struct sim_train_job j =
      job("H100-SXM-80GB", "Llama-3.1-8B", 8, 4096, 8,
          (struct sim_plan){.tp = 8, .pp = 1, .zero = 1, .micro_batch = 1, .recompute = RECOMPUTE_AUTO});
  double one = step(j).time_s;
  struct wl_phase p = {.name = "p",
                       .kind = WL_PRETRAIN,
                       .seq_len = 4096,
                       .global_batch = 8,
                       .steps = work_s / one,
                       .tokens = work_s / one * 8 * 4096,
                       .after = ""};
  struct wl_phases ps = {&p, 1};
  struct sim_train_run_spec spec = {.job = j,
                                    .phases = &ps,
                                    .failures_per_node_day = mtbf_s > 0 ? 86400 / mtbf_s : 0,
                                    .restart_s = restart_s,
                                    .habits = *habits,
                                    .seed = seed};
  struct sim_train_run r;
  CU_ASSERT_FATAL(sim_train_run(&spec, &r));
  CU_ASSERT(r.feasible);
  return r;
}

static struct sim_train_run run_for(double work_s, double mtbf_s, double write_s, double restart_s, double interval_s,
                                    uint64_t seed) {
  struct sim_habits h = {.checkpoint_s = write_s, .checkpoint_interval_s = interval_s};
  return run_with(work_s, mtbf_s, restart_s, &h, seed);
}

/* The expectation itself, to the last digit; what a catalog says of large runs adds a few percent to thousands of GPUs
 * and next to nothing to one node. */
static void test_expected_stretch(void) {
  for (size_t i = 0; i < 3; i++)
    CU_CLOSE(500 * 60 * sim_expected_stretch(300, checkpoint_golden[i].mtbf * 60, 600), checkpoint_golden[i].wall, 1e-7);
  CU_ASSERT_EQUAL(sim_expected_stretch(300, INFINITY, 600), 1);
  struct sim_train_job j = job("H100-SXM-80GB", "Llama-3.1-405B", 16384, 8192, 2048, (struct sim_plan){.tp = 8, .pp = 16});
  double many = sim_train_usual_stretch(&j);
  j.gpus = 8;
  CU_ASSERT(many > 1.05 && many < 1.2); /* "above 90 % effective training time" (Llama 3) */
  CU_ASSERT(sim_train_usual_stretch(&j) > 1 && sim_train_usual_stretch(&j) < 1.05);
  j.catalog = NULL;
  CU_ASSERT_EQUAL(sim_train_usual_stretch(&j), 1);
}

/* Mean wall time over seeds against the exact expectation, within 3 standard errors of the mean. */
static void test_wall_time(void) {
  enum { RUNS = 60 };
  for (size_t i = 0; i < 3; i++) {
    double sum = 0, squares = 0;
    for (int k = 0; k < RUNS; k++) {
      struct sim_train_run r = run_for(500 * 3600, checkpoint_golden[i].mtbf * 60, 300, 600, 0, (uint64_t)k);
      double minutes = r.time_to_train_s / 60;
      sum += minutes;
      squares += minutes * minutes;
      sim_train_run_free(&r);
    }
    double mean = sum / RUNS, error = sqrt((squares / RUNS - mean * mean) / (RUNS - 1));
    if (fabs(mean - checkpoint_golden[i].wall) > 3 * error)
      printf("mean %.1f, want %.1f, standard error %.1f\n", mean, checkpoint_golden[i].wall, error);
    CU_ASSERT(fabs(mean - checkpoint_golden[i].wall) <= 3 * error);
  }
}

/* Hand-worked: without failures a run is its work plus one checkpoint; productive hours are work x GPUs; the same seed
 * gives the same run. */
static void test_quiet_run(void) {
  struct sim_train_run r = run_for(36000, 0, 100, 600, 0, 1);
  CU_CLOSE(r.time_to_train_s, 36100, 1e-6);
  CU_CLOSE(r.gpu_hours_productive, 80, 1e-6);
  CU_CLOSE(r.goodput, 36000.0 / 36100, 1e-6);
  CU_ASSERT(r.failures == 0 && r.checkpoints == 1);
  CU_ASSERT(r.energy_j > 36000 * 8 * 200.0 && r.energy_j < 36100 * 12000.0);
  sim_train_run_free(&r);
  struct sim_train_run a = run_for(360000, 20000, 100, 600, 0, 7), b = run_for(360000, 20000, 100, 600, 0, 7),
                       c = run_for(360000, 20000, 100, 600, 0, 8);
  CU_ASSERT(a.time_to_train_s == b.time_to_train_s && a.failures == b.failures && a.energy_j == b.energy_j);
  CU_ASSERT(a.time_to_train_s != c.time_to_train_s);
  CU_ASSERT(a.failures > 5);
  CU_ASSERT(a.rework_s > 0 && a.goodput < r.goodput + 1);
  sim_train_run_free(&a);
  sim_train_run_free(&b);
  sim_train_run_free(&c);
}

/* Hand-worked, ten intervals of an hour without failures: written synchronously 10 x 100 s stop the run; hidden, only the last is waited for; half hidden
 * 10 x 50 + 50. A straggler of 10 % makes the work 10 % longer; an evaluation of one batch costs a third of a step. */
static void test_habits(void) {
  const struct sim_habits sync = {.checkpoint_s = 100, .checkpoint_interval_s = 3600};
  struct sim_habits h = sync;
  struct sim_train_run r = run_with(36000, 0, 600, &h, 1);
  CU_CLOSE(r.time_to_train_s, 37000, 1e-6);
  double step_s = r.phase[0].step_time_s, steps = r.phase[0].steps;
  sim_train_run_free(&r);
  h.checkpoint_hidden = 1;
  r = run_with(36000, 0, 600, &h, 1);
  CU_CLOSE(r.time_to_train_s, 36100, 1e-6);
  sim_train_run_free(&r);
  h.checkpoint_hidden = 0.5;
  r = run_with(36000, 0, 600, &h, 1);
  CU_CLOSE(r.time_to_train_s, 36550, 1e-6);
  sim_train_run_free(&r);
  h = sync;
  h.straggler = 0.1;
  r = run_with(36000, 0, 600, &h, 1);
  CU_CLOSE(r.time_to_train_s, 39600 + 11 * 100, 1e-6);
  sim_train_run_free(&r);
  h = sync;
  h.eval_every_steps = 10;
  h.eval_tokens = 8 * 4096;
  r = run_with(36000, 0, 600, &h, 1);
  CU_CLOSE(r.eval_s, floor(steps / 10) * step_s / 3, 1e-9);
  CU_CLOSE(r.gpu_hours_productive, 80, 1e-6);
  sim_train_run_free(&r);
}

/* Under failures, hiding the writing saves time although a checkpoint is safe only later. */
static void test_hidden_checkpoints(void) {
  struct sim_habits h = {.checkpoint_s = 300};
  struct sim_train_run a = run_with(360000, 20000, 600, &h, 7);
  h.checkpoint_hidden = 1;
  struct sim_train_run b = run_with(360000, 20000, 600, &h, 7);
  CU_ASSERT(b.time_to_train_s < a.time_to_train_s && b.rework_s > 0);
  sim_train_run_free(&a);
  sim_train_run_free(&b);
}

/* ---- published runs; nothing is fitted on them ---- */
/* DeepSeek-V3: 180 thousand H800-hours per million million tokens on 2,048 GPUs as laid out in its report. */
static void test_v3(void) {
  struct sim_train_job j =
      job("H800-SXM", "DeepSeek-V3", 2048, 4096, 15360,
          (struct sim_plan){.tp = 1, .pp = 16, .ep = 64, .zero = 1, .recompute = RECOMPUTE_AUTO, .precision = DT_FP8});
  j.stack = "hai-llm 2024-12";
  struct sim_step s = step(j);
  double hours = s.time_s * 2048 / 3600 / (15360.0 * 4096) * 1e12;
  printf("DeepSeek-V3: %.1f thousand H800-hours per million million tokens\n", hours / 1e3);
  CU_ASSERT(s.fits);
  CU_ASSERT(s.plan.schedule == SCHEDULE_DUALPIPE);
  CU_CLOSE(hours, 180e3, 0.05);
}

/* DeepSeek-R1-Zero: 101 thousand H800-hours on 512 GPUs in its two phases; R1's two RL stages 41 thousand (steps of the first assumed). */
static void test_r1(void) {
  struct errs *errs = errs_create();
  struct wl_phases *ps = wl_phases_load(shared.arena, datadir_path(shared.arena, "scenarios/traces/r1-post-training.csv"), errs);
  CU_ASSERT_FATAL(ps != NULL && errs_count(errs) == 0);
  struct sim_train_run_spec spec = {.job = job("H800-SXM", "DeepSeek-R1", 512, 4096, 512, (struct sim_plan){.zero = 1, .recompute = RECOMPUTE_AUTO}),
                                    .phases = ps};
  spec.job.stack = "hai-llm 2024-12";
  struct sim_train_run r;
  CU_ASSERT_FATAL(sim_train_run(&spec, &r) && r.feasible);
  double zero = 0, r1 = 0;
  for (size_t i = 0; i < r.n; i++) {
    zero += strncmp(r.phase[i].name, "r1-zero", 7) == 0 ? r.phase[i].gpu_hours : 0;
    r1 += strncmp(r.phase[i].name, "r1-rl", 5) == 0 ? r.phase[i].gpu_hours : 0;
  }
  printf("R1-Zero: %.1f thousand H800-hours, R1's RL stages: %.1f\n", zero / 1e3, r1 / 1e3);
  CU_CLOSE(zero, 101e3, 0.2);
  CU_CLOSE(r1, 41e3, 0.2);
  sim_train_run_free(&r);
  errs_destroy(errs);
}

int main(void) {
  static const struct cu_case cases[] = {
      {"Daly's interval equals the golden table", test_daly},
      {"the expected wall time over work", test_expected_stretch},
      {"wall times with failures equal the golden table", test_wall_time},
      {"a run without failures is its work; seeds repeat", test_quiet_run},
      {"checkpoints in the background, stragglers, evaluations", test_habits},
      {"hidden checkpoints under failures", test_hidden_checkpoints},
      {"DeepSeek-V3 within 5 % of its published hours", test_v3},
      {"DeepSeek-R1's reinforcement learning within 20 % of its published hours", test_r1},
  };
  return train_main("train_run", cases, sizeof cases / sizeof *cases);
}
