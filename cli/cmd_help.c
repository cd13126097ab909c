#include "cli/cli.h"

static int run(const struct cli_args *args) {
  const char *topic = cli_word(args, 0);
  const struct cli_cmd *cmd = topic ? cli_command(topic) : NULL;
  if (cmd) {
    cli_help(cmd, stdout);
    return CLI_DONE;
  }
  if (topic) {
    cli_say("no command '%s' (rackcast help lists them)", topic);
    return CLI_USAGE;
  }
  puts("rackcast: what a GPU cluster will do and cost, before you buy or rent it\n\n"
       "usage: rackcast COMMAND [arguments] [options]\n");
  for (size_t i = 0; cli_command_at(i); i++)
    printf("  %-10s %s\n", cli_command_at(i)->name, cli_command_at(i)->doc);
  puts("\nrackcast COMMAND --help shows a command's options; rackcast --version the version.\n"
       "Data goes to stdout, talk to stderr. Exit status: 0 done, 1 failed, 2 bad input or usage,\n"
       "3 no feasible option, 4 interrupted (partial results kept and marked).");
  return CLI_DONE;
}

const struct cli_cmd cmd_help = {
    .name = "help", .doc = "list the commands, or explain one", .words = "[COMMAND]", .max_words = 1, .run = run};
