#include "workloads/model_guess.h"
#include <ctype.h>
#include <math.h>
#include <string.h>
#include "base/units.h"

/* ---- sizes in names ---- */

/* Attention is a fifth of a model whose experts a name counts (8x7B: 46.7B, two of eight 12.9B), as its heads are grouped. */
static void count_of_experts(struct wl_model_size *s, double experts, double each) {
  const double mlp = 0.8;
  s->experts = (int)experts;
  s->topk = s->topk > 0 ? s->topk : 2;
  s->params = each * (1 - mlp + mlp * experts);
  s->active = each * (1 - mlp + mlp * s->topk);
}

/* Parameters that "13B", "350M" or "1T" states at p; 0 when it is none. *end: behind it. */
static double size_at(const char *p, const char **end) {
  double v;
  const char *unit = units_leading_number(p, &v);
  if (!unit)
    return 0;
  *end = unit + 1;
  double scale = toupper((unsigned char)*unit) == 'B' ? 1e9 : toupper((unsigned char)*unit) == 'M' ? 1e6 : *unit == 'T' ? 1e12 : 0;
  return scale > 0 && !isalnum((unsigned char)unit[1]) && v > 0 && v < 1e5 ? v * scale : 0;
}

void wl_size_from_name(struct wl_model_size *s) {
  bool stated = s->params > 0 || (s->layers > 0 && s->hidden > 0);
  const char *end;
  for (const char *p = s->name; *p; p++) {
    bool starts = p == s->name || !(isalnum((unsigned char)p[-1]) || p[-1] == '.'), active = starts && *p == 'A';
    double v = starts ? size_at(p + active, &end) : 0, experts, each = 0;
    const char *x = starts && v == 0 ? units_leading_number(p, &experts) : NULL;
    if (x && (*x == 'x' || *x == 'X') && experts > 1 && experts < 1e4)
      each = size_at(x + 1, &end);
    if (active && v > 0 && s->active == 0)
      s->active = v;
    else if (!stated && s->params == 0 && each > 0)
      count_of_experts(s, experts, each);
    else if (!stated && s->params == 0 && !active)
      s->params = v;
  }
}

/* ---- dense shapes ---- */

/* At least one; sizes that no model has end where ints do not. */
static int whole(double v) {
  return (int)fmin(fmax(1, round(v)), 1e8);
}

static double dense_params(double layers, double hidden, double kv_share, double ffn, bool gated, double vocab, bool tied) {
  return layers * (hidden * hidden * (2 + 2 * kv_share) + (gated ? 3 : 2) * hidden * ffn) + vocab * hidden * (tied ? 1 : 2);
}

static int every(const struct wl_model_size *s) {
  return s->moe_every > 1 ? s->moe_every : 1;
}

/* Parameters that a token meets, by which the width goes: stated, or told by the experts; where ranks hold experts of which nothing is said, the usual share. */
static double active_params(const struct wl_stacks *k, const struct wl_model_size *s) {
  double v = s->active, total = s->params, mlp = 2.0 / 3 / every(s), rest = 1 - mlp; /* of a dense model's layers: attention is a third */
  if (v == 0 && s->experts > 1)
    v = total * (rest + mlp * (s->topk > 0 ? s->topk : 2)) / (rest + mlp * s->experts);
  if (v == 0 && s->placed_experts)
    v = total * wl_insitu(k, "", "", "active_share");
  return v > 0 && v < 0.9 * total ? v : total;
}

/* Plain with tied embeddings or gated without: what comes nearer to the parameters, or what the width of the MLP says. A
 * width that is not stated is four times the model's, of a gated MLP two thirds of that where only embeddings that are
 * not tied explain the count. */
static void choose_mlp(struct wl_model *m, double params) {
  double kv = (double)m->kv_heads / m->heads, usual = 4.0 * m->hidden, narrow = 256 * ceil(usual * 2 / 3 / 256);
  double ffn = m->ffn > 0 ? m->ffn : usual;
  double off_plain = fabs(log(dense_params(m->layers, m->hidden, kv, ffn, false, m->vocab, true) / params)),
         off_gated = fabs(log(dense_params(m->layers, m->hidden, kv, ffn, true, m->vocab, false) / params)),
         off_narrow = fabs(log(dense_params(m->layers, m->hidden, kv, narrow, true, m->vocab, false) / params));
  bool clearly = m->ffn == 0 && off_narrow < off_gated && off_narrow < off_plain - 0.05; /* the two differ by an embedding */
  m->gated = params > 0 ? clearly || off_gated < off_plain : ffn < 3.6 * m->hidden && m->ffn != 4 * m->hidden;
  m->ffn = (int)(params > 0 && clearly ? narrow : ffn);
  m->tied = !m->gated;
}

