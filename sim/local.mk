noinst_LIBRARIES += libsim.a
libsim_a_SOURCES = sim/record.h sim/spec.h sim/train.h
libsim_a_SOURCES += sim/serve.c sim/serve.h sim/serve_core.c sim/serve_core.h sim/serve_cost.c sim/serve_cost.h sim/serve_fit.c \
  sim/serve_policy.c sim/serve_setup.c sim/serve_setup.h sim/serve_table.c
