noinst_LIBRARIES += libkernel.a
libkernel_a_SOURCES = \
  sim/kernel/clock.c sim/kernel/clock.h sim/kernel/engine.c sim/kernel/engine.h sim/kernel/fluid.c sim/kernel/fluid.h \
  sim/kernel/stats.c sim/kernel/stats.h sim/kernel/stream.c sim/kernel/stream.h
