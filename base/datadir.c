#include "base/datadir.h"
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char chosen[PATH_MAX];

static bool holds_catalog(const char *dir) {
  char path[PATH_MAX + 32];
  struct stat st;
  snprintf(path, sizeof path, "%s/hwmodels/catalog", dir);
  return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool executable_dir(char dir[PATH_MAX]) {
  ssize_t n = readlink("/proc/self/exe", dir, PATH_MAX - 1);
  if (n <= 0)
    return false;
  dir[n] = '\0';
  char *slash = strrchr(dir, '/');
  if (!slash)
    return false;
  slash[slash == dir] = '\0';
  return true;
}

const char *datadir(void) {
  if (*chosen)
    return chosen;
  char exe[PATH_MAX];
  const char *env = getenv("RACKCAST_DATADIR"), *dir = RC_SRCDIR;
  if (env && *env)
    dir = env;
  else if (executable_dir(exe) && holds_catalog(exe))
    dir = exe;
  else if (holds_catalog(RC_PKGDATADIR))
    dir = RC_PKGDATADIR;
  snprintf(chosen, sizeof chosen, "%s", dir);
  return chosen;
}

char *datadir_path(struct arena *a, const char *relative) { return arena_printf(a, "%s/%s", datadir(), relative); }

static bool is_file(const char *path) {
  struct stat st;
  return stat(path, &st) == 0 && !S_ISDIR(st.st_mode);
}

char *datadir_find(struct arena *a, const char *name, const char *beside, const char *fallback) {
  if (!*name)
    return NULL;
  if (*name == '/')
    return is_file(name) ? arena_strdup(a, name) : NULL;
  const char *slash = beside ? strrchr(beside, '/') : NULL;
  if (slash) {
    char *path = arena_printf(a, "%.*s/%s", (int)(slash - beside), beside, name);
    if (is_file(path))
      return path;
  }
  if (is_file(name))
    return arena_strdup(a, name);
  char *path = fallback ? arena_printf(a, "%s/%s/%s", datadir(), fallback, name) : datadir_path(a, name);
  return is_file(path) ? path : NULL;
}
