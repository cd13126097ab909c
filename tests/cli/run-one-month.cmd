# One of something is written as one.
count() { rackcast run "$srcdir/scenarios/article-8xa100.yaml" "$@" -o x.db 2>&1 | grep -oE '[0-9]+ (month|replica)s?\b' | sort -u; }
count --set 'horizon=1 month' --replicas 1
count --set 'horizon=13 months' --replicas 2
