# Rows of serving engines and training stacks in a user's own directory are looked up like those of the hardware.
mkdir -p mine
printf '%s\n' engine,from,host,metric,value,unit,grade,source SlowEngine,2026-01,,h_iter,500,ms,assumed,me >mine/engines.csv
awk -F, -v OFS=, 'NR == 2 { $1 = "slow-stack"; $7 = 100 } NR <= 2' "$srcdir/workloads/catalog/stacks.csv" >mine/stacks.csv
rackcast fit Llama-3.1-8B DGX-H100-640 --engine SlowEngine --catalog mine | cut -c-25
plan() { rackcast plan "$srcdir/scenarios/expand-fleet.yaml" --set "work.serving.replica.engine=$1" --catalog mine 2>&1; }
plan SlowEngine | grep '^not'
plan SlowEngin | sed 's/.*engine: //'
train() { rackcast run "$srcdir/scenarios/v3-pretrain-2048xh800.yaml" --set "work.training.stack=$1" --catalog mine -o x.db 2>&1; }
train slow-stack | grep -c 'takes .* days'
train slow-stak | sed 's/.*stack: //'
