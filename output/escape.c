#include "output/escape.h"
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { REPLACEMENT = 0xFFFD };

/* The character at *s, which moves behind it; 0 at the end. Overlong forms, surrogates and stray bytes give
 * REPLACEMENT. */
static uint32_t next_char(const unsigned char **s) {
  static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
  const unsigned char *p = *s;
  if (!*p)
    return 0;
  int len = *p < 0x80 ? 1 : (*p & 0xE0) == 0xC0 ? 2 : (*p & 0xF0) == 0xE0 ? 3 : (*p & 0xF8) == 0xF0 ? 4 : 0;
  uint32_t c = len == 1 ? *p : len ? *p & (0x7Fu >> len) : REPLACEMENT;
  *s = ++p;
  for (int i = 1; i < len; i++, p++) {
    if ((*p & 0xC0) != 0x80)
      return REPLACEMENT;
    c = c << 6 | (*p & 0x3F);
  }
  if (len > 1) {
    if (c < smallest[len] || c > 0x10FFFF || (c >= 0xD800 && c < 0xE000))
      return REPLACEMENT; /* *s stands behind the first byte: the rest is looked at on its own */
    *s = p;
  }
  return c < 0x20 || (c >= 0x7F && c < 0xA0) ? ' ' : c;
}

static void put_char(FILE *f, uint32_t c) {
  if (c < 0x80)
    fputc((int)c, f);
  else if (c < 0x800)
    fprintf(f, "%c%c", (int)(0xC0 | c >> 6), (int)(0x80 | (c & 0x3F)));
  else if (c < 0x10000)
    fprintf(f, "%c%c%c", (int)(0xE0 | c >> 12), (int)(0x80 | (c >> 6 & 0x3F)), (int)(0x80 | (c & 0x3F)));
  else
    fprintf(f, "%c%c%c%c", (int)(0xF0 | c >> 18), (int)(0x80 | (c >> 12 & 0x3F)), (int)(0x80 | (c >> 6 & 0x3F)),
            (int)(0x80 | (c & 0x3F)));
}

/* Writes `s`, a character c with special(c) != NULL as that string. */
static void escape(FILE *f, const char *s, const char *(*special)(uint32_t c)) {
  const unsigned char *p = (const unsigned char *)s;
  for (uint32_t c; (c = next_char(&p));) {
    const char *as = special(c);
    if (as)
      fputs(as, f);
    else
      put_char(f, c);
  }
}

static const char *special_html(uint32_t c) {
  switch (c) {
  case '&':
    return "&amp;";
  case '<':
    return "&lt;";
  case '>':
    return "&gt;";
  case '"':
    return "&quot;";
  case '\'':
    return "&#39;";
  default:
    return NULL;
  }
}

static const char *special_markdown(uint32_t c) {
  switch (c) {
  case '&':
    return "&amp;";
  case '<':
    return "&lt;";
  case '>':
    return "&gt;";
  case '|':
    return "\\|";
  case '\\':
    return "\\\\";
  case '`':
    return "\\`";
  case '*':
    return "\\*";
  case '_':
    return "\\_";
  case '[':
    return "\\[";
  case ']':
    return "\\]";
  default:
    return NULL;
  }
}

/* gnuplot looks for backquotes, macros and doubled quotes even where one does not expect it: inside its double quotes,
 * letters, digits and harmless signs stand as they are and every other ASCII character as an octal escape. */
static const char *special_gnuplot(uint32_t c) {
  static _Thread_local char octal[5];
  if (c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
      strchr(" -_.,:()/+", (int)c))
    return NULL;
  snprintf(octal, sizeof octal, "\\%03o", (unsigned)c);
  return octal;
}

static const char *special_json(uint32_t c) {
  return c == '"' ? "\\\"" : c == '\\' ? "\\\\" : NULL;
}

static const char *special_none(uint32_t c) {
  (void)c;
  return NULL;
}

void escape_html(FILE *f, const char *s) {
  escape(f, s, special_html);
}

void escape_markdown(FILE *f, const char *s) {
  escape(f, s, special_markdown);
}

void escape_gnuplot(FILE *f, const char *s) {
  fputc('"', f);
  escape(f, s, special_gnuplot);
  fputc('"', f);
}

void escape_terminal(FILE *f, const char *s) {
  escape(f, s, special_none);
}

void escape_json(FILE *f, const char *s) {
  fputc('"', f);
  escape(f, s, special_json);
  fputc('"', f);
}

size_t escape_width(const char *s) {
  const unsigned char *p = (const unsigned char *)s;
  size_t n = 0;
  while (next_char(&p))
    n++;
  return n;
}