enum { GROUPED_SINCE = 2024, LEAST_WIDTH = 128 };

/* Models of today whose shape is told by nothing but their size: heads come in fours, so that they can be grouped. */
static bool is_grouped(const struct wl_model_size *s) {
  return s->year >= GROUPED_SINCE && s->layers == 0 && s->hidden == 0 && s->heads == 0;
}

/* 128 per head, in eight or four groups if at all. */
static void choose_heads(const struct wl_model_size *s, struct wl_model *m) {
  if (m->heads == 0)
    m->heads = m->hidden % 128 == 0 ? m->hidden / 128 : m->hidden % 64 == 0 ? m->hidden / 64 : 16;
  if (m->kv_heads == 0)
    m->kv_heads = !is_grouped(s) ? m->heads : m->heads % 8 == 0 ? 8 : 4;
  m->head_dim = m->hidden / m->heads;
}

/* Usual aspect of published models: width about 128 x layers^0.9, 12 l h^2 weights. */
static int usual_width(const struct wl_model_size *s, double params) {
  double h = s->layers > 0 ? sqrt(params / (12.0 * s->layers)) : pow(params / 12 * 95, 1.0 / 3), step = is_grouped(s) ? 4 * 128 : 128;
  return whole(fmax(step, step * round(h / step)));
}

static void round_to_stages(const struct wl_model_size *s, struct wl_model *m) {
  if (s->layers == 0 && s->stages > 1)
    m->layers = whole((double)m->layers / s->stages) * s->stages;
}

/* GPT style unless its counts or the widths of its MLP speak for gates. */
bool wl_model_guess(const struct wl_stacks *k, const struct wl_model_size *s, struct wl_model *ret) {
  double params = active_params(k, s);
  struct wl_model m = {.name = s->name, .layers = s->layers, .hidden = s->hidden, .heads = s->heads, .kv_heads = s->kv_heads, .ffn = s->ffn, .vocab = s->vocab, .weights = DT_BF16, .source = "made up from its size", .grade = "assumed"};
  if (params == 0 && (m.layers == 0 || m.hidden == 0))
    return false;
  if (m.vocab == 0)
    m.vocab = wl_usual_trainer(k, s->ffn == 4 * s->hidden && s->ffn > 0 ? 0 : s->year, 0)->vocab;
  if (m.hidden == 0)
    m.hidden = usual_width(s, params);
  if (m.hidden < LEAST_WIDTH)
    m.hidden = LEAST_WIDTH;
  choose_heads(s, &m);
  double own = params - (double)m.vocab * m.hidden, layer = dense_params(1, m.hidden, (double)m.kv_heads / m.heads, 4.0 * m.hidden, false, 0, true);
  if (m.layers == 0)
    m.layers = whole((own > 0 ? own : params) / layer);
  choose_mlp(&m, params);
  round_to_stages(s, &m);
  *ret = m;
  struct wl_model_size told = *s;
  told.active = params;
  wl_model_set_experts(k, &told, ret);
  return true;
}

/* ---- experts ---- */

/* Experts instead of every n-th MLP, as wide as the total asks for. */
static void make_experts(const struct wl_model_size *s, int experts, bool told, struct wl_model *m) {
  double up = m->gated ? 3 : 2, rest = dense_params(m->layers, m->hidden, (double)m->kv_heads / m->heads, 0, m->gated, m->vocab, m->tied);
  int with = whole(m->layers / every(s));
  rest += (m->layers - with) * up * m->hidden * (double)m->ffn;
  m->experts = experts;
  m->topk = s->topk > 0 ? s->topk : 2;
  m->expert_ffn = s->params > rest ? whole((s->params - rest) / (up * with * (double)m->hidden * experts)) : m->ffn;
  m->moe_every = every(s);
  if (!told && s->topk == 0 && s->params > rest)
    m->topk = whole(experts * (s->active - rest) / (s->params - rest));
}

void wl_model_set_experts(const struct wl_stacks *k, const struct wl_model_size *s, struct wl_model *m) {
  bool told = s->experts > 0, sparse = !told && s->active > 0 && s->active < s->params;
  int experts = sparse ? (int)wl_insitu(k, "", "", "usual_experts") : s->experts;
  if (experts > 1 && m->experts == 0) {
    make_experts(s, experts, told, m);
  } else if (experts > 0 && s->topk > 0) {
    m->experts = experts;
    m->topk = s->topk;
  }
}
