/* Names of parts: the same part is written in many ways, so names are compared without case, blanks, '-' and '_',
 * through the alias rows, and a GPU at last word by word. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include "base/hash.h"
#include "hwmodels/priv.h"

uint64_t hwi_name_hash(const char *kind, const char *name, const char *metric) {
  char buf[160];
  size_t n = 0;
  for (; *name && n < sizeof buf; name++)
    if (*name != ' ' && *name != '-' && *name != '_')
      buf[n++] = (char)tolower((unsigned char)*name);
  uint64_t h = hash_bytes(hash_str(0, kind), buf, n);
  return metric ? hash_str(h, metric) : h;
}

/* Rows about a part are named as the part is. */
static const char *part_kind(const char *kind) {
  static const char *const about[][2] = {
      {"price", "server"}, {"kernel", "gpu"}, {"power", "gpu"}, {"collective", "link"}};
  for (size_t i = 0; i < sizeof about / sizeof *about; i++)
    if (strcmp(kind, about[i][0]) == 0)
      return about[i][1];
  return kind;
}

const char *hwi_canonical(const struct hw_catalog *c, const char *kind, const char *name) {
  size_t at;
  return hwi_index_get(&c->by_alias, hwi_name_hash(part_kind(kind), name, NULL), &at) ? c->alias[at].name : name;
}

static bool place(const struct hw_catalog *c, const char *kind, const char *name, size_t *ret) {
  return hwi_index_get(&c->by_name, hwi_name_hash(kind, hwi_canonical(c, kind, name), NULL), ret);
}

const struct hw_gpu *hw_gpu_find(const struct hw_catalog *c, const char *name) {
  size_t at;
  return place(c, "gpu", name, &at) ? &c->gpu[at] : hwi_gpu_by_tokens(c, name);
}
const struct hw_server *hw_server_find(const struct hw_catalog *c, const char *name) {
  size_t at;
  return place(c, "server", name, &at) ? &c->server[at] : NULL;
}
const struct hw_link *hw_link_find(const struct hw_catalog *c, const char *name) {
  size_t at;
  return place(c, "link", name, &at) ? &c->link[at] : NULL;
}
const struct hw_gpu *hw_gpu_at(const struct hw_catalog *c, size_t i) {
  return i < c->n_gpu ? &c->gpu[i] : NULL;
}
const struct hw_server *hw_server_at(const struct hw_catalog *c, size_t i) {
  return i < c->n_server ? &c->server[i] : NULL;
}
const struct hw_link *hw_link_at(const struct hw_catalog *c, size_t i) {
  return i < c->n_link ? &c->link[i] : NULL;
}

/* Candidates for "did you mean": the names, then the aliases of the kind. */
static const char *gpu_name(const void *ctx, size_t i) {
  const struct hw_catalog *c = ctx;
  return i < c->n_gpu ? c->gpu[i].name : i - c->n_gpu < c->n_alias ? c->alias[i - c->n_gpu].alias : NULL;
}
static const char *server_name(const void *ctx, size_t i) {
  const struct hw_catalog *c = ctx;
  return i < c->n_server ? c->server[i].name : i - c->n_server < c->n_alias ? c->alias[i - c->n_server].alias : NULL;
}
const char *hw_gpu_nearest(const struct hw_catalog *c, const char *name) {
  const char *near = err_nearest(name, gpu_name, c);
  const struct hw_gpu *g = near ? hw_gpu_find(c, near) : NULL;
  return g ? g->name : NULL;
}
const char *hw_server_nearest(const struct hw_catalog *c, const char *name) {
  const char *near = err_nearest(name, server_name, c);
  const struct hw_server *s = near ? hw_server_find(c, near) : NULL;
  return s ? s->name : NULL;
}

/* ---- word by word ---- */

enum { MAX_WORDS = 16, WORD_SIZE = 24 };
struct words {
  char word[MAX_WORDS][WORD_SIZE];
  int n;
};

static bool all_digits(const char *s) {
  size_t n = strspn(s, "0123456789");
  return n > 0 && s[n] == '\0';
}

