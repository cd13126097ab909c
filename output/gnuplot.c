#include "output/gnuplot.h"
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* SIGINT and SIGTERM are blocked in us (cli/interrupt.c); the child gets them back. */
static int spawn(pid_t *pid, const char *dir, const char *script, int err_fd) {
  extern char **environ;
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attr;
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_init(&attr);
  posix_spawnattr_setsigmask(&attr, &none);
  posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK);
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addchdir_np(&actions, dir);
  posix_spawn_file_actions_adddup2(&actions, err_fd, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err_fd, STDERR_FILENO);
  char *argv[] = {(char[]){"gnuplot"}, (char[]){"-d"}, (char *)script, NULL};
  int rc = posix_spawnp(pid, argv[0], &actions, &attr, argv, environ);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attr);
  return rc;
}

enum gnuplot_result gnuplot_run(const char *dir, const char *script, char *why, size_t size) {
  FILE *said = tmpfile();
  pid_t pid;
  int status = 0;
  snprintf(why, size, "no temporary file");
  if (!said)
    return GNUPLOT_FAILED;
  int rc = spawn(&pid, dir, script, fileno(said));
  if (rc == 0)
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
      ;
  rewind(said);
  size_t n = fread(why, 1, size - 1, said);
  why[n] = '\0';
  fclose(said);
  if (rc != 0) {
    snprintf(why, size, "%s", strerror(rc));
    return rc == ENOENT ? GNUPLOT_MISSING : GNUPLOT_FAILED;
  }
  if (WIFSIGNALED(status) && !*why)
    snprintf(why, size, "ended by signal %d", WTERMSIG(status));
  return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? GNUPLOT_DONE : GNUPLOT_FAILED;
}
