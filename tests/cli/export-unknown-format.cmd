rackcast run "$srcdir/scenarios/article-8xa100.yaml" -o x.db >/dev/null 2>&1 || exit 9
rackcast export x.db --format focsu
