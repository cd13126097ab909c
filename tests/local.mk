# One CUnit program per folder under test, shell tests for what is seen from outside. Each prints `TESTS passed=N failed=M`.
if HAVE_CUNIT
check_LIBRARIES += libcu.a
libcu_a_SOURCES = tests/cu.c tests/cu.h
libcu_a_CFLAGS = $(AM_CFLAGS) $(CUNIT_CFLAGS)
endif
TEST_LIBS = libcu.a $(RC_LIBS) $(CUNIT_LIBS) $(RC_EXT_LIBS)

EXTRA_DIST += tests/lib.sh tests/cli
dist_check_SCRIPTS += tests/arrows.sh tests/headers.sh tests/cli.sh
TESTS += tests/arrows.sh tests/headers.sh tests/cli.sh
tests/cli.log: rackcast$(EXEEXT)

if HAVE_CUNIT
check_PROGRAMS += tests/test_base tests/test_units tests/test_csv
TESTS += tests/test_base tests/test_units tests/test_csv
tests_test_base_SOURCES = tests/test_base.c
tests_test_base_CFLAGS = $(AM_CFLAGS) $(CUNIT_CFLAGS)
tests_test_base_LDADD = libcu.a libbase.a $(CUNIT_LIBS) $(RC_EXT_LIBS)
tests_test_units_SOURCES = tests/noise.c tests/noise.h tests/test_units.c
tests_test_units_CFLAGS = $(AM_CFLAGS) $(CUNIT_CFLAGS)
tests_test_units_LDADD = $(tests_test_base_LDADD)
tests_test_csv_SOURCES = tests/noise.c tests/noise.h tests/test_csv.c
tests_test_csv_CFLAGS = $(AM_CFLAGS) $(CUNIT_CFLAGS)
tests_test_csv_LDADD = $(tests_test_base_LDADD)
endif

if HAVE_CUNIT
check_PROGRAMS += tests/test_workloads tests/test_models
TESTS += tests/test_workloads tests/test_models
tests_test_models_SOURCES = tests/test_models.c
tests_test_models_CFLAGS = $(AM_CFLAGS) $(CUNIT_CFLAGS)
tests_test_models_LDADD = libcu.a libworkloads.a libbase.a $(CUNIT_LIBS) $(RC_EXT_LIBS)
tests_test_workloads_SOURCES = tests/test_workloads.c
tests_test_workloads_CFLAGS = $(AM_CFLAGS) $(CUNIT_CFLAGS)
tests_test_workloads_LDADD = libcu.a libworkloads.a libbase.a $(CUNIT_LIBS) $(RC_EXT_LIBS)
endif

if HAVE_CUNIT
check_PROGRAMS += tests/test_store tests/test_output
TESTS += tests/test_store tests/test_output
tests_test_output_SOURCES = tests/feed.c tests/feed.h tests/test_output.c
tests_test_output_CFLAGS = $(AM_CFLAGS) $(CUNIT_CFLAGS)
tests_test_output_LDADD = libcu.a liboutput.a libbase.a $(CUNIT_LIBS) $(RC_EXT_LIBS)
tests_test_store_SOURCES = tests/feed.c tests/feed.h tests/test_store.c
tests_test_store_CFLAGS = $(AM_CFLAGS) $(CUNIT_CFLAGS)
tests_test_store_LDADD = $(tests_test_output_LDADD)
CLEANFILES += test_store.db test_output.db test_hostile.db
endif

