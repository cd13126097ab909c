#include "scenarios/validate_training.h"
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "scenarios/train_case.h"

/* ---- metrics ---- */
struct outcome {
  const struct train_case *c;
  struct sim_step step;
  double layer_s;
  bool whole_scores; /* how the software that reported counts attention */
};

static double gpus(const struct outcome *o) {
  return o->c->job.gpus;
}

static double tokens_per_step(const struct outcome *o) {
  return o->c->job.global_batch * o->c->job.seq_len;
}

/* FLOPs per GPU and second as the source counts them: the whole score matrix or its causal half. */
static double model_flops_rate(const struct outcome *o) {
  const struct wl_model *m = o->c->job.model;
  double s = o->c->job.seq_len,
         per_token =
             wl_train_flops_per_token(m, o->whole_scores ? 2 * s : s); /* twice the length: twice the scores alone */
  return per_token * tokens_per_step(o) / (o->step.time_s * gpus(o));
}

static double hardware_flops_rate(const struct outcome *o) {
  struct wl_counts n;
  wl_model_count(o->c->job.model, &n);
  double logits = 2.0 * o->c->job.model->vocab * o->c->job.model->hidden;
  double forward = model_flops_rate(o) * o->step.time_s * gpus(o) / tokens_per_step(o) / 3;
  double again = o->step.plan.recompute == RECOMPUTE_FULL ? forward - logits : 0;
  return (3 * forward + again) * tokens_per_step(o) / (o->step.time_s * gpus(o));
}

static double step_time(const struct outcome *o) {
  return o->step.time_s;
}
static double layer_time(const struct outcome *o) {
  return o->layer_s;
}
static double tokens_per_gpu_s(const struct outcome *o) {
  return tokens_per_step(o) / (o->step.time_s * gpus(o));
}
static double model_tflops(const struct outcome *o) {
  return model_flops_rate(o) / 1e12;
}
static double hardware_tflops(const struct outcome *o) {
  return hardware_flops_rate(o) / 1e12;
}
static double mfu(const struct outcome *o) {
  const struct hw_gpu *g = o->c->job.server->gpu;
  return 100 * model_flops_rate(o) / g->peak_flops[o->step.plan.precision];
}
/* Of a whole run: with what failures, restarts and checkpoints add. */
static double hours_per_token(const struct outcome *o) {
  return o->step.time_s * sim_train_usual_stretch(&o->c->job) * gpus(o) / 3600 / tokens_per_step(o);
}
static double gpu_hours_per_trillion(const struct outcome *o) {
  return hours_per_token(o) * 1e12;
}
static double days_per_trillion(const struct outcome *o) {
  return hours_per_token(o) * 1e12 / 24 / gpus(o);
}
static double gpu_hours(const struct outcome *o) {
  return hours_per_token(o) * o->c->tokens;
}
static double wall_hours(const struct outcome *o) {
  return gpu_hours(o) / gpus(o);
}
static double days(const struct outcome *o) {
  return wall_hours(o) / 24;
}

/* Watts of a step go on for the whole run: what checkpoints, evaluations and failures add is not in it. */
static double gpu_power(const struct outcome *o) {
  return sim_train_gpu_power_w(&o->c->job, &o->step.activity);
}
static double node_power(const struct outcome *o) {
  return hw_server_power_at_w(o->c->job.server, gpu_power(o));
}
static double energy(const struct outcome *o) {
  return node_power(o) / o->c->job.server->gpus * gpu_hours(o) * 1e-3;
}

