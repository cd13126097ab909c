#include "output/table.h"
#include <math.h>
#include <string.h>
#include "base/csv.h"
#include "base/mem.h"
#include "output/escape.h"

enum { DENSE_FROM = 13 }; /* HTML tables of more columns are set smaller */

struct cell {
  const char *text; /* NULL = unknown */
  double value;     /* of a number */
  bool is_number;
};
struct row {
  struct cell *cell;
  size_t n;
  bool strong;
};
struct table {
  struct arena *arena;
  char *title;
  struct table_col *col;
  size_t n_col;
  struct row *row;
  size_t n_row, cap_row;
};

struct table *table_create(const char *title, const struct table_col *cols, size_t n) {
  struct table *t = mem_alloc(sizeof *t);
  t->arena = arena_create();
  t->title = arena_strdup(t->arena, title);
  t->col = arena_alloc(t->arena, n * sizeof *t->col);
  t->n_col = n;
  for (size_t i = 0; i < n; i++) {
    t->col[i] = cols[i];
    t->col[i].head = arena_strdup(t->arena, cols[i].head);
    t->col[i].unit = arena_strdup(t->arena, cols[i].unit ? cols[i].unit : "");
    t->col[i].name = cols[i].name ? arena_strdup(t->arena, cols[i].name) : NULL;
  }
  return t;
}

void table_free(struct table *t) {
  if (!t)
    return;
  arena_destroy(t->arena);
  mem_free(t->row);
  mem_free(t);
}

size_t table_rows(const struct table *t) {
  return t->n_row;
}

const char *table_title(const struct table *t) {
  return t->title;
}

/* ---- filling ---- */

void table_row(struct table *t) {
  t->row = mem_grow(t->row, &t->cap_row, t->n_row + 1, sizeof *t->row);
  t->row[t->n_row++] = (struct row){.cell = arena_alloc(t->arena, t->n_col * sizeof(struct cell))};
}

void table_strong(struct table *t) {
  t->row[t->n_row - 1].strong = true;
}

static void add(struct table *t, const char *text, double value, bool is_number) {
  struct row *r = &t->row[t->n_row - 1];
  if (r->n < t->n_col)
    r->cell[r->n++] = (struct cell){text ? arena_strdup(t->arena, text) : NULL, value, is_number};
}

void table_text(struct table *t, const char *text) {
  add(t, text && *text ? text : NULL, 0, false);
}

void table_number(struct table *t, double value, int decimals) {
  char buf[64];
  format_number(value, decimals, buf);
  add(t, isnan(value) ? NULL : buf, value, true);
}

void table_scaled(struct table *t, double value, double scale, int decimals) {
  table_number(t, value / scale, decimals);
}

void table_said(struct table *t, double value, const char *text) {
  add(t, text, value, true);
}

void format_number(double value, int decimals, char buf[64]) {
  char plain[64];
  if (isnan(value)) {
    strcpy(buf, "-");
    return;
  }
  if (fabs(value) >= 1e15 || isinf(value)) {
    snprintf(buf, 64, "%.4g", value);
    return;
  }
  snprintf(plain, sizeof plain, "%.*f", decimals, value);
  char *in = plain, *out = buf;
  if (*in == '-') {
    if (strspn(in, "-0.") < strlen(in)) /* no "-0.00" */
      *out++ = '-';
    in++;
  }
  for (size_t left = strcspn(in, "."); left > 0; left--) {
    *out++ = *in++;
    if (left > 1 && left % 3 == 1)
      *out++ = ',';
  }
  strcpy(out, in);
}

/* ---- unknown columns ---- */

static bool column_known(const struct table *t, size_t col) {
  for (size_t r = 0; r < t->n_row; r++)
    if (t->row[r].cell[col].text)
      return true;
  return false;
}

static void append_head(char **list, const char *head, const char *unit) {
  char *old = *list, *one = mem_strdup(head);
  for (char *p = one; *p; p++)
    if (*p == '\n')
      *p = ' ';
  *list = mem_printf("%s%s%s%s%s", old, *old ? ", " : "", one, *unit ? " " : "", unit);
  mem_free(one);
  mem_free(old);
}

static void remove_column(struct table *t, size_t col) {
  for (size_t c = col; c + 1 < t->n_col; c++) {
    t->col[c] = t->col[c + 1];
    for (size_t r = 0; r < t->n_row; r++)
      t->row[r].cell[c] = t->row[r].cell[c + 1];
  }
  t->n_col--;
}

char *table_drop_unknown(struct table *t) {
  char *dropped = mem_strdup("");
  for (size_t c = 0; c < t->n_col && t->n_row;)
    if (column_known(t, c))
      c++;
    else {
      append_head(&dropped, t->col[c].head, t->col[c].unit);
      remove_column(t, c);
    }
  return dropped;
}

void table_drop(struct table *t, const char *name) {
  for (size_t c = 0; c < t->n_col; c++)
    if (t->col[c].name && strcmp(t->col[c].name, name) == 0) {
      remove_column(t, c);
      return;
    }
}

/* ---- aligned text ---- */

/* Line i of a column's head, the unit being the last; "" beyond. */
static const char *head_line(const struct table_col *c, size_t i, char buf[64]) {
  const char *p = c->head;
  for (; i > 0 && p; i--) {
    p = strchr(p, '\n');
    p = p ? p + 1 : NULL;
    if (!p && i == 1)
      return c->unit;
  }
  if (!p)
    return "";
  snprintf(buf, 64, "%.*s", (int)strcspn(p, "\n"), p);
  return buf;
}

static size_t head_lines(const struct table_col *c) {
  size_t n = 1 + (*c->unit != '\0');
  for (const char *p = c->head; *p; p++)
    n += *p == '\n';
  return n;
}

