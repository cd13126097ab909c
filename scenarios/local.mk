noinst_LIBRARIES += libscenarios.a
libscenarios_a_SOURCES = \
  scenarios/serving_case.c scenarios/serving_case.h scenarios/serving_case_load.c scenarios/serving_case_reader.h scenarios/serving_case_words.c scenarios/serving_predict.c scenarios/serving_predict.h \
  scenarios/validate_serving.c scenarios/validate_serving.h \
  scenarios/check.c scenarios/check_replay.c scenarios/demand.c scenarios/facts.c scenarios/keys.c scenarios/keys.h scenarios/keys_replay.c scenarios/params.h scenarios/names.c scenarios/node.c scenarios/node.h scenarios/reference.c \
  scenarios/scenario.c scenarios/scenario.h scenarios/source.c scenarios/source.h scenarios/table.c \
  scenarios/table.h scenarios/terms.c
nobase_dist_pkgdata_DATA += \
  scenarios/article-8xa100.yaml scenarios/article-dev-4xa100.yaml scenarios/article-edge-orin.yaml scenarios/article-infer-2xt4.yaml \
  scenarios/expand-fleet.yaml scenarios/r1-onprem-vs-p4d.yaml scenarios/serve-cluster.yaml scenarios/v3-pretrain-2048xh800.yaml scenarios/presets/article-2025.yaml \
  scenarios/traces/azure-code.csv scenarios/traces/azure-conv.csv scenarios/traces/burstgpt-sample.csv \
  scenarios/traces/deepseek-day6-hours.csv scenarios/traces/deepseek-day6-nodes.csv scenarios/traces/mooncake-conversation.jsonl \
  scenarios/traces/sharegpt-300.csv scenarios/traces/vidur-arxiv-lengths.csv scenarios/traces/vidur-conv.csv \
  scenarios/traces/README.md scenarios/traces/distill-800k.csv scenarios/traces/r1-day-rate.csv scenarios/traces/r1-input.csv \
  scenarios/traces/r1-output.csv scenarios/traces/r1-post-training.csv scenarios/traces/v3-complete.csv scenarios/traces/v3-pretrain.csv

libscenarios_a_SOURCES += scenarios/train_case.c scenarios/train_case.h scenarios/validate.c scenarios/validate.h scenarios/validate_spread.c scenarios/validate_training.c \
  scenarios/validate_training.h
nobase_dist_pkgdata_DATA += scenarios/measured/training.csv scenarios/measured/serving.csv scenarios/measured/power.csv \
  scenarios/measured/training-outside.csv scenarios/measured/training-outside-2.csv \
  scenarios/measured/serving-outside.csv scenarios/measured/serving-outside-2.csv \
  scenarios/measured/training-siblings.csv scenarios/measured/serving-siblings.csv