static const struct metric {
  const char *name;
  double (*value)(const struct outcome *o);
  bool inverse, needs_tokens, needs_gpus;
} metrics[] = {
    {"step_time_s", step_time, true, false, true},
    {"layer_time_s", layer_time, true, false, true},
    {"tokens_per_s_per_gpu", tokens_per_gpu_s, false, false, false},
    {"model_tflops_per_gpu", model_tflops, false, false, false},
    {"hardware_tflops_per_gpu", hardware_tflops, false, false, false},
    {"mfu_pct", mfu, false, false, false},
    {"gpu_hours_per_trillion_tokens", gpu_hours_per_trillion, true, false, false},
    {"days_per_trillion_tokens", days_per_trillion, true, false, true},
    {"gpu_hours", gpu_hours, true, true, false},
    {"wall_hours", wall_hours, true, true, true},
    {"days", days, true, true, true},
    {"gpu_power_mean_w", gpu_power, false, false, false},
    {"node_power_mean_w", node_power, false, false, false},
    {"energy_kwh", energy, true, true, false},
};

static const struct metric *metric_of(const char *name) {
  for (size_t i = 0; i < sizeof metrics / sizeof *metrics; i++)
    if (strcmp(metrics[i].name, name) == 0)
      return &metrics[i];
  return NULL;
}

/* ---- one row ---- */
static void refuse(struct training_answer *a, enum val_status s, const char *why, const char *what) {
  a->status = s;
  a->predicted = NAN;
  snprintf(a->note, sizeof a->note, "%s%s", why, what);
}

static bool simulate(struct outcome *o, const struct train_case *c, const struct metric *m, char *why, size_t size) {
  o->c = c;
  bool ok = c->search ? sim_train_choose(&c->job, &o->step) : sim_train_step(&c->job, &o->step);
  snprintf(why, size, "%s", o->step.why);
  if (!ok)
    return false;
  if (m->value == layer_time)
    o->layer_s = sim_train_layer_s(&c->job);
  o->whole_scores = sim_train_counts_whole_scores(&c->job);
  return o->step.time_s > 0 && isfinite(o->step.time_s);
}

static const char *precision_name(enum dtype t) {
  return t == DT_FP8 || t == DT_INT8    ? "fp8"
         : t == DT_FP4 || t == DT_FP6   ? "fp4"
         : t == DT_FP32 || t == DT_TF32 ? "fp32"
                                        : "16bit";
}

void validate_training_row(const struct training_tables *k, const struct csv_table *t, size_t row,
                           struct training_answer *ret) {
  struct train_case c;
  struct outcome o = {0};
  char why[240];
  const char *name = csv_cell(t, row, csv_column(t, "metric"));
  const struct metric *m = metric_of(name);
  *ret = (struct training_answer){.status = VAL_OK, .predicted = NAN, .precision = "16bit"};
  snprintf(ret->gpu, sizeof ret->gpu, "%s", csv_cell(t, row, csv_column(t, "gpu")));
  train_case_read(k, t, row, &c);
  ret->moe = c.model.experts > 0;
  if (c.status != VAL_OK)
    refuse(ret, c.status, c.note, "");
  else if (!m)
    refuse(ret, VAL_UNSUPPORTED, "metric is not one of the documented ones: ", name);
  else if (m->needs_tokens && c.tokens == 0)
    refuse(ret, VAL_INCOMPLETE, "the number of tokens trained on is not stated", "");
  else if (m->needs_gpus && c.guessed_gpus)
    refuse(ret, VAL_INCOMPLETE, "num_gpus is not stated", "");
  else if (!simulate(&o, &c, m, why, sizeof why))
    refuse(ret, VAL_UNSUPPORTED, "no step for this layout: ", why);
  else {
    ret->predicted = m->value(&o);
    ret->inverse = m->inverse;
    ret->tflops = model_tflops(&o);
    ret->precision = precision_name(o.step.plan.precision);
    if (!*c.note && o.step.fits && strstr(name, "power"))
      hw_activity_text(&o.step.activity, c.note, sizeof c.note);
    snprintf(ret->note, sizeof ret->note, "%s%s%s", c.note, *c.note && !o.step.fits ? "; " : "",
             o.step.fits ? "" : o.step.why);
  }
}
