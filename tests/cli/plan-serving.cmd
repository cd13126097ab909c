# The fleet of each offer, the cheapest first; figures that move with the models are left out.
rackcast plan "$srcdir/scenarios/article-infer-2xt4.yaml" --csv plans 2>/dev/null | cut -d, -f1-10
