# The servers of a replica are those taken, not the least that would hold it; several replicas on a server are not "0 per replica".
rackcast run "$srcdir/scenarios/expand-fleet.yaml" -o x.db 2>/dev/null | grep -o '[0-9.]* replicas on each'
rackcast report x.db | awk '$1 == "waves" { print $5 }'
