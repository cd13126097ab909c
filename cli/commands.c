#include "cli/commands.h"
#include <string.h>

#define CLI_ENTRY(name) &cmd_##name,
static const struct cli_cmd *const command[] = {CLI_COMMANDS(CLI_ENTRY)};

const struct cli_cmd *cli_command_at(size_t i) {
  return i < sizeof command / sizeof *command ? command[i] : NULL;
}

const struct cli_cmd *cli_command(const char *name) {
  for (size_t i = 0; cli_command_at(i); i++)
    if (strcmp(cli_command_at(i)->name, name) == 0)
      return cli_command_at(i);
  return NULL;
}
