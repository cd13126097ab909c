/* This program again, in a process of its own. */
#ifndef CLI_SELF_H
#define CLI_SELF_H
#include <sys/types.h>

/* Starts `rackcast argv[1] ...` (argv ends with NULL) with its answer thrown away and its messages in the file `log`,
 * or on our stderr when log is NULL. Returns 0 or an errno. */
int self_start(char *const *argv, const char *log, pid_t *ret);
/* Copies a log onto our stderr; a missing one is fine. */
void self_show_log(const char *log);
#endif
