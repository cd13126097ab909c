#!/bin/sh
# Makes the two tables of errors in docs/accuracy-serving.md from the shipped measurements: docs/accuracy-serving.sh RACKCAST (from the top of the source tree).
set -eu
rackcast=$1
page=docs/accuracy-serving.md table=scenarios/measured/serving.csv
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$rackcast" validate "$table" >"$work/answer.csv" 2>/dev/null

# Family, kind of metric and error of each predicted row. Latencies of runs at their limits amplify any error and are left out; their rate is a kind of its own.
awk -v OFS='\t' '
  function cells(line, c,    n, i, quoted, ch) { # fields of one CSV line
    split("", c); n = 1
    for (i = 1; i <= length(line); i++) {
      ch = substr(line, i, 1)
      if (ch == "\"") quoted = !quoted
      else if (ch == "," && !quoted) n++
      else c[n] = c[n] ch
    }
    return n
  }
  function kind(m, limit) {
    if (m ~ /power/) return "8power"
    if (limit) return m == "requests_per_s" ? "7rate under limits" : ""
    if (m ~ /^(output_tok|total_tok|input_tok|requests_per_s)/) return "1throughput"
    if (m ~ /^tpot/) return "2TPOT"
    if (m ~ /^batch_/) return "3batch latency"
    if (m ~ /^e2e/) return "4end to end"
    if (m ~ /^ttft/) return "5TTFT"
    if (m ~ /^itl/) return "6ITL"
    return ""
  }
  FNR == 1 { file++ }
  { cells($0, c) }
  FNR == 1 { if (file == 1) for (i in c) at[c[i]] = i; next }
  file == 1 { family = c[1]; sub(/-.*/, "", family)
    if (family == "mlp") family = c[at["model"]] ~ /bert/ ? "mlp encoder" : "mlp decoder"
    of[c[1]] = family; limit[c[1]] = c[at["load_kind"]] == "poisson_rate_at_limit"; next }
  c[6] == "ok" && c[5] != "" { k = kind(c[2], limit[c[1]]); if (k != "") print of[c[1]], k, c[5] }
' "$table" "$work/answer.csv" | sort >"$work/errors"

# Rows, median and 90th percentile of the size, median of the error, by family and kind.
awk -F '\t' -v OFS='\t' '
  function sorted(x, n,    i, j, v) { for (i = 2; i <= n; i++) { v = x[i]; for (j = i - 1; j > 0 && x[j] > v; j--) x[j + 1] = x[j]; x[j + 1] = v } }
  function median(x, n) { return n % 2 ? x[(n + 1) / 2] : (x[n / 2] + x[n / 2 + 1]) / 2 }
  function close_group(    i) {
    if (!n) return
    for (i = 1; i <= n; i++) { e[i] = v[i]; a[i] = v[i] < 0 ? -v[i] : v[i] }
    sorted(e, n); sorted(a, n)
    i = int(0.9 * (n - 1) + 0.5) + 1
    print family, kind, n, median(a, n), a[i], median(e, n)
  }
  $1 "\t" $2 != last { close_group(); last = $1 "\t" $2; family = $1; kind = $2; n = 0 }
  { v[++n] = $3 }
  END { close_group() }
' "$work/errors" >"$work/groups"

{
  echo "| family | metric | rows | median | p90 | bias |"
  echo "|:--|:--|--:|--:|--:|--:|"
  awk -F '\t' '{ printf "| %s | %s | %d | %.1f | %.0f | %+.1f |\n", $1, substr($2, 2), $3, $4, $5, $6 }' "$work/groups"
} >"$work/families"
{
  echo "| all families | mean of medians | mean of p90 | mean of biases |"
  echo "|:--|--:|--:|--:|"
  awk -F '\t' '{ n[$2]++; m[$2] += $4; p[$2] += $5; b[$2] += $6 }
    END { for (k in n) printf "%s\t| %s (%d) | %.1f | %.0f | %+.1f |\n", k, substr(k, 2), n[k], m[k] / n[k], p[k] / n[k], b[k] / n[k] }' "$work/groups" | sort | cut -f 2
} >"$work/all"

replace() { # MARK FILE: what stands between the two marks becomes the file
  awk -v mark="$1" -v file="$2" '
    $0 == "<!-- " mark " -->" { print; while ((getline line < file) > 0) print line; skip = 1; next }
    $0 == "<!-- end -->" { skip = 0 }
    !skip' "$page" >"$work/page"
  cp "$work/page" "$page"
}
replace "serving families" "$work/families"
replace "serving all" "$work/all"
