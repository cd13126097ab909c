# Ended by a signal in the middle of a run: what was there is kept and marked, the file can be read.
rackcast run "$srcdir/scenarios/r1-onprem-vs-p4d.yaml" --replicas 1000000 -o x.db -j 1 >/dev/null 2>talk &
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  sleep 0.3
  [ ! -s x.db ] || break
done
sleep 1
kill -TERM $!
wait $!
echo "exit $?"
sed 's/;.*//' talk
rackcast report x.db >/dev/null 2>&1
echo "report exit $?"