if HAVE_CUNIT
check_PROGRAMS += tests/test_finance tests/test_life tests/test_life_work
TESTS += tests/test_finance tests/test_life tests/test_life_work
tests_test_finance_SOURCES = tests/test_finance.c
tests_test_finance_CFLAGS = $(AM_CFLAGS) $(CUNIT_CFLAGS)
tests_test_finance_LDADD = libcu.a libsim.a libworkloads.a libhwmodels.a libkernel.a libbase.a $(CUNIT_LIBS) $(RC_EXT_LIBS)
tests_test_life_SOURCES = tests/life_fixture.c tests/life_fixture.h tests/test_life.c
tests_test_life_CFLAGS = $(AM_CFLAGS) $(CUNIT_CFLAGS)
tests_test_life_LDADD = libcu.a libsim.a libworkloads.a libhwmodels.a libkernel.a libbase.a $(CUNIT_LIBS) $(RC_EXT_LIBS)
tests_test_life_work_SOURCES = tests/life_fixture.c tests/life_fixture.h tests/test_life_work.c
tests_test_life_work_CFLAGS = $(AM_CFLAGS) $(CUNIT_CFLAGS)
tests_test_life_work_LDADD = $(tests_test_life_LDADD)
endif

if HAVE_CUNIT
check_PROGRAMS += tests/test_kernel
TESTS += tests/test_kernel
tests_test_kernel_SOURCES = tests/test_kernel.c tests/kernel_tests.h tests/kernel_engine.c tests/kernel_fluid.c \
  tests/kernel_networks.c tests/kernel_queues.c tests/kernel_station.c tests/kernel_station.h tests/kernel_stats.c
tests_test_kernel_CFLAGS = $(AM_CFLAGS) $(CUNIT_CFLAGS)
tests_test_kernel_LDADD = libcu.a libkernel.a libbase.a $(CUNIT_LIBS) $(RC_EXT_LIBS)

check_PROGRAMS += tests/test_kernel_wrap
TESTS += tests/test_kernel_wrap
tests_test_kernel_wrap_SOURCES = tests/test_kernel_wrap.c tests/kernel_tests.h tests/kernel_engine.c sim/kernel/engine.c \
  sim/kernel/ladder.c sim/kernel/slots.c
tests_test_kernel_wrap_CFLAGS = $(AM_CFLAGS) $(CUNIT_CFLAGS) -DTAG_VERSION_BITS=3 -DSLOT_GENERATIONS=5
tests_test_kernel_wrap_LDADD = libcu.a libkernel.a libbase.a $(CUNIT_LIBS) $(RC_EXT_LIBS)
endif

if HAVE_CUNIT
check_PROGRAMS += tests/test_train tests/test_train_run
TESTS += tests/test_train tests/test_train_run
tests_test_train_SOURCES = tests/train_fixture.c tests/train_fixture.h tests/test_train.c
tests_test_train_CFLAGS = $(AM_CFLAGS) $(CUNIT_CFLAGS)
tests_test_train_LDADD = libcu.a libsim.a libworkloads.a libhwmodels.a libkernel.a libbase.a $(CUNIT_LIBS) $(RC_EXT_LIBS)
tests_test_train_run_SOURCES = tests/train_fixture.c tests/train_fixture.h tests/test_train_run.c
tests_test_train_run_CFLAGS = $(AM_CFLAGS) $(CUNIT_CFLAGS)
tests_test_train_run_LDADD = $(tests_test_train_LDADD)
endif

if HAVE_CUNIT
check_PROGRAMS += tests/test_scenarios
TESTS += tests/test_scenarios
tests_test_scenarios_SOURCES = tests/test_scenarios.c
tests_test_scenarios_CFLAGS = $(AM_CFLAGS) $(CUNIT_CFLAGS)
tests_test_scenarios_LDADD = libcu.a libscenarios.a libsim.a libworkloads.a libhwmodels.a libkernel.a libbase.a $(CUNIT_LIBS) $(RC_EXT_LIBS)
CLEANFILES += test_scenarios.yaml test_scenarios-2.yaml
endif
check_PROGRAMS += tests/golden_check
tests_golden_check_SOURCES = tests/golden_check.c
tests_golden_check_LDADD = liboutput.a libbase.a $(RC_EXT_LIBS)
dist_check_SCRIPTS += tests/scenarios.sh
TESTS += tests/scenarios.sh
EXTRA_DIST += tests/bad tests/golden
tests/scenarios.log: rackcast$(EXEEXT) tests/golden_check$(EXEEXT)
.PHONY: update-golden
update-golden: rackcast$(EXEEXT) tests/golden_check$(EXEEXT)
	srcdir='$(abs_top_srcdir)' RACKCAST='$(abs_top_builddir)/rackcast' $(srcdir)/tests/scenarios.sh --update

