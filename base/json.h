/* JSON files through jansson, with messages of the common form. */
#ifndef BASE_JSON_H
#define BASE_JSON_H
#include <jansson.h>
#include "base/err.h"

json_t *json_read(const char *path, struct errs *errs); /* caller json_decref()s; NULL with a file:line message on failure */
#endif
