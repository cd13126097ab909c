noinst_LIBRARIES += liboutput.a
liboutput_a_SOURCES = \
  output/db.c output/db.h output/schema.c output/schema.h output/store.c output/store.h
