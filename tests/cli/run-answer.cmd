# Money alone, reckoned by hand in the scenario's header: 162,048.00 exact, 162,045 as printed.
rackcast run "$srcdir/scenarios/article-8xa100.yaml" -o x.db
