rackcast plan "$srcdir/scenarios/expand-fleet.yaml" --by speed --only this --csv all
rackcast plan "$srcdir/scenarios/expand-fleet.yaml" --rate fast --headroom -5 --least-bits 2
rackcast plan "$srcdir/scenarios/article-8xa100.yaml"
echo arrival_s,input_tokens,output_tokens >none.csv
rackcast plan "$srcdir/scenarios/expand-fleet.yaml" --trace none.csv
