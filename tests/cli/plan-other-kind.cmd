# Options of training where only serving is planned, and the other way round, would be without effect: exit 2.
rackcast plan "$srcdir/scenarios/expand-fleet.yaml" --by cost --rejected
rackcast plan "$srcdir/scenarios/v3-pretrain-2048xh800.yaml" --rate '3 req/s' --together
rackcast plan "$srcdir/scenarios/r1-onprem-vs-p4d.yaml" --only training --headroom '10 %'
rackcast plan "$srcdir/scenarios/r1-onprem-vs-p4d.yaml" --csv plans --by cost