dist_check_SCRIPTS += tests/cli_doc.sh tests/interrupt.sh
TESTS += tests/cli_doc.sh tests/interrupt.sh
tests/cli_doc.log tests/interrupt.log: rackcast$(EXEEXT)

if HAVE_CUNIT
check_PROGRAMS += tests/test_serve tests/test_serve_prefix tests/test_serve_traces tests/test_serve_policy tests/test_serve_random tests/test_serve_engines tests/test_traces
TESTS += tests/test_serve tests/test_serve_prefix tests/test_serve_traces tests/test_serve_policy tests/test_serve_random tests/test_serve_engines tests/test_traces
tests_test_serve_SOURCES = tests/serve_fixture.c tests/serve_fixture.h tests/serve_random.c tests/serve_random.h tests/test_serve.c
tests_test_serve_CFLAGS = $(AM_CFLAGS) $(CUNIT_CFLAGS)
tests_test_serve_LDADD = libcu.a libsim.a libworkloads.a libhwmodels.a libkernel.a libbase.a $(CUNIT_LIBS) $(RC_EXT_LIBS)
tests_test_serve_prefix_SOURCES = tests/serve_fixture.c tests/serve_fixture.h tests/serve_random.c tests/serve_random.h tests/test_serve_prefix.c
tests_test_serve_prefix_CFLAGS = $(AM_CFLAGS) $(CUNIT_CFLAGS)
tests_test_serve_prefix_LDADD = $(tests_test_serve_LDADD)
tests_test_serve_traces_SOURCES = tests/serve_fixture.c tests/serve_fixture.h tests/serve_random.c tests/serve_random.h tests/test_serve_traces.c
tests_test_serve_traces_CFLAGS = $(AM_CFLAGS) $(CUNIT_CFLAGS)
tests_test_serve_traces_LDADD = $(tests_test_serve_LDADD)
tests_test_serve_policy_SOURCES = tests/serve_random.c tests/serve_random.h tests/test_serve_policy.c
tests_test_serve_policy_CFLAGS = $(AM_CFLAGS) $(CUNIT_CFLAGS)
tests_test_serve_policy_LDADD = $(tests_test_serve_LDADD)
tests_test_serve_random_SOURCES = tests/serve_random.c tests/serve_random.h tests/test_serve_random.c
tests_test_serve_random_CFLAGS = $(AM_CFLAGS) $(CUNIT_CFLAGS)
tests_test_serve_random_LDADD = $(tests_test_serve_LDADD)
tests_test_serve_engines_SOURCES = tests/serve_fixture.c tests/serve_fixture.h tests/serve_random.c tests/serve_random.h tests/test_serve_engines.c
tests_test_serve_engines_CFLAGS = $(AM_CFLAGS) $(CUNIT_CFLAGS)
tests_test_serve_engines_LDADD = $(tests_test_serve_LDADD)
tests_test_traces_SOURCES = tests/test_traces.c
tests_test_traces_CFLAGS = $(AM_CFLAGS) $(CUNIT_CFLAGS)
tests_test_traces_LDADD = libcu.a libworkloads.a libkernel.a libbase.a $(CUNIT_LIBS) $(RC_EXT_LIBS)
CLEANFILES += test_traces.csv

check_PROGRAMS += tests/test_replay
TESTS += tests/test_replay
tests_test_replay_SOURCES = tests/test_replay.c
tests_test_replay_CFLAGS = $(AM_CFLAGS) $(CUNIT_CFLAGS)
tests_test_replay_LDADD = libcu.a libscenarios.a libsim.a libworkloads.a libhwmodels.a libkernel.a libbase.a $(CUNIT_LIBS) $(RC_EXT_LIBS)

