# The scenario's own layout beside the winners, ranked and explained; what does not fit on demand; the cheapest number of GPUs.
rackcast plan "$srcdir/scenarios/v3-pretrain-2048xh800.yaml" --rejected --top 2 --trace-out step.json 2>/dev/null | grep -E "^ own|^rank|own layout|do not fit|wins by|a GPU-hour" | sed 's/[-+]*[0-9][0-9.]*/N/g; s/  */ /g'
rackcast plan "$srcdir/scenarios/v3-pretrain-2048xh800.yaml" --by cost 2>/dev/null | awk '/^rank/ { last = 0; n++ } /^ +[0-9]/ { if ($NF < last) print "not by cost"; last = $NF } END { print n, "tables" }'
head -c 40 step.json
