rackcast catalog gpu Z9000 2>talk
status=$?
head -3 talk
exit $status
