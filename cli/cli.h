/* What every command shares: its description, parsed options, exit codes, printing of errors, clean ending on a signal.
 * A command is one const struct cli_cmd named cmd_NAME in cli/cmd_NAME.c plus one line in cli/commands.h; its options
 * are a table from which parsing and
 * `--help` are made. Data goes to stdout, talk to stderr. */
#ifndef CLI_CLI_H
#define CLI_CLI_H
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include "base/err.h"

enum cli_exit { CLI_DONE = 0, CLI_FAILED = 1, CLI_USAGE = 2, CLI_INFEASIBLE = 3, CLI_INTERRUPTED = 4 };

struct cli_opt {
  const char *name; /* long, without "--"; NULL ends the table */
  char letter;      /* short form, 0 = none */
  const char *arg;  /* what it takes, as shown by --help ("FILE"); NULL = a flag */
  const char *doc;  /* one line */
};

struct cli_args;
struct cli_cmd {
  const char *name, *doc;                  /* doc: one line for the list of commands */
  const char *words;                       /* the arguments as shown in the usage line: "SCENARIO.yaml"; "" = none */
  int min_words, max_words;                /* max -1 = any number */
  const struct cli_opt *opts;              /* NULL = none but --help */
  const char *notes;                       /* printed after the options by --help; NULL = none */
  int (*run)(const struct cli_args *args); /* returns an enum cli_exit */
  void (*more_help)(FILE *f);              /* further tables for --help; NULL = none */
};

/* ---- what was given; strings live as long as argv ---- */
size_t cli_words(const struct cli_args *a);
const char *cli_word(const struct cli_args *a, size_t i);         /* NULL beyond the end */
bool cli_flag(const struct cli_args *a, const char *opt);         /* given at all */
const char *cli_value(const struct cli_args *a, const char *opt); /* the last one given, or NULL */
const char *cli_value_at(const struct cli_args *a, const char *opt,
                         size_t i); /* i-th of a repeated option, NULL at the end */
/* The value as a whole number in [lo, hi], *ret untouched when not given. False with an entry in errs when it is not
 * one. */
bool cli_integer(const struct cli_args *a, const char *opt, long long lo, long long hi, long long *ret,
                 struct errs *errs);

/* ---- talk ---- */
void cli_say(const char *fmt, ...) __attribute__((format(printf, 1, 2))); /* a line on stderr, "rackcast: " in front */
void cli_print_errs(const struct errs *e);                                /* every message, one a line, on stderr */

/* ---- commands ---- */
const struct cli_cmd *cli_command(const char *name); /* NULL = unknown */
const struct cli_cmd *cli_command_at(size_t i);      /* NULL at the end */
void cli_help(const struct cli_cmd *cmd, FILE *f);
/* Parses argv[0..argc) (what follows the command's name) and runs it; usage errors are printed. Returns the exit code.
 */
int cli_run(const struct cli_cmd *cmd, int argc, char **argv);

/* ---- SIGINT, SIGTERM ---- */
/* What to save when the user ends the program: runs in another thread while the command still works, must be safe to
 * call at any time, and after it the program exits with CLI_INTERRUPTED. One hook; fn NULL takes it away (and waits for
 * one that runs, so ctx may be freed after). */
void cli_on_interrupt(void (*fn)(void *ctx), void *ctx);
/* Blocks the signals in this thread and all its children and starts the thread that waits for them. Called once by
 * main. */
void cli_watch_signals(void);
#endif
