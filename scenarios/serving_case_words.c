/* What the words of a serving row stand for: date, engine and version, model, GPU, formats. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "base/units.h"
#include "workloads/model_guess.h"
#include "scenarios/serving_case_reader.h"

/* ---- date and engine ---- */
void case_read_date(struct case_reader *r) {
  const char *s = case_text(r, "date");
  int y = 0, m = 0;
  while (*s && !(isdigit((unsigned char)s[0]) && isdigit((unsigned char)s[1]) && isdigit((unsigned char)s[2]) && isdigit((unsigned char)s[3])))
    s++;
  int got = sscanf(s, "%4d-%2d", &y, &m);
  r->c->rep.year = got >= 1 ? y : 0;
  r->c->rep.month = got >= 2 && m >= 1 && m <= 12 ? m : 0;
}

/* The cell may list several programs ("JetPack 4.6, TensorRT 8.0.1") or state versions behind ("vLLM (- vLLM: v0.10.2 - SGLang: ..)"): the first known
 * engine counts, with the version that stands at its name; one named beside a house or server ("Hugging Face TGI") counts before that. */
static size_t word_at(const char *item, size_t n, char *word, size_t size) {
  size_t w = 0, kept = 0;
  for (; w < n && !isspace((unsigned char)item[w]) && item[w] != ',' && item[w] != '('; w++)
    if (kept + 1 < size)
      word[kept++] = item[w];
  word[kept] = '\0';
  return w;
}

/* The first word of the item that names an engine; where it ends. */
static const char *engine_word(const struct wl_engines *e, const char *item, size_t n, size_t *end) {
  const char *house = NULL;
  char word[48];
  for (size_t at = 0; at < n && item[at] != '(';) {
    size_t w = word_at(item + at, n - at, word, sizeof word);
    const char *name = *word ? wl_engine_resolve(e, word) : NULL;
    at += w;
    if (name && (!house || !wl_engine_is_umbrella(e, word)))
      *end = at;
    if (name && !wl_engine_is_umbrella(e, word))
      return name;
    house = house ? house : name;
    while (at < n && (isspace((unsigned char)item[at]) || item[at] == ','))
      at++;
  }
  return house;
}

static bool engine_item(const struct case_reader *r, const char *item, size_t n, char *ret, size_t size) {
  size_t w = 0;
  const char *name = engine_word(r->k->engines, item, n, &w);
  if (!name)
    return false;
  const char *paren = memchr(item, '(', n);
  char version[24] = "";
  if (!paren)
    snprintf(version, sizeof version, "%.*s", (int)(n - w < 20 ? n - w : 20), item + w);
  else if (!wl_engine_version_in(r->k->engines, name, paren, version, sizeof version))
    version[0] = '\0';
  snprintf(ret, size, "%s%s%s", name, version[0] && version[0] != ' ' ? " " : "", version);
  return true;
}

/* Programs that the catalog does not know may say in parentheses what they run on ("LitGPT (PyTorch eager)"). */
static bool engine_below(const struct case_reader *r, const char *cell, char *ret, size_t size) {
  const char *p = strchr(cell, '(');
  for (size_t n; p && *p; p += n) {
    p += strspn(p, " ,;()");
    n = strcspn(p, " ,;()");
    if (n > 0 && engine_item(r, p, n, ret, size))
      return true;
  }
  return false;
}

void case_read_engine(struct case_reader *r, char *engine, size_t size) {
  const char *s = case_text(r, "engine");
  engine[0] = '\0';
  while (*s) {
    size_t n = strchr(s, '(') ? strlen(s) : strcspn(s, ",");
    if (engine_item(r, s, n, engine, size))
      break;
    s += n + (s[n] == ',');
    while (*s == ' ')
      s++;
  }
  if (!engine[0] && !engine_below(r, case_text(r, "engine"), engine, size))
    snprintf(engine, size, "any");
  struct wl_engine own;
  if (wl_engine_get(r->k->engines, engine, r->c->rep.year, r->c->rep.month, "", &own)) {
    r->auto_bits = own.auto_bits;
    r->auto_int_bits = own.auto_int_bits;
  }
  const char *why = wl_engine_unsupported(r->k->engines, engine);
  if (why)
    case_give_up(r, CASE_UNSUPPORTED, "engine: ", why);
  const char *by_kind = (r->c->rep.model->encoder ? wl_engine_encoder : wl_engine_decoder)(r->k->engines, engine);
  if (by_kind)
    snprintf(engine, size, "%s", by_kind); /* by date from here on: the versions are the other program's */
}

/* ---- names ---- */

