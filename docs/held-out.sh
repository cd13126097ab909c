#!/bin/sh
# Leave one family out: docs/held-out.sh RACKCAST [FAMILY]... (from the top of the source tree) prints one line of Markdown per family of
# scenarios/measured/training.csv. For each family its software names are hidden (the date stays), so that its rows run on the
# `default` rows of stacks.csv, and every figure of insitu.csv whose source names the family behind "fitted rows:" is taken
# away. Where at least five rows of other families are told of the figure's GPUs, the figure is fitted again on them; else the
# row before it is left: its prior, or that of other parts.
set -eu
rackcast=$1
shift
table=scenarios/measured/training.csv
insitu=workloads/catalog/insitu.csv
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/data/workloads"
cp -R workloads/catalog "$work/data/workloads/catalog"
for d in hwmodels scenarios; do ln -s "$(pwd)/$d" "$work/data/$d"; done

# Rows of `$table` for which the awk expression holds, hidden or not; fields are those of the header, with id's family as `fam`.
rows() { # FAMILY hide|keep EXPRESSION
  awk -v family="$1" -v hide="$2" '
    function split_csv(line,   i, c, quoted, n) {
      for (n in cell) delete cell[n]
      n = 1; quoted = 0; cell[1] = ""
      for (i = 1; i <= length(line); i++) {
        c = substr(line, i, 1)
        if (c == "\"") quoted = !quoted
        if (c == "," && !quoted) cell[++n] = ""
        else cell[n] = cell[n] c
      }
      return n
    }
    NR == 1 { n = split_csv($0); for (i = 1; i <= n; i++) at[cell[i]] = i; print; next }
    {
      n = split_csv($0); fam = cell[1]; sub(/[0-9]+$/, "", fam); sub(/[-_]+$/, "", fam)
      gpu = cell[at["gpu"]]; precision = cell[at["precision"]]
      if (!('"$3"')) next
      s = cell[at["software"]]
      if (hide == "hide" && s != "") {
        date = match(s, /[0-9][0-9][0-9.]*$/) ? substr(s, RSTART) : ""
        cell[at["software"]] = "unknown " date
      }
      for (i = 1; i <= n; i++) printf "%s%s", cell[i], i < n ? "," : "\n"
    }' "$table"
}

errors() { # TABLE: absolute errors in percent, in rising order, signed ones in $work/signed
  RACKCAST_DATADIR="$work/data" "$rackcast" validate "$1" 2>"$work/talk" |
    awk -F, 'NR > 1 { for (i = 1; i <= NF; i++) if ($i == "ok") print $(i - 1) }' >"$work/signed"
  awk '{ print ($1 < 0 ? -$1 : $1) }' "$work/signed" | sort -g
}

# Sum of the logarithms of the errors, none counted above 0.4: what the fits make small.
cost() {
  errors "$1" >/dev/null
  awk '{ r = 1 + $1 / 100; e = r > 0.01 ? log(r) : -9; e = e < 0 ? -e : e; s += e < 0.4 ? e : 0.4 } END { printf "%.6f", s }' "$work/signed"
}

set_figure() { # SCOPE NAME VALUE: the last such row of the copy
  awk -F, -v OFS=, -v scope="$1" -v name="$2" -v value="$3" '
    { line[NR] = $0; if ($1 == scope && $2 == name) last = NR }
    END { for (i = 1; i <= NR; i++) { if (i == last) { $0 = line[i]; $3 = value; print } else print line[i] } }' \
    "$work/data/$insitu" >"$work/new.csv"
  cp "$work/new.csv" "$work/data/$insitu"
}

drop_figure() { # SCOPE NAME: the last such row of the copy
  awk -F, -v scope="$1" -v name="$2" '
    { line[NR] = $0; if ($1 == scope && $2 == name) last = NR }
    END { for (i = 1; i <= NR; i++) if (i != last) print line[i] }' "$work/data/$insitu" >"$work/new.csv"
  cp "$work/new.csv" "$work/data/$insitu"
}