static const char *shown(const struct cell *c) {
  return c->text ? c->text : "-";
}

static size_t column_width(const struct table *t, size_t col, size_t lines) {
  size_t width = 0;
  char buf[64];
  for (size_t i = 0; i < lines; i++) {
    size_t w = escape_width(head_line(&t->col[col], i, buf));
    width = w > width ? w : width;
  }
  for (size_t r = 0; r < t->n_row; r++) {
    size_t w = escape_width(shown(&t->row[r].cell[col]));
    width = w > width ? w : width;
  }
  return width;
}

static void pad(FILE *f, const char *text, size_t width, bool left, bool last) {
  int blanks = (int)(width - escape_width(text));
  if (!left)
    fprintf(f, "%*s", blanks, "");
  escape_terminal(f, text);
  if (left && !last)
    fprintf(f, "%*s", blanks, "");
  fputs(last ? "\n" : "  ", f);
}

void table_write_text(const struct table *t, FILE *f) {
  size_t lines = 1, total = 0;
  size_t *width = mem_array(t->n_col + 1, sizeof *width);
  for (size_t c = 0; c < t->n_col; c++)
    lines = head_lines(&t->col[c]) > lines ? head_lines(&t->col[c]) : lines;
  for (size_t c = 0; c < t->n_col; c++)
    total += 2 + (width[c] = column_width(t, c, lines));

  for (size_t i = 0; i < lines; i++)
    for (size_t c = 0; c < t->n_col; c++) {
      char buf[64]; /* heads stand at the bottom */
      size_t own = head_lines(&t->col[c]), skip = lines - own;
      pad(f, i < skip ? "" : head_line(&t->col[c], i - skip, buf), width[c], t->col[c].left, c + 1 == t->n_col);
    }
  for (size_t i = 2; i < total; i++)
    fputc('-', f);
  fputc('\n', f);
  for (size_t r = 0; r < t->n_row; r++)
    for (size_t c = 0; c < t->n_col; c++)
      pad(f, shown(&t->row[r].cell[c]), width[c], t->col[c].left, c + 1 == t->n_col);
  mem_free(width);
}

/* ---- Markdown, HTML, CSV ---- */

static void head_as(const struct table_col *c, FILE *f, void (*escape)(FILE *, const char *)) {
  char buf[64];
  for (size_t i = 0; i < head_lines(c); i++) {
    fputs(i ? " " : "", f);
    escape(f, head_line(c, i, buf));
  }
}

void table_write_markdown(const struct table *t, FILE *f) {
  for (size_t c = 0; c < t->n_col; c++) {
    fputs("| ", f);
    head_as(&t->col[c], f, escape_markdown);
    fputc(' ', f);
  }
  fputs("|\n", f);
  for (size_t c = 0; c < t->n_col; c++)
    fputs(t->col[c].left ? "|:--" : "|--:", f);
  fputs("|\n", f);
  for (size_t r = 0; r < t->n_row; r++) {
    for (size_t c = 0; c < t->n_col; c++) {
      fputs(t->row[r].strong ? "| **" : "| ", f);
      escape_markdown(f, shown(&t->row[r].cell[c]));
      fputs(t->row[r].strong ? "** " : " ", f);
    }
    fputs("|\n", f);
  }
}

void table_write_html(const struct table *t, FILE *f) {
  fprintf(f, "<div class=\"wide\"><table%s>\n<thead><tr>", t->n_col > DENSE_FROM ? " class=\"dense\"" : "");
  for (size_t c = 0; c < t->n_col; c++) {
    char buf[64];
    fprintf(f, "<th%s>", t->col[c].left ? " class=\"l\"" : "");
    for (size_t i = 0; i < head_lines(&t->col[c]); i++) {
      bool unit = i + 1 == head_lines(&t->col[c]) && *t->col[c].unit;
      fputs(i ? unit ? "<br><small>" : "<br>" : "", f);
      escape_html(f, head_line(&t->col[c], i, buf));
      fputs(unit ? "</small>" : "", f);
    }
    fputs("</th>", f);
  }
  fputs("</tr></thead>\n<tbody>\n", f);
  for (size_t r = 0; r < t->n_row; r++) {
    fputs(t->row[r].strong ? "<tr class=\"strong\">" : "<tr>", f);
    for (size_t c = 0; c < t->n_col; c++) {
      fputs(t->col[c].left ? "<td class=\"l\">" : "<td>", f);
      escape_html(f, shown(&t->row[r].cell[c]));
      fputs("</td>", f);
    }
    fputs("</tr>\n", f);
  }
  fputs("</tbody></table></div>\n", f);
}

static void csv_name(const struct table_col *c, FILE *f) {
  char name[128];
  snprintf(name, sizeof name, "%s", c->name ? c->name : c->head);
  for (char *p = name; *p; p++)
    if (*p == ' ' || *p == '\n')
      *p = '_';
  csv_write_field(f, name);
}

void table_write_csv(const struct table *t, FILE *f) {
  for (size_t c = 0; c < t->n_col; c++) {
    fputs(c ? "," : "", f);
    csv_name(&t->col[c], f);
  }
  fputc('\n', f);
  for (size_t r = 0; r < t->n_row; r++) {
    for (size_t c = 0; c < t->n_col; c++) {
      const struct cell *cell = &t->row[r].cell[c];
      fputs(c ? "," : "", f);
      if (cell->is_number && isfinite(cell->value))
        fprintf(f, "%.15g", cell->value);
      else if (cell->text)
        csv_write_field(f, cell->text);
    }
    fputc('\n', f);
  }
}
