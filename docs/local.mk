# A page is listed here as soon as it exists; links between pages keep working where they are installed.
nobase_dist_doc_DATA += docs/architecture.md docs/cli.md docs/database.md
nobase_dist_doc_DATA += docs/kernel.md docs/models-hardware.md docs/scenarios.md
nobase_dist_doc_DATA += docs/models-money.md
nobase_dist_doc_DATA += docs/models-serving.md
nobase_dist_doc_DATA += docs/accuracy-serving.md docs/accuracy-power.md docs/accuracy-outside.md
nobase_dist_doc_DATA += docs/accuracy.md docs/models-training.md
EXTRA_DIST += docs/accuracy.sh docs/accuracy-serving.sh docs/accuracy-outside.sh docs/accuracy/outside-families.txt docs/effects.sh docs/held-out.sh docs/model_error.sh docs/power.sh
# Errors of each family of training runs with its software unknown and what was fitted on it taken away (a minute).
accuracy-held-out: rackcast$(EXEEXT)
	cd $(srcdir) && sh docs/held-out.sh $(abs_builddir)/rackcast$(EXEEXT)
.PHONY: accuracy-held-out
nobase_dist_doc_DATA += \
  docs/accuracy/training-bigscience.svg \
  docs/accuracy/training-dgxc.svg \
  docs/accuracy/training-internevo.svg \
  docs/accuracy/training-llmf.svg \
  docs/accuracy/training-mbridge.svg \
  docs/accuracy/training-mlm-h100.svg \
  docs/accuracy/training-sc21.svg \
  docs/accuracy/training-seqpar.svg \
  docs/accuracy/training-simumax.svg \
  docs/accuracy/training-torchtitan.svg \
  docs/accuracy/training-total.svg \
  docs/accuracy/training-vtrain-m.svg \
  docs/accuracy/training-vtrain-s.svg
