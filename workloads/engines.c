#include "workloads/engines.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "base/units.h"
#include "workloads/engines_priv.h"

/* ---- names and versions ---- */

/* Letters and digits of the first word, lower case: "TRT-LLM 0.14.0" -> "trtllm". */
static void key_of(const char *s, char *ret, size_t size) {
  size_t n = 0;
  for (; *s && !isspace((unsigned char)*s) && n + 1 < size; s++)
    if (isalnum((unsigned char)*s))
      ret[n++] = (char)tolower((unsigned char)*s);
  ret[n] = '\0';
}

static const char *engine_find(const struct wl_engines *e, const char *spec) {
  char want[48], have[48];
  key_of(spec, want, sizeof want);
  if (strcmp(want, "any") == 0)
    return "any";
  for (size_t i = 0; i < e->names; i++) {
    key_of(e->name[i], have, sizeof have);
    if (strcmp(want, have) == 0)
      return e->name[i];
  }
  return NULL;
}

/* First "digits.digits" after the name; -1 when there is none. Parts above 999 are clipped. */
static long version_of(const char *s) {
  while (*s && !isspace((unsigned char)*s))
    s++;
  while (*s && !(isdigit((unsigned char)s[0])))
    s++;
  int a = 0, b = 0, c = 0;
  if (sscanf(s, "%d.%d.%d", &a, &b, &c) < 2)
    return -1;
#define PART(x) ((x) > 999 ? 999 : (x))
  return (PART(a) * 1000L + PART(b)) * 1000L + PART(c);
#undef PART
}

/* The date of the newest release that is not newer than `version`; of the oldest when all are newer; -1 without releases. */
static long release_date(const struct wl_engines *e, const char *engine, long version) {
  long best = -1, best_version = -1, oldest = -1;
  for (size_t i = 0; i < e->n; i++) {
    const struct engine_row *r = &e->row[i];
    if (strcmp(r->metric, "release") != 0 || strcasecmp(r->engine, engine) != 0)
      continue;
    char text[64];
    snprintf(text, sizeof text, "x %s", r->text);
    long v = version_of(text);
    if (oldest < 0 || r->from < oldest)
      oldest = r->from;
    if (v <= version && v > best_version) {
      best = r->from;
      best_version = v;
    }
  }
  return best >= 0 ? best : oldest;
}

/* ---- looking up ---- */

/* Where an engine's figures come from, in this order: itself, what it is like (as of that one's version, where a row names it), what that is
 * like ..., at last `any`. */
enum { CHAIN = 8 };
struct chain {
  const char *engine[CHAIN];
  long day[CHAIN], newest; /* newest: of the days */
  int n;
};

/* The row that says what an engine is like: of its day, else its first. */
static const struct engine_row *like_of(const struct wl_engines *e, const char *engine, long day) {
  const struct engine_row *found = NULL;
  for (size_t i = 0; i < e->n; i++) {
    const struct engine_row *r = &e->row[i];
    if (strcmp(r->metric, "like") != 0 || strcasecmp(r->engine, engine) != 0)
      continue;
    if (!found || (r->from <= day ? r->from >= found->from || found->from > day : found->from > day && r->from < found->from))
      found = r;
  }
  return found;
}

static struct chain chain_of(const struct wl_engines *e, const char *engine, long day) {
  struct chain c = {.newest = day};
  while (engine && c.n < CHAIN - 1) {
    c.engine[c.n] = engine;
    c.day[c.n++] = day;
    const struct engine_row *like = like_of(e, engine, day);
    engine = like ? engine_find(e, like->text) : NULL;
    long version = engine ? version_of(like->text) : -1, released = version >= 0 ? release_date(e, engine, version) : -1;
    day = released >= 0 ? released : day;
    c.newest = day > c.newest ? day : c.newest;
  }
  c.engine[c.n] = "any";
  c.day[c.n] = c.day[0];
  c.n++;
  return c;
}

/* How near a row is to what is asked: nearer in the chain first, own host before no host, newer before older; -1 = another's. */
static long rank_of(const struct engine_row *r, const struct chain *c, const char *host) {
  int k = 0;
  while (k < c->n && strcasecmp(r->engine, c->engine[k]) != 0)
    k++;
  bool here = r->host[0] && strcasecmp(r->host, host) == 0;
  if (k == c->n || r->from > c->day[k] || (r->host[0] && !here))
    return -1;
  return 4000000L * (c->n - 1 - k) + (here ? 2000000L : 0) + r->from + 500000L;
}

bool wl_engine_get(const struct wl_engines *e, const char *spec, int year, int month, const char *host, struct wl_engine *ret) {
  const char *engine = spec && spec[0] ? engine_find(e, spec) : e->names ? e->name[0] : NULL;
  if (!engine)
    return false;
  long version = spec ? version_of(spec) : -1;
  long day = version >= 0 ? release_date(e, engine, version) : -1;
  if (day < 0)
    day = year > 0 ? date_days((struct date){year, month > 0 ? month : 6, 1}) : date_days((struct date){9999, 1, 1});
  memset(ret, 0, sizeof *ret);
  snprintf(ret->name, sizeof ret->name, "%s", spec && spec[0] ? spec : engine);
  ret->as_of = date_from_days(day);
  const struct chain chain = chain_of(e, engine, day);
  struct {
    const struct engine_row *row;
    long rank;
  } best[WLI_MOST_FIGURES] = {{NULL, 0}};
  for (size_t i = 0; i < e->n; i++) {
    const struct engine_row *r = &e->row[i];
    long rank = r->figure < 0 || r->from > chain.newest ? -1 : rank_of(r, &chain, host ? host : "");
    if (rank >= 0 && (!best[r->figure].row || rank >= best[r->figure].rank)) { /* of equals the later row */
      best[r->figure].row = r;
      best[r->figure].rank = rank;
    }
  }
  for (size_t i = 0; i < WLI_MOST_FIGURES; i++)
    if (best[i].row)
      wli_engine_put(ret, i, best[i].row->value);
  return true;
}

