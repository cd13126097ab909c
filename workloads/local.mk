noinst_LIBRARIES += libworkloads.a
libworkloads_a_SOURCES = workloads/phases.h \
  workloads/trace.c workloads/trace.h workloads/trace_demand.c workloads/trace_demand.h workloads/trace_formats.c workloads/trace_make.c workloads/trace_make.h \
  workloads/datasets.c workloads/datasets.h workloads/launches.c workloads/launches.h workloads/demand.c workloads/demand.h workloads/engines.c workloads/engine_rows.c workloads/engines.h workloads/engines_priv.h workloads/serve_ops.c workloads/serve_ops.h \
  workloads/model.c workloads/model.h workloads/model_count.c workloads/model_guess.c workloads/model_guess.h workloads/model_names.c workloads/model_names.h workloads/model_json.c workloads/model_json.h

libworkloads_a_SOURCES += workloads/phases.c workloads/stack.c workloads/stack.h workloads/stack_priv.h workloads/stack_rows.c workloads/train_ops.c workloads/train_ops.h
nobase_dist_pkgdata_DATA += workloads/catalog/insitu.csv workloads/catalog/stacks.csv workloads/catalog/trainers.csv
nobase_dist_pkgdata_DATA += workloads/catalog/recipes.csv workloads/catalog/frameworks.csv

nobase_dist_pkgdata_DATA += workloads/catalog/engines.csv workloads/catalog/datasets.csv workloads/catalog/launches.csv
nobase_dist_pkgdata_DATA += \
  workloads/catalog/models/Qwen--Qwen2.5-0.5B.json \
  workloads/catalog/models/Qwen--Qwen2.5-1.5B.json \
  workloads/catalog/models/Qwen--Qwen2.5-14B.json \
  workloads/catalog/models/Qwen--Qwen2.5-32B.json \
  workloads/catalog/models/Qwen--Qwen2.5-3B.json \
  workloads/catalog/models/Qwen--Qwen2.5-72B.json \
  workloads/catalog/models/Qwen--Qwen2.5-7B.json \
  workloads/catalog/models/Qwen--Qwen3-0.6B.json \
  workloads/catalog/models/Qwen--Qwen3-1.7B.json \
  workloads/catalog/models/Qwen--Qwen3-14B.json \
  workloads/catalog/models/Qwen--Qwen3-235B-A22B.json \
  workloads/catalog/models/Qwen--Qwen3-30B-A3B.json \
  workloads/catalog/models/Qwen--Qwen3-32B-FP8.json \
  workloads/catalog/models/Qwen--Qwen3-32B.json \
  workloads/catalog/models/Qwen--Qwen3-4B.json \
  workloads/catalog/models/Qwen--Qwen3-8B.json \
  workloads/catalog/models/aliases.csv \
  workloads/catalog/models/bigscience--bloom.json \
  workloads/catalog/models/deepseek-ai--DeepSeek-R1-Distill-Llama-70B.json \
  workloads/catalog/models/deepseek-ai--DeepSeek-R1-Distill-Llama-8B.json \
  workloads/catalog/models/deepseek-ai--DeepSeek-R1-Distill-Qwen-1.5B.json \
  workloads/catalog/models/deepseek-ai--DeepSeek-R1-Distill-Qwen-14B.json \
  workloads/catalog/models/deepseek-ai--DeepSeek-R1-Distill-Qwen-32B.json \
  workloads/catalog/models/deepseek-ai--DeepSeek-R1-Distill-Qwen-7B.json \
  workloads/catalog/models/deepseek-ai--DeepSeek-R1.json \
  workloads/catalog/models/deepseek-ai--DeepSeek-V2-Lite.json \
  workloads/catalog/models/deepseek-ai--DeepSeek-V2.json \
  workloads/catalog/models/deepseek-ai--DeepSeek-V3.json \
  workloads/catalog/models/google-bert--bert-base-uncased.json \
  workloads/catalog/models/google-bert--bert-large-uncased.json \
  workloads/catalog/models/meta-llama--Llama-2-13B.json \
  workloads/catalog/models/meta-llama--Llama-2-70B.json \
  workloads/catalog/models/meta-llama--Llama-2-7B.json \
  workloads/catalog/models/meta-llama--Llama-3-70B.json \
  workloads/catalog/models/meta-llama--Llama-3-8B.json \
  workloads/catalog/models/meta-llama--Llama-3.1-405B.json \
  workloads/catalog/models/meta-llama--Llama-3.1-70B.json \
  workloads/catalog/models/meta-llama--Llama-3.1-8B.json \
  workloads/catalog/models/meta-llama--Llama-3.2-1B.json \
  workloads/catalog/models/meta-llama--Llama-3.2-3B.json \
  workloads/catalog/models/meta-llama--Llama-3.3-70B.json \
  workloads/catalog/models/meta-llama--Llama-4-Maverick-17B-128E.json \
  workloads/catalog/models/meta-llama--Llama-4-Scout-17B-16E.json \
  workloads/catalog/models/mistralai--Mistral-7B-v0.1.json \
  workloads/catalog/models/mistralai--Mixtral-8x22B-v0.1.json \
  workloads/catalog/models/mistralai--Mixtral-8x7B-v0.1.json \
  workloads/catalog/models/nvidia--Nemotron-3-Nano-30B-A3B.json \
  workloads/catalog/models/openai--gpt-oss-120b.json \
  workloads/catalog/models/openai--gpt-oss-20b.json \
  workloads/catalog/models/openai-community--gpt2-large.json \
  workloads/catalog/models/openai-community--gpt2-medium.json \
  workloads/catalog/models/openai-community--gpt2-xl.json \
  workloads/catalog/models/openai-community--gpt2.json \
  workloads/catalog/models/shapes.csv
