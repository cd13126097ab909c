#!/bin/sh
# Predictions against one run in eight of the shipped table of published serving measurements: complete, in order, blind to the measured values, and about as good as
# docs/accuracy-serving.md says.
. "$(dirname "$0")/lib.sh"
table=$srcdir/scenarios/measured/serving.csv
run() { "$RACKCAST" validate "$scratch/$1.in" >"$scratch/$1.csv" 2>"$scratch/$1.err"; }

# Ids are family-run.metric and never quoted; runs stand together.
awk -F, 'NR == 1 { print; next } { n = $1; sub(/^.*-/, "", n); sub(/\..*$/, "", n); if (n % 8 == 3) print }' "$table" | sed 's/\r$//' >"$scratch/part.in"
median() { awk -v f="$1" '$1 == f && NF > 5 { gsub(/\|/, ""); print $4; exit }' "$scratch/part.err"; }
part() { awk -v f="$1" -v m="$2" '$1 == f && $2 == m { gsub(/\|/, ""); print $5; exit }' "$scratch/part.err"; }
below() { awk -v a="$1" -v b="$2" 'BEGIN { exit !(a != "" && a + 0 < b + 0) }'; }
count() { tail -n +2 "$scratch/part.csv" | awk -F, -v s="$1" '$6 == s { n++ } END { print n + 0 }'; }

ok "the table is read" run part
in_order() {
  cut -d, -f1 "$scratch/part.in" | tail -n +2 >"$scratch/ids"
  cut -d, -f1 "$scratch/part.csv" | tail -n +2 | cmp -s - "$scratch/ids"
}
ok "one line per row, in order" in_order
ok "nine of ten rows are predicted" below "$((9 * ($(count unsupported) + $(count incomplete))))" "$(count ok)"
ok "TensorRT-LLM 0.14 throughput" below "$(median trt0140)" 14
ok "TensorRT-LLM 0.17 throughput" below "$(median trt017)" 16
ok "BERT batches" below "$(median bert)" 12
ok "time per token of current engines" below "$(part aic tpot_mean_ms)" 14
ok "eager engine of 2023" below "$(median spw)" 10

# A user's own engine row counts.
mkdir -p "$scratch/own"
printf 'engine,from,host,metric,value,unit,grade,source\nTRT-LLM,2023-10,,h_iter,1,s,assumed,test\n' >"$scratch/own/engines.csv"
awk -F, 'NR == 1 || /^trt0140-/' "$scratch/part.in" >"$scratch/own.in"
own_engine() {
  "$RACKCAST" validate "$scratch/own.in" --catalog "$scratch/own" >"$scratch/own.csv" 2>/dev/null &&
    awk -F, 'NR == FNR { p[$1] = $4; next } FNR > 1 { n++; slow += $4 < p[$1] / 1.2 } END { exit !(n > 5 && slow == n) }' "$scratch/part.csv" "$scratch/own.csv"
}
ok "rows of a user's own engines.csv win" own_engine

# DeepSeek's fleet of 2025-02-27/28: 226.75 H800 nodes on average for 608e9 input tokens, of which 342e9 were cached, and 168e9 output tokens a day (open-infra-index, day 6), from
# nothing but the predicted rates of its two kinds of units.
awk -F, 'NR == 1 || /^ds6-/' "$table" | sed 's/\r$//' >"$scratch/fleet.in"
rate() { awk -F, -v id="$1" '$1 == id { print $4 }' "$scratch/fleet.csv"; }
fleet() {
  run fleet
  awk -v i="$(rate ds6-0002.1)" -v o="$(rate ds6-0003.1)" 'BEGIN { d = 86400; n = i > 0 && o > 0 ? 608e9 / d / i + 168e9 / d / o : 0
    print "nodes " n; exit !(n > 0.85 * 226.75 && n < 1.15 * 226.75 && i > 0.85 * 73700 && i < 1.15 * 73700 && o > 0.85 * 14800 && o < 1.15 * 14800) }'
}
ok "a published fleet: rates of its nodes and how many a day takes" fleet

