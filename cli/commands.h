/* The commands in the order `rackcast help` shows them: one line each, for `const struct cli_cmd cmd_NAME` in cli/cmd_NAME.c. */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H
#include "cli/cli.h"

#define CLI_COMMANDS(X) \
  X(run)                \
  X(report)             \
  X(validate)           \
  X(compare)            \
  X(sweep)              \
  X(plan)               \
  X(export)             \
  X(calibrate)          \
  X(catalog)            \
  X(fit)                \
  X(trace)              \
  X(help)

#define CLI_DECLARE(name) extern const struct cli_cmd cmd_##name;
CLI_COMMANDS(CLI_DECLARE)
#undef CLI_DECLARE
#endif
