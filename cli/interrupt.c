/* SIGINT and SIGTERM are blocked everywhere and awaited by one thread. So there is no handler in which almost nothing
 * is allowed, and the simulation needs no cancel flag: the thread saves what there is and ends the program. A second
 * signal during the saving ends it at once. */
#include "cli/cli.h"
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

static pthread_mutex_t hook_lock = PTHREAD_MUTEX_INITIALIZER;
static void (*hook)(void *ctx);
static void *hook_ctx;

void cli_on_interrupt(void (*fn)(void *ctx), void *ctx) {
  pthread_mutex_lock(&hook_lock);
  hook = fn;
  hook_ctx = ctx;
  pthread_mutex_unlock(&hook_lock);
}

static void end_by_second_signal(const sigset_t *set) {
  signal(SIGINT, SIG_DFL);
  signal(SIGTERM, SIG_DFL);
  pthread_sigmask(SIG_UNBLOCK, set, NULL);
}

static void *wait_for_signal(void *arg) {
  sigset_t set = *(sigset_t *)arg;
  int sig;
  if (sigwait(&set, &sig) != 0)
    return NULL;
  end_by_second_signal(&set);
  pthread_mutex_lock(&hook_lock); /* for good: nobody takes the hook away from now on */
  if (hook)
    hook(hook_ctx);
  cli_say("interrupted%s", hook ? "; what was done so far is kept and marked as interrupted" : "");
  if (ftrylockfile(stdout) == 0)
    fflush_unlocked(stdout);
  _exit(CLI_INTERRUPTED);
}

void cli_watch_signals(void) {
  static sigset_t set;
  pthread_t thread;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &set, NULL);
  if (pthread_create(&thread, NULL, wait_for_signal, &set) == 0)
    pthread_detach(thread);
  else
    pthread_sigmask(SIG_UNBLOCK, &set,
                    NULL); /* without the thread the signals end us the plain way; the store survives that too */
}