# Golden section between 0.7 and 1.4 of the value, ten steps (to 1 %).
refit() { # SCOPE NAME VALUE TABLE
  a=$(awk -v v="$3" 'BEGIN { print 0.7 * v }'); b=$(awk -v v="$3" 'BEGIN { print 1.4 * v }')
  x=$(awk -v a="$a" -v b="$b" 'BEGIN { print b - 0.618034 * (b - a) }'); y=$(awk -v a="$a" -v b="$b" 'BEGIN { print a + 0.618034 * (b - a) }')
  set_figure "$1" "$2" "$x"; fx=$(cost "$4")
  set_figure "$1" "$2" "$y"; fy=$(cost "$4")
  for step in 1 2 3 4 5 6 7 8; do
    if awk -v p="$fx" -v q="$fy" 'BEGIN { exit !(p < q) }'; then
      b=$y; y=$x; fy=$fx
      x=$(awk -v a="$a" -v b="$b" 'BEGIN { print b - 0.618034 * (b - a) }'); set_figure "$1" "$2" "$x"; fx=$(cost "$4")
    else
      a=$x; x=$y; fx=$fy
      y=$(awk -v a="$a" -v b="$b" 'BEGIN { print a + 0.618034 * (b - a) }'); set_figure "$1" "$2" "$y"; fy=$(cost "$4")
    fi
  done
  middle=$(awk -v a="$a" -v b="$b" 'BEGIN { printf "%.4g", (a + b) / 2 }')
  set_figure "$1" "$2" "$middle"
}

# GPUs of a scope, as a pattern for names: the device itself, or all of its architecture.
gpus_of() {
  awk -F, -v scope="$1" '$1 == "gpu" && $3 == "arch" && ($4 == scope || $2 == scope) { n = $2; sub(/-(SXM|PCIe).*/, "", n); if (!seen[n]++) { printf "%s^%s", sep, n; sep = "|" } }' hwmodels/catalog/gpus.csv
}

print_line() { # NAME TABLE TEXT
  errors "$2" >"$work/errors"
  awk -v name="$1" -v text="$3" '
    FNR == NR { bias += $1; n++; next }
    { e[++k] = $1; sum += $1 }
    END { p = int(0.9 * (n - 1)) + 1; m = n % 2 ? e[(n + 1) / 2] : (e[n / 2] + e[n / 2 + 1]) / 2
          printf "| %s | %d | %.1f | %.1f | %.1f | %+.1f | %s |\n", name, n, m, sum / n, e[p], bias / n, text }' "$work/signed" "$work/errors"
}

echo "| left out | rows | median | mean | p90 | bias | its figures, fitted again or (prior) |"
echo "|---|---:|---:|---:|---:|---:|---|"
families=$*
[ -n "$families" ] || families=$(rows "" keep 1 | awk -F, 'NR > 1 { f = $1; sub(/[0-9]+$/, "", f); sub(/[-_]+$/, "", f); if (!seen[f]++) print f }')
for family in $families; do
  cp "$insitu" "$work/data/$insitu"
  grep ',fitted$' "$insitu" | grep "fitted rows:.*\<$family\>" >"$work/own.csv" || true
  told=""
  while IFS=, read -r scope name value rest; do
    gpus=$(gpus_of "$scope")
    case $name in
      sustained_clock) low='precision !~ /8|4/' ;;
      low_rate) low='precision ~ /8/' ;;
      fp4_rate) low='precision ~ /4/' ;;
      *) low=0 ;;
    esac
    rows "$family" keep "fam != family && fam != \"total\" && gpu ~ \"${gpus:-^none}\" && $low" >"$work/others.csv"
    if [ "$(wc -l <"$work/others.csv")" -gt 5 ]; then
      refit "$scope" "$name" "$value" "$work/others.csv"
      told="$told${told:+, }$scope $name $value -> $middle"
    else
      drop_figure "$scope" "$name"
      told="$told${told:+, }${scope:+$scope }($name)"
    fi
  done <"$work/own.csv"
  rows "$family" hide "fam == family" >"$work/family.csv"
  print_line "$family" "$work/family.csv" "$told"
done
if [ $# -eq 0 ]; then
  cp "$insitu" "$work/data/$insitu"
  rows "" hide 1 >"$work/family.csv"
  print_line "all names hidden at once" "$work/family.csv" "none taken away"
fi
