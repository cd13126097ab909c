/* How rows of a key table are written; T is the struct that a table fills. For the files that hold tables. */
#ifndef SCENARIOS_PARAMS_H
#define SCENARIOS_PARAMS_H
#include "scenarios/table.h"

#define COUNT_OF(a) (sizeof(a) / sizeof *(a))
#define AT(field) .offset = offsetof(T, field)
#define TEXT(k, d, field, m) {.key = k, .kind = SC_TEXT, .def = d, AT(field), .meaning = m}
#define COUNT(k, l, h, d, field, m) {.key = k, .kind = SC_COUNT, .lo = l, .hi = h, .def = d, AT(field), .meaning = m}
#define NUMBER(k, u, l, h, d, field, m) {.key = k, .kind = SC_NUMBER, .unit = u, .lo = l, .hi = h, .def = d, AT(field), .meaning = m}
#define DIST(k, u, l, h, d, field, m) {.key = k, .kind = SC_DIST, .unit = u, .lo = l, .hi = h, .def = d, AT(field), .meaning = m}
/* The same with a word that stands for a value and is the default. */
#define COUNT_OR(k, l, h, w, v, field, m) \
  {.key = k, .kind = SC_COUNT, .lo = l, .hi = h, .def = w, .word = w, .word_value = v, AT(field), .meaning = m}
#define NUMBER_OR(k, u, l, h, w, v, field, m) \
  {.key = k, .kind = SC_NUMBER, .unit = u, .lo = l, .hi = h, .def = w, .word = w, .word_value = v, AT(field), .meaning = m}
#define DIST_OR(k, u, l, h, w, v, field, m) \
  {.key = k, .kind = SC_DIST, .unit = u, .lo = l, .hi = h, .def = w, .word = w, .word_value = v, AT(field), .meaning = m}
#define SWITCH(k, w, d, field, m) {.key = k, .kind = SC_SWITCH, .choices = w, .def = d, AT(field), .meaning = m}
#define CHOICE(k, w, d, field, m) {.key = k, .kind = SC_CHOICE, .choices = w, .def = d, AT(field), .meaning = m}
#define SPECIAL(k, s, d, field, m) {.key = k, .kind = SC_SPECIAL, .special = &s, .def = d, AT(field), .meaning = m}
#define REQUIRED(k, s, field, m) {.key = k, .kind = SC_SPECIAL, .special = &s, .required = true, AT(field), .meaning = m}
#define GROUP(k, t, o, m) {.key = k, .kind = SC_GROUP, .table = &t, .offset = o, .meaning = m}
#define LIST(k, t, field, count, m) {.key = k, .kind = SC_LIST, .table = &t, AT(field), .offset_n = offsetof(T, count), .meaning = m}
#define NAMED(k, t, field, count, m) {.key = k, .kind = SC_NAMED, .table = &t, AT(field), .offset_n = offsetof(T, count), .meaning = m}
#define TABLE(n_, p_, ...) {.name = n_, .param = p_, .n = COUNT_OF(p_), .bytes = sizeof(T), __VA_ARGS__}
#endif
