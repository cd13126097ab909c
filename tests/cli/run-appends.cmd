# A second run is added to the database; a report can choose.
for tariff in 0.12 0.25; do
  rackcast run "$srcdir/scenarios/article-8xa100.yaml" -o x.db --set "site.tariff=$tariff USD/kWh" >/dev/null || exit
done
for run in 1 2; do
  rackcast report x.db --run $run | awk '$1 == "exact" || $1 == "truncated" { print $1, $5 }'
done
rackcast report x.db --run 3
