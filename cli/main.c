#include "config.h"
#include <gsl/gsl_errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/datadir.h"
#include "base/mem.h"
#include "cli/cli.h"

static void out_of_memory(size_t bytes) {
  char text[96]; /* nothing here may allocate */
  int n = snprintf(text, sizeof text, "rackcast: out of memory (%zu bytes asked for)\n", bytes);
  if (write(STDERR_FILENO, text, (size_t)n) < 0)
    _exit(CLI_FAILED);
  _exit(CLI_FAILED);
}

static const char *command_name_at(const void *ctx, size_t i) {
  (void)ctx;
  const struct cli_cmd *c = cli_command_at(i);
  return c ? c->name : NULL;
}

static int unknown_command(const char *name) {
  const char *near = err_nearest(name, command_name_at, NULL);
  if (near)
    cli_say("unknown command '%s', did you mean '%s'?", name, near);
  else
    cli_say("unknown command '%s' (rackcast help lists them)", name);
  return CLI_USAGE;
}

static int dispatch(int argc, char **argv) {
  const char *name = argc > 1 ? argv[1] : NULL;
  if (!name) {
    cli_say("no command (rackcast help lists them)");
    return CLI_USAGE;
  }
  if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0) {
    puts(PACKAGE_NAME " " PACKAGE_VERSION);
    return CLI_DONE;
  }
  if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
    name = "help";
  const struct cli_cmd *cmd = cli_command(name);
  return cmd ? cli_run(cmd, argc - 2, argv + 2) : unknown_command(name);
}

int main(int argc, char **argv) {
  gsl_set_error_handler_off(); /* GSL aborts on a mere underflow otherwise; its codes are checked */
  mem_on_exhausted(out_of_memory);
  cli_watch_signals();
  datadir(); /* its first call must be alone */

  int code = dispatch(argc, argv);
  if (fflush(stdout) != 0 || ferror(stdout)) {
    cli_say("cannot write to standard output");
    return code == CLI_DONE ? CLI_FAILED : code;
  }
  return code;
}
