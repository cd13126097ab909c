/* Kernel measurements -> fits. Each family says which rows it takes, how it reads their sizes, its formula and its
 * parameters; a GPU's families are solved in the order of the list, so that later ones may use what earlier ones found.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/units.h"
#include "hwmodels/calibrate_rows.h"

enum { MAX_BEST = 64 };

struct solved { /* what this run has found for a GPU */
  const struct hw_gpu *gpu;
  struct hwi_gemm gemm[DT_COUNT];
};

bool hwi_starts(const char *s, const char *with) {
  return strncmp(s, with, strlen(with)) == 0;
}

/* ---- reading ---- */

static double cell_number(const struct csv_table *t, size_t r, const char *column, struct errs *errs) {
  const char *text = csv_cell(t, r, csv_column(t, column));
  double v = 0;
  if (*text && !units_number(text, &v))
    errs_add(errs, csv_path(t), csv_line(t, r), column, "got '%s', expected a number or nothing", text);
  return v;
}

static struct hwi_row read_row(const struct csv_table *t, size_t r, struct errs *errs) {
  return (struct hwi_row){csv_cell(t, r, csv_column(t, "op")),
                      csv_cell(t, r, csv_column(t, "dtype")),
                      csv_cell(t, r, csv_column(t, "shape_note")),
                      csv_cell(t, r, csv_column(t, "software")),
                      csv_cell(t, r, csv_column(t, "source")),
                      csv_cell(t, r, csv_column(t, "basis")),
                      cell_number(t, r, "m_or_batch", errs),
                      cell_number(t, r, "n_or_seqlen", errs),
                      cell_number(t, r, "k_or_heads", errs),
                      cell_number(t, r, "groups", errs),
                      cell_number(t, r, "latency_ms", errs) * 1e-3,
                      cell_number(t, r, "tflops", errs),
                      csv_line(t, r)};
}

double hwi_note_number(const char *note, const char *name, double otherwise) {
  size_t n = strlen(name);
  double v;
  for (const char *p = note; (p = strstr(p, name)); p += n)
    if (p[n] == '=')
      return units_leading_number(p + n + 1, &v) ? v : 0;
  return otherwise;
}

/* ---- what a GPU computes a table's format in ---- */

bool hwi_read_format(const char *text, struct hwi_format *ret) {
  *ret = (struct hwi_format){DT_BF16, false};
  if (strcmp(text, "sq") == 0) /* SmoothQuant: 8-bit integers */
    *ret = (struct hwi_format){DT_INT8, true};
  else if (strcmp(text, "int4_wo") == 0)
    *ret = (struct hwi_format){DT_INT4, false};
  else if (hwi_starts(text, "fp8 (")) /* operands come with their scales */
    *ret = (struct hwi_format){DT_FP8, false};
  else if (!dtype_parse(text, &ret->dtype))
    return false;
  else
    ret->quantises = dtype_bytes(ret->dtype) < 2;
  if (ret->dtype == DT_FP16)
    ret->dtype = DT_BF16; /* the same unit */
  return true;
}

int hwi_group_of(const char **names, size_t *n, const char *name) {
  for (size_t i = 0; i < *n; i++)
    if (strcmp(names[i], name) == 0)
      return (int)i;
  if (*n == HWI_MAX_GROUPS)
    return HWI_MAX_GROUPS - 1;
  names[*n] = name;
  return (int)(*n)++;
}

struct hwi_problem hwi_kernel_problem(const struct hwi_fits *f, const char *what, enum dtype compute) {
  return (struct hwi_problem){.name = f->gpu->name,
                              .what = what,
                              .kind = "kernel",
                              .gpu = f->gpu,
                              .machine = {f->gpu->peak_flops[compute], f->gpu->mem_Bps, f->gpu->sms},
                              .a_bytes = dtype_bytes(compute),
                              .b_bytes = dtype_bytes(compute),
                              .source = ""};
}

void hwi_add_source(const struct hwi_fits *f, struct hwi_problem *p, const struct hwi_row *r) {
  if (!strstr(p->source, r->source))
    p->source = *p->source ? arena_printf(f->k->arena, "%s; %s", p->source, r->source) : r->source;
}

