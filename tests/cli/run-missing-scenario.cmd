rackcast run nowhere.yaml; status=$?
ls
exit $status