const char *wl_engine_name_at(const struct wl_engines *e, size_t i) {
  return i < e->names ? e->name[i] : NULL;
}

static const char *nearest_get(const void *ctx, size_t i) {
  return wl_engine_name_at(ctx, i);
}

static const char *text_of(const struct wl_engines *e, const char *engine, const char *metric, size_t skip) {
  for (size_t i = 0; i < e->n; i++)
    if (strcmp(e->row[i].metric, metric) == 0 && strcasecmp(e->row[i].engine, engine) == 0 && skip-- == 0)
      return e->row[i].text;
  return NULL;
}

/* The engine whose row of `metric` states this word. */
static const char *called(const struct wl_engines *e, const char *metric, const char *word) {
  char want[48], have[48];
  key_of(word, want, sizeof want);
  for (size_t i = 0; *want && i < e->n; i++) {
    key_of(e->row[i].text, have, sizeof have);
    if (strcmp(e->row[i].metric, metric) == 0 && strcmp(want, have) == 0)
      return e->row[i].engine;
  }
  return NULL;
}

const char *wl_engine_resolve(const struct wl_engines *e, const char *word) {
  char want[48], have[48];
  const char *name = engine_find(e, word);
  key_of(word, want, sizeof want);
  name = name ? name : called(e, "alias", word);
  name = name ? name : called(e, "umbrella", word);
  for (size_t i = 0; !name && i < e->names; i++) {
    key_of(e->name[i], have, sizeof have);
    if (strstr(want, have))
      name = e->name[i];
  }
  return name;
}

static bool version_at(const char *text, const char *name, char *ret, size_t size) {
  char key[64];
  snprintf(key, sizeof key, "%s: v", name);
  const char *p = strcasestr(text, key);
  if (!p)
    return false;
  p += strlen(key);
  snprintf(ret, size, "%.*s", (int)strcspn(p, " )"), p);
  return true;
}

bool wl_engine_version_in(const struct wl_engines *e, const char *name, const char *text, char *ret, size_t size) {
  if (version_at(text, name, ret, size))
    return true;
  const char *alias;
  for (size_t i = 0; (alias = text_of(e, name, "alias", i)); i++)
    if (version_at(text, alias, ret, size))
      return true;
  return false;
}

const char *wl_engine_decoder(const struct wl_engines *e, const char *spec) {
  const char *name = engine_find(e, spec);
  return name ? text_of(e, name, "decoder_is", 0) : NULL;
}

const char *wl_engine_encoder(const struct wl_engines *e, const char *spec) {
  const char *name = engine_find(e, spec);
  return name ? text_of(e, name, "encoder_is", 0) : NULL;
}

const char *wl_engine_unsupported(const struct wl_engines *e, const char *spec) {
  const char *name = engine_find(e, spec);
  return name ? text_of(e, name, "unsupported", 0) : NULL;
}

bool wl_engine_is_umbrella(const struct wl_engines *e, const char *word) {
  return called(e, "umbrella", word) != NULL;
}

const char *wl_engine_nearest(const struct wl_engines *e, const char *spec) {
  return err_nearest(spec, nearest_get, e);
}

double wl_draft_tokens(double accept, int drafts) {
  double tokens = 1, p = 1;
  for (int i = 0; i < drafts; i++)
    tokens += p *= accept;
  return tokens;
}

double wl_drafts_for(double accept, double tokens) {
  if (tokens <= 1 || accept <= 0)
    return 0;
  if (accept >= 1)
    return fmin(WL_MOST_DRAFTS, tokens - 1);
  double missing = 1 - tokens * (1 - accept); /* accept^(drafts + 1) */
  return missing > 0 ? fmin(WL_MOST_DRAFTS, log(missing) / log(accept) - 1) : WL_MOST_DRAFTS;
}

/* ---- loading ---- */

/* What a `like` names must be there, and not lead back. */
static void check_likes(const struct wl_engines *e, struct errs *errs) {
  for (size_t i = 0; i < e->n; i++) {
    const struct engine_row *r = &e->row[i];
    if (strcmp(r->metric, "like") != 0)
      continue;
    const char *near = wl_engine_nearest(e, r->text);
    if (!engine_find(e, r->text))
      errs_add(errs, r->file, r->line, "like", "unknown engine, got '%s'%s%s%s", r->text, near ? ", did you mean '" : "", near ? near : "",
               near ? "'?" : "");
    else if (chain_of(e, r->engine, r->from).n == CHAIN)
      errs_add(errs, r->file, r->line, "like", "engines that are like each other in a circle, or more than %d deep", CHAIN - 2);
  }
}

struct wl_engines *wl_engines_load(const char *const *dirs, size_t n, struct errs *errs) {
  size_t before = errs_count(errs);
  struct wl_engines *e = mem_alloc(sizeof *e);
  e->arena = arena_create();
  for (size_t i = 0; i < n; i++) {
    char *path = arena_printf(e->arena, "%s/engines.csv", dirs[i]);
    FILE *f = i > 0 ? fopen(path, "r") : NULL; /* a user's directory need not have one */
    if (f)
      fclose(f);
    if (i == 0 || f)
      wli_read_engines(e, path, errs);
  }
  check_likes(e, errs);
  if (errs_count(errs) == before)
    return e;
  wl_engines_free(e);
  return NULL;
}

void wl_engines_free(struct wl_engines *e) {
  if (!e)
    return;
  arena_destroy(e->arena);
  mem_free(e->row);
  mem_free(e->name);
  mem_free(e);
}