double hwi_default(const struct hwi_fits *f, const char *metric) {
  const struct hw_fact *row = hw_fact_find(f->c, "kernel", "any", metric);
  return row ? row->value : (double)NAN;
}

/* ---- the list ---- */

static void (*const families[])(struct hwi_fits *) = {hwi_fit_gemm16, hwi_fit_low_precision, hwi_fit_grouped,   hwi_fit_moes,
                                                  hwi_fit_attns,  hwi_fit_unfused,       hwi_fit_mla_decode};

/* ---- single best shapes: the pace of a part that nobody measured further ---- */

static bool is_best_shape(const struct hwi_row *r) {
  return hwi_starts(r->op, "gemm (MAMF") && r->m > 0 && r->n > 0 && r->k > 0 && r->tflops > 0;
}

/* Measured rate of a best shape / what the GEMM model says of it. */
static double best_ratio(const struct hw_gpu *g, const struct hwi_gemm *p, enum dtype t, const struct hwi_row *r) {
  struct hwi_machine machine = {g->peak_flops[t], g->mem_Bps, g->sms};
  double model = hwi_gemm_time_s(p, &machine, r->m, r->n, r->k, 1, dtype_bytes(t), dtype_bytes(t));
  return r->tflops * 1e12 * model / (2 * r->m * r->n * r->k);
}

struct best {
  const struct hw_gpu *gpu;
  enum dtype dtype;
  struct hwi_row row;
  struct hwi_gemm gemm;
  bool fitted; /* the GPU has a fit of its own for this format */
};

