#include "base/hash_files.h"
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include "base/hash.h"
#include "base/mem.h"

uint64_t hash_file(uint64_t seed, const char *path) {
  char buf[65536];
  uint64_t h = seed;
  FILE *f = fopen(path, "rb");
  for (size_t n; f && (n = fread(buf, 1, sizeof buf, f)) > 0;)
    h = hash_bytes(h, buf, n);
  if (f)
    fclose(f);
  return h;
}

static int is_table(const struct dirent *d) {
  const char *dot = strrchr(d->d_name, '.');
  return d->d_name[0] != '.' && dot && (strcmp(dot, ".csv") == 0 || strcmp(dot, ".json") == 0);
}

static int by_bytes(const struct dirent **a, const struct dirent **b) { return strcmp((*a)->d_name, (*b)->d_name); }

uint64_t hash_tables(uint64_t seed, const char *dir) {
  struct dirent **entry;
  int n = scandir(dir, &entry, is_table, by_bytes);
  uint64_t h = seed;
  for (int i = 0; i < n; i++) {
    char *path = mem_printf("%s/%s", dir, entry[i]->d_name);
    h = hash_file(hash_str(h, entry[i]->d_name), path);
    mem_free(path);
    mem_free(entry[i]);
  }
  if (n >= 0)
    mem_free(entry);
  return h;
}
