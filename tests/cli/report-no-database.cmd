printf "name: no database\n" > scenario.yaml
rackcast report scenario.yaml -o x
status=$?
cat scenario.yaml
exit $status
