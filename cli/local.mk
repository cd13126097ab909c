# A command is one file: add cli/cmd_NAME.c here and its name in cli/commands.h.
bin_PROGRAMS += rackcast
rackcast_SOURCES = \
  cli/args.c cli/cli.h cli/commands.c cli/commands.h cli/interrupt.c cli/main.c cli/talk.c \
  cli/cmd_calibrate.c cli/cmd_catalog.c cli/cmd_compare.c cli/cmd_export.c cli/cmd_help.c \
  cli/cmd_report.c cli/cmd_sweep.c cli/self.c cli/self.h cli/sweep.c cli/sweep.h \
  cli/catalog_facts.c cli/catalog_facts.h cli/cmd_run.c cli/library.c cli/library.h
rackcast_LDADD = $(RC_LIBS) $(RC_EXT_LIBS)
rackcast_SOURCES += cli/cmd_validate.c cli/cmd_plan.c cli/plan.h cli/plan_serving.c cli/plan_training.c cli/timeline.c cli/timeline.h
rackcast_SOURCES += cli/cmd_fit.c cli/cmd_trace.c
