# Into one file, what was said after the answer stands after the answer, and not in its middle.
rackcast run "$srcdir/scenarios/article-8xa100.yaml" -o x.db >out 2>&1
rackcast report x.db -o rep/ >>out 2>&1
grep -n 'results in\|index.html' out
awk 'END { print NR }' out
