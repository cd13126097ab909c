rackcast report nowhere.db -o x; status=$?
ls
exit $status
