#!/bin/sh
# Makes the tables of the second exam in docs/accuracy-outside.md: docs/accuracy-outside.sh RACKCAST (from the top of the source tree). docs/accuracy/outside-families.txt
# says of each family what it is, whether anybody looked at its rows, and its median error when it was first predicted.
set -eu
rackcast=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# "family error" of every row that is answered, "family" alone of every other.
errors() {
  "$rackcast" validate "scenarios/measured/$1-outside-2.csv" 2>"$work/err" |
    awk -F, 'NR > 1 { f = $1; sub(/-.*/, "", f); print f, ($6 == "ok" ? $5 : "") }'
}

table() {
  errors "$1" >"$work/all"
  awk 'NF == 1' "$work/all" >"$work/sorted"
  awk 'NF == 2 { print $1, ($2 < 0 ? -$2 : $2), "size" }' "$work/all" | sort -k2,2g >>"$work/sorted"
  awk 'NF == 2 { print $1, $2, "sign" }' "$work/all" | sort -k2,2g >>"$work/sorted"
  awk -v table="$1" '
    function add(g) {
      rows[g] += $3 != "sign"
      if ($3 == "size") { size[g, ++n[g]] = $2; sum[g] += $2 }
      if ($3 == "sign") sign[g, ++m[g]] = $2
    }
    function middle(a, g, k) { return k % 2 ? a[g, (k + 1) / 2] : (a[g, k / 2] + a[g, k / 2 + 1]) / 2 }
    function stats(g,    k) {
      k = n[g]
      if (!k) return "- | - | - | -"
      return sprintf("%.1f | %.1f | %.0f | %+.1f", middle(size, g, k), sum[g] / k, size[g, int(0.9 * k + 0.999999)], middle(sign, g, k))
    }
    function note(of, x,    i) { # keeps list `of` sorted
      sums[of] += x
      for (i = ++many[of]; i > 1 && list[of, i - 1] > x; i--) list[of, i] = list[of, i - 1]
      list[of, i] = x
    }
    function share(g) { return sprintf("%.0f", 100 * n[g] / rows[g]) }
    function whole(name, g) { printf "| | %s | %d | %s | | %s |\n", name, rows[g], share(g), stats(g) }
    function group(g, title,    i, f) {
      printf "| | *%s* | | | | | | | |\n", title
      for (i = 1; i <= families; i++) {
        f = family[i]
        if (of[f] != g) continue
        printf "| %s | %s | %d | %s | %s | %s |\n", f, label[f], rows[f], share(f), (found[f] == "" ? "-" : found[f]), stats(f)
        if (n[f]) note(g " now", middle(size, f, n[f]))
        if (found[f] != "") note(g " then", found[f])
      }
      whole("their rows", g)
      printf "| | these families: mean (median) of medians | %d | | %.1f (%.1f) | %.1f (%.1f) | | | |\n", many[g " now"], sums[g " then"] / many[g " then"],
        middle(list, g " then", many[g " then"]), sums[g " now"] / many[g " now"], middle(list, g " now", many[g " now"])
    }
    NR == FNR { split($0, c, "|"); if (c[1] == table) { family[++families] = c[2]; of[c[2]] = c[3]; label[c[2]] = c[4]; found[c[2]] = c[5] } next }
    { add($1); add(of[$1]); add("all") }
    END {
      print "| family | source and parts | rows | covered % | median as found | median | mean | p90 | bias |"
      print "|---|---|---:|---:|---:|---:|---:|---:|---:|"
      group("seen", "families looked at")
      group("sealed", "families that nobody looked at")
      whole("all rows", "all")
    }' docs/accuracy/outside-families.txt "$work/sorted"
}

replace() { # TABLE: what stands between its marks
  table "$1" >"$work/table"
  awk -v mark="<!-- $1 -->" -v file="$work/table" '
    $0 == mark { print; while ((getline line < file) > 0) print line; skip = 1; next }
    skip && $0 == "<!-- end -->" { skip = 0 }
    !skip' docs/accuracy-outside.md >"$work/page"
  cat "$work/page" >docs/accuracy-outside.md
}
replace training
replace serving
