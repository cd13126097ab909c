# What is said: who wins and why, what the limits cost, where prices come from, and the front.
rackcast plan "$srcdir/scenarios/expand-fleet.yaml" --set work.serving.replica.pp=1 --together 2>/dev/null | grep -E '^(why|what|prices|throughput|  half|  twice|  at-once:|  rent)' | sed 's/[-+]*[0-9][0-9.,]*/N/g; s/  */ /g; s/:.*servers of.*//; s/(of N layouts.*//; s/stopped by.*/stopped by X/'
