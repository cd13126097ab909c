rackcast run "$srcdir/scenarios/article-8xa100.yaml" -o no/such/place.db
