rackcast run "$srcdir/scenarios/article-8xa100.yaml" -o a.db >/dev/null 2>&1
rackcast run "$srcdir/scenarios/article-8xa100.yaml" -o b.db --set 'site.tariff=0.25 USD/kWh' >/dev/null 2>&1
rackcast compare a.db b.db | sed -n '/^Inputs/,/^$/p'