blind() {
  # value is the 21st of the columns in front of the notes; no cell before it holds a comma or quote except precision and engine, so count from the header of the answer instead
  awk -F, 'NR == FNR { if (FNR > 1) v[$1] = $3; next } FNR == 1 || /poisson_rate_at_limit/ { print; next }
    { i = index($0, "," v[$1] ","); if (v[$1] != "" && i) $0 = substr($0, 1, i) 3 * v[$1] substr($0, i + length(v[$1]) + 1); print }' "$scratch/part.csv" "$scratch/part.in" >"$scratch/other.in"
  run other &&
    ! cmp -s "$scratch/part.in" "$scratch/other.in" &&
    cut -d, -f1,2,4 "$scratch/part.csv" >"$scratch/a" && cut -d, -f1,2,4 "$scratch/other.csv" >"$scratch/b" && cmp -s "$scratch/a" "$scratch/b"
}
ok "the measured value is not looked at" blind

small() { # header and one row of our own
  head -n 1 "$scratch/part.in" >"$scratch/$1.in"
  printf '%s\n' "$2" >>"$scratch/$1.in"
  run "$1"
}
answer() { tail -n 1 "$scratch/$1.csv" | cut -d, -f"$2"; }
unseen() {
  small u 'x-1.1,somebody,2025-11,new-org/Llama-3.1-8B-Tuned,FP8,vLLM 0.11.2,NVIDIA H200,1,1,1,1,,,no,1024,256,concurrency,16,,tpot_mean_ms,1,' && [ "$(answer u 6)" = ok ]
}
ok "an unseen checkpoint, GPU spelling and version are predicted" unseen
incomplete() { small i 'x-1.1,somebody,2025-11,Llama-3.1-8B,FP8,vLLM,H200,,,,,,,no,1024,256,concurrency,16,,tpot_mean_ms,1,' && [ "$(answer i 6)" = incomplete ]; }
ok "a row without GPUs is incomplete" incomplete
unsupported() { small s 'x-1.1,somebody,2025-11,Llama-3.1-405B,BF16,vLLM,L4,1,1,1,1,,,no,1024,256,concurrency,16,,tpot_mean_ms,1,' && [ "$(answer s 6)" = unsupported ]; }
ok "what cannot fit is not predicted" unsupported
local_run() { # nothing but a model by its size, a GPU and a rate
  small l 'x-1.1,somebody,,Foo-7B-Instruct,,MyRunner (ExLlamaV2),RTX 4090,,,1,,,,no,,,,,,output_tok_per_s,1,' && [ "$(answer l 6)" = ok ] && grep -q "shape from its size; one batch; batch 1; a short prompt; 128 new tokens" "$scratch/l.csv" &&
    small m 'x-1.1,somebody,,Foo-7B-Instruct,,ExLlamaV2,RTX 4090,1,,1,,,,no,32,128,static_batch,1,,output_tok_per_s,1,' && [ "$(answer l 4)" = "$(answer m 4)" ]
}
ok "a rate of one stream without lengths, load, precision or GPUs is predicted, and its engine is what stands in parentheses" local_run
answers_untold() {
  small p 'x-1.1,somebody,2025-04,Llama-3.1-8B,BF16,Transformers,H100-SXM-80GB,1,,1,1,,,no,1000,,static_batch,1,1,tpot_mean_ms,1,' && [ "$(answer p 6)" = ok ] && grep -q "128 new tokens" "$scratch/p.csv"
}
ok "a time per token has answers, whether their length is stated or not" answers_untold
measured_fits() {
  small r 'x-1.1,somebody,2024-05,Llama-3.1-8B,FP16,vLLM,V100-SXM2-16GB,1,,1,1,,,no,256,128,static_batch,1,1,tpot_mean_ms,1,' && [ "$(answer r 6)" = ok ] &&
    small k 'x-1.1,somebody,2026-02,moonshotai/Kimi-K2-Instruct,BF16,SGLang,B200-SXM,8,8,8,1,,,no,1024,1024,concurrency,1,,tpot_mean_ms,1,' && grep -q ",ok,.*weights as published" "$scratch/k.csv"
}
ok "what was measured fitted: the engine's share of memory gives way, and a format that the checkpoint cannot have" measured_fits
script_set() { # vLLM's scripts drop long conversations
  small v 'x-1.1,somebody,2025-01,Llama-3.1-8B,BF16,vLLM 0.6.6,H100-SXM-80GB,1,,1,1,,,no,ShareGPT,ShareGPT,offline,,,output_tok_per_s,1,"benchmark_throughput.py, 200 requests of ShareGPT"' &&
    small w2 'x-1.1,somebody,2025-01,Llama-3.1-8B,BF16,vLLM 0.6.6,H100-SXM-80GB,1,,1,1,,,no,ShareGPT,ShareGPT,offline,,,output_tok_per_s,1,200 requests of ShareGPT' && awk -v a="$(answer v 4)" -v b="$(answer w2 4)" 'BEGIN { exit !(a > 0 && a < b) }'
}
ok "ShareGPT of vLLM's scripts has its own lengths" script_set
across_nodes() {
  small w 'x-1.1,somebody,2023-03,GPT-3 175B,FP16,TensorRT-LLM,A100-SXM-80GB,16,8,16,1,,,no,128,8,static_batch,1,,e2e_mean_ms,1,' && [ "$(answer w 6)" = ok ] &&
    small w 'x-1.1,somebody,2023-03,GPT-3 175B,FP16,TensorRT-LLM,A100-SXM-80GB,16,,16,1,,,no,128,8,static_batch,1,,e2e_mean_ms,1,' && [ "$(answer w 6)" = incomplete ]
}
ok "tensor parallelism across nodes is predicted where the nodes are stated" across_nodes
other_size() {
  small o 'x-1.1,somebody,2025-11,new-org/DeepSeek-Nova-12B,FP8,vLLM,H200,8,8,8,1,,,no,1024,256,concurrency,16,,tpot_mean_ms,1,' && [ "$(answer o 6)" = ok ] && grep -q "shape from its size" "$scratch/o.csv" &&
    small o 'x-1.1,somebody,2025-11,new-org/Nova-Large,FP8,vLLM,H200,8,8,8,1,,,no,1024,256,concurrency,16,,tpot_mean_ms,1,' && [ "$(answer o 6)" = unsupported ]
}
ok "a name whose size contradicts the model it is cut to is made up from its size, one without a size unknown" other_size

