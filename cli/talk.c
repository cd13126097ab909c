#include "cli/cli.h"
#include <stdarg.h>

void cli_say(const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  fflush(stdout); /* into one file or pipe, both streams come in the order of what happened */
  fputs("rackcast: ", stderr);
  vfprintf(stderr, fmt, ap);
  fputc('\n', stderr);
  va_end(ap);
}

void cli_print_errs(const struct errs *e) {
  for (size_t i = 0; i < errs_count(e); i++)
    cli_say("%s", errs_text(e, i));
}
