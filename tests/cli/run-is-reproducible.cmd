# The same scenario and seed give the same bytes, with one thread or three, here or from elsewhere.
rackcast run "$srcdir/scenarios/r1-onprem-vs-p4d.yaml" --replicas 20 -o a.db -j 1 >a.out 2>/dev/null
mkdir elsewhere && cd elsewhere
rackcast run "$srcdir/scenarios/r1-onprem-vs-p4d.yaml" --replicas 20 -o b.db -j 3 >b.out 2>/dev/null
cmp ../a.db b.db && cmp ../a.out b.out && [ -s b.out ]
