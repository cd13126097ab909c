#!/bin/sh
# Makes the tables and plots of docs/accuracy.md from the shipped measurements: docs/accuracy.sh RACKCAST (from the top of the source tree).
set -eu
rackcast=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p docs/accuracy
"$rackcast" validate scenarios/measured/training.csv >"$work/answer.csv" 2>"$work/table.txt"

# The table of families (or of families by split) as Markdown.
markdown() {
  awk -v part="$1" '
    BEGIN { print "| family | rows | covered % | median | mean | p90 | bias | null median | null mean | null p90 |"; print "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|" }
    /^split:/ { split_part = 1; next }
    /^family|^ |^$/ { next }
    (part == "split") != split_part { next }
    { n = split($0, half, "|"); k = split(half[1], a, " "); split(half[2], m, " "); split(half[3], z, " ")
      name = a[1]; for (i = 2; i <= k - 2; i++) name = name " " a[i]
      printf "| %s | %s | %s | %s | %s | %s | %s | %s | %s | %s |\n", name, a[k-1], a[k], m[1], m[2], m[3], m[4], z[1], z[2], z[3] }' "$work/table.txt"
}

# One plot a family: predicted over measured on two logarithmic axes.
families=$(awk -F, 'NR > 1 { f = $1; sub(/[0-9]+$/, "", f); sub(/[-_]+$/, "", f); if (!seen[f]++) print f }' "$work/answer.csv")
for f in $families; do
  awk -F, -v f="$f" 'NR > 1 { g = $1; sub(/[0-9]+$/, "", g); sub(/[-_]+$/, "", g); if (g == f && $6 == "ok" && $3 > 0) print $3, $4 }' "$work/answer.csv" >"$work/$f.dat"
  [ -s "$work/$f.dat" ] || continue
  gnuplot <<EOF
set terminal svg size 360,320 font "sans,11"
set output "docs/accuracy/training-$f.svg"
set logscale xy
set format xy "10^{%L}"
set xlabel "measured"
set ylabel "predicted"
set title "$f"
set key off
set grid
plot "$work/$f.dat" using 1:2 with points pt 7 ps 0.4 title "$f", x with lines lc "black"
EOF
done

replace() { # MARK FILE: what stands between the two marks becomes the file
  awk -v mark="$1" -v file="$2" '
    $0 == "<!-- " mark " -->" { print; while ((getline line < file) > 0) print line; skip = 1; next }
    $0 == "<!-- end -->" { skip = 0 }
    !skip' docs/accuracy.md >"$work/new.md"
  cat "$work/new.md" >docs/accuracy.md
}
markdown family >"$work/family.md"
markdown split >"$work/split.md"
for f in $families; do [ -s "docs/accuracy/training-$f.svg" ] && echo "![predicted over measured, $f](accuracy/training-$f.svg)"; done >"$work/plots.md"
replace "training families" "$work/family.md"
replace "training split" "$work/split.md"
replace "training plots" "$work/plots.md"
sh docs/held-out.sh "$rackcast" >"$work/held-out.md"
replace "training held out" "$work/held-out.md"
