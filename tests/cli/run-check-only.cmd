rackcast run --check "$srcdir/scenarios/article-8xa100.yaml" && ls
