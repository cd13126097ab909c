# An own row states what differs; the rest is taken over from the row that `like` names, else from the default of its date.
mkdir mine models
cat >mine/stacks.csv <<'CSV'
framework,since,like,slower,source,grade
mine,2024,megatron-core,2,me,assumed
bare,2024,,,me,assumed
twin,2024,megatron-core 2024,,me,assumed
CSV
cat >mine/engines.csv <<'CSV'
engine,from,metric,value,unit
Mine,2024-01,like,vLLM 0.6.0,
Mine,2024-01,h_iter,20,ms
Twin,2024-01,like,vLLM 0.6.0,
Bare,2024-01,policy,static,
CSV
cat >mine/boxes.csv <<'CSV'
kind,name,metric,value,unit,source,where,date,grade
gpu,H100-XL,like,H100-SXM-80GB,,me,,,assumed
gpu,H100-XL,memory_capacity,160,GiB,me,,,assumed
server,XL-box,like,DGX-H100-640,,me,,,assumed
server,XL-box,gpu,H100-XL,,me,,,assumed
CSV
printf '%s\n' model,like,layers 'Llama-3.1-9B,Llama-3.1-8B,36' >models/shapes.csv
same() { awk -v a="$2" -v b="$3" -v what="$1" 'BEGIN { print what, a == "" || b == "" ? "is nothing" : a == b ? "the same" : a < b ? "less" : "more" }'; }
one() { # engine: milliseconds a token
  { head -1 "$srcdir/scenarios/measured/serving.csv"; echo "x,,2024-09,Llama-3.1-8B,bf16,$1,H100-SXM-80GB,1,8,1,1,1,,,1024,128,concurrency,8,,tpot_mean_ms,10,"; } >one.csv
  rackcast validate one.csv --catalog mine 2>/dev/null | sed 1d | cut -d, -f4
}
vllm=$(one 'vLLM 0.6.0')
for e in Twin Mine Bare; do same "$e against vLLM:" "$(one $e)" "$vllm"; done
days() { rackcast run "$srcdir/scenarios/v3-pretrain-2048xh800.yaml" --set "work.training.stack=$1 2024" --catalog mine -o x.db 2>&1 | awk '$1 == "own" { print $8 }'; }
core=$(days megatron-core)
same 'twin against megatron-core:' "$(days twin)" "$core"
same 'mine against megatron-core:' "$(days mine)" "$core"
same 'bare against default:' "$(days bare)" "$(days default)"
rackcast fit Llama-3.1-9B XL-box --catalog mine --models models | cut -c-27
