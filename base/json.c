#include "base/json.h"

json_t *json_read(const char *path, struct errs *errs) {
  json_error_t e;
  json_t *root = json_load_file(path, JSON_REJECT_DUPLICATES, &e);
  if (!root)
    errs_add(errs, path, e.line, NULL, "%s", e.text);
  return root;
}
