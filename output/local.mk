noinst_LIBRARIES += liboutput.a
liboutput_a_SOURCES = \
  output/compare.c output/compare.h output/db.c output/db.h output/escape.c output/escape.h output/export.c output/export.h output/front.c output/front.h output/gnuplot.c output/gnuplot.h output/groups.c output/groups.h output/merge.c output/merge.h \
  output/outcome.c output/outcome.h output/page.c output/page.h output/plots.c output/plots.h output/plots_draw.c output/plots_draw.h output/plots_latency.c output/plots_money.c output/plots_spread.c output/plots_time.c output/report.c output/report.h \
  output/schema.c output/schema.h output/store.c output/store.h output/summary.c output/summary.h output/table.c output/table.h \
  output/tables.c output/tables_work.c output/tables_work.h output/tables.h
