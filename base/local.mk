noinst_LIBRARIES += libbase.a
libbase_a_SOURCES = \
  base/csv.c base/csv_feed.c base/csv_feed.h base/csv.h base/datadir.c base/datadir.h base/date.c base/date.h base/dist.c base/dist.h base/dtype.c base/dtype.h \
  base/err.c base/err.h base/hash.c base/hash.h base/hash_files.c base/hash_files.h base/json.c base/json.h base/mem.c base/mem.h base/units.c base/units.h