check_PROGRAMS += tests/test_serve_cluster tests/test_cluster_hand tests/test_cluster_replicas
TESTS += tests/test_serve_cluster tests/test_cluster_hand tests/test_cluster_replicas
tests_test_cluster_hand_SOURCES = tests/cluster_fixture.c tests/cluster_fixture.h tests/test_cluster_hand.c
tests_test_cluster_hand_CFLAGS = $(AM_CFLAGS) $(CUNIT_CFLAGS)
tests_test_cluster_hand_LDADD = $(tests_test_serve_LDADD)
tests_test_cluster_replicas_SOURCES = tests/test_cluster_replicas.c
tests_test_cluster_replicas_CFLAGS = $(AM_CFLAGS) $(CUNIT_CFLAGS)
tests_test_cluster_replicas_LDADD = $(tests_test_serve_LDADD)
tests_test_serve_cluster_SOURCES = tests/cluster_fixture.c tests/cluster_fixture.h tests/test_serve_cluster.c
tests_test_serve_cluster_CFLAGS = $(AM_CFLAGS) $(CUNIT_CFLAGS)
tests_test_serve_cluster_LDADD = libcu.a libsim.a libworkloads.a libhwmodels.a libkernel.a libbase.a $(CUNIT_LIBS) $(RC_EXT_LIBS)

check_PROGRAMS += tests/test_catalog tests/test_calibrate tests/test_hwmodels
TESTS += tests/test_catalog tests/test_calibrate tests/test_hwmodels
tests_test_catalog_SOURCES = tests/hw_fixture.c tests/hw_fixture.h tests/test_catalog.c
tests_test_catalog_CFLAGS = $(AM_CFLAGS) $(CUNIT_CFLAGS)
tests_test_catalog_LDADD = libcu.a libhwmodels.a libbase.a $(CUNIT_LIBS) $(RC_EXT_LIBS)
tests_test_calibrate_SOURCES = tests/hw_fixture.c tests/hw_fixture.h tests/test_calibrate.c
tests_test_calibrate_CFLAGS = $(AM_CFLAGS) $(CUNIT_CFLAGS)
tests_test_calibrate_LDADD = libcu.a libhwmodels.a libbase.a $(CUNIT_LIBS) $(RC_EXT_LIBS)
tests_test_hwmodels_SOURCES = tests/hw_fixture.c tests/hw_fixture.h tests/test_hwmodels.c
tests_test_hwmodels_CFLAGS = $(AM_CFLAGS) $(CUNIT_CFLAGS)
tests_test_hwmodels_LDADD = libcu.a libhwmodels.a libbase.a $(CUNIT_LIBS) $(RC_EXT_LIBS)

check_PROGRAMS += tests/test_contention
TESTS += tests/test_contention
tests_test_contention_SOURCES = tests/test_contention.c
tests_test_contention_CFLAGS = $(AM_CFLAGS) $(CUNIT_CFLAGS)
tests_test_contention_LDADD = libcu.a libhwmodels.a libkernel.a libbase.a $(CUNIT_LIBS) $(RC_EXT_LIBS)
endif

dist_check_SCRIPTS += tests/validate.sh
TESTS += tests/validate.sh

dist_check_SCRIPTS += tests/validate_serving.sh tests/validate_power.sh
TESTS += tests/validate_serving.sh tests/validate_power.sh
tests/validate_power.log: rackcast$(EXEEXT)
tests/validate_serving.log: rackcast$(EXEEXT)

if HAVE_CUNIT
check_PROGRAMS += tests/test_plan
TESTS += tests/test_plan
tests_test_plan_SOURCES = cli/timeline.c cli/timeline.h tests/test_plan.c
tests_test_plan_CFLAGS = $(AM_CFLAGS) $(CUNIT_CFLAGS)
tests_test_plan_LDADD = libcu.a libscenarios.a libsim.a libworkloads.a libhwmodels.a libkernel.a libbase.a $(CUNIT_LIBS) $(RC_EXT_LIBS)
CLEANFILES += test_plan.json
endif
