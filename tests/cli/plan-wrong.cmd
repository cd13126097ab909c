rackcast plan "$srcdir/scenarios/expand-fleet.yaml" --by speed --only this --csv all
rackcast plan "$srcdir/scenarios/expand-fleet.yaml" --rate fast --headroom -5 --least-bits 2
rackcast plan "$srcdir/scenarios/article-8xa100.yaml"
