# Benchmarks are programs that print lines `name value unit`. A folder adds its own to BENCHES, and declares it as
#   EXTRA_PROGRAMS += bench/bench_x / BENCHES += bench/bench_x / bench_bench_x_SOURCES = bench/x.c $(BENCH_COMMON) / bench_bench_x_LDADD = ...
# `make bench` builds and runs them all. BENCH_PEERS is the same for comparisons with other simulators.
BENCH_COMMON = bench/bench.c bench/bench.h

EXTRA_PROGRAMS += bench/bench_hold bench/bench_flows bench/bench_stream
BENCHES += bench/bench_hold bench/bench_flows bench/bench_stream
bench_bench_hold_SOURCES = bench/hold.c bench/model_hold.c bench/models.h $(BENCH_COMMON)
bench_bench_hold_LDADD = libkernel.a libbase.a $(RC_EXT_LIBS)
bench_bench_flows_SOURCES = bench/flows.c bench/model_flows.c bench/models.h $(BENCH_COMMON)
bench_bench_flows_LDADD = libkernel.a libbase.a $(RC_EXT_LIBS)
bench_bench_stream_SOURCES = bench/stream.c $(BENCH_COMMON)
bench_bench_stream_LDADD = libkernel.a libbase.a $(RC_EXT_LIBS)

EXTRA_PROGRAMS += bench/bench_db_rows
BENCHES += bench/bench_db_rows
bench_bench_db_rows_SOURCES = bench/bench.c bench/bench.h bench/db_rows.c
bench_bench_db_rows_LDADD = liboutput.a libbase.a $(RC_EXT_LIBS)

EXTRA_PROGRAMS += bench/bench_serving
BENCHES += bench/bench_serving
bench_bench_serving_SOURCES = bench/bench.c bench/bench.h bench/serving.c
bench_bench_serving_LDADD = libsim.a libworkloads.a libhwmodels.a libkernel.a libbase.a $(RC_EXT_LIBS)

EXTRA_PROGRAMS += bench/bench_lives
BENCHES += bench/bench_lives
bench_bench_lives_SOURCES = bench/bench.c bench/bench.h bench/lives.c
bench_bench_lives_LDADD = libsim.a libworkloads.a libhwmodels.a libkernel.a libbase.a $(RC_EXT_LIBS)

EXTRA_PROGRAMS += bench/bench_training
BENCHES += bench/bench_training
bench_bench_training_SOURCES = bench/bench.c bench/bench.h bench/training.c
bench_bench_training_LDADD = libsim.a libworkloads.a libhwmodels.a libkernel.a libbase.a $(RC_EXT_LIBS)

bench: $(BENCHES)
	@for b in $(BENCHES); do ./$$b || exit 1; done

if HAVE_SIMGRID
EXTRA_PROGRAMS += bench/bench_peers
BENCH_PEERS += bench/bench_peers
bench_bench_peers_SOURCES = bench/peers.c bench/model_hold.c bench/model_flows.c bench/models.h $(BENCH_COMMON)
bench_bench_peers_LDADD = libkernel.a libbase.a -lsimgrid $(RC_EXT_LIBS)
endif

bench-peers: $(BENCH_PEERS)
	@test -n "$(BENCH_PEERS)" || echo "bench-peers: SimGrid is not installed (libsimgrid-dev), nothing to compare with"
	@for b in $(BENCH_PEERS); do ./$$b || exit 1; done

.PHONY: bench bench-peers
CLEANFILES += $(EXTRA_PROGRAMS)