# Names beside each other, formats of llama.cpp, engines that compute elsewhere; layers of a library over two GPUs take what they take on one.
house() {
  for e in 'Hugging Face TGI' 'NVIDIA Triton with TGI'; do
    small h "x-1.1,somebody,2024-06,Llama-2-7B,FP16,$e,A100-SXM-80GB,1,1,1,1,,,no,128,128,static_batch,1,,tpot_mean_ms,1,"
    answer h 4
  done >"$scratch/house"
  small h 'x-1.1,somebody,2024-06,Llama-2-7B,FP16,TGI,A100-SXM-80GB,1,1,1,1,,,no,128,128,static_batch,1,,tpot_mean_ms,1,'
  [ "$(sort -u "$scratch/house")" = "$(answer h 4)" ]
}
ok "an engine named beside a house or server counts" house
narrow() {
  small q 'x-1.1,somebody,2024-06,Llama-2-7B,Q4_K_M,Ollama,RTX 4090,1,1,1,1,,,no,128,128,static_batch,1,,tpot_mean_ms,1,' && four=$(answer q 4) &&
    small q 'x-1.1,somebody,2024-06,Llama-2-7B,F16,Ollama,RTX 4090,1,1,1,1,,,no,128,128,static_batch,1,,tpot_mean_ms,1,' && below "$(awk -v a="$four" 'BEGIN { print 2 * a }')" "$(answer q 4)"
}
ok "GGUF formats have their width" narrow
elsewhere() { small k 'x-1.1,somebody,2024-06,Llama-2-7B,FP16,KTransformers,A100-SXM-80GB,1,1,1,1,,,no,128,128,static_batch,1,,tpot_mean_ms,1,' && [ "$(answer k 6)" = unsupported ]; }
ok "engines that compute on the host are not predicted" elsewhere
spread() {
  small p 'x-1.1,somebody,2024-06,Llama-2-13B,FP16,Transformers,A100-SXM-80GB,2,2,,,,,no,128,128,static_batch,1,,tpot_mean_ms,1,' && two=$(answer p 4) &&
    small p 'x-1.1,somebody,2024-06,Llama-2-13B,FP16,Transformers,A100-SXM-80GB,1,2,1,1,,,no,128,128,static_batch,1,,tpot_mean_ms,1,' && below "$(awk -v a="$(answer p 4)" 'BEGIN { print 0.99 * a }')" "$two"
}
ok "a library without tensor parallelism spreads layers" spread

