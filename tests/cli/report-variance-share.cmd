# A share of the variance that 100 replicas cannot tell from nothing is not given to a tenth of a percent.
rackcast run "$srcdir/scenarios/article-dev-4xa100.yaml" -o x.db --replicas 100 --set 'site.tariff=uniform(0.05, 0.2) USD/kWh' \
  --set 'options.own-4xa100.layers.0.price=uniform(10, 90) kUSD' >/dev/null 2>&1 || exit 9
rackcast export x.db -f markdown -t sensitivity | awk -F' *[|] *' '$2 == "own-4xa100" { print $3, $7 }'