/* What no file describes is made up from the size that a column or the name states. */
const struct wl_model *case_read_model(struct case_reader *r) {
  const char *name = case_text(r, "model");
  const struct wl_model *known = wl_model_read(r->k->models, name);
  struct wl_model_size size = {.name = name, .year = r->c->rep.year};
  if (known)
    return known;
  double total = case_leading(case_text(r, "params_total_B")), active = case_leading(case_text(r, "params_active_B"));
  size.params = total > 0 ? total * 1e9 : 0;
  size.active = active > 0 ? active * 1e9 : 0;
  wl_size_from_name(&size);
  if (!wl_model_guess(r->k->stacks, &size, &r->c->made_up))
    return NULL;
  case_assume(r, "model shape from its size");
  return &r->c->made_up;
}

const struct hw_gpu *case_find_gpu(const struct case_reader *r, const char *name) {
  return hw_gpu_find(r->k->catalog, name);
}

/* ---- formats ---- */
static const struct {
  const char *word;
  enum dtype weights, compute; /* compute DT_FP64 = what the GPU does with them */
} formats[] = {
  {"w4a16", DT_INT4, DT_BF16}, {"w8a16", DT_INT8, DT_BF16}, {"w8a8", DT_INT8, DT_INT8}, {"nvfp4", DT_FP4, DT_FP64}, {"mxfp4", DT_FP4, DT_FP64},
  {"fp4", DT_FP4, DT_FP64}, {"int4", DT_INT4, DT_BF16}, {"awq", DT_INT4, DT_BF16}, {"gptq", DT_INT4, DT_BF16}, {"fp8", DT_FP8, DT_FP64},
  {"int8", DT_INT8, DT_INT8}, {"bf16", DT_BF16, DT_FP64}, {"bfloat16", DT_BF16, DT_FP64}, {"fp16", DT_FP16, DT_FP64}, {"float16", DT_FP16, DT_FP64},
  {"tf32", DT_FP32, DT_TF32}, {"fp32", DT_FP32, DT_FP32},
  /* formats of programs for few users, by the width nearest to theirs */
  {"q2_k", DT_INT4, DT_BF16}, {"q3_k", DT_INT4, DT_BF16}, {"q4_", DT_INT4, DT_BF16}, {"iq4", DT_INT4, DT_BF16}, {"q5_", DT_FP6, DT_BF16}, {"q6_", DT_FP6, DT_BF16},
  {"q8_0", DT_INT8, DT_BF16}, {"exl2", DT_INT4, DT_BF16}, {"nf4", DT_INT4, DT_BF16}, {"4-bit", DT_INT4, DT_BF16}, {"4bit", DT_INT4, DT_BF16}, {"8-bit", DT_INT8, DT_INT8},
  {"8bit", DT_INT8, DT_INT8},
};

/* The format named first; -1 when none is. */
static int first_format(const char *s) {
  int best = -1;
  const char *best_at = NULL;
  for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
    const char *p = strcasestr(s, formats[i].word);
    if (p && (!best_at || p < best_at)) {
      best = (int)i;
      best_at = p;
    }
  }
  return best;
}

static enum dtype sixteen(const struct hw_gpu *g) {
  return g->peak_flops[DT_BF16] > 0 ? DT_BF16 : DT_FP16;
}

void case_read_formats(struct case_reader *r, const struct wl_engine *e) {
  struct sim_replica *p = &r->c->rep;
  const struct hw_gpu *g = p->server->gpu;
  const char *cell = case_text(r, "precision"), *kv = strcasestr(cell, "KV ");
  int f = first_format(cell);
  if (f < 0)
    f = first_format(case_text(r, "model"));
  p->weights = f >= 0 ? formats[f].weights : p->model->weights;
  p->compute = f >= 0 ? formats[f].compute : DT_FP64;
  if (p->weights == DT_BF16 || p->weights == DT_FP16)
    p->weights = sixteen(g);
  if (p->compute == DT_BF16)
    p->compute = sixteen(g);
  /* Builders that pick the fastest format by themselves: a stated 16-bit format is what they fall back to. */
  if (r->auto_bits > 0 && p->weights == sixteen(g)) {
    if (r->auto_bits <= 4 && g->peak_flops[DT_FP4] > 0 && !p->model->encoder)
      p->weights = DT_FP4;
    else if (r->auto_bits <= 8 && g->peak_flops[DT_FP8] > 0)
      p->weights = DT_FP8;
    else if (r->auto_int_bits > 0 && r->auto_int_bits <= 4 && g->peak_flops[DT_FP8] <= 0 && !p->model->encoder) {
      p->weights = DT_INT4;
      p->compute = sixteen(g);
    }
  }
  /* Deployments of FP8 checkpoints cache in FP8 (kv_follows); checkpoints in integers do not say how to cache. */
  int k = kv ? first_format(kv) : -1;
  p->kv = k >= 0 ? formats[k].weights : e->kv_follows && (p->weights == DT_FP8 || p->weights == DT_FP4) && g->peak_flops[DT_FP8] > 0 ? DT_FP8 : sixteen(g);
}
