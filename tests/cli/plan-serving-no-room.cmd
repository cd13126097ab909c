# R1 on two T4: what breaks it and the smallest cure.
rackcast plan "$srcdir/scenarios/article-infer-2xt4.yaml" --set variant=r1 2>/dev/null
