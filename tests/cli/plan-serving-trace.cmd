# A trace's own lengths and rates instead of the scenario's, and the picture's script.
rackcast plan "$srcdir/scenarios/expand-fleet.yaml" --set work.serving.replica.pp=1 --together --trace "$srcdir/scenarios/traces/azure-conv.csv" --plot front 2>/dev/null | sed -n 2,3p
grep -c EOD front.gp