# A benchmark with prompts, counts and switches of its own (datasets.csv) against the same cells of anybody.
mark() { # source, precision, engine, load and value, metric
  small m "x-1.1,$1,2026-05,Llama-3.1-8B,$2,$3,A100-SXM-80GB,1,1,1,1,,,no,280 p50 (ShareGPT std),\"310 p50, cap 512\",$4,,$5,1,300 requests"
  answer m 4
}
known_prompts() { below "$(mark 'AccelMark suite_A' BF16 'vLLM 0.7.3' poisson_rate,2 ttft_p50_ms)" "$(mark somebody BF16 'vLLM 0.7.3' poisson_rate,2 ttft_p50_ms)"; }
ok "prompts of a known set are its own, not what a cell says of their median" known_prompts
embedded() { below "$(mark somebody BF16 'vLLM 0.20.1' poisson_rate,100 ttft_p90_ms)" "$(mark 'AccelMark suite_A' BF16 'vLLM 0.20.1' poisson_rate,100 ttft_p90_ms)"; }
ok "an engine without its server lets in fewer sequences" embedded
widened() { below "$(mark 'AccelMark suite_C' W4A16 'vLLM 0.7.3' offline, output_tok_per_s)" "$(mark 'AccelMark suite_A' W4A16 'vLLM 0.7.3' offline, output_tok_per_s)"; }
ok "kernels that widen all weights for many rows are slower" widened
found() { below "$(mark 'AccelMark suite_A' BF16 'SGLang 0.5.6' poisson_rate,100 ttft_p90_ms)" 100; }
ok "prompts sent before are found by an engine that keeps them" found

step() { # engine, GPU, load, notes: time per token of a small model
  small s "x-1.1,somebody,2025-11,Qwen2.5-0.5B,BF16,$1,$2,1,1,1,1,,,no,64,128,concurrency,$3,,tpot_p50_ms,1,$4"
  answer s 4
}
eager() {
  below "$(step 'vLLM 0.11.0' A100-SXM-80GB 4 '')" 5 && below 9 "$(step 'vLLM 0.11.0' A100-SXM-80GB 4 'cmd: vllm serve --enforce-eager')" &&
    below "$(step 'SGLang 0.5.6' A100-SXM-80GB 64 '')" 5 && below 9 "$(step 'SGLang 0.5.6' A100-SXM-40GB 64 '')"
}
ok "a step without a graph takes the launch of its kernels: by a switch, or beyond the batches captured" eager

flood() { # model and engine
  small f "x-1.1,somebody,2025-10,$1,BF16,$2,H200,1,1,1,1,,,no,128,4,offline,1000,,$3,1,cmd: serve"
  answer f 4
}
held() { below 15000 "$(flood Qwen3-8B 'vLLM 0.11.0' ttft_p50_ms)" && below "$(flood Qwen3-8B 'vLLM 0.11.0' requests_per_s)" 60 && below "$(flood gpt-oss-20b 'vLLM 0.11.0' ttft_p50_ms)" 10000; }
ok "requests sent at once reach the engine when its server has taken in all" held

# Sources nothing was fitted on: read whole and in order. How far off they are is a finding, not a requirement.
outside() {
  sed 's/\r$//' "$srcdir/scenarios/measured/$1" >"$scratch/part.in"
  run part && in_order && below "$((9 * ($(count unsupported) + $(count incomplete))))" "$(count ok)"
}
ok "nine of ten rows of sources nobody fitted on are predicted, in order" outside serving-outside.csv
ok "those of the second exam too" outside serving-outside-2.csv
finish
