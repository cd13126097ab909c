/* Training traces: what is stated is read, what follows is derived, what contradicts is refused. */
#include "workloads/phases.h"
#include <math.h>
#include <string.h>
#include "base/csv.h"
#include "base/units.h"

static const char *const kind_names[WL_PHASE_KINDS] = {"pretrain", "context", "sft", "rl", "rejection", "distill"};

const char *wl_phase_kind_name(enum wl_phase_kind k) {
  return k < WL_PHASE_KINDS ? kind_names[k] : "unknown";
}

struct reader {
  const struct csv_table *t;
  size_t row;
  struct errs *errs;
};

static void complain(const struct reader *r, const char *key, const char *what, const char *got) {
  errs_add(r->errs, csv_path(r->t), csv_line(r->t, r->row), key, "%s, got '%s'", what, got);
}

static double number(const struct reader *r, const char *column) {
  const char *text = csv_cell(r->t, r->row, csv_column(r->t, column));
  double v = 0;
  if (*text && (!units_number(text, &v) || !(v > 0) || v > 1e18)) {
    complain(r, column, "expected a positive number or nothing", text);
    return 0;
  }
  return v;
}

static enum wl_phase_kind kind(const struct reader *r) {
  const char *text = csv_cell(r->t, r->row, csv_column(r->t, "kind"));
  for (int k = 0; k < WL_PHASE_KINDS; k++)
    if (strcmp(text, kind_names[k]) == 0)
      return (enum wl_phase_kind)k;
  const char *near = err_nearest_in(text, kind_names, WL_PHASE_KINDS);
  errs_add(r->errs, csv_path(r->t), csv_line(r->t, r->row), "kind",
           "unknown kind '%s', expected pretrain, context, sft, rl, rejection or distill%s%s%s", text,
           near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
  return WL_PRETRAIN;
}

/* tokens = steps x sequences x length, with one of tokens and steps, or the sequences, left to derive. */
static void derive_plain(const struct reader *r, struct wl_phase *p) {
  double step_tokens = p->global_batch * p->seq_len;
  if (p->seq_len == 0)
    complain(r, "seq_len", "a training phase needs the length of its sequences", "");
  else if (p->tokens > 0 && p->steps > 0 && p->global_batch == 0)
    p->global_batch = p->tokens / (p->steps * p->seq_len);
  else if (p->tokens > 0 && step_tokens > 0 && p->steps == 0)
    p->steps = ceil(p->tokens / step_tokens - 1e-9);
  else if (p->tokens == 0 && step_tokens > 0 && p->steps > 0)
    p->tokens = p->steps * step_tokens;
  else if (step_tokens == 0 || p->tokens == 0)
    complain(r, "tokens", "two of tokens, steps and global_batch must be stated", "");
  else if (fabs(p->steps * step_tokens / p->tokens - 1) > 0.01)
    complain(r, "tokens", "tokens are not steps x global_batch x seq_len",
             csv_cell(r->t, r->row, csv_column(r->t, "tokens")));
}

/* A rollout phase: every step answers prompts_per_step prompts rollouts_per_prompt times; reinforcement learning trains
 * on the answers. */
static void derive_rollouts(const struct reader *r, struct wl_phase *p) {
  if (p->rollouts_per_prompt == 0)
    p->rollouts_per_prompt = 1;
  if (p->prompts_per_step == 0 || p->output_len == 0 || p->steps == 0) {
    complain(r, "prompts_per_step", "rollouts need steps, prompts_per_step and output_len", "");
    return;
  }
  if (p->output_max == 0)
    p->output_max = 4 * p->output_len;
  if (p->output_max < p->output_len)
    complain(r, "output_max", "the longest answer is shorter than the mean one",
             csv_cell(r->t, r->row, csv_column(r->t, "output_max")));
  double length = p->prompt_len + p->output_len, outputs = p->prompts_per_step * p->rollouts_per_prompt;
  if (p->seq_len == 0)
    p->seq_len = length;
  if (p->global_batch == 0)
    p->global_batch = outputs;
  if (p->rollout_batch == 0)
    p->rollout_batch = outputs;
  if (p->tokens == 0)
    p->tokens = p->steps * outputs * length;
}

static void read_phase(const struct reader *r, struct arena *a, struct wl_phase *p) {
  p->name = arena_strdup(a, csv_cell(r->t, r->row, csv_column(r->t, "phase")));
  p->after = arena_strdup(a, csv_cell(r->t, r->row, csv_column(r->t, "after")));
  p->kind = kind(r);
  struct {
    const char *column;
    double *at;
  } f[] = {{"tokens", &p->tokens},
           {"seq_len", &p->seq_len},
           {"global_batch", &p->global_batch},
           {"steps", &p->steps},
           {"prompts_per_step", &p->prompts_per_step},
           {"rollouts_per_prompt", &p->rollouts_per_prompt},
           {"prompt_len", &p->prompt_len},
           {"output_len", &p->output_len},
           {"output_max", &p->output_max},
           {"rollout_batch", &p->rollout_batch},
           {"gpus", &p->gpus}};
  size_t before = errs_count(r->errs);
  for (size_t i = 0; i < sizeof f / sizeof *f; i++)
    *f[i].at = number(r, f[i].column);
  if (!*p->name)
    complain(r, "phase", "a phase needs a name", "");
  if (errs_count(r->errs) > before)
    return;
  if (p->kind == WL_RL || p->kind == WL_REJECTION)
    derive_rollouts(r, p);
  else
    derive_plain(r, p);
}

/* `after` must name a row above: then the order of rows is an order in time and there is no cycle. */
static void check_order(const struct csv_table *t, const struct wl_phases *all, struct errs *errs) {
  for (size_t i = 0; i < all->n; i++)
    for (size_t j = 0; j <= all->n && *all->phase[i].after; j++) {
      if (j == i || j == all->n) {
        errs_add(errs, csv_path(t), csv_line(t, i), "after", "must name a phase in a row above, got '%s'",
                 all->phase[i].after);
        break;
      }
      if (strcmp(all->phase[j].name, all->phase[i].after) == 0)
        break;
    }
}

struct wl_phases *wl_phases_load(struct arena *a, const char *path, struct errs *errs) {
  size_t before = errs_count(errs);
  struct csv_table *t = csv_load(path, errs);
  static const char *const need[] = {"phase", "kind", "tokens", "seq_len", "global_batch", "steps"};
  struct wl_phases *all = arena_alloc(a, sizeof *all);
  if (t && csv_require(t, need, 6, errs)) {
    all->n = csv_rows(t);
    all->phase = arena_alloc(a, (all->n + 1) * sizeof *all->phase);
    for (size_t i = 0; i < all->n; i++)
      read_phase(&(struct reader){t, i, errs}, a, &all->phase[i]);
    check_order(t, all, errs);
    if (all->n == 0)
      errs_add(errs, path, 1, NULL, "no phase in the trace");
  }
  csv_unload(t);
  return errs_count(errs) == before ? all : NULL;
}
