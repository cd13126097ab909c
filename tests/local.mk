# One CUnit program per folder under test, shell tests for what is seen from outside. Each prints `TESTS passed=N failed=M`.
check_LIBRARIES += libcu.a
libcu_a_SOURCES = tests/cu.c tests/cu.h
libcu_a_CFLAGS = $(AM_CFLAGS) $(CUNIT_CFLAGS)
TEST_LIBS = libcu.a $(RC_LIBS) $(CUNIT_LIBS) $(RC_EXT_LIBS)