static int by_value(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* Best shapes were searched for: on parts with a full fit they are some per cent faster than it. What is above that
 * median is the part's own. */
static void place_best(struct hw_calibration *k, const struct best *best, size_t n) {
  double ratio[MAX_BEST];
  size_t known = 0;
  for (size_t i = 0; i < n && known < MAX_BEST; i++)
    if (best[i].fitted)
      ratio[known++] = best_ratio(best[i].gpu, &best[i].gemm, best[i].dtype, &best[i].row);
  if (!known)
    return;
  qsort(ratio, known, sizeof *ratio, by_value);
  for (size_t i = 0; i < n; i++) {
    if (best[i].fitted)
      continue;
    double eff =
        best[i].gemm.eff_c * best_ratio(best[i].gpu, &best[i].gemm, best[i].dtype, &best[i].row) / ratio[known / 2];
    char metric[48];
    snprintf(metric, sizeof metric, "gemm.%s.eff_compute", dtype_name(best[i].dtype));
    hwi_calibration_row(k, "kernel", best[i].gpu->name, metric, eff, "", best[i].row.source,
                        "one best shape, over the median gain of searched shapes", "derived");
  }
}

/* ---- the table ---- */

static const char *const columns[] = {"gpu",        "op",     "dtype",      "m_or_batch", "n_or_seqlen",
                                      "k_or_heads", "groups", "shape_note", "latency_ms", "tflops",
                                      "software",   "source", "basis"};

static bool has_fit(const struct hw_calibration *k, const char *gpu, const char *what) {
  for (size_t i = 0; i < k->n_report; i++)
    if (k->report[i].converged && strcmp(k->report[i].name, gpu) == 0 && strcmp(k->report[i].what, what) == 0)
      return true;
  return false;
}

static void note_best(const struct hwi_fits *f, struct best *best, size_t *n) {
  for (size_t i = 0; i < f->n_row; i++) {
    struct hwi_format fmt;
    char what[32];
    if (!is_best_shape(&f->row[i]) || !hwi_read_format(f->row[i].dtype, &fmt) || *n == MAX_BEST)
      continue;
    snprintf(what, sizeof what, "gemm.%s", dtype_name(fmt.dtype));
    best[(*n)++] = (struct best){f->gpu, fmt.dtype, f->row[i], f->gemm[fmt.dtype], has_fit(f->k, f->gpu->name, what)};
    f->taken[i] = true;
  }
}

/* Whether the architecture of g, or one it descends from, names `part` as its reference. */
static bool is_reference(const struct hw_catalog *c, const struct hw_gpu *part, const struct hw_gpu *g) {
  const char *arch = g->arch;
  for (int depth = 0; arch && depth < 16; depth++, arch = hwi_text(c, "arch", arch, "parent")) {
    const char *reference = hwi_text(c, "arch", arch, "reference");
    if (reference)
      return hw_gpu_find(c, reference) == part;
  }
  return false;
}

/* A GPU starts from what it inherits: from this run when the part that it inherits from has been solved in it, else
 * from the catalog. */
static void start_gemm(struct hwi_fits *f, const struct solved *solved, size_t n) {
  const struct hwi_kernels *known = f->gpu->kernels;
  for (int t = 0; t < DT_COUNT; t++) {
    f->gemm[t] = known->gemm[t];
    for (size_t i = 0; i < n; i++)
      if (f->gemm[t].from && strcmp(solved[i].gpu->name, f->gpu->name) != 0 &&
          (strcmp(solved[i].gpu->name, f->gemm[t].from->name) == 0 || is_reference(f->c, solved[i].gpu, f->gpu)))
        f->gemm[t] = solved[i].gemm[t];
  }
}

static void fit_gpu(struct hwi_fits *f, struct solved *solved, size_t *n_solved, struct best *best, size_t *n_best) {
  start_gemm(f, solved, *n_solved);
  for (size_t i = 0; i < sizeof families / sizeof *families; i++)
    families[i](f);
  solved[*n_solved].gpu = f->gpu;
  memcpy(solved[(*n_solved)++].gemm, f->gemm, sizeof f->gemm);
  note_best(f, best, n_best);
}

/* The GPU with most rows that is still to do; NULL at the end. Parts with few measurements come after those they
 * inherit from. */
static const struct hw_gpu *next_gpu(const struct hw_gpu *const *gpu, size_t n) {
  const struct hw_gpu *best = NULL;
  size_t most = 0;
  for (size_t first = 0; first < n; first++) {
    size_t count = 0;
    if (!gpu[first] || gpu[first] == best)
      continue;
    for (size_t r = first; r < n; r++)
      count += gpu[r] == gpu[first];
    if (count > most) {
      most = count;
      best = gpu[first];
    }
  }
  return best;
}

void hwi_calibrate_kernels(const struct hw_catalog *c, const struct csv_table *t, uint64_t seed,
                           struct hw_calibration *k, struct errs *errs) {
  if (!csv_require(t, columns, sizeof columns / sizeof *columns, errs))
    return;
  size_t n = csv_rows(t), n_best = 0, n_solved = 0, before = errs_count(errs);
  struct hwi_row *row = mem_array(n + 1, sizeof *row), *own = mem_array(n + 1, sizeof *own);
  const struct hw_gpu **gpu = mem_array(n + 1, sizeof *gpu);
  bool *taken = mem_array(n + 1, sizeof *taken);
  struct solved *solved = mem_array(c->n_gpu + 1, sizeof *solved);
  struct best best[MAX_BEST];
  for (size_t r = 0; r < n; r++) {
    row[r] = read_row(t, r, errs);
    gpu[r] = hw_gpu_find(c, csv_cell(t, r, csv_column(t, "gpu")));
  }
  k->skipped = n;
  while (errs_count(errs) == before) {
    struct hwi_fits f = {.c = c, .gpu = next_gpu(gpu, n), .row = own, .seed = seed, .k = k, .taken = taken};
    if (!f.gpu)
      break;
    for (size_t r = 0; r < n; r++)
      if (gpu[r] == f.gpu) {
        own[f.n_row++] = row[r];
        gpu[r] = NULL;
      }
    memset(taken, 0, f.n_row * sizeof *taken);
    fit_gpu(&f, solved, &n_solved, best, &n_best);
    for (size_t i = 0; i < f.n_row; i++)
      k->skipped -= taken[i];
  }
  place_best(k, best, n_best);
  mem_free(row);
  mem_free(own);
  mem_free(gpu);
  mem_free(taken);
  mem_free(solved);
}
