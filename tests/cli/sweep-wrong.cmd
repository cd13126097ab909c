s=$srcdir/scenarios/article-8xa100.yaml
rackcast sweep "$s"
rackcast sweep "$s" --vary "site.tariff=1:2:0"
rackcast sweep "$s" --vary "site.trff=1,2"
status=$?
ls
exit $status
