noinst_LIBRARIES += libkernel.a
libkernel_a_SOURCES = \
  sim/kernel/clock.h sim/kernel/engine.c sim/kernel/engine.h sim/kernel/fluid.c sim/kernel/fluid.h \
  sim/kernel/ladder.c sim/kernel/ladder.h sim/kernel/slots.c sim/kernel/slots.h \
  sim/kernel/filling.c sim/kernel/filling.h sim/kernel/maxmin.c sim/kernel/maxmin.h \
  sim/kernel/stats.c sim/kernel/stats.h sim/kernel/stream.c sim/kernel/stream.h sim/kernel/ziggurat.c
