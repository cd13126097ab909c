# filled by its folder

EXTRA_PROGRAMS += bench/bench_db_rows
BENCHES += bench/bench_db_rows
bench_bench_db_rows_SOURCES = bench/bench.c bench/bench.h bench/db_rows.c
bench_bench_db_rows_LDADD = liboutput.a libbase.a $(RC_EXT_LIBS)

EXTRA_PROGRAMS += bench/bench_serving
BENCHES += bench/bench_serving
bench_bench_serving_SOURCES = bench/bench.c bench/bench.h bench/serving.c
bench_bench_serving_LDADD = libsim.a libworkloads.a libhwmodels.a libkernel.a libbase.a $(RC_EXT_LIBS)