/* "8xH100" is about H100. */
static void drop_count(char *word) {
  size_t n = strspn(word, "0123456789");
  if (n > 0 && word[n] == 'x' && isalpha((unsigned char)word[n + 1]))
    memmove(word, word + n + 1, strlen(word + n + 1) + 1);
}

/* "80 GB" is one word, "80GB", and "Gaudi 3" is "Gaudi3". */
static void join(struct words *w) {
  if (w->n < 2)
    return;
  char *last = w->word[w->n - 1], *before = w->word[w->n - 2];
  bool size = (strcmp(last, "gb") == 0 || strcmp(last, "gib") == 0) && all_digits(before);
  bool generation = strlen(last) == 1 && all_digits(last) && strlen(before) > 3 && !strpbrk(before, "0123456789.");
  if (!size && !generation)
    return;
  strncat(before, size ? "gb" : last, WORD_SIZE - strlen(before) - 1);
  w->n--;
}

static struct words split(const char *name) {
  struct words w = {.n = 0};
  while (*name && w.n < MAX_WORDS) {
    size_t n = 0;
    while (isalnum((unsigned char)*name) || *name == '.') {
      if (n + 1 < WORD_SIZE)
        w.word[w.n][n++] = (char)tolower((unsigned char)*name);
      name++;
    }
    w.word[w.n][n] = '\0';
    drop_count(w.word[w.n]);
    w.n += n > 0;
    join(&w);
    if (*name)
      name++;
  }
  return w;
}

static bool is_size(const char *w) {
  size_t n = strspn(w, "0123456789");
  return n > 0 && (strcmp(w + n, "gb") == 0 || strcmp(w + n, "gib") == 0);
}

/* Equal, or the same letters with a generation digit on one side: sxm and sxm4. */
static bool same_word(const char *a, const char *b) {
  size_t letters = strspn(a, "abcdefghijklmnopqrstuvwxyz");
  if (strcmp(a, b) == 0)
    return true;
  if (letters < 3 || strncmp(a, b, letters) != 0 || isalpha((unsigned char)b[letters]))
    return false;
  return strlen(a) <= letters + 1 && strlen(b) <= letters + 1 && (a[letters] == '\0' || b[letters] == '\0');
}

/* How well the words of `have` are contained in `want`: letters matched, or 0 when a word is missing, when none of them
 * identifies a part (has a digit and is no memory size), or when `want` names another memory size than mem_gb. */
static int match(const struct words *want, const struct words *have, double mem_gb) {
  bool used[MAX_WORDS] = {false}, identified = false;
  int score = 0;
  for (int i = 0; i < have->n; i++) {
    int j = 0;
    while (j < want->n && (used[j] || !same_word(have->word[i], want->word[j])))
      j++;
    if (j == want->n)
      return 0;
    used[j] = true;
    bool exact = strcmp(have->word[i], want->word[j]) == 0; /* sxm for sxm4 says nothing of the part */
    identified |= exact && strpbrk(have->word[i], "0123456789") && !is_size(have->word[i]);
    score += (int)strlen(have->word[i]);
  }
  for (int j = 0; j < want->n; j++) {
    double gb = 0;
    if (!used[j] && is_size(want->word[j]) && sscanf(want->word[j], "%lf", &gb) == 1 &&
        (gb < 0.94 * mem_gb || gb > 1.06 * mem_gb))
      return 0;
  }
  return identified ? score : 0;
}

const struct hw_gpu *hwi_gpu_by_tokens(const struct hw_catalog *c, const char *name) {
  struct words want = split(name);
  const struct hw_gpu *best = NULL;
  int best_score = 0;
  for (size_t i = 0; i < c->n_gpu + c->n_alias; i++) {
    size_t at = i;
    const char *candidate = i < c->n_gpu ? c->gpu[i].name : c->alias[i - c->n_gpu].alias;
    if (i >= c->n_gpu && (strcmp(c->alias[i - c->n_gpu].kind, "gpu") != 0 || !place(c, "gpu", candidate, &at)))
      continue;
    struct words have = split(candidate);
    int score = match(&want, &have, c->gpu[at].mem_bytes / 0.985 / 1073741824.0);
    if (score > best_score) {
      best_score = score;
      best = &c->gpu[at];
    }
  }
  return best;
}
