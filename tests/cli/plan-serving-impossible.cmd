# No replica answers so fast: exit 3 and the reason for each offer.
rackcast plan "$srcdir/scenarios/article-infer-2xt4.yaml" --set 'work.serving.slo.ttft_p95=1 us' 2>/dev/null
