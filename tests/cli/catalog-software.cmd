# Engines, stacks, recipes, trainers, datasets and models are listed and shown like the hardware, own rows and files with them.
mkdir mine models
printf '%s\n' engine,from,metric,value,unit,grade,source Mine,2024-01,like,vLLM,,assumed,me Mine,2025-06,h_iter,2,ms,measured,me >mine/engines.csv
printf '%s\n' framework,since,like,zero,source,grade mine,2024,megatron-core,1,me,assumed >mine/stacks.csv
printf '%s\n' model,like,layers,source,grade Llama-3.1-9B,Llama-3.1-8B,36,me,assumed >models/shapes.csv
own='--catalog mine --models models'
rackcast catalog | sed -n '/engine/,$s/  *[0-9].*//p'
rackcast catalog engine $own | grep -e 'vLLM' -e Mine
rackcast catalog engine mine $own
rackcast catalog engine 'vllm 0.7.3' | head -3
rackcast catalog stack $own | grep -e '^megatron-core' -e mine
rackcast catalog stack mine $own
rackcast catalog stack trl
rackcast catalog recipe nemo-automodel
rackcast catalog trainer deepseek-v3 | head -3
rackcast catalog dataset openorca | head -3
rackcast catalog insitu hopper | head -2
rackcast catalog model $own | grep -e '3.1-9B'
rackcast catalog model 'meta-llama/Llama-3.1-8B-Instruct' | head -3
rackcast catalog model llama3.1-9b $own | sed -n '1,2p;/derived/,$p'
rackcast catalog model Llama-3.1-9 2>&1 | head -1
