# The billed cost of the exported charges is the total cost of ownership.
rackcast run "$srcdir/scenarios/article-8xa100.yaml" -o x.db >/dev/null 2>&1 || exit 9
rackcast export x.db --format focus >charges.csv || exit
awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "BilledCost") c = i; next } /exact,exact/ { n += $c } END { printf "%.2f\n", n }' charges.csv
