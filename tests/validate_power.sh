#!/bin/sh
# Predicted watts against the shipped table of metered runs, serving and training rows in one table: complete, in order, blind to the measured values, as good as
# docs/accuracy-power.md says.
. "$(dirname "$0")/lib.sh"
table=$srcdir/scenarios/measured/power.csv
run() { "$RACKCAST" validate "$1" >"$scratch/$2.csv" 2>"$scratch/$2.err"; }
median_of() { awk -v f="$1" -v m="$2" '$1 == f && $2 == m { gsub(/\|/, ""); print $5; exit }' "$scratch/all.err"; }
below() { awk -v a="$1" -v b="$2" 'BEGIN { exit !(a != "" && a + 0 < b + 0) }'; }
error_of() { awk -F, -v id="$1" '$1 == id { e = $5; if (e < 0) e = -e; print e }' "$scratch/all.csv"; }

ok "the table is read" run "$table" all
in_order() {
  cut -d, -f1 "$table" >"$scratch/ids"
  grep -E '^[a-z0-9.-]+,' "$scratch/all.csv" | cut -d, -f1 | cmp -s - "$scratch/ids"
}
ok "one line per row, in order" in_order
ok "GPUs that serve: median within 10 %" below "$(median_of mle gpu_power_mean_w)" 10
# What a dense model's GPUs do is known where nothing else is in the way: rates of these runs, watts and energy per token with them.
dense() { awk -F, -v m="$1" 'NR == FNR { if (/Llama-3|Qwen3-8B|Qwen3-14B|Qwen3-32B|gemma/ && /,H100,/) own[$1] = 1; next } ($1 in own) && $2 == m && $6 == "ok" { print $5 < 0 ? -$5 : $5 }' \
  "$table" "$scratch/all.csv" | sort -n | awk '{ v[NR] = $1 } END { print NR ? v[int((NR + 1) / 2)] : "" }'; }
ok "dense models on H100: rates within 7 %" below "$(dense output_tok_per_s)" 7
ok "dense models on H100: energy per token within 7 %" below "$(dense gpu_j_per_output_tok)" 7
training() { awk -F, '$1 ~ /^mlpt/ && $2 == "node_power_mean_w" && $6 == "ok" { print $5 < 0 ? -$5 : $5 }' "$scratch/all.csv" | sort -n | awk '{ v[NR] = $1 } END { print NR ? v[int((NR + 1) / 2)] : "" }'; }
ok "nodes that train: median within 10 %" below "$(training)" 10
blind() {
  awk -F, 'NR == FNR { v[$1] = $3; next } FNR == 1 { print; next } { i = index($0, "," v[$1] ","); if (v[$1] != "" && i) $0 = substr($0, 1, i) 3 * v[$1] substr($0, i + length(v[$1]) + 1); print }' \
    "$scratch/all.csv" "$table" >"$scratch/other.in"
  run "$scratch/other.in" other && ! cmp -s "$table" "$scratch/other.in" &&
    cut -d, -f1,2,4 "$scratch/all.csv" >"$scratch/a" && cut -d, -f1,2,4 "$scratch/other.csv" >"$scratch/b" && cmp -s "$scratch/a" "$scratch/b"
}
ok "the measured value is not looked at" blind
# The table that calibrate fits has the activities that runs had when it was made (docs/power.sh): where models have moved on, it must be made again.
same_activity() {
  awk -F, 'NR == FNR { was[$1] = $3 + $6; next }
    $2 == "gpu_power_mean_w" && ($1 in was) && split($NF, a, " ") == 8 { n++; d = was[$1] - a[2] - a[8]; if (d < 0) d = -d; far += d > 0.1 }
    END { exit !(n > 200 && far * 10 < n) }' "$srcdir/hwmodels/measured/power_activity.csv" "$scratch/all.csv"
}
ok "power was fitted on the activities of today's models" same_activity
finish
