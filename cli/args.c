/* Long and short options by the command's table, usage errors with the nearest valid name. */
#include "cli/cli.h"
#include <string.h>
#include "base/mem.h"
#include "base/units.h"

struct given {
  const struct cli_opt *opt;
  const char *value; /* NULL for a flag */
};
struct cli_args {
  const struct cli_cmd *cmd;
  const char **word;
  size_t words;
  struct given *given;
  size_t n_given;
};

static const struct cli_opt help_opt = {"help", 'h', NULL, "this text"};

static const struct cli_opt *opt_at(const struct cli_cmd *cmd, size_t i) {
  size_t own = 0;
  while (cmd->opts && cmd->opts[own].name)
    own++;
  return i < own ? &cmd->opts[i] : i == own ? &help_opt : NULL;
}

static const char *opt_name_at(const void *ctx, size_t i) {
  const struct cli_opt *o = opt_at(ctx, i);
  return o ? o->name : NULL;
}

static const struct cli_opt *find_long(const struct cli_cmd *cmd, const char *name, size_t len) {
  for (size_t i = 0; opt_at(cmd, i); i++)
    if (strlen(opt_at(cmd, i)->name) == len && strncmp(opt_at(cmd, i)->name, name, len) == 0)
      return opt_at(cmd, i);
  return NULL;
}

static const struct cli_opt *find_short(const struct cli_cmd *cmd, char letter) {
  for (size_t i = 0; opt_at(cmd, i); i++)
    if (opt_at(cmd, i)->letter == letter)
      return opt_at(cmd, i);
  return NULL;
}

static void unknown_option(const struct cli_cmd *cmd, const char *arg, const char *name, struct errs *errs) {
  const char *near = err_nearest(name, opt_name_at, cmd);
  if (near)
    errs_add(errs, NULL, 0, NULL, "unknown option '%s', did you mean '--%s'?", arg, near);
  else
    errs_add(errs, NULL, 0, NULL, "unknown option '%s' (see rackcast %s --help)", arg, cmd->name);
}

/* One option at argv[0]; returns how many arguments it took. */
static int parse_option(struct cli_args *a, int argc, char **argv, struct errs *errs) {
  const char *arg = argv[0], *value = NULL;
  const struct cli_opt *o;
  if (arg[1] == '-') {
    size_t len = strcspn(arg + 2, "=");
    char *name = mem_printf("%.*s", (int)len, arg + 2);
    o = find_long(a->cmd, arg + 2, len);
    if (arg[2 + len] == '=')
      value = arg + 2 + len + 1;
    if (!o)
      unknown_option(a->cmd, arg, name, errs);
    mem_free(name);
  } else {
    o = find_short(a->cmd, arg[1]);
    if (arg[2])
      value = arg + 2;
    if (!o)
      unknown_option(a->cmd, arg, arg + 1, errs);
  }
  if (!o)
    return 1;

  int took = 1;
  if (!o->arg && value)
    errs_add(errs, NULL, 0, NULL, "option '--%s' takes no value, got '%s'", o->name, value);
  if (o->arg && !value) {
    if (argc < 2)
      errs_add(errs, NULL, 0, NULL, "option '--%s' needs %s", o->name, o->arg);
    else
      value = argv[took++];
  }
  a->given[a->n_given++] = (struct given){o, value};
  return took;
}

static void parse(struct cli_args *a, int argc, char **argv, struct errs *errs) {
  bool options = true;
  for (int i = 0; i < argc;) {
    const char *arg = argv[i];
    if (options && strcmp(arg, "--") == 0) {
      options = false;
      i++;
    } else if (options && arg[0] == '-' && arg[1])
      i += parse_option(a, argc - i, argv + i, errs);
    else
      a->word[a->words++] = argv[i++];
  }
}

static void check_words(const struct cli_args *a, struct errs *errs) {
  const struct cli_cmd *c = a->cmd;
  if ((int)a->words < c->min_words)
    errs_add(errs, NULL, 0, NULL, "too few arguments, usage: rackcast %s %s", c->name, c->words);
  if (c->max_words >= 0 && (int)a->words > c->max_words)
    errs_add(errs, NULL, 0, NULL, "unexpected argument '%s', usage: rackcast %s %s", a->word[c->max_words], c->name,
             c->words);
}

int cli_run(const struct cli_cmd *cmd, int argc, char **argv) {
  struct cli_args a = {.cmd = cmd};
  a.word = mem_array((size_t)argc + 1, sizeof *a.word);
  a.given = mem_array((size_t)argc + 1, sizeof *a.given);
  struct errs *errs = errs_create();
  int code = CLI_USAGE;

  parse(&a, argc, argv, errs);
  if (cli_flag(&a, help_opt.name)) {
    cli_help(cmd, stdout);
    code = CLI_DONE;
  } else {
    check_words(&a, errs);
    if (errs_count(errs))
      cli_print_errs(errs);
    else
      code = cmd->run(&a);
  }
  errs_destroy(errs);
  mem_free(a.word);
  mem_free(a.given);
  return code;
}

void cli_help(const struct cli_cmd *cmd, FILE *f) {
  fprintf(f, "usage: rackcast %s%s%s [options]\n\n%s\n\noptions:\n", cmd->name, *cmd->words ? " " : "", cmd->words,
          cmd->doc);
  for (size_t i = 0; opt_at(cmd, i); i++) {
    const struct cli_opt *o = opt_at(cmd, i);
    char letter[4] = "   ";
    if (o->letter)
      snprintf(letter, sizeof letter, "-%c,", o->letter);
    fprintf(f, "  %s --%s%s%-*s %s\n", letter, o->name, o->arg ? " " : "", 25 - (int)strlen(o->name) - (o->arg != NULL),
            o->arg ? o->arg : "", o->doc);
  }
  if (cmd->notes)
    fprintf(f, "\n%s\n", cmd->notes);
  if (cmd->more_help) {
    fputc('\n', f);
    cmd->more_help(f);
  }
}

size_t cli_words(const struct cli_args *a) {
  return a->words;
}

const char *cli_word(const struct cli_args *a, size_t i) {
  return i < a->words ? a->word[i] : NULL;
}

const char *cli_value_at(const struct cli_args *a, const char *opt, size_t i) {
  for (size_t g = 0; g < a->n_given; g++)
    if (strcmp(a->given[g].opt->name, opt) == 0 && i-- == 0)
      return a->given[g].value;
  return NULL;
}

const char *cli_value(const struct cli_args *a, const char *opt) {
  const char *last = NULL;
  for (size_t g = 0; g < a->n_given; g++)
    if (strcmp(a->given[g].opt->name, opt) == 0)
      last = a->given[g].value;
  return last;
}

bool cli_flag(const struct cli_args *a, const char *opt) {
  for (size_t g = 0; g < a->n_given; g++)
    if (strcmp(a->given[g].opt->name, opt) == 0)
      return true;
  return false;
}

bool cli_integer(const struct cli_args *a, const char *opt, long long lo, long long hi, long long *ret,
                 struct errs *errs) {
  const char *text = cli_value(a, opt);
  long long v;
  if (!text)
    return true;
  if (!units_integer(text, &v) || v < lo || v > hi) {
    errs_add(errs, NULL, 0, NULL, "option '--%s': got '%s', expected a whole number from %lld to %lld", opt, text, lo,
             hi);
    return false;
  }
  *ret = v;
  return true;
}
