#!/bin/sh
# Makes the table of effect sizes in docs/accuracy.md: what the training table's errors are when one mechanism is switched off in all rows of the catalogs, nothing
# refitted. docs/effects.sh RACKCAST (from the top of the source tree); two dozen validations, under a minute.
set -eu
rackcast=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/own"

# NAME KEY=VALUE...: columns of stacks.csv, names of insitu.csv; prints median and mean over all rows, and the median of each family.
errors() {
  set_to=$1
  awk -F, -v OFS=, -v set_to="$set_to" '
    BEGIN { n = split(set_to, s, " "); for (i = 1; i <= n; i++) { split(s[i], kv, "="); to[kv[1]] = kv[2] } }
    FNR == 1 { for (i = 1; i <= NF; i++) col[$i] = i }
    FNR > 1 { for (k in to) if (k in col) $col[k] = to[k] }
    { print }' workloads/catalog/stacks.csv >"$work/own/stacks.csv"
  awk -F, -v OFS=, -v set_to="$set_to" '
    BEGIN { n = split(set_to, s, " "); for (i = 1; i <= n; i++) { split(s[i], kv, "="); to[kv[1]] = kv[2] } }
    FNR > 1 && $2 in to { $3 = to[$2] }
    { print }' workloads/catalog/insitu.csv >"$work/own/insitu.csv"
  "$rackcast" validate scenarios/measured/training.csv --catalog "$work/own" 2>/dev/null | awk -F, '
    NR > 1 && $6 == "ok" && $5 != "" { f = $1; sub(/[0-9]+$/, "", f); sub(/[-_]+$/, "", f); e = $5 < 0 ? -$5 : $5; print "all", e; print f, e }' |
    sort -k1,1 -k2,2g | awk '
    function out(    m) { if (!n) return; m = n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2; print last, n, m, sum / n }
    $1 != last { out(); last = $1; n = sum = 0 } { v[++n] = $2; sum += $2 } END { out() }'
}

effect() { # TEXT KEY=VALUE...
  errors "$2" >"$work/now"
  [ -s "$work/base" ] || cp "$work/now" "$work/base"
  awk -v text="$1" '
    NR == FNR { base[$1] = $3; next }
    $1 == "all" { median = $3; mean = $4; next }
    $2 >= 9 && $1 != "total" && (hit == "" || $3 - base[$1] > worst) { worst = $3 - base[$1]; hit = $1; now = $3 }
    END { printf "| %s | %.1f | %.1f | %s %.1f -> %.1f |\n", text, median, mean, hit, base[hit], now }' "$work/base" "$work/now"
}

{
  echo "| switched off | median | mean | hardest hit family, median |"
  echo "|---|---:|---:|---|"
  effect "nothing" ""
  effect "sustained clock" "sustained_clock=1"
  effect "host time" "host_op_us=0 host_moe_us=0 host_mamba_us=0 zero3_host_us=0"
  effect "element-wise traffic" "elementwise=0"
  effect "attention" "attention_rate=1000"
  effect "overlap of tensor communication" "tp_overlap=0"
  effect "tensor communication" "tp_overlap=1"
  effect "overlap of gradients" "dp_overlap=0"
  effect "overlap of sends" "pp_overlap=0"
  effect "interleaving by default" "interleave=1"
  effect "balanced ends" "balanced_ends=no"
  effect "low-precision casts" "cast_bytes=0"
  effect "expert overlap" "ep_overlap=0"
  effect "removal of doubles in dispatch" "dedupe=no"
  effect "age of stacks (slower, attention)" "slower=1 attention=best attention_rate=1"
  effect "fusion (all stacks fused)" "fusion=fused"
  effect "fp32 accumulation of weight gradients" "accumulate_fp32=no"
  effect "optimizer" "optimizer_bytes=0"
  effect "the slowest way through a network" "network_spread=0"
  effect "contention" "contention=0"
  effect "fixed times per step and micro-batch" "step_ms=0 micro_batch_ms=0"
  effect "recomputation (defaults set to none)" "recompute=none"
} >"$work/table"

awk -v table="$work/table" '
  /^\| switched off \|/ { while ((getline line < table) > 0) print line; skip = 1; next }
  skip && /^\|/ { next }
  { skip = 0; print }' docs/accuracy.md >"$work/page"
cat "$work/page" >docs/accuracy.md
